"""Keys: create, show, list, describe anew; enable, disable, delete."""

import re
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import msgspec

from trailwarden.errors import ValidationException
from trailwarden.services.call import Call
from trailwarden.services.kms.errors import KMSInvalidStateException, UnsupportedOperationException
from trailwarden.services.kms.finding import alterable_key, find_key, own_key
from trailwarden.services.kms.key import KEY, Key, keep_key, key_arn, metadata, new_material
from trailwarden.services.kms.paging import page
from trailwarden.services.kms.policies import check_policy, default_policy, keep_safely
from trailwarden.services.kms.specs import ENCRYPT, SPECS
from trailwarden.services.kms.tags import checked_tags
from trailwarden.services.registry import operation
from trailwarden.services.world import World

if TYPE_CHECKING:
    from types_boto3_kms.type_defs import CreateKeyRequestTypeDef

__all__ = [
    "cancel_key_deletion",
    "create_key",
    "describe_key",
    "disable_key",
    "enable_key",
    "list_keys",
    "schedule_key_deletion",
    "update_key_description",
]

_DAY = 86_400.0
_WAITING_DAYS = 30
_SHORTEST_WAIT = 7
_ELSEWHERE = re.compile(r"CustomKeyStoreId|XksKeyId\Z")


@operation("kms:CreateKey")
def create_key(call: Call, world: World) -> Mapping[str, Any]:
    """Create a key in this Region, with material of its own.

    https://docs.aws.amazon.com/kms/latest/APIReference/API_CreateKey.html
    """
    asked: CreateKeyRequestTypeDef = call.params  # type: ignore[assignment]  # the parser holds params to the model
    spec, usage = _spec_and_usage(call.params)
    multi_region = asked.get("MultiRegion", False)
    key_id = f"mrk-{world.chance.bytes(16).hex()}" if multi_region else world.chance.uuid()
    arn = key_arn(account=call.account, region=call.region, key_id=key_id)
    key = Key(
        id=key_id,
        account=call.account,
        region=call.region,
        created=call.now,
        policy=asked.get("Policy") or default_policy(call.account),
        materials=(new_material(world.vault, world.chance, arn=arn, spec=spec, now=call.now),),
        description=asked.get("Description", ""),
        spec=spec,
        usage=usage,
        multi_region=multi_region,
        tags=checked_tags({}, asked.get("Tags", ())),
    )
    if asked.get("Policy"):
        check_policy(world, arn, key.policy)
        keep_safely(call, world, key)
    else:
        keep_key(world, key)
    return {"KeyMetadata": metadata(key)}


def _spec_and_usage(asked: Mapping[str, Any]) -> tuple[str, str]:
    """https://docs.aws.amazon.com/kms/latest/APIReference/API_CreateKey.html (KeySpec, KeyUsage, Origin)."""
    if asked.get("Origin", "AWS_KMS") != "AWS_KMS" or any(map(_ELSEWHERE.match, asked)):
        raise UnsupportedOperationException(reason="Only key material made by AWS KMS is supported.")
    if "KeySpec" in asked and "CustomerMasterKeySpec" in asked:
        raise ValidationException(
            reason="You cannot specify KeySpec and CustomerMasterKeySpec in the same request. CustomerMasterKeySpec is deprecated."
        )
    name = asked.get("KeySpec") or asked.get("CustomerMasterKeySpec") or "SYMMETRIC_DEFAULT"
    spec = SPECS.get(name)
    if spec is None:
        raise UnsupportedOperationException(reason=f"KeySpec {name} is not supported.")
    usage = asked.get("KeyUsage")
    if usage is None and name != "SYMMETRIC_DEFAULT":
        raise ValidationException(
            reason="You must specify a KeyUsage value for all KMS keys except for symmetric encryption keys."
        )
    usage = usage or ENCRYPT
    if usage not in spec.usages:
        raise ValidationException(reason=f"KeyUsage {usage} is not compatible with KeySpec {name}")
    return name, usage


@operation("kms:DescribeKey")
def describe_key(call: Call, world: World) -> Mapping[str, Any]:
    """Show a key.

    https://docs.aws.amazon.com/kms/latest/APIReference/API_DescribeKey.html
    """
    return {"KeyMetadata": metadata(find_key(call, world, call.params["KeyId"], aliases=True))}


@operation("kms:ListKeys")
def list_keys(call: Call, world: World) -> Mapping[str, Any]:
    """The keys of the account in this Region.

    https://docs.aws.amazon.com/kms/latest/APIReference/API_ListKeys.html
    """
    keys = [document.body for document in world.list(KEY, call.account, call.region)]
    return page(
        call,
        "Keys",
        [key for key in keys if key.deletion is None or key.deletion > call.now],
        key=lambda key: key.id,
        shown=lambda key: {"KeyId": key.id, "KeyArn": key.arn},
        size=100,
    )


@operation("kms:UpdateKeyDescription")
def update_key_description(call: Call, world: World) -> None:
    """Replace the description.

    https://docs.aws.amazon.com/kms/latest/APIReference/API_UpdateKeyDescription.html
    """
    key = alterable_key(call, world, call.params["KeyId"])
    keep_key(world, msgspec.structs.replace(key, description=call.params["Description"]))


@operation("kms:EnableKey")
def enable_key(call: Call, world: World) -> None:
    """Let the key be used again.

    https://docs.aws.amazon.com/kms/latest/APIReference/API_EnableKey.html
    """
    keep_key(world, msgspec.structs.replace(alterable_key(call, world, call.params["KeyId"]), enabled=True))


@operation("kms:DisableKey")
def disable_key(call: Call, world: World) -> None:
    """Keep the key from being used.

    https://docs.aws.amazon.com/kms/latest/APIReference/API_DisableKey.html
    """
    keep_key(world, msgspec.structs.replace(alterable_key(call, world, call.params["KeyId"]), enabled=False))


@operation("kms:ScheduleKeyDeletion")
def schedule_key_deletion(call: Call, world: World) -> Mapping[str, Any]:
    """Have the key deleted after a waiting period of 7 to 30 days.

    https://docs.aws.amazon.com/kms/latest/APIReference/API_ScheduleKeyDeletion.html
    """
    key = alterable_key(call, world, call.params["KeyId"])
    days = call.params.get("PendingWindowInDays", _WAITING_DAYS)
    if not _SHORTEST_WAIT <= days <= _WAITING_DAYS:
        raise ValidationException(reason=f"PendingWindowInDays must be between {_SHORTEST_WAIT} and {_WAITING_DAYS}.")
    key = msgspec.structs.replace(key, deletion=call.now + days * _DAY)
    keep_key(world, key)
    return {"KeyId": key.arn, "DeletionDate": key.deletion, "KeyState": key.state, "PendingWindowInDays": days}


@operation("kms:CancelKeyDeletion")
def cancel_key_deletion(call: Call, world: World) -> Mapping[str, Any]:
    """Keep a key that was to be deleted; it is disabled then.

    https://docs.aws.amazon.com/kms/latest/APIReference/API_CancelKeyDeletion.html
    """
    key = own_key(call, world, call.params["KeyId"])
    if key.deletion is None:
        raise KMSInvalidStateException(reason=f"{key.arn} is not pending deletion.")
    keep_key(world, msgspec.structs.replace(key, deletion=None, enabled=False))
    return {"KeyId": key.arn}
