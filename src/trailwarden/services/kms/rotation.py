"""Rotation of key material.

https://docs.aws.amazon.com/kms/latest/developerguide/rotate-keys.html
"""

from collections.abc import Mapping
from typing import Any

import msgspec

from trailwarden.services.call import Call
from trailwarden.services.kms.errors import LimitExceededException, UnsupportedOperationException
from trailwarden.services.kms.finding import check_usable, find_key, own_key
from trailwarden.services.kms.key import Key, Material, keep_key, new_material
from trailwarden.services.kms.paging import page
from trailwarden.services.registry import operation
from trailwarden.services.world import World

__all__ = [
    "disable_key_rotation",
    "enable_key_rotation",
    "get_key_rotation_status",
    "list_key_rotations",
    "rotate_key_on_demand",
]

_DAY = 86_400.0
_YEAR = 365
_ON_DEMAND = 25


@operation("kms:EnableKeyRotation")
def enable_key_rotation(call: Call, world: World) -> None:
    """Rotate the material every so many days, 365 unless told otherwise.

    https://docs.aws.amazon.com/kms/latest/APIReference/API_EnableKeyRotation.html
    """
    key = _rotatable(call, world)
    days = call.params.get("RotationPeriodInDays", _YEAR)
    keep_key(world, msgspec.structs.replace(key, rotation_days=days, rotation_since=call.now))


@operation("kms:DisableKeyRotation")
def disable_key_rotation(call: Call, world: World) -> None:
    """Rotate the material no longer.

    https://docs.aws.amazon.com/kms/latest/APIReference/API_DisableKeyRotation.html
    """
    keep_key(world, msgspec.structs.replace(_rotatable(call, world), rotation_days=0))


@operation("kms:GetKeyRotationStatus")
def get_key_rotation_status(call: Call, world: World) -> Mapping[str, Any]:
    """Whether the material is rotated, how often, and when next.

    https://docs.aws.amazon.com/kms/latest/APIReference/API_GetKeyRotationStatus.html
    """
    key = find_key(call, world, call.params["KeyId"])
    if not key.symmetric:
        raise UnsupportedOperationException(reason="")
    status: dict[str, Any] = {"KeyId": key.id, "KeyRotationEnabled": bool(key.rotation_days)}
    if key.rotation_days:
        status["RotationPeriodInDays"] = key.rotation_days
        status["NextRotationDate"] = key.rotation_since + key.rotation_days * _DAY
    return status


@operation("kms:RotateKeyOnDemand")
def rotate_key_on_demand(call: Call, world: World) -> Mapping[str, Any]:
    """Give the key new material at once; what older material encrypted can still be decrypted.

    https://docs.aws.amazon.com/kms/latest/APIReference/API_RotateKeyOnDemand.html
    """
    key = _rotatable(call, world)
    if sum(material.on_demand for material in key.materials) >= _ON_DEMAND:
        raise LimitExceededException(
            reason="The on-demand rotations limit has been reached for the given keyId."
            f" No more on-demand rotations can be performed for this key: {key.arn}"
        )
    fresh = new_material(world.vault, world.chance, arn=key.arn, spec=key.spec, now=call.now, on_demand=True)
    keep_key(world, msgspec.structs.replace(key, materials=(*key.materials, fresh)))
    return {"KeyId": key.arn}


@operation("kms:ListKeyRotations")
def list_key_rotations(call: Call, world: World) -> Mapping[str, Any]:
    """The rotations that are done.

    https://docs.aws.amazon.com/kms/latest/APIReference/API_ListKeyRotations.html
    """
    key = own_key(call, world, call.params["KeyId"])
    if not key.symmetric:
        raise UnsupportedOperationException(reason="")
    every = call.params.get("IncludeKeyMaterial") == "ALL_KEY_MATERIAL"
    rotated = list(enumerate(key.materials))[0 if every else 1 :]
    return page(
        call,
        "Rotations",
        rotated,
        key=lambda each: f"{each[0]:06}",
        shown=lambda each: _shown(key, each[1], first=each[0] == 0),
        size=100,
    )


def _shown(key: Key, material: Material, *, first: bool) -> dict[str, Any]:
    shown: dict[str, Any] = {
        "KeyId": key.id,
        "KeyMaterialId": material.id,
        "KeyMaterialState": "CURRENT" if material is key.materials[-1] else "NON_CURRENT",
    }
    if not first:
        shown |= {"RotationDate": material.created, "RotationType": "ON_DEMAND"}
    return shown


def _rotatable(call: Call, world: World) -> Key:
    """UnsupportedOperationException for what is no symmetric encryption key, and as `check_usable`."""
    key = own_key(call, world, call.params["KeyId"])
    check_usable(key)
    if not key.symmetric:
        raise UnsupportedOperationException(reason="")
    return key
