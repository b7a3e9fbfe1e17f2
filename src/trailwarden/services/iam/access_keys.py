"""Long-term access keys of users and of the root user.

https://docs.aws.amazon.com/IAM/latest/UserGuide/id_credentials_access-keys.html
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import msgspec

from trailwarden.auth.identities import ACCESS_KEY, USER, AccessKey, User
from trailwarden.policy.request import PrincipalKind
from trailwarden.services.accounts import new_access_key
from trailwarden.services.call import Call
from trailwarden.services.iam.errors import NoSuchEntity, QuotaExceeded
from trailwarden.services.iam.finding import keep_user, user_asked
from trailwarden.services.iam.key_use import last_use
from trailwarden.services.iam.paging import page
from trailwarden.services.iam.quotas import ACCESS_KEYS_PER_USER
from trailwarden.services.registry import operation
from trailwarden.services.world import World

__all__ = ["AccessKeyNotFound", "create_access_key", "delete_access_key", "get_access_key_last_used",
           "list_access_keys", "update_access_key"]  # fmt: skip


class AccessKeyNotFound(NoSuchEntity):
    """https://docs.aws.amazon.com/IAM/latest/APIReference/API_UpdateAccessKey.html."""

    message = "The Access Key with id {id} cannot be found."


@dataclass(frozen=True, slots=True)
class Owner:
    """Whose keys are meant: a user, or the account's root user (`user` is None)."""

    user: User | None
    key_ids: tuple[str, ...]

    @property
    def name(self) -> str:
        """As keys keep it: the lower-case user name, "" for root."""
        return self.user.name.lower() if self.user else ""

    @property
    def shown(self) -> dict[str, str]:
        """The UserName member, none for root."""
        return {"UserName": self.user.name} if self.user else {}


@operation("iam:CreateAccessKey")
def create_access_key(call: Call, world: World) -> Mapping[str, Any]:
    """Create a key for a user, by default for the caller; its secret is shown this once.

    https://docs.aws.amazon.com/IAM/latest/APIReference/API_CreateAccessKey.html
    """
    owner = _owner(call, world)
    if len(owner.key_ids) >= ACCESS_KEYS_PER_USER:
        raise QuotaExceeded(quota="AccessKeysPerUser", limit=ACCESS_KEYS_PER_USER)
    key, secret = new_access_key(call.account, owner.name, vault=world.vault, chance=world.chance, now=call.now)
    world.put(ACCESS_KEY, "", "", key.id, key)
    if owner.user is not None:
        keep_user(call, world, msgspec.structs.replace(owner.user, access_keys=(*owner.key_ids, key.id)))
    return {
        "AccessKey": {
            "UserName": owner.user.name if owner.user else call.account,
            "AccessKeyId": key.id,
            "Status": key.status,
            "SecretAccessKey": secret,
            "CreateDate": key.created,
        }
    }


@operation("iam:ListAccessKeys")
def list_access_keys(call: Call, world: World) -> Mapping[str, Any]:
    """List a user's keys, by default the caller's.

    https://docs.aws.amazon.com/IAM/latest/APIReference/API_ListAccessKeys.html
    """
    owner = _owner(call, world)
    shown = page(call, owner.key_ids, str)
    keys = [key for key_id in shown.items if (key := world.find(ACCESS_KEY, "", "", key_id)) is not None]
    return {
        "AccessKeyMetadata": [
            {**owner.shown, "AccessKeyId": key.id, "Status": key.status, "CreateDate": key.created} for key in keys
        ],
        **shown.rest,
    }


@operation("iam:UpdateAccessKey")
def update_access_key(call: Call, world: World) -> None:
    """Switch a key on or off.

    https://docs.aws.amazon.com/IAM/latest/APIReference/API_UpdateAccessKey.html
    """
    key = _key(world, _owner(call, world), call.params["AccessKeyId"])
    world.put(ACCESS_KEY, "", "", key.id, msgspec.structs.replace(key, status=call.params["Status"]))


@operation("iam:DeleteAccessKey")
def delete_access_key(call: Call, world: World) -> None:
    """Delete a key for good.

    https://docs.aws.amazon.com/IAM/latest/APIReference/API_DeleteAccessKey.html
    """
    owner = _owner(call, world)
    key = _key(world, owner, call.params["AccessKeyId"])
    world.delete(ACCESS_KEY, "", "", key.id)
    if owner.user is not None:
        left = tuple(key_id for key_id in owner.key_ids if key_id != key.id)
        keep_user(call, world, msgspec.structs.replace(owner.user, access_keys=left))


@operation("iam:GetAccessKeyLastUsed")
def get_access_key_last_used(call: Call, world: World) -> Mapping[str, Any]:
    """When, in which Region and for which service a key was last used; N/A where it never was.

    https://docs.aws.amazon.com/IAM/latest/APIReference/API_GetAccessKeyLastUsed.html
    """
    key = world.find(ACCESS_KEY, "", "", call.params["AccessKeyId"])
    if key is None or key.account != call.account:
        raise AccessKeyNotFound(id=call.params["AccessKeyId"])
    use = last_use(world, key)
    used: dict[str, Any] = {"Region": use.region if use else "N/A", "ServiceName": use.service if use else "N/A"}
    if use is not None:
        used["LastUsedDate"] = use.time
    user = world.find(USER, key.account, "", key.user) if key.user else None
    return {"UserName": user.name if user else key.account, "AccessKeyLastUsed": used}


def _owner(call: Call, world: World) -> Owner:
    if "UserName" not in call.params and call.caller.principal.kind is PrincipalKind.ROOT:
        keys = (document.body for document in world.list(ACCESS_KEY, "", ""))
        return Owner(None, tuple(key.id for key in keys if key.account == call.account and not key.user))
    user = user_asked(call, world)
    return Owner(user, user.access_keys)


def _key(world: World, owner: Owner, key_id: str) -> AccessKey:
    key = world.find(ACCESS_KEY, "", "", key_id) if key_id in owner.key_ids else None
    if key is None:
        raise AccessKeyNotFound(id=key_id)
    return key
