"""Parts of multipart uploads: bring, copy, list."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from trailwarden.auth.callers import canonical_id
from trailwarden.services.call import Call
from trailwarden.services.registry import operation
from trailwarden.services.s3.bucket import Bucket, find_bucket
from trailwarden.services.s3.checksums import check_md5, compute, md5_hex, members, verified_checksum
from trailwarden.services.s3.copying import copy_range, copy_source
from trailwarden.services.s3.customer_keys import check_upload_key
from trailwarden.services.s3.draft import encryption_members
from trailwarden.services.s3.errors import EntityTooLarge, InvalidRequest, argument
from trailwarden.services.s3.objects import source_bytes
from trailwarden.services.s3.paging import limit_of
from trailwarden.services.s3.stored import PART, Checksum, Part, Upload, part_name
from trailwarden.services.s3.uploads import find_upload, initiator_of, mode_members
from trailwarden.services.world import World

__all__ = ["list_parts", "upload_part", "upload_part_copy"]

_NUMBER_MAX = 10_000
_PART_MAX = 5 * 1024**3


def _check_number(number: int) -> None:
    if not 1 <= number <= _NUMBER_MAX:
        raise argument("partNumber", number, "Part number must be an integer between 1 and 10000, inclusive")


@operation("s3:UploadPart")
def upload_part(call: Call, world: World) -> Mapping[str, Any]:
    """Bring one part; the same number again takes the place of the part before.

    https://docs.aws.amazon.com/AmazonS3/latest/API/API_UploadPart.html
    """
    bucket, data = find_bucket(call, world), call.body
    _check_number(call.params["PartNumber"])
    upload = find_upload(call, world, bucket)
    check_upload_key(call.params, upload.draft)
    if len(data) > _PART_MAX:
        raise EntityTooLarge(members={"ProposedSize": len(data), "MaxSizeAllowed": _PART_MAX})
    etag = md5_hex(data)
    check_md5(call.params, etag)
    checksum = _checksum(upload, verified_checksum(call, data, default=False), data)
    _keep(call, world, bucket, data, checksum)
    return {"ETag": f'"{etag}"', **_value(checksum), **encryption_members(upload.draft)}


def _value(checksum: Checksum | None) -> dict[str, Any]:
    return {name: value for name, value in members(checksum).items() if name != "ChecksumType"}


def _checksum(upload: Upload, given: Checksum | None, data: bytes) -> Checksum | None:
    """The part's checksum by the upload's algorithm, if it has one."""
    if not upload.algorithm:
        return given
    if given is None:
        return Checksum(algorithm=upload.algorithm, value=compute(upload.algorithm, data))
    if given.algorithm != upload.algorithm:
        raise InvalidRequest(
            reason=f"Checksum Type mismatch occurred, expected checksum Type: {upload.algorithm.lower()}, "
            f"actual checksum Type: {given.algorithm.lower()}"
        )
    return given


def _keep(call: Call, world: World, bucket: Bucket, data: bytes, checksum: Checksum | None) -> Part:
    number = call.params["PartNumber"]
    name = part_name(call.params["UploadId"], number)
    before = world.find(PART, bucket.account, bucket.name, name)
    if before is not None and before.blob:
        world.transaction.discard(before.blob)
    part = Part(
        number=number,
        size=len(data),
        etag=md5_hex(data),
        blob=world.transaction.store(data) if data else "",
        modified=call.now,
        checksum=checksum,
    )
    world.put(PART, bucket.account, bucket.name, name, part)
    return part


@operation("s3:UploadPartCopy")
def upload_part_copy(call: Call, world: World) -> Mapping[str, Any]:
    """Make a part of an object that is there already, or of a range of it.

    https://docs.aws.amazon.com/AmazonS3/latest/API/API_UploadPartCopy.html
    """
    bucket = find_bucket(call, world)
    _check_number(call.params["PartNumber"])
    upload = find_upload(call, world, bucket)
    source = copy_source(call, world)
    start, end = copy_range(call.params.get("CopySourceRange"), source.stored.size)
    data = source_bytes(world, source.stored, start, end)
    checksum = _checksum(upload, None, data)
    part = _keep(call, world, bucket, data, checksum)
    return {
        "CopyPartResult": {
            "ETag": f'"{part.etag}"',
            "LastModified": datetime.fromtimestamp(int(part.modified), UTC),
            **_value(checksum),
        },
        **source.members,
        **encryption_members(upload.draft),
    }


@operation("s3:ListParts")
def list_parts(call: Call, world: World) -> Mapping[str, Any]:
    """The parts that are there, in order of their numbers.

    https://docs.aws.amazon.com/AmazonS3/latest/API/API_ListParts.html
    """
    params, bucket = call.params, find_bucket(call, world)
    upload = find_upload(call, world, bucket)
    limit = limit_of(params, "MaxParts", "max-parts")
    marker = int(params.get("PartNumberMarker") or 0)
    found = world.list(
        PART,
        bucket.account,
        bucket.name,
        prefix=f"{upload.id}/",
        after=part_name(upload.id, max(marker, 0)),
        limit=limit + 1,
    )
    parts = [document.body for document in found[:limit]]
    answer: dict[str, Any] = {
        "Bucket": bucket.name,
        "Key": upload.key,
        "UploadId": upload.id,
        "PartNumberMarker": marker,
        "NextPartNumberMarker": parts[-1].number if parts else 0,
        "MaxParts": limit,
        "IsTruncated": len(found) > limit,
        "Initiator": initiator_of(upload, bucket),
        "Owner": {"ID": canonical_id(upload.draft.owner or bucket.account)},
        "StorageClass": upload.draft.storage_class,
        **mode_members(upload),
    }
    if parts:
        answer["Parts"] = [_listed(part, upload) for part in parts]
    return answer


def _listed(part: Part, upload: Upload) -> dict[str, Any]:
    return {
        "PartNumber": part.number,
        "LastModified": datetime.fromtimestamp(int(part.modified), UTC),
        "ETag": f'"{part.etag}"',
        "Size": part.size,
        **(_value(part.checksum) if upload.algorithm else {}),
    }
