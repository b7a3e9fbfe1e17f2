"""Permissions boundaries of users and roles.

https://docs.aws.amazon.com/IAM/latest/UserGuide/access_policies_boundaries.html
"""

import msgspec

from trailwarden.auth.identities import POLICY
from trailwarden.services.call import Call
from trailwarden.services.iam.errors import NoSuchEntity
from trailwarden.services.iam.finding import HOLDERS
from trailwarden.services.iam.managed import attachable
from trailwarden.services.registry import operation
from trailwarden.services.world import World

__all__ = ["NoBoundary", "count_boundary", "delete_role_permissions_boundary", "delete_user_permissions_boundary",
           "put_role_permissions_boundary", "put_user_permissions_boundary"]  # fmt: skip


class NoBoundary(NoSuchEntity):
    """There is no boundary to remove.

    https://docs.aws.amazon.com/IAM/latest/APIReference/API_DeleteUserPermissionsBoundary.html
    """

    message = "{noun} with name {name} does not have a permissions boundary."


@operation("iam:PutUserPermissionsBoundary")
def put_user_permissions_boundary(call: Call, world: World) -> None:
    """Cap a user's permissions.

    https://docs.aws.amazon.com/IAM/latest/APIReference/API_PutUserPermissionsBoundary.html
    """
    _set(call, world, "User", call.params["PermissionsBoundary"])


@operation("iam:PutRolePermissionsBoundary")
def put_role_permissions_boundary(call: Call, world: World) -> None:
    """Cap a role's permissions.

    https://docs.aws.amazon.com/IAM/latest/APIReference/API_PutRolePermissionsBoundary.html
    """
    _set(call, world, "Role", call.params["PermissionsBoundary"])


@operation("iam:DeleteUserPermissionsBoundary")
def delete_user_permissions_boundary(call: Call, world: World) -> None:
    """Take a user's cap off.

    https://docs.aws.amazon.com/IAM/latest/APIReference/API_DeleteUserPermissionsBoundary.html
    """
    _set(call, world, "User", "")


@operation("iam:DeleteRolePermissionsBoundary")
def delete_role_permissions_boundary(call: Call, world: World) -> None:
    """Take a role's cap off.

    https://docs.aws.amazon.com/IAM/latest/APIReference/API_DeleteRolePermissionsBoundary.html
    """
    _set(call, world, "Role", "")


def _set(call: Call, world: World, noun: str, arn: str) -> None:
    holder = HOLDERS[noun]
    entity = holder.changeable(call, world)
    if not arn and not entity.boundary:
        raise NoBoundary(noun=noun, name=entity.name)
    count_boundary(call, world, before=entity.boundary, after=arn)
    holder.keep(call, world, entity, boundary=arn)


def count_boundary(call: Call, world: World, *, before: str, after: str) -> None:
    """Count a boundary's use at the policies that were and will be it; NotAttachable where the new one does not exist."""
    if after:
        attachable(call, world, after)
    for arn, by in ((before, -1), (after, 1)):
        policy = world.find(POLICY, call.account, "", arn) if arn else None
        if policy is not None:
            counted = msgspec.structs.replace(policy, boundary_usage=max(policy.boundary_usage + by, 0))
            world.put(POLICY, call.account, "", arn, counted)
