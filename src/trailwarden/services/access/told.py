"""The event that tells of an expiry, which nobody calls for.

https://docs.aws.amazon.com/awscloudtrail/latest/userguide/non-api-aws-service-events.html
"""

from trailwarden.auth.identities import ACCOUNT
from trailwarden.clock import iso
from trailwarden.events.cut import bounded, shortened
from trailwarden.services.access.request import AccessRequest
from trailwarden.services.world import World
from trailwarden.storage.ports import Entry

__all__ = ["expiry_event"]

_SOURCE, _NAME = "trailwarden", "ExpireAccessRequest"


def expiry_event(request: AccessRequest, world: World, failure: str) -> Entry:
    """The record that a request is over; `failure` tells why its change still stands, "" where it does not."""
    account = world.find(ACCOUNT, request.account, "", request.account)
    event_id = world.chance.uuid()
    record = {
        "eventVersion": "1.11",
        "userIdentity": {"accountId": request.account, "invokedBy": _SOURCE},
        "eventTime": iso(world.now),
        "eventSource": _SOURCE,
        "eventName": _NAME,
        "awsRegion": request.region,
        "sourceIPAddress": _SOURCE,
        "userAgent": _SOURCE,
        **({"errorCode": "ChangedSinceException", "errorMessage": shortened(failure)} if failure else {}),
        "requestParameters": None,
        "responseElements": None,
        "eventID": event_id,
        "readOnly": False,
        "eventType": "AwsServiceEvent",
        "managementEvent": True,
        "recipientAccountId": request.account,
        "serviceEventDetails": {
            "accessRequestId": request.id,
            "state": request.state,
            "requester": request.requester,
            "decidedBy": request.decided_by,
        },
        "eventCategory": "Management",
    }
    return Entry(
        event_id=event_id,
        time=world.now,
        account=request.account,
        region=request.region,
        category="Management",
        source=_SOURCE,
        name=_NAME,
        read_only=False,
        record=bounded(record),
        organization=account.organization if account else "",
    )
