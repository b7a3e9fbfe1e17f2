"""The organization's accounts: show, list, move."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

import msgspec

from trailwarden.auth.organization import MemberAccount, Organization
from trailwarden.errors import AwsError
from trailwarden.services.call import Call
from trailwarden.services.organizations.access import managed, read_by_delegates
from trailwarden.services.organizations.finding import account_of, keep, line_of, members_of, parent_of
from trailwarden.services.organizations.paging import page
from trailwarden.services.registry import operation
from trailwarden.services.world import World

__all__ = [
    "DestinationParentNotFoundException",
    "DuplicateAccountException",
    "SourceParentNotFoundException",
    "account_shown",
    "describe_account",
    "list_accounts",
    "list_accounts_for_parent",
    "member_shown",
    "move_account",
]


class SourceParentNotFoundException(AwsError):
    """The account is not below that root or unit.

    https://docs.aws.amazon.com/organizations/latest/APIReference/API_MoveAccount.html
    """

    message = "You specified a source parent that doesn't exist."


class DestinationParentNotFoundException(AwsError):
    """No root or unit of that id to move to.

    https://docs.aws.amazon.com/organizations/latest/APIReference/API_MoveAccount.html
    """

    message = "You specified a destination parent that doesn't exist."


class DuplicateAccountException(AwsError):
    """The account is there already.

    https://docs.aws.amazon.com/organizations/latest/APIReference/API_MoveAccount.html
    """

    message = "That account is already present in the specified destination."


@operation("organizations:DescribeAccount")
def describe_account(call: Call, world: World) -> Mapping[str, Any]:
    """Show an account of the organization.

    https://docs.aws.amazon.com/organizations/latest/APIReference/API_DescribeAccount.html
    """
    organization = read_by_delegates(call, world)
    account = account_of(world, organization, call.params["AccountId"])
    return {"Account": account_shown(world, organization, account)}


@operation("organizations:ListAccounts")
def list_accounts(call: Call, world: World) -> Mapping[str, Any]:
    """List every account, the management account too.

    https://docs.aws.amazon.com/organizations/latest/APIReference/API_ListAccounts.html
    """
    organization = read_by_delegates(call, world)
    return page(
        call,
        "Accounts",
        members_of(world, organization),
        key=lambda account: account.id,
        shown=lambda account: account_shown(world, organization, account),
    )


@operation("organizations:ListAccountsForParent")
def list_accounts_for_parent(call: Call, world: World) -> Mapping[str, Any]:
    """List the accounts right below the root or a unit.

    https://docs.aws.amazon.com/organizations/latest/APIReference/API_ListAccountsForParent.html
    """
    organization = read_by_delegates(call, world)
    parent = parent_of(world, organization, call.params["ParentId"])
    return page(
        call,
        "Accounts",
        [account for account in members_of(world, organization) if account.parent == parent.id],
        key=lambda account: account.id,
        shown=lambda account: account_shown(world, organization, account),
    )


@operation("organizations:MoveAccount")
def move_account(call: Call, world: World) -> None:
    """Move an account below another parent, whose policies it then inherits.

    https://docs.aws.amazon.com/organizations/latest/APIReference/API_MoveAccount.html
    """
    organization = managed(call, world)
    account = account_of(world, organization, call.params["AccountId"])
    source = parent_of(world, organization, call.params["SourceParentId"], SourceParentNotFoundException)
    destination = parent_of(world, organization, call.params["DestinationParentId"], DestinationParentNotFoundException)
    if account.parent == destination.id:
        raise DuplicateAccountException
    if account.parent != source.id:
        raise SourceParentNotFoundException
    keep(world, organization, msgspec.structs.replace(account, parent=destination.id))


def account_shown(world: World, organization: Organization, account: MemberAccount) -> dict[str, Any]:
    """https://docs.aws.amazon.com/organizations/latest/APIReference/API_Account.html."""
    line = line_of(world, organization, account.parent)
    return {**member_shown(account), "Paths": ["/".join((organization.id, *line, account.id, ""))]}


def member_shown(account: MemberAccount) -> dict[str, Any]:
    """What DescribeAccount and ListDelegatedAdministrators show alike.

    https://docs.aws.amazon.com/organizations/latest/APIReference/API_DelegatedAdministrator.html
    """
    return {
        "Id": account.id,
        "Arn": account.arn,
        "Email": account.email,
        "Name": account.name,
        "Status": account.status,
        "State": "CLOSED" if account.status == "SUSPENDED" else account.status,
        "JoinedMethod": account.joined_method,
        "JoinedTimestamp": datetime.fromtimestamp(account.joined, UTC),
    }
