"""Trails: create, change, delete, show, list."""

import re
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import msgspec

from trailwarden.delivery.trail import TRAIL, Trail, retire
from trailwarden.errors import AwsError
from trailwarden.services.call import Call
from trailwarden.services.cloudtrail.destinations import check_destinations, key_arn, topic_arn
from trailwarden.services.cloudtrail.errors import (
    InvalidCloudWatchLogsLogGroupArnException,
    InvalidCloudWatchLogsRoleArnException,
    InvalidParameterCombinationException,
    InvalidS3BucketNameException,
    InvalidS3PrefixException,
)
from trailwarden.services.cloudtrail.finding import find_trail, home_trail, visible_trails
from trailwarden.services.cloudtrail.names import check_trail_name, trail_reference
from trailwarden.services.cloudtrail.organization import (
    may_own_organization_trail,
    may_own_trail_alone,
    organization_trails,
)
from trailwarden.services.cloudtrail.shape import described, echoed
from trailwarden.services.cloudtrail.tags import checked_tags
from trailwarden.services.registry import operation
from trailwarden.services.world import World

if TYPE_CHECKING:
    from types_boto3_cloudtrail.type_defs import CreateTrailRequestTypeDef, UpdateTrailRequestTypeDef

__all__ = [
    "MaximumNumberOfTrailsExceededException",
    "TrailAlreadyExistsException",
    "create_trail",
    "delete_trail",
    "describe_trails",
    "get_trail",
    "list_trails",
    "update_trail",
]

_TRAILS_PER_REGION = 5
_LONGEST_PREFIX = 200
_BUCKET = re.compile(r"[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]\Z")


class TrailAlreadyExistsException(AwsError):
    """Trail names are unique per account and Region.

    https://docs.aws.amazon.com/awscloudtrail/latest/APIReference/API_CreateTrail.html
    """

    message = "Trail {name} already exists for customer: {account}"


class MaximumNumberOfTrailsExceededException(AwsError):
    """An account has at most five trails in a Region, shadow trails of multi-Region trails included.

    https://docs.aws.amazon.com/awscloudtrail/latest/userguide/WhatIsCloudTrail-Limits.html
    """

    message = "User: {account} already has {limit} trails in {region}."


@operation("cloudtrail:CreateTrail")
def create_trail(call: Call, world: World) -> Mapping[str, Any]:
    """Create a trail that delivers events to an S3 bucket; it does not log before StartLogging.

    https://docs.aws.amazon.com/awscloudtrail/latest/APIReference/API_CreateTrail.html
    """
    asked: CreateTrailRequestTypeDef = call.params  # type: ignore[assignment]  # the parser holds params to the model
    check_trail_name(asked["Name"])
    trail = _with_settings(
        call,
        world,
        Trail(
            account=call.account,
            home_region=call.region,
            name=asked["Name"],
            created=call.now,
            bucket=asked["S3BucketName"],
            tags=checked_tags({}, asked.get("TagsList", ())),
        ),
    )
    if asked.get("IsOrganizationTrail"):
        trail = may_own_organization_trail(call, world, trail)
    if world.find(TRAIL, trail.account, trail.home_region, trail.name) is not None:
        raise TrailAlreadyExistsException(name=trail.name, account=trail.account)
    _check_quota(world, trail)
    check_destinations(call, world, trail)
    world.put(TRAIL, trail.account, trail.home_region, trail.name, trail)
    return echoed(trail)


@operation("cloudtrail:UpdateTrail")
def update_trail(call: Call, world: World) -> Mapping[str, Any]:
    """Change the settings given; absent members keep theirs, empty text clears prefix, topic, log group, role and key.

    https://docs.aws.amazon.com/awscloudtrail/latest/APIReference/API_UpdateTrail.html
    """
    asked: UpdateTrailRequestTypeDef = call.params  # type: ignore[assignment]  # the parser holds params to the model
    standing = home_trail(call, world, asked["Name"])
    trail = _with_settings(call, world, standing)
    wanted = asked.get("IsOrganizationTrail", bool(trail.organization))
    trail = may_own_organization_trail(call, world, trail) if wanted else may_own_trail_alone(call, trail)
    check_destinations(call, world, trail)
    world.put(TRAIL, trail.account, trail.home_region, trail.name, trail)
    return echoed(trail)


@operation("cloudtrail:DeleteTrail")
def delete_trail(call: Call, world: World) -> None:
    """Delete a trail in its home Region; its bucket, log files and log group stay.

    https://docs.aws.amazon.com/awscloudtrail/latest/APIReference/API_DeleteTrail.html
    """
    retire(world.transaction, home_trail(call, world, call.params["Name"]), now=call.now)


@operation("cloudtrail:GetTrail")
def get_trail(call: Call, world: World) -> Mapping[str, Any]:
    """Show one trail.

    https://docs.aws.amazon.com/awscloudtrail/latest/APIReference/API_GetTrail.html
    """
    return {"Trail": described(find_trail(call, world, call.params["Name"]))}


@operation("cloudtrail:DescribeTrails")
def describe_trails(call: Call, world: World) -> Mapping[str, Any]:
    """Show the trails of this Region, with shadow trails of multi-Region trails unless told otherwise.

    A name finds trails whose home is this Region, an ARN those of any; names of no trail are left out silently.

    https://docs.aws.amazon.com/awscloudtrail/latest/APIReference/API_DescribeTrails.html
    """
    shadows = call.params.get("includeShadowTrails", True)
    trails = [
        trail
        for trail in (*visible_trails(call, world), *organization_trails(call, world))
        if trail.home_region == call.region or (shadows and trail.multi_region)
    ]
    names = call.params.get("trailNameList")
    if names:
        every = (*visible_trails(call, world), *organization_trails(call, world))
        wanted = {trail_reference(name, account=call.account, region=call.region).arn for name in names}
        trails = [trail for trail in every if trail.arn in wanted]
    return {"trailList": [described(trail) for trail in trails]}


@operation("cloudtrail:ListTrails")
def list_trails(call: Call, world: World) -> Mapping[str, Any]:
    """List the account's trails of all Regions.

    https://docs.aws.amazon.com/awscloudtrail/latest/APIReference/API_ListTrails.html
    """
    trails = (*visible_trails(call, world), *organization_trails(call, world))
    return {
        "Trails": [{"TrailARN": trail.arn, "Name": trail.name, "HomeRegion": trail.home_region} for trail in trails]
    }


def _with_settings(call: Call, world: World, trail: Trail) -> Trail:
    """The trail with the members of CreateTrail or UpdateTrail applied, each checked for its own form."""
    asked = call.params
    trail = msgspec.structs.replace(
        trail,
        bucket=_bucket(asked.get("S3BucketName", trail.bucket)),
        prefix=_prefix(asked.get("S3KeyPrefix", trail.prefix)),
        topic_arn=topic_arn(call, asked["SnsTopicName"]) if "SnsTopicName" in asked else trail.topic_arn,
        multi_region=asked.get("IsMultiRegionTrail", trail.multi_region),
        include_global_service_events=asked.get("IncludeGlobalServiceEvents", trail.include_global_service_events),
        log_file_validation=asked.get("EnableLogFileValidation", trail.log_file_validation),
        log_group_arn=asked.get("CloudWatchLogsLogGroupArn", trail.log_group_arn),
        log_role_arn=asked.get("CloudWatchLogsRoleArn", trail.log_role_arn),
        kms_key_id=key_arn(call, world, asked["KmsKeyId"]) if "KmsKeyId" in asked else trail.kms_key_id,
        recursive_logging=asked.get("RecursiveLogging", trail.recursive_logging),
    )
    _check_combination(trail)
    return trail


def _check_combination(trail: Trail) -> None:
    """https://docs.aws.amazon.com/awscloudtrail/latest/APIReference/API_CreateTrail.html (IncludeGlobalServiceEvents, CloudWatchLogs…)."""
    if trail.multi_region and not trail.include_global_service_events:
        raise InvalidParameterCombinationException(reason="Multi-Region trail must include global service events.")
    if trail.log_group_arn and not trail.log_role_arn:
        raise InvalidCloudWatchLogsRoleArnException(reason="You must specify a role ARN as well as a log group.")
    if trail.log_role_arn and not trail.log_group_arn:
        raise InvalidCloudWatchLogsLogGroupArnException(reason="You must specify a log group as well as a role ARN.")


def _check_quota(world: World, trail: Trail) -> None:
    others = [document.body for document in world.list(TRAIL, trail.account)]
    here = [other for other in others if other.home_region == trail.home_region or other.multi_region]
    if len(here) >= _TRAILS_PER_REGION:
        raise MaximumNumberOfTrailsExceededException(
            account=trail.account, limit=_TRAILS_PER_REGION, region=trail.home_region
        )


def _bucket(name: str) -> str:
    if not _BUCKET.match(name) or ".." in name:
        raise InvalidS3BucketNameException(bucket=name)
    return name


def _prefix(prefix: str) -> str:
    if len(prefix) > _LONGEST_PREFIX or any(ord(char) < ord(" ") for char in prefix):
        raise InvalidS3PrefixException(prefix=prefix[:_LONGEST_PREFIX])
    return prefix.strip("/")
