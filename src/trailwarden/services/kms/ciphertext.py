"""What symmetric keys encrypt to: a blob that names its key and material, sealed by AES-256-GCM with its encryption context.

https://docs.aws.amazon.com/kms/latest/developerguide/encrypt_context.html
"""

from collections.abc import Mapping
from dataclasses import dataclass

import msgspec
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from trailwarden.clock import Chance

__all__ = ["Envelope", "seal", "unwrap"]

_MAGIC = b"\x01\x02\x02\x00"
_LENGTH = 2
_NONCE = 12
_TAG = 16


@dataclass(frozen=True, slots=True, kw_only=True)
class Envelope:
    """A blob taken apart; whether it is genuine only `open` tells."""

    arn: str
    material: str
    nonce: bytes
    sealed: bytes

    def open(self, key: bytes, context: Mapping[str, str]) -> bytes | None:
        """The plaintext; None where the key or the encryption context is another, or the blob was changed."""
        bound = _bound(self.arn, self.material, context)
        try:
            return AESGCM(key).decrypt(self.nonce, self.sealed, bound)
        except InvalidTag:
            return None


def seal(plaintext: bytes, key: bytes, *, arn: str, material: str, context: Mapping[str, str], chance: Chance) -> bytes:
    """The plaintext as a blob that `unwrap` takes apart."""
    nonce = chance.bytes(_NONCE)
    header = f"{arn}|{material}".encode()
    sealed = AESGCM(key).encrypt(nonce, plaintext, _bound(arn, material, context))
    return b"".join((_MAGIC, len(header).to_bytes(_LENGTH), header, nonce, sealed))


def unwrap(blob: bytes) -> Envelope | None:
    """The parts of a blob, None for anything else."""
    start = len(_MAGIC) + _LENGTH
    if not blob.startswith(_MAGIC) or len(blob) < start:
        return None
    end = start + int.from_bytes(blob[len(_MAGIC) : start])
    if len(blob) < end + _NONCE + _TAG:
        return None
    try:
        arn, bar, material = blob[start:end].decode().rpartition("|")
    except UnicodeDecodeError:
        return None
    if not bar:
        return None
    return Envelope(arn=arn, material=material, nonce=blob[end : end + _NONCE], sealed=blob[end + _NONCE :])


def _bound(arn: str, material: str, context: Mapping[str, str]) -> bytes:
    """What is authenticated besides: the key, its material, and the context, whose order does not matter."""
    return msgspec.json.encode([arn, material, sorted(context.items())])
