"""aws-chunked bodies: signed and unsigned chunks, trailers, and each way of breaking them."""

import base64
import hashlib
import hmac
import zlib
from collections.abc import Mapping

import pytest
from botocore.auth import S3SigV4Auth
from botocore.credentials import Credentials
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.unit.auth.house import KEY_ID, NOW, SECRET, House, changed, http, signed, with_header

from trailwarden.auth.checksums import checksum, crc32c, crc64nvme
from trailwarden.auth.sigv4 import signing_key
from trailwarden.errors import AwsError
from trailwarden.wire.http import HttpRequest

DATE, SCOPE = "20150830T123600Z", "20150830/us-east-1/s3/aws4_request"
KEY = signing_key(SECRET, "20150830", "us-east-1", "s3")
EMPTY = hashlib.sha256(b"").hexdigest()


def _sign(text: str) -> str:
    return hmac.digest(KEY, text.encode(), "sha256").hex()


def streamed(payload: bytes, *, word: str, trailers: Mapping[str, str] | None = None, size: int = 5) -> HttpRequest:
    """A request whose body is framed by the documentation's rules, written here a second time."""
    headers = {
        "x-amz-content-sha256": word,
        "x-amz-decoded-content-length": str(len(payload)),
        "content-encoding": "aws-chunked",
    }
    if trailers:
        headers["x-amz-trailer"] = ",".join(trailers)
    request = seeded(headers)
    seed = (request.header("authorization") or "").rpartition("=")[2]
    return changed(request, body=framed(payload, seed, trailers or {}, size, signs="UNSIGNED" not in word))


def seeded(headers: Mapping[str, str]) -> HttpRequest:
    import datetime as dt
    from unittest import mock

    from botocore.awsrequest import AWSRequest

    class Announced(S3SigV4Auth):
        def payload(self, request: AWSRequest) -> str:
            return str(request.headers["x-amz-content-sha256"])

        def _modify_request_before_signing(self, request: AWSRequest) -> None:
            self._set_necessary_date_headers(request)  # type: ignore[attr-defined]  # the stubs leave it out

    request = AWSRequest(method="PUT", url="https://host.example/b/k", data=b"", headers=dict(headers))
    moment = dt.datetime.fromtimestamp(NOW, dt.UTC).replace(tzinfo=None)
    with mock.patch("botocore.auth.get_current_datetime", return_value=moment):
        Announced(Credentials(KEY_ID, SECRET), "s3", "us-east-1").add_auth(request)
    return http(request, "PUT", b"")


def framed(payload: bytes, seed: str, trailers: Mapping[str, str], size: int, *, signs: bool) -> bytes:
    out, previous = b"", seed
    for start in [*range(0, len(payload), size), len(payload)]:
        piece = payload[start : start + size]
        extension = b""
        if signs:
            text = (
                f"AWS4-HMAC-SHA256-PAYLOAD\n{DATE}\n{SCOPE}\n{previous}\n{EMPTY}\n{hashlib.sha256(piece).hexdigest()}"
            )
            previous = _sign(text)
            extension = b";chunk-signature=" + previous.encode()
        out += f"{len(piece):x}".encode() + extension + b"\r\n" + piece + (b"\r\n" if piece else b"")
    lines = "".join(f"{name}:{value}\n" for name, value in trailers.items())
    if signs and trailers:
        text = f"AWS4-HMAC-SHA256-TRAILER\n{DATE}\n{SCOPE}\n{previous}\n{hashlib.sha256(lines.encode()).hexdigest()}"
        lines += f"x-amz-trailer-signature:{_sign(text)}\n"
    return out + lines.replace("\n", "\r\n").encode() + b"\r\n"


SIGNED, SIGNED_TRAILER, UNSIGNED_TRAILER = (
    "STREAMING-AWS4-HMAC-SHA256-PAYLOAD", "STREAMING-AWS4-HMAC-SHA256-PAYLOAD-TRAILER", "STREAMING-UNSIGNED-PAYLOAD-TRAILER",
)  # fmt: skip
PAYLOAD = b"hello, chunked world"
CRC = {"x-amz-checksum-crc32": base64.b64encode(zlib.crc32(PAYLOAD).to_bytes(4)).decode()}


def code(house: House, request: HttpRequest) -> str:
    with pytest.raises(AwsError) as caught:
        house.authenticate(request, "s3")
    return caught.value.code_in("s3")


@pytest.mark.parametrize(("word", "trailers"), [(SIGNED, {}), (SIGNED_TRAILER, CRC), (UNSIGNED_TRAILER, CRC)])
def test_chunks_are_opened(house: House, word: str, trailers: dict[str, str]) -> None:
    assert house.authenticate(streamed(PAYLOAD, word=word, trailers=trailers), "s3").body == PAYLOAD
    assert house.authenticate(streamed(b"", word=SIGNED), "s3").body == b""


@pytest.mark.parametrize("place", [0, 5, 90, 100, 120, -3])
def test_every_change_of_a_signed_stream_is_refused(house: House, place: int) -> None:
    request = streamed(PAYLOAD, word=SIGNED_TRAILER, trailers=CRC)
    body = bytearray(request.body)
    body[place] ^= 1
    assert code(house, changed(request, body=bytes(body))) in {
        "SignatureDoesNotMatch",
        "IncompleteBody",
        "MalformedTrailerError",
        "BadDigest",
    }


def test_chunks_cannot_change_places(house: House) -> None:
    request = streamed(b"aaaaabbbbb", word=SIGNED)
    first, second = request.body[:91], request.body[91:182]
    assert first.endswith(b"aaaaa\r\n")
    assert second.endswith(b"bbbbb\r\n")
    assert code(house, changed(request, body=second + first + request.body[182:])) == "SignatureDoesNotMatch"
    assert code(house, changed(request, body=first + request.body[182:])) == "SignatureDoesNotMatch"


def test_a_trailing_checksum_must_be_right(house: House) -> None:
    with pytest.raises(AwsError) as caught:
        house.authenticate(
            streamed(PAYLOAD, word=UNSIGNED_TRAILER, trailers={"x-amz-checksum-crc32": "AAAAAA=="}), "s3"
        )
    assert caught.value.text == "The CRC32 you specified did not match the calculated checksum."


@pytest.mark.parametrize("algorithm", ["crc32", "crc32c", "crc64nvme", "sha1", "sha256", "sha512", "md5"])
@pytest.mark.parametrize("word", [SIGNED_TRAILER, UNSIGNED_TRAILER])
def test_all_checksums_are_computed(house: House, algorithm: str, word: str) -> None:
    right = checksum(algorithm, PAYLOAD)
    assert right
    trailers = {f"x-amz-checksum-{algorithm}": right}
    assert house.authenticate(streamed(PAYLOAD, word=word, trailers=trailers), "s3").body == PAYLOAD
    assert code(house, streamed(PAYLOAD + b"!", word=word, trailers=trailers)) == "BadDigest"


def test_an_unknown_checksum_counts_only_where_it_is_signed(house: House) -> None:
    trailers = {"x-amz-checksum-xxhash3": "AAAA"}
    assert house.authenticate(streamed(PAYLOAD, word=SIGNED_TRAILER, trailers=trailers), "s3").body == PAYLOAD
    assert code(house, streamed(PAYLOAD, word=UNSIGNED_TRAILER, trailers=trailers)) == "BadDigest"


def test_a_trailer_must_be_announced_and_signed(house: House) -> None:
    request = streamed(PAYLOAD, word=UNSIGNED_TRAILER, trailers=CRC)
    more = changed(request, body=request.body[:-2] + b"x-amz-checksum-sha1:AA==\r\n\r\n")
    assert code(house, more) == "MalformedTrailerError"
    without = changed(request, body=request.body[: request.body.index(b"x-amz-checksum")] + b"\r\n")
    assert code(house, without) == "MalformedTrailerError"
    signed_one = streamed(PAYLOAD, word=SIGNED_TRAILER, trailers=CRC)
    bare = signed_one.body[: signed_one.body.index(b"x-amz-trailer-signature")] + b"\r\n"
    assert code(house, changed(signed_one, body=bare)) == "SignatureDoesNotMatch"


@pytest.mark.parametrize("cut", range(1, 60, 7))
def test_a_cut_stream_is_incomplete(house: House, cut: int) -> None:
    request = streamed(PAYLOAD, word=SIGNED)
    assert code(house, changed(request, body=request.body[: -cut - 4])) in {"IncompleteBody", "SignatureDoesNotMatch"}


def test_the_decoded_length_is_needed_and_held_to(house: House) -> None:
    headers = {"x-amz-content-sha256": SIGNED, "content-encoding": "aws-chunked"}
    assert code(house, changed(seeded(headers), body=b"0\r\n\r\n")) == "MissingContentLength"
    request = seeded({**headers, "x-amz-decoded-content-length": "4"})
    seed = (request.header("authorization") or "").rpartition("=")[2]
    assert code(house, changed(request, body=framed(b"abc", seed, {}, 5, signs=True))) == "IncompleteBody"


def test_the_announced_framing_is_signed(house: House) -> None:
    request = streamed(PAYLOAD, word=SIGNED)
    downgraded = with_header(request, "x-amz-content-sha256", UNSIGNED_TRAILER)
    assert code(house, downgraded) == "SignatureDoesNotMatch"


def test_other_services_take_no_streams(house: House) -> None:
    request = with_header(signed("sts"), "x-amz-content-sha256", UNSIGNED_TRAILER)
    with pytest.raises(AwsError):
        house.authenticate(request, "sts")


def crc_by_the_bit(data: bytes, polynomial: int, width: int) -> int:
    value = (1 << width) - 1
    for byte in data:
        value ^= byte
        for _ in range(8):
            value = (value >> 1) ^ (polynomial if value & 1 else 0)
    return value ^ ((1 << width) - 1)


@given(data=st.binary(max_size=300))
@settings(max_examples=100, deadline=None)
def test_checksums_are_those_of_their_polynomials(data: bytes) -> None:
    assert crc32c(data) == crc_by_the_bit(data, 0x82F63B78, 32)
    assert crc64nvme(data) == crc_by_the_bit(data, 0x9A6C9329AC4BC9B5, 64)
