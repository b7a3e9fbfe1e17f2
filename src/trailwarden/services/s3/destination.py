"""The S3 side of delivery: log files become objects, if the bucket's policy lets CloudTrail in."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import msgspec

from trailwarden.clock import Chance, Clock
from trailwarden.delivery.destination import DeliveredFile, DeliveryFailed
from trailwarden.policy import ContextValue
from trailwarden.services.s3 import shelf
from trailwarden.services.s3.bucket import BUCKET, Bucket
from trailwarden.services.s3.checksums import compute, md5_hex
from trailwarden.services.s3.draft import new_version_id, with_encryption
from trailwarden.services.s3.kms import encryption_context
from trailwarden.services.s3.locks import asked_lock
from trailwarden.services.s3.stored import Checksum, Stored, latest
from trailwarden.storage.ports import Conflict, Storage, StorageUnavailable, Transaction

__all__ = ["Authorize", "BucketDestination", "KeyRefusal"]

Authorize = Callable[[str, str, str, Mapping[str, ContextValue], Transaction], bool]
"""(service principal, action, resource ARN, context, transaction) → whether the resource's policies allow it."""

KeyRefusal = Callable[[str, Transaction], str]
"""(key ARN, transaction) → the code with which KMS refuses a key in that state, "" where it can be used."""

_CLOUDTRAIL = "cloudtrail.amazonaws.com"
_ACL = "bucket-owner-full-control"
_ATTEMPTS = 10
_KEY_MAX = 1024


def _every_key_is_usable(_key: str, _transaction: Transaction) -> str:
    return ""


@dataclass(frozen=True, slots=True)
class BucketDestination:
    """Implements `delivery.destination.Destination` over the buckets of this server."""

    storage: Storage
    authorize: Authorize
    clock: Clock
    chance: Chance
    key_refusal: KeyRefusal = _every_key_is_usable

    def put(self, file: DeliveredFile) -> None:
        """Write the file durably, owned by the bucket's owner. The same file again leaves the one that stands.

        DeliveryFailed with NoSuchBucket, AccessDenied, KeyTooLongError, KMS's own code behind `KMS.` where the key cannot
        be used, or ServiceUnavailable where the store fails.
        https://docs.aws.amazon.com/awscloudtrail/latest/userguide/create-s3-bucket-policy-for-cloudtrail.html
        """
        for _ in range(_ATTEMPTS):
            transaction = self.storage.begin()
            try:
                self._write(file, transaction)
                self.storage.commit(transaction).result()
            except Conflict:
                continue
            except StorageUnavailable as error:
                raise DeliveryFailed("ServiceUnavailable") from error
            return
        raise DeliveryFailed("ServiceUnavailable")

    def _write(self, file: DeliveredFile, transaction: Transaction) -> None:
        document = transaction.get(BUCKET, "", "", file.bucket)
        if document is None:
            raise DeliveryFailed("NoSuchBucket")
        bucket = document.body
        if len(file.key.encode()) > _KEY_MAX:
            raise DeliveryFailed("KeyTooLongError")
        if not self._admitted(file, bucket, transaction):
            raise DeliveryFailed("AccessDenied")
        etag = md5_hex(file.data)
        standing = latest(transaction, bucket, file.key)
        if standing is not None and not standing.marker and standing.checksum == _checksum(file.data):
            return
        stored = self._stored(file, bucket, transaction, etag)
        if file.kms_key:
            self._make_data_key(file, bucket, stored, transaction)
        shelf.add(transaction, bucket, stored, new_version_id(self.chance))

    def _admitted(self, file: DeliveredFile, bucket: Bucket, transaction: Transaction) -> bool:
        context: dict[str, ContextValue] = {
            "s3:x-amz-acl": _ACL,
            "aws:SourceArn": file.source_arn,
            "aws:SourceAccount": file.account,
        }
        if file.kms_key:
            context["s3:x-amz-server-side-encryption"] = "aws:kms"
            context["s3:x-amz-server-side-encryption-aws-kms-key-id"] = file.kms_key
        return self.authorize(_CLOUDTRAIL, "s3:PutObject", f"{bucket.arn}/{file.key}", context, transaction)

    def _make_data_key(self, file: DeliveredFile, bucket: Bucket, stored: Stored, transaction: Transaction) -> None:
        """DeliveryFailed where the key is gone, cannot be used, or its policy keeps CloudTrail out.

        https://docs.aws.amazon.com/awscloudtrail/latest/userguide/create-kms-key-policy-for-cloudtrail.html
        """
        refusal = self.key_refusal(file.kms_key, transaction)
        if refusal:
            raise DeliveryFailed(f"KMS.{refusal}")
        context: dict[str, ContextValue] = {
            "aws:SourceArn": file.source_arn,
            "aws:SourceAccount": file.account,
            **encryption_context(bucket, stored),
        }
        if not self.authorize(_CLOUDTRAIL, "kms:GenerateDataKey", file.kms_key, context, transaction):
            raise DeliveryFailed("AccessDenied")

    def _stored(self, file: DeliveredFile, bucket: Bucket, transaction: Transaction, etag: str) -> Stored:
        now = self.clock()
        lock = asked_lock({}, bucket, now)
        headers = {"ContentType": file.content_type}
        if file.content_encoding:
            headers["ContentEncoding"] = file.content_encoding
        stored = Stored(
            key=file.key,
            modified=now,
            size=len(file.data),
            etag=etag,
            blob=transaction.store(file.data) if file.data else "",
            headers=headers,
            metadata=dict(file.metadata),
            checksum=_checksum(file.data),
            lock_mode=lock.mode,
            lock_until=lock.until,
        )
        if not file.kms_key:
            return with_encryption({}, bucket, stored)
        stored = msgspec.structs.replace(stored, encryption_context={"aws:cloudtrail:arn": file.source_arn})
        return with_encryption({"ServerSideEncryption": "aws:kms", "SSEKMSKeyId": file.kms_key}, bucket, stored)


def _checksum(data: bytes) -> Checksum:
    return Checksum(algorithm="SHA256", value=compute("SHA256", data))
