"""Checksums that S3 takes behind a payload.

https://docs.aws.amazon.com/AmazonS3/latest/userguide/checking-object-integrity.html
"""

import base64
import hashlib
import zlib
from collections.abc import Callable, Mapping
from functools import lru_cache

__all__ = ["CHECKSUMS", "checksum", "crc32c", "crc64nvme"]

_CRC32C = 0x82F63B78
_CRC64NVME = 0x9A6C9329AC4BC9B5
_PAIRS = 65_536


@lru_cache(maxsize=2)
def _table(polynomial: int) -> tuple[int, ...]:
    """What two bytes at once do to a reflected CRC: half the steps of a table by byte."""
    by_byte = []
    for byte in range(256):
        value = byte
        for _ in range(8):
            value = (value >> 1) ^ (polynomial if value & 1 else 0)
        by_byte.append(value)
    return tuple([by_byte[(by_byte[pair & 255] ^ (pair >> 8)) & 255] ^ (by_byte[pair & 255] >> 8) for pair in range(_PAIRS)])  # fmt: skip


def _crc(data: bytes, polynomial: int, width: int) -> int:
    table = _table(polynomial)
    mask = (1 << width) - 1
    value = mask
    even = len(data) & ~1
    for index in range(0, even, 2):
        value = table[(value ^ (data[index] | data[index + 1] << 8)) & 0xFFFF] ^ (value >> 16)
    if even != len(data):
        value ^= data[even]
        for _ in range(8):
            value = (value >> 1) ^ (polynomial if value & 1 else 0)
    return value ^ mask


def crc32c(data: bytes) -> int:
    """CRC-32C (Castagnoli)."""
    return _crc(data, _CRC32C, 32)


def crc64nvme(data: bytes) -> int:
    """CRC-64/NVME."""
    return _crc(data, _CRC64NVME, 64)


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
