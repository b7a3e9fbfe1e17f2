"""Trusted access: which AWS services may work in every account of the organization.

https://docs.aws.amazon.com/organizations/latest/userguide/orgs_integrate_services.html
"""

import re
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

import msgspec

from trailwarden.auth.organization import DELEGATED_ADMINISTRATOR, ORGANIZATION
from trailwarden.services.call import Call
from trailwarden.services.organizations.access import managed, read_by_delegates, with_all_features
from trailwarden.services.organizations.errors import ConstraintViolationException, InvalidInputException
from trailwarden.services.organizations.paging import page
from trailwarden.services.registry import operation
from trailwarden.services.world import World

__all__ = [
    "check_service",
    "disable_aws_service_access",
    "enable_aws_service_access",
    "list_aws_service_access_for_organization",
]

_PRINCIPAL = re.compile(r"[a-z0-9-]+(\.[a-z0-9-]+)*\.amazonaws\.com\Z")


def _limited() -> ConstraintViolationException:
    """Services work together only in an organization with all features."""
    return ConstraintViolationException("ORGANIZATION_NOT_IN_ALL_FEATURES_MODE")


def check_service(principal: str) -> None:
    """InvalidInputException for what is no service principal."""
    if not _PRINCIPAL.match(principal):
        raise InvalidInputException("UNRECOGNIZED_SERVICE_PRINCIPAL")


@operation("organizations:EnableAWSServiceAccess")
def enable_aws_service_access(call: Call, world: World) -> None:
    """Let a service work in the organization; it makes its role when it first needs it.

    https://docs.aws.amazon.com/organizations/latest/APIReference/API_EnableAWSServiceAccess.html
    """
    organization = with_all_features(managed(call, world), _limited)
    principal = call.params["ServicePrincipal"]
    check_service(principal)
    services = {principal: call.now, **organization.enabled_services}
    world.put(ORGANIZATION, "", "", organization.id, msgspec.structs.replace(organization, enabled_services=services))


@operation("organizations:DisableAWSServiceAccess")
def disable_aws_service_access(call: Call, world: World) -> None:
    """Keep a service from working in the organization. Its delegated administrators lose the delegation.

    https://docs.aws.amazon.com/organizations/latest/APIReference/API_DisableAWSServiceAccess.html
    """
    organization = with_all_features(managed(call, world), _limited)
    principal = call.params["ServicePrincipal"]
    check_service(principal)
    services = {name: since for name, since in organization.enabled_services.items() if name != principal}
    world.put(ORGANIZATION, "", "", organization.id, msgspec.structs.replace(organization, enabled_services=services))
    for document in list(world.list(DELEGATED_ADMINISTRATOR, organization.id, "")):
        left = {name: since for name, since in document.body.services.items() if name != principal}
        if left:
            changed = msgspec.structs.replace(document.body, services=left)
            world.put(DELEGATED_ADMINISTRATOR, organization.id, "", document.name, changed)
        else:
            world.delete(DELEGATED_ADMINISTRATOR, organization.id, "", document.name)


@operation("organizations:ListAWSServiceAccessForOrganization")
def list_aws_service_access_for_organization(call: Call, world: World) -> Mapping[str, Any]:
    """List services with trusted access.

    https://docs.aws.amazon.com/organizations/latest/APIReference/API_ListAWSServiceAccessForOrganization.html
    """
    organization = with_all_features(read_by_delegates(call, world), _limited)
    return page(
        call,
        "EnabledServicePrincipals",
        list(organization.enabled_services),
        key=str,
        shown=lambda name: {
            "ServicePrincipal": name,
            "DateEnabled": datetime.fromtimestamp(organization.enabled_services[name], UTC),
        },
    )
