"""Signatures and message authentication codes.

https://docs.aws.amazon.com/kms/latest/developerguide/symm-asymm-choose-key-spec.html
"""

import hmac
from collections.abc import Mapping
from typing import Any

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from cryptography.hazmat.primitives.asymmetric.utils import Prehashed
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat, load_der_private_key

from trailwarden.errors import AwsError, ValidationException
from trailwarden.services.call import Call
from trailwarden.services.kms.errors import InvalidKeyUsageException, UnsupportedOperationException
from trailwarden.services.kms.finding import check_dry_run, check_usable, find_key, usable_key
from trailwarden.services.kms.key import Key, metadata, opened
from trailwarden.services.kms.specs import MAC, SIGN, SPECS
from trailwarden.services.registry import operation
from trailwarden.services.world import World

__all__ = ["generate_mac", "get_public_key", "sign", "verify", "verify_mac"]

_HASHES: Mapping[str, hashes.HashAlgorithm] = {"256": hashes.SHA256(), "384": hashes.SHA384(), "512": hashes.SHA512()}
_ALGORITHM_MEMBERS = ("EncryptionAlgorithms", "SigningAlgorithms", "KeyAgreementAlgorithms")


class KMSInvalidSignatureException(AwsError):
    """The signature is not that of this message by this key.

    https://docs.aws.amazon.com/kms/latest/APIReference/API_Verify.html
    """


class KMSInvalidMacException(AwsError):
    """The code is not that of this message by this key.

    https://docs.aws.amazon.com/kms/latest/APIReference/API_VerifyMac.html
    """


@operation("kms:Sign")
def sign(call: Call, world: World) -> Mapping[str, Any]:
    """Sign a message, or its digest.

    https://docs.aws.amazon.com/kms/latest/APIReference/API_Sign.html
    """
    key, algorithm = _for(call, world, SIGN, "SigningAlgorithm")
    hashed = _hashed(call, algorithm)
    check_dry_run(call)
    private = _private(world, key)
    if isinstance(private, RSAPrivateKey):
        signature = private.sign(call.params["Message"], _padding(algorithm), hashed)
    else:
        signature = private.sign(call.params["Message"], ec.ECDSA(hashed))
    return {"KeyId": key.arn, "Signature": signature, "SigningAlgorithm": algorithm}


@operation("kms:Verify")
def verify(call: Call, world: World) -> Mapping[str, Any]:
    """Whether a signature is the key's; KMSInvalidSignatureException where it is not.

    https://docs.aws.amazon.com/kms/latest/APIReference/API_Verify.html
    """
    key, algorithm = _for(call, world, SIGN, "SigningAlgorithm")
    hashed = _hashed(call, algorithm)
    message, signature = call.params["Message"], call.params["Signature"]
    private = _private(world, key)
    try:
        if isinstance(private, RSAPrivateKey):
            private.public_key().verify(signature, message, _padding(algorithm), hashed)
        else:
            private.public_key().verify(signature, message, ec.ECDSA(hashed))
    except InvalidSignature:
        raise KMSInvalidSignatureException from None
    check_dry_run(call)
    return {"KeyId": key.arn, "SignatureValid": True, "SigningAlgorithm": algorithm}


@operation("kms:GenerateMac")
def generate_mac(call: Call, world: World) -> Mapping[str, Any]:
    """The keyed hash of a message.

    https://docs.aws.amazon.com/kms/latest/APIReference/API_GenerateMac.html
    """
    key, algorithm = _for(call, world, MAC, "MacAlgorithm")
    check_dry_run(call)
    return {"Mac": _mac(call, world, key, algorithm), "MacAlgorithm": algorithm, "KeyId": key.arn}


@operation("kms:VerifyMac")
def verify_mac(call: Call, world: World) -> Mapping[str, Any]:
    """Whether a keyed hash is the key's; KMSInvalidMacException where it is not.

    https://docs.aws.amazon.com/kms/latest/APIReference/API_VerifyMac.html
    """
    key, algorithm = _for(call, world, MAC, "MacAlgorithm")
    if not hmac.compare_digest(_mac(call, world, key, algorithm), call.params["Mac"]):
        raise KMSInvalidMacException
    check_dry_run(call)
    return {"KeyId": key.arn, "MacValid": True, "MacAlgorithm": algorithm}


@operation("kms:GetPublicKey")
def get_public_key(call: Call, world: World) -> Mapping[str, Any]:
    """The public half of an asymmetric key.

    https://docs.aws.amazon.com/kms/latest/APIReference/API_GetPublicKey.html
    """
    key = find_key(call, world, call.params["KeyId"], aliases=True)
    if not SPECS[key.spec].asymmetric:
        raise UnsupportedOperationException(reason=f"{key.arn} is not an asymmetric key.")
    check_usable(key)
    public = load_der_private_key(opened(world.vault, key, key.materials[-1]), password=None).public_key()
    shown = metadata(key)
    return {
        "KeyId": key.arn,
        "PublicKey": public.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo),
        "CustomerMasterKeySpec": key.spec,
        "KeySpec": key.spec,
        "KeyUsage": key.usage,
        **{member: shown[member] for member in _ALGORITHM_MEMBERS if member in shown},
    }


def _for(call: Call, world: World, usage: str, member: str) -> tuple[Key, str]:
    key = usable_key(call, world, call.params["KeyId"], usage=usage)
    algorithm: str = call.params[member]
    if algorithm not in key.algorithms:
        raise InvalidKeyUsageException(reason=f"Algorithm {algorithm} is incompatible with key spec {key.spec}.")
    return key, algorithm


def _hashed(call: Call, algorithm: str) -> hashes.HashAlgorithm | Prehashed:
    """How the message is hashed, or that it is hashed already. ValidationException for a digest of the wrong length."""
    hashing = _HASHES[algorithm.rpartition("_")[2]]
    kind = call.params.get("MessageType", "RAW")
    if kind == "RAW":
        return hashing
    if kind != "DIGEST":
        raise UnsupportedOperationException(reason=f"MessageType {kind} is not supported by {algorithm}.")
    if len(call.params["Message"]) != hashing.digest_size:
        raise ValidationException(reason=f"Digest is invalid length for algorithm {algorithm}.")
    return Prehashed(hashing)


def _padding(algorithm: str) -> padding.AsymmetricPadding:
    if "PSS" not in algorithm:
        return padding.PKCS1v15()
    hashing = _HASHES[algorithm.rpartition("_")[2]]
    return padding.PSS(mgf=padding.MGF1(hashing), salt_length=hashing.digest_size)


def _private(world: World, key: Key) -> RSAPrivateKey | ec.EllipticCurvePrivateKey:
    private = load_der_private_key(opened(world.vault, key, key.materials[-1]), password=None)
    if not isinstance(private, (RSAPrivateKey, ec.EllipticCurvePrivateKey)):
        raise UnsupportedOperationException(reason="")
    return private


def _mac(call: Call, world: World, key: Key, algorithm: str) -> bytes:
    material = opened(world.vault, key, key.materials[-1])
    return hmac.digest(material, call.params["Message"], f"sha{algorithm.rpartition('_')[2]}")
