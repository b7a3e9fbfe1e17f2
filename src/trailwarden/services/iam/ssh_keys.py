"""SSH public keys of users.

https://docs.aws.amazon.com/IAM/latest/UserGuide/id_credentials_ssh-keys.html
"""

import hashlib
from collections.abc import Mapping
from typing import Any

import msgspec
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    PublicFormat,
    load_pem_public_key,
    load_ssh_public_key,
)

from trailwarden.auth.identities import User
from trailwarden.errors import AwsError
from trailwarden.services.call import Call
from trailwarden.services.iam.errors import NoSuchEntity, QuotaExceeded
from trailwarden.services.iam.finding import user_asked, user_named
from trailwarden.services.iam.paging import page
from trailwarden.services.registry import operation
from trailwarden.services.world import World
from trailwarden.storage.ports import Kind

__all__ = ["SSH_KEY", "DuplicateSSHPublicKey", "InvalidPublicKey", "SshKey", "SshKeyNotFound",
           "delete_ssh_public_key", "get_ssh_public_key", "keys_of", "list_ssh_public_keys", "update_ssh_public_key",
           "upload_ssh_public_key"]  # fmt: skip

_PER_USER = 5


class SshKey(msgspec.Struct, frozen=True, kw_only=True):
    """A public key. Key: (account, "", the user's unique id, a slash, its own id)."""

    id: str
    body: str
    fingerprint: str
    uploaded: float
    status: str = "Active"


SSH_KEY = Kind("iam.ssh-key", SshKey)


class SshKeyNotFound(NoSuchEntity):
    """https://docs.aws.amazon.com/IAM/latest/APIReference/API_GetSSHPublicKey.html."""

    message = "The Public Key with id {id} cannot be found."


class InvalidPublicKey(AwsError):
    """https://docs.aws.amazon.com/IAM/latest/APIReference/API_UploadSSHPublicKey.html."""

    code = "InvalidPublicKey"
    message = "The public key is malformed or otherwise invalid."


class DuplicateSSHPublicKey(AwsError):
    """https://docs.aws.amazon.com/IAM/latest/APIReference/API_UploadSSHPublicKey.html."""

    code = "DuplicateSSHPublicKey"
    message = "The SSH public key is already associated with the specified IAM user."


@operation("iam:UploadSSHPublicKey")
def upload_ssh_public_key(call: Call, world: World) -> Mapping[str, Any]:
    """Give a user an RSA key, in ssh-rsa or PEM form.

    https://docs.aws.amazon.com/IAM/latest/APIReference/API_UploadSSHPublicKey.html
    """
    user = user_named(call, world, call.params["UserName"])
    fingerprint = _fingerprint(_read(call.params["SSHPublicKeyBody"]))
    standing = keys_of(call, world, user)
    if any(key.fingerprint == fingerprint for key in standing):
        raise DuplicateSSHPublicKey
    if len(standing) >= _PER_USER:
        raise QuotaExceeded(quota="SSHPublicKeysPerUser", limit=_PER_USER)
    key = SshKey(
        id=world.chance.unique_id("APKA"),
        body=call.params["SSHPublicKeyBody"],
        fingerprint=fingerprint,
        uploaded=call.now,
    )
    world.put(SSH_KEY, call.account, "", f"{user.id}/{key.id}", key)
    return {"SSHPublicKey": _shown(user, key, key.body)}


@operation("iam:GetSSHPublicKey")
def get_ssh_public_key(call: Call, world: World) -> Mapping[str, Any]:
    """Show a key in ssh-rsa or PEM form.

    https://docs.aws.amazon.com/IAM/latest/APIReference/API_GetSSHPublicKey.html
    """
    user = user_named(call, world, call.params["UserName"])
    key = _found(call, world, user)
    public = _read(key.body)
    if call.params["Encoding"] == "SSH":
        body = public.public_bytes(Encoding.OpenSSH, PublicFormat.OpenSSH)
    else:
        body = public.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    return {"SSHPublicKey": _shown(user, key, body.decode())}


@operation("iam:ListSSHPublicKeys")
def list_ssh_public_keys(call: Call, world: World) -> Mapping[str, Any]:
    """List a user's keys.

    https://docs.aws.amazon.com/IAM/latest/APIReference/API_ListSSHPublicKeys.html
    """
    user = user_asked(call, world)
    shown = page(call, keys_of(call, world, user), lambda key: key.id)
    keys = [
        {"UserName": user.name, "SSHPublicKeyId": key.id, "Status": key.status, "UploadDate": key.uploaded}
        for key in shown.items
    ]
    return {"SSHPublicKeys": keys, **shown.rest}


@operation("iam:UpdateSSHPublicKey")
def update_ssh_public_key(call: Call, world: World) -> None:
    """Switch a key on or off.

    https://docs.aws.amazon.com/IAM/latest/APIReference/API_UpdateSSHPublicKey.html
    """
    user = user_named(call, world, call.params["UserName"])
    key = _found(call, world, user)
    changed = msgspec.structs.replace(key, status=call.params["Status"])
    world.put(SSH_KEY, call.account, "", f"{user.id}/{key.id}", changed)


@operation("iam:DeleteSSHPublicKey")
def delete_ssh_public_key(call: Call, world: World) -> None:
    """Delete a key.

    https://docs.aws.amazon.com/IAM/latest/APIReference/API_DeleteSSHPublicKey.html
    """
    user = user_named(call, world, call.params["UserName"])
    world.delete(SSH_KEY, call.account, "", f"{user.id}/{_found(call, world, user).id}")


def keys_of(call: Call, world: World, user: User) -> list[SshKey]:
    """The user's keys."""
    return [document.body for document in world.list(SSH_KEY, call.account, "", prefix=f"{user.id}/")]


def _found(call: Call, world: World, user: User) -> SshKey:
    key = world.find(SSH_KEY, call.account, "", f"{user.id}/{call.params['SSHPublicKeyId']}")
    if key is None:
        raise SshKeyNotFound(id=call.params["SSHPublicKeyId"])
    return key


def _read(body: str) -> RSAPublicKey:
    data = body.encode()
    try:
        key = load_ssh_public_key(data) if body.startswith("ssh-") else load_pem_public_key(data)
    except (ValueError, UnsupportedAlgorithm):
        raise InvalidPublicKey from None
    if not isinstance(key, RSAPublicKey):
        raise InvalidPublicKey
    return key


def _fingerprint(key: RSAPublicKey) -> str:
    """MD5 over the key in DER form, as IAM shows it; it names the key and protects nothing."""
    der = key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    digest = hashlib.md5(der, usedforsecurity=False).hexdigest()
    return ":".join(digest[place : place + 2] for place in range(0, len(digest), 2))


def _shown(user: User, key: SshKey, body: str) -> dict[str, Any]:
    return {
        "UserName": user.name,
        "SSHPublicKeyId": key.id,
        "Fingerprint": key.fingerprint,
        "SSHPublicKeyBody": body,
        "Status": key.status,
        "UploadDate": key.uploaded,
    }
