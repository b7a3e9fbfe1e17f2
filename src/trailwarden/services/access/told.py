"""The event that tells of an expiry, which nobody calls for.

https://docs.aws.amazon.com/awscloudtrail/latest/userguide/non-api-aws-service-events.html
"""

from trailwarden.events.cut import shortened
from trailwarden.services.access.request import AccessRequest
from trailwarden.services.service_events import service_event
from trailwarden.services.world import World
from trailwarden.storage.ports import Entry

__all__ = ["expiry_event"]


def expiry_event(request: AccessRequest, world: World, failure: str) -> Entry:
    """The record that a request is over; `failure` tells why its change still stands, "" where it does not."""
    return service_event(
        world,
        request.account,
        source="trailwarden",
        name="ExpireAccessRequest",
        region=request.region,
        told={
            **({"errorCode": "ChangedSinceException", "errorMessage": shortened(failure)} if failure else {}),
            "serviceEventDetails": {
                "accessRequestId": request.id,
                "state": request.state,
                "requester": request.requester,
                "decidedBy": request.decided_by,
            },
        },
    )
