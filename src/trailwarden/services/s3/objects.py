"""Objects: put, get, head."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime
from email.utils import formatdate
from typing import Any

from trailwarden.catalog.checks import Check
from trailwarden.errors import ServiceUnavailable
from trailwarden.services.call import Call
from trailwarden.services.registry import operation
from trailwarden.services.s3 import shelf
from trailwarden.services.s3.bucket import Bucket, find_bucket
from trailwarden.services.s3.checksums import check_md5, md5_hex, members, verified_checksum
from trailwarden.services.s3.conditions import check_read, check_write
from trailwarden.services.s3.customer_keys import check_customer_key
from trailwarden.services.s3.draft import draft_of, encryption_members, new_version_id
from trailwarden.services.s3.errors import (
    EntityTooLarge,
    KeyTooLongError,
    MethodNotAllowed,
    NoSuchKey,
    NoSuchVersion,
    argument,
)
from trailwarden.services.s3.kms import demand_key, with_data_key
from trailwarden.services.s3.ranges import Cut, cut_of
from trailwarden.services.s3.stored import NULL, Checksum, Stored, latest, version_of
from trailwarden.services.world import World
from trailwarden.storage.ports import Conflict

__all__ = [
    "check_key",
    "demand_list",
    "find_object",
    "find_version",
    "get_object",
    "head_object",
    "put_object",
    "read_bytes",
    "source_bytes",
    "version_members",
]

_KEY_MAX = 1024
_VERSION_MAX = 1024
_READS = 5
_PUT_MAX = 5 * 1024**3
_OVERRIDES = {
    "ResponseCacheControl": "CacheControl",
    "ResponseContentDisposition": "ContentDisposition",
    "ResponseContentEncoding": "ContentEncoding",
    "ResponseContentLanguage": "ContentLanguage",
    "ResponseContentType": "ContentType",
    "ResponseExpires": "Expires",
}


def check_key(key: str) -> None:
    """KeyTooLongError for a key of more than 1024 bytes.

    https://docs.aws.amazon.com/AmazonS3/latest/userguide/object-keys.html
    """
    size = len(key.encode())
    if size > _KEY_MAX:
        raise KeyTooLongError(members={"Size": size, "MaxSizeAllowed": _KEY_MAX})
    if "\x00" in key:
        raise argument("key", None, "Object keys cannot hold NUL characters.")


@operation("s3:PutObject")
def put_object(call: Call, world: World) -> Mapping[str, Any]:
    """Keep an object; it takes the place of the one before, or with versioning stands before it.

    https://docs.aws.amazon.com/AmazonS3/latest/API/API_PutObject.html
    """
    bucket = find_bucket(call, world)
    key, data = call.params["Key"], call.body
    check_key(key)
    if len(data) > _PUT_MAX:
        raise EntityTooLarge(members={"ProposedSize": len(data), "MaxSizeAllowed": _PUT_MAX})
    etag = md5_hex(data)
    check_md5(call.params, etag)
    checksum = verified_checksum(call, data)
    check_write(call.params, latest(world.transaction, bucket, key))
    stored = draft_of(
        call, bucket, size=len(data), etag=etag, blob=world.transaction.store(data) if data else "", checksum=checksum
    )
    stored = with_data_key(call, world, bucket, stored)
    stored = shelf.add(world.transaction, bucket, stored, new_version_id(world.chance))
    return {
        "ETag": f'"{stored.etag}"',
        **members(checksum),
        **encryption_members(stored),
        **version_members(bucket, stored),
    }


def version_members(bucket: Bucket, stored: Stored) -> dict[str, str]:
    """The version id as answers to writes tell it: not at all where versioning never was on."""
    if not bucket.versioning or (bucket.versioning == "Suspended" and stored.version == NULL and not stored.marker):
        return {}
    return {"VersionId": stored.version}


def find_object(call: Call, world: World, bucket: Bucket, *, version_member: str = "VersionId") -> Stored:
    """The object, or the version of it, that a read names.

    NoSuchKey, NoSuchVersion; MethodNotAllowed where the version named is a delete marker.
    https://docs.aws.amazon.com/AmazonS3/latest/userguide/DeleteMarker.html
    """
    key, version = call.params["Key"], call.params.get(version_member)
    if version is None:
        stored = latest(world.transaction, bucket, key)
        if stored is None or stored.marker:
            demand_list(call, world, bucket)
            raise NoSuchKey(members={"Key": key}, headers=_marked(stored) if stored else None)
        return stored
    return find_version(world, bucket, key, version)


def demand_list(call: Call, world: World, bucket: Bucket) -> None:
    """AccessDenied for a caller who may not list: whether a key exists is none of its business.

    https://docs.aws.amazon.com/AmazonS3/latest/API/API_GetObject.html#API_GetObject_RequestSyntax (Permissions)
    """
    check = Check(action="s3:ListBucket", resource=bucket.arn, named=f'"{bucket.arn}"')
    world.authorizer.demand(call.caller, check, world.transaction, now=call.now, region=call.region)


def find_version(world: World, bucket: Bucket, key: str, version: str) -> Stored:
    """The version of that id, which is no delete marker."""
    if not version or len(version) > _VERSION_MAX:
        raise argument("versionId", version[:_VERSION_MAX], "Invalid version id specified")
    stored = version_of(world.transaction, bucket, key, version)
    if stored is None or stored.version != version:
        raise NoSuchVersion(members={"Key": key, "VersionId": version})
    if stored.marker:
        raise MethodNotAllowed(
            members={"Method": "GET", "ResourceType": "DeleteMarker"},
            headers={
                **_marked(stored),
                "Allow": "DELETE",
                "Last-Modified": formatdate(stored.modified, usegmt=True),
            },
        )
    return stored


def _marked(marker: Stored) -> dict[str, str]:
    """How a read tells that a delete marker stands before it.

    https://docs.aws.amazon.com/AmazonS3/latest/userguide/DeleteMarker.html
    """
    return {"x-amz-delete-marker": "true", "x-amz-version-id": marker.version}


@operation("s3:GetObject")
def get_object(call: Call, world: World) -> Mapping[str, Any]:
    """An object's bytes, or a range or part of them.

    https://docs.aws.amazon.com/AmazonS3/latest/API/API_GetObject.html
    """
    for _ in range(_READS):
        answer, stored, cut = _read(call, world)
        demand_key(call, world, find_bucket(call, world), stored, "kms:Decrypt")
        try:
            return {**answer, "Body": read_bytes(world, stored, cut.start, cut.end)}
        except LookupError:
            # Another call took the object's place between the two reads: look again.
            world = replace(world, transaction=world.storage.begin())
    raise ServiceUnavailable


@operation("s3:HeadObject")
def head_object(call: Call, world: World) -> Mapping[str, Any]:
    """What GetObject answers, without the bytes.

    https://docs.aws.amazon.com/AmazonS3/latest/API/API_HeadObject.html
    """
    return _read(call, world)[0]


def source_bytes(world: World, stored: Stored, start: int, end: int) -> bytes:
    """`read_bytes` for a call that writes what it read. Raises Conflict where the object has gone meanwhile: it runs again."""
    try:
        return read_bytes(world, stored, start, end)
    except LookupError as error:
        raise Conflict from error


def read_bytes(world: World, stored: Stored, start: int, end: int) -> bytes:
    """The object's bytes from `start` to `end` (exclusive), over its parts. Raises LookupError."""
    if not stored.parts:
        return world.storage.fetch(stored.blob, start, end) if start < end else b""
    pieces, at = [], 0
    for part in stored.parts:
        first, last = max(start - at, 0), min(end - at, part.size)
        if first < last:
            pieces.append(world.storage.fetch(part.blob, first, last))
        at += part.size
    return b"".join(pieces)


def _read(call: Call, world: World) -> tuple[dict[str, Any], Stored, Cut]:
    params = call.params
    bucket = find_bucket(call, world)
    stored = find_object(call, world, bucket)
    check_customer_key(params, stored)
    check_read(params, stored)
    cut = cut_of(stored, params.get("Range"), params.get("PartNumber"))
    answer = {**_shown(bucket, stored), "ContentLength": cut.end - cut.start}
    if cut.partial:
        answer |= {"ContentRange": cut.header(stored.size), "__status": 206}
    if "PartNumber" in params and stored.parts:
        answer["PartsCount"] = len(stored.parts)
    if params.get("ChecksumMode") == "ENABLED":
        answer |= members(_checksum_of(params, stored, cut))
    answer |= {member: params[name] for name, member in _OVERRIDES.items() if params.get(name) is not None}
    return answer, stored, cut


def _checksum_of(params: Mapping[str, Any], stored: Stored, cut: Cut) -> Checksum | None:
    """The checksum of what is answered, where one is known: of the whole, or of one part."""
    if "PartNumber" in params and cut.part is not None:
        part = cut.part.checksum
        whole = stored.checksum
        if part is None or whole is None:
            return None
        return Checksum(algorithm=part.algorithm, value=part.value, composite=whole.composite)
    return stored.checksum if not cut.partial or "PartNumber" in params else None


def _shown(bucket: Bucket, stored: Stored) -> dict[str, Any]:
    """What a read tells of an object besides its bytes."""
    answer: dict[str, Any] = {
        "AcceptRanges": "bytes",
        "LastModified": datetime.fromtimestamp(int(stored.modified), UTC),
        "ETag": f'"{stored.etag}"',
        "ContentType": "binary/octet-stream",
        **stored.headers,
        "Metadata": stored.metadata,
        **encryption_members(stored),
    }
    if bucket.versioning:
        answer["VersionId"] = stored.version
    if stored.storage_class != "STANDARD":
        answer["StorageClass"] = stored.storage_class
    if stored.tags:
        answer["TagCount"] = len(stored.tags)
    return answer | _lock_members(stored)


def _lock_members(stored: Stored) -> dict[str, Any]:
    members: dict[str, Any] = {}
    if stored.lock_mode:
        members["ObjectLockMode"] = stored.lock_mode
        members["ObjectLockRetainUntilDate"] = datetime.fromtimestamp(stored.lock_until, UTC)
    if stored.legal_hold:
        members["ObjectLockLegalHoldStatus"] = stored.legal_hold
    return members
