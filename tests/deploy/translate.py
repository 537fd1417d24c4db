"""Turns the template that `infra/build` wrote into one that ministack can deploy.

Only the rehearsal uses it; AWS gets the template itself.

    translate.py BUILT_TEMPLATE FUNCTIONS OUT

First, SAM's own translator does what AWS does with the transform. FUNCTIONS is the folder of the
functions that can run here. What ministack cannot do is changed below and nowhere else, and each
change is printed with its reason.

ministack accepts these properties without effect, so the rehearsal does not test them:

- RecursiveLoop, reserved concurrency, batching windows, throttling;
- access logs and the metrics counted in them;
- point-in-time recovery and a table's time to live;
- all metrics but those of AWS/Lambda, so no alarm is raised.
"""

import json
import os
import re
import sys

from samcli.yamlhelper import yaml_parse
from samtranslator.translator.transform import transform


class NoManagedPolicies:
    """SAM would look up managed policies in the account, but all roles here are written out."""

    def load(self):
        return {}


def changed(name, what, reason):
    print(f"  {name}: {what}: {reason}")


def translated(template, functions):
    """The template without its transform; `sam deploy` uploads a folder for each function."""
    # The translator needs the partition, which the region decides.
    os.environ.setdefault("AWS_DEFAULT_REGION", "us-east-1")
    for resource in template["Resources"].values():
        if resource["Type"] == "AWS::Serverless::Function":
            # The translator only accepts code that is uploaded already.
            resource["Properties"]["CodeUri"] = "s3://uploaded/later"
    plain = transform(template, {}, NoManagedPolicies())
    for name, resource in plain["Resources"].items():
        if resource["Type"] == "AWS::Lambda::Function":
            folder = re.sub(r"(?<=.)(?=[A-Z])", "-", name).lower()
            resource["Properties"]["Code"] = os.path.join(os.path.abspath(functions), folder)
            resource["Properties"]["Architectures"] = ["x86_64"]
    changed("every function", "for x86-64", "it runs on this machine")
    return plain


def spell_routes_out(resources):
    for api, resource in list(resources.items()):
        if resource["Type"] != "AWS::ApiGatewayV2::Api":
            continue
        body = resource["Properties"]["Body"]
        resource["Properties"] = {"Name": body["info"]["title"], "ProtocolType": "HTTP"}
        operations = [(path, *operation) for path, item in body["paths"].items() for operation in item.items()]
        for number, (path, method, operation) in enumerate(operations):
            verb = "ANY" if method == "x-amazon-apigateway-any-method" else method.upper()
            key = "$default" if operation.get("isDefaultRoute") else f"{verb} {path}"
            target = operation["x-amazon-apigateway-integration"]
            integration = {
                "ApiId": {"Ref": api},
                "IntegrationType": "AWS_PROXY",
                "IntegrationUri": target["uri"],
                "PayloadFormatVersion": target["payloadFormatVersion"],
            }
            route = {
                "ApiId": {"Ref": api},
                "RouteKey": key,
                "Target": {"Fn::Sub": f"integrations/${{{api}Integration{number}}}"},
            }
            resources[f"{api}Integration{number}"] = {"Type": "AWS::ApiGatewayV2::Integration", "Properties": integration}
            resources[f"{api}Route{number}"] = {"Type": "AWS::ApiGatewayV2::Route", "Properties": route}
            changed(api, f"the route {key} spelled out", "ministack makes no routes of an OpenAPI body")


def allow_batches(resources):
    """On AWS the right to send a message includes batches: no action SendMessageBatch exists."""
    for name, resource in resources.items():
        if resource["Type"] != "AWS::IAM::Role":
            continue
        for policy in resource["Properties"]["Policies"]:
            for statement in policy["PolicyDocument"]["Statement"]:
                if "sqs:SendMessage" in statement["Action"]:
                    statement["Action"].append("sqs:SendMessageBatch")
                    changed(name, "sqs:SendMessageBatch allowed", "AWS knows sqs:SendMessage for both")


def reduce_metric_math(resources):
    for name, resource in resources.items():
        properties = resource.get("Properties", {})
        if resource["Type"] == "AWS::CloudWatch::Alarm" and "Metrics" in properties:
            first = next(each["MetricStat"] for each in properties.pop("Metrics") if "MetricStat" in each)
            properties |= first["Metric"] | {"Period": first["Period"], "Statistic": first["Stat"]}
            changed(name, f"watches {first['Metric']['MetricName']} only", "ministack knows no metric math")


def hurry_schedules(resources):
    for name, resource in resources.items():
        if resource["Type"] == "AWS::Events::Rule":
            usual = resource["Properties"]["ScheduleExpression"]
            resource["Properties"]["ScheduleExpression"] = "rate(1 minute)"
            changed(name, f"rate(1 minute) for {usual}", "nobody wants to wait so long for a rehearsal")


def main(built, functions, out):
    with open(built) as file:
        template = translated(yaml_parse(file.read()), functions)
    for change in (spell_routes_out, allow_batches, reduce_metric_math, hurry_schedules):
        change(template["Resources"])
    with open(out, "w") as file:
        json.dump(template, file)


main(*sys.argv[1:])
