"""aws-chunked bodies: pieces with a signature each, chained to the request's, and checksums behind.

https://docs.aws.amazon.com/AmazonS3/latest/API/sigv4-streaming.html
https://docs.aws.amazon.com/AmazonS3/latest/API/sigv4-streaming-trailers.html
"""

import hashlib
from collections.abc import Callable
from dataclasses import dataclass

from trailwarden.auth.checksums import checksum
from trailwarden.auth.claim import Headers
from trailwarden.auth.errors import (
    BadDigest,
    IncompleteBody,
    MalformedTrailer,
    MissingContentLength,
    SignatureMismatch,
)

__all__ = ["ChunkSigner", "Framing", "framing_of", "open_chunks"]

_EMPTY = hashlib.sha256(b"").hexdigest()
_LONGEST_SIZE = 16
_LONGEST_LINE = 4_096
_MOST_TRAILERS = 16
_CHECKSUM = "x-amz-checksum-"
_TRAILER_SIGNATURE = "x-amz-trailer-signature"


@dataclass(frozen=True, slots=True)
class Framing:
    """How a body is framed: whether its chunks are signed, and whether trailing headers follow."""

    signed: bool
    trailer: bool


_FRAMINGS = {
    "STREAMING-AWS4-HMAC-SHA256-PAYLOAD": Framing(signed=True, trailer=False),
    "STREAMING-AWS4-HMAC-SHA256-PAYLOAD-TRAILER": Framing(signed=True, trailer=True),
    "STREAMING-AWS4-ECDSA-P256-SHA256-PAYLOAD": Framing(signed=True, trailer=False),
    "STREAMING-AWS4-ECDSA-P256-SHA256-PAYLOAD-TRAILER": Framing(signed=True, trailer=True),
    "STREAMING-UNSIGNED-PAYLOAD-TRAILER": Framing(signed=False, trailer=True),
}


def framing_of(payload_hash: str) -> Framing | None:
    """The framing that x-amz-content-sha256 announces, None for a plain body."""
    return _FRAMINGS.get(payload_hash)


@dataclass(frozen=True, slots=True, kw_only=True)
class ChunkSigner:
    """Checks the chain of signatures. `seed` is the request's; `fits(signature, text)` compares in constant time."""

    algorithm: str
    date: str
    scope: str
    seed: str
    fits: Callable[[str, str], bool]

    def check(self, signature: str, previous: str, data: bytes) -> None:
        """Raises SignatureMismatch unless the chunk's signature continues the chain."""
        head = f"{self.algorithm}-PAYLOAD\n{self.date}\n{self.scope}\n{previous}\n{_EMPTY}\n"
        if not self.fits(signature, head + hashlib.sha256(data).hexdigest()):
            raise SignatureMismatch("s3")

    def check_trailer(self, signature: str, previous: str, lines: bytes) -> None:
        """Raises SignatureMismatch unless the trailer's signature ends the chain."""
        head = f"{self.algorithm}-TRAILER\n{self.date}\n{self.scope}\n{previous}\n"
        if not self.fits(signature, head + hashlib.sha256(lines).hexdigest()):
            raise SignatureMismatch("s3")


def open_chunks(body: bytes, headers: Headers, framing: Framing, signer: ChunkSigner) -> bytes:
    """The payload, with every signature, checksum and length verified.

    Raises SignatureMismatch, IncompleteBody, MalformedTrailer, BadDigest, MissingContentLength. A checksum of an
    algorithm that cannot be computed here is taken where the trailer is signed, because the chain then proves the
    payload; in an unsigned body nothing would, so it is refused there.
    """
    length = headers.get("x-amz-decoded-content-length", "")
    if not length.isdecimal():
        raise MissingContentLength
    reading = _Reading(body, signer if framing.signed else None)
    payload = reading.payload()
    if len(payload) != int(length):
        raise IncompleteBody
    trailers = reading.trailers() if framing.trailer else {}
    reading.finish()
    _check_trailers(payload, trailers, headers.get("x-amz-trailer", ""), signed=framing.signed)
    return payload


class _Reading:
    """A body, read from its start; `previous` is the last signature of the chain."""

    def __init__(self, body: bytes, signer: ChunkSigner | None) -> None:
        self._body = body
        self._place = 0
        self._signer = signer
        self._previous = signer.seed if signer else ""

    def payload(self) -> bytes:
        """All chunks, up to and with the empty one that ends them."""
        pieces: list[bytes] = []
        while True:
            size, signature = self._chunk_head()
            data = self._body[self._place : self._place + size]
            if len(data) != size:
                raise IncompleteBody
            self._place += size
            self._check(signature, data)
            if not size:
                return b"".join(pieces)
            self._expect_line_end()
            pieces.append(data)

    def _chunk_head(self) -> tuple[int, str]:
        size, _, extension = self._line().partition(b";")
        name, _, signature = extension.partition(b"=")
        if not size or len(size) > _LONGEST_SIZE or (self._signer and name != b"chunk-signature"):
            raise IncompleteBody
        try:
            return int(size, 16), signature.decode("ascii")
        except ValueError:
            raise IncompleteBody from None

    def _check(self, signature: str, data: bytes) -> None:
        if self._signer is not None:
            self._signer.check(signature, self._previous, data)
            self._previous = signature

    def _line(self) -> bytes:
        end = self._body.find(b"\r\n", self._place, self._place + _LONGEST_LINE)
        if end < 0:
            raise IncompleteBody
        line = self._body[self._place : end]
        self._place = end + 2
        return line

    def _expect_line_end(self) -> None:
        if self._body[self._place : self._place + 2] != b"\r\n":
            raise IncompleteBody
        self._place += 2

    def trailers(self) -> dict[str, str]:
        """The trailing headers by lower-case name, their signature checked and left out."""
        found: dict[str, str] = {}
        signed = b""
        signature: str | None = None
        while self._place < len(self._body) and (line := self._trailer_line()):
            name, value = _trailer(line)
            if name == _TRAILER_SIGNATURE:
                signature = value
                continue
            if name in found or len(found) >= _MOST_TRAILERS or signature is not None:
                raise MalformedTrailer
            found[name] = value
            signed += f"{name}:{value}\n".encode()
        if self._signer is not None:
            self._signer.check_trailer(signature or "", self._previous, signed)
        return found

    def _trailer_line(self) -> bytes:
        """A line; some clients end theirs with a line feed alone, or the last one with nothing."""
        end = self._body.find(b"\n", self._place)
        end = len(self._body) if end < 0 else end
        line = self._body[self._place : end].removesuffix(b"\r")
        if len(line) > _LONGEST_LINE:
            raise MalformedTrailer
        self._place = end + 1
        return line

    def finish(self) -> None:
        """Nothing may follow but the last line end."""
        if self._body[self._place :].strip(b"\r\n"):
            raise IncompleteBody


def _trailer(line: bytes) -> tuple[str, str]:
    name, colon, value = line.partition(b":")
    if not colon or not name:
        raise MalformedTrailer
    try:
        return name.decode("ascii").strip(" \t").lower(), value.decode("ascii").strip(" \t")
    except UnicodeDecodeError:
        raise MalformedTrailer from None


def _check_trailers(payload: bytes, trailers: dict[str, str], announced: str, *, signed: bool) -> None:
    names = {name.strip().lower() for name in announced.split(",") if name.strip()}
    if names != set(trailers):
        raise MalformedTrailer
    for name, value in trailers.items():
        if not name.startswith(_CHECKSUM):
            continue
        algorithm = name.removeprefix(_CHECKSUM)
        computed = checksum(algorithm, payload)
        if computed is None and signed:
            continue
        if computed != value:
            raise BadDigest(algorithm=algorithm.upper())
