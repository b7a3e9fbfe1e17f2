"""Tags of the root, units, accounts, policies, the resource policy and responsibility transfers."""

from collections.abc import Callable, Iterable, Mapping
from typing import Any

import msgspec

from trailwarden.auth.organization import (
    FULL_ACCESS,
    MEMBER_ACCOUNT,
    ORGANIZATION_POLICY,
    RESOURCE_POLICY,
    ROOT,
    UNIT,
    Organization,
)
from trailwarden.services.call import Call
from trailwarden.services.organizations.access import changed_by_delegates, read_by_delegates
from trailwarden.services.organizations.errors import (
    ConstraintViolationException,
    InvalidInputException,
    TargetNotFoundException,
)
from trailwarden.services.organizations.paging import page
from trailwarden.services.organizations.transfers import TRANSFER
from trailwarden.services.registry import operation
from trailwarden.services.world import World
from trailwarden.storage.ports import Kind

__all__ = ["list_tags_for_resource", "tag_resource", "tagged", "untag_resource"]

_MOST = 50
_RESERVED = "aws:"

_TAGGED: tuple[Kind[Any], ...] = (ROOT, UNIT, MEMBER_ACCOUNT, ORGANIZATION_POLICY, RESOURCE_POLICY)

Keep = Callable[[dict[str, str]], None]


@operation("organizations:TagResource")
def tag_resource(call: Call, world: World) -> None:
    """Add tags, or overwrite those of the same key.

    https://docs.aws.amazon.com/organizations/latest/APIReference/API_TagResource.html
    """
    tags, keep = _tags_of(world, changed_by_delegates(call, world), call.params["ResourceId"])
    keep(tagged(tags, call.params["Tags"]))


@operation("organizations:UntagResource")
def untag_resource(call: Call, world: World) -> None:
    """Remove tags; keys that are not there are nothing.

    https://docs.aws.amazon.com/organizations/latest/APIReference/API_UntagResource.html
    """
    tags, keep = _tags_of(world, changed_by_delegates(call, world), call.params["ResourceId"])
    keep({key: value for key, value in tags.items() if key not in call.params["TagKeys"]})


@operation("organizations:ListTagsForResource")
def list_tags_for_resource(call: Call, world: World) -> Mapping[str, Any]:
    """List tags by key.

    https://docs.aws.amazon.com/organizations/latest/APIReference/API_ListTagsForResource.html
    """
    tags, _ = _tags_of(world, read_by_delegates(call, world), call.params["ResourceId"])
    return page(call, "Tags", list(tags), key=str, shown=lambda key: {"Key": key, "Value": tags[key]})


def tagged(standing: Mapping[str, str], given: Iterable[Mapping[str, str]]) -> dict[str, str]:
    """The tags with those given. InvalidInputException, ConstraintViolationException.

    https://docs.aws.amazon.com/organizations/latest/userguide/orgs_tagging.html
    """
    added = [(tag["Key"], tag["Value"]) for tag in given]
    if len(dict(added)) != len(added):
        raise InvalidInputException("DUPLICATE_TAG_KEY")
    if any(key.lower().startswith(_RESERVED) for key, _ in added):
        raise InvalidInputException("INVALID_SYSTEM_TAGS_PARAMETER")
    tags = {**standing, **dict(added)}
    if len(tags) > _MOST:
        raise ConstraintViolationException("MAX_TAG_LIMIT_EXCEEDED")
    return tags


def _tags_of(world: World, organization: Organization, name: str) -> tuple[Mapping[str, str], Keep]:
    """The tags of a resource, and how to write others. TargetNotFoundException; AWS's own policies have no tags."""
    if name in FULL_ACCESS:
        raise TargetNotFoundException
    transfer = world.find(TRANSFER, "", "", name)
    if transfer is not None and transfer.target.organization == organization.id:
        return transfer.tags, _writer(world, TRANSFER, ("", name), transfer)
    for kind in _TAGGED:
        for document in world.list(kind, organization.id, "", prefix="" if kind is RESOURCE_POLICY else name):
            if document.body.id == name:
                return document.body.tags, _writer(world, kind, (organization.id, document.name), document.body)
    raise TargetNotFoundException


def _writer(world: World, kind: Any, key: tuple[str, str], body: Any) -> Keep:
    def keep(tags: dict[str, str]) -> None:
        world.put(kind, key[0], "", key[1], msgspec.structs.replace(body, tags=tags))

    return keep
