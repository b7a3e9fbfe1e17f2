"""What a bucket is set up with: told as it was set, and refused where AWS refuses it."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from tests.unit.services.s3.desk import Desk, refusal

RULE = {"ID": "one", "Filter": {"Prefix": "logs/"}, "Status": "Enabled", "Expiration": {"Days": 7}}


@pytest.mark.parametrize(
    ("operation", "code"),
    [
        ("get_bucket_lifecycle_configuration", "NoSuchLifecycleConfiguration"),
        ("get_bucket_cors", "NoSuchCORSConfiguration"),
        ("get_bucket_website", "NoSuchWebsiteConfiguration"),
        ("get_bucket_replication", "ReplicationConfigurationNotFoundError"),
        ("get_object_lock_configuration", "ObjectLockConfigurationNotFoundError"),
        ("get_bucket_tagging", "NoSuchTagSet"),
    ],
)
def test_what_is_not_set_is_an_error(s3: Any, bucket: str, operation: str, code: str) -> None:
    error = refusal(getattr(s3, operation), Bucket=bucket)
    assert (error["Code"], error["BucketName"], error["Status"]) == (code, bucket, 404)


@pytest.mark.parametrize(
    ("operation", "expected"),
    [
        ("get_bucket_logging", {}),
        ("get_bucket_notification_configuration", {}),
        ("get_bucket_accelerate_configuration", {}),
        ("get_bucket_request_payment", {"Payer": "BucketOwner"}),
        ("get_bucket_abac", {"AbacStatus": {"Status": "Disabled"}}),
    ],
)
def test_what_has_a_default(s3: Any, bucket: str, operation: str, expected: dict[str, Any]) -> None:
    answer = getattr(s3, operation)(Bucket=bucket)
    assert {name: value for name, value in answer.items() if name != "ResponseMetadata"} == expected


@pytest.mark.parametrize(
    ("noun", "asked", "expected"),
    [
        (
            "bucket_cors",
            {"CORSConfiguration": {"CORSRules": [{"AllowedMethods": ["GET"], "AllowedOrigins": ["*"]}]}},
            "CORSRules",
        ),
        ("bucket_website", {"WebsiteConfiguration": {"IndexDocument": {"Suffix": "index.html"}}}, "IndexDocument"),
        (
            "bucket_logging",
            {"BucketLoggingStatus": {"LoggingEnabled": {"TargetBucket": "trail-logs", "TargetPrefix": "l"}}},
            "LoggingEnabled",
        ),
        ("bucket_accelerate_configuration", {"AccelerateConfiguration": {"Status": "Enabled"}}, "Status"),
        ("bucket_request_payment", {"RequestPaymentConfiguration": {"Payer": "Requester"}}, "Payer"),
    ],
)
def test_what_is_set_is_told(s3: Any, bucket: str, noun: str, asked: dict[str, Any], expected: str) -> None:
    getattr(s3, f"put_{noun}")(Bucket=bucket, **asked)
    (given,) = asked.values()
    assert getattr(s3, f"get_{noun}")(Bucket=bucket)[expected] == given[expected]


def test_life_cycles(s3: Any, bucket: str) -> None:
    midnight = datetime(2030, 1, 1, tzinfo=UTC)
    dated = {"Filter": {}, "Status": "Enabled", "Expiration": {"Date": midnight}}
    s3.put_bucket_lifecycle_configuration(Bucket=bucket, LifecycleConfiguration={"Rules": [RULE, dated]})
    answer = s3.get_bucket_lifecycle_configuration(Bucket=bucket)
    assert answer["Rules"][0] == RULE
    assert answer["Rules"][1]["Expiration"]["Date"] == midnight
    assert answer["Rules"][1]["ID"]
    assert answer["TransitionDefaultMinimumObjectSize"] == "all_storage_classes_128K"
    s3.delete_bucket_lifecycle(Bucket=bucket)
    assert refusal(s3.get_bucket_lifecycle_configuration, Bucket=bucket)["Code"] == "NoSuchLifecycleConfiguration"


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"Expiration": None}, "MalformedXML"),
        ({"Filter": None}, "MalformedXML"),
        ({"Prefix": "both"}, "MalformedXML"),
        ({"Expiration": {"Days": 1, "ExpiredObjectDeleteMarker": True}}, "MalformedXML"),
        ({"Expiration": {"Date": datetime(2030, 1, 1, 5, tzinfo=UTC)}}, "InvalidArgument"),
        ({"Filter": {"And": {"Tags": [{"Key": "a", "Value": "1"}, {"Key": "a", "Value": "2"}]}}}, "InvalidRequest"),
    ],
)
def test_rules_that_are_none(s3: Any, bucket: str, changes: dict[str, Any], code: str) -> None:
    rule = {name: value for name, value in (RULE | changes).items() if value is not None}
    error = refusal(s3.put_bucket_lifecycle_configuration, Bucket=bucket, LifecycleConfiguration={"Rules": [rule]})
    assert error["Code"] == code


def test_encryption_of_a_bucket(s3: Any, bucket: str) -> None:
    default = {"Rules": [{"ApplyServerSideEncryptionByDefault": {"SSEAlgorithm": "AES256"}, "BucketKeyEnabled": False}]}
    assert s3.get_bucket_encryption(Bucket=bucket)["ServerSideEncryptionConfiguration"] == default
    arn = "arn:aws:kms:us-east-1:123456789012:key/1234abcd-12ab-34cd-56ef-1234567890ab"
    rule = {
        "ApplyServerSideEncryptionByDefault": {"SSEAlgorithm": "aws:kms", "KMSMasterKeyID": arn},
        "BucketKeyEnabled": True,
    }
    s3.put_bucket_encryption(Bucket=bucket, ServerSideEncryptionConfiguration={"Rules": [rule]})
    assert s3.get_bucket_encryption(Bucket=bucket)["ServerSideEncryptionConfiguration"]["Rules"] == [rule]
    put = s3.put_object(Bucket=bucket, Key="k", Body=b"x")
    assert (put["SSEKMSKeyId"], put["BucketKeyEnabled"]) == (arn, True)
    s3.delete_bucket_encryption(Bucket=bucket)
    assert s3.get_bucket_encryption(Bucket=bucket)["ServerSideEncryptionConfiguration"] == default
    wrong = {"Rules": [{"ApplyServerSideEncryptionByDefault": {"SSEAlgorithm": "AES256", "KMSMasterKeyID": arn}}]}
    error = refusal(s3.put_bucket_encryption, Bucket=bucket, ServerSideEncryptionConfiguration=wrong)
    assert error["Message"].startswith("a KMSMasterKeyID is not applicable")


def test_customers_keys_can_be_blocked(s3: Any, bucket: str) -> None:
    rule = {
        "ApplyServerSideEncryptionByDefault": {"SSEAlgorithm": "AES256"},
        "BlockedEncryptionTypes": {"EncryptionType": ["SSE-C"]},
    }
    s3.put_bucket_encryption(Bucket=bucket, ServerSideEncryptionConfiguration={"Rules": [rule]})
    key = {"SSECustomerAlgorithm": "AES256", "SSECustomerKey": "k" * 32}
    assert "SSE-C" in refusal(s3.put_object, Bucket=bucket, Key="k", Body=b"", **key)["Message"]


def test_deleted_controls_and_blocks(s3: Any, bucket: str) -> None:
    s3.delete_bucket_ownership_controls(Bucket=bucket)
    s3.delete_public_access_block(Bucket=bucket)
    assert refusal(s3.get_bucket_ownership_controls, Bucket=bucket)["Code"] == "OwnershipControlsNotFoundError"
    assert refusal(s3.get_public_access_block, Bucket=bucket)["Code"] == "NoSuchPublicAccessBlockConfiguration"


def test_notifications(s3: Any, bucket: str) -> None:
    topic = {"TopicArn": "arn:aws:sns:us-east-1:123456789012:t", "Events": ["s3:ObjectCreated:*"]}
    s3.put_bucket_notification_configuration(
        Bucket=bucket, NotificationConfiguration={"TopicConfigurations": [topic], "EventBridgeConfiguration": {}}
    )
    answer = s3.get_bucket_notification_configuration(Bucket=bucket)
    assert answer["TopicConfigurations"][0].items() >= topic.items()
    assert answer["TopicConfigurations"][0]["Id"]
    assert answer["EventBridgeConfiguration"] == {}
    wrong = {**topic, "Filter": {"Key": {"FilterRules": [{"Name": "INVALID", "Value": "x"}]}}}
    error = refusal(
        s3.put_bucket_notification_configuration,
        Bucket=bucket,
        NotificationConfiguration={"TopicConfigurations": [wrong]},
    )
    assert error["Message"] == "filter rule name must be either prefix or suffix"


def test_logs_stay_in_their_region(desk: Desk, s3: Any, bucket: str) -> None:
    west = desk.client(region="eu-west-1")
    west.create_bucket(Bucket="logs-eu", CreateBucketConfiguration={"LocationConstraint": "eu-west-1"})
    for target, code in (("logs-eu", "CrossLocationLoggingProhibitted"), ("nowhere", "InvalidTargetBucketForLogging")):
        status = {"LoggingEnabled": {"TargetBucket": target, "TargetPrefix": ""}}
        assert refusal(s3.put_bucket_logging, Bucket=bucket, BucketLoggingStatus=status)["Code"] == code


def test_replication_needs_versions_on_both_sides(s3: Any, bucket: str) -> None:
    s3.create_bucket(Bucket="copies")
    configuration = {
        "Role": "arn:aws:iam::123456789012:role/copy",
        "Rules": [{"ID": "r", "Status": "Enabled", "Priority": 1, "Filter": {"Prefix": ""}, "Destination": {"Bucket": "arn:aws:s3:::copies"},
                   "DeleteMarkerReplication": {"Status": "Disabled"}}],
    }  # fmt: skip
    for name in (bucket, "copies"):
        put = {"Bucket": bucket, "ReplicationConfiguration": configuration}
        assert refusal(s3.put_bucket_replication, **put)["Code"] == "InvalidRequest"
        s3.put_bucket_versioning(Bucket=name, VersioningConfiguration={"Status": "Enabled"})
    s3.put_bucket_replication(Bucket=bucket, ReplicationConfiguration=configuration)
    assert s3.get_bucket_replication(Bucket=bucket)["ReplicationConfiguration"] == configuration


def test_configurations_under_an_id(s3: Any, bucket: str) -> None:
    for name in ("b", "a"):
        s3.put_bucket_metrics_configuration(Bucket=bucket, Id=name, MetricsConfiguration={"Id": name})
    listed = s3.list_bucket_metrics_configurations(Bucket=bucket)
    assert [one["Id"] for one in listed["MetricsConfigurationList"]] == ["a", "b"]
    s3.delete_bucket_metrics_configuration(Bucket=bucket, Id="a")
    error = refusal(s3.get_bucket_metrics_configuration, Bucket=bucket, Id="a")
    assert (error["Code"], error["Status"]) == ("NoSuchConfiguration", 404)
    error = refusal(s3.put_bucket_metrics_configuration, Bucket=bucket, Id="x", MetricsConfiguration={"Id": "y"})
    assert error["Code"] == "IdMismatch"


@pytest.fixture
def locked(s3: Any) -> str:
    s3.create_bucket(Bucket="vault", ObjectLockEnabledForBucket=True)
    return "vault"


def test_locked_versions_stay(desk: Desk, s3: Any, locked: str) -> None:
    until = datetime.fromtimestamp(desk.now, UTC) + timedelta(days=1)
    put = s3.put_object(Bucket=locked, Key="k", Body=b"x", ObjectLockMode="GOVERNANCE", ObjectLockRetainUntilDate=until)
    version = {"Bucket": locked, "Key": "k", "VersionId": put["VersionId"]}
    assert s3.get_object_retention(**version)["Retention"] == {"Mode": "GOVERNANCE", "RetainUntilDate": until}
    error = refusal(s3.delete_object, **version)
    assert error["Message"] == "Access Denied because object protected by object lock."
    shorter = {"Mode": "GOVERNANCE", "RetainUntilDate": until - timedelta(hours=1)}
    assert refusal(s3.put_object_retention, **version, Retention=shorter)["Code"] == "AccessDenied"
    s3.put_object_legal_hold(**version, LegalHold={"Status": "ON"})
    assert refusal(s3.delete_object, **version, BypassGovernanceRetention=True)["Code"] == "AccessDenied"
    s3.put_object_legal_hold(**version, LegalHold={"Status": "OFF"})
    s3.delete_object(**version, BypassGovernanceRetention=True)
    assert refusal(s3.get_object, **version)["Code"] == "NoSuchVersion"


def test_compliance_ends_with_time_alone(desk: Desk, s3: Any, locked: str) -> None:
    configuration = {"ObjectLockEnabled": "Enabled", "Rule": {"DefaultRetention": {"Mode": "COMPLIANCE", "Days": 2}}}
    s3.put_object_lock_configuration(Bucket=locked, ObjectLockConfiguration=configuration)
    assert s3.get_object_lock_configuration(Bucket=locked)["ObjectLockConfiguration"] == configuration
    version = s3.put_object(Bucket=locked, Key="k", Body=b"x")["VersionId"]
    delete = {"Bucket": locked, "Key": "k", "VersionId": version}
    assert refusal(s3.delete_object, **delete, BypassGovernanceRetention=True)["Code"] == "AccessDenied"
    desk.now += 3 * 86_400
    s3.delete_object(**delete)


def test_locks_need_versions(s3: Any, bucket: str, locked: str) -> None:
    error = refusal(s3.put_bucket_versioning, Bucket=locked, VersioningConfiguration={"Status": "Suspended"})
    assert (error["Code"], error["Status"]) == ("InvalidBucketState", 409)
    configuration = {"ObjectLockEnabled": "Enabled"}
    error = refusal(s3.put_object_lock_configuration, Bucket=bucket, ObjectLockConfiguration=configuration)
    assert error["Message"].startswith("Versioning must be 'Enabled'")
    error = refusal(s3.put_object, Bucket=bucket, Key="k", Body=b"", ObjectLockLegalHoldStatus="ON")
    assert error["Message"] == "Bucket is missing Object Lock Configuration"
