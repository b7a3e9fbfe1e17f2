"""A digest file as it was delivered.

https://docs.aws.amazon.com/awscloudtrail/latest/userguide/cloudtrail-log-file-validation-digest-file-structure.html
"""

import hashlib
from dataclasses import dataclass
from datetime import datetime

import msgspec

from trailwarden.gzipped import Spoilt
from trailwarden.validation.unpacking import content_of

__all__ = ["Digest", "Listed", "Read", "read_digest", "to_sign"]


class Listed(msgspec.Struct, frozen=True, gc=False):
    """A log file that a digest lists; `hash` is that of its content."""

    bucket: str = msgspec.field(name="s3Bucket")
    key: str = msgspec.field(name="s3Object")
    hash: str = msgspec.field(name="hashValue")
    algorithm: str = msgspec.field(name="hashAlgorithm")


class Digest(msgspec.Struct, frozen=True, kw_only=True):
    """The members that validation rests on; times as they are written."""

    start: datetime = msgspec.field(name="digestStartTime")
    end: datetime = msgspec.field(name="digestEndTime")
    bucket: str = msgspec.field(name="digestS3Bucket")
    key: str = msgspec.field(name="digestS3Object")
    fingerprint: str = msgspec.field(name="digestPublicKeyFingerprint")
    algorithm: str = msgspec.field(name="digestSignatureAlgorithm")
    previous_bucket: str | None = msgspec.field(name="previousDigestS3Bucket")
    previous_key: str | None = msgspec.field(name="previousDigestS3Object")
    previous_hash: str | None = msgspec.field(name="previousDigestHashValue")
    previous_signature: str | None = msgspec.field(name="previousDigestSignature")
    files: tuple[Listed, ...] = msgspec.field(name="logFiles")


class _Ended(msgspec.Struct, frozen=True):
    """The end as text: a signature is over the characters."""

    end: str = msgspec.field(name="digestEndTime")


_DIGEST: msgspec.json.Decoder[Digest] = msgspec.json.Decoder(Digest)
_ENDED: msgspec.json.Decoder[_Ended] = msgspec.json.Decoder(_Ended)


@dataclass(frozen=True, slots=True)
class Read:
    """A digest with the hash of its content and the text of its end."""

    digest: Digest
    hash: str
    ended: str


def read_digest(data: bytes) -> Read | None:
    """The digest in a file; None where it has another form."""
    try:
        content = content_of(data)
        digest = _DIGEST.decode(content)
        if digest.start.tzinfo is None or digest.end.tzinfo is None:
            return None
        return Read(digest, hashlib.sha256(content).hexdigest(), _ENDED.decode(content).end)
    except (Spoilt, msgspec.DecodeError, UnicodeDecodeError):
        return None


def to_sign(read: Read) -> bytes:
    """What the signature of a digest is over."""
    digest = read.digest
    lines = (read.ended, f"{digest.bucket}/{digest.key}", read.hash, digest.previous_signature or "null")
    return "\n".join(lines).encode()
