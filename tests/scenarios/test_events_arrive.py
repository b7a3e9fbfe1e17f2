"""A denied call is heard of elsewhere: through a rule into a queue, and through trail, topic and queue. Stock clients only."""

import json
import os
import subprocess
import sys
from typing import Any
from urllib.parse import urlencode

import pytest
from botocore.exceptions import ClientError
from tests.conformance.raw import Answer, Shot, send, signed
from tests.live import Live
from tests.trails import logging_trail

from trailwarden.cli.env import client_environment

RULE = "denied-calls"


def queue_arn(live: Live, name: str) -> str:
    return f"arn:aws:sqs:us-east-1:{live.account}:{name}"


def lets_in(live: Live, queue: str, service: str, source: str) -> str:
    """https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-use-resource-based.html#eb-sqs-permissions."""
    statement = {
        "Effect": "Allow",
        "Principal": {"Service": service},
        "Action": "sqs:SendMessage",
        "Resource": queue_arn(live, queue),
        "Condition": {"ArnEquals": {"aws:SourceArn": source}},
    }
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]})


def aws(live: Live, *arguments: str) -> Any:
    """The AWS CLI, with what `trailwarden env` prints; its first version must be told SQS's endpoint besides."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("AWS_")}
    environment = {**kept, **client_environment(live.server.data), "AWS_PAGER": ""}
    done = subprocess.run(
        [sys.executable, "-m", "awscli", "--endpoint-url", live.endpoint, "--output", "json", *arguments],
        env=environment, capture_output=True, text=True, check=True, timeout=60,
    )  # fmt: skip
    return json.loads(done.stdout) if done.stdout.strip() else {}


def denied(live: Live, user: Any) -> None:
    with pytest.raises(ClientError) as refused:
        user.client("cloudtrail").get_trail_status(Name="My-Trail")
    assert refused.value.response["Error"]["Code"] == "AccessDeniedException"


def received(live: Live, url: str, wanted: Any, tries: int = 20) -> Any:
    """The first message that is wanted; others are dropped."""
    sqs = live.client("sqs")
    for _ in range(tries):
        for message in sqs.receive_message(QueueUrl=url, WaitTimeSeconds=1, MaxNumberOfMessages=10).get("Messages", []):
            sqs.delete_message(QueueUrl=url, ReceiptHandle=message["ReceiptHandle"])
            if wanted(json.loads(message["Body"])):
                return json.loads(message["Body"])
    raise AssertionError("nothing of that kind came")


def test_a_denied_call_reaches_a_queue_through_a_rule(live: Live) -> None:
    url = aws(live, "sqs", "create-queue", "--queue-name", "denied")["QueueUrl"]
    pattern = {"source": ["aws.cloudtrail"], "detail": {"errorCode": ["AccessDenied"]}}
    state = "ENABLED_WITH_ALL_CLOUDTRAIL_MANAGEMENT_EVENTS"
    rule = aws(live, "events", "put-rule", "--name", RULE, "--event-pattern", json.dumps(pattern), "--state", state)[
        "RuleArn"
    ]
    target = {"Id": "queue", "Arn": queue_arn(live, "denied")}
    put = aws(live, "events", "put-targets", "--rule", RULE, "--targets", json.dumps([target]))
    assert put["FailedEntryCount"] == 0
    policy = {"Policy": lets_in(live, "denied", "events.amazonaws.com", rule)}
    aws(live, "sqs", "set-queue-attributes", "--queue-url", url, "--attributes", json.dumps(policy))
    denied(live, live.user("mateojackson"))
    event = received(live, url, lambda body: body["detail"]["eventName"] == "GetTrailStatus")
    assert (event["detail-type"], event["source"]) == ("AWS API Call via CloudTrail", "aws.cloudtrail")
    assert event["detail"]["userIdentity"]["userName"] == "mateojackson"
    history = live.client("cloudtrail").lookup_events(
        LookupAttributes=[{"AttributeKey": "EventId", "AttributeValue": event["detail"]["eventID"]}]
    )["Events"]
    assert json.loads(history[0]["CloudTrailEvent"]) == event["detail"]


def test_a_delivered_file_is_told_through_topic_and_queue(live: Live) -> None:
    sns, sqs = live.client("sns"), live.client("sqs")
    topic = sns.create_topic(Name="trail-notices")["TopicArn"]
    statement = {
        "Effect": "Allow",
        "Principal": {"Service": "cloudtrail.amazonaws.com"},
        "Action": "SNS:Publish",
        "Resource": topic,
    }
    document = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
    sns.set_topic_attributes(TopicArn=topic, AttributeName="Policy", AttributeValue=document)
    url = sqs.create_queue(
        QueueName="notices", Attributes={"Policy": lets_in(live, "notices", "sns.amazonaws.com", topic)}
    )["QueueUrl"]
    sns.subscribe(TopicArn=topic, Protocol="sqs", Endpoint=queue_arn(live, "notices"))
    logging_trail(live, "Told-Trail", "amzn-s3-demo-told", SnsTopicName="trail-notices")
    denied(live, live.user("marymajor"))
    told = received(live, url, lambda body: "CloudTrail/" in body["Message"])
    notice = json.loads(told["Message"])
    assert (told["TopicArn"], notice["s3Bucket"]) == (topic, "amzn-s3-demo-told")
    assert live.client("s3").head_object(Bucket=notice["s3Bucket"], Key=notice["s3ObjectKey"][0])


def test_message_calls_are_data_events_and_hide_what_is_said(live: Live) -> None:
    sqs = live.client("sqs")
    url = sqs.create_queue(QueueName="seen")["QueueUrl"]
    heard = sqs.create_queue(QueueName="heard")["QueueUrl"]
    events = live.client("events")
    rule = events.put_rule(Name="sends", EventPattern=json.dumps({"source": ["aws.sqs"]}))["RuleArn"]
    events.put_targets(Rule="sends", Targets=[{"Id": "q", "Arn": queue_arn(live, "heard")}])
    policy = lets_in(live, "heard", "events.amazonaws.com", rule)
    sqs.set_queue_attributes(QueueUrl=heard, Attributes={"Policy": policy})
    trails = live.client("cloudtrail")
    logging_trail(live, "Data-Trail", "amzn-s3-demo-data-events")
    fields = [
        {"Field": "eventCategory", "Equals": ["Data"]},
        {"Field": "resources.type", "Equals": ["AWS::SQS::Queue"]},
        {"Field": "resources.ARN", "Equals": [queue_arn(live, "seen")]},
    ]
    trails.put_event_selectors(TrailName="Data-Trail", AdvancedEventSelectors=[{"FieldSelectors": fields}])
    sqs.send_message(QueueUrl=url, MessageBody="a secret")
    record = received(live, heard, lambda body: body["detail"]["eventName"] == "SendMessage")["detail"]
    assert (record["eventCategory"], record["managementEvent"]) == ("Data", False)
    assert record["resources"] == [
        {"accountId": live.account, "type": "AWS::SQS::Queue", "ARN": queue_arn(live, "seen")}
    ]
    assert "a secret" not in json.dumps(record)
    assert record["requestParameters"]["queueUrl"] == url


def test_the_query_protocol_is_answered_too(live: Live) -> None:
    """Clients of before SQS spoke JSON."""
    keys = client_environment(live.server.data)

    def call(**fields: str) -> Answer:
        shot = Shot(
            service="sqs",
            body=urlencode({**fields, "Version": "2012-11-05"}).encode(),
            headers={"Content-Type": "application/x-www-form-urlencoded"},
        )
        headers = signed(shot, live.endpoint, keys["AWS_ACCESS_KEY_ID"], keys["AWS_SECRET_ACCESS_KEY"])
        return send(shot, live.endpoint, headers)

    made = call(Action="CreateQueue", QueueName="old", **{"Attribute.1.Name": "DelaySeconds", "Attribute.1.Value": "0"})
    assert f"<QueueUrl>{live.endpoint}/{live.account}/old</QueueUrl>" in made.body
    url = f"{live.endpoint}/{live.account}/old"
    sent = call(Action="SendMessage", QueueUrl=url, MessageBody="x <y>")
    assert "<MD5OfMessageBody>" in sent.body
    got = call(Action="ReceiveMessage", QueueUrl=url, **{"AttributeName.1": "All"})
    assert "<Body>x &lt;y&gt;</Body>" in got.body
    assert "<Attribute><Name>ApproximateReceiveCount</Name><Value>1</Value></Attribute>" in got.body
    missing = call(Action="GetQueueUrl", QueueName="none")
    assert missing.status == 400
    assert "<Code>AWS.SimpleQueueService.NonExistentQueue</Code>" in missing.body
    assert "<Message>The specified queue does not exist for this wsdl version.</Message>" in missing.body
