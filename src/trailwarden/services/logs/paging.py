"""Pages by nextToken and limit.

https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_DescribeLogGroups.html (nextToken, limit)
"""

import base64
import binascii
from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeVar

from trailwarden.services.call import Call
from trailwarden.services.logs.errors import InvalidParameterException

__all__ = ["page", "position", "token"]

T = TypeVar("T")

_SIZE = 50


def page(
    call: Call, member: str, items: Sequence[T], *, key: Callable[[T], str], shown: Callable[[T], Any]
) -> Mapping[str, Any]:
    """The page that the call asks for under the output's `member`, in order of `key`. InvalidParameterException."""
    after = position(call)
    behind = sorted((item for item in items if key(item) > after), key=key)
    size = call.params.get("limit") or _SIZE
    answer: dict[str, Any] = {member: [shown(item) for item in behind[:size]]}
    if len(behind) > size:
        answer["nextToken"] = token(key(behind[size - 1]))
    return answer


def token(place: str) -> str:
    """What a client hands back to go on behind a place."""
    return base64.urlsafe_b64encode(place.encode()).decode()


def position(call: Call) -> str:
    """The place that nextToken names, "" for the first page. InvalidParameterException."""
    given = call.params.get("nextToken")
    if not given:
        return ""
    try:
        return base64.b64decode(given, altchars=b"-_", validate=True).decode()
    except (binascii.Error, UnicodeError, ValueError):
        raise InvalidParameterException(reason="The specified nextToken is invalid.") from None
