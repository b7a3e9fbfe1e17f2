"""Pages by nextToken and limit.

https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_DescribeLogGroups.html (nextToken, limit)
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeVar

from trailwarden.services.call import Call
from trailwarden.services.logs.errors import InvalidParameterException
from trailwarden.services.paging import NotOurs, behind, cut, place_of

__all__ = ["page", "position"]

T = TypeVar("T")

_SIZE = 50


def page(
    call: Call, member: str, items: Sequence[T], *, key: Callable[[T], str], shown: Callable[[T], Any]
) -> Mapping[str, Any]:
    """The page that the call asks for under the output's `member`, in order of `key`. InvalidParameterException."""
    here = cut(behind(items, position(call), key), call.params.get("limit") or _SIZE, key)
    return {member: [shown(item) for item in here.items], **({"nextToken": here.rest} if here.rest else {})}


def position(call: Call) -> str:
    """The place that nextToken names, "" for the first page. InvalidParameterException."""
    try:
        return place_of(call.params.get("nextToken") or "")
    except NotOurs:
        raise InvalidParameterException(reason="The specified nextToken is invalid.") from None
