"""How much of everything an account and an entity may have.

https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html
"""

from typing import TypeVar
from weakref import WeakKeyDictionary

import msgspec

from trailwarden.services.iam.errors import QuotaExceeded
from trailwarden.services.world import World
from trailwarden.storage.ports import Kind, Storage

__all__ = ["ACCESS_KEYS_PER_USER", "ATTACHED", "GROUPS_PER_USER", "INLINE_SIZE", "PER_ACCOUNT", "TAGS",
           "TRUST_SIZE", "VERSIONS", "check_account_quota"]  # fmt: skip

T = TypeVar("T", bound=msgspec.Struct)

PER_ACCOUNT = {"Users": 5000, "Groups": 300, "Roles": 1000, "Policies": 1500, "InstanceProfiles": 1000}
ATTACHED = {"User": 10, "Group": 10, "Role": 10}
"""Managed policies attached to one entity."""
INLINE_SIZE = {"User": 2048, "Group": 5120, "Role": 10240}
"""Characters of all inline policies of one entity, white space left out."""
POLICY_SIZE = 6144
TRUST_SIZE = 2048
VERSIONS = 5
TAGS = 50
ACCESS_KEYS_PER_USER = 2
GROUPS_PER_USER = 10


_COUNTED: "WeakKeyDictionary[Storage, dict[tuple[str, str], tuple[int, int]]]" = WeakKeyDictionary()
"""By kind and account: how many there were, and the store's change number before they were counted."""

_MOST_COUNTED = 50_000


def check_account_quota(world: World, kind: Kind[T], account: str, noun: str) -> None:
    """Raise QuotaExceeded where the account has as many as it may.

    Looks at the committed state outside the call's transaction: two creations at the same moment shall not exclude
    one another. Counts again only where as many changes as there was room for have been made since the last count, so
    that a creation does not cost the size of the account.
    """
    limit, storage = PER_ACCOUNT[noun], world.storage
    counted = _COUNTED.setdefault(storage, {})
    count, change = counted.get((kind.name, account), (limit, 0))
    now = storage.change()
    if count + now - change < limit:
        return
    count = len(storage.begin().list(kind, account, "", limit=limit))
    if len(counted) >= _MOST_COUNTED:
        counted.clear()
    counted[kind.name, account] = (count, now)
    if count >= limit:
        raise QuotaExceeded(quota=f"{noun}PerAccount", limit=limit)
