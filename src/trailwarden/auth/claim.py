"""What a request says of its signer: the Authorization header or the parameters of a presigned URL, read but not believed.

https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-signing-elements.html
"""

import base64
import hashlib
import re
from collections.abc import Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from functools import lru_cache
from urllib.parse import unquote

import msgspec

from trailwarden.auth.errors import (
    AuthorizationHeaderMalformed,
    IncompleteSignature,
    TwoMechanisms,
    UnsupportedMechanism,
)
from trailwarden.wire.http import HttpRequest

__all__ = ["ASYMMETRIC", "SYMMETRIC", "Claim", "Headers", "check_once", "headers_of", "read_claim"]

SYMMETRIC = "AWS4-HMAC-SHA256"
ASYMMETRIC = "AWS4-ECDSA-P256-SHA256"
_ALGORITHMS = frozenset({SYMMETRIC, ASYMMETRIC})

_LONGEST_URL_LIFE = 604_800
_LONGEST_HEADER = 32_768
_URL_LIFE = "900"
_SCOPE_PARTS = {SYMMETRIC: 5, ASYMMETRIC: 4}

_AMZ_DATE = re.compile(r"\d{8}T\d{6}Z\Z")
_SIGNED_HEADERS = re.compile(r"[!-:<-~]+(;[!-:<-~]+)*\Z")

_USUAL = re.compile(
    r"AWS4-HMAC-SHA256 Credential=([^,\s]+), ?SignedHeaders=([^,\s]+), ?Signature=([^,\s]+)\Z", re.ASCII
)
"""The header as nearly every client writes it: read in one look. Whatever differs is read field by field."""

_ONCE = frozenset({"authorization", "host", "x-amz-content-sha256", "x-amz-date", "x-amz-security-token"})

_QUERY_PARTS = (
    "X-Amz-Algorithm", "X-Amz-Credential", "X-Amz-Signature", "X-Amz-Date", "X-Amz-SignedHeaders", "X-Amz-Expires",
)  # fmt: skip

_QUERY_REQUIRED = (
    "Query-string authentication version 4 requires the X-Amz-Algorithm, X-Amz-Credential, X-Amz-Signature, "
    "X-Amz-Date, X-Amz-SignedHeaders, and X-Amz-Expires parameters."
)

Headers = Mapping[str, str]
"""Headers by lower-case name; several of one name are joined by commas, as they are signed."""


class Claim(msgspec.Struct, frozen=True, kw_only=True):
    """A signature and what it says of itself. `date` is as signed (`20150830T123600Z`), `signed_at` its time.

    `signing` is "header" or "query"; `expires` the seconds a presigned URL lives, None for a header. `region` is the scope's,
    for SigV4A the region set. `token` is the session token or "". `content_hash` is what x-amz-content-sha256 says, None
    where it is absent.
    """

    algorithm: str
    access_key: str
    date: str
    signed_at: float
    scope_date: str
    region: str
    service: str
    terminator: str
    signed_headers: tuple[str, ...]
    signature: str
    signing: str
    expires: int | None = None
    token: str = ""
    content_hash: str | None = None

    @property
    def scope(self) -> str:
        """The credential scope as it is signed."""
        if self.algorithm == SYMMETRIC:
            return f"{self.scope_date}/{self.region}/{self.service}/{self.terminator}"
        return f"{self.scope_date}/{self.service}/{self.terminator}"


def headers_of(request: HttpRequest) -> dict[str, str]:
    """The headers by name."""
    headers = dict(request.headers)
    if len(headers) == len(request.headers):
        return headers
    headers = {}
    for name, value in request.headers:
        known = headers.get(name)
        headers[name] = value if known is None else f"{known},{value}"
    return headers


def read_claim(request: HttpRequest, headers: Headers, family: str) -> Claim | None:
    """The request's claim, None where it makes none.

    Raises IncompleteSignature (S3: AuthorizationHeaderMalformed), TwoMechanisms, UnsupportedMechanism.
    """
    header = headers.get("authorization")
    presigned = "X-Amz-" in request.query and ("X-Amz-Algorithm=" in request.query or "X-Amz-Sig" in request.query)
    if header is None and not presigned:
        if "Signature=" in request.query and "AWSAccessKeyId=" in request.query:
            raise UnsupportedMechanism
        return None
    if len(headers) < len(request.headers):
        check_once(request, family)
    if header is None:
        return _from_query(request, headers, family)
    if presigned or (family == "s3" and "Signature=" in request.query and "AWSAccessKeyId=" in request.query):
        raise TwoMechanisms
    return _from_header(header, headers, family)


def check_once(request: HttpRequest, family: str) -> None:
    """A header that decides who calls, or for what, may stand there only once."""
    seen: set[str] = set()
    for name, _ in request.headers:
        if name in seen:
            raise _incomplete(family, f"Header {name} may occur only once.")
        if name in _ONCE:
            seen.add(name)


def _from_header(header: str, headers: Headers, family: str) -> Claim:
    """`AWS4-HMAC-SHA256 Credential=AKID/20150830/us-east-1/iam/aws4_request, SignedHeaders=host;x-amz-date, Signature=…`."""
    usual = _USUAL.match(header) if len(header) <= _LONGEST_HEADER else None
    if usual is not None and (date := _header_date(headers)):
        credential, signed_headers, signature = usual.groups()
        return _claim(_parts(SYMMETRIC, credential, signed_headers, signature, date, headers), family)
    algorithm, _, rest = header.partition(" ")
    if algorithm not in _ALGORITHMS:
        raise UnsupportedMechanism if algorithm == "AWS" or family == "s3" else _unreadable(header, family)
    if len(header) > _LONGEST_HEADER:
        raise _incomplete(family, "Authorization header is too long.")
    fields = dict(_field(part) for part in rest.replace(", ", ",").split(","))
    date = _header_date(headers)
    missing = [name for name in ("Credential", "Signature", "SignedHeaders") if not fields.get(name)]
    if missing or not date:
        raise _missing_in_header(missing, date, header, family)
    credential, signed_headers, signature = fields["Credential"], fields["SignedHeaders"], fields["Signature"]
    return _claim(_parts(algorithm, credential, signed_headers, signature, date, headers), family)


def _parts(
    algorithm: str, credential: str, signed_headers: str, signature: str, date: str, headers: Headers
) -> "_Parts":
    return _Parts(
        algorithm=algorithm,
        credential=credential,
        signed_headers=signed_headers,
        signature=signature,
        date=date,
        region_set=headers.get("x-amz-region-set", ""),
        token=headers.get("x-amz-security-token", ""),
        content_hash=headers.get("x-amz-content-sha256"),
    )


def _field(text: str) -> tuple[str, str]:
    name, _, value = text.strip().partition("=")
    return name, value


def _header_date(headers: Headers) -> str:
    """X-Amz-Date, or Date in its place; "" where neither can be read.

    https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-date-handling.html
    """
    date = headers.get("x-amz-date")
    if date is not None:
        return date if _AMZ_DATE.match(date) else ""
    plain = headers.get("date", "")
    if _AMZ_DATE.match(plain):
        return plain
    try:
        return parsedate_to_datetime(plain).astimezone(UTC).strftime("%Y%m%dT%H%M%SZ")
    except (ValueError, OverflowError):
        return ""


def _from_query(request: HttpRequest, headers: Headers, family: str) -> Claim:
    """The parameters of a presigned URL.

    https://docs.aws.amazon.com/AmazonS3/latest/API/sigv4-query-string-auth.html
    """
    parameters = _authentication_parameters(request.query, family)
    missing = [name for name in _QUERY_PARTS if not parameters.get(name)]
    if "X-Amz-Expires" in missing and family != "s3":
        missing.remove("X-Amz-Expires")
    if missing:
        raise (
            AuthorizationHeaderMalformed(_QUERY_REQUIRED, query=True)
            if family == "s3"
            else _incomplete(
                family, " ".join(f"AWS query-string parameters must include '{name}'." for name in missing)
            )
        )
    algorithm, date = parameters["X-Amz-Algorithm"], parameters["X-Amz-Date"]
    if algorithm not in _ALGORITHMS:
        raise _incomplete(family, f"Unsupported AWS 'algorithm': '{algorithm}'.", query=True)
    if not _AMZ_DATE.match(date):
        raise _incomplete(family, "X-Amz-Date must be in the ISO8601 Long Format \"yyyyMMdd'T'HHmmss'Z'\"", query=True)
    return _claim(
        _Parts(
            algorithm=algorithm,
            credential=parameters["X-Amz-Credential"],
            signed_headers=parameters["X-Amz-SignedHeaders"],
            signature=parameters["X-Amz-Signature"],
            date=date,
            expires=_expires(parameters.get("X-Amz-Expires", _URL_LIFE), family),
            region_set=parameters.get("X-Amz-Region-Set", ""),
            token=parameters.get("X-Amz-Security-Token") or headers.get("x-amz-security-token", ""),
            content_hash=headers.get("x-amz-content-sha256", parameters.get("X-Amz-Content-Sha256")),
        ),
        family,
    )


def _authentication_parameters(query: str, family: str) -> dict[str, str]:
    """The X-Amz- parameters, decoded; each may stand there once."""
    found: dict[str, str] = {}
    for part in query.split("&"):
        if part.startswith("X-Amz-"):
            name, _, value = part.partition("=")
            if name in found:
                raise _incomplete(family, f"Parameter {name} may occur only once.", query=True)
            found[name] = unquote(value)
    return found


class _Parts(msgspec.Struct, frozen=True, kw_only=True):
    """The parts of an authorization as they came; `expires` only for a presigned URL."""

    algorithm: str
    credential: str
    signed_headers: str
    signature: str
    date: str
    expires: int | None = None
    region_set: str
    token: str
    content_hash: str | None


def _claim(parts: _Parts, family: str) -> Claim:
    query = parts.expires is not None
    access_key, *scope = parts.credential.split("/")
    if len(scope) + 1 != _SCOPE_PARTS[parts.algorithm] or not access_key:
        raise _malformed_credential(parts.credential, family, query=query)
    if parts.algorithm == ASYMMETRIC:
        scope.insert(1, parts.region_set)
    if not _SIGNED_HEADERS.match(parts.signed_headers):
        raise _incomplete(family, "SignedHeaders is not a list of header names.", query=query)
    signed_at = _seconds(parts.date)
    if signed_at is None:
        raise _incomplete(family, f"'{parts.date}' is no date.", query=query)
    return Claim(
        algorithm=parts.algorithm,
        access_key=access_key,
        date=parts.date,
        signed_at=signed_at,
        scope_date=scope[0],
        region=scope[1],
        service=scope[2],
        terminator=scope[3],
        signed_headers=tuple(parts.signed_headers.split(";")),
        signature=parts.signature,
        signing="query" if query else "header",
        expires=parts.expires,
        token=parts.token,
        content_hash=parts.content_hash,
    )


@lru_cache(maxsize=256)
def _seconds(date: str) -> float | None:
    try:
        return datetime.strptime(date, "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC).timestamp()
    except ValueError:
        return None


def _expires(text: str, family: str) -> int:
    """https://docs.aws.amazon.com/AmazonS3/latest/API/sigv4-query-string-auth.html (X-Amz-Expires)."""
    if not text.isascii() or not text.removeprefix("-").isdecimal() or len(text) > len("-9999999999"):
        raise _incomplete(family, "X-Amz-Expires should be a number", query=True)
    if text.startswith("-"):
        raise _incomplete(family, "X-Amz-Expires must be non-negative", query=True)
    if int(text) > _LONGEST_URL_LIFE:
        raise _incomplete(
            family, "X-Amz-Expires must be less than a week (in seconds); that is, the given X-Amz-Expires must be less than 604800 seconds", query=True,
        )  # fmt: skip
    return int(text)


def _incomplete(family: str, reason: str, *, query: bool = False) -> IncompleteSignature | AuthorizationHeaderMalformed:
    if family == "s3":
        text = reason if query else f"The authorization header is malformed; {reason}"
        return AuthorizationHeaderMalformed(text, query=query)
    return IncompleteSignature(family, reason=reason)


def _malformed_credential(
    credential: str, family: str, *, query: bool
) -> IncompleteSignature | AuthorizationHeaderMalformed:
    if family != "s3":
        return IncompleteSignature(
            family, reason=f"Credential must have exactly 5 slash-delimited elements, e.g. keyid/date/region/service/term, got '{credential}'",
        )  # fmt: skip
    expected = '"<YOUR-AKID>/YYYYMMDD/REGION/SERVICE/aws4_request"'
    if query:
        return AuthorizationHeaderMalformed(
            f"Error parsing the X-Amz-Credential parameter; the Credential is mal-formed; expecting {expected}.",
            query=True,
        )
    return AuthorizationHeaderMalformed(
        f"The authorization header is malformed; the Credential is mal-formed; expecting {expected}."
    )


def _missing_in_header(
    missing: list[str], date: str, header: str, family: str
) -> IncompleteSignature | AuthorizationHeaderMalformed:
    reasons = [f"Authorization header requires '{name}' parameter." for name in missing]
    if not date:
        reasons.append("Authorization header requires existence of either a 'X-Amz-Date' or a 'Date' header.")
    return _incomplete(family, " ".join((*reasons, _hashed(header))))


def _unreadable(header: str, family: str) -> IncompleteSignature | AuthorizationHeaderMalformed:
    return _missing_in_header(["Credential", "Signature", "SignedHeaders"], "unread", header, family)


def _hashed(header: str) -> str:
    """The header is told back only as a hash, so that no log keeps what could be replayed."""
    digest = base64.b64encode(hashlib.sha256(header.encode()).digest()).decode()
    return f"(Hashed with SHA-256 and encoded with Base64) Authorization={digest}"
