"""Tags on log groups, by the older operations and by the ones for all resources.

https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/Working-with-log-groups-and-streams.html#log-group-tagging
"""

from collections.abc import Mapping
from typing import Any

from trailwarden.services.call import Call
from trailwarden.services.logs.errors import InvalidParameterException, TooManyTagsException
from trailwarden.services.logs.group import LogGroup, find_group, group_of_arn, keep_group
from trailwarden.services.registry import operation
from trailwarden.services.world import World

__all__ = [
    "checked_tags",
    "list_tags_for_resource",
    "list_tags_log_group",
    "tag_log_group",
    "tag_resource",
    "untag_log_group",
    "untag_resource",
]

_MOST = 50


@operation("logs:TagLogGroup")
def tag_log_group(call: Call, world: World) -> None:
    """https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_TagLogGroup.html."""
    _tag(world, find_group(call, world), call.params["tags"])


@operation("logs:UntagLogGroup")
def untag_log_group(call: Call, world: World) -> None:
    """https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_UntagLogGroup.html."""
    _untag(world, find_group(call, world), call.params["tags"])


@operation("logs:ListTagsLogGroup")
def list_tags_log_group(call: Call, world: World) -> Mapping[str, Any]:
    """https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_ListTagsLogGroup.html."""
    return {"tags": find_group(call, world).tags}


@operation("logs:TagResource")
def tag_resource(call: Call, world: World) -> None:
    """https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_TagResource.html."""
    _tag(world, group_of_arn(world, call.params["resourceArn"]), call.params["tags"])


@operation("logs:UntagResource")
def untag_resource(call: Call, world: World) -> None:
    """https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_UntagResource.html."""
    _untag(world, group_of_arn(world, call.params["resourceArn"]), call.params["tagKeys"])


@operation("logs:ListTagsForResource")
def list_tags_for_resource(call: Call, world: World) -> Mapping[str, Any]:
    """https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_ListTagsForResource.html."""
    return {"tags": group_of_arn(world, call.params["resourceArn"]).tags}


def checked_tags(standing: Mapping[str, str], given: Mapping[str, str]) -> dict[str, str]:
    """The tags after adding the given ones. InvalidParameterException for reserved keys, TooManyTagsException past 50."""
    if any(key.lower().startswith("aws:") for key in given):
        raise InvalidParameterException(reason="Tag keys starting with 'aws:' are reserved for system use.")
    tags = {**standing, **given}
    if len(tags) > _MOST:
        raise TooManyTagsException
    return tags


def _tag(world: World, group: LogGroup, given: Mapping[str, str]) -> None:
    keep_group(world, group, tags=checked_tags(group.tags, given))


def _untag(world: World, group: LogGroup, gone: list[str]) -> None:
    keep_group(world, group, tags={key: value for key, value in group.tags.items() if key not in gone})
