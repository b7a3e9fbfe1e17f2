"""Messages: sent, received, kept in order, buried, moved back."""

import json
from collections.abc import Mapping
from typing import Any

import pytest
from tests.unit.services.desk import ACCOUNT, NOW, OTHER, Desk

from trailwarden.errors import AwsError, NotYet
from trailwarden.services.iam import iam_facts
from trailwarden.services.kms import kms_facts
from trailwarden.services.sqs import Posted, QueueUpkeep, post, sqs_facts
from trailwarden.services.sqs.message import DEDUPLICATION, MESSAGE
from trailwarden.services.sqs.queue import GONE

BASE = f"http://127.0.0.1:4566/{ACCOUNT}"
URL, DEAD, FIFO = f"{BASE}/q", f"{BASE}/dead", f"{BASE}/q.fifo"
ARN = f"arn:aws:sqs:us-east-1:{ACCOUNT}:"


@pytest.fixture
def sqs(desk: Desk) -> Desk:
    desk.facts = {"iam": iam_facts, "sqs": sqs_facts, "kms": kms_facts}
    desk.call("sqs:CreateQueue", {"QueueName": "q"})
    return desk


@pytest.fixture
def fifo(desk: Desk) -> Desk:
    desk.call(
        "sqs:CreateQueue",
        {"QueueName": "q.fifo", "Attributes": {"FifoQueue": "true", "ContentBasedDeduplication": "true"}},
    )
    return desk


def refused(desk: Desk, operation: str, params: Mapping[str, Any]) -> tuple[str, str]:
    with pytest.raises(AwsError) as told:
        desk.call(operation, params)
    return told.value.code_in("query"), told.value.text


def send(desk: Desk, body: str, url: str = URL, **more: Any) -> Any:
    return desk.call("sqs:SendMessage", {"QueueUrl": url, "MessageBody": body, **more})


def receive(desk: Desk, url: str = URL, **more: Any) -> Any:
    asked = {"QueueUrl": url, "MaxNumberOfMessages": 10, "WaitTimeSeconds": 0, **more}
    return desk.call("sqs:ReceiveMessage", asked).get("Messages", [])


def bodies(messages: Any) -> list[str]:
    return [message["Body"] for message in messages]


def count(desk: Desk, url: str = URL) -> tuple[str, ...]:
    names = [f"ApproximateNumberOfMessages{kind}" for kind in ("", "NotVisible", "Delayed")]
    told = desk.call("sqs:GetQueueAttributes", {"QueueUrl": url, "AttributeNames": names})["Attributes"]
    return tuple(told[name] for name in names)


def upkeep(desk: Desk) -> QueueUpkeep:
    return QueueUpkeep(desk.storage, desk.world_on, lambda: desk.now)


def test_digests_are_those_of_aws(sqs: Desk) -> None:
    told = send(sqs, "msg", MessageAttributes={"Foo": {"DataType": "String", "StringValue": "Bar"}})
    assert told["MD5OfMessageBody"] == "6e2baaf3b97dbeef01c0043275f9a0e7"
    assert told["MD5OfMessageAttributes"] == "ae7155c6026991b6d54b11589678bf9c"
    number = {"attr1": {"DataType": "Number", "StringValue": "99.12"}}
    assert send(sqs, "x", MessageAttributes=number)["MD5OfMessageAttributes"] == "d302007e9aa062660afc85fd0a482472"


def test_a_message_is_hidden_until_the_timeout(sqs: Desk) -> None:
    send(sqs, "one")
    first = receive(sqs, MessageSystemAttributeNames=["All"])
    assert bodies(first) == ["one"]
    assert first[0]["Attributes"] == {
        "SenderId": ACCOUNT,
        "SentTimestamp": str(round(NOW * 1000)),
        "ApproximateReceiveCount": "1",
        "ApproximateFirstReceiveTimestamp": str(round(NOW * 1000)),
    }
    assert (receive(sqs), count(sqs)) == ([], ("0", "1", "0"))
    sqs.now += 31
    again = receive(sqs, AttributeNames=["ApproximateReceiveCount"])
    assert again[0]["Attributes"] == {"ApproximateReceiveCount": "2"}
    sqs.call("sqs:DeleteMessage", {"QueueUrl": URL, "ReceiptHandle": first[0]["ReceiptHandle"]})
    assert count(sqs) == ("0", "0", "0")
    assert not sqs.storage.begin().list(MESSAGE)


def test_a_call_waits_until_there_is_something(sqs: Desk) -> None:
    with pytest.raises(NotYet):
        receive(sqs, WaitTimeSeconds=5)
    sqs.call("sqs:SetQueueAttributes", {"QueueUrl": URL, "Attributes": {"ReceiveMessageWaitTimeSeconds": "3"}})
    with pytest.raises(NotYet):
        sqs.call("sqs:ReceiveMessage", {"QueueUrl": URL})
    send(sqs, "x")
    assert bodies(receive(sqs, WaitTimeSeconds=5)) == ["x"]


def test_delays(sqs: Desk) -> None:
    send(sqs, "late", DelaySeconds=10)
    assert (receive(sqs), count(sqs)) == ([], ("0", "0", "1"))
    sqs.now += 10
    assert bodies(receive(sqs)) == ["late"]


def test_visibility_is_changed_only_in_flight(sqs: Desk) -> None:
    send(sqs, "x")
    handle = {"QueueUrl": URL, "ReceiptHandle": receive(sqs)[0]["ReceiptHandle"]}
    sqs.call("sqs:ChangeMessageVisibility", {**handle, "VisibilityTimeout": 0})
    code = refused(sqs, "sqs:ChangeMessageVisibility", {**handle, "VisibilityTimeout": 5})[0]
    assert code == "AWS.SimpleQueueService.MessageNotInflight"
    fresh = {"QueueUrl": URL, "ReceiptHandle": receive(sqs)[0]["ReceiptHandle"]}
    assert refused(sqs, "sqs:ChangeMessageVisibility", {**handle, "VisibilityTimeout": 5})[0] == "InvalidParameterValue"
    assert (
        refused(sqs, "sqs:ChangeMessageVisibility", {**fresh, "VisibilityTimeout": 43201})[0] == "InvalidParameterValue"
    )
    assert refused(sqs, "sqs:DeleteMessage", {"QueueUrl": URL, "ReceiptHandle": "x"}) == (
        "ReceiptHandleIsInvalid", 'The input receipt handle "x" is not a valid receipt handle.',
    )  # fmt: skip
    sqs.call("sqs:CreateQueue", {"QueueName": "dead"})
    assert refused(sqs, "sqs:DeleteMessage", {**fresh, "QueueUrl": DEAD})[0] == "InvalidParameterValue"


def test_attributes_are_chosen_by_name(sqs: Desk) -> None:
    given = {
        "a.x": {"DataType": "String", "StringValue": "1"},
        "a.y": {"DataType": "Number.int", "StringValue": "2"},
        "b": {"DataType": "Binary", "BinaryValue": b"\x01"},
    }
    send(sqs, "m", MessageAttributes=given)
    wanted: list[tuple[list[str], set[str]]] = [
        ([], set()), (["All"], set(given)), ([".*"], set(given)), (["a.*"], {"a.x", "a.y"}), (["b", "none"], {"b"}),
    ]  # fmt: skip
    for names, found in wanted:
        sqs.now += 31
        message = receive(sqs, MessageAttributeNames=names)[0]
        assert message.get("MessageAttributes", {}) == {name: given[name] for name in found}
        assert ("MD5OfMessageAttributes" in message) is bool(found)


@pytest.mark.parametrize(
    ("more", "code", "text"),
    [
        ({"MessageBody": ""}, "MissingParameter", "The request must contain the parameter MessageBody."),
        ({"MessageBody": "\x00"}, "InvalidMessageContents", "Invalid characters found."),
        ({"MessageBody": "x" * 1_048_577}, "InvalidParameterValue", "One or more parameters are invalid. Reason: Message must be shorter than 1048576 bytes."),
        ({"DelaySeconds": 901}, "InvalidParameterValue", "Value 901 for parameter DelaySeconds is invalid."),
        ({"MessageGroupId": "a b"}, "InvalidParameterValue", "Value a b for parameter MessageGroupId is invalid. Reason: MessageGroupId can only include alphanumeric and punctuation characters. 1 to 128 in length."),
        ({"MessageDeduplicationId": "d"}, "InvalidParameterValue", "Value d for parameter MessageDeduplicationId is invalid."),
        ({"MessageAttributes": {"E": {"DataType": "String", "StringValue": ""}}}, "InvalidParameterValue", "Message (user) attribute 'E' must contain a non-empty value of type 'String'."),
        ({"MessageAttributes": {"AWS.x": {"DataType": "String", "StringValue": "x"}}}, "InvalidParameterValue", "Message (user) attribute name"),
        ({"MessageAttributes": {"E": {"DataType": "Nope", "StringValue": "x"}}}, "InvalidParameterValue", "The type of message (user) attribute 'E' is invalid."),
        ({"MessageAttributes": {"E": {"DataType": "Number", "StringValue": "x"}}}, "InvalidParameterValue", "Can't cast the value"),
        ({"MessageSystemAttributes": {"Other": {"DataType": "String", "StringValue": "x"}}}, "InvalidParameterValue", "Message system attribute name 'Other' is invalid."),
    ],
)  # fmt: skip
def test_messages_that_cannot_be(sqs: Desk, more: dict[str, Any], code: str, text: str) -> None:
    told = refused(sqs, "sqs:SendMessage", {"QueueUrl": URL, "MessageBody": "m", **more})
    assert (told[0], told[1][: len(text)]) == (code, text)


def test_a_batch_succeeds_and_fails_by_entry(sqs: Desk) -> None:
    entries = [{"Id": "a", "MessageBody": "1"}, {"Id": "b", "MessageBody": ""}]
    told = sqs.call("sqs:SendMessageBatch", {"QueueUrl": URL, "Entries": entries})
    assert [each["Id"] for each in told["Successful"]] == ["a"]
    assert told["Failed"] == [
        {"Id": "b", "SenderFault": True, "Code": "MissingParameter",
         "Message": "The request must contain the parameter MessageBody."}
    ]  # fmt: skip
    handle = receive(sqs)[0]["ReceiptHandle"]
    gone = sqs.call(
        "sqs:DeleteMessageBatch",
        {"QueueUrl": URL, "Entries": [{"Id": "1", "ReceiptHandle": handle}, {"Id": "2", "ReceiptHandle": "x"}]},
    )
    assert (gone["Successful"], gone["Failed"][0]["Code"]) == ([{"Id": "1"}], "ReceiptHandleIsInvalid")


@pytest.mark.parametrize(
    ("entries", "code"),
    [
        ([], "EmptyBatchRequest"),
        ([{"Id": str(number), "MessageBody": "x"} for number in range(11)], "TooManyEntriesInBatchRequest"),
        ([{"Id": "a", "MessageBody": "x"}] * 2, "BatchEntryIdsNotDistinct"),
        ([{"Id": "a b", "MessageBody": "x"}], "InvalidBatchEntryId"),
        ([{"Id": "a", "MessageBody": "x" * 1_048_577}], "BatchRequestTooLong"),
    ],
)
def test_batches_that_cannot_be(sqs: Desk, entries: list[dict[str, str]], code: str) -> None:
    told = refused(sqs, "sqs:SendMessageBatch", {"QueueUrl": URL, "Entries": entries})
    assert told[0] == f"AWS.SimpleQueueService.{code}"


def test_a_group_keeps_its_order(fifo: Desk) -> None:
    for body, group in (("a1", "a"), ("a2", "a"), ("b1", "b")):
        send(fifo, body, FIFO, MessageGroupId=group)
    first = receive(fifo, FIFO, MaxNumberOfMessages=1)
    assert bodies(first) == ["a1"]
    assert bodies(receive(fifo, FIFO)) == ["b1"]
    fifo.call("sqs:DeleteMessage", {"QueueUrl": FIFO, "ReceiptHandle": first[0]["ReceiptHandle"]})
    assert bodies(receive(fifo, FIFO)) == ["a2"]


def test_a_duplicate_is_accepted_and_not_kept(fifo: Desk) -> None:
    first, second = (send(fifo, "same", FIFO, MessageGroupId=group) for group in "ab")
    assert first == second
    assert count(fifo, FIFO)[0] == "1"
    fifo.now += 301
    assert send(fifo, "same", FIFO, MessageGroupId="a")["MessageId"] != first["MessageId"]
    fifo.now += 301
    upkeep(fifo).sweep(fifo.now)
    assert not fifo.storage.begin().list(DEDUPLICATION)


def test_what_a_fifo_queue_wants(fifo: Desk) -> None:
    base = {"QueueUrl": FIFO, "MessageBody": "x"}
    assert refused(fifo, "sqs:SendMessage", base)[1] == "The request must contain the parameter MessageGroupId."
    assert refused(fifo, "sqs:SendMessage", {**base, "MessageGroupId": "g", "DelaySeconds": 2})[1] == (
        "Value 2 for parameter DelaySeconds is invalid. Reason: The request include parameter that is not valid for "
        "this queue type."
    )
    attributes = {"ContentBasedDeduplication": "false"}
    fifo.call("sqs:SetQueueAttributes", {"QueueUrl": FIFO, "Attributes": attributes})
    assert refused(fifo, "sqs:SendMessage", {**base, "MessageGroupId": "g"})[0] == "InvalidParameterValue"
    send(fifo, "x", FIFO, MessageGroupId="g", MessageDeduplicationId="d")
    handle = receive(fifo, FIFO)[0]["ReceiptHandle"]
    fifo.now += 31
    assert refused(fifo, "sqs:DeleteMessage", {"QueueUrl": FIFO, "ReceiptHandle": handle})[1].endswith(
        "Reason: The receipt handle has expired."
    )


def buried(sqs: Desk, body: str) -> None:
    send(sqs, body)
    receive(sqs)
    sqs.now += 31
    assert receive(sqs) == []


@pytest.fixture
def redriven(sqs: Desk) -> Desk:
    sqs.call("sqs:CreateQueue", {"QueueName": "dead"})
    policy = json.dumps({"deadLetterTargetArn": f"{ARN}dead", "maxReceiveCount": "1"})
    sqs.call("sqs:SetQueueAttributes", {"QueueUrl": URL, "Attributes": {"RedrivePolicy": policy}})
    return sqs


def test_what_is_received_too_often_is_a_dead_letter(redriven: Desk) -> None:
    buried(redriven, "x")
    letter = receive(redriven, DEAD, AttributeNames=["All"])[0]
    assert letter["Attributes"]["DeadLetterQueueSourceArn"] == f"{ARN}q"
    assert letter["Attributes"]["ApproximateReceiveCount"] == "2"
    assert redriven.call("sqs:ListDeadLetterSourceQueues", {"QueueUrl": DEAD}) == {"queueUrls": [URL]}


def test_a_dead_letter_queue_may_refuse(redriven: Desk) -> None:
    deny = {"RedriveAllowPolicy": json.dumps({"redrivePermission": "denyAll"})}
    redriven.call("sqs:SetQueueAttributes", {"QueueUrl": DEAD, "Attributes": deny})
    send(redriven, "x")
    for _ in range(3):
        assert bodies(receive(redriven)) == ["x"]
        redriven.now += 31
    assert receive(redriven, DEAD) == []


def test_dead_letters_are_moved_back(redriven: Desk) -> None:
    for body in "ab":
        buried(redriven, body)
    started = redriven.call("sqs:StartMessageMoveTask", {"SourceArn": f"{ARN}dead"})
    assert refused(redriven, "sqs:StartMessageMoveTask", {"SourceArn": f"{ARN}dead"})[0] == (
        "AWS.SimpleQueueService.UnsupportedOperation"
    )
    upkeep(redriven).run_once(redriven.now)
    told = redriven.call("sqs:ListMessageMoveTasks", {"SourceArn": f"{ARN}dead"})["Results"]
    assert [(each["Status"], each["ApproximateNumberOfMessagesMoved"]) for each in told] == [("COMPLETED", 2)]
    assert sorted(bodies(receive(redriven))) == ["a", "b"]
    assert refused(redriven, "sqs:CancelMessageMoveTask", started)[0] == "AWS.SimpleQueueService.UnsupportedOperation"
    assert refused(redriven, "sqs:StartMessageMoveTask", {"SourceArn": f"{ARN}q"})[1] == (
        "Source queue must be configured as a Dead Letter Queue."
    )
    assert refused(redriven, "sqs:StartMessageMoveTask", {"SourceArn": f"{ARN}none"})[0] == "ResourceNotFoundException"


def test_a_move_keeps_its_rate_and_ends_when_told(redriven: Desk) -> None:
    for body in "abc":
        buried(redriven, body)
    asked = {"SourceArn": f"{ARN}dead", "MaxNumberOfMessagesPerSecond": 2, "DestinationArn": f"{ARN}q"}
    handle = redriven.call("sqs:StartMessageMoveTask", asked)
    upkeep(redriven).run_once(redriven.now)
    assert redriven.call("sqs:CancelMessageMoveTask", handle) == {"ApproximateNumberOfMessagesMoved": 1}
    redriven.now += 5
    upkeep(redriven).run_once(redriven.now)
    assert count(redriven, DEAD)[0] == "2"


def test_purge_and_retention(sqs: Desk) -> None:
    send(sqs, "old")
    sqs.call("sqs:PurgeQueue", {"QueueUrl": URL})
    assert refused(sqs, "sqs:PurgeQueue", {"QueueUrl": URL})[1] == (
        "Only one PurgeQueue operation on q is allowed every 60 seconds."
    )
    sqs.now += 1
    send(sqs, "new")
    assert bodies(receive(sqs)) == ["new"]
    sqs.now += 345_600
    assert receive(sqs) == []
    upkeep(sqs).sweep(sqs.now)
    assert not sqs.storage.begin().list(MESSAGE)


def test_messages_go_with_their_queue(sqs: Desk) -> None:
    send(sqs, "x")
    sqs.call("sqs:DeleteQueue", {"QueueUrl": URL})
    sqs.now += 61
    upkeep(sqs).sweep(sqs.now)
    assert not sqs.storage.begin().list(MESSAGE)
    upkeep(sqs).sweep(sqs.now)
    assert not sqs.storage.begin().list(GONE)
    sqs.call("sqs:CreateQueue", {"QueueName": "q"})
    assert receive(sqs) == []


def test_a_key_that_is_not_there_keeps_messages_out(sqs: Desk) -> None:
    sqs.call("sqs:SetQueueAttributes", {"QueueUrl": URL, "Attributes": {"KmsMasterKeyId": "alias/none"}})
    assert refused(sqs, "sqs:SendMessage", {"QueueUrl": URL, "MessageBody": "x"})[0] == "KMS.NotFoundException"
    assert refused(sqs, "sqs:ReceiveMessage", {"QueueUrl": URL})[0] == "KMS.NotFoundException"
    sqs.call("sqs:SetQueueAttributes", {"QueueUrl": URL, "Attributes": {"KmsMasterKeyId": "alias/aws/sqs"}})
    send(sqs, "x")


def posted(sqs: Desk, **more: Any) -> str:
    transaction = sqs.storage.begin()
    told = {
        "queue_arn": f"{ARN}q", "body": "x", "service": "sns.amazonaws.com",
        "source_arn": f"arn:aws:sns:us-east-1:{ACCOUNT}:t", "source_account": ACCOUNT,
    }  # fmt: skip
    code = post(sqs.world_on(transaction), Posted(**{**told, **more}))
    sqs.storage.commit(transaction).result(10)
    return code


def test_a_service_gets_in_by_the_policy_alone(sqs: Desk) -> None:
    assert posted(sqs) == "NO_PERMISSIONS"
    statement = {
        "Effect": "Allow", "Principal": {"Service": "sns.amazonaws.com"}, "Action": "sqs:SendMessage",
        "Resource": f"{ARN}q", "Condition": {"ArnLike": {"aws:SourceArn": f"arn:aws:sns:*:{ACCOUNT}:t"}},
    }  # fmt: skip
    policy = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
    sqs.call("sqs:SetQueueAttributes", {"QueueUrl": URL, "Attributes": {"Policy": policy}})
    assert posted(sqs) == ""
    assert posted(sqs, source_arn=f"arn:aws:sns:us-east-1:{OTHER}:t") == "NO_PERMISSIONS"
    assert posted(sqs, service="events.amazonaws.com") == "NO_PERMISSIONS"
    assert posted(sqs, queue_arn=f"{ARN}none") == "QUEUE_NOT_FOUND"
    sqs.call("sqs:SetQueueAttributes", {"QueueUrl": URL, "Attributes": {"KmsMasterKeyId": "alias/aws/sqs"}})
    assert posted(sqs) == "NO_PERMISSIONS"
    assert bodies(receive(sqs)) == ["x"]
