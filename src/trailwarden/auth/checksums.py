"""Checksums that S3 takes behind a payload.

https://docs.aws.amazon.com/AmazonS3/latest/userguide/checking-object-integrity.html
"""

import base64
import hashlib
import zlib
from collections.abc import Callable, Mapping

import awscrt.checksums

__all__ = ["CHECKSUMS", "checksum", "crc32c", "crc64nvme"]


def crc32c(data: bytes) -> int:
    """CRC-32C (Castagnoli)."""
    return int(awscrt.checksums.crc32c(data))


def crc64nvme(data: bytes) -> int:
    """CRC-64/NVME."""
    return int(awscrt.checksums.crc64nvme(data))


CHECKSUMS: Mapping[str, Callable[[bytes], bytes]] = {
    "crc32": lambda data: zlib.crc32(data).to_bytes(4),
    "crc32c": lambda data: crc32c(data).to_bytes(4),
    "crc64nvme": lambda data: crc64nvme(data).to_bytes(8),
    "md5": lambda data: hashlib.md5(data, usedforsecurity=False).digest(),
    "sha1": lambda data: hashlib.sha1(data, usedforsecurity=False).digest(),
    "sha256": lambda data: hashlib.sha256(data).digest(),
    "sha512": lambda data: hashlib.sha512(data).digest(),
}
"""By the name behind `x-amz-checksum-`."""


def checksum(algorithm: str, data: bytes) -> str | None:
    """The checksum in base 64 as headers carry it; None for an algorithm that cannot be computed here."""
    compute = CHECKSUMS.get(algorithm.lower())
    return None if compute is None else base64.b64encode(compute(data)).decode()
