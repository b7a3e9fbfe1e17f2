"""Signatures of notifications, so that an endpoint can tell SNS's messages from others, and the certificate to do so.

https://docs.aws.amazon.com/sns/latest/dg/sns-verify-signature-of-message.html
"""

import base64
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.hazmat.primitives.hashes import SHA1, SHA256, HashAlgorithm
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_der_private_key,
)
from cryptography.x509.oid import NameOID

from trailwarden.services.world import World
from trailwarden.storage.ports import Kind, Reader

__all__ = ["CERTIFICATES", "SIGNING_KEY", "Signer", "SigningKey", "certificate", "signer_of"]

CERTIFICATES = "/_trailwarden/sns/SimpleNotificationService-"
"""What the path of a certificate begins with; the key's id and `.pem` follow."""

_PURPOSE = "sns-signing-key"
_BITS, _EXPONENT = 2048, 65_537
_YEARS = 10
_ID_BYTES = 16
_HASHES: Mapping[str, type[HashAlgorithm]] = {"1": SHA1, "2": SHA256}
"""By SignatureVersion; SHA-1 is what version 1 is defined with."""

_SIGNED: Mapping[str, tuple[str, ...]] = {
    "Notification": ("Message", "MessageId", "Subject", "Timestamp", "TopicArn", "Type"),
    "SubscriptionConfirmation": ("Message", "MessageId", "SubscribeURL", "Timestamp", "Token", "TopicArn", "Type"),
}


class SigningKey(msgspec.Struct, frozen=True, kw_only=True):
    """A key with its certificate (PEM). Key: ("", "", id). `private` is sealed."""

    id: str
    certificate: str
    private: bytes


SIGNING_KEY = Kind("sns.signing-key", SigningKey)


@dataclass(frozen=True, slots=True)
class Signer:
    """Signs with one key; `url` is where its certificate is."""

    url: str
    key: rsa.RSAPrivateKey = field(repr=False)

    def signed(self, told: Mapping[str, Any], version: str) -> dict[str, Any]:
        """The message with SignatureVersion, Signature and SigningCertURL."""
        names = [name for name in _SIGNED[told["Type"]] if name in told]
        text = "".join(f"{name}\n{told[name]}\n" for name in names)
        signature = self.key.sign(text.encode(), padding.PKCS1v15(), _HASHES[version]())
        return {
            **told,
            "SignatureVersion": version,
            "Signature": base64.b64encode(signature).decode(),
            "SigningCertURL": self.url,
        }


def signer_of(world: World, endpoint: str) -> Signer:
    """The signer with the server's key; where there is none yet, or none that can be opened, a new one is written."""
    for document in world.list(SIGNING_KEY):
        sealed = world.vault.open(document.body.private, _PURPOSE)
        private = load_der_private_key(sealed, None) if sealed is not None else None
        if isinstance(private, rsa.RSAPrivateKey):
            return Signer(f"{endpoint}{CERTIFICATES}{document.body.id}.pem", private)
    private = rsa.generate_private_key(public_exponent=_EXPONENT, key_size=_BITS)
    secret = private.private_bytes(Encoding.DER, PrivateFormat.PKCS8, NoEncryption())
    key_id = world.chance.bytes(_ID_BYTES).hex()
    made = SigningKey(id=key_id, certificate=_certified(private, world.now), private=world.vault.seal(secret, _PURPOSE))
    world.put(SIGNING_KEY, "", "", key_id, made)
    return Signer(f"{endpoint}{CERTIFICATES}{key_id}.pem", private)


def certificate(reader: Reader, key_id: str) -> str:
    """The certificate of a key, "" where there is no such key."""
    found = reader.get(SIGNING_KEY, "", "", key_id)
    return found.body.certificate if found else ""


def _certified(private: rsa.RSAPrivateKey, now: float) -> str:
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "sns.amazonaws.com")])
    start = datetime.fromtimestamp(now, UTC) - timedelta(days=1)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(private.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(start)
        .not_valid_after(start + timedelta(days=365 * _YEARS))
        .sign(private, SHA256())
    )
    return made.public_bytes(Encoding.PEM).decode()
