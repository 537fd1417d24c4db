"""Checks the stack after an update that changed the exchange rate while a job was open."""

import json
import os
from decimal import Decimal

import outside
from books import expect_books_balance
from caller import Caller
from expect import expect
from stack import SCRATCH, Stack


def main():
    with open(os.path.join(SCRATCH, "kept.json")) as file:
        kept = json.load(file)
    stack = Stack()
    expect("the exchange rate", stack.parameters["FxMxnPerUsd"], "21")
    now = stack.resources()
    expect("resources that the update replaced", [name for name, was in kept["resources"].items() if now.get(name) != was], [])
    expect("the API is where it was", stack.outputs["ApiUrl"], kept["api"])
    callers = {name: Caller(stack, org, key) for name, (org, key, _) in kept["callers"].items()}
    for name, (_, _, account) in kept["callers"].items():
        expect(f"the {name} account", callers[name].account(), tuple(account))

    rich, spent = callers["rich"], callers["spent"]
    before = kept["callers"]["rich"][2][0]
    outside.render_for_s(1)
    body, balance = rich.finished(kept["open"])
    expect("the job that was open", (body["status"], body["error"]), ("completed", None))
    expect(f"balance after its frozen MXN 4.20, of {before}", balance, less(before, "4.20"))
    body, after = rich.finished(rich.accepted("at the new rate"))
    expect("a new job", (body["status"], body["error"]), ("completed", None))
    expect(f"balance after MXN 4.41, of {balance}", after, less(balance, "4.41"))
    at_its_domain(stack, rich, body["id"])
    status, _, body = spent.submit("still nothing left")
    expect("submit on spent money", (status, body["error"]["code"]), (402, "insufficient_balance"))
    expect_books_balance(stack)


def at_its_domain(stack, caller, job):
    """The update also gave the API a domain."""
    status, _, body = stack.call("GET", f"/videos/{job}", caller.key, host="api.example.com")
    expect("the job, asked for at the domain", (status, body.get("status")), (200, "completed"))


def less(amount, cost):
    """The amount less the cost, as text. Both have two decimal places."""
    return str(Decimal(amount) - Decimal(cost))


main()
