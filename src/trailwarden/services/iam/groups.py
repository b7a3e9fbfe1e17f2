"""IAM groups and their members."""

from collections.abc import Mapping
from typing import Any

import msgspec

from trailwarden.auth.identities import GROUP, Group, User
from trailwarden.services.call import Call
from trailwarden.services.iam.errors import DeleteConflict, EntityAlreadyExists, QuotaExceeded
from trailwarden.services.iam.finding import entity_arn, group_named, keep_group, keep_user, user_named
from trailwarden.services.iam.paging import page, page_of_documents
from trailwarden.services.iam.quotas import GROUPS_PER_USER, check_account_quota
from trailwarden.services.iam.shape import group_shown, user_shown
from trailwarden.services.registry import operation
from trailwarden.services.world import World

__all__ = ["GroupAlreadyExists", "add_user_to_group", "create_group", "delete_group", "get_group", "list_groups",
           "list_groups_for_user", "remove_user_from_group", "update_group"]  # fmt: skip


class GroupAlreadyExists(EntityAlreadyExists):
    """Group names are unique in an account, whatever their case and path.

    https://docs.aws.amazon.com/IAM/latest/APIReference/API_CreateGroup.html
    """

    message = "Group with name {name} already exists."


@operation("iam:CreateGroup")
def create_group(call: Call, world: World) -> Mapping[str, Any]:
    """Create a group.

    https://docs.aws.amazon.com/IAM/latest/APIReference/API_CreateGroup.html
    """
    name, path = call.params["GroupName"], call.params.get("Path", "/")
    _check_free(call, world, name)
    check_account_quota(world, GROUP, call.account, "Groups")
    group = Group(
        name=name,
        id=world.chance.unique_id("AGPA"),
        arn=entity_arn(call.account, "group", path, name),
        path=path,
        created=call.now,
    )
    keep_group(call, world, group)
    return {"Group": group_shown(group)}


@operation("iam:GetGroup")
def get_group(call: Call, world: World) -> Mapping[str, Any]:
    """Show a group and a page of its members.

    https://docs.aws.amazon.com/IAM/latest/APIReference/API_GetGroup.html
    """
    group = group_named(call, world, call.params["GroupName"])
    members = page(call, group.members, str.lower)
    users = [user_shown(user_named(call, world, name), whole=False) for name in members.items]
    return {"Group": group_shown(group), "Users": users, **members.rest}


@operation("iam:UpdateGroup")
def update_group(call: Call, world: World) -> None:
    """Rename a group or move it to another path; its members go along.

    https://docs.aws.amazon.com/IAM/latest/APIReference/API_UpdateGroup.html
    """
    group = group_named(call, world, call.params["GroupName"])
    name, path = call.params.get("NewGroupName", group.name), call.params.get("NewPath", group.path)
    if name.lower() != group.name.lower():
        _check_free(call, world, name)
    renamed = msgspec.structs.replace(group, name=name, path=path, arn=entity_arn(call.account, "group", path, name))
    world.delete(GROUP, call.account, "", group.name.lower())
    keep_group(call, world, renamed)
    for member in group.members:
        user = user_named(call, world, member)
        groups = tuple(name if each == group.name else each for each in user.groups)
        keep_user(call, world, msgspec.structs.replace(user, groups=groups))


@operation("iam:DeleteGroup")
def delete_group(call: Call, world: World) -> None:
    """Delete a group without members and policies.

    https://docs.aws.amazon.com/IAM/latest/APIReference/API_DeleteGroup.html
    """
    group = group_named(call, world, call.params["GroupName"])
    present = {
        "must remove users from group": group.members,
        "must detach all policies": group.attached,
        "must delete policies": group.inline,
    }
    for reason, found in present.items():
        if found:
            raise DeleteConflict(reason=reason)
    world.delete(GROUP, call.account, "", group.name.lower())


@operation("iam:ListGroups")
def list_groups(call: Call, world: World) -> Mapping[str, Any]:
    """List groups below a path.

    https://docs.aws.amazon.com/IAM/latest/APIReference/API_ListGroups.html
    """
    prefix = call.params.get("PathPrefix", "/")
    found = page_of_documents(
        call, world, GROUP, lambda group: group.path.startswith(prefix), name=lambda group: group.name.lower()
    )
    return {"Groups": [group_shown(group) for group in found.items], **found.rest}


@operation("iam:ListGroupsForUser")
def list_groups_for_user(call: Call, world: World) -> Mapping[str, Any]:
    """List the groups that a user belongs to.

    https://docs.aws.amazon.com/IAM/latest/APIReference/API_ListGroupsForUser.html
    """
    user = user_named(call, world, call.params["UserName"])
    names = page(call, user.groups, str.lower)
    return {"Groups": [group_shown(group_named(call, world, name)) for name in names.items], **names.rest}


@operation("iam:AddUserToGroup")
def add_user_to_group(call: Call, world: World) -> None:
    """Make a user a member; one who is one already stays so.

    https://docs.aws.amazon.com/IAM/latest/APIReference/API_AddUserToGroup.html
    """
    group, user = _pair(call, world)
    if group.name in user.groups:
        return
    if len(user.groups) >= GROUPS_PER_USER:
        raise QuotaExceeded(quota="GroupsPerUser", limit=GROUPS_PER_USER)
    keep_user(call, world, msgspec.structs.replace(user, groups=(*user.groups, group.name)))
    keep_group(call, world, msgspec.structs.replace(group, members=(*group.members, user.name)))


@operation("iam:RemoveUserFromGroup")
def remove_user_from_group(call: Call, world: World) -> None:
    """End a membership; no error where there is none.

    https://docs.aws.amazon.com/IAM/latest/APIReference/API_RemoveUserFromGroup.html
    """
    group, user = _pair(call, world)
    if group.name not in user.groups:
        return
    groups = tuple(name for name in user.groups if name != group.name)
    members = tuple(name for name in group.members if name != user.name)
    keep_user(call, world, msgspec.structs.replace(user, groups=groups))
    keep_group(call, world, msgspec.structs.replace(group, members=members))


def _pair(call: Call, world: World) -> tuple[Group, User]:
    return group_named(call, world, call.params["GroupName"]), user_named(call, world, call.params["UserName"])


def _check_free(call: Call, world: World, name: str) -> None:
    if world.find(GROUP, call.account, "", name.lower()) is not None:
        raise GroupAlreadyExists(name=name)
