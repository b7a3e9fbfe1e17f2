"""Objects, their versions, and multipart uploads as stored documents.

The newest version of a key, be it a delete marker, is an `OBJECT`; older ones are `VERSION`s. So a put into a bucket
without versioning reads and writes one document, and a listing reads one range in the order of keys.
"""

import msgspec

from trailwarden.services.s3.bucket import Bucket, Grant
from trailwarden.storage.ports import Kind, Reader, Transaction

__all__ = [
    "NULL",
    "OBJECT",
    "PART",
    "UPLOAD",
    "VERSION",
    "Checksum",
    "Part",
    "Stored",
    "Upload",
    "forget",
    "keep",
    "latest",
    "older",
    "part_name",
    "retire",
    "upload_name",
    "version_of",
]

NULL = "null"
_BETWEEN = "\x01"
"""Sorts before all that XML can hold in a key, so that what belongs to a key stands right behind it."""


class Checksum(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A checksum. `algorithm` is CRC32, CRC32C, CRC64NVME, SHA1 or SHA256; `value` is base64, composite ones end in -N."""

    algorithm: str
    value: str
    composite: bool = False

    @property
    def type(self) -> str:
        """As on the wire."""
        return "COMPOSITE" if self.composite else "FULL_OBJECT"


class Part(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A piece of an object: its bytes' reference, and what it was uploaded with. Times are seconds since the epoch."""

    number: int
    size: int
    etag: str
    blob: str
    modified: float
    checksum: Checksum | None = None


class Stored(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A version of an object, or a delete marker.

    Key: (the bucket owner's account, the bucket's name, the object's key); for `VERSION` the key is followed by the
    version id. `sequence` orders the versions of a key. `version` is "null" where versioning was not on. `blob` is "" for
    an object made of `parts`. `owner` is the account that owns the object, "" for the bucket's. `acl` None stands for the
    owner's full control alone. `headers` holds what is given back on a read, by member name. `encryption` is "" for AES256;
    `encryption_context` is what its KMS key was given besides the object's or bucket's ARN.
    """

    key: str
    modified: float
    sequence: int = 1
    version: str = NULL
    marker: bool = False
    size: int = 0
    etag: str = ""
    blob: str = ""
    parts: tuple[Part, ...] = ()
    owner: str = ""
    acl: tuple[Grant, ...] | None = None
    headers: dict[str, str] = {}
    metadata: dict[str, str] = {}
    tags: dict[str, str] = {}
    storage_class: str = "STANDARD"
    checksum: Checksum | None = None
    encryption: str = ""
    kms_key: str = ""
    encryption_context: dict[str, str] = {}
    bucket_key: bool = False
    customer_key_md5: str = ""
    lock_mode: str = ""
    lock_until: float = 0.0
    legal_hold: str = ""

    @property
    def blobs(self) -> tuple[str, ...]:
        """The references of its bytes, in order."""
        return tuple(part.blob for part in self.parts) if self.parts else ((self.blob,) if self.blob else ())


class Upload(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A multipart upload that is neither completed nor aborted. Key: (account, bucket, `upload_name`).

    `draft` holds what the object will have besides its bytes. `initiator` is the ARN of who began it. `standing` is the
    ETag of the object that had the key then, "" for none.
    """

    id: str
    key: str
    started: float
    initiator: str
    draft: Stored
    standing: str = ""
    algorithm: str = ""
    composite: bool = False


OBJECT = Kind("s3.object", Stored)
VERSION = Kind("s3.version", Stored)
UPLOAD = Kind("s3.upload", Upload)
PART = Kind("s3.part", Part)
"""Key: (account, bucket, `part_name`)."""


def upload_name(key: str, upload: str) -> str:
    """The name of an upload's document, in the order of keys and, for one key, of their beginning."""
    return key + _BETWEEN + upload


def part_name(upload: str, number: int) -> str:
    """The name of a part's document, in the order of part numbers."""
    return f"{upload}/{number:05}"


def latest(reader: Reader, bucket: Bucket, key: str) -> Stored | None:
    """The newest version of a key, which may be a delete marker."""
    document = reader.get(OBJECT, bucket.account, bucket.name, key)
    return document.body if document else None


def older(reader: Reader, bucket: Bucket, key: str) -> list[Stored]:
    """The versions behind the newest one, newest first."""
    found = reader.list(VERSION, bucket.account, bucket.name, prefix=key + _BETWEEN)
    versions = [document.body for document in found if document.body.key == key]
    return sorted(versions, key=lambda version: version.sequence, reverse=True)


def version_of(reader: Reader, bucket: Bucket, key: str, version: str) -> Stored | None:
    """The version of that id."""
    newest = latest(reader, bucket, key)
    if newest is None or newest.version == version:
        return newest
    document = reader.get(VERSION, bucket.account, bucket.name, key + _BETWEEN + version)
    return document.body if document else None


def retire(transaction: Transaction, bucket: Bucket, stored: Stored) -> None:
    """Move a newest version behind the one that is about to take its place."""
    transaction.put(VERSION, bucket.account, bucket.name, stored.key + _BETWEEN + stored.version, stored)


def forget(transaction: Transaction, bucket: Bucket, stored: Stored) -> None:
    """Remove an older version's document."""
    transaction.delete(VERSION, bucket.account, bucket.name, stored.key + _BETWEEN + stored.version)


def keep(transaction: Transaction, bucket: Bucket, stored: Stored) -> None:
    """Write back a version that was changed in place (tags, ACL, lock)."""
    newest = latest(transaction, bucket, stored.key)
    if newest is not None and newest.version == stored.version:
        transaction.put(OBJECT, bucket.account, bucket.name, stored.key, stored)
    else:
        retire(transaction, bucket, stored)
