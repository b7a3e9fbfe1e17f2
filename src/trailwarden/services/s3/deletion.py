"""Deleting objects, one by one or many at once.

https://docs.aws.amazon.com/AmazonS3/latest/userguide/DeletingObjects.html
"""

from collections.abc import Mapping
from typing import Any

from trailwarden.errors import AwsError
from trailwarden.services.call import Call
from trailwarden.services.registry import operation
from trailwarden.services.s3 import shelf
from trailwarden.services.s3.bucket import Bucket, find_bucket
from trailwarden.services.s3.draft import new_version_id
from trailwarden.services.s3.errors import (
    MalformedXML,
    NoSuchKey,
    NotImplementedHeader,
    PreconditionFailed,
    argument,
)
from trailwarden.services.s3.locks import check_unlocked
from trailwarden.services.s3.stored import Stored, latest, version_of
from trailwarden.services.world import World

__all__ = ["delete_object", "delete_objects"]

_MANY = 1000


@operation("s3:DeleteObject")
def delete_object(call: Call, world: World) -> Mapping[str, Any]:
    """Delete an object; with versioning, put a delete marker on top, or delete the version named for good.

    https://docs.aws.amazon.com/AmazonS3/latest/API/API_DeleteObject.html
    """
    bucket = find_bucket(call, world)
    params = call.params
    for member, header in _DIRECTORY_BUCKETS.items():
        if params.get(member) is not None:
            raise NotImplementedHeader(members={"Header": header})
    bypass = params.get("BypassGovernanceRetention")
    if bypass is not None and not bucket.object_lock:
        raise argument(
            "x-amz-bypass-governance-retention",
            None,
            "x-amz-bypass-governance-retention is only applicable to Object Lock enabled buckets.",
        )
    _check_condition(params.get("IfMatch"), params["Key"], latest(world.transaction, bucket, params["Key"]))
    deleted = _delete(call, world, bucket, params["Key"], params.get("VersionId"))
    return {name: deleted[name] for name in ("DeleteMarker", "VersionId") if name in deleted}


_DIRECTORY_BUCKETS = {
    "IfMatchLastModifiedTime": "x-amz-if-match-last-modified-time",
    "IfMatchSize": "x-amz-if-match-size",
}


@operation("s3:DeleteObjects")
def delete_objects(call: Call, world: World) -> Mapping[str, Any]:
    """Delete up to 1000 objects; what cannot be deleted is told one by one.

    https://docs.aws.amazon.com/AmazonS3/latest/API/API_DeleteObjects.html
    """
    bucket = find_bucket(call, world)
    wanted = call.params["Delete"]
    objects = wanted.get("Objects") or ()
    if not 0 < len(objects) <= _MANY:
        raise MalformedXML
    deleted, errors = [], []
    for index, one in enumerate(objects):
        try:
            _check_allowed(call, index)
            standing = latest(world.transaction, bucket, one["Key"])
            _check_condition(one.get("ETag"), one["Key"], standing)
            deleted.append(_told(one, _delete(call, world, bucket, one["Key"], one.get("VersionId"))))
        except AwsError as error:
            errors.append(_error(one, error))
    answer: dict[str, Any] = {}
    if deleted and not wanted.get("Quiet"):
        answer["Deleted"] = deleted
    if errors:
        answer["Errors"] = errors
    return answer


def _check_allowed(call: Call, index: int) -> None:
    """Each object is judged by itself; the denial of one is told beside it, and the others go."""
    refusal = call.authorized.refused.get(index)
    if refusal is not None:
        raise refusal


def _told(one: Mapping[str, Any], deleted: Mapping[str, Any]) -> dict[str, Any]:
    told: dict[str, Any] = {"Key": one["Key"]}
    if one.get("VersionId") is not None:
        told["VersionId"] = one["VersionId"]
    if "DeleteMarker" in deleted:
        told |= {"DeleteMarker": True, "DeleteMarkerVersionId": deleted["VersionId"]}
    return told


def _error(one: Mapping[str, Any], error: AwsError) -> dict[str, Any]:
    told = {"Key": one["Key"], "Code": error.code_in("s3"), "Message": error.text}
    if one.get("VersionId") is not None:
        told["VersionId"] = one["VersionId"]
    return told


def _check_condition(etag: str | None, key: str, standing: Stored | None) -> None:
    """https://docs.aws.amazon.com/AmazonS3/latest/userguide/conditional-deletes.html."""
    if etag is None:
        return
    if standing is None or standing.marker:
        raise NoSuchKey(members={"Key": key})
    if etag != "*" and etag.strip('"') != standing.etag:
        raise PreconditionFailed(members={"Condition": "If-Match"})


def _delete(call: Call, world: World, bucket: Bucket, key: str, version: str | None) -> dict[str, Any]:
    """Delete, and say what DeleteObject says of it."""
    if version is not None:
        return _delete_version(call, world, bucket, key, version)
    if bucket.versioning:
        marker = Stored(key=key, modified=call.now, marker=True)
        put = shelf.add(world.transaction, bucket, marker, new_version_id(world.chance))
        return {"DeleteMarker": True, "VersionId": put.version}
    standing = latest(world.transaction, bucket, key)
    if standing is not None:
        shelf.remove(world.transaction, bucket, standing)
    return {}


def _delete_version(call: Call, world: World, bucket: Bucket, key: str, version: str) -> dict[str, Any]:
    """Delete a version for good; one that is not there is no error, an id that cannot be one is."""
    if not version or len(version) > 1024:  # noqa: PLR2004 — the limit of a version id
        raise argument("versionId", version[:1024], "Invalid version id specified")
    stored = version_of(world.transaction, bucket, key, version)
    if stored is None or stored.version != version:
        return {"VersionId": version}
    check_unlocked(stored, call.now, bypass=bool(call.params.get("BypassGovernanceRetention")))
    shelf.remove(world.transaction, bucket, stored)
    return {"VersionId": version, "DeleteMarker": True} if stored.marker else {"VersionId": version}
