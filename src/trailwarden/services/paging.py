"""Pages of a list that has an order: what a client hands back names the last item it was given.

Each service's own `paging` says which members carry the token and the size, and what a token of others raises.
"""

import base64
import binascii
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from trailwarden.errors import AwsError
from trailwarden.services.call import Call

__all__ = ["Cut", "NotOurs", "Pages", "behind", "cut", "offset_of", "place_of", "token_of"]

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
        given = int(place_of(token) or 0)
    except ValueError:
        raise NotOurs from None
    if given < 0:
        raise NotOurs
    return given


def behind(items: Iterable[T], after: str, key: Callable[[T], str]) -> list[T]:
    """The items behind a place, in order."""
    return sorted((item for item in items if key(item) > after), key=key)


def cut(items: list[T], size: int, key: Callable[[T], str]) -> Cut[T]:
    """The first `size` of what is left."""
    here = items[:size]
    return Cut(here, token_of(key(here[-1])) if len(items) > size else "")


@dataclass(frozen=True, slots=True, kw_only=True)
class Pages:
    """How a service pages: the member that a token is `carried` in, that of the size, the size else, and the error."""

    carried: str
    limit: str
    size: int
    foreign: Callable[[], AwsError]

    def position(self, call: Call) -> str:
        """The place that the call's token names, "" for the first page. Raises what `foreign` makes."""
        try:
            return place_of(call.params.get(self.carried) or "")
        except NotOurs:
            raise self.foreign() from None

    def page(
        self, call: Call, member: str, items: Sequence[T], *, key: Callable[[T], str], shown: Callable[[T], Any]
    ) -> Mapping[str, Any]:
        """The page that the call asks for under the output's `member`, in order of `key`. Raises what `foreign` makes."""
        here = cut(behind(items, self.position(call), key), call.params.get(self.limit) or self.size, key)
        return {member: [shown(item) for item in here.items], **({self.carried: here.rest} if here.rest else {})}
