"""CreateTrail and UpdateTrail with one wrong thing at a time: AWS's exact refusal, nothing half-created, and the one thing named."""

import copy
import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

import pytest
from botocore.exceptions import ClientError
from tests.live import Live
from tests.trails import bucket_policy

from trailwarden.diagnose import Diagnosis, LiveData, diagnose, read_event

OTHER = "111122223333"


@dataclass
class Setting:
    """Everything a trail needs, right in every part until a case makes one of them wrong."""

    live: Live
    number: int
    ask: dict[str, Any] = field(default_factory=dict)
    bucket: dict[str, Any] | None = None
    key: dict[str, Any] = field(default_factory=dict)
    topic: dict[str, Any] | None = None
    trust: dict[str, Any] = field(default_factory=dict)
    role: dict[str, Any] = field(default_factory=dict)
    make_bucket: bool = True
    make_topic: bool = True
    make_group: bool = True
    make_role: bool = True

    @property
    def name(self) -> str:
        return f"Wrong-{self.number}"

    @property
    def bucket_name(self) -> str:
        return f"amzn-s3-demo-wrong-{self.number}"

    @property
    def trail(self) -> str:
        return f"arn:aws:cloudtrail:us-east-1:{self.live.account}:trail/{self.name}"

    @property
    def topic_arn(self) -> str:
        return f"arn:aws:sns:us-east-1:{self.live.account}:wrong-{self.number}"

    @property
    def group(self) -> str:
        return f"arn:aws:logs:us-east-1:{self.live.account}:log-group:Wrong-{self.number}"

    @property
    def role_arn(self) -> str:
        return f"arn:aws:iam::{self.live.account}:role/Wrong-{self.number}"


def document(*statements: dict[str, Any]) -> dict[str, Any]:
    return {"Version": "2012-10-17", "Statement": list(statements)}


CLOUDTRAIL = {"Effect": "Allow", "Principal": {"Service": "cloudtrail.amazonaws.com"}}


def right(live: Live, number: int) -> Setting:
    setting = Setting(live=live, number=number)
    setting.bucket = bucket_policy(setting.bucket_name, live.account, source_arn=setting.trail)
    setting.key = document(
        {
            "Effect": "Allow",
            "Principal": {"AWS": f"arn:aws:iam::{live.account}:root"},
            "Action": "kms:*",
            "Resource": "*",
        },
        {
            **CLOUDTRAIL,
            "Action": "kms:GenerateDataKey*",
            "Resource": "*",
            "Condition": {
                "StringLike": {
                    "kms:EncryptionContext:aws:cloudtrail:arn": f"arn:aws:cloudtrail:*:{live.account}:trail/*"
                }
            },
        },
        {**CLOUDTRAIL, "Action": "kms:DescribeKey", "Resource": "*"},
    )
    setting.topic = document(
        {
            **CLOUDTRAIL,
            "Action": "SNS:Publish",
            "Resource": setting.topic_arn,
            "Condition": {"StringEquals": {"aws:SourceArn": setting.trail}},
        }
    )
    setting.trust = document({**CLOUDTRAIL, "Action": "sts:AssumeRole"})
    setting.role = document(
        {
            "Effect": "Allow",
            "Action": ["logs:CreateLogStream", "logs:PutLogEvents"],
            "Resource": f"{setting.group}:log-stream:{live.account}_CloudTrail_us-east-1*",
        }
    )
    setting.ask = {"Name": setting.name, "S3BucketName": setting.bucket_name}
    return setting


def statement(policy: dict[str, Any] | None, index: int) -> dict[str, Any]:
    assert policy is not None
    found: dict[str, Any] = policy["Statement"][index]
    return found


Wrong = Callable[[Setting], object]


def with_topic(setting: Setting) -> None:
    setting.ask["SnsTopicName"] = setting.topic_arn


def with_key(setting: Setting) -> None:
    setting.ask["KmsKeyId"] = "make"


def with_logs(setting: Setting) -> None:
    setting.ask.update(CloudWatchLogsLogGroupArn=f"{setting.group}:*", CloudWatchLogsRoleArn=setting.role_arn)


def no_bucket(setting: Setting) -> None:
    setting.make_bucket = False


def no_policy(setting: Setting) -> None:
    setting.bucket = None


def only(index: int) -> Wrong:
    def keep(setting: Setting) -> None:
        setting.bucket = document(statement(setting.bucket, index))

    return keep


def other_prefix(setting: Setting) -> None:
    setting.ask["S3KeyPrefix"] = "audit"


def other_account(setting: Setting) -> None:
    statement(setting.bucket, 1)["Resource"] = f"arn:aws:s3:::{setting.bucket_name}/AWSLogs/{OTHER}/*"


def other_source(setting: Setting) -> None:
    for index in (0, 1):
        statement(setting.bucket, index)["Condition"]["StringEquals"]["aws:SourceArn"] = setting.trail.replace(
            "us-east-1", "eu-west-1"
        )


def other_acl(setting: Setting) -> None:
    statement(setting.bucket, 1)["Condition"]["StringEquals"]["s3:x-amz-acl"] = "private"


def other_principal(setting: Setting) -> None:
    statement(setting.bucket, 1)["Principal"] = {"Service": "config.amazonaws.com"}


def denied(setting: Setting) -> None:
    assert setting.bucket is not None
    refuse = {
        **CLOUDTRAIL,
        "Effect": "Deny",
        "Action": "s3:PutObject",
        "Resource": f"arn:aws:s3:::{setting.bucket_name}/*",
    }
    setting.bucket["Statement"].append(refuse)


def unknown_key(setting: Setting) -> None:
    setting.ask["KmsKeyId"] = f"arn:aws:kms:us-east-1:{setting.live.account}:key/00000000-0000-4000-8000-000000000000"


def malformed_key(setting: Setting) -> None:
    setting.ask["KmsKeyId"] = "no key at all"


def key_without_cloudtrail(setting: Setting) -> None:
    with_key(setting)
    setting.key = document(statement(setting.key, 0))


def key_for_others(setting: Setting) -> None:
    with_key(setting)
    context = {"kms:EncryptionContext:aws:cloudtrail:arn": f"arn:aws:cloudtrail:*:{OTHER}:trail/*"}
    statement(setting.key, 1)["Condition"]["StringLike"] = context


def key_undescribed(setting: Setting) -> None:
    with_key(setting)
    setting.key = document(*setting.key["Statement"][:2])


def no_topic(setting: Setting) -> None:
    with_topic(setting)
    setting.make_topic = False


def topic_without_statement(setting: Setting) -> None:
    with_topic(setting)
    setting.topic = None


def topic_for_others(setting: Setting) -> None:
    with_topic(setting)
    statement(setting.topic, 0)["Condition"]["StringEquals"]["aws:SourceArn"] = f"{setting.trail}-other"


def malformed_topic(setting: Setting) -> None:
    setting.ask["SnsTopicName"] = "not a topic!"


def group_alone(setting: Setting) -> None:
    with_logs(setting)
    del setting.ask["CloudWatchLogsRoleArn"]


def no_role(setting: Setting) -> None:
    with_logs(setting)
    setting.make_role = False


def role_of_another_service(setting: Setting) -> None:
    with_logs(setting)
    statement(setting.trust, 0)["Principal"] = {"Service": "ec2.amazonaws.com"}


def role_without_permission(setting: Setting) -> None:
    with_logs(setting)
    statement(setting.role, 0)["Action"] = ["logs:CreateLogStream"]


def role_for_another_group(setting: Setting) -> None:
    with_logs(setting)
    statement(setting.role, 0)["Resource"] = f"{setting.group}-other:log-stream:*"


def no_group(setting: Setting) -> None:
    with_logs(setting)
    setting.make_group = False


BUCKET = ("InsufficientS3BucketPolicyException", "Incorrect S3 bucket policy is detected for bucket: {bucket}")
KEY = ("InsufficientEncryptionPolicyException", "Insufficient permissions to access S3 bucket {bucket} or KMS key ")
TOPIC = ("InsufficientSnsTopicPolicyException", "SNS Topic does not exist or the topic policy is incorrect!")
GROUP = "InvalidCloudWatchLogsLogGroupArnException"
ROLE = "InvalidCloudWatchLogsRoleArnException"
UNTRUSTED = "Access denied. Check the trust relationships for your role."
POWERLESS = "Access denied. Check the permissions for your role."

CASES: tuple[tuple[Wrong, tuple[str, str], str], ...] = (
    (no_bucket, ("S3BucketDoesNotExistException", "S3 bucket {bucket} does not exist!"), "there is no bucket {bucket}"),
    (no_policy, BUCKET, "no resource-based policy of bucket {bucket} allows s3:GetBucketAcl"),
    (only(1), BUCKET, "no resource-based policy of bucket {bucket} allows s3:GetBucketAcl"),
    (only(0), BUCKET, "no resource-based policy of bucket {bucket} allows s3:PutObject"),
    (other_prefix, BUCKET, "misses by its Resource alone"),
    (other_account, BUCKET, "misses by its Resource alone"),
    (other_source, BUCKET, "misses by its StringEquals aws:SourceArn alone"),
    (other_acl, BUCKET, "misses by its StringEquals s3:x-amz-acl alone"),
    (other_principal, BUCKET, "misses by its Principal alone"),
    (denied, BUCKET, "denies s3:PutObject"),
    (unknown_key, ("KmsKeyNotFoundException", ""), ""),
    (malformed_key, ("InvalidKmsKeyIdException", ""), ""),
    (key_without_cloudtrail, KEY, "allows kms:GenerateDataKey"),
    (key_for_others, KEY, "kms:EncryptionContext:aws:cloudtrail:arn"),
    (key_undescribed, KEY, "allows kms:DescribeKey"),
    (no_topic, TOPIC, "sns:Publish"),
    (topic_without_statement, TOPIC, "sns:Publish"),
    (topic_for_others, TOPIC, "aws:SourceArn"),
    (malformed_topic, ("InvalidSnsTopicNameException", ""), ""),
    (group_alone, (ROLE, "You must specify a role ARN as well as a log group."), ""),
    (no_role, (ROLE, UNTRUSTED), "has no role Wrong-"),
    (role_of_another_service, (ROLE, UNTRUSTED), "the trust policy of role/"),
    (role_without_permission, (GROUP, POWERLESS), "allows logs:PutLogEvents"),
    (role_for_another_group, (GROUP, POWERLESS), "misses by its Resource alone"),
    (no_group, (GROUP, "Check the log group ARN: CloudTrail can't validate it."), ""),
)


def build(setting: Setting) -> None:
    """Make everything as the setting says."""
    live = setting.live
    s3, iam, sns = live.client("s3"), live.client("iam"), live.client("sns")
    if setting.make_bucket:
        s3.create_bucket(Bucket=setting.bucket_name)
        if setting.bucket is not None:
            s3.put_bucket_policy(Bucket=setting.bucket_name, Policy=json.dumps(setting.bucket))
    if setting.ask.get("KmsKeyId") == "make":
        setting.ask["KmsKeyId"] = live.client("kms").create_key(Policy=json.dumps(setting.key))["KeyMetadata"]["Arn"]
    if "SnsTopicName" in setting.ask and setting.make_topic and setting.ask["SnsTopicName"] == setting.topic_arn:
        sns.create_topic(Name=f"wrong-{setting.number}")
        if setting.topic is not None:
            policy = json.dumps(setting.topic)
            sns.set_topic_attributes(TopicArn=setting.topic_arn, AttributeName="Policy", AttributeValue=policy)
    if "CloudWatchLogsLogGroupArn" in setting.ask:
        if setting.make_group:
            live.client("logs").create_log_group(logGroupName=f"Wrong-{setting.number}")
        if setting.make_role:
            name = f"Wrong-{setting.number}"
            iam.create_role(RoleName=name, AssumeRolePolicyDocument=json.dumps(setting.trust))
            iam.put_role_policy(RoleName=name, PolicyName="Write", PolicyDocument=json.dumps(setting.role))


def diagnosed(live: Live, request_id: str, operation: str) -> Diagnosis:
    """The diagnosis of the call's event."""
    events = live.client("cloudtrail").lookup_events(
        LookupAttributes=[{"AttributeKey": "EventName", "AttributeValue": operation}]
    )["Events"]
    records = [json.loads(each["CloudTrailEvent"]) for each in events]
    record = next(each for each in records if each["requestID"] == request_id)
    return diagnose(read_event(record), LiveData(clients=live.admin))


def check(error: ClientError, setting: Setting, wanted: tuple[str, str], cause: str, operation: str) -> None:
    code, text = wanted
    assert error.response["Error"]["Code"] == code
    assert error.response["Error"]["Message"].startswith(text.format(bucket=setting.bucket_name))
    assert error.response["ResponseMetadata"]["HTTPStatusCode"] == 400
    if cause:
        found = diagnosed(setting.live, error.response["ResponseMetadata"]["RequestId"], operation)
        told = " ".join((found.cause, *found.reasons))
        assert cause.format(bucket=setting.bucket_name) in told, told


@pytest.mark.parametrize(("number", "wrong", "wanted", "cause"), [(n, *case) for n, case in enumerate(CASES)])
def test_create(live: Live, number: int, wrong: Wrong, wanted: tuple[str, str], cause: str) -> None:
    setting = right(live, 100 + number)
    wrong(setting)
    build(setting)
    trails = live.client("cloudtrail")
    with pytest.raises(ClientError) as refused:
        trails.create_trail(**setting.ask)
    check(refused.value, setting, wanted, cause, "CreateTrail")
    assert setting.name not in [each["Name"] for each in trails.list_trails()["Trails"]]


@pytest.fixture
def standing(live: Live) -> Iterator[str]:
    """A trail with its own right bucket."""
    setting = right(live, 999)
    owned = [each["Name"] for each in live.client("s3").list_buckets()["Buckets"]]
    if setting.bucket_name not in owned:
        build(setting)
    trails = live.client("cloudtrail")
    trails.create_trail(**setting.ask)
    yield setting.name
    trails.delete_trail(Name=setting.name)


@pytest.mark.parametrize(("number", "wrong", "wanted", "cause"), [(n, *case) for n, case in enumerate(CASES)])
def test_update(live: Live, standing: str, number: int, wrong: Wrong, wanted: tuple[str, str], cause: str) -> None:
    setting = right(live, 200 + number)
    wrong(setting)
    build(setting)
    trails = live.client("cloudtrail")
    before = copy.deepcopy(trails.get_trail(Name=standing)["Trail"])
    if setting.bucket is not None and setting.make_bucket:
        named = json.dumps(setting.bucket).replace(f"trail/{setting.name}", f"trail/{standing}")
        live.client("s3").put_bucket_policy(Bucket=setting.bucket_name, Policy=named)
    with pytest.raises(ClientError) as refused:
        trails.update_trail(**{**setting.ask, "Name": standing})
    check(refused.value, setting, wanted, cause, "UpdateTrail")
    assert trails.get_trail(Name=standing)["Trail"] == before


def test_all_right(live: Live) -> None:
    setting = right(live, 300)
    for add in (with_topic, with_key, with_logs):
        add(setting)
    build(setting)
    answer = live.client("cloudtrail").create_trail(**setting.ask)
    assert answer["SnsTopicARN"] == setting.topic_arn
    assert answer["KmsKeyId"] == setting.ask["KmsKeyId"]
    assert answer["CloudWatchLogsRoleArn"] == setting.role_arn
    live.client("cloudtrail").delete_trail(Name=setting.name)
