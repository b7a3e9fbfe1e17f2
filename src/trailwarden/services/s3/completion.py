"""Making one object of an upload's parts.

https://docs.aws.amazon.com/AmazonS3/latest/API/API_CompleteMultipartUpload.html
"""

import hashlib
from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import quote

import msgspec

from trailwarden.errors import AwsError
from trailwarden.services.call import Call
from trailwarden.services.registry import operation
from trailwarden.services.s3 import shelf
from trailwarden.services.s3.bucket import Bucket, find_bucket
from trailwarden.services.s3.checksums import combined, composite, compute, given_checksum, members
from trailwarden.services.s3.conditions import check_write
from trailwarden.services.s3.draft import encryption_members, new_version_id
from trailwarden.services.s3.errors import BadDigest, InvalidRequest, MalformedXML, argument
from trailwarden.services.s3.objects import source_bytes, version_members
from trailwarden.services.s3.stored import PART, Checksum, Part, Stored, Upload, latest
from trailwarden.services.s3.uploads import end_upload, find_upload
from trailwarden.services.world import World

__all__ = ["complete_multipart_upload"]

_PART_MIN = 5 * 1024**2
_NUMBER_MAX = 10_000
_DEFAULT_CHECKSUM_MAX = 64 * 1024


class BadPartDigest(AwsError):
    """A part's checksum is of another algorithm than the upload's."""

    code = "BadDigest"
    message = "The {digest} you specified for part {part} did not match what we received."


class ConditionalRequestConflict(AwsError):
    """The object went while the upload was under way.

    https://docs.aws.amazon.com/AmazonS3/latest/userguide/conditional-writes.html
    """

    message = "The conditional request cannot succeed due to a conflicting operation against this resource."
    status = 409


class EntityTooSmall(AwsError):
    """Every part but the last has at least 5 MB.

    https://docs.aws.amazon.com/AmazonS3/latest/userguide/qfacts.html
    """

    message = "Your proposed upload is smaller than the minimum allowed size"


class InvalidPart(AwsError):
    """A part was never uploaded, or with another ETag or checksum."""

    message = (
        "One or more of the specified parts could not be found.  The part may not have been uploaded, "
        "or the specified entity tag may not match the part's entity tag."
    )


class InvalidPartOrder(AwsError):
    """The parts are not listed in ascending order."""

    message = "The list of parts was not in ascending order. Parts must be ordered by part number."


@operation("s3:CompleteMultipartUpload")
def complete_multipart_upload(call: Call, world: World) -> Mapping[str, Any]:
    """Put the listed parts together. Parts that are not listed go.

    https://docs.aws.amazon.com/AmazonS3/latest/API/API_CompleteMultipartUpload.html
    """
    params, bucket = call.params, find_bucket(call, world)
    upload = find_upload(call, world, bucket)
    _check_mode(params, upload)
    listed = (params.get("MultipartUpload") or {}).get("Parts")
    if listed is None:
        raise InvalidRequest(reason="You must specify at least one part")
    parts = _chosen(listed, upload, _uploaded(world, bucket, upload))
    _check_size(params, parts)
    _check_conditions(params, upload, latest(world.transaction, bucket, upload.key))
    stored = _stored(call, world, upload, parts)
    stored = shelf.add(world.transaction, bucket, stored, new_version_id(world.chance))
    end_upload(world, bucket, upload, frozenset(part.blob for part in parts))
    return {
        "Location": f"{world.settings.endpoint}/{bucket.name}/{quote(upload.key)}",
        "Bucket": bucket.name,
        "Key": upload.key,
        "ETag": f'"{stored.etag}"',
        **members(stored.checksum),
        **encryption_members(stored),
        **version_members(bucket, stored),
    }


def _check_mode(params: Mapping[str, Any], upload: Upload) -> None:
    asked = params.get("ChecksumType")
    mode = ("COMPOSITE" if upload.composite else "FULL_OBJECT") if upload.algorithm else "null"
    if asked is not None and asked != mode and not (mode == "null" and asked == "FULL_OBJECT"):
        raise InvalidRequest(
            reason=f"The upload was created using the {mode} checksum mode. "
            "The complete request must use the same checksum mode."
        )


def _uploaded(world: World, bucket: Bucket, upload: Upload) -> dict[int, Part]:
    found = world.list(PART, bucket.account, bucket.name, prefix=f"{upload.id}/")
    return {document.body.number: document.body for document in found}


def _chosen(listed: Sequence[Mapping[str, Any]], upload: Upload, uploaded: Mapping[int, Part]) -> tuple[Part, ...]:
    """The parts that are listed, each found as it is described. InvalidPartOrder, InvalidPart, EntityTooSmall."""
    if not 0 < len(listed) <= _NUMBER_MAX:
        raise MalformedXML
    parts: list[Part] = []
    for one in listed:
        number = one.get("PartNumber", 0)
        if not 1 <= number <= _NUMBER_MAX:
            raise argument("partNumber", number, "Part number must be an integer between 1 and 10000, inclusive")
        if parts and number <= parts[-1].number:
            raise InvalidPartOrder(members={"UploadId": upload.id})
        parts.append(_found(one, upload, uploaded.get(number)))
    for part in parts[:-1]:
        if part.size < _PART_MIN:
            raise EntityTooSmall(
                members={
                    "ETag": part.etag,
                    "MinSizeAllowed": _PART_MIN,
                    "PartNumber": part.number,
                    "ProposedSize": part.size,
                }
            )
    return tuple(parts)


def _found(one: Mapping[str, Any], upload: Upload, part: Part | None) -> Part:
    given = given_checksum(one)
    etag = (one.get("ETag") or "").strip('"')
    if part is None or etag != part.etag:
        raise InvalidPart(members={"UploadId": upload.id, "PartNumber": one["PartNumber"], "ETag": etag})
    if given is None:
        if upload.composite:
            raise InvalidRequest(
                reason=f"The upload was created using a {upload.algorithm.lower()} checksum. The complete request must "
                f"include the checksum for each part. It was missing for part {part.number} in the request."
            )
        return part
    if upload.algorithm and given.algorithm != upload.algorithm:
        digest = given.algorithm.lower()
        raise BadPartDigest(digest=digest, part=part.number)
    if part.checksum is None or (given.algorithm, given.value) != (part.checksum.algorithm, part.checksum.value):
        raise InvalidPart(members={"UploadId": upload.id, "PartNumber": part.number, "ETag": etag})
    return part


def _check_size(params: Mapping[str, Any], parts: Sequence[Part]) -> None:
    size, expected = sum(part.size for part in parts), params.get("MpuObjectSize")
    if expected is not None and int(expected) != size:
        raise InvalidRequest(
            reason=f"The provided 'x-amz-mp-object-size' header value {expected} does not match what was computed: {size}"
        )


def _check_conditions(params: Mapping[str, Any], upload: Upload, standing: Stored | None) -> None:
    check_write(params, standing)
    gone = standing is None or standing.marker
    if params.get("IfNoneMatch") is not None and upload.standing and gone:
        raise ConditionalRequestConflict(members={"Condition": "If-None-Match", "Key": upload.key})


def _stored(call: Call, world: World, upload: Upload, parts: tuple[Part, ...]) -> Stored:
    joined = hashlib.md5(b"".join(bytes.fromhex(part.etag) for part in parts), usedforsecurity=False)
    stored = msgspec.structs.replace(
        upload.draft,
        modified=call.now,
        size=sum(part.size for part in parts),
        etag=f"{joined.hexdigest()}-{len(parts)}",
        parts=tuple(
            msgspec.structs.replace(part, number=index, checksum=part.checksum if upload.algorithm else None)
            for index, part in enumerate(parts, start=1)
        ),
    )
    checksum = _checksum(world, upload, stored)
    given = given_checksum(call.params)
    if given is not None and checksum is not None and not _agree(given, checksum):
        raise BadDigest(digest=given.algorithm.lower(), measure="the calculated checksum")
    return msgspec.structs.replace(stored, checksum=checksum)


def _agree(given: Checksum, made: Checksum) -> bool:
    same = given.value.partition("-")[0] == made.value.partition("-")[0]
    return given.algorithm != made.algorithm or same


def _checksum(world: World, upload: Upload, stored: Stored) -> Checksum | None:
    """The checksum of the whole. Without an algorithm a CRC64NVME is made, for what is not large."""
    if not upload.algorithm:
        if stored.size > _DEFAULT_CHECKSUM_MAX:
            return None
        whole = source_bytes(world, stored, 0, stored.size)
        return Checksum(algorithm="CRC64NVME", value=compute("CRC64NVME", whole))
    values = [part.checksum.value for part in stored.parts if part.checksum is not None]
    if upload.composite:
        return Checksum(algorithm=upload.algorithm, value=composite(upload.algorithm, values), composite=True)
    sizes = [part.size for part in stored.parts]
    return Checksum(algorithm=upload.algorithm, value=combined(upload.algorithm, zip(values, sizes, strict=True)))
