"""What an object is to be besides its bytes: from the members that PutObject, CopyObject and CreateMultipartUpload share."""

import base64
import hashlib
from collections.abc import Mapping
from datetime import datetime
from email.utils import format_datetime
from typing import Any

import msgspec

from trailwarden.auth.callers import canonical_id
from trailwarden.clock import Chance
from trailwarden.errors import AwsError
from trailwarden.services.call import Call
from trailwarden.services.s3.bucket import Bucket, Grant
from trailwarden.services.s3.customer_keys import customer_key_md5
from trailwarden.services.s3.errors import AccessDenied, InvalidRequest, InvalidStorageClass, argument
from trailwarden.services.s3.grants import asked_grants, permitted
from trailwarden.services.s3.locks import asked_lock
from trailwarden.services.s3.stored import Checksum, Stored
from trailwarden.services.s3.tags import tags_of_header

__all__ = ["HEADERS", "draft_of", "encryption_members", "new_version_id", "object_acl", "with_encryption"]

HEADERS = (
    "CacheControl",
    "ContentDisposition",
    "ContentEncoding",
    "ContentLanguage",
    "ContentType",
    "Expires",
    "WebsiteRedirectLocation",
)
STORAGE_CLASSES = frozenset(
    {
        "STANDARD", "REDUCED_REDUNDANCY", "STANDARD_IA", "ONEZONE_IA", "INTELLIGENT_TIERING", "GLACIER",
        "DEEP_ARCHIVE", "GLACIER_IR",
    }
)  # fmt: skip
_KMS = frozenset({"aws:kms", "aws:kms:dsse"})
_METADATA_MAX = 2048
_CUSTOMER_KEYS_BLOCKED = (
    "this bucket has blocked upload requests that specify Server Side Encryption with Customer provided keys (SSE-C). "
    "Please specify a different server-side encryption type"
)


class MetadataTooLarge(AwsError):
    """User-defined metadata has at most 2 KB.

    https://docs.aws.amazon.com/AmazonS3/latest/userguide/UsingMetadata.html
    """

    message = "Your metadata headers exceed the maximum allowed metadata size"


def new_version_id(chance: Chance) -> str:
    """An opaque version id of 32 characters."""
    return base64.urlsafe_b64encode(chance.bytes(24)).decode().replace("-", ".")


def draft_of(
    call: Call, bucket: Bucket, *, size: int = 0, etag: str = "", blob: str = "", checksum: Checksum | None = None
) -> Stored:
    """The object that the call's members describe, around bytes that are kept already."""
    params = call.params
    lock = asked_lock(params, bucket, call.now)
    stored = Stored(
        key=params["Key"],
        modified=call.now,
        size=size,
        etag=etag,
        blob=blob,
        checksum=checksum,
        owner=object_owner(call, bucket),
        acl=object_acl(call, bucket),
        headers=headers_of(params),
        metadata=metadata_of(params),
        tags=tags_of_header(params.get("Tagging")),
        storage_class=storage_class_of(params),
        lock_mode=lock.mode,
        lock_until=lock.until,
        legal_hold=lock.legal_hold,
    )
    return with_encryption(params, bucket, stored)


def headers_of(params: Mapping[str, Any]) -> dict[str, str]:
    """The headers that are given back as they came."""
    return {name: _text(params[name]) for name in HEADERS if params.get(name) is not None}


def _text(value: Any) -> str:
    """A header's value; a date that the parser read is written again as HTTP has it."""
    return format_datetime(value, usegmt=True) if isinstance(value, datetime) else str(value)


def metadata_of(params: Mapping[str, Any]) -> dict[str, str]:
    """User-defined metadata, names in lower case. MetadataTooLarge."""
    metadata = {name.lower(): value for name, value in (params.get("Metadata") or {}).items()}
    size = sum(len(name.encode()) + len(value.encode()) for name, value in metadata.items())
    if size > _METADATA_MAX:
        raise MetadataTooLarge(members={"Size": size, "MaxSizeAllowed": _METADATA_MAX})
    return metadata


def storage_class_of(params: Mapping[str, Any]) -> str:
    """InvalidStorageClass for one that a general purpose bucket does not know."""
    given: str = params.get("StorageClass") or "STANDARD"
    if given not in STORAGE_CLASSES:
        raise InvalidStorageClass(members={"StorageClassRequested": given})
    return given


def object_owner(call: Call, bucket: Bucket) -> str:
    """The account that will own the object, "" for the bucket's.

    https://docs.aws.amazon.com/AmazonS3/latest/userguide/about-object-ownership.html
    """
    if call.account == bucket.account or not bucket.acls_on:
        return ""
    if bucket.ownership == "BucketOwnerPreferred" and call.params.get("ACL") == "bucket-owner-full-control":
        return ""
    return call.account


def object_acl(call: Call, bucket: Bucket) -> tuple[Grant, ...] | None:
    """The ACL that the headers ask for, if the bucket takes one. None stands for the owner alone."""
    owner = object_owner(call, bucket) or bucket.account
    grants = asked_grants(call.params, owner=owner, bucket_owner=bucket.account)
    grants = permitted(
        bucket,
        grants,
        caller=call.caller.principal.arn,
        action="s3:PutObject",
        resource=f"{bucket.arn}/{call.params['Key']}",
    )
    if grants == (Grant(id=canonical_id(owner), permission="FULL_CONTROL"),):
        return None
    return grants


def with_encryption(params: Mapping[str, Any], bucket: Bucket, stored: Stored) -> Stored:
    """The object encrypted as the request says, else as the bucket's default.

    https://docs.aws.amazon.com/AmazonS3/latest/userguide/serv-side-encryption.html
    """
    algorithm, key = params.get("ServerSideEncryption"), params.get("SSEKMSKeyId")
    customer = customer_key_md5(params)
    if customer:
        if "SSE-C" in bucket.blocked_encryption:
            raise AccessDenied(reason=_CUSTOMER_KEYS_BLOCKED)
        return msgspec.structs.replace(stored, customer_key_md5=customer, encryption="", kms_key="", bucket_key=False)
    if algorithm is None:
        if key is not None:
            raise argument(
                "x-amz-server-side-encryption-aws-kms-key-id",
                key,
                "Server Side Encryption with AWS KMS managed key requires HTTP header x-amz-server-side-encryption : aws:kms",
            )
        algorithm, key, bucket_key = bucket.encryption, bucket.kms_key, bucket.bucket_key
    else:
        bucket_key = bool(params.get("BucketKeyEnabled", bucket.bucket_key))
    if algorithm == "AES256":
        if key:
            raise InvalidRequest(reason="A KMS key is not applicable to server-side encryption with AES256")
        return msgspec.structs.replace(stored, encryption="", kms_key="", bucket_key=False, customer_key_md5="")
    if algorithm not in _KMS:
        raise argument("x-amz-server-side-encryption", algorithm, "The encryption method specified is not supported")
    return msgspec.structs.replace(
        stored,
        encryption=algorithm,
        kms_key=_key_arn(bucket, key or ""),
        encryption_context=stored.encryption_context | _asked_context(params),
        bucket_key=bucket_key,
        customer_key_md5="",
        etag=_opaque(stored.etag),
    )


def _asked_context(params: Mapping[str, Any]) -> dict[str, str]:
    """The encryption context that the request adds, JSON in Base64. InvalidArgument.

    https://docs.aws.amazon.com/AmazonS3/latest/userguide/specifying-kms-encryption.html#s3-kms-encryption-context
    """
    given = params.get("SSEKMSEncryptionContext")
    if not given:
        return {}
    try:
        return msgspec.json.decode(base64.b64decode(given, validate=True), type=dict[str, str])
    except (ValueError, msgspec.DecodeError):
        raise argument(
            "x-amz-server-side-encryption-context", given, "The header must be a Base64-encoded JSON of text pairs."
        ) from None


def _opaque(etag: str) -> str:
    """The ETag of what a KMS key encrypts is not the MD5 of its bytes.

    https://docs.aws.amazon.com/AmazonS3/latest/API/API_Object.html
    """
    if not etag or "-" in etag:
        return etag
    return hashlib.md5(f"encrypted:{etag}".encode(), usedforsecurity=False).hexdigest()


def _key_arn(bucket: Bucket, key: str) -> str:
    """The key as answers name it: an ARN; without one given, the AWS managed key's alias."""
    if key.startswith("arn:"):
        return key
    name = key if key.startswith("alias/") else f"key/{key}"
    return f"arn:aws:kms:{bucket.region}:{bucket.account}:{name if key else 'alias/aws/s3'}"


def encryption_members(stored: Stored) -> dict[str, Any]:
    """How an answer tells an object's encryption."""
    if stored.customer_key_md5:
        return {"SSECustomerAlgorithm": "AES256", "SSECustomerKeyMD5": stored.customer_key_md5}
    if not stored.encryption:
        return {"ServerSideEncryption": "AES256"}
    answer: dict[str, Any] = {"ServerSideEncryption": stored.encryption, "SSEKMSKeyId": stored.kms_key}
    if stored.bucket_key:
        answer["BucketKeyEnabled"] = True
    return answer
