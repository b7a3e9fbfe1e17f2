"""Organization trails and event data stores: who may own one, what must stand first, and which trails a member sees.

https://docs.aws.amazon.com/awscloudtrail/latest/userguide/creating-trail-organization.html
https://docs.aws.amazon.com/awscloudtrail/latest/userguide/cloudtrail-delegated-administrator.html
"""

from collections.abc import Sequence

import msgspec

from trailwarden.auth.identities import ACCOUNT
from trailwarden.auth.organization import (
    DELEGATED_ADMINISTRATOR,
    MEMBER_ACCOUNT,
    Organization,
    membership,
)
from trailwarden.catalog.checks import Check
from trailwarden.delivery.trail import TRAIL, Trail
from trailwarden.errors import AwsError
from trailwarden.services.call import Call
from trailwarden.services.new_roles import ensure_linked_role, linked_role_of, linking
from trailwarden.services.world import World

__all__ = [
    "READS",
    "SERVICE",
    "CloudTrailAccessNotEnabledException",
    "InsufficientDependencyServiceAccessPermissionException",
    "NoManagementAccountSLRExistsException",
    "NotOrganizationMasterAccountException",
    "OrganizationNotInAllFeaturesModeException",
    "OrganizationsNotInUseException",
    "administers",
    "check_dependencies",
    "check_trusted",
    "demand_organization",
    "may_own_organization_trail",
    "may_own_trail_alone",
    "organization_in_use",
    "organization_of",
    "organization_trails",
]

SERVICE = "cloudtrail.amazonaws.com"

READS = (
    "organizations:DescribeOrganization",
    "organizations:ListAWSServiceAccessForOrganization",
    "organizations:ListAccounts",
)
"""https://docs.aws.amazon.com/awscloudtrail/latest/userguide/creating-an-organizational-trail-prepare.html."""


class OrganizationsNotInUseException(AwsError):
    """The request is made from an account that is not a member of an organization.

    https://docs.aws.amazon.com/awscloudtrail/latest/APIReference/API_CreateTrail.html
    """

    message = "This exception is thrown when the request is made from an AWS account that is not a member of an organization. To make this request, sign in using the credentials of an account that belongs to an organization."


class NotOrganizationMasterAccountException(AwsError):
    """The caller's account is neither the management account nor a delegated administrator.

    https://docs.aws.amazon.com/awscloudtrail/latest/APIReference/API_CreateTrail.html
    """

    message = "{reason}"

    def __init__(self, reason: str = "") -> None:
        super().__init__(reason=reason or _NOT_MANAGEMENT)


_NOT_MANAGEMENT = "You cannot configure or manage trails for an organization because this action requires being signed in with the management account."


class OrganizationNotInAllFeaturesModeException(AwsError):
    """The organization only shares its bills.

    https://docs.aws.amazon.com/awscloudtrail/latest/APIReference/API_CreateTrail.html
    """

    message = "This exception is thrown when AWS Organizations is not configured to support all features. All features must be enabled in Organizations to support creating an organization trail or event data store."


class CloudTrailAccessNotEnabledException(AwsError):
    """CloudTrail has no trusted access to the organization.

    https://docs.aws.amazon.com/awscloudtrail/latest/APIReference/API_CreateTrail.html
    """

    message = "The request could not be processed because your organization hasn\u2019t enabled CloudTrail service access. Enable service access for CloudTrail, and then try again. You are signed in with the following AWS account ID: {account}"


class InsufficientDependencyServiceAccessPermissionException(AwsError):
    """The caller lacks a permission of Organizations or IAM that CloudTrail needs in its name.

    https://docs.aws.amazon.com/awscloudtrail/latest/APIReference/API_CreateTrail.html
    """

    message = "AWS CloudTrail cannot create resources for your organization because access to one or more required APIs has been denied."


class NoManagementAccountSLRExistsException(AwsError):
    """A delegated administrator calls, and the management account has no AWSServiceRoleForCloudTrail.

    https://docs.aws.amazon.com/awscloudtrail/latest/userguide/security_iam_troubleshoot.html
    """

    message = "This exception is thrown when the management account does not have a service-linked role."


def organization_of(world: World, account: str) -> str:
    """The id of the organization that an account belongs to, or ""."""
    found = world.find(ACCOUNT, account, "", account)
    return found.organization if found else ""


def organization_in_use(call: Call, world: World) -> Organization:
    """The caller's organization. OrganizationsNotInUseException."""
    place = membership(call.account, world.transaction)
    if place is None:
        raise OrganizationsNotInUseException
    return place.organization


def administers(world: World, organization: Organization, account: str) -> bool:
    """Whether an account may manage the organization's trails: the management account, or a delegated administrator.

    https://docs.aws.amazon.com/awscloudtrail/latest/userguide/cloudtrail-delegated-administrator.html
    """
    if organization.management_account == account:
        return True
    delegated = world.find(DELEGATED_ADMINISTRATOR, organization.id, "", account)
    return delegated is not None and SERVICE in delegated.services


def demand_organization(call: Call, world: World) -> Organization:
    """The organization for which the caller makes a trail or event data store. Every precondition is checked, in AWS's order.

    OrganizationsNotInUseException, NotOrganizationMasterAccountException, OrganizationNotInAllFeaturesModeException,
    CloudTrailAccessNotEnabledException, InsufficientDependencyServiceAccessPermissionException,
    NoManagementAccountSLRExistsException.

    A call from the management account makes CloudTrail's role there; a delegated administrator's cannot. From then on
    members have it too.
    https://docs.aws.amazon.com/awscloudtrail/latest/userguide/using-service-linked-roles-create-slr-for-org-trails.html
    """
    organization = organization_in_use(call, world)
    if not administers(world, organization, call.account):
        raise NotOrganizationMasterAccountException
    check_trusted(call, organization)
    check_dependencies(call, world, READS)
    if linked_role_of(world, organization.management_account, SERVICE) is None:
        if call.account != organization.management_account:
            raise NoManagementAccountSLRExistsException
        if not world.caller_may(call, linking(call.account, SERVICE), via=SERVICE):
            raise InsufficientDependencyServiceAccessPermissionException
        ensure_linked_role(world, call.account, SERVICE)
    for document in world.list(MEMBER_ACCOUNT, organization.id, ""):
        ensure_linked_role(world, document.name, SERVICE)
    return organization


def check_trusted(call: Call, organization: Organization) -> None:
    """OrganizationNotInAllFeaturesModeException, CloudTrailAccessNotEnabledException."""
    if organization.feature_set != "ALL":
        raise OrganizationNotInAllFeaturesModeException
    if SERVICE not in organization.enabled_services:
        raise CloudTrailAccessNotEnabledException(account=call.account)


def check_dependencies(call: Call, world: World, actions: Sequence[str]) -> None:
    """InsufficientDependencyServiceAccessPermissionException where the caller lacks one of these on Organizations.

    https://docs.aws.amazon.com/awscloudtrail/latest/userguide/cloudtrail-org-trail-permissions.html
    """
    for action in actions:
        if not world.caller_may(call, Check(action=action, resource="*"), via=SERVICE):
            raise InsufficientDependencyServiceAccessPermissionException


def may_own_organization_trail(call: Call, world: World, trail: Trail) -> Trail:
    """The trail as the organization's own: the management account owns it, whoever of the two calls.

    As `demand_organization`; only the management account makes an organization's trail out of an account's.
    https://docs.aws.amazon.com/awscloudtrail/latest/userguide/creating-an-organizational-trail-prepare.html
    """
    organization = demand_organization(call, world)
    standing = world.find(TRAIL, trail.account, trail.home_region, trail.name)
    converted = standing is not None and standing.created == trail.created and not standing.organization
    if converted and call.account != organization.management_account:
        raise NotOrganizationMasterAccountException
    return msgspec.structs.replace(trail, account=organization.management_account, organization=organization.id)


def may_own_trail_alone(call: Call, trail: Trail) -> Trail:
    """The trail as its account's own; only the management account makes one out of an organization's trail.

    https://docs.aws.amazon.com/awscloudtrail/latest/userguide/cloudtrail-delegated-administrator.html
    """
    if trail.organization and call.account != trail.account:
        raise NotOrganizationMasterAccountException
    return msgspec.structs.replace(trail, organization="")


def organization_trails(call: Call, world: World) -> Sequence[Trail]:
    """Trails of the caller's organization that another account owns: members see their shadows.

    https://docs.aws.amazon.com/awscloudtrail/latest/userguide/creating-trail-organization.html
    """
    organization = organization_of(world, call.account)
    if not organization:
        return ()
    return [
        document.body
        for document in world.list(TRAIL)
        if document.body.organization == organization and document.body.account != call.account
    ]
