"""Byte ranges of a read.

https://docs.aws.amazon.com/AmazonS3/latest/API/API_GetObject.html (Range, partNumber)
"""

import re
from dataclasses import dataclass

from trailwarden.errors import AwsError
from trailwarden.services.s3.errors import InvalidRequest
from trailwarden.services.s3.stored import Part, Stored

__all__ = ["Cut", "cut_of"]

_RANGE = re.compile(r"bytes\s*=\s*(?P<first>[0-9]*)\s*-\s*(?P<last>[0-9]*)\s*\Z")
_DIGITS_MAX = 18


class InvalidRange(AwsError):
    """The range lies behind the object's end."""

    message = "The requested range is not satisfiable"
    status = 416


class InvalidPartNumber(AwsError):
    """The object has no such part."""

    message = "The requested partnumber is not satisfiable"
    status = 416


@dataclass(frozen=True, slots=True, kw_only=True)
class Cut:
    """Which bytes are asked for, `end` exclusive; `part` where a part number asked."""

    start: int
    end: int
    partial: bool
    part: Part | None = None

    def header(self, size: int) -> str:
        """Content-Range."""
        return f"bytes {self.start}-{self.end - 1}/{size}"


def cut_of(stored: Stored, asked: str | None, number: int | None) -> Cut:
    """What a Range header or a part number takes of an object; a malformed Range is passed over (RFC 9110, 14.2).

    InvalidRange, InvalidPartNumber, InvalidRequest where both are given.
    """
    if asked is not None and number is not None:
        raise InvalidRequest(reason="Cannot specify both Range header and partNumber query parameter")
    if number is not None:
        return _part_cut(stored, number)
    whole = Cut(start=0, end=stored.size, partial=False)
    match = _RANGE.match(asked) if asked is not None else None
    if asked is None or match is None:
        return whole
    first, last = match["first"][:_DIGITS_MAX], match["last"][:_DIGITS_MAX]
    if not first and not last:
        return whole
    if first and last and int(last) < int(first):
        return whole
    start = int(first) if first else max(0, stored.size - int(last))
    end = min(stored.size, int(last) + 1) if first and last else stored.size
    if start >= end:
        raise InvalidRange(members={"RangeRequested": asked, "ActualObjectSize": stored.size})
    return Cut(start=start, end=end, partial=True)


def _part_cut(stored: Stored, number: int) -> Cut:
    count = len(stored.parts) or 1
    if not 1 <= number <= count:
        raise InvalidPartNumber(members={"PartNumberRequested": number, "ActualPartCount": count})
    if not stored.parts:
        return Cut(start=0, end=stored.size, partial=stored.size > 0)
    start = sum(part.size for part in stored.parts[: number - 1])
    part = stored.parts[number - 1]
    return Cut(start=start, end=start + part.size, partial=True, part=part)
