"""Whose organization it is, and whether the caller's account may do this in it.

Most operations belong to the management account. Accounts that administer a service for the organization may read too,
and the organization's resource policy may let members read or change policies.

https://docs.aws.amazon.com/organizations/latest/userguide/orgs_delegate_policies.html
"""

from collections.abc import Callable
from dataclasses import replace

from trailwarden.auth.compiled import compiled
from trailwarden.auth.organization import DELEGATED_ADMINISTRATOR, RESOURCE_POLICY, Organization, membership
from trailwarden.auth.stages import Judged
from trailwarden.policy import Layer, Policy, PolicySet, Source, compile_policy, evaluate
from trailwarden.services.call import Call
from trailwarden.services.organizations.errors import AccessDeniedException, AWSOrganizationsNotInUseException
from trailwarden.services.world import World

__all__ = ["changed_by_delegates", "managed", "own", "read_by_delegates", "with_all_features"]

_EVERYTHING = compile_policy(
    '{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"*","Resource":"*"}]}',
    Source(layer=Layer.IDENTITY, id="organization"),
)


def own(call: Call, world: World) -> Organization:
    """The organization of the caller's account, for what every member may do. AWSOrganizationsNotInUseException."""
    place = membership(call.account, world.transaction)
    if place is None:
        raise AWSOrganizationsNotInUseException
    return place.organization


def managed(call: Call, world: World) -> Organization:
    """The organization that the caller's account manages. AWSOrganizationsNotInUseException, AccessDeniedException."""
    organization = own(call, world)
    if organization.management_account != call.account:
        raise AccessDeniedException
    return organization


def with_all_features(organization: Organization, error: Callable[[], Exception]) -> Organization:
    """The organization, or `error` where it only shares its bills."""
    if organization.feature_set != "ALL":
        raise error()
    return organization


def read_by_delegates(call: Call, world: World) -> Organization:
    """The organization, for reads: of the management account, delegated administrators, and whom its policy lets."""
    organization = own(call, world)
    if (
        organization.management_account == call.account
        or world.find(DELEGATED_ADMINISTRATOR, organization.id, "", call.account) is not None
        or _policy_lets(call, world, organization)
    ):
        return organization
    raise AccessDeniedException


def changed_by_delegates(call: Call, world: World) -> Organization:
    """The organization, for changes of policies: of the management account, and whom the organization's policy lets."""
    organization = own(call, world)
    if organization.management_account == call.account or _policy_lets(call, world, organization):
        return organization
    raise AccessDeniedException


def _policy_lets(call: Call, world: World, organization: Organization) -> bool:
    """Whether the resource policy allows each permission of the call to the caller, seen from the management account."""
    standing = world.find(RESOURCE_POLICY, organization.id, "", organization.id)
    judged = call.authorized.judged
    if standing is None or not judged:
        return False
    source = Source(layer=Layer.RESOURCE, id=standing.arn, attached_to=standing.arn)
    policy = compiled(standing.content, source)
    return all(_lets(policy, each, organization) for each in judged)


def _lets(policy: Policy, judged: Judged, organization: Organization) -> bool:
    request = replace(judged.request, resource_account=organization.management_account)
    return evaluate(request, PolicySet(identity=(_EVERYTHING,), resource=(policy,))).allowed
