"""Subscription filters: AWS's refusals, as recorded, of destinations that are not here."""

from typing import Any

import pytest
from tests.unit.services.desk import ACCOUNT, OTHER, Desk

from trailwarden.errors import AwsError

G = {"logGroupName": "g"}
ROLE = f"arn:aws:iam::{ACCOUNT}:role/r"


@pytest.fixture
def logs(desk: Desk) -> Desk:
    desk.call("logs:CreateLogGroup", G)
    return desk


def refused(desk: Desk, operation: str, params: dict[str, Any]) -> tuple[str, str]:
    with pytest.raises(AwsError) as told:
        desk.call(f"logs:{operation}", params)
    return told.value.code_in("json"), told.value.text


@pytest.mark.parametrize(
    ("arn", "role", "code", "text"),
    [
        (f"arn:aws:lambda:us-east-1:{OTHER}:function:f", "", "AccessDeniedException", "Cross-account lambda invocation passing is not allowed. You must use DestinationPolicies to create cross account lambda triggers."),
        (f"arn:aws:lambda:us-east-1:{ACCOUNT}:function:f", "", "InvalidParameterException", "Could not execute the lambda function. Make sure you have given CloudWatch Logs permission to execute your function."),
        (f"arn:aws:kinesis:us-east-1:{ACCOUNT}:stream/s", "", "InvalidParameterException", "destinationArn for vendor kinesis cannot be used without roleArn"),
        (f"arn:aws:kinesis:us-east-1:{ACCOUNT}:stream/s", ROLE, "InvalidParameterException", "Could not deliver test message to specified Kinesis stream. Check if the given kinesis stream is in ACTIVE state."),
        (f"arn:aws:logs:us-east-1:{ACCOUNT}:destination:d", "", "ResourceNotFoundException", "The specified destination does not exist."),
        (f"arn:aws:sqs:us-east-1:{ACCOUNT}:q", "", "InvalidParameterException", f"Invalid destinationArn: arn:aws:sqs:us-east-1:{ACCOUNT}:q"),
    ],
)  # fmt: skip
def test_no_destination_is_reached(logs: Desk, arn: str, role: str, code: str, text: str) -> None:
    asked = {**G, "filterName": "f", "filterPattern": "", "destinationArn": arn, **({"roleArn": role} if role else {})}
    assert refused(logs, "PutSubscriptionFilter", asked) == (code, text)


def test_there_are_none(logs: Desk) -> None:
    assert logs.call("logs:DescribeSubscriptionFilters", G) == {"subscriptionFilters": []}
    assert logs.call("logs:DescribeDestinations") == {"destinations": []}
    assert refused(logs, "DeleteSubscriptionFilter", {**G, "filterName": "f"})[1] == (
        "The specified subscription filter does not exist."
    )
    for operation in ("DescribeSubscriptionFilters", "DeleteSubscriptionFilter"):
        told = refused(logs, operation, {"logGroupName": "none", "filterName": "f"})
        assert told == ("ResourceNotFoundException", "The specified log group does not exist.")
