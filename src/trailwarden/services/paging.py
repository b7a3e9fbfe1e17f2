"""Pages of a list that has an order: what a client hands back names the last item it was given.

Each service's own `paging` says which members carry the token and the size, and what a token of others raises.
"""

import base64
import binascii
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Generic, TypeVar

__all__ = ["Cut", "NotOurs", "behind", "cut", "offset_of", "place_of", "token_of"]

T = TypeVar("T")


class NotOurs(Exception):
    """The token is none that an answer gave."""


@dataclass(frozen=True, slots=True)
class Cut(Generic[T]):
    """The items of one page; `rest` is the token behind them, "" where nothing is left."""

    items: list[T]
    rest: str


def token_of(place: str) -> str:
    """What a client hands back to go on behind a place."""
    return base64.urlsafe_b64encode(place.encode()).decode()


def place_of(token: str) -> str:
    """The place that a token names, "" for the first page. Raises NotOurs."""
    try:
        return base64.b64decode(token, altchars=b"-_", validate=True).decode()
    except (binascii.Error, UnicodeError, ValueError):
        raise NotOurs from None


def offset_of(token: str) -> int:
    """The number of items that a token says have been given already. Raises NotOurs."""
    try:
        return int(place_of(token) or 0)
    except ValueError:
        raise NotOurs from None


def behind(items: Iterable[T], after: str, key: Callable[[T], str]) -> list[T]:
    """The items behind a place, in order."""
    return sorted((item for item in items if key(item) > after), key=key)


def cut(items: list[T], size: int, key: Callable[[T], str]) -> Cut[T]:
    """The first `size` of what is left."""
    here = items[:size]
    return Cut(here, token_of(key(here[-1])) if len(items) > size else "")
