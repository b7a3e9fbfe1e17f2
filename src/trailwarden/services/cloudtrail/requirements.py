"""What CloudTrail must be allowed to do for a trail's destinations: each permission with its context, as data.

CreateTrail and UpdateTrail evaluate them; diagnosis evaluates them again to tell which one is missing.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from trailwarden.delivery.trail import Trail
from trailwarden.policy import ContextValue

__all__ = [
    "SERVICE",
    "Requirement",
    "bucket_requirements",
    "key_requirements",
    "log_group_requirements",
    "role_requirement",
    "topic_requirement",
]

SERVICE = "cloudtrail.amazonaws.com"


@dataclass(frozen=True, slots=True, kw_only=True)
class Requirement:
    """An action on a resource.

    `pattern` is how a policy names that resource in AWS's documentation. `role` is "" where CloudTrail asks in its own
    name, else the role that it assumes for it.
    """

    action: str
    resource: str
    context: Mapping[str, ContextValue]
    pattern: str
    role: str = ""


def bucket_requirements(trail: Trail) -> tuple[Requirement, ...]:
    """Read the bucket's ACL, and write where this trail's log files go; an organization's also below its id.

    https://docs.aws.amazon.com/awscloudtrail/latest/userguide/create-s3-bucket-policy-for-cloudtrail.html
    """
    prefix = f"{trail.prefix}/" if trail.prefix else ""
    bucket = f"arn:aws:s3:::{trail.bucket}"
    owners = (trail.account, trail.organization) if trail.organization else (trail.account,)
    return (
        Requirement(action="s3:GetBucketAcl", resource=bucket, context=_sourced(trail), pattern=bucket),
        *(
            Requirement(
                action="s3:PutObject",
                resource=f"{bucket}/{prefix}AWSLogs/{owner}/CloudTrail/{trail.home_region}/file.json.gz",
                context={**_sourced(trail), "s3:x-amz-acl": "bucket-owner-full-control"},
                pattern=f"{bucket}/{prefix}AWSLogs/{owner}/*",
            )
            for owner in owners
        ),
    )


def key_requirements(trail: Trail) -> tuple[Requirement, ...]:
    """Make data keys for this trail's log files, and describe the key.

    https://docs.aws.amazon.com/awscloudtrail/latest/userguide/create-kms-key-policy-for-cloudtrail.html
    """
    encryption: dict[str, ContextValue] = {
        **_sourced(trail),
        "kms:EncryptionContext:aws:cloudtrail:arn": trail.arn,
        "kms:EncryptionContextKeys": ("aws:cloudtrail:arn", "aws:s3:arn"),
    }
    return (
        Requirement(action="kms:GenerateDataKey", resource=trail.kms_key_id, context=encryption, pattern="*"),
        Requirement(action="kms:DescribeKey", resource=trail.kms_key_id, context=_sourced(trail), pattern="*"),
    )


def topic_requirement(trail: Trail) -> Requirement:
    """Publish to the topic.

    https://docs.aws.amazon.com/awscloudtrail/latest/userguide/cloudtrail-permissions-for-sns-notifications.html
    """
    arn = trail.topic_arn
    return Requirement(action="sns:Publish", resource=arn, context=_sourced(trail), pattern=arn)


def role_requirement(trail: Trail) -> Requirement:
    """Assume the delivery role.

    https://docs.aws.amazon.com/awscloudtrail/latest/userguide/cloudtrail-required-policy-for-cloudwatch-logs.html
    """
    arn = trail.log_role_arn
    return Requirement(action="sts:AssumeRole", resource=arn, context=_sourced(trail), pattern=arn)


def log_group_requirements(trail: Trail, *, account: str, region: str) -> tuple[Requirement, ...]:
    """Write into the log group's streams, as the delivery role.

    https://docs.aws.amazon.com/awscloudtrail/latest/userguide/cloudtrail-required-policy-for-cloudwatch-logs.html
    """
    stream = f"{trail.log_group_arn.removesuffix(':*')}:log-stream:{account}_CloudTrail_{region}"
    return tuple(
        Requirement(action=action, resource=stream, context={}, pattern=f"{stream}*", role=trail.log_role_arn)
        for action in ("logs:CreateLogStream", "logs:PutLogEvents")
    )


def _sourced(trail: Trail) -> dict[str, ContextValue]:
    """What CloudTrail says of itself on each of its calls.

    https://docs.aws.amazon.com/awscloudtrail/latest/userguide/cross-service-confused-deputy-prevention.html
    """
    return {"aws:SourceArn": trail.arn, "aws:SourceAccount": trail.account}
