"""Checks the log groups: each function has its own, with metrics in it and nothing forbidden."""

import boto3
import stack as deployed
from expect import expect


def expect_logs_are_discreet(stack, forbidden):
    """`forbidden` has texts by their kind: keys, secrets, prompts."""
    groups = stack.resources("AWS::Logs::LogGroup").values()
    written = {group: lines(group) for group in groups if group.startswith(f"/ghub/{deployed.NAME}/")}
    expect("log groups without a line", sorted(group for group, text in written.items() if not text), [])
    everything = "\n".join(written.values())
    expect("what the logs give away", sorted(what for what, text in forbidden.items() if text in everything), [])
    expect("errors that are not of the unreadable message", strange_errors(everything), [])
    expect(f"metrics of GeekHubVideo/{deployed.NAME}", f'"Namespace":"GeekHubVideo/{deployed.NAME}"' in everything)


def strange_errors(text):
    errors = [line for line in text.splitlines() if '"level":"ERROR"' in line]
    return [line for line in errors if '"message":"the message failed"' not in line]


def lines(group):
    pages = boto3.client("logs").get_paginator("filter_log_events").paginate(logGroupName=group)
    return "\n".join(event["message"] for page in pages for event in page["events"])
