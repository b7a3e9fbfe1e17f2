"""A trail as the API shows it."""

from collections.abc import Mapping
from typing import Any

from trailwarden.arn import Arn
from trailwarden.delivery.trail import Trail

__all__ = ["described", "echoed"]


def echoed(trail: Trail) -> dict[str, Any]:
    """The answer of CreateTrail and UpdateTrail: the settings that stand.

    https://docs.aws.amazon.com/awscloudtrail/latest/APIReference/API_CreateTrail.html#API_CreateTrail_ResponseSyntax
    """
    topic = Arn.parse(trail.topic_arn)
    optional: Mapping[str, str] = {
        "S3KeyPrefix": trail.prefix,
        "SnsTopicName": topic.resource if topic else "",
        "SnsTopicARN": trail.topic_arn,
        "CloudWatchLogsLogGroupArn": trail.log_group_arn,
        "CloudWatchLogsRoleArn": trail.log_role_arn,
        "KmsKeyId": trail.kms_key_id,
    }
    return {
        "Name": trail.name,
        "S3BucketName": trail.bucket,
        "IncludeGlobalServiceEvents": trail.include_global_service_events,
        "IsMultiRegionTrail": trail.multi_region,
        "TrailARN": trail.arn,
        "LogFileValidationEnabled": trail.log_file_validation,
        "IsOrganizationTrail": bool(trail.organization),
        "RecursiveLogging": trail.recursive_logging,
        **{member: value for member, value in optional.items() if value},
    }


def described(trail: Trail) -> dict[str, Any]:
    """The structure Trail of GetTrail and DescribeTrails.

    https://docs.aws.amazon.com/awscloudtrail/latest/APIReference/API_Trail.html
    """
    return {
        **echoed(trail),
        "HomeRegion": trail.home_region,
        "HasCustomEventSelectors": trail.has_custom_event_selectors,
        "HasInsightSelectors": bool(trail.insight_selectors),
    }
