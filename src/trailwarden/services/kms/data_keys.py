"""Data keys and random bytes.

https://docs.aws.amazon.com/kms/latest/developerguide/data-keys.html
"""

from collections.abc import Mapping
from typing import Any

from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat, load_der_private_key

from trailwarden.errors import ValidationException
from trailwarden.services.call import Call
from trailwarden.services.kms.encryption import check_no_recipient, sealed_by
from trailwarden.services.kms.errors import UnsupportedOperationException
from trailwarden.services.kms.finding import check_dry_run, usable_key
from trailwarden.services.kms.key import Key
from trailwarden.services.kms.specs import ENCRYPT, SPECS
from trailwarden.services.registry import operation
from trailwarden.services.world import World

__all__ = [
    "generate_data_key",
    "generate_data_key_pair",
    "generate_data_key_pair_without_plaintext",
    "generate_data_key_without_plaintext",
    "generate_random",
]

_SIZES: Mapping[str, int] = {"AES_256": 32, "AES_128": 16}


@operation("kms:GenerateDataKey")
def generate_data_key(call: Call, world: World) -> Mapping[str, Any]:
    """A new data key, in plain and encrypted under a symmetric key.

    https://docs.aws.amazon.com/kms/latest/APIReference/API_GenerateDataKey.html
    """
    return _data_key(call, world)


@operation("kms:GenerateDataKeyWithoutPlaintext")
def generate_data_key_without_plaintext(call: Call, world: World) -> Mapping[str, Any]:
    """A new data key, encrypted only.

    https://docs.aws.amazon.com/kms/latest/APIReference/API_GenerateDataKeyWithoutPlaintext.html
    """
    return {member: value for member, value in _data_key(call, world).items() if member != "Plaintext"}


@operation("kms:GenerateDataKeyPair")
def generate_data_key_pair(call: Call, world: World) -> Mapping[str, Any]:
    """A new key pair, its private key in plain and encrypted.

    https://docs.aws.amazon.com/kms/latest/APIReference/API_GenerateDataKeyPair.html
    """
    return _pair(call, world)


@operation("kms:GenerateDataKeyPairWithoutPlaintext")
def generate_data_key_pair_without_plaintext(call: Call, world: World) -> Mapping[str, Any]:
    """A new key pair, its private key encrypted only.

    https://docs.aws.amazon.com/kms/latest/APIReference/API_GenerateDataKeyPairWithoutPlaintext.html
    """
    return {member: value for member, value in _pair(call, world).items() if member != "PrivateKeyPlaintext"}


@operation("kms:GenerateRandom")
def generate_random(call: Call, world: World) -> Mapping[str, Any]:
    """Random bytes, 1 to 1 024.

    https://docs.aws.amazon.com/kms/latest/APIReference/API_GenerateRandom.html
    """
    check_no_recipient(call)
    if "CustomKeyStoreId" in call.params:
        raise UnsupportedOperationException(reason="Custom key stores are not supported.")
    if "NumberOfBytes" not in call.params:
        raise ValidationException(reason="NumberOfBytes is required.")
    return {"Plaintext": world.chance.bytes(call.params["NumberOfBytes"])}


def _data_key(call: Call, world: World) -> dict[str, Any]:
    asked = call.params
    if ("NumberOfBytes" in asked) == ("KeySpec" in asked):
        raise ValidationException(reason="Please specify either number of bytes or key spec.")
    check_no_recipient(call)
    key = _wrapping_key(call, world)
    plaintext = world.chance.bytes(asked.get("NumberOfBytes") or _SIZES[asked["KeySpec"]])
    blob = sealed_by(world, key, plaintext, asked.get("EncryptionContext", {}))
    check_dry_run(call)
    return {
        "CiphertextBlob": blob,
        "Plaintext": plaintext,
        "KeyId": key.arn,
        "KeyMaterialId": key.materials[-1].id,
    }


def _pair(call: Call, world: World) -> dict[str, Any]:
    asked = call.params
    check_no_recipient(call)
    key = _wrapping_key(call, world)
    spec = SPECS.get(asked["KeyPairSpec"])
    if spec is None or not spec.asymmetric:
        raise UnsupportedOperationException(reason=f"KeyPairSpec {asked['KeyPairSpec']} is not supported.")
    check_dry_run(call)
    private = spec.make(world.chance)
    public = load_der_private_key(private, password=None).public_key()
    return {
        "PrivateKeyCiphertextBlob": sealed_by(world, key, private, asked.get("EncryptionContext", {})),
        "PrivateKeyPlaintext": private,
        "PublicKey": public.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo),
        "KeyId": key.arn,
        "KeyPairSpec": asked["KeyPairSpec"],
        "KeyMaterialId": key.materials[-1].id,
    }


def _wrapping_key(call: Call, world: World) -> Key:
    """Data keys are encrypted by symmetric keys alone. InvalidKeyUsageException."""
    key = usable_key(call, world, call.params["KeyId"], usage=ENCRYPT)
    if not key.symmetric:
        raise UnsupportedOperationException(reason="")
    return key
