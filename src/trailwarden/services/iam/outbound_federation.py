"""Outbound identity federation: the account as an OpenID Connect issuer of its own.

https://docs.aws.amazon.com/IAM/latest/UserGuide/id_roles_providers_outbound.html
"""

import base64
from collections.abc import Mapping
from typing import Any

import msgspec
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_der_private_key,
)

from trailwarden.errors import AwsError
from trailwarden.services.call import Call
from trailwarden.services.registry import operation
from trailwarden.services.world import World
from trailwarden.storage.ports import Kind

__all__ = [
    "ISSUER",
    "FeatureDisabled",
    "FeatureEnabled",
    "Issuer",
    "disable_outbound_federation",
    "enable_outbound_federation",
    "get_outbound_federation",
    "issuer_of",
    "signing_key",
]

_DOMAIN = "tokens.sts.global.api.aws"
_RSA_BITS = 2048
_EXPONENT = 65_537

SigningKey = rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey


class Issuer(msgspec.Struct, frozen=True, kw_only=True):
    """An account's issuer. Key: ("", "", its host name), so that tokens lead to it.

    `keys` maps algorithms to sealed private keys, `public` to JSON Web Keys.
    """

    account: str
    host: str
    enabled: bool
    keys: dict[str, bytes]
    public: dict[str, dict[str, str]]


class IssuerName(msgspec.Struct, frozen=True, kw_only=True):
    """The host name of an account's issuer. Key: (account, "", account)."""

    host: str


ISSUER = Kind("iam.outbound-issuer", Issuer)
ISSUER_NAME = Kind("iam.outbound-issuer-name", IssuerName)


class FeatureDisabled(AwsError):
    """https://docs.aws.amazon.com/IAM/latest/APIReference/API_DisableOutboundWebIdentityFederation.html."""

    message = "Outbound web identity federation is not enabled for this account."
    status = 404


class FeatureEnabled(AwsError):
    """https://docs.aws.amazon.com/IAM/latest/APIReference/API_EnableOutboundWebIdentityFederation.html."""

    message = "Outbound web identity federation is already enabled for this account."
    status = 409


@operation("iam:EnableOutboundWebIdentityFederation")
def enable_outbound_federation(call: Call, world: World) -> Mapping[str, Any]:
    """Let the account's principals get tokens. The issuer, once made, stays the account's.

    https://docs.aws.amazon.com/IAM/latest/APIReference/API_EnableOutboundWebIdentityFederation.html
    """
    issuer = issuer_of(world, call.account)
    if issuer is not None and issuer.enabled:
        raise FeatureEnabled
    if issuer is None:
        issuer = _new_issuer(call, world)
        world.put(ISSUER_NAME, call.account, "", call.account, IssuerName(host=issuer.host))
    world.put(ISSUER, "", "", issuer.host, msgspec.structs.replace(issuer, enabled=True))
    return {"IssuerIdentifier": f"https://{issuer.host}"}


@operation("iam:DisableOutboundWebIdentityFederation")
def disable_outbound_federation(call: Call, world: World) -> None:
    """Give no tokens any more; those given stay good until they expire.

    https://docs.aws.amazon.com/IAM/latest/APIReference/API_DisableOutboundWebIdentityFederation.html
    """
    issuer = issuer_of(world, call.account)
    if issuer is None or not issuer.enabled:
        raise FeatureDisabled
    world.put(ISSUER, "", "", issuer.host, msgspec.structs.replace(issuer, enabled=False))


@operation("iam:GetOutboundWebIdentityFederationInfo")
def get_outbound_federation(call: Call, world: World) -> Mapping[str, Any]:
    """Show the issuer and whether it gives tokens.

    https://docs.aws.amazon.com/IAM/latest/APIReference/API_GetOutboundWebIdentityFederationInfo.html
    """
    issuer = issuer_of(world, call.account)
    if issuer is None or not issuer.enabled:
        raise FeatureDisabled
    return {"IssuerIdentifier": f"https://{issuer.host}", "JwtVendingEnabled": issuer.enabled}


def issuer_of(world: World, account: str) -> Issuer | None:
    """The account's issuer, None where it never had one."""
    name = world.find(ISSUER_NAME, account, "", account)
    return None if name is None else world.find(ISSUER, "", "", name.host)


def signing_key(world: World, issuer: Issuer, algorithm: str) -> SigningKey:
    """The issuer's private key for an algorithm."""
    opened = world.vault.open(issuer.keys[algorithm], _purpose(issuer.host, algorithm))
    key = load_der_private_key(opened or b"", None)
    if not isinstance(key, (rsa.RSAPrivateKey, ec.EllipticCurvePrivateKey)):
        raise TypeError(type(key).__name__)
    return key


def _new_issuer(call: Call, world: World) -> Issuer:
    host = f"{world.chance.uuid()}.{_DOMAIN}"
    rsa_key = rsa.generate_private_key(_EXPONENT, _RSA_BITS)
    ec_key = ec.generate_private_key(ec.SECP384R1())
    numbers, point = rsa_key.public_key().public_numbers(), ec_key.public_key().public_numbers()
    public = {
        "RS256": {"kty": "RSA", "n": _unpadded(numbers.n), "e": _unpadded(numbers.e)},
        "ES384": {"kty": "EC", "crv": "P-384", "x": _unpadded(point.x, 48), "y": _unpadded(point.y, 48)},
    }
    made: Mapping[str, SigningKey] = {"RS256": rsa_key, "ES384": ec_key}
    return Issuer(
        account=call.account,
        host=host,
        enabled=True,
        keys={name: world.vault.seal(_packed(key), _purpose(host, name)) for name, key in made.items()},
        public={
            name: {**key, "alg": name, "use": "sig", "kid": f"{name}_{world.chance.uuid()}"}
            for name, key in public.items()
        },
    )


def _packed(key: SigningKey) -> bytes:
    return key.private_bytes(Encoding.DER, PrivateFormat.PKCS8, NoEncryption())


def _purpose(host: str, algorithm: str) -> str:
    return f"outbound-issuer:{host}:{algorithm}"


def _unpadded(number: int, length: int = 0) -> str:
    data = number.to_bytes(length or (number.bit_length() + 7) // 8)
    return base64.urlsafe_b64encode(data).decode().rstrip("=")
