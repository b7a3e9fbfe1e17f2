"""Multipart uploads: begin, abort, list.

https://docs.aws.amazon.com/AmazonS3/latest/userguide/mpuoverview.html
"""

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from typing import Any

from trailwarden.arn import Arn
from trailwarden.auth.callers import canonical_id
from trailwarden.services.call import Call
from trailwarden.services.registry import operation
from trailwarden.services.s3.bucket import Bucket, find_bucket
from trailwarden.services.s3.checksums import ALGORITHMS
from trailwarden.services.s3.draft import draft_of, encryption_members
from trailwarden.services.s3.errors import InvalidRequest, NoSuchUpload, argument
from trailwarden.services.s3.kms import with_data_key
from trailwarden.services.s3.objects import check_key
from trailwarden.services.s3.paging import LAST, Encoding, Walk, limit_of, walk
from trailwarden.services.s3.stored import PART, UPLOAD, Upload, latest, part_name, upload_name
from trailwarden.services.world import World
from trailwarden.storage.ports import Document

__all__ = [
    "abort_multipart_upload",
    "create_multipart_upload",
    "end_upload",
    "find_upload",
    "initiator_of",
    "list_multipart_uploads",
]

_COMPOSITE_ONLY = frozenset({"SHA1", "SHA256"})
_FULL_ONLY = frozenset({"CRC64NVME"})


@operation("s3:CreateMultipartUpload")
def create_multipart_upload(call: Call, world: World) -> Mapping[str, Any]:
    """Begin an upload in parts.

    https://docs.aws.amazon.com/AmazonS3/latest/API/API_CreateMultipartUpload.html
    """
    params, bucket = call.params, find_bucket(call, world)
    key = params["Key"]
    check_key(key)
    algorithm, composite = _checksum_mode(params)
    draft = draft_of(call, bucket)
    draft = with_data_key(call, world, bucket, draft)
    standing = latest(world.transaction, bucket, key)
    upload = Upload(
        id=f"{int(call.now * 1000):012x}{world.chance.letters(52)}",
        key=key,
        started=call.now,
        initiator=call.caller.principal.arn,
        draft=draft,
        standing=standing.etag if standing is not None and not standing.marker else "",
        algorithm=algorithm,
        composite=composite,
    )
    world.put(UPLOAD, bucket.account, bucket.name, upload_name(key, upload.id), upload)
    return {
        "Bucket": bucket.name,
        "Key": key,
        "UploadId": upload.id,
        **mode_members(upload),
        **encryption_members(upload.draft),
    }


def _checksum_mode(params: Mapping[str, Any]) -> tuple[str, bool]:
    """The algorithm and whether the whole's checksum is one of the parts' checksums.

    https://docs.aws.amazon.com/AmazonS3/latest/userguide/checking-object-integrity-upload.html
    """
    algorithm, mode = params.get("ChecksumAlgorithm"), params.get("ChecksumType")
    if algorithm is None:
        if mode is not None:
            raise InvalidRequest(
                reason="The x-amz-checksum-type header can only be used with the x-amz-checksum-algorithm header."
            )
        return "", False
    if algorithm not in ALGORITHMS:
        raise InvalidRequest(
            reason="Checksum algorithm provided is unsupported. Please try again with any of the valid types: "
            f"[{', '.join(ALGORITHMS)}]"
        )
    if mode is None:
        return algorithm, algorithm not in _FULL_ONLY
    if algorithm in {"COMPOSITE": _FULL_ONLY, "FULL_OBJECT": _COMPOSITE_ONLY}.get(mode, frozenset()):
        raise InvalidRequest(
            reason=f"The {mode} checksum type cannot be used with the {algorithm.lower()} checksum algorithm."
        )
    return algorithm, mode == "COMPOSITE"


def mode_members(upload: Upload) -> dict[str, str]:
    """How answers tell the upload's checksum mode; not at all where none was asked for."""
    if not upload.algorithm:
        return {}
    mode = "COMPOSITE" if upload.composite else "FULL_OBJECT"
    return {"ChecksumAlgorithm": upload.algorithm, "ChecksumType": mode}


def find_upload(call: Call, world: World, bucket: Bucket) -> Upload:
    """The upload that the call names by key and id, or NoSuchUpload."""
    name = upload_name(call.params["Key"], call.params["UploadId"])
    upload = world.find(UPLOAD, bucket.account, bucket.name, name)
    if upload is None:
        raise NoSuchUpload(members={"UploadId": call.params["UploadId"]})
    return upload


def end_upload(world: World, bucket: Bucket, upload: Upload, kept: frozenset[str]) -> None:
    """Forget the upload and its parts; bytes that are not `kept` go."""
    for document in world.list(PART, bucket.account, bucket.name, prefix=f"{upload.id}/"):
        if document.body.blob and document.body.blob not in kept:
            world.transaction.discard(document.body.blob)
        world.delete(PART, bucket.account, bucket.name, part_name(upload.id, document.body.number))
    world.delete(UPLOAD, bucket.account, bucket.name, upload_name(upload.key, upload.id))


@operation("s3:AbortMultipartUpload")
def abort_multipart_upload(call: Call, world: World) -> None:
    """Give an upload up; its parts go.

    https://docs.aws.amazon.com/AmazonS3/latest/API/API_AbortMultipartUpload.html
    """
    bucket = find_bucket(call, world)
    end_upload(world, bucket, find_upload(call, world, bucket), frozenset())


def initiator_of(upload: Upload, bucket: Bucket) -> dict[str, str]:
    """Who began the upload: the ARN of an identity, the canonical id of an account.

    https://docs.aws.amazon.com/AmazonS3/latest/API/API_Initiator.html
    """
    arn = Arn.parse(upload.initiator)
    if arn is None or arn.resource == "root":
        return {"ID": canonical_id(arn.account if arn else bucket.account)}
    return {"ID": upload.initiator, "DisplayName": arn.name}


@operation("s3:ListMultipartUploads")
def list_multipart_uploads(call: Call, world: World) -> Mapping[str, Any]:
    """Uploads under way, in order of their keys, for one key in that of their beginning.

    https://docs.aws.amazon.com/AmazonS3/latest/API/API_ListMultipartUploads.html
    """
    params = call.params
    bucket, encode = find_bucket(call, world), Encoding.of(params)
    limit = limit_of(params, "MaxUploads", "max-uploads")
    uploads: list[Upload] = []
    prefixes: list[str] = []
    truncated = False
    for found in _walk(params, world, bucket):
        if len(uploads) + len(prefixes) == limit:
            truncated = True
            break
        if isinstance(found, str):
            prefixes.append(found)
        else:
            uploads.append(found.body)
    answer = _answer(params, bucket, encode, limit=limit, truncated=truncated)
    answer["NextKeyMarker"] = encode(uploads[-1].key) if uploads else ""
    answer["NextUploadIdMarker"] = uploads[-1].id if uploads else ""
    if uploads:
        answer["Uploads"] = [_listed(upload, bucket, encode) for upload in uploads]
    if prefixes:
        answer["CommonPrefixes"] = [{"Prefix": encode(prefix)} for prefix in prefixes]
    return answer


def _walk(params: Mapping[str, Any], world: World, bucket: Bucket) -> Iterator[Document[Upload] | str]:
    key, upload = params.get("KeyMarker") or "", params.get("UploadIdMarker") or ""
    after = ""
    if key and upload:
        after = upload_name(key, upload)
        if world.find(UPLOAD, bucket.account, bucket.name, after) is None:
            raise argument("upload-id-marker", upload, "Invalid uploadId marker")
    elif key:
        after = upload_name(key, LAST)
    asked = Walk(
        account=bucket.account,
        bucket=bucket.name,
        prefix=params.get("Prefix") or "",
        delimiter=params.get("Delimiter") or "",
        after=after,
    )
    return walk(world.transaction, UPLOAD, asked)


def _answer(
    params: Mapping[str, Any], bucket: Bucket, encode: Encoding, *, limit: int, truncated: bool
) -> dict[str, Any]:
    answer: dict[str, Any] = {
        "Bucket": bucket.name,
        "KeyMarker": encode(params.get("KeyMarker") or ""),
        "UploadIdMarker": params.get("UploadIdMarker") or "",
        "MaxUploads": limit,
        "IsTruncated": truncated,
    }
    if params.get("Prefix"):
        answer["Prefix"] = encode(params["Prefix"])
    if params.get("Delimiter"):
        answer["Delimiter"] = encode(params["Delimiter"])
    if encode.type:
        answer["EncodingType"] = encode.type
    return answer


def _listed(upload: Upload, bucket: Bucket, encode: Encoding) -> dict[str, Any]:
    return {
        "Key": encode(upload.key),
        "UploadId": upload.id,
        "Initiated": datetime.fromtimestamp(int(upload.started), UTC),
        "StorageClass": upload.draft.storage_class,
        "Owner": {"ID": canonical_id(upload.draft.owner or bucket.account)},
        "Initiator": initiator_of(upload, bucket),
        **mode_members(upload),
    }
