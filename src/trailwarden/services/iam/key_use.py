"""When access keys were last used, from this server's own events.

https://docs.aws.amazon.com/IAM/latest/APIReference/API_AccessKeyLastUsed.html
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace

from trailwarden.auth.identities import AccessKey
from trailwarden.services.iam.last_accessed import EVENTS_PER_REGION, TRACKED, namespace_of
from trailwarden.services.world import World
from trailwarden.storage.ports import Entry, Lookup

__all__ = ["KeyUse", "Using", "last_use", "uses_of"]

_CATEGORIES = ("Management", "Data")
_ONE_BY_ONE = 200
"""Up to so many keys each one is looked up; past that the newest events of each Region tell."""


@dataclass(frozen=True, slots=True, kw_only=True)
class KeyUse:
    """One use of a key."""

    time: float
    service: str
    region: str


Using = Callable[[AccessKey], KeyUse | None]
"""A key's last use, None where there was none."""


def last_use(world: World, key: AccessKey) -> KeyUse | None:
    """The last use of one key within the time that is tracked."""
    found = (
        world.storage.journal.lookup(replace(question, attribute="AccessKeyId", value=key.id, limit=1))
        for question in _questions(world, key.account)
    )
    return max((_use(entry) for entries in found for _, entry in entries), key=lambda use: use.time, default=None)


def uses_of(world: World, account: str, keys: Iterable[AccessKey]) -> Using:
    """The last uses of many keys of an account."""
    if len(list(keys)) <= _ONE_BY_ONE:
        return lambda key: last_use(world, key)
    known: Mapping[str, KeyUse] = _newest(world, account)
    return lambda key: known.get(key.id)


def _newest(world: World, account: str) -> dict[str, KeyUse]:
    uses: dict[str, KeyUse] = {}
    for question in _questions(world, account):
        for _, entry in world.storage.journal.lookup(question):
            use, standing = _use(entry), uses.get(entry.access_key)
            if standing is None or standing.time < use.time:
                uses[entry.access_key] = use
    return uses


def _questions(world: World, account: str) -> Iterator[Lookup]:
    for region in world.settings.regions:
        for category in _CATEGORIES:
            yield Lookup(
                account=account,
                region=region,
                start=world.now - TRACKED,
                end=world.now,
                limit=EVENTS_PER_REGION,
                category=category,
            )


def _use(entry: Entry) -> KeyUse:
    return KeyUse(time=entry.time, service=namespace_of(entry.source), region=entry.region)
