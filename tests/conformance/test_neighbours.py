"""Calls of services that are not built, without which tools for the built ones stop."""

from typing import Any

import pytest
from botocore.exceptions import ClientError
from tests.live import Live

EMPTY = [
    ("autoscaling", "describe_launch_configurations", {}, "LaunchConfigurations"),
    ("cloudformation", "describe_stacks", {}, "Stacks"),
    ("cloudwatch", "describe_alarms", {}, "MetricAlarms"),
    ("cloudwatch", "describe_alarms_for_metric", {"MetricName": "m", "Namespace": "n"}, "MetricAlarms"),
    ("codebuild", "list_projects", {}, "projects"),
    ("ec2", "describe_instances", {}, "Reservations"),
    ("lambda", "list_functions", {}, "Functions"),
    ("lambda", "list_layers", {}, "Layers"),
    ("schemas", "list_registries", {}, "Registries"),
    ("secretsmanager", "list_secrets", {}, "SecretList"),
]


@pytest.mark.parametrize(("service", "name", "arguments", "member"), EMPTY, ids=str)
def test_nothing_is_listed(live: Live, service: str, name: str, arguments: dict[str, str], member: str) -> None:
    assert getattr(live.client(service), name)(**arguments)[member] == []


def test_no_queues(live: Live) -> None:
    assert "QueueUrls" not in live.client("sqs").list_queues()


@pytest.mark.parametrize(
    ("service", "name", "arguments", "code", "text"),
    [
        (
            "cloudformation",
            "describe_stacks",
            {"StackName": "My-Stack"},
            "ValidationError",
            "Stack with id My-Stack does not exist",
        ),
        (
            "ec2",
            "describe_instances",
            {"InstanceIds": ["i-1"]},
            "InvalidInstanceID.NotFound",
            "The instance ID 'i-1' does not exist",
        ),
        (
            "support",
            "describe_severity_levels",
            {},
            "SubscriptionRequiredException",
            "Amazon Web Services Premium Support Subscription is required to use this service.",
        ),
        ("ec2", "describe_regions", {"RegionNames": ["mars-1"]}, "InvalidParameterValue", None),
        ("ec2", "describe_regions", {"Filters": [{"Name": "x", "Values": ["y"]}]}, "InvalidParameterValue", None),
    ],
)
def test_what_is_not_there(
    live: Live, service: str, name: str, arguments: dict[str, Any], code: str, text: str | None
) -> None:
    with pytest.raises(ClientError) as refused:
        getattr(live.client(service), name)(**arguments)
    assert refused.value.response["Error"]["Code"] == code
    assert text is None or refused.value.response["Error"]["Message"] == text


def test_regions_are_told(live: Live) -> None:
    ec2 = live.client("ec2")
    opted = [{"Name": "opt-in-status", "Values": ["opt-in-not-required", "opted-in"]}]
    names = {region["RegionName"] for region in ec2.describe_regions(Filters=opted)["Regions"]}
    assert {"us-east-1", "eu-west-1"} <= names
    (region,) = ec2.describe_regions(RegionNames=["eu-west-1"])["Regions"]
    assert region == {
        "RegionName": "eu-west-1",
        "Endpoint": "ec2.eu-west-1.amazonaws.com",
        "OptInStatus": "opt-in-not-required",
    }
    european = ec2.describe_regions(Filters=[{"Name": "region-name", "Values": ["eu-*"]}])["Regions"]
    assert {region["RegionName"][:3] for region in european} == {"eu-"}


def test_they_need_permission(live: Live) -> None:
    user = live.user("mateojackson-neighbours")
    with pytest.raises(ClientError) as refused:
        user.client("ec2").describe_regions()
    assert refused.value.response["Error"]["Code"] == "UnauthorizedOperation"
