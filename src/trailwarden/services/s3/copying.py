"""Copies: of objects, and of ranges of them into parts of an upload."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from urllib.parse import parse_qs, unquote

import msgspec

from trailwarden.services.call import Call
from trailwarden.services.registry import operation
from trailwarden.services.s3 import shelf
from trailwarden.services.s3.bucket import Bucket, bucket_of, find_bucket
from trailwarden.services.s3.checksums import ALGORITHMS, compute, md5_hex, members
from trailwarden.services.s3.conditions import check_copy_source, check_write
from trailwarden.services.s3.customer_keys import check_customer_key
from trailwarden.services.s3.draft import draft_of, encryption_members, new_version_id
from trailwarden.services.s3.errors import AccessDenied, InvalidRequest, MethodNotAllowed, NoSuchKey, argument
from trailwarden.services.s3.kms import demand_key, with_data_key
from trailwarden.services.s3.objects import check_key, demand_list, find_version, source_bytes, version_members
from trailwarden.services.s3.stored import Checksum, Stored, latest
from trailwarden.services.world import World

__all__ = ["CopySource", "copy_object", "copy_range", "copy_source"]

_RANGE = re.compile(r"bytes=(?P<first>[0-9]{1,18})-(?P<last>[0-9]{1,18})\Z")
_DIRECTIVES = frozenset({"COPY", "REPLACE"})
_COPY_MAX = 5 * 1024**3


@dataclass(frozen=True, slots=True, kw_only=True)
class CopySource:
    """What is copied."""

    bucket: Bucket
    stored: Stored

    @property
    def members(self) -> dict[str, str]:
        """How an answer tells the version that was copied."""
        return {"CopySourceVersionId": self.stored.version} if self.bucket.versioning else {}


def copy_source(call: Call, world: World) -> CopySource:
    """The object or version that x-amz-copy-source names, once its conditions hold.

    InvalidArgument, NoSuchBucket, NoSuchKey, NoSuchVersion, InvalidRequest for a delete marker, PreconditionFailed.
    https://docs.aws.amazon.com/AmazonS3/latest/API/API_CopyObject.html
    """
    params = call.params
    name, key, version = _parsed(params["CopySource"])
    bucket = bucket_of(world.transaction, name)
    expected = params.get("ExpectedSourceBucketOwner")
    if expected is not None and expected != bucket.account:
        raise AccessDenied(reason="Access Denied")
    stored = _source_version(call, world, bucket, key, version)
    check_customer_key(params, stored, prefix="CopySource")
    check_copy_source(params, stored, call.now)
    return CopySource(bucket=bucket, stored=stored)


def _parsed(source: Any) -> tuple[str, str, str | None]:
    if isinstance(source, Mapping):
        return source["Bucket"], source["Key"], source.get("VersionId")
    path, _, query = source.partition("?")
    name, slash, key = unquote(path).removeprefix("/").partition("/")
    if not slash or not name or not key:
        raise argument("x-amz-copy-source", "x-amz-copy-source", "Invalid copy source object key")
    versions = parse_qs(query).get("versionId")
    return name, key, versions[0] if versions else None


def _source_version(call: Call, world: World, bucket: Bucket, key: str, version: str | None) -> Stored:
    if version is not None:
        try:
            return find_version(world, bucket, key, version)
        except MethodNotAllowed:
            raise InvalidRequest(
                reason="The source of a copy request may not specifically refer to a delete marker by version id."
            ) from None
    found = latest(world.transaction, bucket, key)
    if found is None or found.marker:
        demand_list(call, world, bucket)
        raise NoSuchKey(members={"Key": key})
    return found


@operation("s3:CopyObject")
def copy_object(call: Call, world: World) -> Mapping[str, Any]:
    """Copy an object, with its own metadata and tags or with new ones.

    https://docs.aws.amazon.com/AmazonS3/latest/API/API_CopyObject.html
    """
    params = call.params
    bucket = find_bucket(call, world)
    check_key(params["Key"])
    source = copy_source(call, world)
    _check_directives(params)
    if source.stored.size > _COPY_MAX:
        raise InvalidRequest(
            reason=f"The specified copy source is larger than the maximum allowable size for a copy source: {_COPY_MAX}"
        )
    _check_changes(params, bucket, source)
    check_write(params, latest(world.transaction, bucket, params["Key"]))
    stored = _copy(call, world, bucket, source)
    return {
        "CopyObjectResult": {
            "ETag": f'"{stored.etag}"',
            "LastModified": datetime.fromtimestamp(int(stored.modified), UTC),
            **members(stored.checksum),
        },
        **source.members,
        **version_members(bucket, stored),
        **encryption_members(stored),
    }


def _copy(call: Call, world: World, bucket: Bucket, source: CopySource) -> Stored:
    params = call.params
    demand_key(call, world, source.bucket, source.stored, "kms:Decrypt")
    data = source_bytes(world, source.stored, 0, source.stored.size)
    etag = md5_hex(data)
    checksum = _copied_checksum(params, source.stored, data)
    stored = draft_of(
        call, bucket, size=len(data), etag=etag, blob=world.transaction.store(data) if data else "", checksum=checksum
    )
    if params.get("MetadataDirective", "COPY") == "COPY":
        redirect = {name: text for name, text in stored.headers.items() if name == "WebsiteRedirectLocation"}
        kept = {name: text for name, text in source.stored.headers.items() if name != "WebsiteRedirectLocation"}
        stored = msgspec.structs.replace(stored, headers=kept | redirect, metadata=source.stored.metadata)
    if params.get("TaggingDirective", "COPY") == "COPY":
        stored = msgspec.structs.replace(stored, tags=source.stored.tags)
    stored = with_data_key(call, world, bucket, stored)
    return shelf.add(world.transaction, bucket, stored, new_version_id(world.chance))


def _copied_checksum(params: Mapping[str, Any], stored: Stored, data: bytes) -> Checksum | None:
    """The checksum asked for; else the source's, made anew over the whole where it was composite."""
    asked = params.get("ChecksumAlgorithm")
    if asked in ALGORITHMS:
        return Checksum(algorithm=asked, value=compute(asked, data))
    if stored.checksum is not None and stored.checksum.composite:
        return Checksum(algorithm=stored.checksum.algorithm, value=compute(stored.checksum.algorithm, data))
    return stored.checksum


def _check_directives(params: Mapping[str, Any]) -> None:
    for member, header, noun in (
        ("MetadataDirective", "x-amz-metadata-directive", "metadata"),
        ("TaggingDirective", "x-amz-tagging-directive", "tagging"),
    ):
        directive = params.get(member)
        if directive is not None and directive not in _DIRECTIVES:
            raise argument(header, directive, f"Unknown {noun} directive.")


_CHANGES = (
    "StorageClass",
    "WebsiteRedirectLocation",
    "ServerSideEncryption",
    "SSECustomerAlgorithm",
    "SSEKMSKeyId",
    "ChecksumAlgorithm",
)


def _check_changes(params: Mapping[str, Any], bucket: Bucket, source: CopySource) -> None:
    """A copy onto itself must change something."""
    same = source.bucket.name == bucket.name and source.stored.key == params["Key"]
    if not same or params.get("MetadataDirective") == "REPLACE" or any(params.get(name) for name in _CHANGES):
        return
    if bucket.encryption == "AES256" and "versionId" not in str(params["CopySource"]):
        raise InvalidRequest(
            reason="This copy request is illegal because it is trying to copy an object to itself without changing the "
            "object's metadata, storage class, website redirect location or encryption attributes."
        )


def copy_range(asked: str | None, size: int) -> tuple[int, int]:
    """The range of UploadPartCopy, its end exclusive. InvalidArgument, InvalidRequest.

    https://docs.aws.amazon.com/AmazonS3/latest/API/API_UploadPartCopy.html
    """
    if asked is None:
        return 0, size
    match = _RANGE.match(asked)
    if match is None:
        raise argument(
            "x-amz-copy-source-range",
            asked,
            "The x-amz-copy-source-range value must be of the form bytes=first-last where first and last are the "
            "zero-based offsets of the first and last bytes to copy",
        )
    first, last = int(match["first"]), int(match["last"])
    if first > last or first >= size:
        raise InvalidRequest(reason="The specified copy range is invalid for the source object size")
    if last >= size:
        raise argument(
            "x-amz-copy-source-range", asked, f"Range specified is not valid for source object of size: {size}"
        )
    return first, last + 1
