"""Pages by Marker and Limit.

https://docs.aws.amazon.com/kms/latest/APIReference/API_ListKeys.html (Limit, Marker)
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeVar

from trailwarden.errors import AwsError
from trailwarden.services.call import Call
from trailwarden.services.paging import NotOurs, behind, cut, place_of

__all__ = ["InvalidMarkerException", "page"]

T = TypeVar("T")


class InvalidMarkerException(AwsError):
    """The marker is none that an answer gave.

    https://docs.aws.amazon.com/kms/latest/APIReference/API_ListKeys.html
    """

    message = "Invalid marker."


def page(
    call: Call,
    member: str,
    items: Sequence[T],
    *,
    key: Callable[[T], str],
    shown: Callable[[T], Any],
    size: int = 50,
) -> Mapping[str, Any]:
    """The page that the call asks for under the output's `member`, in order of `key`. InvalidMarkerException."""
    try:
        after = place_of(call.params.get("Marker") or "")
    except NotOurs:
        raise InvalidMarkerException from None
    here = cut(behind(items, after, key), call.params.get("Limit") or size, key)
    answer: dict[str, Any] = {member: [shown(item) for item in here.items], "Truncated": bool(here.rest)}
    return {**answer, **({"NextMarker": here.rest} if here.rest else {})}
