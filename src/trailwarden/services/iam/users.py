"""IAM users: create, show, change, delete, list."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import msgspec

from trailwarden.auth.identities import ACCESS_KEY, ACCOUNT, GROUP, USER, User
from trailwarden.policy.request import PrincipalKind
from trailwarden.services.call import Call
from trailwarden.services.iam.boundaries import count_boundary
from trailwarden.services.iam.errors import DeleteConflict, EntityAlreadyExists
from trailwarden.services.iam.finding import (
    UNIQUE_ID,
    UniqueId,
    entity_arn,
    group_named,
    keep_user,
    user_asked,
    user_named,
)
from trailwarden.services.iam.login_profiles import LOGIN_PROFILE
from trailwarden.services.iam.mfa import devices_of
from trailwarden.services.iam.paging import page_of_documents
from trailwarden.services.iam.quotas import check_account_quota
from trailwarden.services.iam.service_credentials import credentials_of
from trailwarden.services.iam.shape import user_shown
from trailwarden.services.iam.signing_certificates import certificates_of
from trailwarden.services.iam.ssh_keys import keys_of
from trailwarden.services.iam.tagging import checked_tags
from trailwarden.services.registry import operation
from trailwarden.services.world import World

if TYPE_CHECKING:
    from types_boto3_iam.type_defs import CreateUserRequestTypeDef, UpdateUserRequestTypeDef

__all__ = ["UserAlreadyExists", "create_user", "delete_user", "get_user", "list_users", "update_user"]


class UserAlreadyExists(EntityAlreadyExists):
    """User names are unique in an account, whatever their case and path.

    https://docs.aws.amazon.com/IAM/latest/APIReference/API_CreateUser.html
    """

    message = "User with name {name} already exists."


@operation("iam:CreateUser")
def create_user(call: Call, world: World) -> Mapping[str, Any]:
    """Create a user without credentials or permissions.

    https://docs.aws.amazon.com/IAM/latest/APIReference/API_CreateUser.html
    """
    asked: CreateUserRequestTypeDef = call.params  # type: ignore[assignment]  # the parser holds params to the model
    name, path = asked["UserName"], asked.get("Path", "/")
    _check_free(call, world, name)
    check_account_quota(world, USER, call.account, "Users")
    user = User(
        name=name,
        id=world.chance.unique_id("AIDA"),
        arn=entity_arn(call.account, "user", path, name),
        path=path,
        created=call.now,
        tags=checked_tags({}, asked.get("Tags", ())),
        boundary=asked.get("PermissionsBoundary", ""),
    )
    count_boundary(call, world, before="", after=user.boundary)
    keep_user(call, world, user)
    world.put(UNIQUE_ID, "", "", user.id, UniqueId(arn=user.arn))
    return {"User": user_shown(user)}


@operation("iam:GetUser")
def get_user(call: Call, world: World) -> Mapping[str, Any]:
    """Show a user, by default the caller, who may be the root user.

    https://docs.aws.amazon.com/IAM/latest/APIReference/API_GetUser.html
    """
    if "UserName" not in call.params and call.caller.principal.kind is PrincipalKind.ROOT:
        return {"User": _root_shown(call, world)}
    return {"User": user_shown(user_asked(call, world))}


@operation("iam:UpdateUser")
def update_user(call: Call, world: World) -> None:
    """Rename a user or move it to another path; its unique id stays, and what refers to the name follows.

    https://docs.aws.amazon.com/IAM/latest/APIReference/API_UpdateUser.html
    """
    asked: UpdateUserRequestTypeDef = call.params  # type: ignore[assignment]  # the parser holds params to the model
    user = user_named(call, world, asked["UserName"])
    name, path = asked.get("NewUserName", user.name), asked.get("NewPath", user.path)
    if name.lower() != user.name.lower():
        _check_free(call, world, name)
    renamed = msgspec.structs.replace(user, name=name, path=path, arn=entity_arn(call.account, "user", path, name))
    world.delete(USER, call.account, "", user.name.lower())
    keep_user(call, world, renamed)
    world.put(UNIQUE_ID, "", "", user.id, UniqueId(arn=renamed.arn))
    _follow(call, world, user, renamed)


@operation("iam:DeleteUser")
def delete_user(call: Call, world: World) -> None:
    """Delete a user who has nothing left: no keys, policies, groups, password or MFA device.

    https://docs.aws.amazon.com/IAM/latest/APIReference/API_DeleteUser.html
    """
    user = user_named(call, world, call.params["UserName"])
    reason = _in_the_way(call, world, user)
    if reason:
        raise DeleteConflict(reason=reason)
    count_boundary(call, world, before=user.boundary, after="")
    world.delete(USER, call.account, "", user.name.lower())
    world.delete(UNIQUE_ID, "", "", user.id)


@operation("iam:ListUsers")
def list_users(call: Call, world: World) -> Mapping[str, Any]:
    """List users below a path.

    https://docs.aws.amazon.com/IAM/latest/APIReference/API_ListUsers.html
    """
    prefix = call.params.get("PathPrefix", "/")
    page = page_of_documents(
        call, world, USER, lambda user: user.path.startswith(prefix), name=lambda user: user.name.lower()
    )
    return {"Users": [user_shown(user, whole=False) for user in page.items], **page.rest}


def _check_free(call: Call, world: World, name: str) -> None:
    if world.find(USER, call.account, "", name.lower()) is not None:
        raise UserAlreadyExists(name=name)


def _root_shown(call: Call, world: World) -> dict[str, Any]:
    account = world.find(ACCOUNT, call.account, "", call.account)
    return {
        "UserId": call.account,
        "Arn": f"arn:aws:iam::{call.account}:root",
        "CreateDate": account.created if account else call.now,
    }


def _in_the_way(call: Call, world: World, user: User) -> str:
    """What must be removed before the user can be deleted, "" where nothing is left."""
    present = {
        "must detach all policies": user.attached,
        "must delete policies": user.inline,
        "must remove users from group": user.groups,
        "must delete access keys": user.access_keys,
        "must delete login profile": world.find(LOGIN_PROFILE, call.account, "", user.name.lower()),
        "must delete MFA device": devices_of(world, call.account, user),
        "must delete signing certificates": certificates_of(call, world, user),
        "must remove referenced objects": (*keys_of(call, world, user), *credentials_of(call, world, user)),
    }
    return next((reason for reason, found in present.items() if found), "")


def _follow(call: Call, world: World, old: User, new: User) -> None:
    """Keys, groups, and the password go along with the new name."""
    for key_id in old.access_keys:
        key = world.find(ACCESS_KEY, "", "", key_id)
        if key is not None:
            world.put(ACCESS_KEY, "", "", key_id, msgspec.structs.replace(key, user=new.name.lower()))
    for group_name in old.groups:
        group = group_named(call, world, group_name)
        members = tuple(new.name if member == old.name else member for member in group.members)
        world.put(GROUP, call.account, "", group.name.lower(), msgspec.structs.replace(group, members=members))
    profile = world.find(LOGIN_PROFILE, call.account, "", old.name.lower())
    if profile is not None:
        world.delete(LOGIN_PROFILE, call.account, "", old.name.lower())
        world.put(LOGIN_PROFILE, call.account, "", new.name.lower(), msgspec.structs.replace(profile, user=new.name))
