"""Signature Version 4, verified: header, presigned URL, streamed and unsigned payloads, and SigV4A.

https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv.html
"""

import hashlib
import hmac
import re
from collections.abc import Callable
from datetime import UTC, datetime
from functools import lru_cache

from trailwarden.auth.canonical import canonical_requests
from trailwarden.auth.chunks import ChunkSigner, framing_of, open_chunks
from trailwarden.auth.claim import ASYMMETRIC, Claim, Headers
from trailwarden.auth.errors import (
    AuthorizationHeaderMalformed,
    ContentHashMismatch,
    HeadersNotSigned,
    MissingContentHash,
    PresignedUrlExpired,
    SignatureExpired,
    SignatureMismatch,
)
from trailwarden.auth.scope import SigningScope
from trailwarden.auth.sigv4a import public_key, signature_fits
from trailwarden.clock import iso
from trailwarden.errors import AwsError
from trailwarden.wire.http import HttpRequest

__all__ = ["check_region", "prove_head", "signing_key", "verify"]

_SKEW = 300.0
_S3_SKEW = 900.0
_UNSIGNED = "UNSIGNED-PAYLOAD"
_TERMINATOR = "aws4_request"
_REGION = re.compile(r"[a-z0-9-]{1,64}\Z")
_REGION_SET = re.compile(r"[a-z0-9*-]{1,64}(,[a-z0-9*-]{1,64})*\Z")
_HASH = re.compile(r"[0-9a-f]{64}\Z")
_LONGEST_TOLD = 8_192
_FREE_HEADERS = frozenset({"x-amz-content-sha256"})
"""Needs no signature of its own: its value is the payload hash that is signed."""


@lru_cache(maxsize=4_096)
def signing_key(secret: str, date: str, region: str, service: str) -> bytes:
    """The key that a day's calls to a service in a Region are signed with.

    https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-create-signed-request.html#calculate-signature
    """
    key = f"AWS4{secret}".encode()
    for part in (date, region, service, _TERMINATOR):
        key = hmac.digest(key, part.encode(), "sha256")
    return key


@lru_cache(maxsize=4_096)
def _keyed(secret: str, date: str, region: str, service: str) -> hmac.HMAC:
    """An HMAC that has taken in the signing key and nothing else; a copy of it costs less than to begin anew."""
    return hmac.new(signing_key(secret, date, region, service), digestmod="sha256")


def verify(  # noqa: PLR0913 — what a signature is made of
    request: HttpRequest,
    headers: Headers,
    claim: Claim,
    *,
    secret: str,
    scope: SigningScope,
    now: float,
    family: str,
) -> bytes:
    """The body, once the signature is proved to be of this request, this service and this moment.

    Raises what `trailwarden.auth.errors` holds of signatures, hashes and chunks.
    """
    _check_claim(claim, headers, scope, now, family)
    payload_hash = _payload_hash(request, claim, like_s3=scope.like_s3)
    fits = _fits(claim, secret)
    canonical = _matching(request, headers, claim, payload_hash, scope, fits)
    if canonical is not None:
        raise _mismatch(claim, canonical, family)
    return _body(request, headers, claim, payload_hash, fits)


def prove_head(  # noqa: PLR0913 — what a signature is made of
    request: HttpRequest,
    headers: Headers,
    claim: Claim,
    *,
    secret: str,
    scope: SigningScope,
    now: float,
    family: str,
) -> None:
    """Prove the signature before the body is here: S3's signature is of the hash that the head declares.

    Whether the body has that hash is `verify`'s to prove. Raises as `verify`.
    """
    _check_claim(claim, headers, scope, now, family)
    if claim.content_hash is None and claim.signing == "header":
        raise MissingContentHash
    canonical = _matching(request, headers, claim, claim.content_hash or _UNSIGNED, scope, _fits(claim, secret))
    if canonical is not None:
        raise _mismatch(claim, canonical, family)


def _check_claim(claim: Claim, headers: Headers, scope: SigningScope, now: float, family: str) -> None:
    _check_scope(claim, scope, family)
    _check_time(claim, now, family)
    _check_signed_headers(claim, headers, family)


def _fits(claim: Claim, secret: str) -> Callable[[str, str], bool]:
    """Tells whether a signature is of a text, under the claim's key."""
    if claim.algorithm == ASYMMETRIC:
        public = public_key(claim.access_key, secret)
        return lambda signature, text: signature_fits(public, signature, text)
    keyed = _keyed(secret, claim.scope_date, claim.region, claim.service)
    return lambda signature, text: hmac.compare_digest(_digest(keyed, text).encode(), signature.encode())


def _digest(keyed: hmac.HMAC, text: str) -> str:
    """The HMAC of a text in hexadecimal digits."""
    fresh = keyed.copy()
    fresh.update(text.encode())
    return fresh.hexdigest()


def _matching(
    request: HttpRequest,
    headers: Headers,
    claim: Claim,
    payload_hash: str,
    scope: SigningScope,
    fits: Callable[[str, str], bool],
) -> str | None:
    """None where a form of the request fits the signature, else its usual form."""
    first: str | None = None
    for canonical in canonical_requests(request, headers, claim, payload_hash, like_s3=scope.like_s3):
        if fits(claim.signature, _string_to_sign(claim, canonical)):
            return None
        first = first or canonical
    return first


def _string_to_sign(claim: Claim, canonical: str) -> str:
    return f"{claim.algorithm}\n{claim.date}\n{claim.scope}\n{hashlib.sha256(canonical.encode()).hexdigest()}"


def _check_scope(claim: Claim, scope: SigningScope, family: str) -> None:
    """Date, Region, service and terminator of the credential scope."""
    regions = _REGION_SET if claim.algorithm == ASYMMETRIC else _REGION
    if not regions.match(claim.region):
        raise _scope(
            claim, family, "Credential should be scoped to a valid region.", f"the region '{claim.region}' is wrong"
        )
    if claim.service != scope.name:
        raise _scope(
            claim,
            family,
            f"Credential should be scoped to correct service: '{scope.name}'.",
            f'incorrect service "{claim.service}". This endpoint belongs to "{scope.name}".',
        )
    if claim.terminator != _TERMINATOR:
        raise _scope(
            claim,
            family,
            f"Credential should be scoped with a valid terminator: '{_TERMINATOR}', not '{claim.terminator}'.",
            f'incorrect terminal "{claim.terminator}". This endpoint uses "{_TERMINATOR}".',
        )
    if claim.scope_date != claim.date[:8]:
        raise _scope(
            claim,
            family,
            "Date in Credential scope does not match YYYYMMDD from ISO-8601 version of date from HTTP: "
            f"'{claim.scope_date}' != '{claim.date[:8]}', from '{claim.date}'.",
            f'Invalid credential date "{claim.scope_date}". This date is not the same as X-Amz-Date: "{claim.date[:8]}".',
        )


class _ScopeMismatch(SignatureMismatch):
    """The credential scope is of another day, Region or service."""

    message = "{reason}"


def _scope(claim: Claim, family: str, reason: str, s3_reason: str) -> AwsError:
    if family != "s3":
        return _ScopeMismatch(family, reason=reason)
    if claim.signing == "query":
        return AuthorizationHeaderMalformed(f"Error parsing the X-Amz-Credential parameter; {s3_reason}", query=True)
    return AuthorizationHeaderMalformed(f"The authorization header is malformed; {s3_reason}")


def check_region(claim: Claim, wanted: str) -> None:
    """AuthorizationHeaderMalformed where a bucket stands in another Region than S3's call is signed for; "" is any.

    A Region set of SigV4A names several, and is not looked at.
    https://docs.aws.amazon.com/AmazonS3/latest/API/ErrorResponses.html#ErrorCodeList
    """
    if not wanted or claim.algorithm == ASYMMETRIC or claim.region == wanted:
        return
    query = claim.signing == "query"
    head = "Error parsing the X-Amz-Credential parameter" if query else "The authorization header is malformed"
    raise AuthorizationHeaderMalformed(
        f"{head}; the region '{claim.region}' is wrong; expecting '{wanted}'",
        query=query,
        members={"Region": wanted},
        headers={"x-amz-bucket-region": wanted},
    )


def _check_time(claim: Claim, now: float, family: str) -> None:
    """The signature's age: five minutes either way, fifteen for S3; a presigned URL has its own life.

    https://docs.aws.amazon.com/AmazonS3/latest/API/sigv4-query-string-auth.html
    """
    skew = _S3_SKEW if family == "s3" else _SKEW
    early, late = claim.signed_at > now + skew, claim.signed_at < now - skew
    if claim.expires is not None:
        late = now > claim.signed_at + claim.expires
        if family == "s3" and late:
            raise PresignedUrlExpired(members=_expiry(claim, now))
    if early or late:
        raise SignatureExpired(
            family, reason=_time_reason(claim, now, early=early), members=_skew(claim, now) if family == "s3" else None
        )


def _time_reason(claim: Claim, now: float, *, early: bool) -> str:
    here = _basic(now)
    if early:
        limit = _basic(now + _SKEW)
        return f"Signature not yet current: {claim.date} is still later than {limit} ({here} + 5 min.)"
    if claim.expires is not None:
        return f"Signature expired: {claim.date} is now earlier than {_basic(now - claim.expires)} ({here} - {claim.expires} sec.)"  # fmt: skip
    return f"Signature expired: {claim.date} is now earlier than {_basic(now - _SKEW)} ({here} - 5 min.)"


def _basic(seconds: float) -> str:
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y%m%dT%H%M%SZ")


def _skew(claim: Claim, now: float) -> dict[str, object]:
    return {
        "RequestTime": claim.date,
        "ServerTime": iso(now),
        "MaxAllowedSkewMilliseconds": str(int(_S3_SKEW * 1000)),
    }


def _expiry(claim: Claim, now: float) -> dict[str, object]:
    expires = claim.expires or 0
    return {"X-Amz-Expires": str(expires), "Expires": iso(claim.signed_at + expires), "ServerTime": iso(now)}


def _check_signed_headers(claim: Claim, headers: Headers, family: str) -> None:
    """The host and every x-amz- header must be among the signed ones, or whoever stands between could change them.

    https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-create-signed-request.html
    """
    signed = frozenset(claim.signed_headers)
    if "host" not in signed:
        raise HeadersNotSigned(family, names="Host' or ':authority", members=_not_signed(["host"], family))
    unsigned = [
        name for name in headers if name.startswith("x-amz-") and name not in signed and name not in _FREE_HEADERS
    ]
    if unsigned:
        raise HeadersNotSigned(family, names="', '".join(unsigned), members=_not_signed(unsigned, family))


def _not_signed(names: list[str], family: str) -> dict[str, object] | None:
    return {"HeadersNotSigned": ", ".join(names)} if family == "s3" else None


def _payload_hash(request: HttpRequest, claim: Claim, *, like_s3: bool) -> str:
    """What stands for the payload in the canonical request.

    Only services of S3's kind take a payload that is not hashed; the others' hash is computed, whatever is claimed.
    https://docs.aws.amazon.com/AmazonS3/latest/API/sig-v4-header-based-auth.html
    """
    declared = claim.content_hash
    if not like_s3:
        return _computed_hash(request.body, declared)
    if declared is None:
        if claim.signing == "header":
            raise MissingContentHash
        return _UNSIGNED
    if declared == _UNSIGNED or framing_of(declared) is not None:
        return declared
    return _computed_hash(request.body, declared)


def _computed_hash(body: bytes, declared: str | None) -> str:
    computed = hashlib.sha256(body).hexdigest()
    if declared is not None and declared != computed:
        members = {"ClientComputedContentSHA256": declared[:_LONGEST_TOLD], "S3ComputedContentSHA256": computed}
        raise ContentHashMismatch(members=members if _HASH.match(declared) else None)
    return computed


def _body(
    request: HttpRequest, headers: Headers, claim: Claim, payload_hash: str, fits: Callable[[str, str], bool]
) -> bytes:
    framing = framing_of(payload_hash)
    if framing is None:
        return request.body
    signer = ChunkSigner(algorithm=claim.algorithm, date=claim.date, scope=claim.scope, seed=claim.signature, fits=fits)
    return open_chunks(request.body, headers, framing, signer)


def _mismatch(claim: Claim, canonical: str, family: str) -> SignatureMismatch:
    """S3 tells what it signed, so that the client can compare; the secret cannot be found from that."""
    if family != "s3":
        return SignatureMismatch(family)
    text = _string_to_sign(claim, canonical)
    return SignatureMismatch(
        family,
        members={
            "AWSAccessKeyId": claim.access_key,
            "StringToSign": text,
            "SignatureProvided": claim.signature[:_LONGEST_TOLD],
            "StringToSignBytes": text.encode().hex(" "),
            "CanonicalRequest": canonical[:_LONGEST_TOLD],
            "CanonicalRequestBytes": canonical[:_LONGEST_TOLD].encode().hex(" "),
        },
    )
