"""Accounts that go: removed, leaving by themselves, closed."""

import msgspec

from trailwarden.auth.organization import MemberAccount, Organization
from trailwarden.errors import AwsError
from trailwarden.services.call import Call
from trailwarden.services.organizations.access import managed, own
from trailwarden.services.organizations.errors import (
    ConstraintViolationException,
    MasterCannotLeaveOrganizationException,
)
from trailwarden.services.organizations.finding import account_of, keep, members_of, services_delegated_to
from trailwarden.services.organizations.joining import drop
from trailwarden.services.registry import operation
from trailwarden.services.world import World

__all__ = ["AccountAlreadyClosedException", "close_account", "leave_organization", "remove_account_from_organization"]

_CLOSABLE_PERCENT = 10
_CLOSABLE_LEAST = 10


class AccountAlreadyClosedException(AwsError):
    """The account is closed.

    https://docs.aws.amazon.com/organizations/latest/APIReference/API_CloseAccount.html
    """

    message = "The provided account is already closed."


@operation("organizations:RemoveAccountFromOrganization")
def remove_account_from_organization(call: Call, world: World) -> None:
    """Make a member a standalone account again.

    https://docs.aws.amazon.com/organizations/latest/APIReference/API_RemoveAccountFromOrganization.html
    """
    organization = managed(call, world)
    _go(world, organization, account_of(world, organization, call.params["AccountId"]))


@operation("organizations:LeaveOrganization")
def leave_organization(call: Call, world: World) -> None:
    """Take the caller's own account out of its organization.

    https://docs.aws.amazon.com/organizations/latest/APIReference/API_LeaveOrganization.html
    """
    organization = own(call, world)
    _go(world, organization, account_of(world, organization, call.account))


@operation("organizations:CloseAccount")
def close_account(call: Call, world: World) -> None:
    """Close a member; it stays in the organization, suspended. One in ten may be closed, ten at least.

    https://docs.aws.amazon.com/organizations/latest/APIReference/API_CloseAccount.html
    """
    organization = managed(call, world)
    account = account_of(world, organization, call.params["AccountId"])
    if account.id == organization.management_account:
        raise ConstraintViolationException("CANNOT_CLOSE_MANAGEMENT_ACCOUNT")
    if account.status == "SUSPENDED":
        raise AccountAlreadyClosedException
    _check_delegated(world, organization, account)
    members = members_of(world, organization)
    closed = sum(member.status == "SUSPENDED" for member in members)
    if closed >= max(_CLOSABLE_LEAST, len(members) * _CLOSABLE_PERCENT // 100):
        raise ConstraintViolationException("CLOSE_ACCOUNT_QUOTA_EXCEEDED")
    keep(world, organization, msgspec.structs.replace(account, status="SUSPENDED"))


def _go(world: World, organization: Organization, account: MemberAccount) -> None:
    if account.id == organization.management_account:
        raise MasterCannotLeaveOrganizationException
    _check_delegated(world, organization, account)
    drop(world, organization, account.id)


def _check_delegated(world: World, organization: Organization, account: MemberAccount) -> None:
    if services_delegated_to(world, organization, account.id):
        raise ConstraintViolationException("CANNOT_REMOVE_DELEGATED_ADMINISTRATOR_FROM_ORG")
