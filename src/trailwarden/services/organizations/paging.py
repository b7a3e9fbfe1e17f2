"""Pages by NextToken and MaxResults.

https://docs.aws.amazon.com/organizations/latest/APIReference/API_ListAccounts.html (NextToken, MaxResults)
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeVar

from trailwarden.services.call import Call
from trailwarden.services.organizations.errors import InvalidInputException
from trailwarden.services.paging import NotOurs, behind, cut, place_of

__all__ = ["page"]

T = TypeVar("T")

_SIZE = 20


def page(
    call: Call, member: str, items: Sequence[T], *, key: Callable[[T], str], shown: Callable[[T], Any]
) -> Mapping[str, Any]:
    """The page that the call asks for under the output's `member`, in order of `key`. InvalidInputException."""
    try:
        after = place_of(call.params.get("NextToken") or "")
    except NotOurs:
        raise InvalidInputException("INVALID_NEXT_TOKEN") from None
    here = cut(behind(items, after, key), call.params.get("MaxResults") or _SIZE, key)
    return {member: [shown(item) for item in here.items], **({"NextToken": here.rest} if here.rest else {})}
