"""Pages by nextToken and maxResults.

https://docs.aws.amazon.com/access-analyzer/latest/APIReference/API_ListFindings.html (nextToken, maxResults)
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeVar

from trailwarden.services.accessanalyzer.errors import NotValid
from trailwarden.services.call import Call
from trailwarden.services.paging import NotOurs, offset_of, token_of

__all__ = ["page"]

T = TypeVar("T")

_SIZE = 100


def page(call: Call, member: str, items: Sequence[T], shown: Callable[[T], Any]) -> Mapping[str, Any]:
    """The page that the call asks for under the output's `member`, in the order given. NotValid for a foreign token."""
    try:
        start = offset_of(call.params.get("nextToken") or "")
    except NotOurs:
        raise NotValid(reason="Invalid token") from None
    size = call.params.get("maxResults") or _SIZE
    answer: dict[str, Any] = {member: [shown(item) for item in items[start : start + size]]}
    if len(items) > start + size:
        answer["nextToken"] = token_of(str(start + size))
    return answer
