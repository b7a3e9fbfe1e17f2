"""CloudTrail's resources that have tags or resource-based policies, by ARN.

https://docs.aws.amazon.com/service-authorization/latest/reference/list_awscloudtrail.html#awscloudtrail-resources-for-iam-policies
"""

from collections.abc import Mapping
from typing import Any

import msgspec

from trailwarden.arn import Arn
from trailwarden.delivery.trail import TRAIL, Trail
from trailwarden.lake.store import STORE, EventDataStore
from trailwarden.services.cloudtrail.channel import CHANNEL, Channel
from trailwarden.services.cloudtrail.dashboard import DASHBOARD, Dashboard
from trailwarden.services.world import World
from trailwarden.storage.ports import Kind, Reader

__all__ = ["Resource", "change_resource", "resource_of"]

Resource = Trail | EventDataStore | Channel | Dashboard

_KINDS: Mapping[str, Kind[Any]] = {
    "trail": TRAIL,
    "eventdatastore": STORE,
    "channel": CHANNEL,
    "dashboard": DASHBOARD,
}


def resource_of(reader: Reader, arn: Arn) -> Resource | None:
    """The resource of that ARN; None where there is none, or its type is unknown."""
    kind = _KINDS.get(arn.type)
    document = reader.get(kind, arn.account, arn.region, _name(arn)) if kind is not None else None
    if document is None:
        return None
    found: Resource = document.body
    return found


def change_resource(world: World, arn: Arn, resource: Resource, **changes: Any) -> None:
    """Write the resource of that ARN with some fields changed."""
    world.put(_KINDS[arn.type], arn.account, arn.region, _name(arn), msgspec.structs.replace(resource, **changes))


def _name(arn: Arn) -> str:
    return arn.resource.removeprefix(f"{arn.type}/")
