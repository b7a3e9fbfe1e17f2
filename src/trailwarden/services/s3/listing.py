"""Lists of objects and of their versions."""

import base64
import binascii
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from trailwarden.auth.callers import canonical_id
from trailwarden.services.call import Call
from trailwarden.services.registry import operation
from trailwarden.services.s3.bucket import Bucket, find_bucket
from trailwarden.services.s3.errors import argument
from trailwarden.services.s3.paging import Encoding, Walk, limit_of, walk
from trailwarden.services.s3.stored import OBJECT, Stored, older
from trailwarden.services.world import World

__all__ = ["list_object_versions", "list_objects", "list_objects_v2"]


@dataclass(slots=True)
class _Page:
    """What fits into one answer. `last` is the last key or common prefix in it."""

    objects: list[Stored] = field(default_factory=list)
    prefixes: list[str] = field(default_factory=list)
    last: str = ""
    truncated: bool = False

    @property
    def count(self) -> int:
        return len(self.objects) + len(self.prefixes)


def _page(world: World, asked: Walk, limit: int) -> _Page:
    """The next keys; those whose newest version is a delete marker are not there, nor are prefixes of such alone."""
    page = _Page()
    if limit == 0:
        return page
    for found in walk(world.transaction, OBJECT, asked):
        if isinstance(found, str):
            if not _any_object(world, asked, found):
                continue
        elif found.body.marker:
            continue
        if page.count == limit:
            page.truncated = True
            break
        if isinstance(found, str):
            page.prefixes.append(found)
            page.last = found
        else:
            page.objects.append(found.body)
            page.last = found.name
    return page


def _any_object(world: World, asked: Walk, prefix: str) -> bool:
    below = Walk(account=asked.account, bucket=asked.bucket, prefix=prefix, after=asked.after)
    return any(not found.body.marker for found in walk(world.transaction, OBJECT, below) if not isinstance(found, str))


@operation("s3:ListObjectsV2")
def list_objects_v2(call: Call, world: World) -> Mapping[str, Any]:
    """Objects in order of their keys, up to 1000 a page.

    https://docs.aws.amazon.com/AmazonS3/latest/API/API_ListObjectsV2.html
    """
    params = call.params
    bucket, encode = find_bucket(call, world), Encoding.of(params)
    limit = limit_of(params, "MaxKeys", "max-keys")
    token, start = params.get("ContinuationToken"), params.get("StartAfter") or ""
    asked = _walk(params, bucket, after=_key_of(token) if token is not None else start)
    page = _page(world, asked, limit)
    answer = _answer(params, bucket, page, encode, limit=limit)
    answer["KeyCount"] = page.count
    if token is not None:
        answer["ContinuationToken"] = token
    if start:
        answer["StartAfter"] = encode(start)
    if page.truncated:
        answer["NextContinuationToken"] = _token_of(page.last)
    _tell_contents(answer, bucket, page, encode, owner=bool(params.get("FetchOwner")))
    return answer


@operation("s3:ListObjects")
def list_objects(call: Call, world: World) -> Mapping[str, Any]:
    """Objects in order of their keys, up to 1000 a page; NextMarker is told only with a delimiter.

    https://docs.aws.amazon.com/AmazonS3/latest/API/API_ListObjects.html
    """
    params = call.params
    bucket, encode = find_bucket(call, world), Encoding.of(params)
    limit = limit_of(params, "MaxKeys", "max-keys")
    marker = params.get("Marker") or ""
    page = _page(world, _walk(params, bucket, after=marker), limit)
    answer = _answer(params, bucket, page, encode, limit=limit)
    answer["Marker"] = encode(marker)
    if page.truncated and params.get("Delimiter"):
        answer["NextMarker"] = encode(page.last)
    _tell_contents(answer, bucket, page, encode, owner=True)
    return answer


def _walk(params: Mapping[str, Any], bucket: Bucket, *, after: str) -> Walk:
    return Walk(
        account=bucket.account,
        bucket=bucket.name,
        prefix=params.get("Prefix") or "",
        delimiter=params.get("Delimiter") or "",
        after=after,
    )


def _answer(params: Mapping[str, Any], bucket: Bucket, page: _Page, encode: Encoding, *, limit: int) -> dict[str, Any]:
    answer: dict[str, Any] = {
        "Name": bucket.name,
        "Prefix": encode(params.get("Prefix") or ""),
        "MaxKeys": limit,
        "IsTruncated": page.truncated,
    }
    if params.get("Delimiter"):
        answer["Delimiter"] = encode(params["Delimiter"])
    if encode.type:
        answer["EncodingType"] = encode.type
    if page.prefixes:
        answer["CommonPrefixes"] = [{"Prefix": encode(prefix)} for prefix in page.prefixes]
    return answer


def _tell_contents(answer: dict[str, Any], bucket: Bucket, page: _Page, encode: Encoding, *, owner: bool) -> None:
    if page.objects:
        answer["Contents"] = [_listed(bucket, stored, encode, owner=owner) for stored in page.objects]


def _listed(bucket: Bucket, stored: Stored, encode: Encoding, *, owner: bool) -> dict[str, Any]:
    listed: dict[str, Any] = {
        "Key": encode(stored.key),
        "LastModified": datetime.fromtimestamp(int(stored.modified), UTC),
        "ETag": f'"{stored.etag}"',
        "Size": stored.size,
        "StorageClass": stored.storage_class,
    }
    if stored.checksum is not None:
        listed |= {"ChecksumAlgorithm": [stored.checksum.algorithm], "ChecksumType": stored.checksum.type}
    if owner:
        listed["Owner"] = {"ID": canonical_id(stored.owner or bucket.account)}
    return listed


def _token_of(key: str) -> str:
    """An opaque token that holds where the page ended."""
    return base64.urlsafe_b64encode(key.encode()).decode()


def _key_of(token: str) -> str:
    """InvalidArgument for what is no token of ours."""
    try:
        key = base64.b64decode(token, altchars=b"-_", validate=True).decode()
    except (binascii.Error, ValueError):
        key = ""
    if not key:
        raise argument("continuation-token", None, "The continuation token provided is incorrect")
    return key


@operation("s3:ListObjectVersions")
def list_object_versions(call: Call, world: World) -> Mapping[str, Any]:
    """Versions and delete markers in order of their keys, newest first.

    https://docs.aws.amazon.com/AmazonS3/latest/API/API_ListObjectVersions.html
    """
    params = call.params
    bucket, encode = find_bucket(call, world), Encoding.of(params)
    limit = limit_of(params, "MaxKeys", "max-keys")
    key_marker, version_marker = params.get("KeyMarker") or "", params.get("VersionIdMarker") or ""
    if version_marker and not key_marker:
        raise argument(
            "version-id-marker", version_marker, "A version-id marker cannot be specified without a key marker."
        )
    asked = _walk(params, bucket, after=key_marker)
    found = _versions(world, bucket, asked, version_marker)
    page = _VersionPage()
    for item in found if limit else ():
        if page.count == limit:
            page.truncated = True
            break
        page.add(item)
    answer = _answer(params, bucket, page, encode, limit=limit)
    answer |= {"KeyMarker": encode(key_marker), "VersionIdMarker": version_marker}
    if page.truncated:
        answer["NextKeyMarker"] = encode(page.last)
        if page.last_version:
            answer["NextVersionIdMarker"] = page.last_version
    return answer | _tell_versions(bucket, page, encode)


@dataclass(slots=True)
class _VersionPage(_Page):
    versions: list[tuple[Stored, bool]] = field(default_factory=list)
    last_version: str = ""

    @property
    def count(self) -> int:
        return len(self.versions) + len(self.prefixes)

    def add(self, item: tuple[Stored, bool] | str) -> None:
        if isinstance(item, str):
            self.prefixes.append(item)
            self.last, self.last_version = item, ""
        else:
            self.versions.append(item)
            self.last, self.last_version = item[0].key, item[0].version


def _versions(world: World, bucket: Bucket, asked: Walk, version_marker: str) -> Iterator[tuple[Stored, bool] | str]:
    """Common prefixes, and versions with whether each is the newest; first the rest of the key that the marker names."""
    if version_marker:
        yield from _behind(world, bucket, asked.after, version_marker)
    for found in walk(world.transaction, OBJECT, asked):
        if isinstance(found, str):
            yield found
            continue
        yield found.body, True
        if found.body.sequence > 1:
            yield from ((version, False) for version in older(world.transaction, bucket, found.name))


def _behind(world: World, bucket: Bucket, key: str, marker: str) -> Iterator[tuple[Stored, bool]]:
    newest = world.find(OBJECT, bucket.account, bucket.name, key)
    passed = newest is None or newest.version == marker
    versions = older(world.transaction, bucket, key)
    if not passed and all(version.version != marker for version in versions):
        raise argument("version-id-marker", marker, "Invalid version id specified")
    for version in versions:
        if passed:
            yield version, False
        passed = passed or version.version == marker


def _tell_versions(bucket: Bucket, page: _VersionPage, encode: Encoding) -> dict[str, Any]:
    versions, markers = [], []
    for stored, newest in page.versions:
        told = {**_listed(bucket, stored, encode, owner=True), "VersionId": stored.version, "IsLatest": newest}
        if stored.marker:
            markers.append({name: told[name] for name in ("Owner", "Key", "VersionId", "IsLatest", "LastModified")})
        else:
            versions.append(told)
    answer: dict[str, Any] = {}
    if versions:
        answer["Versions"] = versions
    if markers:
        answer["DeleteMarkers"] = markers
    return answer
