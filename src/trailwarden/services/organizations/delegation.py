"""Delegated administrators: members that administer a service for the whole organization.

https://docs.aws.amazon.com/organizations/latest/userguide/orgs_integrate_delegated_admin.html
"""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from trailwarden.auth.organization import (
    DELEGATED_ADMINISTRATOR,
    DelegatedAdministrator,
    MemberAccount,
    Organization,
)
from trailwarden.errors import AwsError
from trailwarden.services.call import Call
from trailwarden.services.organizations.access import managed, read_by_delegates
from trailwarden.services.organizations.accounts import member_shown
from trailwarden.services.organizations.errors import ConstraintViolationException
from trailwarden.services.organizations.finding import account_of, services_delegated_to
from trailwarden.services.organizations.paging import page
from trailwarden.services.organizations.service_access import check_service
from trailwarden.services.registry import operation
from trailwarden.services.world import World

__all__ = [
    "AccountAlreadyRegisteredException",
    "AccountNotRegisteredException",
    "deregister_delegated_administrator",
    "list_delegated_administrators",
    "list_delegated_services_for_account",
    "register_delegated_administrator",
]

_MOST = {"cloudtrail.amazonaws.com": 3, "organizations.amazonaws.com": 1}
_USUAL = 50
"""https://docs.aws.amazon.com/awscloudtrail/latest/userguide/cloudtrail-delegated-administrator.html (three)."""


class AccountAlreadyRegisteredException(AwsError):
    """The account administers the service.

    https://docs.aws.amazon.com/organizations/latest/APIReference/API_RegisterDelegatedAdministrator.html
    """

    message = "The provided account is already a delegated administrator for your organization."


class AccountNotRegisteredException(AwsError):
    """The account does not administer the service.

    https://docs.aws.amazon.com/organizations/latest/APIReference/API_DeregisterDelegatedAdministrator.html
    """

    message = "The provided account is not a registered delegated administrator for your organization."


@operation("organizations:RegisterDelegatedAdministrator")
def register_delegated_administrator(call: Call, world: World) -> None:
    """Let a member administer a service. No service is told: CloudTrail makes no role in the management account for this.

    https://docs.aws.amazon.com/organizations/latest/APIReference/API_RegisterDelegatedAdministrator.html
    """
    organization = managed(call, world)
    account, service = account_of(world, organization, call.params["AccountId"]), call.params["ServicePrincipal"]
    check_service(service)
    _check_candidate(organization, account, service)
    standing = services_delegated_to(world, organization, account.id)
    if service in standing:
        raise AccountAlreadyRegisteredException
    if len(_administrators(world, organization, service)) >= _MOST.get(service, _USUAL):
        raise ConstraintViolationException("MAX_DELEGATED_ADMINISTRATORS_FOR_SERVICE_LIMIT_EXCEEDED")
    registered = DelegatedAdministrator(account=account.id, services={**standing, service: call.now})
    world.put(DELEGATED_ADMINISTRATOR, organization.id, "", account.id, registered)


@operation("organizations:DeregisterDelegatedAdministrator")
def deregister_delegated_administrator(call: Call, world: World) -> None:
    """Take a service from a member that administers it.

    https://docs.aws.amazon.com/organizations/latest/APIReference/API_DeregisterDelegatedAdministrator.html
    """
    organization = managed(call, world)
    account, service = account_of(world, organization, call.params["AccountId"]), call.params["ServicePrincipal"]
    check_service(service)
    services = services_delegated_to(world, organization, account.id)
    if service not in services:
        raise AccountNotRegisteredException
    del services[service]
    if services:
        left = DelegatedAdministrator(account=account.id, services=services)
        world.put(DELEGATED_ADMINISTRATOR, organization.id, "", account.id, left)
    else:
        world.delete(DELEGATED_ADMINISTRATOR, organization.id, "", account.id)


@operation("organizations:ListDelegatedAdministrators")
def list_delegated_administrators(call: Call, world: World) -> Mapping[str, Any]:
    """List members that administer a service, or any.

    https://docs.aws.amazon.com/organizations/latest/APIReference/API_ListDelegatedAdministrators.html
    """
    organization = read_by_delegates(call, world)
    service = call.params.get("ServicePrincipal", "")
    if service:
        check_service(service)

    def shown(administrator: DelegatedAdministrator) -> dict[str, Any]:
        since = administrator.services.get(service) or min(administrator.services.values())
        member = member_shown(account_of(world, organization, administrator.account))
        return {**member, "DelegationEnabledDate": datetime.fromtimestamp(since, UTC)}

    administrators = _administrators(world, organization, service)
    return page(call, "DelegatedAdministrators", administrators, key=lambda each: each.account, shown=shown)


@operation("organizations:ListDelegatedServicesForAccount")
def list_delegated_services_for_account(call: Call, world: World) -> Mapping[str, Any]:
    """List the services that a member administers.

    https://docs.aws.amazon.com/organizations/latest/APIReference/API_ListDelegatedServicesForAccount.html
    """
    organization = read_by_delegates(call, world)
    account = account_of(world, organization, call.params["AccountId"])
    services = services_delegated_to(world, organization, account.id)
    if not services:
        raise AccountNotRegisteredException
    return page(
        call,
        "DelegatedServices",
        list(services),
        key=str,
        shown=lambda name: {
            "ServicePrincipal": name,
            "DelegationEnabledDate": datetime.fromtimestamp(services[name], UTC),
        },
    )


def _check_candidate(organization: Organization, account: MemberAccount, service: str) -> None:
    if account.id == organization.management_account:
        raise ConstraintViolationException("CANNOT_REGISTER_MASTER_AS_DELEGATED_ADMINISTRATOR")
    if account.status == "SUSPENDED":
        raise ConstraintViolationException("CANNOT_REGISTER_SUSPENDED_ACCOUNT_AS_DELEGATED_ADMINISTRATOR")
    if service not in organization.enabled_services:
        raise ConstraintViolationException("SERVICE_ACCESS_NOT_ENABLED")


def _administrators(world: World, organization: Organization, service: str) -> list[DelegatedAdministrator]:
    every = (document.body for document in world.list(DELEGATED_ADMINISTRATOR, organization.id, ""))
    return [each for each in every if not service or service in each.services]
