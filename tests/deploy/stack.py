"""The deployed stack: its outputs, its HTTP API, its operator's command line, and its tables.

The environment names it: STACK and the variables of the AWS SDK, ADMIN (the `admin` binary) and
SCRATCH (a directory).
"""

import json
import os
import subprocess
import sys
import urllib.error
import urllib.parse
import urllib.request

import boto3

NAME = os.environ["STACK"]
SCRATCH = os.environ["SCRATCH"]
ENDPOINT = os.environ["AWS_ENDPOINT_URL"]


class Stack:
    def __init__(self):
        described = boto3.client("cloudformation").describe_stacks(StackName=NAME)["Stacks"][0]
        self.parameters = {each["ParameterKey"]: each["ParameterValue"] for each in described["Parameters"]}
        self.outputs = {each["OutputKey"]: each["OutputValue"] for each in described["Outputs"]}
        # On AWS this name leads to the API. ministack serves it on its own port, by the `Host`
        # header.
        api = urllib.parse.urlsplit(self.outputs["ApiUrl"])
        self.api_id, self.base = api.netloc.split(".")[0], api.path
        self.host = f"{self.api_id}.execute-api.localhost:{urllib.parse.urlsplit(ENDPOINT).port}"

    def routes(self):
        items = boto3.client("apigatewayv2").get_routes(ApiId=self.api_id)["Items"]
        return sorted(item["RouteKey"] for item in items)

    def resources(self, kind=None):
        """The physical names of all resources, or of one type, by their names in the template."""
        pages = boto3.client("cloudformation").get_paginator("list_stack_resources").paginate(StackName=NAME)
        found = [resource for page in pages for resource in page["StackResourceSummaries"]]
        return {each["LogicalResourceId"]: each["PhysicalResourceId"] for each in found if kind in (None, each["ResourceType"])}

    def call(self, method, path, key=None, body=None, host=None):
        """Sends a request to the API, and returns the status, the headers and the JSON body.

        `path` is below /v1. `host` replaces the name that AWS gives the API.
        """
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(f"{ENDPOINT}{self.base}{path}", data, method=method)
        request.add_header("Host", host or self.host)
        request.add_header("Content-Type", "application/json")
        if key is not None:
            request.add_header("Authorization", f"Bearer {key}")
        try:
            answer = urllib.request.urlopen(request, timeout=60)
        except urllib.error.HTTPError as refused:
            answer = refused
        with answer:
            return answer.status, answer.headers, json.loads(answer.read())

    def admin(self, *arguments, exit_codes=(0,)):
        """Runs `cargo admin` with the variables in the stack's output, and returns its JSON."""
        file = os.path.join(SCRATCH, "operator.env")
        with open(file, "w") as out:
            out.write(self.outputs["Environment"] + f"\nAWS_ENDPOINT_URL='{ENDPOINT}'\n")
        run = [os.environ["ADMIN"], "--json", "--env-file", file, *arguments]
        credentials = {name: os.environ[name] for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY")}
        done = subprocess.run(run, env=credentials, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        if done.returncode not in exit_codes:
            sys.exit(f"cargo admin {' '.join(arguments)}: {done.stdout}{done.stderr}")
        return json.loads(done.stdout)

    def items(self, table):
        name = self.resources("AWS::DynamoDB::Table")[table]
        pages = boto3.resource("dynamodb").meta.client.get_paginator("scan").paginate(TableName=name)
        return [item for page in pages for item in page["Items"]]
