"""Responsibility transfers: invite, show, list, rename, end.

https://docs.aws.amazon.com/awsaccountbilling/latest/aboutv2/orgs_transfer_billing.html
"""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import msgspec

from trailwarden.auth.organization import ORGANIZATION, Organization
from trailwarden.errors import AwsError
from trailwarden.services.call import Call
from trailwarden.services.organizations import ids
from trailwarden.services.organizations.access import managed
from trailwarden.services.organizations.errors import (
    AccessDeniedException,
    ConstraintViolationException,
    HandshakeConstraintViolationException,
)
from trailwarden.services.organizations.handshakes import (
    TRANSFER_RESPONSIBILITY,
    DuplicateHandshakeException,
    Handshake,
    asked_account,
    handshake_shown,
    handshakes_of,
    offer,
)
from trailwarden.services.organizations.paging import page
from trailwarden.services.organizations.tags import tagged
from trailwarden.services.organizations.told import terminated
from trailwarden.services.organizations.transfers import (
    MOST_INBOUND,
    MOST_OUTBOUND,
    TRANSFER,
    Side,
    Transfer,
    check_end,
    check_start,
    month_end,
    standing_transfers,
    transfers_of,
)
from trailwarden.services.registry import operation
from trailwarden.services.world import World

if TYPE_CHECKING:
    from types_boto3_organizations.type_defs import InviteOrganizationToTransferResponsibilityRequestTypeDef

__all__ = [
    "InvalidResponsibilityTransferTransitionException",
    "ResponsibilityTransferAlreadyInStatusException",
    "ResponsibilityTransferNotFoundException",
    "begin_transfer",
    "describe_responsibility_transfer",
    "has_transfers",
    "invite_organization_to_transfer_responsibility",
    "list_inbound_responsibility_transfers",
    "list_outbound_responsibility_transfers",
    "terminate_responsibility_transfer",
    "update_responsibility_transfer",
]

_STATUS = {"OPEN": "REQUESTED"}


class ResponsibilityTransferNotFoundException(AwsError):
    """No such transfer, or none of the caller's organization.

    https://docs.aws.amazon.com/organizations/latest/APIReference/API_DescribeResponsibilityTransfer.html
    """

    message = "We can't find a transfer that you specified."


class ResponsibilityTransferAlreadyInStatusException(AwsError):
    """It is withdrawn.

    https://docs.aws.amazon.com/organizations/latest/APIReference/API_TerminateResponsibilityTransfer.html
    """

    message = "The responsibility transfer is already in the status that you specified."


class InvalidResponsibilityTransferTransitionException(AwsError):
    """It was never accepted.

    https://docs.aws.amazon.com/organizations/latest/APIReference/API_TerminateResponsibilityTransfer.html
    """

    message = "The responsibility transfer can't transition to the requested status because it's not in a valid state for this operation."


@operation("organizations:InviteOrganizationToTransferResponsibility")
def invite_organization_to_transfer_responsibility(call: Call, world: World) -> Mapping[str, Any]:
    """Offer to answer for the bills of another organization, to its management account.

    https://docs.aws.amazon.com/organizations/latest/APIReference/API_InviteOrganizationToTransferResponsibility.html
    """
    asked: InviteOrganizationToTransferResponsibilityRequestTypeDef = call.params  # type: ignore[assignment]  # the parser holds params to the model
    organization = managed(call, world)
    account = asked_account(world, asked["Target"]["Id"], asked["Target"]["Type"])
    source = world.find(ORGANIZATION, "", "", account.organization)
    if account.id == call.account:
        raise HandshakeConstraintViolationException("SOURCE_AND_TARGET_CANNOT_MATCH")
    if source is None or source.management_account != account.id:
        raise HandshakeConstraintViolationException("TARGET_ACCOUNT_VALIDATION_FAILURE")
    start = call.params["StartTimestamp"].timestamp()
    check_start(start, call.now)
    _check_room(world, organization, account.id)
    name = ids.transfer_id(world.chance)
    handshake = offer(
        world,
        organization,
        TRANSFER_RESPONSIBILITY,
        account=account.id,
        email=account.email if asked["Target"]["Type"] == "EMAIL" else "",
        notes=asked.get("Notes", ""),
        transfer=name,
    )
    transfer = Transfer(
        id=name,
        name=asked["SourceName"],
        type=asked["Type"],
        source=_side(source),
        target=_side(organization),
        start=start,
        handshake=handshake.id,
        tags=tagged({}, call.params.get("Tags", ())),
    )
    world.put(TRANSFER, "", "", name, transfer)
    return {"Handshake": handshake_shown(world, handshake)}


@operation("organizations:DescribeResponsibilityTransfer")
def describe_responsibility_transfer(call: Call, world: World) -> Mapping[str, Any]:
    """Show a transfer to either of its management accounts.

    https://docs.aws.amazon.com/organizations/latest/APIReference/API_DescribeResponsibilityTransfer.html
    """
    managed(call, world)
    return {"ResponsibilityTransfer": _shown(call, world, _transfer(call, world))}


@operation("organizations:ListInboundResponsibilityTransfers")
def list_inbound_responsibility_transfers(call: Call, world: World) -> Mapping[str, Any]:
    """List transfers by which the caller's account answers for others, invitations too.

    https://docs.aws.amazon.com/organizations/latest/APIReference/API_ListInboundResponsibilityTransfers.html
    """
    managed(call, world)
    inbound = [each for each in transfers_of(world) if each.target.account == call.account]
    if "Id" in call.params:
        inbound = [each for each in inbound if each.id == call.params["Id"]]
        if not inbound:
            raise ResponsibilityTransferNotFoundException
    return _listed(call, world, inbound)


@operation("organizations:ListOutboundResponsibilityTransfers")
def list_outbound_responsibility_transfers(call: Call, world: World) -> Mapping[str, Any]:
    """List transfers by which another account answers for the caller's organization, invitations too.

    https://docs.aws.amazon.com/organizations/latest/APIReference/API_ListOutboundResponsibilityTransfers.html
    """
    managed(call, world)
    return _listed(call, world, [each for each in transfers_of(world) if each.source.account == call.account])


@operation("organizations:UpdateResponsibilityTransfer")
def update_responsibility_transfer(call: Call, world: World) -> Mapping[str, Any]:
    """Rename a transfer, as the account that named it.

    https://docs.aws.amazon.com/organizations/latest/APIReference/API_UpdateResponsibilityTransfer.html
    """
    managed(call, world)
    transfer = _transfer(call, world)
    if transfer.target.account != call.account:
        raise AccessDeniedException
    if _status(world, transfer) not in {"REQUESTED", "ACCEPTED"}:
        raise ConstraintViolationException("TRANSFER_RESPONSIBILITY_UPDATE_NOT_ALLOWED")
    changed = msgspec.structs.replace(transfer, name=call.params["Name"])
    world.put(TRANSFER, "", "", changed.id, changed)
    return {"ResponsibilityTransfer": _shown(call, world, changed)}


@operation("organizations:TerminateResponsibilityTransfer")
def terminate_responsibility_transfer(call: Call, world: World) -> Mapping[str, Any]:
    """Withdraw a transfer, as either side of it. It goes on until its end, that of this month unless another is named.

    https://docs.aws.amazon.com/organizations/latest/APIReference/API_TerminateResponsibilityTransfer.html
    """
    managed(call, world)
    transfer = _transfer(call, world)
    status = _status(world, transfer)
    if status == "WITHDRAWN":
        raise ResponsibilityTransferAlreadyInStatusException
    if status != "ACCEPTED":
        raise InvalidResponsibilityTransferTransitionException
    given = call.params.get("EndTimestamp")
    end = max(month_end(call.now), transfer.start - 1) if given is None else given.timestamp()
    check_end(end, transfer, call.now)
    ended = msgspec.structs.replace(transfer, withdrawn=True, end=end)
    world.put(TRANSFER, "", "", ended.id, ended)
    for side in (ended.source, ended.target):
        world.transaction.append(terminated(world, ended, side))
    return {"ResponsibilityTransfer": _shown(call, world, ended)}


def begin_transfer(world: World, organization: Organization, handshake: Handshake) -> None:
    """What acceptance needs: that both are still who they were, and that nobody else answers for the source.

    HandshakeConstraintViolationException, ConstraintViolationException.
    https://docs.aws.amazon.com/awsaccountbilling/latest/aboutv2/orgs_transfer_billing-respond-invitation.html
    """
    transfer = world.find(TRANSFER, "", "", handshake.transfer)
    source = world.find(ORGANIZATION, "", "", transfer.source.organization) if transfer else None
    if transfer is None or source is None or source.management_account != handshake.account:
        raise HandshakeConstraintViolationException("TARGET_ACCOUNT_VALIDATION_FAILURE")
    standing = standing_transfers(world, _accepted(world) - {handshake.id})
    if sum(each.source.organization == source.id for each in standing) >= MOST_OUTBOUND:
        raise ConstraintViolationException("RESPONSIBILITY_TRANSFER_MAX_OUTBOUND_QUOTA_VIOLATION")
    payers = {each.source.organization: each.target.organization for each in standing}
    above: str | None = organization.id
    for _ in range(len(payers) + 1):
        if above == source.id:
            raise HandshakeConstraintViolationException("SOURCE_AND_TARGET_CANNOT_MATCH")
        above = payers.get(above) if above else None


def has_transfers(world: World, organization: Organization) -> bool:
    """Whether a transfer of the organization's, or by it, is under way."""
    return any(
        organization.id in {each.source.organization, each.target.organization}
        for each in standing_transfers(world, _accepted(world))
    )


def _check_room(world: World, organization: Organization, account: str) -> None:
    states = {each.id: each.state for each in handshakes_of(world) if each.action == TRANSFER_RESPONSIBILITY}
    inbound = [
        each
        for each in transfers_of(world)
        if each.target.organization == organization.id
        and states[each.handshake] in {"OPEN", "ACCEPTED"}
        and not each.over(world.now)
    ]
    for each in inbound:
        if each.source.account == account:
            if states[each.handshake] == "OPEN":
                raise DuplicateHandshakeException
            raise HandshakeConstraintViolationException("RESPONSIBILITY_TRANSFER_ALREADY_EXISTS")
    if len(inbound) >= MOST_INBOUND:
        raise ConstraintViolationException("RESPONSIBILITY_TRANSFER_MAX_INBOUND_QUOTA_VIOLATION")


def _accepted(world: World) -> frozenset[str]:
    return frozenset(
        each.id for each in handshakes_of(world) if each.action == TRANSFER_RESPONSIBILITY and each.state == "ACCEPTED"
    )


def _transfer(call: Call, world: World) -> Transfer:
    found = world.find(TRANSFER, "", "", call.params["Id"])
    if found is None or call.account not in {found.source.account, found.target.account}:
        raise ResponsibilityTransferNotFoundException
    return found


def _status(world: World, transfer: Transfer) -> str:
    if transfer.withdrawn:
        return "WITHDRAWN"
    state = next(each.state for each in handshakes_of(world) if each.id == transfer.handshake)
    return _STATUS.get(state, state)


def _listed(call: Call, world: World, wanted: list[Transfer]) -> Mapping[str, Any]:
    return page(
        call,
        "ResponsibilityTransfers",
        [each for each in wanted if each.type == call.params["Type"]],
        key=lambda each: each.id,
        shown=lambda each: _shown(call, world, each),
    )


def _shown(call: Call, world: World, transfer: Transfer) -> dict[str, Any]:
    """https://docs.aws.amazon.com/organizations/latest/APIReference/API_ResponsibilityTransfer.html."""
    inbound = transfer.target.account == call.account
    side = transfer.target if inbound else transfer.source
    direction = "inbound" if inbound else "outbound"
    status = _status(world, transfer)
    shown = {
        "Arn": ids.transfer_arn(side.organization, side.account, f"{transfer.type.lower()}/{direction}/{transfer.id}"),
        "Name": transfer.name,
        "Id": transfer.id,
        "Type": transfer.type,
        "Status": status,
        "Source": _participant(transfer.source),
        "Target": _participant(transfer.target),
        "StartTimestamp": datetime.fromtimestamp(transfer.start, UTC),
    }
    if transfer.end is not None:
        shown["EndTimestamp"] = datetime.fromtimestamp(transfer.end, UTC)
    if status == "REQUESTED":
        shown["ActiveHandshakeId"] = transfer.handshake
    return shown


def _participant(side: Side) -> dict[str, str]:
    email = {"ManagementAccountEmail": side.email} if side.email else {}
    return {"ManagementAccountId": side.account, **email}


def _side(organization: Organization) -> Side:
    return Side(
        account=organization.management_account, email=organization.management_email, organization=organization.id
    )
