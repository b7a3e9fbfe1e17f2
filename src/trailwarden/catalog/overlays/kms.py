"""KMS: https://docs.aws.amazon.com/kms/latest/developerguide/kms-api-permissions-reference.html."""

import base64
from collections.abc import Iterator, Mapping

from trailwarden.arn import Arn
from trailwarden.catalog.actions import condition_keys
from trailwarden.catalog.asking import Ask, KeyValue, Target, Value, tag_context, written
from trailwarden.catalog.checks import Check
from trailwarden.catalog.overlay import Overlay

__all__ = ["TABLES"]

_ANY_KEY = "key/*"
_CONSTRAINTS = ("EncryptionContextEquals", "EncryptionContextSubset")
_BASE_KEYS: Mapping[str, str] = {
    "kms:BypassPolicyLockoutSafetyCheck": "BypassPolicyLockoutSafetyCheck",
    "kms:KeySpec": "KeySpec",
    "kms:KeyUsage": "KeyUsage",
    "kms:KeyOrigin": "Origin",
    "kms:MultiRegion": "MultiRegion",
    "kms:DataKeyPairSpec": "KeyPairSpec",
    "kms:EncryptionAlgorithm": "EncryptionAlgorithm",
    "kms:SigningAlgorithm": "SigningAlgorithm",
    "kms:MacAlgorithm": "MacAlgorithm",
    "kms:MessageType": "MessageType",
    "kms:KeyAgreementAlgorithm": "KeyAgreementAlgorithm",
    "kms:GranteePrincipal": "GranteePrincipal",
    "kms:RetiringPrincipal": "RetiringPrincipal",
    "kms:ScheduleKeyDeletionPendingWindowInDays": "PendingWindowInDays",
    "kms:RotationPeriodInDays": "RotationPeriodInDays",
    "kms:ReplicaRegion": "ReplicaRegion",
    "kms:PrimaryRegion": "PrimaryRegion",
    "kms:ExpirationModel": "ExpirationModel",
    "kms:ValidTo": "ValidTo",
    "kms:WrappingAlgorithm": "WrappingAlgorithm",
    "kms:WrappingKeySpec": "WrappingKeySpec",
}
_DEFAULTS: Mapping[str, Mapping[str, str]] = {
    "CreateKey": {
        "KeySpec": "SYMMETRIC_DEFAULT",
        "KeyUsage": "ENCRYPT_DECRYPT",
        "Origin": "AWS_KMS",
        "MultiRegion": "false",
    },
    "Encrypt": {"EncryptionAlgorithm": "SYMMETRIC_DEFAULT"},
    "Decrypt": {"EncryptionAlgorithm": "SYMMETRIC_DEFAULT"},
    **{
        f"GenerateDataKey{kind}": {"EncryptionAlgorithm": "SYMMETRIC_DEFAULT"}
        for kind in ("", "WithoutPlaintext", "Pair", "PairWithoutPlaintext")
    },
    "Sign": {"MessageType": "RAW"},
    "Verify": {"MessageType": "RAW"},
    "ScheduleKeyDeletion": {"PendingWindowInDays": "30"},
    "EnableKeyRotation": {"RotationPeriodInDays": "365"},
}
"""What KMS takes for members that are left out; policies see these values."""


def _key(ask: Ask, given: str) -> str:
    """A key's ARN from its id, ARN, alias or alias ARN; an alias that is not known stands for any key."""
    arn = Arn.parse(given)
    if arn is not None and arn.type != "alias":
        return given
    if arn is not None or given.startswith("alias/"):
        known = ask.lookup("kms.alias", given)
        return known or ask.arn(_ANY_KEY, account=arn.account if arn else None, region=arn.region if arn else None)
    return ask.arn(f"key/{given}")


def _keys(ask: Ask) -> Iterator[Target]:
    given = ask.text("KeyId") or ask.text("TargetKeyId")
    if given:
        yield Target(_key(ask, given))
    elif ask.text("GrantToken"):
        yield Target(ask.lookup("kms.grant-token", ask.text("GrantToken")) or ask.arn(_ANY_KEY))
    elif isinstance(ask.params.get("CiphertextBlob"), bytes):
        known = ask.lookup("kms.ciphertext", base64.b64encode(ask.params["CiphertextBlob"]).decode())
        yield Target(known or ask.arn(_ANY_KEY))


def _aliases(ask: Ask) -> tuple[Target, ...]:
    return tuple(Target(ask.arn(name)) for name in ask.texts("AliasName"))


def _alias_and_keys(ask: Ask) -> Iterator[Target]:
    """The alias, the key it stands for now, and the key it is to stand for."""
    yield from _aliases(ask)
    if ask.operation != "CreateAlias":
        yield Target(_key(ask, ask.text("AliasName")))
    yield from _keys(ask)


def _re_encrypt(ask: Ask) -> Iterator[Check]:
    """https://docs.aws.amazon.com/kms/latest/APIReference/API_ReEncrypt.html: two permissions, one on each key."""
    source, destination = ask.text("SourceKeyId"), ask.text("DestinationKeyId")
    origin = _key(ask, source) if source else next(iter(_keys(ask)), Target(ask.arn(_ANY_KEY))).resource
    for action, resource, prefix in (
        ("kms:ReEncryptFrom", origin, "Source"),
        ("kms:ReEncryptTo", _key(ask, destination), "Destination"),
    ):
        context: dict[str, Value] = {
            **_encryption_context(ask.params.get(f"{prefix}EncryptionContext")),
            "kms:CallerAccount": ask.account,
            "kms:EncryptionAlgorithm": ask.text(f"{prefix}EncryptionAlgorithm") or "SYMMETRIC_DEFAULT",
            "kms:ReEncryptOnSameKey": "true" if origin == _key(ask, destination) else "false",
        }
        yield Check(action=action, resource=resource, context=context)


def _encryption_context(given: object) -> dict[str, Value]:
    if not isinstance(given, Mapping) or not given:
        return {}
    pairs = {str(key): str(value) for key, value in given.items()}
    return {
        **{f"kms:EncryptionContext:{key}": value for key, value in pairs.items()},
        "kms:EncryptionContextKeys": tuple(pairs),
    }


def _context(ask: Ask) -> dict[str, Value]:
    found = _encryption_context(ask.params.get("EncryptionContext"))
    for given in ask.at("Constraints"):
        if isinstance(given, Mapping):
            for name in _CONSTRAINTS:
                found |= _encryption_context(given.get(name))
    if "kms:CallerAccount" in condition_keys(f"kms:{ask.operation}"):
        found["kms:CallerAccount"] = ask.account
    return found


def _value(member: str) -> KeyValue:
    def read(ask: Ask) -> Value | None:
        default = _DEFAULTS.get(ask.operation, {}).get(member)
        return ask.value(member) or default

    return read


def _constraint(ask: Ask) -> Value | None:
    given = ask.params.get("Constraints")
    names = tuple(name for name in _CONSTRAINTS if isinstance(given, Mapping) and given.get(name))
    return names[0] if names else None


def _alias_used(ask: Ask) -> str | None:
    given = ask.text("KeyId")
    alias = given.partition(":alias/")[2] if given.startswith("arn:") else given.removeprefix("alias/")
    return f"alias/{alias}" if alias and (given.startswith("alias/") or ":alias/" in given) else None


def _multi_region_type(ask: Ask) -> str | None:
    return "PRIMARY" if ask.params.get("MultiRegion") is True else None


def _tagged(ask: Ask) -> Iterator[Check]:
    """https://docs.aws.amazon.com/kms/latest/developerguide/tag-permissions.html."""
    context = tag_context(ask.params.get("Tags"))
    if context:
        yield Check(action="kms:TagResource", resource="*", context=context, named=None)


def _replicated(ask: Ask) -> Iterator[Check]:
    """https://docs.aws.amazon.com/kms/latest/developerguide/multi-region-keys-auth.html: CreateKey in the replica's Region."""
    yield Check(action="kms:CreateKey", resource="*", context={"kms:CallerAccount": ask.account}, named=None)
    yield from _tagged(ask)


TABLES: Mapping[str, Overlay] = {
    "kms": Overlay(
        types={"key": _keys, "alias": _aliases},
        targets=dict.fromkeys(("CreateAlias", "UpdateAlias", "DeleteAlias"), _alias_and_keys),
        keys={
            **{key: _value(member) for key, member in _BASE_KEYS.items()},
            "kms:GrantOperations": lambda ask: ask.texts("Operations") or None,
            "kms:GrantConstraintType": _constraint,
            "kms:RequestAlias": _alias_used,
            "kms:MultiRegionKeyType": _multi_region_type,
            "kms:GrantIsForAWSResource": lambda _ask: written(False),  # noqa: FBT003 — only services set it otherwise
        },
        context=_context,
        more={"CreateKey": _tagged, "ReplicateKey": _replicated},
        whole={"ReEncrypt": _re_encrypt},
        unnamed=None,
    )
}
