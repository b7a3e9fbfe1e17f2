"""Events that nobody calls for: a service tells of what it did itself.

https://docs.aws.amazon.com/awscloudtrail/latest/userguide/non-api-aws-service-events.html
"""

from collections.abc import Mapping
from typing import Any

from trailwarden.auth.identities import ACCOUNT
from trailwarden.clock import iso
from trailwarden.events.cut import bounded
from trailwarden.services.world import World
from trailwarden.storage.ports import Entry

__all__ = ["service_event"]


def service_event(
    world: World,
    account: str,
    *,
    source: str,
    name: str,
    region: str,
    told: Mapping[str, Any],
) -> Entry:
    """The record, for the account that it concerns. `told` holds serviceEventDetails, and the error where there was one."""
    standing = world.find(ACCOUNT, account, "", account)
    event_id = world.chance.timely_uuid(world.now)
    record = {
        "eventVersion": "1.11",
        "userIdentity": {"accountId": account, "invokedBy": source},
        "eventTime": iso(world.now),
        "eventSource": source,
        "eventName": name,
        "awsRegion": region,
        "sourceIPAddress": source,
        "userAgent": source,
        "requestParameters": None,
        "responseElements": None,
        "eventID": event_id,
        "readOnly": False,
        "eventType": "AwsServiceEvent",
        "managementEvent": True,
        "recipientAccountId": account,
        **told,
        "eventCategory": "Management",
    }
    return Entry(
        event_id=event_id,
        time=world.now,
        account=account,
        region=region,
        category="Management",
        source=source,
        name=name,
        read_only=False,
        record=bounded(record),
        organization=standing.organization if standing else "",
    )
