"""Pages by NextToken and MaxResults, where they are long.

https://docs.aws.amazon.com/awscloudtrail/latest/APIReference/API_ListEventDataStores.html (NextToken, MaxResults)
"""

import base64
import binascii
from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeVar

from trailwarden.services.call import Call
from trailwarden.services.cloudtrail.history import InvalidNextTokenException

__all__ = ["page"]

T = TypeVar("T")

_SIZE = 1_000


def page(
    call: Call, member: str, items: Sequence[T], *, key: Callable[[T], str], shown: Callable[[T], Any]
) -> Mapping[str, Any]:
    """The page that the call asks for under the output's `member`, in order of `key`. InvalidNextTokenException."""
    after = _position(call.params.get("NextToken") or "")
    behind = sorted((item for item in items if key(item) > after), key=key)
    size = call.params.get("MaxResults") or _SIZE
    here = behind[:size]
    answer: dict[str, Any] = {member: [shown(item) for item in here]}
    if len(behind) > size:
        answer["NextToken"] = base64.b64encode(key(here[-1]).encode()).decode()
    return answer


def _position(token: str) -> str:
    try:
        return base64.b64decode(token, validate=True).decode()
    except (binascii.Error, UnicodeError, ValueError):
        raise InvalidNextTokenException from None
