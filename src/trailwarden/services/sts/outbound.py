"""GetWebIdentityToken: the caller's identity as a token for services outside of AWS.

https://docs.aws.amazon.com/IAM/latest/UserGuide/id_roles_providers_outbound_token_claims.html
"""

import base64
from collections.abc import Mapping
from typing import Any

import msgspec
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature

from trailwarden.auth.organization import membership
from trailwarden.errors import AwsError, ValidationException
from trailwarden.services.call import Call
from trailwarden.services.iam.outbound_federation import ISSUER, Issuer, issuer_of, signing_key
from trailwarden.services.registry import operation
from trailwarden.services.sts.json_web_tokens import Key
from trailwarden.services.sts.session_tags import session_tags
from trailwarden.services.world import World

__all__ = ["get_web_identity_token", "own_issuer_keys"]

_USUAL = 300
_LARGEST = 4_096
_NAMESPACE = "https://sts.amazonaws.com/"
_P384_BYTES = 48


class OutboundWebIdentityFederationDisabledException(AwsError):
    """https://docs.aws.amazon.com/STS/latest/APIReference/API_GetWebIdentityToken.html."""

    message = "Outbound web identity federation is not enabled for this account."
    status = 403


class SessionDurationEscalationException(AwsError):
    """https://docs.aws.amazon.com/STS/latest/APIReference/API_GetWebIdentityToken.html."""

    message = "The requested token duration would extend the session beyond its original expiration time."
    status = 403


class JWTPayloadSizeExceededException(AwsError):
    """https://docs.aws.amazon.com/STS/latest/APIReference/API_GetWebIdentityToken.html."""

    message = "The requested token payload size exceeds the maximum allowed size."


@operation("sts:GetWebIdentityToken")
def get_web_identity_token(call: Call, world: World) -> Mapping[str, Any]:
    """Give a signed token that tells who the caller is. It lives no longer than the caller's session.

    https://docs.aws.amazon.com/STS/latest/APIReference/API_GetWebIdentityToken.html
    """
    issuer = issuer_of(world, call.account)
    if issuer is None or not issuer.enabled:
        raise OutboundWebIdentityFederationDisabledException
    algorithm = call.params["SigningAlgorithm"]
    if algorithm not in issuer.keys:
        raise ValidationException(reason=f"{algorithm} is not a supported signing algorithm.")
    if call.params.get("SubjectMode") == "OriginIdentity":
        raise ValidationException(reason="The calling session has no trusted identity propagation context.")
    expires = call.now + call.params.get("DurationSeconds", _USUAL)
    if call.caller.session is not None and expires > call.caller.session.expires:
        raise SessionDurationEscalationException
    payload = msgspec.json.encode(_claims(call, world, issuer, expires))
    if len(payload) > _LARGEST:
        raise JWTPayloadSizeExceededException
    return {"WebIdentityToken": _signed(world, issuer, algorithm, payload), "Expiration": float(int(expires))}


def own_issuer_keys(world: World, host: str) -> tuple[Key, ...] | None:
    """The public keys of an issuer that one of this server's accounts is; None for any other."""
    issuer = world.find(ISSUER, "", "", host)
    return None if issuer is None else tuple(issuer.public.values())


def _claims(call: Call, world: World, issuer: Issuer, expires: float) -> dict[str, Any]:
    principal, audience = call.caller.principal, call.params["Audience"]
    arn = principal.issuer_arn or principal.arn
    place = membership(call.account, world.transaction)
    told: dict[str, Any] = {"aws_account": call.account, "source_region": call.region, "principal_id": arn}
    if place is not None:
        told |= {"org_id": place.organization.id, "ou_path": [place.path]}
    if call.caller.tags:
        told["principal_tags"] = dict(call.caller.tags)
    tags = session_tags(call.params.get("Tags", ()))
    if tags:
        told["request_tags"] = tags
    claims: dict[str, Any] = {
        "iss": f"https://{issuer.host}",
        "aud": audience[0] if len(audience) == 1 else list(audience),
        "sub": arn,
        "iat": int(call.now),
        "exp": int(expires),
        "jti": world.chance.uuid(),
        _NAMESPACE: told,
    }
    return claims | ({"scope": call.params["Scope"]} if "Scope" in call.params else {})


def _signed(world: World, issuer: Issuer, algorithm: str, payload: bytes) -> str:
    header = {"kid": issuer.public[algorithm]["kid"], "typ": "JWT", "alg": algorithm}
    body = f"{_based(msgspec.json.encode(header))}.{_based(payload)}"
    key = signing_key(world, issuer, algorithm)
    return f"{body}.{_based(_signature(key, body.encode()))}"


def _signature(key: rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey, body: bytes) -> bytes:
    if isinstance(key, rsa.RSAPrivateKey):
        return key.sign(body, padding.PKCS1v15(), hashes.SHA256())
    r, s = decode_dss_signature(key.sign(body, ec.ECDSA(hashes.SHA384())))
    return r.to_bytes(_P384_BYTES) + s.to_bytes(_P384_BYTES)


def _based(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).decode().rstrip("=")
