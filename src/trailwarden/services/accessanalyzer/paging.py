"""Pages by nextToken and maxResults.

https://docs.aws.amazon.com/access-analyzer/latest/APIReference/API_ListFindings.html (nextToken, maxResults)
"""

import base64
import binascii
from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeVar

from trailwarden.services.accessanalyzer.errors import NotValid
from trailwarden.services.call import Call

__all__ = ["page"]

T = TypeVar("T")

_SIZE = 100


def page(call: Call, member: str, items: Sequence[T], shown: Callable[[T], Any]) -> Mapping[str, Any]:
    """The page that the call asks for under the output's `member`, in the order given. NotValid for a foreign token."""
    start = _position(call.params.get("nextToken") or "")
    size = call.params.get("maxResults") or _SIZE
    answer: dict[str, Any] = {member: [shown(item) for item in items[start : start + size]]}
    if len(items) > start + size:
        answer["nextToken"] = base64.b64encode(str(start + size).encode()).decode()
    return answer


def _position(token: str) -> int:
    try:
        text = base64.b64decode(token, validate=True).decode()
        return int(text or 0)
    except (binascii.Error, UnicodeError, ValueError):
        raise NotValid(reason="Invalid token") from None
