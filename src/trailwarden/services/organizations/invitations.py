"""Invitations, the change to all features, and what accounts answer to either."""

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

import msgspec

from trailwarden.auth.organization import MEMBER_ACCOUNT, ORGANIZATION, Organization, membership
from trailwarden.services.call import Call
from trailwarden.services.organizations.access import managed, read_by_delegates
from trailwarden.services.organizations.creation import MOST_ACCOUNTS
from trailwarden.services.organizations.errors import (
    AccessDeniedException,
    HandshakeConstraintViolationException,
)
from trailwarden.services.organizations.finding import keep, members_of
from trailwarden.services.organizations.handshakes import (
    APPROVE,
    ENABLE,
    INVITE,
    TRANSFER_RESPONSIBILITY,
    DuplicateHandshakeException,
    Handshake,
    HandshakeNotFoundException,
    asked_account,
    handshake_of,
    handshake_shown,
    handshakes_of,
    moved,
    offer,
    store,
)
from trailwarden.services.organizations.joining import enroll
from trailwarden.services.organizations.organization import demand_linked_role
from trailwarden.services.organizations.paging import page
from trailwarden.services.organizations.responsibility import begin_transfer
from trailwarden.services.organizations.tags import tagged
from trailwarden.services.registry import operation
from trailwarden.services.world import World

if TYPE_CHECKING:
    from types_boto3_organizations.type_defs import InviteAccountToOrganizationRequestTypeDef

__all__ = [
    "accept_handshake",
    "cancel_handshake",
    "decline_handshake",
    "describe_handshake",
    "enable_all_features",
    "invite_account_to_organization",
    "list_handshakes_for_account",
    "list_handshakes_for_organization",
]


@operation("organizations:InviteAccountToOrganization")
def invite_account_to_organization(call: Call, world: World) -> Mapping[str, Any]:
    """Invite an account of this server, by its id or its address.

    https://docs.aws.amazon.com/organizations/latest/APIReference/API_InviteAccountToOrganization.html
    """
    asked: InviteAccountToOrganizationRequestTypeDef = call.params  # type: ignore[assignment]  # the parser holds params to the model
    organization = managed(call, world)
    account = asked_account(world, asked["Target"]["Id"], asked["Target"]["Type"])
    if account.organization == organization.id:
        raise HandshakeConstraintViolationException("ALREADY_IN_AN_ORGANIZATION")
    standing = [each for each in handshakes_of(world) if each.organization == organization.id and each.state == "OPEN"]
    if any(each.action == INVITE and each.account == account.id for each in standing):
        raise DuplicateHandshakeException
    if _pending(world, organization) is not None:
        raise HandshakeConstraintViolationException("INVITE_DISABLED_DURING_ENABLE_ALL_FEATURES")
    if len(members_of(world, organization)) + len(standing) >= MOST_ACCOUNTS:
        raise HandshakeConstraintViolationException("ACCOUNT_NUMBER_LIMIT_EXCEEDED")
    handshake = offer(
        world,
        organization,
        INVITE,
        account=account.id,
        email=account.email if asked["Target"]["Type"] == "EMAIL" else "",
        notes=asked.get("Notes", ""),
        tags=tagged({}, call.params.get("Tags", ())),
    )
    return {"Handshake": handshake_shown(world, handshake)}


@operation("organizations:EnableAllFeatures")
def enable_all_features(call: Call, world: World) -> Mapping[str, Any]:
    """Begin the change from consolidated billing to all features: every account that was invited must approve first.

    https://docs.aws.amazon.com/organizations/latest/APIReference/API_EnableAllFeatures.html
    """
    organization = managed(call, world)
    if organization.feature_set == "ALL":
        raise HandshakeConstraintViolationException("ORGANIZATION_ALREADY_HAS_ALL_FEATURES")
    if _pending(world, organization) is not None:
        raise HandshakeConstraintViolationException("ORGANIZATION_IS_ALREADY_PENDING_ALL_FEATURES_MIGRATION")
    asked = [
        member.id
        for member in members_of(world, organization)
        if member.joined_method == "INVITED" and member.id != organization.management_account
    ]
    handshake = offer(world, organization, ENABLE, state="REQUESTED" if asked else "OPEN")
    for account in asked:
        offer(world, organization, APPROVE, account=account, parent=handshake.id)
    return {"Handshake": handshake_shown(world, handshake)}


@operation("organizations:AcceptHandshake")
def accept_handshake(call: Call, world: World) -> Mapping[str, Any]:
    """Accept: the invited account joins, an approving one approves, the management account completes the change.

    https://docs.aws.amazon.com/organizations/latest/APIReference/API_AcceptHandshake.html
    """
    handshake = _answered(call, world)
    organization = world.find(ORGANIZATION, "", "", handshake.organization)
    if organization is None:
        raise HandshakeNotFoundException
    if handshake.action == INVITE and membership(call.account, world.transaction) is not None:
        raise HandshakeConstraintViolationException("ALREADY_IN_AN_ORGANIZATION")
    handshake = moved(world, handshake, "ACCEPTED")
    if handshake.action in {INVITE, ENABLE}:
        demand_linked_role(call, world)
    _ACCEPTED[handshake.action](world, organization, handshake)
    return {"Handshake": handshake_shown(world, handshake)}


@operation("organizations:DeclineHandshake")
def decline_handshake(call: Call, world: World) -> Mapping[str, Any]:
    """Decline, as the account that was asked.

    https://docs.aws.amazon.com/organizations/latest/APIReference/API_DeclineHandshake.html
    """
    return {"Handshake": handshake_shown(world, moved(world, _answered(call, world), "DECLINED"))}


@operation("organizations:CancelHandshake")
def cancel_handshake(call: Call, world: World) -> Mapping[str, Any]:
    """Take back, as the management account that asked. Approvals go with the change they belong to.

    https://docs.aws.amazon.com/organizations/latest/APIReference/API_CancelHandshake.html
    """
    handshake = handshake_of(world, call.params["HandshakeId"])
    organization = world.find(ORGANIZATION, "", "", handshake.organization)
    if organization is None or organization.management_account != call.account:
        raise AccessDeniedException
    handshake = moved(world, handshake, "CANCELED")
    for each in handshakes_of(world):
        if each.parent == handshake.id and each.state == "OPEN":
            moved(world, each, "CANCELED")
    return {"Handshake": handshake_shown(world, handshake)}


@operation("organizations:DescribeHandshake")
def describe_handshake(call: Call, world: World) -> Mapping[str, Any]:
    """Show a handshake to either side of it.

    https://docs.aws.amazon.com/organizations/latest/APIReference/API_DescribeHandshake.html
    """
    handshake = handshake_of(world, call.params["HandshakeId"])
    if handshake.account != call.account and read_by_delegates(call, world).id != handshake.organization:
        raise HandshakeNotFoundException
    return {"Handshake": handshake_shown(world, handshake)}


@operation("organizations:ListHandshakesForAccount")
def list_handshakes_for_account(call: Call, world: World) -> Mapping[str, Any]:
    """List what the caller's account was asked.

    https://docs.aws.amazon.com/organizations/latest/APIReference/API_ListHandshakesForAccount.html
    """
    return _listed(call, world, lambda each: each.account == call.account)


@operation("organizations:ListHandshakesForOrganization")
def list_handshakes_for_organization(call: Call, world: World) -> Mapping[str, Any]:
    """List what the organization asked.

    https://docs.aws.amazon.com/organizations/latest/APIReference/API_ListHandshakesForOrganization.html
    """
    organization = read_by_delegates(call, world)
    return _listed(call, world, lambda each: each.organization == organization.id)


def _listed(call: Call, world: World, belongs: Callable[[Handshake], bool]) -> Mapping[str, Any]:
    given = call.params.get("Filter") or {}
    action, parent = given.get("ActionType", ""), given.get("ParentHandshakeId", "")
    wanted = [
        each
        for each in handshakes_of(world)
        if belongs(each) and action in {"", each.action} and parent in {"", each.parent}
    ]
    return page(call, "Handshakes", wanted, key=lambda each: each.id, shown=lambda each: handshake_shown(world, each))


def _answered(call: Call, world: World) -> Handshake:
    """The handshake that the caller's account was asked, or that its organization asks of itself."""
    handshake = handshake_of(world, call.params["HandshakeId"])
    if handshake.action == ENABLE:
        if managed(call, world).id != handshake.organization:
            raise HandshakeNotFoundException
    elif handshake.account != call.account:
        raise HandshakeNotFoundException
    return handshake


def _pending(world: World, organization: Organization) -> Handshake | None:
    """The change to all features that is under way."""
    for each in handshakes_of(world):
        if each.organization == organization.id and each.action == ENABLE and each.state in {"REQUESTED", "OPEN"}:
            return each
    return None


def _join(world: World, organization: Organization, handshake: Handshake) -> None:
    member = enroll(world, organization, handshake.account, joined_method="INVITED")
    keep(world, organization, msgspec.structs.replace(member, tags=handshake.tags))


def _approve(world: World, organization: Organization, handshake: Handshake) -> None:
    """The last approval opens the change to the management account."""
    parent = handshake_of(world, handshake.parent)
    waiting = [
        each
        for each in handshakes_of(world)
        if each.parent == parent.id
        and each.state != "ACCEPTED"
        and world.find(MEMBER_ACCOUNT, organization.id, "", each.account) is not None
    ]
    if not waiting and parent.state == "REQUESTED":
        store(world, msgspec.structs.replace(parent, state="OPEN"))


def _complete(world: World, organization: Organization, _handshake: Handshake) -> None:
    world.put(ORGANIZATION, "", "", organization.id, msgspec.structs.replace(organization, feature_set="ALL"))


_ACCEPTED: Mapping[str, Callable[[World, Organization, Handshake], None]] = {
    INVITE: _join,
    APPROVE: _approve,
    ENABLE: _complete,
    TRANSFER_RESPONSIBILITY: begin_transfer,
}
