"""What a call was about: the record's `resources`, and the names under which event history finds it.

https://docs.aws.amazon.com/awscloudtrail/latest/userguide/cloudtrail-event-reference-record-contents.html
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from trailwarden.arn import Arn
from trailwarden.auth.stages import Judged

__all__ = ["looked_up", "record_resources"]

_TYPES: Mapping[tuple[str, str], str] = {
    ("cloudtrail", "channel"): "AWS::CloudTrail::Channel",
    ("iam", "role"): "AWS::IAM::Role",
    ("kms", "key"): "AWS::KMS::Key",
    ("lambda", "function"): "AWS::Lambda::Function",
    ("secretsmanager", "secret"): "AWS::SecretsManager::Secret",
    ("ssm", "parameter"): "AWS::SSM::Parameter",
}
_WHOLE: Mapping[str, str] = {"sns": "AWS::SNS::Topic", "sqs": "AWS::SQS::Queue"}
_TOLD: Mapping[str, frozenset[str]] = {
    "cloudtrail-data": frozenset({"AWS::CloudTrail::Channel"}),
    "kms": frozenset({"AWS::KMS::Key"}),
    "lambda": frozenset({"AWS::Lambda::Function"}),
    "sns": frozenset({"AWS::SNS::Topic"}),
    "sqs": frozenset({"AWS::SQS::Queue"}),
    "ssm": frozenset({"AWS::SSM::Parameter"}),
    "sts": frozenset({"AWS::IAM::Role"}),
}
"""Services whose records list resources, with the types they list; S3 has its own form below."""

_CREATES = frozenset({"CreateBucket", "ListBuckets", "ListDirectoryBuckets"})
_PREFIXED = frozenset({"ListObjects", "ListObjectsV2", "ListObjectVersions", "ListMultipartUploads"})

_NAMES: Mapping[str, Mapping[str, str]] = {
    "iam": {
        "userName": "AWS::IAM::User",
        "newUserName": "AWS::IAM::User",
        "roleName": "AWS::IAM::Role",
        "groupName": "AWS::IAM::Group",
        "newGroupName": "AWS::IAM::Group",
        "policyArn": "AWS::IAM::Policy",
        "policyName": "AWS::IAM::Policy",
        "permissionsBoundary": "AWS::IAM::Policy",
        "accessKeyId": "AWS::IAM::AccessKey",
        "instanceProfileName": "AWS::IAM::InstanceProfile",
        "serialNumber": "AWS::IAM::MfaDevice",
        "sAMLProviderArn": "AWS::IAM::SAMLProvider",
        "openIDConnectProviderArn": "AWS::IAM::OIDCProvider",
    },
    "sts": {
        "roleArn": "AWS::IAM::Role",
        "roleSessionName": "AWS::STS::AssumedRole",
        "accessKeyId": "AWS::IAM::AccessKey",
        "assumedRoleId": "AWS::STS::AssumedRole",
        "arn": "AWS::STS::AssumedRole",
    },
    "cloudtrail": {
        "name": "AWS::CloudTrail::Trail",
        "trailName": "AWS::CloudTrail::Trail",
        "trailARN": "AWS::CloudTrail::Trail",
        "s3BucketName": "AWS::S3::Bucket",
        "snsTopicName": "AWS::SNS::Topic",
        "eventDataStore": "AWS::CloudTrail::EventDataStore",
    },
    "s3": {"bucketName": "AWS::S3::Bucket"},
    "kms": {"keyId": "AWS::KMS::Key", "targetKeyId": "AWS::KMS::Key", "aliasName": "AWS::KMS::Alias"},
    "logs": {"logGroupName": "AWS::Logs::LogGroup", "logStreamName": "AWS::Logs::LogStream"},
    "sns": {"topicArn": "AWS::SNS::Topic", "subscriptionArn": "AWS::SNS::Subscription"},
    "sqs": {"queueName": "AWS::SQS::Queue", "queueUrl": "AWS::SQS::Queue"},
    "secretsmanager": {"secretId": "AWS::SecretsManager::Secret"},
    "lambda": {"functionName": "AWS::Lambda::Function"},
}
"""Record members that name resources, by service.

https://docs.aws.amazon.com/awscloudtrail/latest/userguide/view-cloudtrail-events-supported-resource-types.html
"""

_MOST_NAMES = 50


def record_resources(
    service: str, operation: str, params: Mapping[str, Any], judged: Sequence[Judged]
) -> list[dict[str, str]]:
    """The `resources` of the record, [] where AWS lists none. Shapes: {accountId, type, ARN or ARNPrefix}."""
    told = _TOLD.get(service)
    if told is None and service != "s3":
        return []
    owners = {each.request.resource: each.request.resource_account for each in judged}
    if told is None:
        return _of_s3(operation, params, owners)
    found = []
    for resource, owner in owners.items():
        kind = _type(resource)
        if kind in told:
            found.append({"accountId": owner, "type": kind, "ARN": resource})
    return found


def _type(resource: str) -> str:
    arn = Arn.parse(resource)
    if arn is None:
        return ""
    return _TYPES.get((arn.service, arn.type)) or (_WHOLE.get(arn.service, "") if not arn.type else "")


def _of_s3(operation: str, params: Mapping[str, Any], owners: Mapping[str, str]) -> list[dict[str, str]]:
    """The object (or the prefix that is listed), and its bucket with its owner.

    https://docs.aws.amazon.com/AmazonS3/latest/userguide/cloudtrail-logging-understanding-s3-entries.html
    """
    bucket, key = params.get("Bucket"), params.get("Key")
    if not isinstance(bucket, str) or operation in _CREATES:
        return []
    arn = bucket if bucket.startswith("arn:") else f"arn:aws:s3:::{bucket}"
    found = []
    if operation in _PREFIXED:
        found.append({"type": "AWS::S3::Object", "ARNPrefix": f"{arn}/{params.get('Prefix') or ''}"})
    elif isinstance(key, str):
        found.append({"type": "AWS::S3::Object", "ARN": f"{arn}/{key}"})
    owner = next((owner for resource, owner in owners.items() if owner and resource.startswith(arn)), "")
    told = {"accountId": owner} if owner else {}
    return [*found, {**told, "type": "AWS::S3::Bucket", "ARN": arn}]


def looked_up(
    service: str, shown: Iterable[Mapping[str, Any] | None], resources: Iterable[Mapping[str, str]]
) -> tuple[tuple[str, str], ...]:
    """(type, name) pairs for event history: those of the record, then names told by its request and its answer."""
    found: dict[tuple[str, str], None] = {}
    for resource in resources:
        found[resource.get("type", ""), resource.get("ARN") or resource.get("ARNPrefix") or ""] = None
    names = _NAMES.get(service, {})
    for told in shown:
        for pair in _named(told, names):
            found[pair] = None
    return tuple(found)[:_MOST_NAMES]


def _named(told: Mapping[str, Any] | None, names: Mapping[str, str]) -> Iterable[tuple[str, str]]:
    for member, value in (told or {}).items():
        if isinstance(value, str):
            if member in names and value:
                yield names[member], value
        elif isinstance(value, dict):
            for inner, named in value.items():
                if inner in names and isinstance(named, str) and named:
                    yield names[inner], named
