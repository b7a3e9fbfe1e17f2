"""Every denied call of a mixed load can be opened: by its authorization id, its event id and its request id."""

import json
import re
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import pytest
from botocore.exceptions import ClientError
from tests.live import Live, live_server

TAIL = re.compile(r"authorization id: ([a-z0-9]{25})$")
USERS, ROUNDS = 4, 3
ROLE = {"AssumeRolePolicyDocument": '{"Version":"2012-10-17","Statement":[]}'}

CALLS: tuple[tuple[str, str, dict[str, Any]], ...] = (
    ("iam", "list_users", {}),
    ("iam", "create_user", {"UserName": "new"}),
    ("iam", "get_role", {"RoleName": "none"}),
    ("s3", "list_buckets", {}),
    ("s3", "create_bucket", {"Bucket": "amzn-s3-demo-denied"}),
    ("s3", "get_bucket_policy", {"Bucket": "amzn-s3-demo-open"}),
    ("cloudtrail", "describe_trails", {}),
    ("cloudtrail", "stop_logging", {"Name": "none"}),
    ("kms", "list_keys", {}),
    ("kms", "create_key", {}),
    ("sns", "list_topics", {}),
    ("sns", "create_topic", {"Name": "denied"}),
    ("logs", "describe_log_groups", {}),
    ("organizations", "describe_organization", {}),
    ("config", "describe_configuration_recorders", {}),
    ("accessanalyzer", "list_analyzers", {}),
    ("iam-toolbox", "get_request_authorization_details", {"authorizationId": "a" * 25}),
    ("sts", "assume_role", {"RoleArn": "", "RoleSessionName": "mateojackson"}),
    ("ec2", "describe_instances", {}),
    ("dynamodb", "list_tables", {}),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Denied:
    service: str
    operation: str
    user: str
    text: str
    request_id: str


@pytest.fixture(scope="module")
def told() -> Iterator[tuple[Live, list[Denied]]]:
    with live_server("--authorization-tail") as live:
        live.client("s3").create_bucket(Bucket="amzn-s3-demo-open")
        trust = {"Effect": "Allow", "Principal": {"Service": "ec2.amazonaws.com"}, "Action": "sts:AssumeRole"}
        document = json.dumps({"Version": "2012-10-17", "Statement": [trust]})
        role = live.client("iam").create_role(RoleName="closed", AssumeRolePolicyDocument=document)["Role"]["Arn"]
        users = [live.user(f"mateojackson-{number}") for number in range(USERS)]
        clients = {
            (user.name, service): user.client(service) for user in users for service in {call[0] for call in CALLS}
        }
        denied = [
            _denied(
                clients[user.name, service],
                service,
                operation,
                given | ({"RoleArn": role} if "RoleArn" in given else {}),
                user.name,
            )
            for _ in range(ROUNDS)
            for user in users
            for service, operation, given in CALLS
        ]
        yield live, denied


def _denied(client: Any, service: str, operation: str, given: dict[str, Any], user: str) -> Denied:
    with pytest.raises(ClientError) as raised:
        getattr(client, operation)(**given)
    response = raised.value.response
    assert "not authorized to perform" in response["Error"]["Message"], response
    return Denied(
        service=service,
        operation=operation,
        user=user,
        text=response["Error"]["Message"],
        request_id=response["ResponseMetadata"]["RequestId"],
    )


def _events(live: Live, denied: list[Denied]) -> dict[str, str]:
    """Request id to event id, as the event history tells."""
    wanted, found = {each.request_id for each in denied}, dict[str, str]()
    deadline = time.monotonic() + 20
    while not wanted <= set(found) and time.monotonic() < deadline:
        for page in live.client("cloudtrail").get_paginator("lookup_events").paginate():
            for event in page["Events"]:
                found[json.loads(event["CloudTrailEvent"])["requestID"]] = event["EventId"]
    return found


def test_every_denied_call_opens_three_ways(told: tuple[Live, list[Denied]]) -> None:
    live, denied = told
    opened: Callable[..., Any] = live.client("iam-toolbox").get_request_authorization_details
    events = _events(live, denied)
    count = 0
    for each in denied:
        tail = TAIL.search(each.text)
        assert tail is not None, each
        named = (tail[1], events[each.request_id].replace("-", ""), each.request_id.replace("-", ""))
        answers = [opened(authorizationId=name) for name in named]
        for answer in answers:
            answer.pop("ResponseMetadata")
        assert answers[0] == answers[1] == answers[2]
        (evaluation,) = answers[0]["evaluations"]
        assert evaluation["evaluatedEffect"] == "IMPLICIT_DENY"
        assert evaluation["action"].lower() in each.text.lower()
        assert answers[0]["requestContext"]["aws:username"] == each.user
        count += 1
    print(f"\n{count} of {len(denied)} denied calls opened by authorization id, event id and request id")
    assert count == USERS * ROUNDS * len(CALLS)


def test_what_is_not_there_stays_closed(told: tuple[Live, list[Denied]]) -> None:
    live, _ = told
    for name in ("a" * 25, "1" * 32):
        with pytest.raises(ClientError) as raised:
            live.client("iam-toolbox").get_request_authorization_details(authorizationId=name)
        assert raised.value.response["Error"]["Code"] == "ResourceNotFoundException"
