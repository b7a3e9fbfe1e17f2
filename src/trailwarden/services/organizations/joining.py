"""What happens to an account that joins an organization, or goes.

https://docs.aws.amazon.com/organizations/latest/userguide/orgs_manage_accounts.html
"""

import msgspec

from trailwarden.auth.identities import ACCOUNT
from trailwarden.auth.organization import DELEGATED_ADMINISTRATOR, MEMBER_ACCOUNT, MemberAccount, Organization
from trailwarden.services.linked_services import LINKED
from trailwarden.services.new_roles import drop_linked_role, ensure_linked_role, linked_role_of
from trailwarden.services.organizations.ids import account_arn
from trailwarden.services.world import World

__all__ = ["ORGANIZATIONS", "drop", "enroll"]

ORGANIZATIONS = "organizations.amazonaws.com"


def enroll(world: World, organization: Organization, account: str, *, joined_method: str) -> MemberAccount:
    """Put an account of this server below the root. Trusted services make their roles in it.

    https://docs.aws.amazon.com/organizations/latest/userguide/orgs_integrate_services-using_slrs.html
    """
    standing = world.transaction.get(ACCOUNT, account, "", account)
    if standing is None:
        raise LookupError(account)
    member = MemberAccount(
        id=account,
        arn=account_arn(organization.id, organization.management_account, account),
        name=standing.body.name,
        email=standing.body.email,
        parent=organization.root,
        joined_method=joined_method,
        joined=world.now,
    )
    world.put(MEMBER_ACCOUNT, organization.id, "", account, member)
    world.put(ACCOUNT, account, "", account, msgspec.structs.replace(standing.body, organization=organization.id))
    ensure_linked_role(world, account, ORGANIZATIONS)
    for service in _following(world, organization):
        ensure_linked_role(world, account, service)
    return member


def drop(world: World, organization: Organization, account: str) -> None:
    """Take an account out. The roles that trusted services made for the organization go with it."""
    standing = world.find(ACCOUNT, account, "", account)
    world.delete(MEMBER_ACCOUNT, organization.id, "", account)
    world.delete(DELEGATED_ADMINISTRATOR, organization.id, "", account)
    if standing is not None:
        world.put(ACCOUNT, account, "", account, msgspec.structs.replace(standing, organization=""))
    for service in _following(world, organization):
        drop_linked_role(world, account, service)


def _following(world: World, organization: Organization) -> list[str]:
    """Trusted services that work in every account: those whose role the management account has."""
    return [
        service
        for service in organization.enabled_services
        if service in LINKED and linked_role_of(world, organization.management_account, service) is not None
    ]
