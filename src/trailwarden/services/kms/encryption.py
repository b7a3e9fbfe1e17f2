"""Encrypt, decrypt, and encrypt anew under another key."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from cryptography.hazmat.primitives.serialization import load_der_private_key

from trailwarden.errors import ValidationException
from trailwarden.services.call import Call
from trailwarden.services.kms.ciphertext import Envelope, seal, unwrap
from trailwarden.services.kms.errors import (
    IncorrectKeyException,
    InvalidCiphertextException,
    InvalidKeyUsageException,
    NotFoundException,
    UnsupportedOperationException,
)
from trailwarden.services.kms.finding import check_dry_run, check_usable, find_key, usable_key
from trailwarden.services.kms.key import Key, opened
from trailwarden.services.kms.specs import ENCRYPT
from trailwarden.services.registry import operation
from trailwarden.services.world import World

__all__ = ["check_no_recipient", "decrypt", "encrypt", "re_encrypt", "sealed_by"]

_HASHES: Mapping[str, hashes.HashAlgorithm] = {
    "RSAES_OAEP_SHA_1": hashes.SHA1(),  # noqa: S303 — AWS serves it, clients ask for it
    "RSAES_OAEP_SHA_256": hashes.SHA256(),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class _Opened:
    """A plaintext, the key it came from, and the material for symmetric keys."""

    plaintext: bytes
    key: Key
    algorithm: str
    material: str = ""


@operation("kms:Encrypt")
def encrypt(call: Call, world: World) -> Mapping[str, Any]:
    """Encrypt up to 4 096 bytes.

    https://docs.aws.amazon.com/kms/latest/APIReference/API_Encrypt.html
    """
    asked = call.params
    key = usable_key(call, world, asked["KeyId"], usage=ENCRYPT)
    algorithm = _algorithm(key, asked.get("EncryptionAlgorithm"))
    blob = _encrypted(world, key, algorithm, asked["Plaintext"], asked.get("EncryptionContext", {}))
    check_dry_run(call)
    return {"CiphertextBlob": blob, "KeyId": key.arn, "EncryptionAlgorithm": algorithm}


@operation("kms:Decrypt")
def decrypt(call: Call, world: World) -> Mapping[str, Any]:
    """Decrypt what a key encrypted, under the same encryption context; a symmetric ciphertext names its key itself.

    InvalidCiphertextException, IncorrectKeyException.

    https://docs.aws.amazon.com/kms/latest/APIReference/API_Decrypt.html
    """
    asked = call.params
    check_no_recipient(call)
    found = _decrypted(
        call,
        world,
        asked.get("CiphertextBlob", b""),
        key_id=asked.get("KeyId", ""),
        algorithm=asked.get("EncryptionAlgorithm"),
        context=asked.get("EncryptionContext", {}),
    )
    check_dry_run(call)
    answer = {"KeyId": found.key.arn, "Plaintext": found.plaintext, "EncryptionAlgorithm": found.algorithm}
    return {**answer, "KeyMaterialId": found.material} if found.material else answer


@operation("kms:ReEncrypt")
def re_encrypt(call: Call, world: World) -> Mapping[str, Any]:
    """Decrypt and encrypt in one; the plaintext stays inside.

    https://docs.aws.amazon.com/kms/latest/APIReference/API_ReEncrypt.html
    """
    asked = call.params
    found = _decrypted(
        call,
        world,
        asked.get("CiphertextBlob", b""),
        key_id=asked.get("SourceKeyId", ""),
        algorithm=asked.get("SourceEncryptionAlgorithm"),
        context=asked.get("SourceEncryptionContext", {}),
    )
    key = usable_key(call, world, asked["DestinationKeyId"], usage=ENCRYPT)
    algorithm = _algorithm(key, asked.get("DestinationEncryptionAlgorithm"))
    blob = _encrypted(world, key, algorithm, found.plaintext, asked.get("DestinationEncryptionContext", {}))
    check_dry_run(call)
    answer = {
        "CiphertextBlob": blob,
        "SourceKeyId": found.key.arn,
        "KeyId": key.arn,
        "SourceEncryptionAlgorithm": found.algorithm,
        "DestinationEncryptionAlgorithm": algorithm,
    }
    if found.material:
        answer["SourceKeyMaterialId"] = found.material
    if key.symmetric:
        answer["DestinationKeyMaterialId"] = key.materials[-1].id
    return answer


def sealed_by(world: World, key: Key, plaintext: bytes, context: Mapping[str, str]) -> bytes:
    """The plaintext under the current material of a symmetric key."""
    material = key.materials[-1]
    return seal(
        plaintext,
        opened(world.vault, key, material),
        arn=key.arn,
        material=material.id,
        context=context,
        chance=world.chance,
    )


def check_no_recipient(call: Call) -> None:
    """UnsupportedOperationException: this server attests no enclaves."""
    if call.params.get("Recipient"):
        raise UnsupportedOperationException(reason="Attestation documents are not supported.")


def _algorithm(key: Key, given: str | None) -> str:
    algorithm = given or "SYMMETRIC_DEFAULT"
    if algorithm not in key.algorithms:
        raise InvalidKeyUsageException(reason=f"Algorithm {algorithm} is incompatible with key spec {key.spec}.")
    return algorithm


def _encrypted(world: World, key: Key, algorithm: str, plaintext: bytes, context: Mapping[str, str]) -> bytes:
    if key.symmetric:
        return sealed_by(world, key, plaintext, context)
    private = _private(world, key)
    digest = _HASHES[algorithm]
    largest = private.key_size // 8 - 2 * digest.digest_size - 2
    if len(plaintext) > largest:
        raise ValidationException(
            reason=f"Algorithm {algorithm} and key spec {key.spec} cannot encrypt data larger than {largest} bytes."
        )
    return private.public_key().encrypt(plaintext, _oaep(digest))


def _decrypted(
    call: Call, world: World, blob: bytes, *, key_id: str, algorithm: str | None, context: Mapping[str, str]
) -> _Opened:
    named = find_key(call, world, key_id, aliases=True) if key_id else None
    if named is not None and named.usage != ENCRYPT:
        raise IncorrectKeyException
    if named is not None and not named.symmetric:
        return _decrypted_by(world, named, _algorithm(named, algorithm), blob)
    envelope = unwrap(blob)
    if envelope is None:
        raise InvalidCiphertextException
    if named is not None and named.arn != envelope.arn:
        raise IncorrectKeyException
    return _opened(call, world, envelope, context)


def _opened(call: Call, world: World, envelope: Envelope, context: Mapping[str, str]) -> _Opened:
    try:
        key = find_key(call, world, envelope.arn)
    except NotFoundException:
        raise InvalidCiphertextException from None
    check_usable(key)
    material = next((each for each in key.materials if each.id == envelope.material), None)
    plaintext = envelope.open(opened(world.vault, key, material), context) if material is not None else None
    if material is None or plaintext is None:
        raise InvalidCiphertextException
    return _Opened(plaintext=plaintext, key=key, algorithm="SYMMETRIC_DEFAULT", material=material.id)


def _decrypted_by(world: World, key: Key, algorithm: str, blob: bytes) -> _Opened:
    check_usable(key)
    try:
        plaintext = _private(world, key).decrypt(blob, _oaep(_HASHES[algorithm]))
    except ValueError:
        raise InvalidCiphertextException from None
    return _Opened(plaintext=plaintext, key=key, algorithm=algorithm)


def _private(world: World, key: Key) -> RSAPrivateKey:
    private = load_der_private_key(opened(world.vault, key, key.materials[-1]), password=None)
    if not isinstance(private, RSAPrivateKey):
        raise UnsupportedOperationException(reason="")
    return private


def _oaep(digest: hashes.HashAlgorithm) -> padding.OAEP:
    return padding.OAEP(mgf=padding.MGF1(digest), algorithm=digest, label=None)
