"""Handshakes as stored and shown, and how their states follow each other.

https://docs.aws.amazon.com/organizations/latest/APIReference/API_Handshake.html
"""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

import msgspec

from trailwarden.auth.identities import ACCOUNT, Account
from trailwarden.auth.organization import ORGANIZATION, Organization
from trailwarden.clock import iso
from trailwarden.errors import AwsError
from trailwarden.services.organizations import ids
from trailwarden.services.organizations.errors import InvalidInputException
from trailwarden.services.organizations.transfers import TRANSFER, Transfer
from trailwarden.services.world import World
from trailwarden.storage.ports import Kind

__all__ = [
    "APPROVE",
    "ENABLE",
    "INVITE",
    "TRANSFER_RESPONSIBILITY",
    "DuplicateHandshakeException",
    "Handshake",
    "HandshakeAlreadyInStateException",
    "HandshakeNotFoundException",
    "InvalidHandshakeTransitionException",
    "asked_account",
    "handshake_of",
    "handshake_shown",
    "handshakes_of",
    "moved",
    "offer",
    "store",
]

INVITE, ENABLE, APPROVE = "INVITE", "ENABLE_ALL_FEATURES", "APPROVE_ALL_FEATURES"
TRANSFER_RESPONSIBILITY = "TRANSFER_RESPONSIBILITY"

_DAY = 86_400.0
_LASTS = {INVITE: 15 * _DAY, ENABLE: 90 * _DAY, APPROVE: 90 * _DAY, TRANSFER_RESPONSIBILITY: 15 * _DAY}
_PENDING = frozenset({"REQUESTED", "OPEN"})
_FOLLOWS = {"ACCEPTED": {"OPEN"}, "DECLINED": {"OPEN"}, "CANCELED": _PENDING}


class Handshake(msgspec.Struct, frozen=True, kw_only=True):
    """A handshake between an organization and an account. Key: ("", "", its id).

    `account` is the account asked ("" for ENABLE_ALL_FEATURES, which the organization asks of itself), `email` is set
    where it was asked by its address. `parent` is the id of the ENABLE_ALL_FEATURES that an approval belongs to,
    `transfer` that of the responsibility transfer that is offered.
    """

    id: str
    arn: str
    action: str
    organization: str
    account: str = ""
    email: str = ""
    notes: str = ""
    parent: str = ""
    transfer: str = ""
    state: str = "OPEN"
    requested: float
    tags: dict[str, str] = {}

    @property
    def expires(self) -> float:
        """When it can no longer be accepted."""
        return self.requested + _LASTS[self.action]


HANDSHAKE = Kind("organizations.handshake", Handshake)


class DuplicateHandshakeException(AwsError):
    """The account has such an invitation.

    https://docs.aws.amazon.com/organizations/latest/APIReference/API_InviteAccountToOrganization.html
    """

    message = "A handshake with the same action and target already exists."


class HandshakeNotFoundException(AwsError):
    """No such handshake, or none of the caller's.

    https://docs.aws.amazon.com/organizations/latest/APIReference/API_DescribeHandshake.html
    """

    message = "You specified a handshake that doesn't exist."


class HandshakeAlreadyInStateException(AwsError):
    """It is in that state.

    https://docs.aws.amazon.com/organizations/latest/APIReference/API_AcceptHandshake.html
    """

    message = "The specified handshake is already in the requested state."


class InvalidHandshakeTransitionException(AwsError):
    """It can no longer come to that state.

    https://docs.aws.amazon.com/organizations/latest/APIReference/API_AcceptHandshake.html
    """

    message = "You can't perform the operation on the handshake in its current state."


def offer(world: World, organization: Organization, action: str, **more: Any) -> Handshake:
    """A new handshake, written."""
    name = ids.handshake_id(world.chance)
    arn = ids.part_arn(organization, f"handshake/{action.lower()}", name)
    handshake = Handshake(id=name, arn=arn, action=action, organization=organization.id, requested=world.now, **more)
    store(world, handshake)
    return handshake


def store(world: World, handshake: Handshake) -> None:
    """Write it."""
    world.put(HANDSHAKE, "", "", handshake.id, handshake)


def handshake_of(world: World, name: str) -> Handshake:
    """The handshake as it stands now, or HandshakeNotFoundException."""
    found = world.find(HANDSHAKE, "", "", name)
    if found is None:
        raise HandshakeNotFoundException
    return _today(world, found)


def handshakes_of(world: World) -> list[Handshake]:
    """Every handshake as it stands now."""
    return [_today(world, document.body) for document in world.list(HANDSHAKE, "", "")]


def moved(world: World, handshake: Handshake, state: str) -> Handshake:
    """The handshake in its new state, written. HandshakeAlreadyInStateException, InvalidHandshakeTransitionException."""
    if handshake.state == state:
        raise HandshakeAlreadyInStateException
    if handshake.state not in _FOLLOWS[state]:
        raise InvalidHandshakeTransitionException
    handshake = msgspec.structs.replace(handshake, state=state)
    store(world, handshake)
    return handshake


def asked_account(world: World, name: str, kind: str) -> Account:
    """The account that a party means. InvalidInputException."""
    if kind == "ORGANIZATION":
        raise InvalidInputException("INVALID_PARTY_TYPE_TARGET")
    if kind == "ACCOUNT":
        account = world.find(ACCOUNT, name, "", name)
    else:
        every = (document.body for document in world.list(ACCOUNT))
        account = next((each for each in every if each.email and each.email.lower() == name.lower()), None)
    if account is None:
        raise InvalidInputException("INVALID_FULL_NAME_TARGET")
    return account


def handshake_shown(world: World, handshake: Handshake) -> dict[str, Any]:
    """https://docs.aws.amazon.com/organizations/latest/APIReference/API_Handshake.html."""
    organization = world.find(ORGANIZATION, "", "", handshake.organization)
    parties = [{"Id": handshake.organization, "Type": "ORGANIZATION"}]
    if handshake.account:
        by_email = {"Id": handshake.email, "Type": "EMAIL"}
        parties.append(by_email if handshake.email else {"Id": handshake.account, "Type": "ACCOUNT"})
    return {
        "Id": handshake.id,
        "Arn": handshake.arn,
        "Parties": parties,
        "State": handshake.state,
        "RequestedTimestamp": datetime.fromtimestamp(handshake.requested, UTC),
        "ExpirationTimestamp": datetime.fromtimestamp(handshake.expires, UTC),
        "Action": handshake.action,
        "Resources": _resources(world, handshake, organization),
    }


def _resources(world: World, handshake: Handshake, organization: Organization | None) -> list[Mapping[str, Any]]:
    """https://docs.aws.amazon.com/organizations/latest/APIReference/API_HandshakeResource.html."""
    transfer = world.find(TRANSFER, "", "", handshake.transfer) if handshake.transfer else None
    if transfer is not None:
        return _transfer_resources(world, handshake, transfer)
    about: list[Mapping[str, Any]] = []
    if organization is not None:
        manager = world.find(ACCOUNT, organization.management_account, "", organization.management_account)
        about = [
            {"Type": "MASTER_EMAIL", "Value": organization.management_email},
            {"Type": "MASTER_NAME", "Value": manager.name if manager else ""},
            {"Type": "ORGANIZATION_FEATURE_SET", "Value": organization.feature_set},
        ]
    told = {
        "EMAIL": handshake.email,
        "ACCOUNT": handshake.account,
        "PARENT_HANDSHAKE": handshake.parent,
        "NOTES": handshake.notes,
    }
    return [
        {"Type": "ORGANIZATION", "Value": handshake.organization, "Resources": about},
        *_values(told),
    ]


def _transfer_resources(world: World, handshake: Handshake, transfer: Transfer) -> list[Mapping[str, Any]]:
    """What is offered: the transfer with its start, and by whom."""
    payer = world.find(ACCOUNT, transfer.target.account, "", transfer.target.account)
    about = {
        "TRANSFER_TYPE": transfer.type,
        "TRANSFER_START_TIMESTAMP": iso(transfer.start),
        "MANAGEMENT_ACCOUNT": transfer.target.account,
        "MANAGEMENT_EMAIL": transfer.target.email,
        "MANAGEMENT_NAME": payer.name if payer else "",
    }
    told = {"EMAIL": handshake.email, "ACCOUNT": handshake.account, "NOTES": handshake.notes}
    return [
        {"Type": "RESPONSIBILITY_TRANSFER", "Value": transfer.id, "Resources": _values(about)},
        *_values(told),
    ]


def _values(told: Mapping[str, str]) -> list[Mapping[str, Any]]:
    return [{"Type": kind, "Value": value} for kind, value in told.items() if value]


def _today(world: World, handshake: Handshake) -> Handshake:
    if handshake.state in _PENDING and world.now > handshake.expires:
        return msgspec.structs.replace(handshake, state="EXPIRED")
    return handshake
