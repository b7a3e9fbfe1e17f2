"""Documents and events to store."""

import itertools
from typing import Any

import msgspec

from trailwarden.storage import Document, Entry, Kind, Storage, Transaction


class User(msgspec.Struct, frozen=True):
    name: str
    tags: tuple[tuple[str, str], ...] = ()
    key: bytes = b""


class Thing(msgspec.Struct, frozen=True):
    size: int


USER = Kind("test.user", User)
THING = Kind("test.thing", Thing)
ACCOUNT = "123456789012"
OTHER = "111122223333"
REGION = "eu-west-1"

_numbers = itertools.count(1)


def entry(**given: Any) -> Entry:
    facts: dict[str, Any] = {
        "event_id": f"event-{next(_numbers)}",
        "time": 1_700_000_000.25,
        "account": ACCOUNT,
        "region": REGION,
        "category": "Management",
        "source": "iam.amazonaws.com",
        "name": "GetUser",
        "read_only": True,
        "record": b'{"eventVersion":"1.11"}',
    }
    return Entry(**(facts | given))


def commit(storage: Storage, transaction: Transaction) -> None:
    storage.commit(transaction).result(timeout=20)


def put(storage: Storage, *names: str, account: str = ACCOUNT, region: str = "") -> None:
    transaction = storage.begin()
    for name in names:
        transaction.put(USER, account, region, name, User(name))
    commit(storage, transaction)


def get(storage: Storage, name: str, account: str = ACCOUNT, region: str = "") -> Document[User] | None:
    return storage.begin().get(USER, account, region, name)


def names(documents: Any) -> list[str]:
    return [document.name for document in documents]
