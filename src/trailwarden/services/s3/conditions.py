"""Conditional requests.

https://docs.aws.amazon.com/AmazonS3/latest/userguide/conditional-requests.html
"""

from collections.abc import Mapping
from datetime import datetime
from email.utils import formatdate
from typing import Any

from trailwarden.services.s3.errors import NoSuchKey, NotImplementedHeader, NotModified, PreconditionFailed
from trailwarden.services.s3.stored import Stored

__all__ = ["check_copy_source", "check_read", "check_write"]


def _matches(given: str, etag: str) -> bool:
    """Whether an ETag, or `*`, or one of a list of ETags, is the object's."""
    listed = {one.strip().removeprefix("W/").strip('"') for one in given.split(",")}
    return "*" in listed or etag in listed


def _failed(condition: str) -> PreconditionFailed:
    return PreconditionFailed(members={"Condition": condition})


def check_read(params: Mapping[str, Any], stored: Stored) -> None:
    """PreconditionFailed or NotModified where a read's conditions do not hold.

    If-Match outweighs If-Unmodified-Since, If-None-Match outweighs If-Modified-Since (RFC 9110, 13.2.2).
    https://docs.aws.amazon.com/AmazonS3/latest/API/API_GetObject.html
    """
    modified = int(stored.modified)
    if_match, unmodified = params.get("IfMatch"), params.get("IfUnmodifiedSince")
    if if_match is not None:
        if not _matches(if_match, stored.etag):
            raise _failed("If-Match")
    elif unmodified is not None and modified > _seconds(unmodified):
        raise _failed("If-Unmodified-Since")
    if_none_match, since = params.get("IfNoneMatch"), params.get("IfModifiedSince")
    if if_none_match is not None:
        if _matches(if_none_match, stored.etag):
            raise _unmodified(stored)
    elif since is not None and modified <= _seconds(since):
        raise _unmodified(stored)


def _unmodified(stored: Stored) -> NotModified:
    """What RFC 9110 wants with a 304: what the client's copy is compared by.

    https://docs.aws.amazon.com/AmazonS3/latest/API/API_GetObject.html
    """
    return NotModified(headers={"ETag": f'"{stored.etag}"', "Last-Modified": formatdate(stored.modified, usegmt=True)})


def check_copy_source(params: Mapping[str, Any], stored: Stored, now: float) -> None:
    """PreconditionFailed where a copy's conditions on its source do not hold; a time in the future counts for nothing.

    https://docs.aws.amazon.com/AmazonS3/latest/API/API_CopyObject.html
    """
    modified = int(stored.modified)
    if_match, unmodified = params.get("CopySourceIfMatch"), params.get("CopySourceIfUnmodifiedSince")
    if if_match is not None:
        if not _matches(if_match, stored.etag):
            raise _failed("x-amz-copy-source-If-Match")
    elif unmodified is not None and modified > _seconds(unmodified):
        raise _failed("x-amz-copy-source-If-Unmodified-Since")
    if_none_match, since = params.get("CopySourceIfNoneMatch"), params.get("CopySourceIfModifiedSince")
    if if_none_match is not None and _matches(if_none_match, stored.etag):
        raise _failed("x-amz-copy-source-If-None-Match")
    if since is not None and if_none_match is None and modified <= _seconds(since) <= now:
        raise _failed("x-amz-copy-source-If-Modified-Since")


def check_write(params: Mapping[str, Any], standing: Stored | None) -> None:
    """Conditional writes: If-None-Match: * and If-Match: <ETag>.

    PreconditionFailed, NoSuchKey, NotImplemented for what S3 does not take.
    https://docs.aws.amazon.com/AmazonS3/latest/userguide/conditional-writes.html
    """
    if_match, if_none_match = params.get("IfMatch"), params.get("IfNoneMatch")
    if if_match is None and if_none_match is None:
        return
    if if_match is not None and if_none_match is not None:
        raise _unimplemented("If-Match,If-None-Match", "Multiple conditional request headers present in the request")
    here = standing if standing is not None and not standing.marker else None
    if if_none_match is not None:
        if if_none_match != "*":
            raise _unimplemented(
                "If-None-Match", "We don't accept the provided value of If-None-Match header for this API"
            )
        if here is not None:
            raise _failed("If-None-Match")
        return
    _check_if_match(params, str(if_match), here)


def _check_if_match(params: Mapping[str, Any], if_match: str, here: Stored | None) -> None:
    if if_match == "*":
        raise _unimplemented("If-Match", "We don't accept the provided value of If-Match header for this API")
    if here is None:
        raise NoSuchKey(members={"Key": params["Key"]})
    if if_match.strip('"') != here.etag:
        raise _failed("If-Match")


def _unimplemented(header: str, reason: str) -> NotImplementedHeader:
    return NotImplementedHeader(members={"Header": header, "additionalMessage": reason})


def _seconds(moment: datetime) -> float:
    return moment.timestamp()
