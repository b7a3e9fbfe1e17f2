"""The account's password policy.

https://docs.aws.amazon.com/IAM/latest/UserGuide/id_credentials_passwords_account-policy.html
"""

from collections.abc import Mapping
from typing import Any

import msgspec

from trailwarden.errors import AwsError
from trailwarden.services.call import Call
from trailwarden.services.iam.errors import NoSuchEntity
from trailwarden.services.registry import operation
from trailwarden.services.world import World
from trailwarden.storage.ports import Kind

__all__ = ["PASSWORD_POLICY", "PasswordPolicy", "PasswordPolicyNotFound", "PasswordPolicyViolation", "check_password",
           "delete_account_password_policy", "get_account_password_policy", "password_policy_of",
           "update_account_password_policy"]  # fmt: skip

_SYMBOLS = "!@#$%^&*()_+-=[]{}|'"
_LONGEST = 128


class PasswordPolicy(msgspec.Struct, frozen=True, kw_only=True):
    """What passwords must be like. Key: (account, "", "default"). The defaults are UpdateAccountPasswordPolicy's.

    https://docs.aws.amazon.com/IAM/latest/APIReference/API_UpdateAccountPasswordPolicy.html
    """

    minimum_length: int = 6
    symbols: bool = False
    numbers: bool = False
    uppercase: bool = False
    lowercase: bool = False
    users_may_change: bool = False
    maximum_age: int = 0
    reuse_prevention: int | None = None
    hard_expiry: bool = False


PASSWORD_POLICY = Kind("iam.password-policy", PasswordPolicy)

_WITHOUT_POLICY = PasswordPolicy(minimum_length=8, users_may_change=True)
"""What holds in an account that has set no policy of its own."""


class PasswordPolicyNotFound(NoSuchEntity):
    """https://docs.aws.amazon.com/IAM/latest/APIReference/API_GetAccountPasswordPolicy.html."""

    message = "The Password Policy with domain name {account} cannot be found."


class PasswordPolicyViolation(AwsError):
    """https://docs.aws.amazon.com/IAM/latest/APIReference/API_CreateLoginProfile.html."""

    code = "PasswordPolicyViolation"
    message = "Password does not conform to the account password policy."


@operation("iam:UpdateAccountPasswordPolicy")
def update_account_password_policy(call: Call, world: World) -> None:
    """Set the policy; members not given return to their defaults.

    https://docs.aws.amazon.com/IAM/latest/APIReference/API_UpdateAccountPasswordPolicy.html
    """
    asked = call.params
    given = {field: asked[member] for field, member in _MEMBERS.items() if member in asked}
    world.put(PASSWORD_POLICY, call.account, "", "default", PasswordPolicy(**given))


@operation("iam:GetAccountPasswordPolicy")
def get_account_password_policy(call: Call, world: World) -> Mapping[str, Any]:
    """Show the account's policy.

    https://docs.aws.amazon.com/IAM/latest/APIReference/API_GetAccountPasswordPolicy.html
    """
    policy = _own(call, world)
    shown = {member: getattr(policy, field) for field, member in _MEMBERS.items()}
    shown["ExpirePasswords"] = policy.maximum_age > 0
    if not policy.maximum_age:
        del shown["MaxPasswordAge"]
    if policy.reuse_prevention is None:
        del shown["PasswordReusePrevention"]
    return {"PasswordPolicy": shown}


@operation("iam:DeleteAccountPasswordPolicy")
def delete_account_password_policy(call: Call, world: World) -> None:
    """Return to the policy of an account without one.

    https://docs.aws.amazon.com/IAM/latest/APIReference/API_DeleteAccountPasswordPolicy.html
    """
    _own(call, world)
    world.delete(PASSWORD_POLICY, call.account, "", "default")


_MEMBERS = {
    "minimum_length": "MinimumPasswordLength",
    "symbols": "RequireSymbols",
    "numbers": "RequireNumbers",
    "uppercase": "RequireUppercaseCharacters",
    "lowercase": "RequireLowercaseCharacters",
    "users_may_change": "AllowUsersToChangePassword",
    "maximum_age": "MaxPasswordAge",
    "reuse_prevention": "PasswordReusePrevention",
    "hard_expiry": "HardExpiry",
}


def _own(call: Call, world: World) -> PasswordPolicy:
    policy = world.find(PASSWORD_POLICY, call.account, "", "default")
    if policy is None:
        raise PasswordPolicyNotFound(account=call.account)
    return policy


def password_policy_of(call: Call, world: World) -> PasswordPolicy:
    """The policy in force."""
    return world.find(PASSWORD_POLICY, call.account, "", "default") or _WITHOUT_POLICY


def check_password(policy: PasswordPolicy, password: str, *, reused: bool = False) -> None:
    """PasswordPolicyViolation unless the password is as the policy wants."""
    wants = (
        (True, policy.minimum_length <= len(password) <= _LONGEST),
        (True, not reused),
        (policy.symbols, any(char in _SYMBOLS for char in password)),
        (policy.numbers, any(char.isdecimal() for char in password)),
        (policy.uppercase, any(char.isupper() for char in password)),
        (policy.lowercase, any(char.islower() for char in password)),
    )
    if not all(met for wanted, met in wants if wanted):
        raise PasswordPolicyViolation
