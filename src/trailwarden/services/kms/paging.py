"""Pages by Marker and Limit.

https://docs.aws.amazon.com/kms/latest/APIReference/API_ListKeys.html (Limit, Marker)
"""

import base64
import binascii
from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeVar

from trailwarden.errors import AwsError
from trailwarden.services.call import Call

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
    after = _position(call.params.get("Marker") or "")
    behind = sorted((item for item in items if key(item) > after), key=key)
    size = call.params.get("Limit") or size
    here = behind[:size]
    answer: dict[str, Any] = {member: [shown(item) for item in here], "Truncated": len(behind) > size}
    if len(behind) > size:
        answer["NextMarker"] = base64.b64encode(key(here[-1]).encode()).decode()
    return answer


def _position(marker: str) -> str:
    try:
        return base64.b64decode(marker, validate=True).decode()
    except (binascii.Error, UnicodeError, ValueError):
        raise InvalidMarkerException from None
