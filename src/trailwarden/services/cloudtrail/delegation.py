"""Delegated administrators of CloudTrail, registered through CloudTrail, which makes its roles on the way.

https://docs.aws.amazon.com/awscloudtrail/latest/userguide/cloudtrail-delegated-administrator.html
"""

import msgspec

from trailwarden.auth.organization import (
    DELEGATED_ADMINISTRATOR,
    MEMBER_ACCOUNT,
    DelegatedAdministrator,
    Organization,
)
from trailwarden.errors import AwsError
from trailwarden.services.call import Call
from trailwarden.services.cloudtrail.organization import (
    SERVICE,
    check_dependencies,
    check_trusted,
    organization_in_use,
)
from trailwarden.services.new_roles import ensure_linked_role, linked_role_of, linking
from trailwarden.services.registry import operation
from trailwarden.services.world import World

__all__ = [
    "CONTEXT_SERVICE",
    "READS",
    "AccountNotFoundException",
    "AccountNotRegisteredException",
    "AccountRegisteredException",
    "CannotDelegateManagementAccountException",
    "DelegatedAdminAccountLimitExceededException",
    "InsufficientIAMAccessPermissionException",
    "NotOrganizationManagementAccountException",
    "deregister_organization_delegated_admin",
    "register_organization_delegated_admin",
]

CONTEXT_SERVICE = "context.cloudtrail.amazonaws.com"
"""Whose role AWSServiceRoleForCloudTrailEventContext is."""

_MOST = 3


class NotOrganizationManagementAccountException(AwsError):
    """Only the management account delegates.

    https://docs.aws.amazon.com/awscloudtrail/latest/APIReference/API_RegisterOrganizationDelegatedAdmin.html
    """

    message = (
        "This exception is thrown when the account making the request is not the organization's management account."
    )


class InsufficientIAMAccessPermissionException(AwsError):
    """The caller may not make one of CloudTrail's two roles.

    https://docs.aws.amazon.com/awscloudtrail/latest/APIReference/API_RegisterOrganizationDelegatedAdmin.html
    """

    message = "The task can't be completed because you are signed in with an account that lacks permissions to create a service-linked role in AWS CloudTrail. Sign in to an account with the required permissions and then try again."


class AccountNotFoundException(AwsError):
    """The account is not in the organization.

    https://docs.aws.amazon.com/awscloudtrail/latest/APIReference/API_RegisterOrganizationDelegatedAdmin.html
    """

    message = "This exception is thrown when the specified account is not found or not part of an organization."


class CannotDelegateManagementAccountException(AwsError):
    """The management account is one already.

    https://docs.aws.amazon.com/awscloudtrail/latest/APIReference/API_RegisterOrganizationDelegatedAdmin.html
    """

    message = "This exception is thrown when the management account of an organization is registered as the CloudTrail delegated administrator."


class AccountRegisteredException(AwsError):
    """The account is a delegated administrator of CloudTrail.

    https://docs.aws.amazon.com/awscloudtrail/latest/APIReference/API_RegisterOrganizationDelegatedAdmin.html
    """

    message = (
        "This exception is thrown when the account is already registered as the CloudTrail delegated administrator."
    )


class DelegatedAdminAccountLimitExceededException(AwsError):
    """Three at most.

    https://docs.aws.amazon.com/awscloudtrail/latest/APIReference/API_RegisterOrganizationDelegatedAdmin.html
    """

    message = "This exception is thrown when the maximum number of CloudTrail delegated administrators is reached."


class AccountNotRegisteredException(AwsError):
    """The account is no delegated administrator of CloudTrail.

    https://docs.aws.amazon.com/awscloudtrail/latest/APIReference/API_DeregisterOrganizationDelegatedAdmin.html
    """

    message = "This exception is thrown when the specified account is not registered as the CloudTrail delegated administrator."


@operation("cloudtrail:RegisterOrganizationDelegatedAdmin")
def register_organization_delegated_admin(call: Call, world: World) -> None:
    """Make a member a delegated administrator, and CloudTrail's two roles in the management account.

    So an organization trail of that member does not fail for want of the role, as it does where Organizations alone
    was asked. The caller must be allowed to make both roles, by both names in iam:AWSServiceName.
    https://docs.aws.amazon.com/awscloudtrail/latest/APIReference/API_RegisterOrganizationDelegatedAdmin.html
    """
    organization = _managed(call, world)
    check_dependencies(call, world, (*READS, "organizations:RegisterDelegatedAdministrator"))
    for service in (SERVICE, CONTEXT_SERVICE):
        if linked_role_of(world, call.account, service) is None and not world.caller_may(
            call, linking(call.account, service), via=SERVICE
        ):
            raise InsufficientIAMAccessPermissionException
    member = call.params["MemberAccountId"]
    _check_candidate(world, organization, member)
    standing = world.find(DELEGATED_ADMINISTRATOR, organization.id, "", member)
    registered = DelegatedAdministrator(
        account=member, services={**(standing.services if standing else {}), SERVICE: call.now}
    )
    world.put(DELEGATED_ADMINISTRATOR, organization.id, "", member, registered)
    ensure_linked_role(world, call.account, SERVICE)
    ensure_linked_role(world, call.account, CONTEXT_SERVICE)


@operation("cloudtrail:DeregisterOrganizationDelegatedAdmin")
def deregister_organization_delegated_admin(call: Call, world: World) -> None:
    """Take the delegation back. Trails and event data stores that the member made stay.

    https://docs.aws.amazon.com/awscloudtrail/latest/APIReference/API_DeregisterOrganizationDelegatedAdmin.html
    """
    organization = _managed(call, world)
    check_dependencies(call, world, (*READS, "organizations:DeregisterDelegatedAdministrator"))
    member = call.params["DelegatedAdminAccountId"]
    if world.find(MEMBER_ACCOUNT, organization.id, "", member) is None:
        raise AccountNotFoundException
    standing = world.find(DELEGATED_ADMINISTRATOR, organization.id, "", member)
    if standing is None or SERVICE not in standing.services:
        raise AccountNotRegisteredException
    left = {name: since for name, since in standing.services.items() if name != SERVICE}
    if left:
        changed = msgspec.structs.replace(standing, services=left)
        world.put(DELEGATED_ADMINISTRATOR, organization.id, "", member, changed)
    else:
        world.delete(DELEGATED_ADMINISTRATOR, organization.id, "", member)


READS = ("organizations:ListAWSServiceAccessForOrganization",)
"""https://docs.aws.amazon.com/awscloudtrail/latest/userguide/cloudtrail-delegated-administrator-permissions.html."""


def _managed(call: Call, world: World) -> Organization:
    """The organization that the caller's account manages, ready for CloudTrail."""
    organization = organization_in_use(call, world)
    if organization.management_account != call.account:
        raise NotOrganizationManagementAccountException
    check_trusted(call, organization)
    return organization


def _check_candidate(world: World, organization: Organization, member: str) -> None:
    if world.find(MEMBER_ACCOUNT, organization.id, "", member) is None:
        raise AccountNotFoundException
    if member == organization.management_account:
        raise CannotDelegateManagementAccountException
    administrators = [
        document.body.account
        for document in world.list(DELEGATED_ADMINISTRATOR, organization.id, "")
        if SERVICE in document.body.services
    ]
    if member in administrators:
        raise AccountRegisteredException
    if len(administrators) >= _MOST:
        raise DelegatedAdminAccountLimitExceededException
