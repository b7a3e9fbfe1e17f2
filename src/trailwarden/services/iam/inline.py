"""Inline policies of users, groups and roles.

https://docs.aws.amazon.com/IAM/latest/UserGuide/access_policies_managed-vs-inline.html#inline-policies
"""

from collections.abc import Mapping
from typing import Any

from trailwarden.services.call import Call
from trailwarden.services.iam.documents import check_inline_policy, check_inline_size
from trailwarden.services.iam.errors import NoSuchEntity
from trailwarden.services.iam.finding import HOLDERS
from trailwarden.services.iam.paging import page
from trailwarden.services.iam.shape import encoded
from trailwarden.services.registry import operation
from trailwarden.services.world import World

__all__ = ["InlinePolicyNotFound", "delete_group_policy", "delete_role_policy", "delete_user_policy", "get_group_policy", "get_role_policy", "get_user_policy", "list_group_policies", "list_role_policies", "list_user_policies", "put_group_policy", "put_role_policy", "put_user_policy"]  # fmt: skip


class InlinePolicyNotFound(NoSuchEntity):
    """https://docs.aws.amazon.com/IAM/latest/APIReference/API_GetUserPolicy.html."""

    message = "The {noun} policy with name {name} cannot be found."


@operation("iam:PutUserPolicy")
def put_user_policy(call: Call, world: World) -> None:
    """Add an inline policy to a user, or replace the one of that name.

    https://docs.aws.amazon.com/IAM/latest/APIReference/API_PutUserPolicy.html
    """
    _put(call, world, "User")


@operation("iam:GetUserPolicy")
def get_user_policy(call: Call, world: World) -> Mapping[str, Any]:
    """Show an inline policy of a user.

    https://docs.aws.amazon.com/IAM/latest/APIReference/API_GetUserPolicy.html
    """
    return _get(call, world, "User")


@operation("iam:DeleteUserPolicy")
def delete_user_policy(call: Call, world: World) -> None:
    """Remove an inline policy from a user.

    https://docs.aws.amazon.com/IAM/latest/APIReference/API_DeleteUserPolicy.html
    """
    _delete(call, world, "User")


@operation("iam:ListUserPolicies")
def list_user_policies(call: Call, world: World) -> Mapping[str, Any]:
    """List the names of a user's inline policies.

    https://docs.aws.amazon.com/IAM/latest/APIReference/API_ListUserPolicies.html
    """
    return _list(call, world, "User")


@operation("iam:PutGroupPolicy")
def put_group_policy(call: Call, world: World) -> None:
    """Add an inline policy to a group, or replace the one of that name.

    https://docs.aws.amazon.com/IAM/latest/APIReference/API_PutGroupPolicy.html
    """
    _put(call, world, "Group")


@operation("iam:GetGroupPolicy")
def get_group_policy(call: Call, world: World) -> Mapping[str, Any]:
    """Show an inline policy of a group.

    https://docs.aws.amazon.com/IAM/latest/APIReference/API_GetGroupPolicy.html
    """
    return _get(call, world, "Group")


@operation("iam:DeleteGroupPolicy")
def delete_group_policy(call: Call, world: World) -> None:
    """Remove an inline policy from a group.

    https://docs.aws.amazon.com/IAM/latest/APIReference/API_DeleteGroupPolicy.html
    """
    _delete(call, world, "Group")


@operation("iam:ListGroupPolicies")
def list_group_policies(call: Call, world: World) -> Mapping[str, Any]:
    """List the names of a group's inline policies.

    https://docs.aws.amazon.com/IAM/latest/APIReference/API_ListGroupPolicies.html
    """
    return _list(call, world, "Group")


@operation("iam:PutRolePolicy")
def put_role_policy(call: Call, world: World) -> None:
    """Add an inline policy to a role, or replace the one of that name.

    https://docs.aws.amazon.com/IAM/latest/APIReference/API_PutRolePolicy.html
    """
    _put(call, world, "Role")


@operation("iam:GetRolePolicy")
def get_role_policy(call: Call, world: World) -> Mapping[str, Any]:
    """Show an inline policy of a role.

    https://docs.aws.amazon.com/IAM/latest/APIReference/API_GetRolePolicy.html
    """
    return _get(call, world, "Role")


@operation("iam:DeleteRolePolicy")
def delete_role_policy(call: Call, world: World) -> None:
    """Remove an inline policy from a role.

    https://docs.aws.amazon.com/IAM/latest/APIReference/API_DeleteRolePolicy.html
    """
    _delete(call, world, "Role")


@operation("iam:ListRolePolicies")
def list_role_policies(call: Call, world: World) -> Mapping[str, Any]:
    """List the names of a role's inline policies.

    https://docs.aws.amazon.com/IAM/latest/APIReference/API_ListRolePolicies.html
    """
    return _list(call, world, "Role")


def _put(call: Call, world: World, noun: str) -> None:
    holder = HOLDERS[noun]
    entity = holder.changeable(call, world)
    check_inline_policy(call.params["PolicyDocument"])
    inline = {**entity.inline, call.params["PolicyName"]: call.params["PolicyDocument"]}
    check_inline_size(noun, entity.name, inline)
    holder.keep(call, world, entity, inline=inline)


def _get(call: Call, world: World, noun: str) -> Mapping[str, Any]:
    holder = HOLDERS[noun]
    entity, name = holder.named(call, world), call.params["PolicyName"]
    if name not in entity.inline:
        raise InlinePolicyNotFound(noun=noun.lower(), name=name)
    return {holder.member: entity.name, "PolicyName": name, "PolicyDocument": encoded(entity.inline[name])}


def _delete(call: Call, world: World, noun: str) -> None:
    holder = HOLDERS[noun]
    entity, name = holder.changeable(call, world), call.params["PolicyName"]
    if name not in entity.inline:
        raise InlinePolicyNotFound(noun=noun.lower(), name=name)
    holder.keep(call, world, entity, inline={key: text for key, text in entity.inline.items() if key != name})


def _list(call: Call, world: World, noun: str) -> Mapping[str, Any]:
    names = page(call, tuple(HOLDERS[noun].named(call, world).inline), str)
    return {"PolicyNames": names.items, **names.rest}
