"""Tag sets of buckets and objects: their rules, and the x-amz-tagging header.

https://docs.aws.amazon.com/AmazonS3/latest/userguide/object-tagging.html
"""

import re
from collections.abc import Iterable, Mapping
from urllib.parse import parse_qsl

from trailwarden.errors import AwsError
from trailwarden.services.s3.errors import InvalidTag, argument

__all__ = ["BUCKET_LIMIT", "OBJECT_LIMIT", "BadRequest", "checked_tag_set", "tag_set", "tags_of_header"]

_KEY_MAX, _VALUE_MAX = 128, 256
_ALLOWED = re.compile(r"[\w\s.:/=+@-]*\Z")


class BadRequest(AwsError):
    """More tags than the resource can have.

    https://docs.aws.amazon.com/AmazonS3/latest/userguide/object-tagging.html
    """

    message = "{reason}"


def checked_tag_set(given: Iterable[Mapping[str, str]], *, limit: int) -> dict[str, str]:
    """The tags of a TagSet as a mapping; InvalidTag or BadRequest where they break a rule."""
    tags: dict[str, str] = {}
    for tag in given:
        key, value = tag["Key"], tag["Value"]
        if key in tags:
            raise InvalidTag(members={"TagKey": key}, reason="Cannot provide multiple Tags with the same key")
        _check(key, value)
        tags[key] = value
    if len(tags) > limit:
        noun = "Object" if limit == OBJECT_LIMIT else "Bucket"
        raise BadRequest(reason=f"{noun} tag count cannot be greater than {limit}")
    return tags


def _check(key: str, value: str) -> None:
    if key.lower().startswith("aws:"):
        raise InvalidTag(members={"TagKey": key}, reason="System tags cannot be added/updated by requester")
    if not 0 < len(key) <= _KEY_MAX or not _ALLOWED.match(key):
        raise InvalidTag(members={"TagKey": key}, reason="The TagKey you have provided is invalid")
    if len(value) > _VALUE_MAX or not _ALLOWED.match(value):
        raise InvalidTag(members={"TagKey": key, "TagValue": value}, reason="The TagValue you have provided is invalid")


OBJECT_LIMIT = 10
BUCKET_LIMIT = 50


def tag_set(tags: Mapping[str, str]) -> list[dict[str, str]]:
    """A mapping as a TagSet."""
    return [{"Key": key, "Value": value} for key, value in tags.items()]


def tags_of_header(header: str | None) -> dict[str, str]:
    """The tags of an x-amz-tagging header, a URL-encoded query."""
    if not header:
        return {}
    pairs = parse_qsl(header, keep_blank_values=True, max_num_fields=64)
    if len({key for key, _ in pairs}) != len(pairs) or not pairs:
        raise argument(
            "x-amz-tagging",
            header,
            "The header 'x-amz-tagging' shall be encoded as UTF-8 then URLEncoded URL query parameters "
            "without tag name duplicates.",
        )
    return checked_tag_set([{"Key": key, "Value": value} for key, value in pairs], limit=OBJECT_LIMIT)
