"""From the name or ARN a client gives to the trail it means."""

from trailwarden.auth.organization import membership
from trailwarden.delivery.trail import TRAIL, Trail
from trailwarden.errors import AwsError
from trailwarden.services.call import Call
from trailwarden.services.cloudtrail.errors import InvalidHomeRegionException, TrailNotFoundException
from trailwarden.services.cloudtrail.names import CloudTrailARNInvalidException, TrailReference, trail_reference
from trailwarden.services.cloudtrail.organization import administers, organization_of
from trailwarden.services.world import World

__all__ = ["AccessDeniedException", "find_trail", "home_trail", "operated_trail", "sees", "visible_trails"]


class AccessDeniedException(AwsError):
    """A member may look at its organization's trail, and change nothing in it. No policy can allow that.

    https://docs.aws.amazon.com/awscloudtrail/latest/userguide/creating-trail-organization.html
    """

    message = "Access Denied: You do not have permission to operate on this resource"


def find_trail(call: Call, world: World, given: str) -> Trail:
    """The trail to read: a bare name means the trail of this account whose home is this Region, an ARN any Region's.

    TrailNotFoundException, InvalidTrailNameException, CloudTrailARNInvalidException.

    https://docs.aws.amazon.com/awscloudtrail/latest/APIReference/API_GetTrailStatus.html
    """
    reference = trail_reference(given, account=call.account, region=call.region)
    trail = world.find(TRAIL, reference.account, reference.region, reference.name)
    if trail is None or not sees(call, world, trail):
        _refuse_foreign(call, reference)
        raise TrailNotFoundException(arn=reference.arn, account=call.account)
    return trail


def operated_trail(call: Call, world: World, given: str, refusal: AwsError | None = None) -> Trail:
    """The trail to read where members may not: what an organization's trail selects is for its administrators.

    As `find_trail`; `refusal` (CloudTrailARNInvalidException) for members.

    https://docs.aws.amazon.com/awscloudtrail/latest/APIReference/API_GetEventSelectors.html
    """
    trail = find_trail(call, world, given)
    if not _operates(call, world, trail):
        if refusal is not None:
            raise refusal
        _refuse_foreign(call, trail_reference(given, account=call.account, region=call.region))
    return trail


def home_trail(call: Call, world: World, given: str, refusal: AwsError | None = None) -> Trail:
    """The trail to change, which must be done in its home Region.

    As `find_trail`; `refusal` (AccessDeniedException) for a member's shadow of an organization trail,
    InvalidHomeRegionException elsewhere.

    https://docs.aws.amazon.com/awscloudtrail/latest/APIReference/API_UpdateTrail.html
    """
    trail = find_trail(call, world, given)
    if not _operates(call, world, trail):
        raise refusal or AccessDeniedException()
    if trail.home_region != call.region:
        raise InvalidHomeRegionException(arn=trail.arn, home=trail.home_region)
    return trail


def visible_trails(call: Call, world: World) -> list[Trail]:
    """Every trail of the account, home Region by home Region."""
    return [document.body for document in world.list(TRAIL, call.account)]


def sees(call: Call, world: World, trail: Trail) -> bool:
    """Whether the trail is the caller's own, or one of the caller's organization.

    https://docs.aws.amazon.com/awscloudtrail/latest/userguide/creating-trail-organization.html
    """
    if trail.account == call.account:
        return True
    return bool(trail.organization) and trail.organization == organization_of(world, call.account)


def _operates(call: Call, world: World, trail: Trail) -> bool:
    """Whether the trail is the account's own, or the account administers the organization's trails."""
    if trail.account == call.account:
        return True
    place = membership(call.account, world.transaction)
    return place is not None and administers(world, place.organization, call.account)


def _refuse_foreign(call: Call, reference: TrailReference) -> None:
    if reference.account != call.account:
        raise CloudTrailARNInvalidException(
            reason=f"AccountID in ARN is wrong, you can only access resources with AccountID {call.account}"
        )
