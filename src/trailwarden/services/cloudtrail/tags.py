"""Tags on trails, event data stores, channels and dashboards.

https://docs.aws.amazon.com/awscloudtrail/latest/APIReference/API_AddTags.html
"""

from collections.abc import Iterable, Mapping
from typing import Any

import msgspec

from trailwarden.arn import Arn
from trailwarden.delivery.trail import TRAIL, Trail
from trailwarden.services.call import Call
from trailwarden.services.cloudtrail.errors import (
    InvalidTagParameterException,
    ResourceNotFoundException,
    ResourceTypeNotSupportedException,
    TagsLimitExceededException,
)
from trailwarden.services.cloudtrail.names import CloudTrailARNInvalidException
from trailwarden.services.registry import operation
from trailwarden.services.world import World

__all__ = ["add_tags", "checked_tags", "list_tags", "remove_tags"]

_TAGS = 50
_LONGEST_KEY, _LONGEST_VALUE = 128, 256


@operation("cloudtrail:AddTags")
def add_tags(call: Call, world: World) -> None:
    """Add tags to a resource, up to 50; a tag given again takes the new value.

    https://docs.aws.amazon.com/awscloudtrail/latest/APIReference/API_AddTags.html
    """
    trail = _tagged(call, world, call.params["ResourceId"])
    _keep(world, trail, checked_tags(trail.tags, call.params["TagsList"]))


@operation("cloudtrail:RemoveTags")
def remove_tags(call: Call, world: World) -> None:
    """Remove tags by key; keys that are not there are no error.

    https://docs.aws.amazon.com/awscloudtrail/latest/APIReference/API_RemoveTags.html
    """
    trail = _tagged(call, world, call.params["ResourceId"])
    gone = {tag["Key"] for tag in call.params["TagsList"]}
    _keep(world, trail, {key: value for key, value in trail.tags.items() if key not in gone})


@operation("cloudtrail:ListTags")
def list_tags(call: Call, world: World) -> Mapping[str, Any]:
    """List the tags of up to 20 resources.

    https://docs.aws.amazon.com/awscloudtrail/latest/APIReference/API_ListTags.html
    """
    return {
        "ResourceTagList": [
            {
                "ResourceId": arn,
                "TagsList": [{"Key": key, "Value": value} for key, value in _tagged(call, world, arn).tags.items()],
            }
            for arn in call.params["ResourceIdList"]
        ]
    }


def checked_tags(standing: Mapping[str, str], given: Iterable[Mapping[str, Any]]) -> dict[str, str]:
    """The tags after adding the given ones.

    InvalidTagParameterException for a key given twice or over-long or reserved, TagsLimitExceededException past 50.
    """
    added: dict[str, str] = {}
    for tag in given:
        key, value = tag["Key"], tag.get("Value", "")
        if key in added:
            raise InvalidTagParameterException(reason=f"Duplicate tag key: {key}")
        if not 0 < len(key) <= _LONGEST_KEY or len(value) > _LONGEST_VALUE:
            raise InvalidTagParameterException(reason="Tag keys have 1 to 128 characters, tag values up to 256.")
        if key.lower().startswith("aws:"):
            raise InvalidTagParameterException(reason="Tag keys must not start with aws:.")
        added[key] = value
    tags = {**standing, **added}
    if len(tags) > _TAGS:
        raise TagsLimitExceededException(limit=_TAGS)
    return tags


def _tagged(call: Call, world: World, arn: str) -> Trail:
    parsed = Arn.parse(arn)
    if parsed is None or parsed.service != "cloudtrail":
        raise CloudTrailARNInvalidException(reason=f"CloudTrail ARN is invalid: {arn}")
    if parsed.account != call.account:
        raise CloudTrailARNInvalidException(
            reason=f"AccountID in ARN is wrong, you can only access resources with AccountID {call.account}"
        )
    if parsed.type != "trail":
        raise ResourceTypeNotSupportedException(arn=arn)
    trail = world.find(TRAIL, parsed.account, parsed.region, parsed.resource.removeprefix("trail/"))
    if trail is None:
        raise ResourceNotFoundException(arn=arn)
    return trail


def _keep(world: World, trail: Trail, tags: dict[str, str]) -> None:
    world.put(TRAIL, trail.account, trail.home_region, trail.name, msgspec.structs.replace(trail, tags=tags))
