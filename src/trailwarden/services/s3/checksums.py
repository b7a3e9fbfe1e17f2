"""Checksums of objects: the algorithms, and what a request says about them.

https://docs.aws.amazon.com/AmazonS3/latest/userguide/checking-object-integrity.html
"""

import base64
import binascii
import hashlib
import hmac
from collections.abc import Iterable, Mapping
from typing import Any

from trailwarden.auth.checksums import CHECKSUMS
from trailwarden.services.call import Call
from trailwarden.services.s3.errors import BadDigest, InvalidDigest, InvalidRequest
from trailwarden.services.s3.stored import Checksum

__all__ = [
    "ALGORITHMS",
    "check_md5",
    "combined",
    "composite",
    "compute",
    "given_checksum",
    "md5_hex",
    "members",
    "verified_checksum",
]

_CRCS = {"CRC32": (32, 0xEDB88320), "CRC32C": (32, 0x82F63B78), "CRC64NVME": (64, 0x9A6C9329AC4BC9B5)}
"""Width and reflected polynomial."""
_TRAILER_MAX = 4096
_MD5_BYTES = 16


ALGORITHMS = ("CRC32", "CRC32C", "CRC64NVME", "SHA1", "SHA256")
_LENGTHS = {"CRC32": 4, "CRC32C": 4, "CRC64NVME": 8, "SHA1": 20, "SHA256": 32}
_MEMBERS = {f"Checksum{algorithm}": algorithm for algorithm in ALGORITHMS}


def compute(algorithm: str, data: bytes) -> str:
    """The checksum in base64."""
    return base64.b64encode(CHECKSUMS[algorithm.lower()](data)).decode()


def combined(algorithm: str, pieces: Iterable[tuple[str, int]]) -> str:
    """The CRC of a whole from those of its pieces, each with its size.

    Appending n bytes multiplies the CRC before them, as a polynomial over GF(2), by x to the power of 8n.
    """
    width, polynomial = _CRCS[algorithm]
    whole = 0
    for value, size in pieces:
        crc = int.from_bytes(base64.b64decode(value))
        whole = _times(_power_of_x(8 * size, width, polynomial), whole, width, polynomial) ^ crc
    return base64.b64encode(whole.to_bytes(width // 8)).decode()


def _times(left: int, right: int, width: int, polynomial: int) -> int:
    """The product of two reflected polynomials, reduced."""
    product = 0
    for place in range(width - 1, -1, -1):
        if left >> place & 1:
            product ^= right
        right = right >> 1 ^ (polynomial if right & 1 else 0)
    return product


def _power_of_x(exponent: int, width: int, polynomial: int) -> int:
    power, square = 1 << width - 1, 1 << width - 2
    while exponent:
        if exponent & 1:
            power = _times(power, square, width, polynomial)
        square = _times(square, square, width, polynomial)
        exponent >>= 1
    return power


def composite(algorithm: str, values: list[str]) -> str:
    """The checksum of the parts' checksums, with their count behind a hyphen."""
    joined = b"".join(base64.b64decode(value) for value in values)
    return f"{compute(algorithm, joined)}-{len(values)}"


def md5_hex(data: bytes) -> str:
    """The ETag of an object put in one piece, without quotes."""
    return hashlib.md5(data, usedforsecurity=False).hexdigest()


def members(checksum: Checksum | None) -> dict[str, Any]:
    """The members by which an answer tells a checksum."""
    if checksum is None:
        return {}
    return {f"Checksum{checksum.algorithm}": checksum.value, "ChecksumType": checksum.type}


def check_md5(params: Mapping[str, Any], etag: str) -> None:
    """Compare Content-MD5, if given. InvalidDigest, BadDigest.

    https://docs.aws.amazon.com/AmazonS3/latest/API/API_PutObject.html (Content-MD5)
    """
    given = params.get("ContentMD5")
    if given is None:
        return
    try:
        digest = base64.b64decode(given, validate=True)
    except (binascii.Error, ValueError):
        digest = b""
    if len(digest) != _MD5_BYTES:
        raise InvalidDigest(members={"Content-MD5": given})
    if not hmac.compare_digest(digest.hex(), etag):
        calculated = base64.b64encode(bytes.fromhex(etag)).decode()
        raise BadDigest(
            members={"ExpectedDigest": digest.hex(), "CalculatedDigest": calculated},
            digest="Content-MD5",
            measure="what we received",
        )


def given_checksum(params: Mapping[str, Any]) -> Checksum | None:
    """The checksum among the members of a request; InvalidRequest where there are several, or one of a wrong form."""
    found = [(algorithm, params[member]) for member, algorithm in _MEMBERS.items() if params.get(member) is not None]
    if not found:
        return None
    if len(found) > 1:
        raise InvalidRequest(
            reason="Expecting a single x-amz-checksum- header. Multiple checksum Types are not allowed."
        )
    algorithm, value = found[0]
    if not _well_formed(algorithm, value.partition("-")[0]):
        raise InvalidRequest(reason=f"Value for x-amz-checksum-{algorithm.lower()} header is invalid.")
    return Checksum(algorithm=algorithm, value=value)


def verified_checksum(call: Call, data: bytes, *, default: bool = True) -> Checksum | None:
    """The checksum of the data that is kept with them: the one the client gave, once it proved right.

    Without one, the algorithm that the client names is used, else CRC64NVME.
    https://docs.aws.amazon.com/AmazonS3/latest/userguide/checking-object-integrity-upload.html
    """
    given = given_checksum(call.params) or _trailing(call)
    if given is None:
        algorithm = call.params.get("ChecksumAlgorithm") or ""
        if algorithm in ALGORITHMS:
            return Checksum(algorithm=algorithm, value=compute(algorithm, data))
        if not default:
            return None
        return Checksum(algorithm="CRC64NVME", value=compute("CRC64NVME", data))
    if not hmac.compare_digest(given.value.encode(), compute(given.algorithm, data).encode()):
        raise BadDigest(digest=given.algorithm, measure="the calculated checksum")
    return given


def _trailing(call: Call) -> Checksum | None:
    """The checksum in the trailer of an aws-chunked body.

    https://docs.aws.amazon.com/AmazonS3/latest/API/sigv4-streaming-trailers.html
    """
    request = call.authorized.resolved.authenticated.parsed.request
    name = (request.header("x-amz-trailer") or "").strip().lower()
    member = f"Checksum{name.removeprefix('x-amz-checksum-').upper()}"
    if member not in _MEMBERS:
        return None
    for line in request.body[-_TRAILER_MAX:].split(b"\r\n"):
        key, colon, value = line.decode("latin-1").partition(":")
        if colon and key.strip().lower() == name:
            return given_checksum({member: value.strip()})
    return None


def _well_formed(algorithm: str, value: str) -> bool:
    try:
        return len(base64.b64decode(value, validate=True)) == _LENGTHS[algorithm]
    except (binascii.Error, ValueError):
        return False
