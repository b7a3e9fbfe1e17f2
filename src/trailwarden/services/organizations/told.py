"""Events that Organizations tells by itself.

https://docs.aws.amazon.com/organizations/latest/userguide/orgs_cloudtrail-integration.html
"""

from trailwarden.clock import iso
from trailwarden.services.organizations.transfers import Side, Transfer
from trailwarden.services.service_events import service_event
from trailwarden.services.world import World
from trailwarden.storage.ports import Entry

__all__ = ["terminated"]

_REGION = "us-east-1"
"""Organizations records its events there alone."""


def terminated(world: World, transfer: Transfer, side: Side) -> Entry:
    """`ResponsibilityTransferTerminated`, for one of the two accounts.

    https://docs.aws.amazon.com/organizations/latest/APIReference/API_TerminateResponsibilityTransfer.html
    """
    return service_event(
        world,
        side.account,
        source="organizations.amazonaws.com",
        name="ResponsibilityTransferTerminated",
        region=_REGION,
        told={
            "serviceEventDetails": {
                "responsibilityTransferId": transfer.id,
                "type": transfer.type,
                "sourceManagementAccountId": transfer.source.account,
                "targetManagementAccountId": transfer.target.account,
                "endTimestamp": iso(transfer.end or world.now),
            }
        },
    )
