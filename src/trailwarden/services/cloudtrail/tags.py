"""Tags on trails, event data stores, channels and dashboards.

https://docs.aws.amazon.com/awscloudtrail/latest/APIReference/API_AddTags.html
"""

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from trailwarden.arn import Arn
from trailwarden.auth.organization import membership
from trailwarden.errors import AwsError
from trailwarden.services.call import Call
from trailwarden.services.cloudtrail.channel import ChannelNotFoundException
from trailwarden.services.cloudtrail.errors import (
    InvalidTagParameterException,
    ResourceNotFoundException,
    ResourceTypeNotSupportedException,
    TagsLimitExceededException,
)
from trailwarden.services.cloudtrail.event_data_store import (
    EventDataStore,
    EventDataStoreNotFoundException,
    check_active,
    is_gone,
)
from trailwarden.services.cloudtrail.names import CloudTrailARNInvalidException
from trailwarden.services.cloudtrail.organization import administers
from trailwarden.services.cloudtrail.resources import Resource, change_resource, resource_of
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
    arn, resource = _tagged(call, world, call.params["ResourceId"])
    change_resource(world, arn, resource, tags=checked_tags(resource.tags, call.params["TagsList"]))


@operation("cloudtrail:RemoveTags")
def remove_tags(call: Call, world: World) -> None:
    """Remove tags by key; keys that are not there are no error.

    https://docs.aws.amazon.com/awscloudtrail/latest/APIReference/API_RemoveTags.html
    """
    arn, resource = _tagged(call, world, call.params["ResourceId"])
    gone = {tag["Key"] for tag in call.params["TagsList"]}
    kept = {key: value for key, value in resource.tags.items() if key not in gone}
    change_resource(world, arn, resource, tags=kept)


@operation("cloudtrail:ListTags")
def list_tags(call: Call, world: World) -> Mapping[str, Any]:
    """List the tags of up to 20 resources.

    https://docs.aws.amazon.com/awscloudtrail/latest/APIReference/API_ListTags.html
    """
    return {
        "ResourceTagList": [
            {
                "ResourceId": arn,
                "TagsList": [{"Key": key, "Value": value} for key, value in _tagged(call, world, arn)[1].tags.items()],
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


def _tagged(call: Call, world: World, given: str) -> tuple[Arn, Resource]:
    arn = Arn.parse(given)
    if arn is None or arn.service != "cloudtrail":
        raise CloudTrailARNInvalidException(reason=f"CloudTrail ARN is invalid: {given}")
    if arn.type not in _MISSING:
        raise ResourceTypeNotSupportedException(arn=given)
    resource = resource_of(world.transaction, arn)
    if arn.account != call.account and not _administers(call, world, resource):
        raise CloudTrailARNInvalidException(
            reason=f"AccountID in ARN is wrong, you can only access resources with AccountID {call.account}"
        )
    if resource is None or (isinstance(resource, EventDataStore) and is_gone(resource, call.now)):
        raise _MISSING[arn.type](given)
    if isinstance(resource, EventDataStore):
        check_active(resource)
    return arn, resource


_MISSING: Mapping[str, Callable[[str], AwsError]] = {
    "trail": lambda given: ResourceNotFoundException(arn=given),
    "eventdatastore": lambda given: EventDataStoreNotFoundException(given=given),
    "channel": lambda given: ChannelNotFoundException(given=given),
    "dashboard": lambda given: ResourceNotFoundException(arn=given),
}


def _administers(call: Call, world: World, resource: Resource | None) -> bool:
    """Whether the caller's account may tag an event data store of its organization that another account owns."""
    place = membership(call.account, world.transaction)
    if place is None or not isinstance(resource, EventDataStore) or not resource.organization:
        return False
    return resource.organization == place.organization.id and administers(world, place.organization, call.account)
