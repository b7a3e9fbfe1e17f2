"""Checksums that S3 takes behind a payload.

https://docs.aws.amazon.com/AmazonS3/latest/userguide/checking-object-integrity.html
"""

import base64
import hashlib
import struct
import zlib
from collections.abc import Callable, Mapping
from functools import lru_cache

__all__ = ["CHECKSUMS", "checksum", "crc32c", "crc64nvme"]

_CRC32C = 0x82F63B78
_CRC64NVME = 0x9A6C9329AC4BC9B5
_WORD = struct.Struct("<Q")

_Table = tuple[int, ...]


@lru_cache(maxsize=2)
def _tables(polynomial: int) -> tuple[_Table, ...]:
    """What a byte does to a reflected CRC when none to seven others come behind it."""
    by_byte = []
    for byte in range(256):
        value = byte
        for _ in range(8):
            value = (value >> 1) ^ (polynomial if value & 1 else 0)
        by_byte.append(value)
    tables = [tuple(by_byte)]
    for _ in range(7):
        tables.append(tuple([by_byte[value & 255] ^ (value >> 8) for value in tables[-1]]))
    return tuple(tables)


def _crc(data: bytes, polynomial: int, width: int) -> int:
    """The CRC, eight bytes a step."""
    t0, t1, t2, t3, t4, t5, t6, t7 = _tables(polynomial)
    mask = (1 << width) - 1
    value = mask
    whole = len(data) & ~7
    for (word,) in _WORD.iter_unpack(memoryview(data)[:whole]):
        a, b, c, d, e, f, g, h = (word ^ value).to_bytes(8, "little")
        value = t7[a] ^ t6[b] ^ t5[c] ^ t4[d] ^ t3[e] ^ t2[f] ^ t1[g] ^ t0[h]
    for byte in data[whole:]:
        value = t0[(value ^ byte) & 255] ^ (value >> 8)
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
