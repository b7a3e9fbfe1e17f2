"""Virtual MFA devices: time-based one-time passwords (RFC 6238), really verified.

https://docs.aws.amazon.com/IAM/latest/UserGuide/id_credentials_mfa_enable_virtual.html
"""

import base64
import hashlib
import hmac
import io
from collections.abc import Mapping
from typing import Any
from urllib.parse import quote

import msgspec
import segno

from trailwarden.auth.identities import USER, User
from trailwarden.errors import AwsError
from trailwarden.policy.request import PrincipalKind
from trailwarden.services.call import Call
from trailwarden.services.iam.errors import DeleteConflict, EntityAlreadyExists, NoSuchEntity, QuotaExceeded
from trailwarden.services.iam.finding import user_asked, user_named
from trailwarden.services.iam.paging import page
from trailwarden.services.iam.shape import tags_shown, user_shown
from trailwarden.services.iam.tagging import checked_tags
from trailwarden.services.registry import operation
from trailwarden.services.world import World
from trailwarden.storage.ports import Kind

__all__ = ["DEVICE", "DeviceNotFound", "InvalidAuthenticationCode", "MfaDevice", "accepted_code",
           "create_virtual_mfa_device", "deactivate_mfa_device", "delete_virtual_mfa_device", "device_named",
           "devices_of", "enable_mfa_device", "get_mfa_device", "list_mfa_devices", "list_virtual_mfa_devices",
           "resync_mfa_device"]  # fmt: skip

_STEP = 30
_DIGITS = 6
_DOTS = 4
"""Dots a side of each square of a QR code."""
_SEED_BYTES = 40
_DEVICES_PER_USER = 8


class MfaDevice(msgspec.Struct, frozen=True, kw_only=True):
    """A virtual device. Key: (account, "", serial number, which is its ARN).

    `seed` is sealed; `user` is the owner's unique id (the account id for root) or ""; `last_step` is the time step of
    the last code taken, since each is good for one use.
    """

    serial: str
    seed: bytes
    created: float
    user: str = ""
    enabled: float | None = None
    last_step: int = 0
    tags: dict[str, str] = {}


DEVICE = Kind("iam.mfa-device", MfaDevice)


class DeviceNotFound(NoSuchEntity):
    """https://docs.aws.amazon.com/IAM/latest/APIReference/API_EnableMFADevice.html."""

    message = "VirtualMFADevice with serial number {serial} doesn't exist."


class DeviceAlreadyExists(EntityAlreadyExists):
    """https://docs.aws.amazon.com/IAM/latest/APIReference/API_CreateVirtualMFADevice.html."""

    message = "MFADevice entity at the same path and name already exists."


class DeviceInUse(EntityAlreadyExists):
    """https://docs.aws.amazon.com/IAM/latest/APIReference/API_EnableMFADevice.html."""

    message = "MFA Device already in use"


class DeviceAssigned(DeleteConflict):
    """https://docs.aws.amazon.com/IAM/latest/APIReference/API_DeleteVirtualMFADevice.html."""

    message = "MFA VirtualDevice in use. Must deactivate first."


class InvalidAuthenticationCode(AwsError):
    """https://docs.aws.amazon.com/IAM/latest/APIReference/API_EnableMFADevice.html."""

    code = "InvalidAuthenticationCode"
    message = "Authentication code for device is not valid"
    status = 403


@operation("iam:CreateVirtualMFADevice")
def create_virtual_mfa_device(call: Call, world: World) -> Mapping[str, Any]:
    """Create a device; its seed is shown this once.

    https://docs.aws.amazon.com/IAM/latest/APIReference/API_CreateVirtualMFADevice.html
    """
    name, path = call.params["VirtualMFADeviceName"], call.params.get("Path", "/")
    serial = f"arn:aws:iam::{call.account}:mfa{path}{name}"
    if world.find(DEVICE, call.account, "", serial) is not None:
        raise DeviceAlreadyExists
    seed = base64.b32encode(world.chance.bytes(_SEED_BYTES))
    tags = checked_tags({}, call.params.get("Tags", ()))
    device = MfaDevice(
        serial=serial, seed=world.vault.seal(seed, _purpose(serial), chance=world.chance), created=call.now, tags=tags
    )
    world.put(DEVICE, call.account, "", serial, device)
    shown: dict[str, Any] = {"SerialNumber": serial, "Base32StringSeed": seed, "QRCodePNG": _picture(call, name, seed)}
    if tags:
        shown["Tags"] = tags_shown(tags)
    return {"VirtualMFADevice": shown}


def _picture(call: Call, device: str, seed: bytes) -> bytes:
    """A QR code that authenticator apps read.

    https://docs.aws.amazon.com/IAM/latest/APIReference/API_VirtualMFADevice.html (QRCodePNG)
    """
    written = io.BytesIO()
    uri = f"otpauth://totp/{quote(device)}@{call.account}?secret={seed.decode()}"
    segno.make_qr(uri).save(written, kind="png", scale=_DOTS)
    return written.getvalue()


@operation("iam:EnableMFADevice")
def enable_mfa_device(call: Call, world: World) -> None:
    """Give a device to a user, who proves it with two consecutive codes.

    https://docs.aws.amazon.com/IAM/latest/APIReference/API_EnableMFADevice.html
    """
    user = user_named(call, world, call.params["UserName"])
    device = device_named(call, world, call.params["SerialNumber"])
    if device.user:
        raise DeviceInUse
    if len(devices_of(world, call.account, user)) >= _DEVICES_PER_USER:
        raise QuotaExceeded(quota="MFADevicesPerUser", limit=_DEVICES_PER_USER)
    step = _two_codes(call, world, device)
    _keep(call, world, msgspec.structs.replace(device, user=user.id, enabled=call.now, last_step=step))


@operation("iam:ResyncMFADevice")
def resync_mfa_device(call: Call, world: World) -> None:
    """Bring a device back into step with two consecutive codes.

    https://docs.aws.amazon.com/IAM/latest/APIReference/API_ResyncMFADevice.html
    """
    device = _owned(call, world, user_named(call, world, call.params["UserName"]))
    _keep(call, world, msgspec.structs.replace(device, last_step=_two_codes(call, world, device)))


@operation("iam:DeactivateMFADevice")
def deactivate_mfa_device(call: Call, world: World) -> None:
    """Take a device from its user.

    https://docs.aws.amazon.com/IAM/latest/APIReference/API_DeactivateMFADevice.html
    """
    device = _owned(call, world, user_asked(call, world))
    _keep(call, world, msgspec.structs.replace(device, user="", enabled=None))


@operation("iam:DeleteVirtualMFADevice")
def delete_virtual_mfa_device(call: Call, world: World) -> None:
    """Delete a device that nobody uses.

    https://docs.aws.amazon.com/IAM/latest/APIReference/API_DeleteVirtualMFADevice.html
    """
    device = device_named(call, world, call.params["SerialNumber"])
    if device.user:
        raise DeviceAssigned
    world.delete(DEVICE, call.account, "", device.serial)


@operation("iam:GetMFADevice")
def get_mfa_device(call: Call, world: World) -> Mapping[str, Any]:
    """Show a device that is in use.

    https://docs.aws.amazon.com/IAM/latest/APIReference/API_GetMFADevice.html
    """
    device = device_named(call, world, call.params["SerialNumber"])
    owner = next((user for user in _users(call, world) if user.id == device.user), None)
    wanted = call.params.get("UserName")
    if not device.user or (wanted and (owner is None or owner.name.lower() != wanted.lower())):
        raise DeviceNotFound(serial=device.serial)
    shown = {"UserName": owner.name} if owner else {}
    return {**shown, "SerialNumber": device.serial, "EnableDate": device.enabled}


@operation("iam:ListMFADevices")
def list_mfa_devices(call: Call, world: World) -> Mapping[str, Any]:
    """List a user's devices, by default the caller's.

    https://docs.aws.amazon.com/IAM/latest/APIReference/API_ListMFADevices.html
    """
    user = None
    if "UserName" in call.params or call.caller.principal.kind is not PrincipalKind.ROOT:
        user = user_asked(call, world)
    devices = page(call, devices_of(world, call.account, user), lambda device: device.serial)
    owner = user.name if user else call.account
    shown = [{"UserName": owner, "SerialNumber": each.serial, "EnableDate": each.enabled} for each in devices.items]
    return {"MFADevices": shown, **devices.rest}


@operation("iam:ListVirtualMFADevices")
def list_virtual_mfa_devices(call: Call, world: World) -> Mapping[str, Any]:
    """List the account's virtual devices, assigned or not.

    https://docs.aws.amazon.com/IAM/latest/APIReference/API_ListVirtualMFADevices.html
    """
    status = call.params.get("AssignmentStatus", "Any")
    devices = [document.body for document in world.list(DEVICE, call.account, "")]
    wanted = [each for each in devices if status == "Any" or bool(each.user) == (status == "Assigned")]
    shown = page(call, wanted, lambda device: device.serial)
    return {"VirtualMFADevices": [_shown(call, world, device) for device in shown.items], **shown.rest}


def device_named(call: Call, world: World, serial: str) -> MfaDevice:
    """The device, or DeviceNotFound."""
    device = world.find(DEVICE, call.account, "", serial)
    if device is None:
        raise DeviceNotFound(serial=serial)
    return device


def devices_of(world: World, account: str, user: User | None) -> list[MfaDevice]:
    """The devices of a user, of the root user for None."""
    owner = user.id if user else account
    return [document.body for document in world.list(DEVICE, account, "") if document.body.user == owner]


def accepted_code(world: World, account: str, device: MfaDevice, code: str, now: float) -> bool:
    """Whether the code is right and was not used before; takes it. One step of drift either way is let pass."""
    seed = _seed(world, device)
    current = int(now // _STEP)
    for step in (current - 1, current, current + 1):
        if step > device.last_step and hmac.compare_digest(_code(seed, step), code):
            world.put(DEVICE, account, "", device.serial, msgspec.structs.replace(device, last_step=step))
            return True
    return False


def _two_codes(call: Call, world: World, device: MfaDevice) -> int:
    """The time step of the second of two consecutive codes, which may lie an hour either way."""
    seed, current = _seed(world, device), int(call.now // _STEP)
    first, second = call.params["AuthenticationCode1"], call.params["AuthenticationCode2"]
    for step in range(current - 120, current + 121):
        if hmac.compare_digest(_code(seed, step), first) and hmac.compare_digest(_code(seed, step + 1), second):
            return step + 1
    raise InvalidAuthenticationCode


def _code(seed: bytes, step: int) -> str:
    """The code of a time step.

    https://www.rfc-editor.org/rfc/rfc6238#section-4
    """
    digest = hmac.new(seed, step.to_bytes(8, "big"), hashlib.sha1).digest()
    offset = digest[-1] & 15
    number = int.from_bytes(digest[offset : offset + 4], "big") & 0x7FFFFFFF
    return str(number % 10**_DIGITS).zfill(_DIGITS)


def _seed(world: World, device: MfaDevice) -> bytes:
    seed = world.vault.open(device.seed, _purpose(device.serial))
    if seed is None:
        raise InvalidAuthenticationCode
    return base64.b32decode(seed)


def _purpose(serial: str) -> str:
    return f"mfa-device:{serial}"


def _owned(call: Call, world: World, user: User) -> MfaDevice:
    device = device_named(call, world, call.params["SerialNumber"])
    if device.user != user.id:
        raise DeviceNotFound(serial=device.serial)
    return device


def _shown(call: Call, world: World, device: MfaDevice) -> dict[str, Any]:
    shown: dict[str, Any] = {"SerialNumber": device.serial}
    if device.enabled is not None:
        shown["EnableDate"] = device.enabled
    owner = next((user for user in _users(call, world) if user.id == device.user), None) if device.user else None
    if owner is not None:
        shown["User"] = user_shown(owner, whole=False)
    return shown


def _users(call: Call, world: World) -> list[User]:
    return [document.body for document in world.list(USER, call.account, "")]


def _keep(call: Call, world: World, device: MfaDevice) -> None:
    world.put(DEVICE, call.account, "", device.serial, device)
