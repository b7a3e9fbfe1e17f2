"""Trails of an organization: who may own one, and which ones a member sees.

https://docs.aws.amazon.com/awscloudtrail/latest/userguide/creating-trail-organization.html
"""

from collections.abc import Sequence

import msgspec

from trailwarden.auth.identities import ACCOUNT
from trailwarden.delivery.trail import TRAIL, Trail
from trailwarden.errors import AwsError
from trailwarden.services.call import Call
from trailwarden.services.world import World

__all__ = ["OrganizationsNotInUseException", "may_own_organization_trail", "organization_of", "organization_trails"]


class OrganizationsNotInUseException(AwsError):
    """The request is made from an account that is not a member of an organization.

    https://docs.aws.amazon.com/awscloudtrail/latest/APIReference/API_CreateTrail.html
    """

    message = "This exception is thrown when the request is made from an AWS account that is not a member of an organization. To make this request, sign in using the credentials of an account that belongs to an organization."


def organization_of(world: World, account: str) -> str:
    """The id of the organization that an account belongs to, or ""."""
    found = world.find(ACCOUNT, account, "", account)
    return found.organization if found else ""


def may_own_organization_trail(call: Call, world: World, trail: Trail) -> Trail:
    """The trail as the organization's own. Every precondition is checked before anything is made.

    OrganizationsNotInUseException.

    https://docs.aws.amazon.com/awscloudtrail/latest/userguide/creating-an-organizational-trail-prepare.html
    """
    organization = organization_of(world, call.account)
    if not organization:
        raise OrganizationsNotInUseException
    return msgspec.structs.replace(trail, organization=organization)


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
