"""Grants: who may use a key without its policy saying so.

https://docs.aws.amazon.com/kms/latest/developerguide/grants.html
"""

import base64
import binascii
import hmac
from collections.abc import Mapping
from typing import Any

from trailwarden.arn import Arn
from trailwarden.errors import AwsError, ValidationException
from trailwarden.services.call import Call
from trailwarden.services.kms.errors import InvalidArnException, LimitExceededException, NotFoundException
from trailwarden.services.kms.finding import check_dry_run, check_usable, find_key
from trailwarden.services.kms.grant import GRANT, Grant, grants_of
from trailwarden.services.kms.key import Key, key_arn
from trailwarden.services.kms.paging import page
from trailwarden.services.kms.specs import AGREE, ENCRYPT, MAC, SIGN
from trailwarden.services.registry import operation
from trailwarden.services.world import World

__all__ = ["create_grant", "list_grants", "list_retirable_grants", "retire_grant", "revoke_grant"]

_PER_KEY = 50_000
_TOKEN_PARTS = 3
_CONSTRAINTS = ("EncryptionContextEquals", "EncryptionContextSubset")
_PRINCIPALS = frozenset({"iam", "sts"})

_EVERY_KEY = frozenset({"CreateGrant", "RetireGrant", "DescribeKey"})
_OPERATIONS: Mapping[str, frozenset[str]] = {
    ENCRYPT: frozenset({"Encrypt", "Decrypt", "ReEncryptFrom", "ReEncryptTo"}),
    SIGN: frozenset({"Sign", "Verify"}),
    MAC: frozenset({"GenerateMac", "VerifyMac"}),
    AGREE: frozenset({"DeriveSharedSecret"}),
}
_DATA_KEYS = frozenset(
    {
        "GenerateDataKey",
        "GenerateDataKeyWithoutPlaintext",
        "GenerateDataKeyPair",
        "GenerateDataKeyPairWithoutPlaintext",
    }
)


class InvalidGrantIdException(AwsError):
    """The grant id is not valid.

    https://docs.aws.amazon.com/kms/latest/APIReference/API_RevokeGrant.html
    """

    message = "Invalid grant ID"


class InvalidGrantTokenException(AwsError):
    """The grant token is none that this server gave.

    https://docs.aws.amazon.com/kms/latest/APIReference/API_RetireGrant.html
    """

    message = "Invalid grant token"


@operation("kms:CreateGrant")
def create_grant(call: Call, world: World) -> Mapping[str, Any]:
    """Let a principal use a key. The same named grant again is the one that stands.

    https://docs.aws.amazon.com/kms/latest/APIReference/API_CreateGrant.html
    """
    key = find_key(call, world, call.params["KeyId"])
    check_usable(key)
    grant = _drawn_up(call, world, key)
    standing = grants_of(world.transaction, key.account, key.region, key.id)
    if len(standing) >= _PER_KEY:
        raise LimitExceededException(reason=f"The key {key.arn} has the maximum number of grants, {_PER_KEY}.")
    check_dry_run(call)
    same = next((other for other in standing if grant.name and _terms(other) == _terms(grant)), None)
    if same is None:
        world.put(GRANT, key.account, key.region, f"{key.id}/{grant.id}", grant)
    return {"GrantId": (same or grant).id, "GrantToken": _token(same or grant)}


def _drawn_up(call: Call, world: World, key: Key) -> Grant:
    asked = call.params
    constraints = asked.get("Constraints", {})
    grantee = asked.get("GranteePrincipal") or asked.get("GranteeServicePrincipal") or ""
    retiring = asked.get("RetiringPrincipal") or asked.get("RetiringServicePrincipal") or ""
    if not grantee:
        raise ValidationException(reason="GranteePrincipal is required.")
    for principal in (grantee, retiring):
        _check_principal(principal)
    operations = tuple(dict.fromkeys(asked["Operations"]))
    _check_operations(key, operations)
    if constraints and not key.symmetric:
        raise ValidationException(reason="Encryption context constraints are supported by symmetric keys only.")
    return Grant(
        id=world.chance.bytes(32).hex(),
        account=key.account,
        region=key.region,
        key=key.id,
        grantee=grantee,
        operations=operations,
        created=call.now,
        by=f"arn:aws:iam::{call.account}:root",
        nonce=world.chance.bytes(16).hex(),
        retiring=retiring,
        name=asked.get("Name", ""),
        equals=constraints.get("EncryptionContextEquals"),
        subset=constraints.get("EncryptionContextSubset"),
    )


def _check_principal(principal: str) -> None:
    """InvalidArnException for what is neither the ARN of an IAM principal nor a service's name."""
    arn = Arn.parse(principal)
    if principal.startswith("arn:") and (arn is None or arn.service not in _PRINCIPALS or not arn.account):
        raise InvalidArnException(arn=principal)
    if principal and not principal.startswith("arn:") and not principal.endswith(".amazonaws.com"):
        raise InvalidArnException(arn=principal)


def _check_operations(key: Key, operations: tuple[str, ...]) -> None:
    """https://docs.aws.amazon.com/kms/latest/developerguide/grants.html#terms-grant-operations."""
    fitting = _EVERY_KEY | _OPERATIONS[key.usage] | (_DATA_KEYS if key.symmetric else {"GetPublicKey"})
    unfit = [name for name in operations if name not in fitting]
    if unfit:
        raise ValidationException(
            reason=f"The operation {unfit[0]} is not supported by a KMS key with key spec {key.spec} and usage {key.usage}."
        )


def _terms(grant: Grant) -> tuple[object, ...]:
    return (
        grant.name,
        grant.grantee,
        grant.retiring,
        frozenset(grant.operations),
        grant.equals,
        grant.subset,
    )


@operation("kms:ListGrants")
def list_grants(call: Call, world: World) -> Mapping[str, Any]:
    """The grants on a key.

    https://docs.aws.amazon.com/kms/latest/APIReference/API_ListGrants.html
    """
    asked = call.params
    key = find_key(call, world, asked["KeyId"])
    wanted = {
        "id": asked.get("GrantId"),
        "grantee": asked.get("GranteePrincipal") or asked.get("GranteeServicePrincipal"),
    }
    grants = [
        grant
        for grant in grants_of(world.transaction, key.account, key.region, key.id)
        if all(value is None or getattr(grant, name) == value for name, value in wanted.items())
    ]
    return page(call, "Grants", grants, key=lambda grant: grant.id, shown=_shown)


@operation("kms:ListRetirableGrants")
def list_retirable_grants(call: Call, world: World) -> Mapping[str, Any]:
    """The grants in this Region that a principal of the caller's account may retire, on keys of any account.

    https://docs.aws.amazon.com/kms/latest/APIReference/API_ListRetirableGrants.html
    """
    principal = call.params.get("RetiringPrincipal") or call.params.get("RetiringServicePrincipal") or ""
    arn = Arn.parse(principal)
    if arn is None or arn.account != call.account:
        raise InvalidArnException(arn=principal)
    grants = [document.body for document in world.list(GRANT) if document.region == call.region]
    return page(
        call,
        "Grants",
        [grant for grant in grants if grant.retiring == principal],
        key=lambda grant: grant.id,
        shown=_shown,
    )


@operation("kms:RevokeGrant")
def revoke_grant(call: Call, world: World) -> None:
    """Take a grant back, as the key's owner.

    https://docs.aws.amazon.com/kms/latest/APIReference/API_RevokeGrant.html
    """
    key = find_key(call, world, call.params["KeyId"])
    grant = _grant(world, key, call.params["GrantId"])
    check_dry_run(call)
    world.delete(GRANT, key.account, key.region, f"{key.id}/{grant.id}")


@operation("kms:RetireGrant")
def retire_grant(call: Call, world: World) -> None:
    """Give a grant up, by its token or by key ARN and grant id.

    https://docs.aws.amazon.com/kms/latest/APIReference/API_RetireGrant.html
    """
    asked = call.params
    token = asked.get("GrantToken")
    if bool(token) == bool(asked.get("KeyId") and asked.get("GrantId")):
        raise ValidationException(reason="Either a grant token, or a key ARN and a grant ID must be given.")
    if token:
        grant = _by_token(call, world, token)
    else:
        grant = _grant(world, find_key(call, world, asked["KeyId"]), asked["GrantId"])
    check_dry_run(call)
    world.delete(GRANT, grant.account, grant.region, f"{grant.key}/{grant.id}")


def _grant(world: World, key: Key, grant_id: str) -> Grant:
    if "/" in grant_id:
        raise InvalidGrantIdException
    grant = world.find(GRANT, key.account, key.region, f"{key.id}/{grant_id}")
    if grant is None:
        raise NotFoundException(reason=f"Grant ID {grant_id} not found")
    return grant


def _token(grant: Grant) -> str:
    arn = key_arn(account=grant.account, region=grant.region, key_id=grant.key)
    return base64.b64encode(f"{arn}|{grant.id}|{grant.nonce}".encode()).decode()


def _by_token(call: Call, world: World, token: str) -> Grant:
    try:
        parts = base64.b64decode(token, validate=True).decode().split("|")
    except (binascii.Error, UnicodeError, ValueError):
        raise InvalidGrantTokenException from None
    if len(parts) != _TOKEN_PARTS:
        raise InvalidGrantTokenException
    grant = _grant(world, find_key(call, world, parts[0]), parts[1])
    if not hmac.compare_digest(grant.nonce.encode(), parts[2].encode()):
        raise InvalidGrantTokenException
    return grant


def _shown(grant: Grant) -> dict[str, Any]:
    """https://docs.aws.amazon.com/kms/latest/APIReference/API_GrantListEntry.html."""
    constraints = {
        member: pairs for member, pairs in zip(_CONSTRAINTS, (grant.equals, grant.subset), strict=True) if pairs
    }
    optional = {"Name": grant.name, "RetiringPrincipal": grant.retiring, "Constraints": constraints}
    return {
        "KeyId": key_arn(account=grant.account, region=grant.region, key_id=grant.key),
        "GrantId": grant.id,
        "CreationDate": grant.created,
        "GranteePrincipal": grant.grantee,
        "IssuingAccount": grant.by,
        "Operations": list(grant.operations),
        **{member: value for member, value in optional.items() if value},
    }
