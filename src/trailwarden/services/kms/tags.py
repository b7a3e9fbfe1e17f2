"""Tags on keys.

https://docs.aws.amazon.com/kms/latest/developerguide/tagging-keys.html
"""

from collections.abc import Iterable, Mapping
from typing import Any

import msgspec

from trailwarden.services.call import Call
from trailwarden.services.kms.errors import TagException
from trailwarden.services.kms.finding import alterable_key, own_key
from trailwarden.services.kms.key import keep_key
from trailwarden.services.kms.paging import page
from trailwarden.services.registry import operation
from trailwarden.services.world import World

__all__ = ["checked_tags", "list_resource_tags", "tag_resource", "untag_resource"]

_TAGS = 50


@operation("kms:TagResource")
def tag_resource(call: Call, world: World) -> None:
    """Add tags to a key; one given again takes the new value.

    https://docs.aws.amazon.com/kms/latest/APIReference/API_TagResource.html
    """
    key = alterable_key(call, world, call.params["KeyId"])
    keep_key(world, msgspec.structs.replace(key, tags=checked_tags(key.tags, call.params["Tags"])))


@operation("kms:UntagResource")
def untag_resource(call: Call, world: World) -> None:
    """Remove tags by key; keys that are not there are no error.

    https://docs.aws.amazon.com/kms/latest/APIReference/API_UntagResource.html
    """
    key = alterable_key(call, world, call.params["KeyId"])
    gone = set(call.params["TagKeys"])
    kept = {name: value for name, value in key.tags.items() if name not in gone}
    keep_key(world, msgspec.structs.replace(key, tags=kept))


@operation("kms:ListResourceTags")
def list_resource_tags(call: Call, world: World) -> Mapping[str, Any]:
    """The tags of a key.

    https://docs.aws.amazon.com/kms/latest/APIReference/API_ListResourceTags.html
    """
    key = own_key(call, world, call.params["KeyId"])
    return page(
        call,
        "Tags",
        list(key.tags.items()),
        key=lambda tag: tag[0],
        shown=lambda tag: {"TagKey": tag[0], "TagValue": tag[1]},
    )


def checked_tags(standing: Mapping[str, str], given: Iterable[Mapping[str, Any]]) -> dict[str, str]:
    """The tags after adding the given ones. TagException."""
    added: dict[str, str] = {}
    for tag in given:
        if tag["TagKey"].lower().startswith("aws:"):
            raise TagException(reason="Tags beginning with aws: are reserved")
        if tag["TagKey"] in added:
            raise TagException(reason="Duplicate tag keys")
        added[tag["TagKey"]] = tag["TagValue"]
    tags = {**standing, **added}
    if len(tags) > _TAGS:
        raise TagException(reason="Too many tags")
    return tags
