"""Pages by Marker and MaxItems.

https://docs.aws.amazon.com/IAM/latest/APIReference/API_ListUsers.html (Marker, MaxItems)
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Any, Generic, TypeVar

import msgspec

from trailwarden.errors import ValidationException
from trailwarden.services.call import Call
from trailwarden.services.paging import NotOurs, behind, cut, place_of
from trailwarden.services.world import World
from trailwarden.storage.ports import Kind

__all__ = ["Page", "page", "page_of_documents", "page_read"]

T = TypeVar("T")
S = TypeVar("S", bound=msgspec.Struct)

_SIZE = 100


@dataclass(frozen=True, slots=True)
class Page(Generic[T]):
    """Some items, and what the answer says of the rest."""

    items: list[T]
    rest: Mapping[str, Any]


def page(call: Call, items: Sequence[T], key: Callable[[T], str]) -> Page[T]:
    """The page that the call asks for, in order of `key`."""
    return _cut(behind(items, _position(call), key), call.params.get("MaxItems", _SIZE), key)


def page_read(call: Call, read: Callable[[str, int], Iterator[T]], key: Callable[[T], str]) -> Page[T]:
    """The page that the call asks for of what `read` gives, in order of `key`, behind a position; no more is drawn from it.

    The count it is told is that of one page and an item, which tells whether anything follows.
    """
    count = call.params.get("MaxItems", _SIZE) + 1
    return _cut(list(islice(read(_position(call), count), count)), count - 1, key)


def page_of_documents(
    call: Call, world: World, kind: Kind[S], keep: Callable[[S], bool], *, name: Callable[[S], str]
) -> Page[S]:
    """The page of the account's documents of a kind; reads no more than it needs."""
    size = call.params.get("MaxItems", _SIZE)
    after = _position(call)
    found: list[S] = []
    while len(found) <= size:
        read = world.list(kind, call.account, "", after=after, limit=size + 1)
        found.extend(document.body for document in read if keep(document.body))
        if len(read) <= size:
            break
        after = read[-1].name
    return _cut(found, size, name)


def _cut(items: list[T], size: int, key: Callable[[T], str]) -> Page[T]:
    here = cut(items, size, key)
    return Page(here.items, {"IsTruncated": True, "Marker": here.rest} if here.rest else {"IsTruncated": False})


def _position(call: Call) -> str:
    """The position that the Marker holds, "" for the first page; ValidationException for a marker we did not give."""
    try:
        return place_of(call.params.get("Marker") or "")
    except NotOurs:
        raise ValidationException(reason="Invalid Marker.") from None
