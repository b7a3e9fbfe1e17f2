"""Passwords of users for single services that know no signatures.

https://docs.aws.amazon.com/IAM/latest/UserGuide/id_credentials_service-specific-creds.html
"""

import base64
from collections.abc import Mapping
from typing import Any

import msgspec

from trailwarden.auth.identities import User
from trailwarden.services.call import Call
from trailwarden.services.iam.errors import LimitExceeded, NoSuchEntity
from trailwarden.services.iam.finding import user_asked, user_named
from trailwarden.services.registry import operation
from trailwarden.services.world import World
from trailwarden.storage.ports import Kind

__all__ = ["SERVICE_CREDENTIAL", "CredentialNotFound", "ServiceCredential", "ServiceNotSupported",
           "TooManyCredentials", "create_service_specific_credential", "credentials_of",
           "delete_service_specific_credential", "list_service_specific_credentials",
           "reset_service_specific_credential", "update_service_specific_credential"]  # fmt: skip

_SERVICES = frozenset({"cassandra.amazonaws.com", "codecommit.amazonaws.com"})
_PER_SERVICE = 2
_PASSWORD_BYTES = 32


class ServiceCredential(msgspec.Struct, frozen=True, kw_only=True):
    """A credential. Key: (account, "", the user's unique id, a slash, its own id). `password` is sealed."""

    id: str
    service: str
    user_name: str
    password: bytes
    created: float
    status: str = "Active"


SERVICE_CREDENTIAL = Kind("iam.service-credential", ServiceCredential)


class ServiceNotSupported(NoSuchEntity):
    """https://docs.aws.amazon.com/IAM/latest/APIReference/API_CreateServiceSpecificCredential.html."""

    message = "No such service {service} is supported for Service Specific Credentials"


class CredentialNotFound(NoSuchEntity):
    """https://docs.aws.amazon.com/IAM/latest/APIReference/API_UpdateServiceSpecificCredential.html."""

    message = "No such credential {id} exists"


class TooManyCredentials(LimitExceeded):
    """https://docs.aws.amazon.com/IAM/latest/APIReference/API_CreateServiceSpecificCredential.html."""

    message = "Cannot exceed quota for ServiceSpecificCredentialsPerUser: {limit}"


@operation("iam:CreateServiceSpecificCredential")
def create_service_specific_credential(call: Call, world: World) -> Mapping[str, Any]:
    """Make a credential; its password is shown this once. At most two a user and service.

    https://docs.aws.amazon.com/IAM/latest/APIReference/API_CreateServiceSpecificCredential.html
    """
    user = user_named(call, world, call.params["UserName"])
    service = _service(call.params["ServiceName"])
    same = [each for each in credentials_of(call, world, user) if each.service == service]
    if len(same) >= _PER_SERVICE:
        raise TooManyCredentials(limit=_PER_SERVICE)
    suffix = f"+{len(same)}" if same else ""
    id_ = world.chance.unique_id("ACCA")
    password = _password(world)
    credential = ServiceCredential(
        id=id_,
        service=service,
        user_name=f"{user.name}{suffix}-at-{call.account}",
        password=_sealed(world, id_, password),
        created=call.now,
    )
    _keep(call, world, user, credential)
    return {"ServiceSpecificCredential": {**_shown(user, credential), "ServicePassword": password}}


@operation("iam:ListServiceSpecificCredentials")
def list_service_specific_credentials(call: Call, world: World) -> Mapping[str, Any]:
    """List a user's credentials, of one service where asked.

    https://docs.aws.amazon.com/IAM/latest/APIReference/API_ListServiceSpecificCredentials.html
    """
    user = user_asked(call, world)
    wanted = _service(call.params["ServiceName"]) if "ServiceName" in call.params else ""
    found = [each for each in credentials_of(call, world, user) if wanted in {"", each.service}]
    return {"ServiceSpecificCredentials": [_shown(user, each) for each in found]}


@operation("iam:UpdateServiceSpecificCredential")
def update_service_specific_credential(call: Call, world: World) -> None:
    """Switch a credential on or off.

    https://docs.aws.amazon.com/IAM/latest/APIReference/API_UpdateServiceSpecificCredential.html
    """
    user = user_asked(call, world)
    credential = _found(call, world, user)
    _keep(call, world, user, msgspec.structs.replace(credential, status=call.params["Status"]))


@operation("iam:ResetServiceSpecificCredential")
def reset_service_specific_credential(call: Call, world: World) -> Mapping[str, Any]:
    """Give a credential a new password.

    https://docs.aws.amazon.com/IAM/latest/APIReference/API_ResetServiceSpecificCredential.html
    """
    user = user_asked(call, world)
    credential, password = _found(call, world, user), _password(world)
    _keep(call, world, user, msgspec.structs.replace(credential, password=_sealed(world, credential.id, password)))
    return {"ServiceSpecificCredential": {**_shown(user, credential), "ServicePassword": password}}


@operation("iam:DeleteServiceSpecificCredential")
def delete_service_specific_credential(call: Call, world: World) -> None:
    """Delete a credential.

    https://docs.aws.amazon.com/IAM/latest/APIReference/API_DeleteServiceSpecificCredential.html
    """
    user = user_asked(call, world)
    credential = _found(call, world, user)
    world.delete(SERVICE_CREDENTIAL, call.account, "", f"{user.id}/{credential.id}")


def credentials_of(call: Call, world: World, user: User) -> list[ServiceCredential]:
    """The user's credentials."""
    return [document.body for document in world.list(SERVICE_CREDENTIAL, call.account, "", prefix=f"{user.id}/")]


def _service(name: str) -> str:
    if name not in _SERVICES:
        raise ServiceNotSupported(service=name)
    return name


def _found(call: Call, world: World, user: User) -> ServiceCredential:
    id_ = call.params["ServiceSpecificCredentialId"]
    credential = world.find(SERVICE_CREDENTIAL, call.account, "", f"{user.id}/{id_}")
    if credential is None:
        raise CredentialNotFound(id=id_)
    return credential


def _password(world: World) -> str:
    return base64.b64encode(world.chance.bytes(_PASSWORD_BYTES)).decode()


def _sealed(world: World, id_: str, password: str) -> bytes:
    return world.vault.seal(password.encode(), f"service-credential:{id_}", chance=world.chance)


def _keep(call: Call, world: World, user: User, credential: ServiceCredential) -> None:
    world.put(SERVICE_CREDENTIAL, call.account, "", f"{user.id}/{credential.id}", credential)


def _shown(user: User, credential: ServiceCredential) -> dict[str, Any]:
    return {
        "UserName": user.name,
        "ServiceSpecificCredentialId": credential.id,
        "ServiceName": credential.service,
        "ServiceUserName": credential.user_name,
        "Status": credential.status,
        "CreateDate": credential.created,
    }
