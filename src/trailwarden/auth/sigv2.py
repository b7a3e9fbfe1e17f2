"""Presigned URLs of S3 in Signature Version 2, which boto3 still makes where nobody asks for another.

`?AWSAccessKeyId=…&Signature=…&Expires=…`. Nothing but S3's URLs is taken in this version, and no header.

https://docs.aws.amazon.com/AmazonS3/latest/API/RESTAuthentication.html#RESTAuthenticationQueryStringAuth
"""

import base64
import hashlib
import hmac
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from urllib.parse import unquote

from trailwarden.auth.chunks import framing_of
from trailwarden.auth.claim import Headers
from trailwarden.auth.errors import (
    ContentHashMismatch,
    PresignedUrlExpired,
    SignatureMismatch,
    UnsupportedMechanism,
    UrlNotWhole,
)
from trailwarden.clock import iso
from trailwarden.wire.hosts import s3_path
from trailwarden.wire.http import HttpRequest

__all__ = ["VERSION", "UrlClaim", "is_presigned", "prove_url", "read_url", "verify_url"]

VERSION = "AWS"
"""What s3:signatureversion says of it.

https://docs.aws.amazon.com/AmazonS3/latest/API/bucket-policy-s3-sigv4-conditions.html
"""

_TOKEN = "x-amz-security-token"  # noqa: S105 — a header's name
_PARTS = ("AWSAccessKeyId", "Signature", "Expires")
_LONGEST_EXPIRES = 11

_SIGNED = frozenset({
    "accelerate", "acl", "analytics", "cors", "delete", "inventory", "lifecycle", "location", "logging", "metrics",
    "notification", "object-lock", "partNumber", "policy", "replication", "requestPayment", "restore", "select",
    "select-type", "storageClass", "tagging", "torrent", "uploadId", "uploads", "versionId", "versioning", "versions",
    "website", "response-cache-control", "response-content-disposition", "response-content-encoding",
    "response-content-language", "response-content-type", "response-expires",
})  # fmt: skip
"""Parameters that are part of the resource and signed with it."""

_UNSIGNED = frozenset({
    *_PARTS, "content-md5", "content-type", "continuation-token", "delimiter", "encoding-type", "fetch-owner",
    "key-marker", "list-type", "marker", "max-keys", "max-parts", "max-uploads", "part-number-marker", "prefix",
    "start-after", "upload-id-marker", "version-id-marker",
})  # fmt: skip
"""Parameters that this version leaves unsigned. Any other could turn the URL into another call, and is refused."""


@dataclass(frozen=True, slots=True, kw_only=True)
class UrlClaim:
    """What a URL says of its signer. `expires` is in seconds since the epoch, `parameters` the decoded query."""

    access_key: str
    signature: str
    expires: int
    token: str
    parameters: Mapping[str, str]


def is_presigned(request: HttpRequest, family: str) -> bool:
    """Whether the request claims to be such a URL."""
    return family == "s3" and "Signature=" in request.query and "AWSAccessKeyId=" in request.query


def read_url(request: HttpRequest, headers: Headers) -> UrlClaim:
    """The URL's claim. Raises UrlNotWhole; SignatureMismatch for parameters that could be mistaken; UnsupportedMechanism."""
    parameters = _parameters(request.query)
    missing = [name for name in _PARTS if not parameters.get(name)]
    if missing:
        raise UrlNotWhole(
            reason="Query-string authentication requires the Signature, Expires and AWSAccessKeyId parameters"
        )
    text = parameters["Expires"]
    if not text.isascii() or not text.isdigit() or len(text) > _LONGEST_EXPIRES:
        raise UrlNotWhole(reason=f"Invalid date (should be seconds since epoch): {text[:64]}")
    if framing_of(headers.get("x-amz-content-sha256", "")) is not None:
        raise UnsupportedMechanism
    return UrlClaim(
        access_key=parameters["AWSAccessKeyId"],
        signature=parameters["Signature"],
        expires=int(text),
        token=headers.get(_TOKEN) or parameters.get(_TOKEN, ""),
        parameters=parameters,
    )


def _parameters(query: str) -> dict[str, str]:
    found: dict[str, str] = {}
    for part in query.split("&"):
        name, _, value = part.partition("=")
        known = name in _SIGNED or name in _UNSIGNED or name.startswith("x-amz-")
        if not name or (known and name not in found):
            found[name] = unquote(value)
        else:
            raise SignatureMismatch("s3")
    return found


def verify_url(request: HttpRequest, headers: Headers, claim: UrlClaim, *, secret: str, now: float) -> bytes:
    """The body, once the signature is proved and its time is not over.

    PresignedUrlExpired, SignatureMismatch, ContentHashMismatch.
    """
    prove_url(request, headers, claim, secret=secret, now=now)
    _check_hash(request, headers)
    return request.body


def prove_url(request: HttpRequest, headers: Headers, claim: UrlClaim, *, secret: str, now: float) -> None:
    """Prove the signature, which is not of the body. PresignedUrlExpired, SignatureMismatch."""
    if now > claim.expires:
        raise PresignedUrlExpired(members={"Expires": iso(claim.expires), "ServerTime": iso(now)})
    text = _string_to_sign(request, headers, claim)
    wanted = base64.b64encode(hmac.digest(secret.encode(), text.encode(), "sha1"))
    if not hmac.compare_digest(wanted, claim.signature.encode()):
        raise SignatureMismatch("s3", members={"AWSAccessKeyId": claim.access_key, "StringToSign": text})


def _string_to_sign(request: HttpRequest, headers: Headers, claim: UrlClaim) -> str:
    """https://docs.aws.amazon.com/AmazonS3/latest/API/RESTAuthentication.html#ConstructingTheAuthenticationHeader."""
    lines = (
        request.method,
        headers.get("content-md5", ""),
        headers.get("content-type", ""),
        str(claim.expires),
        *_amz_lines(headers, claim.parameters),
    )
    return "\n".join(lines) + "\n" + s3_path(request) + _subresources(claim.parameters)


def _amz_lines(headers: Headers, parameters: Mapping[str, str]) -> Iterator[str]:
    """The x-amz- headers, whether they come as such or in the URL; one that comes as both must be the same."""
    found = {name: value for name, value in parameters.items() if name.startswith("x-amz-")}
    for name, value in headers.items():
        if name.startswith("x-amz-") and found.setdefault(name, value) != value:
            raise SignatureMismatch("s3")
    return (f"{name}:{found[name]}" for name in sorted(found))


def _subresources(parameters: Mapping[str, str]) -> str:
    signed = [
        f"{name}={parameters[name]}" if parameters[name] else name for name in sorted(parameters) if name in _SIGNED
    ]
    return f"?{'&'.join(signed)}" if signed else ""


def _check_hash(request: HttpRequest, headers: Headers) -> None:
    """A hash of the payload, where one is sent, must be the payload's."""
    declared = headers.get("x-amz-content-sha256", _UNHASHED)
    if declared != _UNHASHED and declared != hashlib.sha256(request.body).hexdigest():
        raise ContentHashMismatch


_UNHASHED = "UNSIGNED-PAYLOAD"
