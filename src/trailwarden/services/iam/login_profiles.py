"""Console passwords of users. Only a slow salted hash is kept.

https://docs.aws.amazon.com/IAM/latest/UserGuide/id_credentials_passwords.html
"""

import hashlib
import hmac
from collections.abc import Mapping
from typing import Any

import msgspec

from trailwarden.errors import AwsError
from trailwarden.services.call import Call
from trailwarden.services.iam.errors import EntityAlreadyExists, NoSuchEntity
from trailwarden.services.iam.finding import user_asked, user_named
from trailwarden.services.iam.password_policy import check_password, password_policy_of
from trailwarden.services.registry import operation
from trailwarden.services.world import World
from trailwarden.storage.ports import Kind

__all__ = ["LOGIN_PROFILE", "LoginProfile", "LoginProfileExists", "LoginProfileNotFound", "WrongPassword",
           "change_password", "create_login_profile", "delete_login_profile", "get_login_profile",
           "update_login_profile"]  # fmt: skip

_SALT_BYTES = 16


class LoginProfile(msgspec.Struct, frozen=True, kw_only=True):
    """A user's password. Key: (account, "", lower-case user name). `former` are the hashes of earlier ones."""

    user: str
    created: float
    salt: bytes
    digest: bytes
    changed: float
    reset_required: bool = False
    former: tuple[bytes, ...] = ()


LOGIN_PROFILE = Kind("iam.login-profile", LoginProfile)


class LoginProfileExists(EntityAlreadyExists):
    """https://docs.aws.amazon.com/IAM/latest/APIReference/API_CreateLoginProfile.html."""

    message = "Login Profile for user {name} already exists."


class LoginProfileNotFound(NoSuchEntity):
    """https://docs.aws.amazon.com/IAM/latest/APIReference/API_GetLoginProfile.html."""

    message = "Login Profile for User {name} cannot be found."


class WrongPassword(AwsError):
    """The old password is not right.

    https://docs.aws.amazon.com/IAM/latest/APIReference/API_ChangePassword.html
    """

    code = "AccessDenied"
    message = "The old password was incorrect."
    status = 403


@operation("iam:CreateLoginProfile")
def create_login_profile(call: Call, world: World) -> Mapping[str, Any]:
    """Give a user a password.

    https://docs.aws.amazon.com/IAM/latest/APIReference/API_CreateLoginProfile.html
    """
    user = user_asked(call, world)
    if world.find(LOGIN_PROFILE, call.account, "", user.name.lower()) is not None:
        raise LoginProfileExists(name=user.name)
    password = call.params.get("Password", "")
    check_password(password_policy_of(call, world), password)
    salt = world.chance.bytes(_SALT_BYTES)
    profile = LoginProfile(
        user=user.name,
        created=call.now,
        salt=salt,
        digest=_digest(salt, password),
        changed=call.now,
        reset_required=call.params.get("PasswordResetRequired", False),
    )
    world.put(LOGIN_PROFILE, call.account, "", user.name.lower(), profile)
    return {"LoginProfile": _shown(profile)}


@operation("iam:GetLoginProfile")
def get_login_profile(call: Call, world: World) -> Mapping[str, Any]:
    """Show that, and since when, a user has a password.

    https://docs.aws.amazon.com/IAM/latest/APIReference/API_GetLoginProfile.html
    """
    return {"LoginProfile": _shown(_profile(call, world, user_asked(call, world).name))}


@operation("iam:UpdateLoginProfile")
def update_login_profile(call: Call, world: World) -> None:
    """Set another password, or demand that the user does at the next sign-in.

    https://docs.aws.amazon.com/IAM/latest/APIReference/API_UpdateLoginProfile.html
    """
    user = user_named(call, world, call.params["UserName"])
    profile = _profile(call, world, user.name)
    if "Password" in call.params:
        profile = _with_password(call, world, profile, call.params["Password"])
    demanded = call.params.get("PasswordResetRequired", profile.reset_required)
    changed = msgspec.structs.replace(profile, reset_required=demanded)
    world.put(LOGIN_PROFILE, call.account, "", user.name.lower(), changed)


@operation("iam:DeleteLoginProfile")
def delete_login_profile(call: Call, world: World) -> None:
    """Take a user's password away; access keys stay.

    https://docs.aws.amazon.com/IAM/latest/APIReference/API_DeleteLoginProfile.html
    """
    user = user_asked(call, world)
    _profile(call, world, user.name)
    world.delete(LOGIN_PROFILE, call.account, "", user.name.lower())


@operation("iam:ChangePassword")
def change_password(call: Call, world: World) -> None:
    """Let the calling user change the own password.

    https://docs.aws.amazon.com/IAM/latest/APIReference/API_ChangePassword.html
    """
    user = user_asked(call, world)
    profile = _profile(call, world, user.name)
    if not hmac.compare_digest(_digest(profile.salt, call.params["OldPassword"]), profile.digest):
        raise WrongPassword
    changed = _with_password(call, world, profile, call.params["NewPassword"])
    world.put(
        LOGIN_PROFILE, call.account, "", user.name.lower(), msgspec.structs.replace(changed, reset_required=False)
    )


def _profile(call: Call, world: World, name: str) -> LoginProfile:
    profile = world.find(LOGIN_PROFILE, call.account, "", name.lower())
    if profile is None:
        raise LoginProfileNotFound(name=name)
    return profile


def _with_password(call: Call, world: World, profile: LoginProfile, password: str) -> LoginProfile:
    policy = password_policy_of(call, world)
    digest = _digest(profile.salt, password)
    former = (profile.digest, *profile.former)
    check_password(policy, password, reused=digest in former[: policy.reuse_prevention or 0])
    return msgspec.structs.replace(
        profile, digest=digest, changed=call.now, former=former[: policy.reuse_prevention or 0]
    )


def _digest(salt: bytes, password: str) -> bytes:
    return hashlib.scrypt(password.encode(), salt=salt, n=2**14, r=8, p=1)


def _shown(profile: LoginProfile) -> dict[str, Any]:
    return {
        "UserName": profile.user,
        "CreateDate": profile.created,
        "PasswordResetRequired": profile.reset_required,
    }
