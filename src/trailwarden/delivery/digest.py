"""Digest files: signed lists of the log files delivered, each linked to the one before.

https://docs.aws.amazon.com/awscloudtrail/latest/userguide/cloudtrail-log-file-validation-digest-file-structure.html
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import msgspec

from trailwarden.clock import iso
from trailwarden.delivery.keys import Signer
from trailwarden.delivery.logfile import Packed, folder, packed, prefixed
from trailwarden.delivery.progress import Delivered
from trailwarden.delivery.trail import Trail, TrailStatus

__all__ = ["Digest", "Span", "signed_digest"]

_KIND = "CloudTrail-Digest"
_ALGORITHM = "SHA256withRSA"
_HASH = "SHA-256"


@dataclass(frozen=True, slots=True, kw_only=True)
class Span:
    """What a digest is about: an account, a Region, and a range of delivery times in whole seconds."""

    account: str
    region: str
    start: int
    end: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Digest:
    """A digest file ready to be put; `signature` goes into the next one."""

    key: str
    file: Packed
    signature: str
    metadata: Mapping[str, str]


def signed_digest(
    trail: Trail,
    span: Span,
    files: Sequence[Delivered],
    *,
    previous: TrailStatus,
    signer: Signer,
    generated: float | None = None,
) -> Digest:
    """The digest of a span. `previous` tells the last digest of the chain (its `previous_*`, "" before the first).

    `generated` makes it a backfill digest, made at that time, of files that came after their chain was closed.
    """
    key = _key(trail, span, late=generated is not None)
    content = msgspec.json.encode(_content(trail, span, files, key=key, previous=previous, signer=signer))
    file = packed(content)
    text = "\n".join((iso(span.end), f"{trail.bucket}/{key}", file.hash, previous.previous_signature or "null"))
    signature = signer.sign(text.encode())
    metadata = {"signature": signature, "signature-algorithm": _ALGORITHM}
    if generated is not None:
        metadata["backfill-generation-timestamp"] = iso(generated)
    return Digest(key=key, file=file, signature=signature, metadata=metadata)


def _key(trail: Trail, span: Span, *, late: bool) -> str:
    end = datetime.fromtimestamp(span.end, UTC)
    suffix = "_backfill" if late else ""
    name = f"{span.account}_{_KIND}_{span.region}_{trail.name}_{trail.home_region}_{end:%Y%m%dT%H%M%SZ}{suffix}.json.gz"
    return prefixed(trail, f"{folder(trail, span.account)}/{_KIND}/{span.region}/{end:%Y/%m/%d}/{name}")


def _content(
    trail: Trail,
    span: Span,
    files: Sequence[Delivered],
    *,
    key: str,
    previous: TrailStatus,
    signer: Signer,
) -> dict[str, Any]:
    linked = bool(previous.previous_key)
    return {
        "awsAccountId": span.account,
        "digestStartTime": iso(span.start),
        "digestEndTime": iso(span.end),
        "digestS3Bucket": trail.bucket,
        "digestS3Object": key,
        "digestPublicKeyFingerprint": signer.fingerprint,
        "digestSignatureAlgorithm": _ALGORITHM,
        "newestEventTime": iso(max(file.newest for file in files)) if files else None,
        "oldestEventTime": iso(min(file.oldest for file in files)) if files else None,
        "previousDigestS3Bucket": previous.previous_bucket or None,
        "previousDigestS3Object": previous.previous_key or None,
        "previousDigestHashValue": previous.previous_hash or None,
        "previousDigestHashAlgorithm": _HASH if linked else None,
        "previousDigestSignature": previous.previous_signature or None,
        "logFiles": [_listed(file) for file in files],
    }


def _listed(file: Delivered) -> dict[str, str]:
    return {
        "s3Bucket": file.bucket,
        "s3Object": file.key,
        "hashValue": file.hash,
        "hashAlgorithm": _HASH,
        "newestEventTime": iso(file.newest),
        "oldestEventTime": iso(file.oldest),
    }
