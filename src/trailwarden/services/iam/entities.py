"""Who uses a managed policy."""

from collections.abc import Iterable, Mapping
from typing import Any

from trailwarden.auth.identities import GROUP, ROLE, USER, Group, Role, User
from trailwarden.services.call import Call
from trailwarden.services.iam.managed import policy_named
from trailwarden.services.iam.paging import page
from trailwarden.services.registry import operation
from trailwarden.services.world import World

__all__ = ["list_entities_for_policy"]

_LISTS = {User: ("PolicyUsers", "User"), Group: ("PolicyGroups", "Group"), Role: ("PolicyRoles", "Role")}


@operation("iam:ListEntitiesForPolicy")
def list_entities_for_policy(call: Call, world: World) -> Mapping[str, Any]:
    """List the users, groups and roles that a policy is attached to or bounds.

    https://docs.aws.amazon.com/IAM/latest/APIReference/API_ListEntitiesForPolicy.html
    """
    arn = policy_named(call, world, call.params["PolicyArn"]).arn
    prefix = call.params.get("PathPrefix", "/")
    users = [each for each in _asked(call, world) if each.path.startswith(prefix) and _uses(call, each, arn)]
    shown = page(call, users, lambda entity: f"{type(entity).__name__} {entity.name.lower()}")
    answer: dict[str, Any] = {"PolicyGroups": [], "PolicyUsers": [], "PolicyRoles": []}
    for entity in shown.items:
        into, noun = _LISTS[type(entity)]
        answer[into].append({f"{noun}Name": entity.name, f"{noun}Id": entity.id})
    return {**answer, **shown.rest}


def _asked(call: Call, world: World) -> Iterable[User | Group | Role]:
    wanted = call.params.get("EntityFilter")
    if wanted in {None, "User"}:
        yield from (document.body for document in world.list(USER, call.account, ""))
    if wanted in {None, "Group"}:
        yield from (document.body for document in world.list(GROUP, call.account, ""))
    if wanted in {None, "Role"}:
        yield from (document.body for document in world.list(ROLE, call.account, ""))


def _uses(call: Call, entity: User | Group | Role, arn: str) -> bool:
    usage = call.params.get("PolicyUsageFilter")
    attached = usage != "PermissionsBoundary" and arn in entity.attached
    return attached or (usage != "PermissionsPolicy" and not isinstance(entity, Group) and entity.boundary == arn)
