"""The organization itself, and its root."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import msgspec

from trailwarden.auth.identities import ACCOUNT
from trailwarden.auth.organization import (
    DELEGATED_ADMINISTRATOR,
    ORGANIZATION,
    ORGANIZATION_POLICY,
    RESOURCE_POLICY,
    ROOT,
    SCP,
    UNIT,
    Organization,
    Root,
)
from trailwarden.delivery.trail import TRAIL
from trailwarden.errors import AwsError
from trailwarden.services.call import Call
from trailwarden.services.new_roles import linking
from trailwarden.services.organizations import ids
from trailwarden.services.organizations.access import managed, own, read_by_delegates
from trailwarden.services.organizations.errors import ConstraintViolationException
from trailwarden.services.organizations.finding import members_of, root_of
from trailwarden.services.organizations.joining import ORGANIZATIONS, drop, enroll
from trailwarden.services.organizations.paging import page
from trailwarden.services.organizations.responsibility import has_transfers
from trailwarden.services.registry import operation
from trailwarden.services.world import World
from trailwarden.storage.ports import Kind

if TYPE_CHECKING:
    from types_boto3_organizations.type_defs import CreateOrganizationRequestTypeDef

__all__ = [
    "AccessDeniedForDependencyException",
    "AlreadyInOrganizationException",
    "OrganizationNotEmptyException",
    "create_organization",
    "delete_organization",
    "demand_linked_role",
    "describe_organization",
    "list_roots",
    "root_shown",
]

_PARTS: tuple[Kind[Any], ...] = (ROOT, UNIT, ORGANIZATION_POLICY, DELEGATED_ADMINISTRATOR, RESOURCE_POLICY)


class AlreadyInOrganizationException(AwsError):
    """An account belongs to one organization at most.

    https://docs.aws.amazon.com/organizations/latest/APIReference/API_CreateOrganization.html
    """

    message = "The provided account is already a member of an organization."


class OrganizationNotEmptyException(AwsError):
    """Members must go first.

    https://docs.aws.amazon.com/organizations/latest/APIReference/API_DeleteOrganization.html
    """

    message = "To delete an organization you must first remove all member accounts (except the master)."


class AccessDeniedForDependencyException(AwsError):
    """Organizations makes a role of its own in each account, for which the caller must have the permission.

    https://docs.aws.amazon.com/organizations/latest/APIReference/API_CreateOrganization.html
    """

    message = (
        "The request failed because your credentials do not have permission to create the service-linked role "
        "required by AWS Organizations."
    )

    def __init__(self) -> None:
        super().__init__(members={"Reason": "ACCESS_DENIED_DURING_CREATE_SERVICE_LINKED_ROLE"})


@operation("organizations:CreateOrganization")
def create_organization(call: Call, world: World) -> Mapping[str, Any]:
    """Make the caller's account the management account of a new organization.

    https://docs.aws.amazon.com/organizations/latest/APIReference/API_CreateOrganization.html
    """
    asked: CreateOrganizationRequestTypeDef = call.params  # type: ignore[assignment]  # the parser holds params to the model
    account = world.find(ACCOUNT, call.account, "", call.account)
    if account is None or account.organization:
        raise AlreadyInOrganizationException
    demand_linked_role(call, world)
    name = ids.organization_id(world.chance)
    organization = Organization(
        id=name,
        arn=ids.organization_arn(name, call.account),
        management_account=call.account,
        management_email=account.email,
        feature_set=asked.get("FeatureSet", "ALL"),
        created=call.now,
        root=ids.root_id(world.chance),
    )
    root = Root(id=organization.root, arn=ids.part_arn(organization, "root", organization.root))
    world.put(ORGANIZATION, "", "", name, organization)
    world.put(ROOT, name, "", root.id, root)
    enroll(world, organization, call.account, joined_method="INVITED")
    return {"Organization": _shown(organization)}


@operation("organizations:DescribeOrganization")
def describe_organization(call: Call, world: World) -> Mapping[str, Any]:
    """Show the organization that the caller's account is a member of.

    https://docs.aws.amazon.com/organizations/latest/APIReference/API_DescribeOrganization.html
    """
    return {"Organization": _shown(own(call, world))}


@operation("organizations:DeleteOrganization")
def delete_organization(call: Call, world: World) -> None:
    """Delete the organization, which must have no account but the management account left. Its trails become that account's.

    https://docs.aws.amazon.com/organizations/latest/APIReference/API_DeleteOrganization.html
    """
    organization = managed(call, world)
    if len(members_of(world, organization)) > 1:
        raise OrganizationNotEmptyException
    if has_transfers(world, organization):
        raise ConstraintViolationException("ACTIVE_RESPONSIBILITY_TRANSFER_PROCESS")
    for trail in [document.body for document in world.list(TRAIL, call.account)]:
        if trail.organization == organization.id:
            alone = msgspec.structs.replace(trail, organization="")
            world.put(TRAIL, trail.account, trail.home_region, trail.name, alone)
    drop(world, organization, call.account)
    for kind in _PARTS:
        for document in list(world.list(kind, organization.id, "")):
            world.delete(kind, organization.id, "", document.name)
    world.delete(ORGANIZATION, "", "", organization.id)


@operation("organizations:ListRoots")
def list_roots(call: Call, world: World) -> Mapping[str, Any]:
    """List the roots, of which each organization has one.

    https://docs.aws.amazon.com/organizations/latest/APIReference/API_ListRoots.html
    """
    organization = read_by_delegates(call, world)
    return page(call, "Roots", [root_of(world, organization)], key=lambda root: root.id, shown=root_shown)


def demand_linked_role(call: Call, world: World) -> None:
    """AccessDeniedForDependencyException where the caller may not let Organizations make its role in the account.

    https://docs.aws.amazon.com/organizations/latest/userguide/orgs_integrate_services-using_slrs.html
    """
    if not world.caller_may(call, linking(call.account, ORGANIZATIONS), via=ORGANIZATIONS):
        raise AccessDeniedForDependencyException


def root_shown(root: Root) -> dict[str, Any]:
    """https://docs.aws.amazon.com/organizations/latest/APIReference/API_Root.html."""
    types = [{"Type": each, "Status": "ENABLED"} for each in root.policy_types]
    return {"Id": root.id, "Arn": root.arn, "Name": root.name, "PolicyTypes": types}


def _shown(organization: Organization) -> dict[str, Any]:
    """AvailablePolicyTypes names service control policies alone, whatever is enabled; ListRoots tells that.

    https://docs.aws.amazon.com/organizations/latest/APIReference/API_Organization.html
    """
    available = [{"Type": SCP, "Status": "ENABLED"}] if organization.feature_set == "ALL" else []
    return {
        "Id": organization.id,
        "Arn": organization.arn,
        "FeatureSet": organization.feature_set,
        "MasterAccountArn": ids.account_arn(
            organization.id, organization.management_account, organization.management_account
        ),
        "MasterAccountId": organization.management_account,
        "MasterAccountEmail": organization.management_email,
        "AvailablePolicyTypes": available,
    }
