"""Whether a trail could deliver: the real policies of bucket, key, topic, log group and role are evaluated for CloudTrail.

The exceptions are AWS's, misleading ones included: with a KMS key, bucket and key share one exception that names both,
and a delivery role without permissions is reported as an invalid log group.

https://docs.aws.amazon.com/awscloudtrail/latest/userguide/create-s3-bucket-policy-for-cloudtrail.html
"""

import re

from trailwarden.arn import Arn
from trailwarden.delivery.trail import Trail
from trailwarden.services.call import Call
from trailwarden.services.cloudtrail.errors import (
    InsufficientEncryptionPolicyException,
    InsufficientS3BucketPolicyException,
    InsufficientSnsTopicPolicyException,
    InvalidCloudWatchLogsLogGroupArnException,
    InvalidCloudWatchLogsRoleArnException,
    InvalidKmsKeyIdException,
    InvalidSnsTopicNameException,
    KmsException,
    KmsKeyNotFoundException,
    S3BucketDoesNotExistException,
)
from trailwarden.services.cloudtrail.requirements import (
    SERVICE,
    Requirement,
    bucket_requirements,
    key_requirements,
    log_group_requirements,
    role_requirement,
    topic_requirement,
)
from trailwarden.services.world import World

__all__ = ["bucket_admits", "check_bucket", "check_destinations", "check_key", "key_admits", "key_arn", "topic_arn"]

_TOPIC = re.compile(r"[A-Za-z0-9_-]{1,256}(\.fifo)?\Z")
_KEY_ID = re.compile(r"(mrk-)?[0-9a-f-]{32,36}\Z")
_LOG_GROUP = re.compile(r"log-group:(?P<name>[\w./#-]{1,512}):\*\Z")


def topic_arn(call: Call, given: str) -> str:
    """The ARN of the topic that a name or an ARN means; "" clears.

    https://docs.aws.amazon.com/awscloudtrail/latest/APIReference/API_CreateTrail.html (SnsTopicName)
    """
    arn = Arn.parse(given)
    if arn is not None and arn.service == "sns" and _TOPIC.match(arn.resource):
        return given
    if given and not _TOPIC.match(given):
        raise InvalidSnsTopicNameException(topic=given[:256])
    return f"arn:aws:sns:{call.region}:{call.account}:{given}" if given else ""


def key_arn(call: Call, world: World, given: str) -> str:
    """The full ARN of the key that an id, an alias or an ARN means; "" clears.

    InvalidKmsKeyIdException for what has none of these forms, KmsKeyNotFoundException where no such key exists.

    https://docs.aws.amazon.com/awscloudtrail/latest/APIReference/API_CreateTrail.html (KmsKeyId)
    """
    if not given:
        return ""
    if given.startswith("alias/"):
        text = f"arn:aws:kms:{call.region}:{call.account}:{given}"
    elif _KEY_ID.match(given):
        text = f"arn:aws:kms:{call.region}:{call.account}:key/{given}"
    else:
        text = given
    arn = Arn.parse(text)
    if arn is None or arn.service != "kms" or arn.type not in {"key", "alias"}:
        raise InvalidKmsKeyIdException(key=given[:350])
    facts = world.resource(arn)
    if facts is None:
        raise KmsKeyNotFoundException(key=given)
    return facts.arn or text


def check_key(world: World, key: str, *, region: str) -> None:
    """KmsKeyNotFoundException for a key of another Region than what it is to encrypt, KmsException for one that cannot be used.

    https://docs.aws.amazon.com/awscloudtrail/latest/APIReference/API_CreateTrail.html (KmsKeyNotFoundException, KmsException)
    """
    arn = Arn.parse(key)
    facts = world.resource(arn) if arn is not None else None
    if arn is None or facts is None or (region and arn.region != region):
        raise KmsKeyNotFoundException(key=key)
    if facts.unusable or facts.context.get("kms:KeySpec", "SYMMETRIC_DEFAULT") != "SYMMETRIC_DEFAULT":
        raise KmsException(key=key)


def check_destinations(call: Call, world: World, trail: Trail) -> None:
    """Raise what AWS raises for the first destination that CloudTrail could not deliver to.

    S3BucketDoesNotExistException, KmsKeyNotFoundException, KmsException, InsufficientS3BucketPolicyException, InsufficientEncryptionPolicyException,
    InsufficientSnsTopicPolicyException, InvalidCloudWatchLogsRoleArnException, InvalidCloudWatchLogsLogGroupArnException.
    """
    check_bucket(world, trail)
    if trail.topic_arn and not _topic_admits(world, trail):
        raise InsufficientSnsTopicPolicyException
    if trail.log_group_arn:
        _check_log_group(call, world, trail)


def check_bucket(world: World, trail: Trail) -> None:
    """What `check_destinations` raises of the bucket and the key; PutInsightSelectors checks no more than these.

    S3BucketDoesNotExistException, KmsKeyNotFoundException, KmsException, InsufficientS3BucketPolicyException,
    InsufficientEncryptionPolicyException.

    https://docs.aws.amazon.com/awscloudtrail/latest/APIReference/API_PutInsightSelectors.html
    """
    bucket = world.resource(_bucket_arn(trail))
    if bucket is None:
        raise S3BucketDoesNotExistException(bucket=trail.bucket)
    if trail.kms_key_id:
        check_key(world, trail.kms_key_id, region=bucket.region)
        if not (bucket_admits(world, trail) and key_admits(world, trail)):
            raise InsufficientEncryptionPolicyException(bucket=trail.bucket, key=trail.kms_key_id)
    elif not bucket_admits(world, trail):
        raise InsufficientS3BucketPolicyException(bucket=trail.bucket)


def bucket_admits(world: World, trail: Trail) -> bool:
    """Whether CloudTrail may read the bucket's ACL and write where this trail's log files go."""
    return all(_met(world, requirement) for requirement in bucket_requirements(trail))


def key_admits(world: World, trail: Trail) -> bool:
    """Whether CloudTrail may make data keys for this trail's log files and describe the key."""
    return all(_met(world, requirement) for requirement in key_requirements(trail))


def _topic_admits(world: World, trail: Trail) -> bool:
    arn = Arn.parse(trail.topic_arn)
    return arn is not None and world.resource(arn) is not None and _met(world, topic_requirement(trail))


def _met(world: World, requirement: Requirement) -> bool:
    if requirement.role:
        return world.role_may(requirement.role, requirement.action, requirement.resource)
    return world.service_may(SERVICE, requirement.action, requirement.resource, requirement.context)


def _check_log_group(call: Call, world: World, trail: Trail) -> None:
    """https://docs.aws.amazon.com/awscloudtrail/latest/userguide/send-cloudtrail-events-to-cloudwatch-logs.html."""
    group = Arn.parse(trail.log_group_arn)
    named = _LOG_GROUP.match(group.resource) if group else None
    if (
        group is None
        or group.service != "logs"
        or named is None
        or (group.account, group.region) != (call.account, call.region)
    ):
        raise InvalidCloudWatchLogsLogGroupArnException(
            reason="CloudTrail cannot validate the specified log group ARN."
        )
    role = Arn.parse(trail.log_role_arn)
    if role is None or role.service != "iam" or not role.resource.startswith("role/"):
        raise InvalidCloudWatchLogsRoleArnException(reason="CloudTrail cannot validate the specified role ARN.")
    if world.resource(role) is None or not _met(world, role_requirement(trail)):
        raise InvalidCloudWatchLogsRoleArnException(
            reason="Access denied. Check the trust relationships for your role."
        )
    for requirement in log_group_requirements(trail, account=call.account, region=call.region):
        if not _met(world, requirement):
            raise InvalidCloudWatchLogsLogGroupArnException(
                reason="Access denied. Check the permissions for your role."
            )
    if world.resource(group) is None:
        raise InvalidCloudWatchLogsLogGroupArnException(reason="Check the log group ARN: CloudTrail can't validate it.")


def _bucket_arn(trail: Trail) -> Arn:
    return Arn(service="s3", resource=trail.bucket)
