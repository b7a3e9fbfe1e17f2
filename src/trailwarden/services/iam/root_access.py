"""Central root access: what an organization's management account may do to its members' root users.

https://docs.aws.amazon.com/IAM/latest/UserGuide/id_root-user.html#id_root-user-access-management
"""

from collections.abc import Mapping
from typing import Any

import msgspec

from trailwarden.auth.organization import DELEGATED_ADMINISTRATOR, Membership, Organization, membership
from trailwarden.errors import AwsError
from trailwarden.services.call import Call
from trailwarden.services.registry import operation
from trailwarden.services.world import World
from trailwarden.storage.ports import Kind

__all__ = ["ROOT_SESSIONS", "AccountNotManagementOrDelegatedAdministratorException",
           "OrganizationNotFoundException", "OrganizationNotInAllFeaturesModeException",
           "ServiceAccessNotEnabledException", "administered", "disable_credentials_management",
           "disable_root_sessions", "enable_credentials_management", "enable_root_sessions", "features_of",
           "list_organizations_features"]  # fmt: skip

_IAM = "iam.amazonaws.com"
ROOT_CREDENTIALS, ROOT_SESSIONS = "RootCredentialsManagement", "RootSessions"


class RootAccess(msgspec.Struct, frozen=True, kw_only=True):
    """Which features an organization has switched on. Key: ("", "", organization id)."""

    features: tuple[str, ...] = ()


ROOT_ACCESS = Kind("iam.root-access", RootAccess)


class OrganizationNotFoundException(AwsError):
    """https://docs.aws.amazon.com/IAM/latest/APIReference/API_ListOrganizationsFeatures.html."""

    message = "The request was rejected because no organization is associated with your account."
    status = 404


class OrganizationNotInAllFeaturesModeException(AwsError):
    """https://docs.aws.amazon.com/IAM/latest/APIReference/API_ListOrganizationsFeatures.html."""

    message = "The request was rejected because your organization does not have All features enabled."


class ServiceAccessNotEnabledException(AwsError):
    """https://docs.aws.amazon.com/IAM/latest/APIReference/API_ListOrganizationsFeatures.html."""

    message = "The request was rejected because trusted access is not enabled for IAM in Organizations."


class AccountNotManagementOrDelegatedAdministratorException(AwsError):
    """https://docs.aws.amazon.com/IAM/latest/APIReference/API_ListOrganizationsFeatures.html."""

    message = (
        "The request was rejected because the account making the request is not the management account or "
        "delegated administrator account for centralized root access."
    )


@operation("iam:ListOrganizationsFeatures")
def list_organizations_features(call: Call, world: World) -> Mapping[str, Any]:
    """Show the features that are on.

    https://docs.aws.amazon.com/IAM/latest/APIReference/API_ListOrganizationsFeatures.html
    """
    organization = administered(call, world).organization
    return {"OrganizationId": organization.id, "EnabledFeatures": list(features_of(world, organization))}


@operation("iam:EnableOrganizationsRootCredentialsManagement")
def enable_credentials_management(call: Call, world: World) -> Mapping[str, Any]:
    """Let members' root credentials be managed centrally.

    https://docs.aws.amazon.com/IAM/latest/APIReference/API_EnableOrganizationsRootCredentialsManagement.html
    """
    return _switch(call, world, ROOT_CREDENTIALS, on=True)


@operation("iam:DisableOrganizationsRootCredentialsManagement")
def disable_credentials_management(call: Call, world: World) -> Mapping[str, Any]:
    """Leave members' root credentials to them.

    https://docs.aws.amazon.com/IAM/latest/APIReference/API_DisableOrganizationsRootCredentialsManagement.html
    """
    return _switch(call, world, ROOT_CREDENTIALS, on=False)


@operation("iam:EnableOrganizationsRootSessions")
def enable_root_sessions(call: Call, world: World) -> Mapping[str, Any]:
    """Allow AssumeRoot for members.

    https://docs.aws.amazon.com/IAM/latest/APIReference/API_EnableOrganizationsRootSessions.html
    """
    return _switch(call, world, ROOT_SESSIONS, on=True)


@operation("iam:DisableOrganizationsRootSessions")
def disable_root_sessions(call: Call, world: World) -> Mapping[str, Any]:
    """Allow AssumeRoot no longer.

    https://docs.aws.amazon.com/IAM/latest/APIReference/API_DisableOrganizationsRootSessions.html
    """
    return _switch(call, world, ROOT_SESSIONS, on=False)


def administered(call: Call, world: World) -> Membership:
    """The caller's place in the organization that it administers IAM for; else one of this module's errors."""
    place = membership(call.account, world.transaction)
    if place is None:
        raise OrganizationNotFoundException
    organization = place.organization
    if organization.feature_set != "ALL":
        raise OrganizationNotInAllFeaturesModeException
    delegated = world.find(DELEGATED_ADMINISTRATOR, organization.id, "", call.account)
    if organization.management_account != call.account and (delegated is None or _IAM not in delegated.services):
        raise AccountNotManagementOrDelegatedAdministratorException
    if _IAM not in organization.enabled_services:
        raise ServiceAccessNotEnabledException
    return place


def features_of(world: World, organization: Organization) -> tuple[str, ...]:
    """The features that are on."""
    standing = world.find(ROOT_ACCESS, "", "", organization.id)
    return standing.features if standing else ()


def _switch(call: Call, world: World, feature: str, *, on: bool) -> Mapping[str, Any]:
    organization = administered(call, world).organization
    features = {*features_of(world, organization), feature} if on else {*features_of(world, organization)} - {feature}
    changed = RootAccess(features=tuple(sorted(features)))
    world.put(ROOT_ACCESS, "", "", organization.id, changed)
    return {"OrganizationId": organization.id, "EnabledFeatures": list(changed.features)}
