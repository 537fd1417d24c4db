"""Checks a stack that was just deployed. Leaves one job open, which `after_update.py` finds.

The message is lost first, because the test empties the queue for it. Its job is checked last,
because the sweep needs time.
"""

import json
import os
import sys
import urllib.request
from uuid import uuid4

import boto3
import outside
from books import expect_books_balance
from caller import PATIENCE_S, Caller
from expect import eventually, expect
from logs import expect_logs_are_discreet
from samcli.yamlhelper import yaml_parse
from stack import SCRATCH, Stack

# Texts that give a secret away, in any kind of quotes. For Google's it is a line of the private
# key.
SECRETS = {
    "fal's key": os.environ["FAL_KEY"],
    "Google's key": json.loads(os.environ["GOOGLE_SERVICE_ACCOUNT"])["private_key"].splitlines()[1],
    "Supabase's key": os.environ["SUPABASE_SECRET_KEY"],
}


def routes_of_the_template():
    with open("template.yaml") as file:
        resources = yaml_parse(file.read())["Resources"].values()
    events = [event for resource in resources for event in resource.get("Properties", {}).get("Events", {}).values()]
    routes = [event["Properties"] for event in events if event["Type"] == "HttpApi"]
    return sorted("$default" if route["Path"] == "$default" else f"{route['Method']} {route['Path']}" for route in routes)


def routes_came_out(stack):
    routes = stack.routes()
    if not routes:
        sys.exit("the deployment made no routes: everything below would only see API Gateway's own 404")
    expect("routes", routes, routes_of_the_template())


def secrets_stay_secret(stack):
    lambdas = boto3.client("lambda")
    configured = [lambdas.get_function_configuration(FunctionName=name) for name in stack.resources("AWS::Lambda::Function").values()]
    told = json.dumps([stack.parameters, configured], default=str)
    shown = [name for name, text in SECRETS.items() if text in told]
    expect("secrets in parameters or functions' configuration", shown, [])


def message_lost(stack):
    """Submits a job, and loses the message for its first look."""
    caller = Caller.new(stack)
    job = caller.accepted("lost and found")
    sqs, queue = boto3.client("sqs"), stack.resources("AWS::SQS::Queue")["PollQueue"]
    sqs.purge_queue(QueueUrl=queue)
    counts = ["ApproximateNumberOfMessages", "ApproximateNumberOfMessagesDelayed", "ApproximateNumberOfMessagesNotVisible"]
    left = sqs.get_queue_attributes(QueueUrl=queue, AttributeNames=counts)["Attributes"]
    expect("messages left in the poll queue", {name: left[name] for name in counts}, dict.fromkeys(counts, "0"))
    return caller, job


def found_by_the_sweep(stack, caller, job):
    """Reads the table, because a caller's poll would itself speed up the job."""

    def stored():
        status = next(item["status"] for item in stack.items("JobsTable") if item["job"] == job)
        return status if status in ("completed", "failed") else None

    # Half a minute of grace, a minute of the schedule, and the time of the job itself.
    expect("the sweep finds the job whose message was lost", eventually(f"job {job} is over", stored, 180), "completed")
    expect("its balance", caller.finished(job)[1], "45.80")


def the_operator_looks(stack):
    """Runs the commands that `infra/DEPLOY.md` names after a deployment.

    ministack never returns the state of an index, nor the settings of backups and of a time to
    live. The doctor counts only the first as a failure.
    """
    stack.admin("storage", "init", "--yes")
    checks = stack.admin("doctor", exit_codes=(0, 1))["checks"]
    failed = [check for check in checks if check["level"] == "fail" and "index open-by-due is UNKNOWN" not in check["found"]]
    expect(f"what the doctor calls failed, of {len(checks)} checks", failed, lambda failed: checks and not failed)


def alarms_reach_the_topic(stack):
    """ministack accepts alarms but never raises one, so only their actions are checked."""
    topic = stack.resources("AWS::SNS::Topic")["Alarms"]
    alarms = boto3.client("cloudwatch").describe_alarms()["MetricAlarms"]
    deaf = [alarm["AlarmName"] for alarm in alarms if alarm["AlarmActions"] != [topic] or alarm["OKActions"] != [topic]]
    expect(f"alarms, of {len(alarms)}, that tell nobody", deaf, lambda deaf: alarms and not deaf)


def a_job_to_its_end(stack):
    caller = Caller.new(stack)
    status, headers, _ = caller.get(f"/videos/{uuid4()}")
    expect("balance at the start", headers["x-geekhub-balance-mxn"], "50.00")
    body, balance = caller.finished(caller.accepted("an astronaut surfing a giant wave of green salsa"))
    expect("the job", (body["status"], body["error"]), ("completed", None))
    with urllib.request.urlopen(body["video_url"], timeout=30) as answer:
        video = answer.read()
    expect("the video", (video[4:8], len(video)), lambda seen: seen[0] == b"ftyp" and seen[1] > 1000)
    expect("balance after MXN 4.20", balance, "45.80")
    return caller


def what_callers_ask_beside_jobs(stack, caller):
    """Calls each of the other endpoints once, under the role of its function."""
    status, _, models = caller.get("/models")
    expect("models", (status, len(models["data"])), (200, 7))
    for path in ("/models/fal/kling-2", "/models/fal%2Fkling-2"):
        status, _, model = caller.get(path)
        expect(path, (status, model.get("id")), (200, "fal/kling-2"))
    status, _, credits = caller.get("/credits")
    expect("credits", (status, credits["balance"]), (200, "45.80"))
    status, _, transactions = caller.get("/credits/transactions")
    found = [(each["type"], each["balance_after"]) for each in transactions["data"]]
    expect("transactions", (status, found), (200, [("consumption", "45.80"), ("bonus", "50.00")]))
    status, _, jobs = caller.get("/videos")
    expect("the list of jobs", (status, [job["status"] for job in jobs["data"]]), (200, ["completed"]))
    job = jobs["data"][0]["id"]
    status, _, body = stack.call("POST", f"/videos/{job}/cancel", caller.key)
    expect("cancelling what is completed", (status, body["error"]["code"]), (409, "not_cancellable"))
    status, _, body = stack.call("DELETE", f"/videos/{job}", caller.key)
    expect("deleting it", (status, body.get("deleted")), (200, True))
    expect("the deleted job", caller.get(f"/videos/{job}")[0], 404)
    status, _, document = stack.call("GET", "/openapi.json")
    expect("the OpenAPI document, without a key", (status, document.get("openapi", "")[:3]), (200, "3.1"))


def veo(stack):
    caller = Caller.new(stack)
    stack.admin("balance", "recharge", "--org", caller.org, "--amount", "100.00", "--reference", "rehearsal-1", "--yes")
    body, balance = caller.finished(caller.accepted("a hummingbird at dawn", model="google/veo-3.1", duration=8))
    expect("the Veo job", (body["status"], body["error"]), ("completed", None))
    expect("balance after MXN 67.20 of 150.00", balance, "82.80")
    return caller


def balance_used_up(stack):
    caller = Caller.new(stack)
    # The sixth of these jobs, at 8.40 each, exceeds the balance of 50.
    jobs = [caller.accepted(f"number {number}", duration=10) for number in range(6)]
    status, _, body = caller.submit("one more")
    expect("submit on spent money", (status, body["error"]["code"]), (402, "insufficient_balance"))
    for job in jobs:
        body, balance = caller.finished(job)
    expect("balance after six", balance, "-0.40")
    return caller


def refusals(stack, caller, others_job):
    for what, answer, wanted in [
        ("a job that is not there", caller.get(f"/videos/{uuid4()}"), (404, "job_not_found")),
        ("another organization's job", caller.get(f"/videos/{others_job}"), (404, "job_not_found")),
        ("a wrong key", stack.call("GET", f"/videos/{uuid4()}", "ghub_sk_live_" + "x" * 32), (401, "invalid_api_key")),
        ("no key", stack.call("GET", f"/videos/{uuid4()}"), (401, "missing_api_key")),
        ("an unknown path, by $default", caller.get("/nowhere"), (404, "not_found")),
        ("a wrong method, by $default", stack.call("DELETE", "/videos/generations", caller.key), (405, "method_not_allowed")),
        ("a bad order", caller.submit("seven seconds", duration=7), (400, "invalid_request_error")),
    ]:
        status, headers, body = answer
        error = body["error"]
        expect(what, (status, error["code"]), wanted)
        expect("its request id, in header and body", {headers["x-request-id"], error["request_id"]}, lambda ids: len(ids) == 1)


def failed_at_the_provider(caller):
    why = "The content could not be processed because it was flagged"
    outside.refuse_prompts_with("forbidden", why)
    before, *_ = caller.account()
    body, balance = caller.finished(caller.accepted("something forbidden"))
    expect("a refused render", (body["status"], body["error"]), lambda seen: seen[0] == "failed" and why in seen[1])
    expect("balance, hold, open jobs after it", caller.account(), (before, "0.00", 0))
    expect("balance in the answer", balance, before)


def dead_letter(stack, caller):
    """An unreadable message is delivered five times: 182 s apart, but in the rehearsal 1 s."""
    sqs, queues = boto3.client("sqs"), stack.resources("AWS::SQS::Queue")
    queue, dead_letters = queues["PollQueue"], queues["PollDeadLetters"]
    attributes = ["VisibilityTimeout", "RedrivePolicy"]
    before = sqs.get_queue_attributes(QueueUrl=queue, AttributeNames=attributes)["Attributes"]
    expect("the poll queue's receives, and seconds between them", (receives(before), before["VisibilityTimeout"]), (5, "182"))
    sqs.set_queue_attributes(QueueUrl=queue, Attributes={"VisibilityTimeout": "1"})
    sqs.send_message(QueueUrl=queue, MessageBody="nobody can read this")
    job = caller.accepted("beside a poisoned message")

    def dead():
        return sqs.receive_message(QueueUrl=dead_letters, WaitTimeSeconds=1).get("Messages")

    bodies = [message["Body"] for message in eventually("a dead letter", dead, PATIENCE_S)]
    sqs.set_queue_attributes(QueueUrl=queue, Attributes={"VisibilityTimeout": before["VisibilityTimeout"]})
    expect("the dead letters", bodies, ["nobody can read this"])
    expect("the job beside it", caller.finished(job)[0]["status"], "completed")


def receives(attributes):
    return int(json.loads(attributes["RedrivePolicy"])["maxReceiveCount"])


def open_over_the_update(caller):
    """A render that lasts until the test changes its length."""
    outside.render_for_s(3600)
    return caller.accepted("open over the update")


def main():
    stack = Stack()
    routes_came_out(stack)
    secrets_stay_secret(stack)
    the_operator_looks(stack)
    alarms_reach_the_topic(stack)
    lost = message_lost(stack)
    caller = a_job_to_its_end(stack)
    refusals(stack, caller, lost[1])
    what_callers_ask_beside_jobs(stack, caller)
    rich = veo(stack)
    spent = balance_used_up(stack)
    failed_at_the_provider(caller)
    dead_letter(stack, rich)
    found_by_the_sweep(stack, *lost)
    expect_books_balance(stack)
    forbidden = SECRETS | {"a caller's key": rich.key, "a prompt": "hummingbird at dawn"}
    expect_logs_are_discreet(stack, forbidden)
    job = open_over_the_update(rich)
    callers = {name: (each.org, each.key, each.account()) for name, each in [("rich", rich), ("spent", spent)]}
    with open(os.path.join(SCRATCH, "kept.json"), "w") as file:
        json.dump({"resources": stack.resources(), "api": stack.outputs["ApiUrl"], "callers": callers, "open": job}, file)


main()
