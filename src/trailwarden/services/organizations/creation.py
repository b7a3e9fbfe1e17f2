"""New accounts, and how their creation went."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import msgspec

from trailwarden.auth.identities import ACCOUNT
from trailwarden.auth.organization import Organization
from trailwarden.clock import Chance
from trailwarden.errors import AwsError
from trailwarden.services.accounts import create_account
from trailwarden.services.call import Call
from trailwarden.services.new_roles import new_role, trusting
from trailwarden.services.organizations import ids
from trailwarden.services.organizations.access import managed, read_by_delegates
from trailwarden.services.organizations.errors import ConstraintViolationException, InvalidInputException
from trailwarden.services.organizations.finding import keep, members_of
from trailwarden.services.organizations.joining import enroll
from trailwarden.services.organizations.paging import page
from trailwarden.services.organizations.tags import tagged
from trailwarden.services.registry import operation
from trailwarden.services.world import World
from trailwarden.storage.ports import Kind

if TYPE_CHECKING:
    from types_boto3_organizations.type_defs import CreateAccountRequestTypeDef

__all__ = [
    "MOST_ACCOUNTS",
    "CreateAccountStatusNotFoundException",
    "create_gov_cloud_account",
    "create_member_account",
    "describe_create_account_status",
    "list_create_account_status",
]

MOST_ACCOUNTS = 10_000
"""What AWS grants on request; a new organization there begins with 10.

https://docs.aws.amazon.com/organizations/latest/userguide/orgs_reference_limits.html
"""

_ROLE = "OrganizationAccountAccessRole"
_ADMINISTRATOR = "arn:aws:iam::aws:policy/AdministratorAccess"
_SMALLEST = 10**11
_DRAWS = 16


class Creation(msgspec.Struct, frozen=True, kw_only=True):
    """A CreateAccount request and how it ended. Key: (organization id, "", its id)."""

    id: str
    name: str
    state: str
    requested: float
    completed: float
    account: str = ""
    failure: str = ""


CREATION = Kind("organizations.creation", Creation)


class CreateAccountStatusNotFoundException(AwsError):
    """No such request.

    https://docs.aws.amazon.com/organizations/latest/APIReference/API_DescribeCreateAccountStatus.html
    """

    message = "You specified an create account request that doesn't exist."


@operation("organizations:CreateAccount")
def create_member_account(call: Call, world: World) -> Mapping[str, Any]:
    """Create an account with a role that the management account administers it by.

    As on AWS the answer says that the creation is in progress; its status tells how it ended.
    https://docs.aws.amazon.com/organizations/latest/APIReference/API_CreateAccount.html
    """
    asked: CreateAccountRequestTypeDef = call.params  # type: ignore[assignment]  # the parser holds params to the model
    organization = managed(call, world)
    tags = _check_new(call)
    if len(members_of(world, organization)) >= MOST_ACCOUNTS:
        raise ConstraintViolationException("ACCOUNT_NUMBER_LIMIT_EXCEEDED")
    request = ids.request_id(world.chance)
    taken = any(document.body.email.lower() == asked["Email"].lower() for document in world.list(ACCOUNT))
    creation = Creation(
        id=request,
        name=asked["AccountName"],
        state="FAILED" if taken else "SUCCEEDED",
        requested=call.now,
        completed=call.now,
        account="" if taken else _created(world, organization, asked, tags),
        failure="EMAIL_ALREADY_EXISTS" if taken else "",
    )
    world.put(CREATION, organization.id, "", request, creation)
    begun = _shown(creation)
    started = {name: begun[name] for name in ("Id", "AccountName", "RequestedTimestamp")}
    return {"CreateAccountStatus": {**started, "State": "IN_PROGRESS"}}


@operation("organizations:CreateGovCloudAccount")
def create_gov_cloud_account(call: Call, world: World) -> Mapping[str, Any]:
    """Refuse, as AWS does, for a management account that is not paired with one in AWS GovCloud (US).

    This server is the partition `aws` alone, so that none of its accounts ever is.
    https://docs.aws.amazon.com/organizations/latest/APIReference/API_CreateGovCloudAccount.html
    """
    managed(call, world)
    _check_new(call)
    raise ConstraintViolationException("MASTER_ACCOUNT_NOT_GOVCLOUD_ENABLED")


@operation("organizations:DescribeCreateAccountStatus")
def describe_create_account_status(call: Call, world: World) -> Mapping[str, Any]:
    """Tell how a creation ended.

    https://docs.aws.amazon.com/organizations/latest/APIReference/API_DescribeCreateAccountStatus.html
    """
    organization = read_by_delegates(call, world)
    creation = world.find(CREATION, organization.id, "", call.params["CreateAccountRequestId"])
    if creation is None:
        raise CreateAccountStatusNotFoundException
    return {"CreateAccountStatus": _shown(creation)}


@operation("organizations:ListCreateAccountStatus")
def list_create_account_status(call: Call, world: World) -> Mapping[str, Any]:
    """List creations, those in given states only.

    https://docs.aws.amazon.com/organizations/latest/APIReference/API_ListCreateAccountStatus.html
    """
    organization = read_by_delegates(call, world)
    states = call.params.get("States") or ()
    creations = [document.body for document in world.list(CREATION, organization.id, "")]
    wanted = [each for each in creations if not states or each.state in states]
    return page(call, "CreateAccountStatuses", wanted, key=lambda each: each.id, shown=_shown)


def _check_new(call: Call) -> dict[str, str]:
    """The tags of what is asked for. InvalidInputException, ConstraintViolationException."""
    if call.params.get("RoleName", _ROLE).startswith("AWSServiceRoleFor"):
        raise InvalidInputException("INVALID_ROLE_NAME")
    return tagged({}, call.params.get("Tags", ()))


def _created(
    world: World, organization: Organization, asked: "CreateAccountRequestTypeDef", tags: dict[str, str]
) -> str:
    """Make the account, its place and its role; gives its id.

    Nobody is told the key of its root user: on AWS, too, the root user of such an account has no credentials.
    https://docs.aws.amazon.com/organizations/latest/userguide/orgs_manage_accounts_access-cross-account-role.html
    """
    account = _unused(world, world.chance)
    create_account(
        world,
        account_id=account,
        name=asked["AccountName"],
        email=asked["Email"],
        vault=world.vault,
        chance=world.chance,
        now=world.now,
    )
    member = enroll(world, organization, account, joined_method="CREATED")
    keep(world, organization, msgspec.structs.replace(member, tags=tags))
    trust = trusting({"AWS": f"arn:aws:iam::{organization.management_account}:root"})
    new_role(world, account, asked.get("RoleName", _ROLE), trust=trust, policy=_ADMINISTRATOR)
    return account


def _unused(world: World, chance: Chance) -> str:
    """Twelve digits, the first of them not 0, that no account has."""
    for _ in range(_DRAWS):
        account = str(_SMALLEST + int.from_bytes(chance.bytes(8)) % (9 * _SMALLEST))
        if world.find(ACCOUNT, account, "", account) is None:
            return account
    raise LookupError("no account id is free")


def _shown(creation: Creation) -> dict[str, Any]:
    """https://docs.aws.amazon.com/organizations/latest/APIReference/API_CreateAccountStatus.html."""
    told = {"AccountId": creation.account, "FailureReason": creation.failure}
    return {
        "Id": creation.id,
        "AccountName": creation.name,
        "State": creation.state,
        "RequestedTimestamp": datetime.fromtimestamp(creation.requested, UTC),
        "CompletedTimestamp": datetime.fromtimestamp(creation.completed, UTC),
        **{name: value for name, value in told.items() if value},
    }
