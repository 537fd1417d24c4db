"""Drives the local SQS endpoint with boto3, which knows only its address.

    python sqs_boto3.py http://127.0.0.1:PORT

It creates its own queues, and exits with an error at the first difference from AWS. boto3 itself
checks the digests in the answers. The tests wait for about ten seconds in all.
"""

import hashlib
import json
import sys
import time
import uuid

import boto3
from botocore.config import Config
from botocore.exceptions import ClientError

RUN = uuid.uuid4().hex[:8]
sqs = None


def main(base_url):
    global sqs
    sqs = boto3.client(
        "sqs",
        endpoint_url=base_url,
        region_name="us-east-1",
        aws_access_key_id="local",
        aws_secret_access_key="local",
        config=Config(retries={"total_max_attempts": 1}),
    )
    stories = [story for name, story in globals().items() if name.startswith("story_")]
    for story in stories:
        story()
        print(f"ok  {story.__name__.removeprefix('story_').replace('_', ' ')}")


def story_queues_and_their_attributes():
    url = queue("plain", DelaySeconds="3", VisibilityTimeout="7")
    check(sqs.get_queue_url(QueueName=name("plain"))["QueueUrl"], url)
    check(queue("plain", DelaySeconds="3", VisibilityTimeout="7"), url)
    refused("QueueAlreadyExists", lambda: queue("plain", DelaySeconds="4"))
    check(url in sqs.list_queues(QueueNamePrefix=name(""))["QueueUrls"], True)
    sqs.set_queue_attributes(QueueUrl=url, Attributes={"MessageRetentionPeriod": "600"})
    shown = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["All"])["Attributes"]
    check((shown["DelaySeconds"], shown["VisibilityTimeout"], shown["MessageRetentionPeriod"]), ("3", "7", "600"))
    check(shown["QueueArn"].rsplit(":", 1)[1], name("plain"))
    check("RedrivePolicy" in shown, False)
    refused("InvalidAttributeValue", lambda: sqs.set_queue_attributes(QueueUrl=url, Attributes={"DelaySeconds": "901"}))
    refused("InvalidAttributeName", lambda: sqs.set_queue_attributes(QueueUrl=url, Attributes={"Colour": "red"}))


def story_send_receive_and_delete():
    url = queue("main")
    attributes = {
        "kind": {"DataType": "String", "StringValue": "poll"},
        "raw": {"DataType": "Binary", "BinaryValue": b"\x00\x01"},
        "tries": {"DataType": "Number", "StringValue": "3"},
    }
    trace = {"AWSTraceHeader": {"DataType": "String", "StringValue": "Root=1-5759e988-bd862e3fe1be46a994272793"}}
    sent = sqs.send_message(
        QueueUrl=url, MessageBody="señal 🎬", MessageAttributes=attributes, MessageSystemAttributes=trace
    )
    check(sent["MD5OfMessageBody"], hashlib.md5("señal 🎬".encode()).hexdigest())
    check(sent["MD5OfMessageAttributes"], attributes_md5(attributes))
    check(sent["MD5OfMessageSystemAttributes"], attributes_md5(trace))

    [message] = receive(url, MessageAttributeNames=["All"], MessageSystemAttributeNames=["All"])
    check((message["MessageId"], message["Body"]), (sent["MessageId"], "señal 🎬"))
    check(message["MessageAttributes"], attributes)
    check(message["MD5OfMessageAttributes"], sent["MD5OfMessageAttributes"])
    check(message["Attributes"]["ApproximateReceiveCount"], "1")
    check(message["Attributes"]["AWSTraceHeader"], trace["AWSTraceHeader"]["StringValue"])
    check(abs(int(message["Attributes"]["SentTimestamp"]) / 1000 - time.time()) < 60, True)
    check(receive(url), [])
    check(counts(url), (0, 0, 1))
    sqs.delete_message(QueueUrl=url, ReceiptHandle=message["ReceiptHandle"])
    sqs.delete_message(QueueUrl=url, ReceiptHandle=message["ReceiptHandle"])
    check(counts(url), (0, 0, 0))

    sqs.send_message(QueueUrl=url, MessageBody="bare", MessageAttributes=attributes)
    [message] = receive(url)
    check({"Attributes", "MessageAttributes"} & set(message), set())
    sqs.delete_message(QueueUrl=url, ReceiptHandle=message["ReceiptHandle"])


def story_delays_and_long_polls():
    url = queue("delays")
    sqs.send_message(QueueUrl=url, MessageBody="later", DelaySeconds=2)
    check(receive(url), [])
    check(counts(url), (0, 1, 0))
    started = time.monotonic()
    [message] = receive(url, WaitTimeSeconds=10)
    check(1.5 < time.monotonic() - started < 5, True)
    check(message["Body"], "later")
    started = time.monotonic()
    check(receive(url, WaitTimeSeconds=1), [])
    check(0.9 < time.monotonic() - started < 4, True)


def story_batches_succeed_and_fail_entry_by_entry():
    url = queue("batches")
    entries = [{"Id": str(n), "MessageBody": f"m{n}"} for n in range(10)]
    entries[3]["DelaySeconds"] = 901
    entries[4]["MessageBody"] = "\x01"
    reply = sqs.send_message_batch(QueueUrl=url, Entries=entries)
    check([entry["Id"] for entry in reply["Successful"]], ["0", "1", "2", "5", "6", "7", "8", "9"])
    failed = {entry["Id"]: (entry["Code"], entry["SenderFault"]) for entry in reply["Failed"]}
    check(failed, {"3": ("InvalidParameterValue", True), "4": ("InvalidMessageContents", True)})

    messages = receive(url, MaxNumberOfMessages=10)
    check(len(messages), 8)
    handles = [message["ReceiptHandle"] for message in messages]
    deletes = [{"Id": f"d{n}", "ReceiptHandle": handle} for n, handle in enumerate([*handles[:6], "nonsense"])]
    reply = sqs.delete_message_batch(QueueUrl=url, Entries=deletes)
    check((len(reply["Successful"]), [e["Code"] for e in reply["Failed"]]), (6, ["ReceiptHandleIsInvalid"]))
    changes = [{"Id": f"c{n}", "ReceiptHandle": h, "VisibilityTimeout": 0} for n, h in enumerate(handles[6:])]
    check(len(sqs.change_message_visibility_batch(QueueUrl=url, Entries=changes)["Successful"]), 2)
    check(counts(url), (2, 0, 0))

    entry = {"Id": "a", "MessageBody": "x"}
    whole_batches = {
        "EmptyBatchRequest": [],
        "BatchEntryIdsNotDistinct": [entry, entry],
        "InvalidBatchEntryId": [{"Id": "a b", "MessageBody": "x"}],
        "TooManyEntriesInBatchRequest": [{"Id": str(n), "MessageBody": "x"} for n in range(11)],
        "BatchRequestTooLong": [{"Id": str(n), "MessageBody": "é" * 300_000} for n in range(2)],
    }
    for code, entries in whole_batches.items():
        refused(
            f"AWS.SimpleQueueService.{code}", lambda: sqs.send_message_batch(QueueUrl=url, Entries=entries)
        )


def story_visibility():
    url = queue("visibility", VisibilityTimeout="1")
    sqs.send_message(QueueUrl=url, MessageBody="x")
    [first] = receive(url)
    [second] = receive(url, WaitTimeSeconds=5, AttributeNames=["ApproximateReceiveCount"])
    check(second["Attributes"], {"ApproximateReceiveCount": "2"})
    sqs.delete_message(QueueUrl=url, ReceiptHandle=first["ReceiptHandle"])
    check(sum(counts(url)), 1)

    def change(message, timeout):
        handle = message["ReceiptHandle"]
        sqs.change_message_visibility(QueueUrl=url, ReceiptHandle=handle, VisibilityTimeout=timeout)

    change(second, 30)
    time.sleep(1.2)
    check(counts(url), (0, 0, 1))
    refused("InvalidParameterValue", lambda: change(first, 5))
    refused("InvalidParameterValue", lambda: change(second, 43201))
    change(second, 0)
    refused("AWS.SimpleQueueService.MessageNotInflight", lambda: change(second, 5))
    sqs.delete_message(QueueUrl=url, ReceiptHandle=second["ReceiptHandle"])
    check(sum(counts(url)), 0)


def story_dead_letters_and_the_way_back():
    dead = queue("dead")
    dead_arn = arn(dead)
    policy = json.dumps({"deadLetterTargetArn": dead_arn, "maxReceiveCount": "2"})
    url = queue("source", VisibilityTimeout="0", RedrivePolicy=policy)
    shown = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["RedrivePolicy"])["Attributes"]["RedrivePolicy"]
    check(json.loads(shown), {"deadLetterTargetArn": dead_arn, "maxReceiveCount": 2})
    sqs.send_message(QueueUrl=url, MessageBody="poison")
    check([len(receive(url)) for _ in range(3)], [1, 1, 0])
    check((counts(url), counts(dead)), ((0, 0, 0), (1, 0, 0)))

    refused("ResourceNotFoundException", lambda: sqs.start_message_move_task(SourceArn=dead_arn + "x"))
    refused("InvalidParameterValue", lambda: sqs.start_message_move_task(SourceArn=arn(url)))
    check(bool(sqs.start_message_move_task(SourceArn=dead_arn)["TaskHandle"]), True)
    [task] = sqs.list_message_move_tasks(SourceArn=dead_arn)["Results"]
    check((task["Status"], task["ApproximateNumberOfMessagesMoved"]), ("COMPLETED", 1))
    check((counts(url), counts(dead)), ((1, 0, 0), (0, 0, 0)))
    sqs.set_queue_attributes(QueueUrl=url, Attributes={"RedrivePolicy": ""})
    check([len(receive(url)) for _ in range(3)], [1, 1, 1])


def story_limits_and_refusals():
    url = queue("limits")
    sqs.send_message(QueueUrl=url, MessageBody="x" * 1_048_576)
    check(len(receive(url)[0]["Body"]), 1_048_576)
    refused("InvalidParameterValue", lambda: sqs.send_message(QueueUrl=url, MessageBody="x" * 1_048_577))
    refused("InvalidParameterValue", lambda: sqs.send_message(QueueUrl=url, MessageBody="x", DelaySeconds=901))
    refused("InvalidParameterValue", lambda: receive(url, MaxNumberOfMessages=11))
    refused("InvalidParameterValue", lambda: receive(url, WaitTimeSeconds=21))
    refused("InvalidMessageContents", lambda: sqs.send_message(QueueUrl=url, MessageBody="\x00"))
    refused("MissingParameter", lambda: sqs.send_message(QueueUrl=url, MessageBody=""))
    refused("ReceiptHandleIsInvalid", lambda: sqs.delete_message(QueueUrl=url, ReceiptHandle="nonsense"))
    error = refused("AWS.SimpleQueueService.NonExistentQueue", lambda: receive(url + "-absent"))
    check(isinstance(error, sqs.exceptions.QueueDoesNotExist), True)
    check(error.response["ResponseMetadata"]["HTTPStatusCode"], 400)


def story_purge():
    url = queue("purge")
    sqs.send_message(QueueUrl=url, MessageBody="x")
    sqs.purge_queue(QueueUrl=url)
    check(counts(url), (0, 0, 0))
    refused("AWS.SimpleQueueService.PurgeQueueInProgress", lambda: sqs.purge_queue(QueueUrl=url))


def name(suffix):
    return f"boto3-{RUN}-{suffix}"


def queue(suffix, **attributes):
    return sqs.create_queue(QueueName=name(suffix), Attributes=attributes)["QueueUrl"]


def arn(url):
    return sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]


def receive(url, **options):
    return sqs.receive_message(QueueUrl=url, **options).get("Messages", [])


def counts(url):
    """The numbers of messages that are visible, delayed and in flight."""
    names = [f"ApproximateNumberOfMessages{which}" for which in ("", "Delayed", "NotVisible")]
    shown = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=names)["Attributes"]
    return tuple(int(shown[name]) for name in names)


def attributes_md5(attributes):
    """The digest as AWS documents it, computed without the program under test."""
    digest = hashlib.md5()
    for key in sorted(attributes):
        kind = attributes[key]["DataType"]
        binary = attributes[key].get("BinaryValue")
        value = binary if binary is not None else attributes[key]["StringValue"].encode()
        for part in (key.encode(), kind.encode()):
            digest.update(len(part).to_bytes(4, "big") + part)
        digest.update((b"\x01" if binary is None else b"\x02") + len(value).to_bytes(4, "big") + value)
    return digest.hexdigest()


def refused(code, call):
    try:
        call()
    except ClientError as error:
        check(error.response["Error"]["Code"], code)
        return error
    raise AssertionError(f"expected {code}, but it was accepted")


def check(actual, expected):
    if actual != expected:
        raise AssertionError(f"expected {expected!r}, got {actual!r}")


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    main(sys.argv[1])
