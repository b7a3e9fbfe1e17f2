"""Managed policies attached to users, groups and roles.

https://docs.aws.amazon.com/IAM/latest/UserGuide/access_policies_manage-attach-detach.html
"""

from collections.abc import Mapping
from typing import Any

from trailwarden.services.call import Call
from trailwarden.services.iam.errors import PolicyNotFound, QuotaExceeded
from trailwarden.services.iam.finding import HOLDERS
from trailwarden.services.iam.managed import attachable, count_attachment
from trailwarden.services.iam.paging import page
from trailwarden.services.iam.quotas import ATTACHED
from trailwarden.services.registry import operation
from trailwarden.services.world import World

__all__ = ["attach_group_policy", "attach_role_policy", "attach_user_policy", "detach_group_policy", "detach_role_policy", "detach_user_policy", "list_attached_group_policies", "list_attached_role_policies", "list_attached_user_policies"]  # fmt: skip


@operation("iam:AttachUserPolicy")
def attach_user_policy(call: Call, world: World) -> None:
    """Attach a managed policy to a user; one that is attached stays so.

    https://docs.aws.amazon.com/IAM/latest/APIReference/API_AttachUserPolicy.html
    """
    _attach(call, world, "User")


@operation("iam:DetachUserPolicy")
def detach_user_policy(call: Call, world: World) -> None:
    """Detach a managed policy from a user.

    https://docs.aws.amazon.com/IAM/latest/APIReference/API_DetachUserPolicy.html
    """
    _detach(call, world, "User")


@operation("iam:ListAttachedUserPolicies")
def list_attached_user_policies(call: Call, world: World) -> Mapping[str, Any]:
    """List the managed policies attached to a user.

    https://docs.aws.amazon.com/IAM/latest/APIReference/API_ListAttachedUserPolicies.html
    """
    return _list(call, world, "User")


@operation("iam:AttachGroupPolicy")
def attach_group_policy(call: Call, world: World) -> None:
    """Attach a managed policy to a group; one that is attached stays so.

    https://docs.aws.amazon.com/IAM/latest/APIReference/API_AttachGroupPolicy.html
    """
    _attach(call, world, "Group")


@operation("iam:DetachGroupPolicy")
def detach_group_policy(call: Call, world: World) -> None:
    """Detach a managed policy from a group.

    https://docs.aws.amazon.com/IAM/latest/APIReference/API_DetachGroupPolicy.html
    """
    _detach(call, world, "Group")


@operation("iam:ListAttachedGroupPolicies")
def list_attached_group_policies(call: Call, world: World) -> Mapping[str, Any]:
    """List the managed policies attached to a group.

    https://docs.aws.amazon.com/IAM/latest/APIReference/API_ListAttachedGroupPolicies.html
    """
    return _list(call, world, "Group")


@operation("iam:AttachRolePolicy")
def attach_role_policy(call: Call, world: World) -> None:
    """Attach a managed policy to a role; one that is attached stays so.

    https://docs.aws.amazon.com/IAM/latest/APIReference/API_AttachRolePolicy.html
    """
    _attach(call, world, "Role")


@operation("iam:DetachRolePolicy")
def detach_role_policy(call: Call, world: World) -> None:
    """Detach a managed policy from a role.

    https://docs.aws.amazon.com/IAM/latest/APIReference/API_DetachRolePolicy.html
    """
    _detach(call, world, "Role")


@operation("iam:ListAttachedRolePolicies")
def list_attached_role_policies(call: Call, world: World) -> Mapping[str, Any]:
    """List the managed policies attached to a role.

    https://docs.aws.amazon.com/IAM/latest/APIReference/API_ListAttachedRolePolicies.html
    """
    return _list(call, world, "Role")


def _attach(call: Call, world: World, noun: str) -> None:
    holder, arn = HOLDERS[noun], call.params["PolicyArn"]
    entity = holder.changeable(call, world)
    attachable(call, world, arn)
    if arn in entity.attached:
        return
    if len(entity.attached) >= ATTACHED[noun]:
        raise QuotaExceeded(quota=f"PoliciesPer{noun}", limit=ATTACHED[noun])
    holder.keep(call, world, entity, attached=(*entity.attached, arn))
    count_attachment(call, world, arn, 1)


def _detach(call: Call, world: World, noun: str) -> None:
    holder, arn = HOLDERS[noun], call.params["PolicyArn"]
    entity = holder.changeable(call, world)
    if arn not in entity.attached:
        raise PolicyNotFound(arn=arn)
    holder.keep(call, world, entity, attached=tuple(each for each in entity.attached if each != arn))
    count_attachment(call, world, arn, -1)


def _list(call: Call, world: World, noun: str) -> Mapping[str, Any]:
    prefix = call.params.get("PathPrefix", "/")
    attached = [arn for arn in HOLDERS[noun].named(call, world).attached if _path(arn).startswith(prefix)]
    shown = page(call, attached, lambda arn: f"{_name(arn).lower()} {arn}")
    return {"AttachedPolicies": [{"PolicyName": _name(arn), "PolicyArn": arn} for arn in shown.items], **shown.rest}


def _name(arn: str) -> str:
    return arn.rpartition("/")[2]


def _path(arn: str) -> str:
    """The path in a policy's ARN: `/`, `/division/`."""
    return "/" + arn.partition("/")[2].removesuffix(_name(arn))
