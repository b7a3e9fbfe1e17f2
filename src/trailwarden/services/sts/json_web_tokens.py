"""JSON Web Tokens, verified: RSA and ECDSA signatures by the issuer's keys.

https://www.rfc-editor.org/rfc/rfc7515 (JWS), https://www.rfc-editor.org/rfc/rfc7517 (JWK), https://www.rfc-editor.org/rfc/rfc7518 (algorithms)
"""

import base64
import binascii
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import msgspec
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature

__all__ = ["ALGORITHMS", "Key", "Token", "is_signed", "keys_of", "read_token"]

_PARTS = 3
_SMALLEST_RSA = 2048
_LARGEST_RSA = 8192
_MOST_KEYS = 100

Key = Mapping[str, Any]
"""A JSON Web Key."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Token:
    """A token taken apart; nothing of it is proved before `is_signed` says so."""

    header: Mapping[str, Any]
    claims: Mapping[str, Any]
    signed: bytes
    signature: bytes


def read_token(text: str) -> Token | None:
    """The parts of a token in compact form; None for anything else."""
    parts = text.split(".")
    if len(parts) != _PARTS:
        return None
    header, claims, signature = (_unbased(part) for part in parts)
    if header is None or claims is None or signature is None:
        return None
    head, body = _object(header), _object(claims)
    if head is None or body is None or "crit" in head:
        return None
    return Token(header=head, claims=body, signed=text.rpartition(".")[0].encode(), signature=signature)


def keys_of(document: bytes) -> tuple[Key, ...]:
    """The keys of a JSON Web Key Set; empty for anything else."""
    found = _object(document) or {}
    keys = found.get("keys")
    return tuple(key for key in keys if isinstance(key, dict))[:_MOST_KEYS] if isinstance(keys, list) else ()


def is_signed(token: Token, keys: Iterable[Key]) -> bool:
    """Whether one of the keys, the one that the token names where it names one, has signed the token.

    Only asymmetric algorithms count; the key decides which family may be used, never the token.
    """
    verify = ALGORITHMS.get(str(token.header.get("alg", "")))
    if verify is None:
        return False
    named = token.header.get("kid")
    fitting = (key for key in keys if named is None or key.get("kid", named) == named)
    return any(_verifies(verify, key, token) for key in fitting if _is_for(key, token))


def _is_for(key: Key, token: Token) -> bool:
    named = token.header["alg"]
    return bool(key.get("use", "sig") == "sig" and key.get("alg", named) == named)


def _verifies(verify: "Verify", key: Key, token: Token) -> bool:
    try:
        verify(key, token)
    except (InvalidSignature, UnsupportedAlgorithm, KeyError, TypeError, ValueError):
        return False
    return True


Verify = Callable[[Key, Token], None]


def _rsa(hashing: hashes.HashAlgorithm) -> Verify:
    def verify(key: Key, token: Token) -> None:
        public = rsa.RSAPublicNumbers(_number(key, "e"), _number(key, "n")).public_key()
        if key["kty"] != "RSA" or not _SMALLEST_RSA <= public.key_size <= _LARGEST_RSA:
            raise ValueError(key["kty"])
        public.verify(token.signature, token.signed, padding.PKCS1v15(), hashing)

    return verify


def _ecdsa(curve: ec.EllipticCurve, name: str, hashing: hashes.HashAlgorithm) -> Verify:
    size = (curve.key_size + 7) // 8

    def verify(key: Key, token: Token) -> None:
        if key["kty"] != "EC" or key["crv"] != name or len(token.signature) != 2 * size:
            raise ValueError(key["kty"])
        public = ec.EllipticCurvePublicNumbers(_number(key, "x"), _number(key, "y"), curve).public_key()
        r, s = (int.from_bytes(part) for part in (token.signature[:size], token.signature[size:]))
        public.verify(encode_dss_signature(r, s), token.signed, ec.ECDSA(hashing))

    return verify


ALGORITHMS: Mapping[str, Verify] = {
    "RS256": _rsa(hashes.SHA256()),
    "RS384": _rsa(hashes.SHA384()),
    "RS512": _rsa(hashes.SHA512()),
    "ES256": _ecdsa(ec.SECP256R1(), "P-256", hashes.SHA256()),
    "ES384": _ecdsa(ec.SECP384R1(), "P-384", hashes.SHA384()),
    "ES512": _ecdsa(ec.SECP521R1(), "P-521", hashes.SHA512()),
}
"""Those that AWS takes: https://docs.aws.amazon.com/IAM/latest/UserGuide/id_roles_providers_create_oidc.html"""


def _number(key: Key, member: str) -> int:
    value = _unbased(key[member])
    if not value:
        raise ValueError(member)
    return int.from_bytes(value)


def _unbased(text: str) -> bytes | None:
    """Base 64 for URLs, without padding, undone; None where it is none."""
    try:
        return base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
    except (binascii.Error, ValueError):
        return None


def _object(data: bytes) -> Mapping[str, Any] | None:
    try:
        found = msgspec.json.decode(data)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return None
    return found if isinstance(found, dict) else None
