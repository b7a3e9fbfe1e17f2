"""How operations are recorded, and how denials are spelt."""

import gzip
import json
from pathlib import Path

import pytest

from trailwarden import catalog

EVENTS = Path(__file__).parents[4] / "shared/events"


@pytest.mark.parametrize(
    ("service", "operation", "expected"),
    [
        ("cloudtrail", "LookupEvents", True),
        ("cloudtrail", "CreateTrail", False),
        ("cloudtrail", "StopLogging", False),
        ("iam", "GetUser", True),
        ("iam", "CreateUser", False),
        ("iam", "SimulatePrincipalPolicy", True),
        ("sts", "AssumeRole", True),
        ("sts", "GetCallerIdentity", True),
        ("sts", "GetFederationToken", False),
        ("kms", "Decrypt", True),
        ("kms", "ScheduleKeyDeletion", False),
        ("s3", "GetObject", True),
        ("s3", "HeadBucket", True),
        ("s3", "ListObjectsV2", True),
        ("s3", "PutObject", False),
        ("s3", "CopyObject", False),
        ("s3", "DeleteObjects", False),
        ("s3", "DeleteBucketCors", False),
        ("cognito-identity", "GetCredentialsForIdentity", False),
        ("apigateway", "GetRestApis", True),
        ("no-such-service", "GetThing", True),
        ("no-such-service", "MakeThing", False),
    ],
)
def test_read_only(service: str, operation: str, expected: bool) -> None:
    assert catalog.read_only(service, operation) is expected


def test_event_sources() -> None:
    assert catalog.event_source("cloudtrail") == "cloudtrail.amazonaws.com"
    assert catalog.event_source("iam-toolbox") == "iam.amazonaws.com"
    assert catalog.event_source("cloudwatch") == "monitoring.amazonaws.com"
    assert catalog.event_source("elbv2") == "elasticloadbalancing.amazonaws.com"
    assert catalog.event_source("mq") == "amazonmq.amazonaws.com"


def test_event_names() -> None:
    assert catalog.event_name("cloudtrail", "CreateTrail") == "CreateTrail"
    assert catalog.event_name("s3", "GetPublicAccessBlock") == "GetBucketPublicAccessBlock"
    assert catalog.event_name("s3", "ListObjectsV2") == "ListObjects"
    assert catalog.event_name("lambda", "GetFunction") == "GetFunction20150331v2"


def test_only_few_services_write_a_version() -> None:
    assert catalog.api_version("logs", "CreateLogGroup") == "20140328"
    assert catalog.api_version("route53", "ListHostedZones") == "2013-04-01"
    assert catalog.api_version("cloudtrail", "CreateTrail") is None
    assert catalog.api_version("iam", "CreateUser") is None


def test_data_events() -> None:
    assert catalog.data_event("s3", "GetObject") == "AWS::S3::Object"
    assert catalog.data_event("s3", "GetBucketPolicy") is None
    assert catalog.data_event("cloudtrail-data", "PutAuditEvents") == "AWS::CloudTrail::Channel"
    assert catalog.data_event("sns", "Publish") == "AWS::SNS::Topic"
    assert catalog.data_event("cloudtrail", "LookupEvents") is None


def test_services_for_all_regions() -> None:
    assert catalog.is_global("iam")
    assert catalog.is_global("organizations")
    assert not catalog.is_global("cloudtrail")
    assert not catalog.is_global("sts")


def test_codes_on_the_wire_and_in_the_record() -> None:
    assert catalog.denial_code("iam", "GetUser", "query") == "AccessDenied"
    assert catalog.denial_code("cloudtrail", "GetTrail", "json") == "AccessDeniedException"
    assert catalog.denial_code("ec2", "RunInstances", "ec2") == "UnauthorizedOperation"
    assert catalog.denial_code("sns", "Publish", "query") == "AuthorizationError"
    assert catalog.denial_code("s3", "GetObject", "s3") == "AccessDenied"
    assert catalog.recorded_code("AccessDeniedException") == "AccessDenied"
    assert catalog.recorded_code("NoSuchEntity") == "NoSuchEntityException"
    assert catalog.recorded_code("TrailNotFoundException") == "TrailNotFoundException"


def test_service_principals() -> None:
    assert catalog.service_principal("cloudtrail") == "cloudtrail.amazonaws.com"
    assert catalog.service_principal("stepfunctions") == "states.amazonaws.com"
    assert catalog.service_principal("ecs") == "ecs-tasks.amazonaws.com"


@pytest.mark.skipif(not EVENTS.is_dir(), reason="the shared events are not here")
def test_real_records_agree_on_read_only() -> None:
    """Records of services whose directory name is their event source, operation by operation."""
    seen: dict[tuple[str, str], bool] = {}
    for path in EVENTS.glob("*.jsonl.gz"):
        with gzip.open(path, "rt") as lines:
            for record in map(json.loads, lines):
                event = record.get("event", record)
                if isinstance(event.get("readOnly"), bool):
                    seen[event["eventSource"].partition(".")[0], event["eventName"]] = event["readOnly"]
    known = {key: value for key, value in seen.items() if catalog.action(":".join(key)) is not None}
    differing = {key for key, value in known.items() if catalog.read_only(*key) is not value}
    assert len(known) > 200
    assert len(differing) <= len(known) // 50, differing
