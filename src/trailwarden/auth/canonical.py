"""The canonical request: the one form of a request that client and server sign.

https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-create-signed-request.html
"""

import re
from collections.abc import Iterator
from urllib.parse import quote, unquote_to_bytes

from trailwarden.auth.claim import Claim, Headers
from trailwarden.wire.http import HttpRequest

__all__ = ["canonical_requests"]

_UNRESERVED = "-_.~"
_PLAIN = re.compile(r"[A-Za-z0-9/_.~-]*\Z")
"""A path of which nothing need be encoded."""


def canonical_requests(
    request: HttpRequest, headers: Headers, claim: Claim, payload_hash: str, *, like_s3: bool
) -> Iterator[str]:
    """The canonical request, then the other forms that clients make of the same one.

    Clients disagree on a plus sign in the query, on empty and dot segments, and, for S3, on characters of the path
    that need no encoding; none of the forms can be mistaken for another request.
    """
    head = f"{request.method}\n"
    tail = f"{_canonical_headers(headers, claim)}\n{';'.join(claim.signed_headers)}\n{payload_hash}"
    presigned = claim.signing == "query"
    queries = _queries(request.query, presigned=presigned)
    for path in _s3_paths(request.raw_path) if like_s3 else _paths(request.raw_path):
        for query in queries:
            yield f"{head}{path}\n{query}\n{tail}"


def _canonical_headers(headers: Headers, claim: Claim) -> str:
    return "".join([f"{name}:{' '.join(headers.get(name, '').split())}\n" for name in claim.signed_headers])


def _s3_paths(raw: str) -> tuple[str, ...]:
    """S3 signs the path as it stands."""
    path = raw or "/"
    if _PLAIN.match(path):
        return (path,)
    encoded = quote(unquote_to_bytes(path), safe="/" + _UNRESERVED)
    return (path,) if encoded == path else (path, encoded)


def _paths(raw: str) -> tuple[str, ...]:
    """The other services sign a path without empty and dot segments, encoded once more."""
    path = raw or "/"
    if "//" not in path and "/." not in path and _PLAIN.match(path):
        return (path,)
    if "%" not in path and "//" not in path and "/." not in path:
        plain = quote(path, safe="/" + _UNRESERVED)
        return (plain,)
    normal = quote(_normalized(path), safe="/" + _UNRESERVED)
    as_sent = quote(path, safe="/" + _UNRESERVED)
    return (normal,) if normal == as_sent else (normal, as_sent)


def _normalized(path: str) -> str:
    """https://www.rfc-editor.org/rfc/rfc3986#section-5.2.4, and no empty segments."""
    segments: list[str] = []
    for segment in path.split("/"):
        if segment == "..":
            if segments:
                segments.pop()
        elif segment not in {"", "."}:
            segments.append(segment)
    end = "/" if path.endswith("/") and segments else ""
    return f"/{'/'.join(segments)}{end}"


def _queries(query: str, *, presigned: bool) -> tuple[str, ...]:
    if not query:
        return ("",)
    spaced = _canonical_query(query.replace("+", "%20"), presigned=presigned)
    if "+" not in query:
        return (spaced,)
    return spaced, _canonical_query(query.replace("+", "%2B"), presigned=presigned)


def _canonical_query(query: str, *, presigned: bool) -> str:
    """Names and values encoded and in order, empty values with their equals sign; the signature itself stands outside."""
    pairs = []
    for part in query.split("&"):
        if not part:
            continue
        name, _, value = part.partition("=")
        if presigned and name == "X-Amz-Signature":
            continue
        pairs.append((_encoded(name), _encoded(value)))
    pairs.sort()
    return "&".join([f"{name}={value}" for name, value in pairs])


def _encoded(text: str) -> str:
    return quote(unquote_to_bytes(text), safe=_UNRESERVED) if text else ""
