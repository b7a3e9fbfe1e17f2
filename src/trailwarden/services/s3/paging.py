"""Walking the keys of a bucket in order, with prefix and delimiter, in pages.

https://docs.aws.amazon.com/AmazonS3/latest/userguide/ListingKeysUsingAPIs.html
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, TypeVar
from urllib.parse import quote

import msgspec

from trailwarden.services.s3.errors import argument
from trailwarden.storage.ports import Document, Kind, Reader

__all__ = ["LAST", "Encoding", "Walk", "limit_of", "walk"]

T = TypeVar("T", bound=msgspec.Struct)
_PAGE = 1000
LAST = "\U0010ffff"


@dataclass(frozen=True, slots=True, kw_only=True)
class Walk:
    """Which keys: those with `prefix`, behind `after`, those that share a delimiter behind the prefix rolled up to one."""

    account: str
    bucket: str
    prefix: str = ""
    delimiter: str = ""
    after: str = ""


def walk(reader: Reader, kind: Kind[T], asked: Walk) -> Iterator[Document[T] | str]:
    """Documents in order of their names; a common prefix comes once, as its text. What it hides is never read.

    An `after` that is, or lies within, a common prefix starts behind all of it.
    """
    after = asked.after
    hidden = _common(asked, after) if after.startswith(asked.prefix) else ""
    if hidden and after >= hidden:
        after = hidden + LAST
    while True:
        page = reader.list(kind, asked.account, asked.bucket, prefix=asked.prefix, after=after, limit=_PAGE)
        for document in page:
            after = document.name
            common = _common(asked, after)
            if common:
                yield common
                after = common + LAST
                break
            yield document
        else:
            if len(page) < _PAGE:
                return


def _common(asked: Walk, name: str) -> str:
    if not asked.delimiter:
        return ""
    place = name.partition("\x01")[0].find(asked.delimiter, len(asked.prefix))
    return name[: place + len(asked.delimiter)] if place >= 0 else ""


def limit_of(params: Mapping[str, Any], member: str, argument_name: str) -> int:
    """How many are wanted, 1000 at most. InvalidArgument for a negative number."""
    limit = params.get(member)
    if limit is None:
        return _PAGE
    if limit < 0:
        raise argument(argument_name, limit, f"Argument {argument_name} must be an integer between 0 and 2147483647")
    return min(int(limit), _PAGE)


@dataclass(frozen=True, slots=True)
class Encoding:
    """Keys as the answer tells them: percent-encoded where EncodingType is url, so that XML can hold any key.

    https://docs.aws.amazon.com/AmazonS3/latest/API/API_ListObjectsV2.html (EncodingType)
    """

    type: str | None

    @classmethod
    def of(cls, params: Mapping[str, Any]) -> "Encoding":
        """The encoding that a request asks for; InvalidArgument for any but `url`."""
        asked = params.get("EncodingType")
        if asked not in {None, "url"}:
            raise argument("encoding-type", asked, "Invalid Encoding Method specified in Request")
        return cls(asked)

    def __call__(self, text: str) -> str:
        """The text as the answer has it."""
        return quote(text, safe="/*-._") if self.type else text
