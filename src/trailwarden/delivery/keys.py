"""The RSA keys that digest files are signed with: one pair a Region at a time, rotated, never forgotten.

https://docs.aws.amazon.com/awscloudtrail/latest/APIReference/API_ListPublicKeys.html
https://docs.aws.amazon.com/awscloudtrail/latest/userguide/cloudtrail-log-file-validation-digest-file-structure.html
"""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, field

import msgspec
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_der_private_key,
)

from trailwarden.auth.sealing import Vault
from trailwarden.storage.ports import Kind, Reader, Transaction

__all__ = ["DIGEST_KEY", "DigestKey", "KeyUnreadable", "Keyring", "PublicKey", "Signer", "public_keys"]

_BITS = 2048
_EXPONENT = 65_537
_DAY = 86_400.0
_VALIDITY = 30 * _DAY
_PURPOSE = "digest-key"


class KeyUnreadable(Exception):
    """A stored private key was sealed by another vault."""

    def __init__(self, fingerprint: str) -> None:
        super().__init__(f"the digest key {fingerprint} cannot be opened: the server's own key has changed")


class DigestKey(msgspec.Struct, frozen=True, kw_only=True):
    """A key pair. Key: ("", Region, fingerprint). `public` is DER (PKCS#1), `private` sealed; times in seconds."""

    fingerprint: str
    public: bytes
    private: bytes
    start: float
    end: float


DIGEST_KEY = Kind("cloudtrail.digest-key", DigestKey)


@dataclass(frozen=True, slots=True, kw_only=True)
class PublicKey:
    """A public key as ListPublicKeys tells it: `value` is DER (PKCS#1 RSAPublicKey), times are seconds."""

    value: bytes
    start: float
    end: float
    fingerprint: str


@dataclass(frozen=True, slots=True)
class Signer:
    """Signs with one private key."""

    fingerprint: str
    key: rsa.RSAPrivateKey = field(repr=False)

    def sign(self, text: bytes) -> str:
        """SHA256withRSA (PKCS #1 v1.5), in hexadecimal."""
        return self.key.sign(text, padding.PKCS1v15(), SHA256()).hex()


def public_keys(reader: Reader, *, region: str, start: float, end: float) -> Sequence[PublicKey]:
    """The keys of a Region that were valid at some time from `start` to `end`, oldest first."""
    found = [
        PublicKey(value=key.public, start=key.start, end=key.end, fingerprint=key.fingerprint)
        for key in (document.body for document in reader.list(DIGEST_KEY, "", region))
        if key.start <= end and key.end >= start
    ]
    return sorted(found, key=lambda key: key.start)


@dataclass(slots=True)
class Keyring:
    """Finds the key to sign with, or makes one. Opened private keys are remembered, one a Region."""

    vault: Vault
    _opened: dict[str, Signer] = field(default_factory=dict, repr=False)

    def signer(self, transaction: Transaction, *, region: str, now: float) -> Signer:
        """The Region's key at `now`; where none is valid, a new one is written with the transaction."""
        valid = [
            document.body
            for document in transaction.list(DIGEST_KEY, "", region)
            if document.body.start <= now < document.body.end
        ]
        if valid:
            return self._open(region, max(valid, key=lambda key: key.start))
        made, signer = self._make(now)
        transaction.put(DIGEST_KEY, "", region, made.fingerprint, made)
        return signer

    def _open(self, region: str, key: DigestKey) -> Signer:
        known = self._opened.get(region)
        if known is not None and known.fingerprint == key.fingerprint:
            return known
        sealed = self.vault.open(key.private, _PURPOSE)
        private = load_der_private_key(sealed, None) if sealed is not None else None
        if not isinstance(private, rsa.RSAPrivateKey):
            raise KeyUnreadable(key.fingerprint)
        self._opened[region] = signer = Signer(key.fingerprint, private)
        return signer

    def _make(self, now: float) -> tuple[DigestKey, Signer]:
        """Valid from midnight, so that digests which end before this moment are covered."""
        private = rsa.generate_private_key(public_exponent=_EXPONENT, key_size=_BITS)
        public = private.public_key().public_bytes(Encoding.DER, PublicFormat.PKCS1)
        fingerprint = hashlib.md5(public, usedforsecurity=False).hexdigest()
        secret = private.private_bytes(Encoding.DER, PrivateFormat.PKCS8, NoEncryption())
        start = now - now % _DAY
        key = DigestKey(
            fingerprint=fingerprint,
            public=public,
            private=self.vault.seal(secret, _PURPOSE),
            start=start,
            end=start + _VALIDITY,
        )
        return key, Signer(fingerprint, private)
