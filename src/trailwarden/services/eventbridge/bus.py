"""An event bus: what is stored of it, and how calls name it."""

from typing import Any

import msgspec

from trailwarden.arn import Arn
from trailwarden.auth.identities import ACCOUNT
from trailwarden.services.call import Call
from trailwarden.services.eventbridge.errors import ResourceNotFound
from trailwarden.services.world import World
from trailwarden.storage.ports import Kind, Reader

__all__ = ["BUS", "DEFAULT", "Bus", "bus_at", "bus_name", "find_bus", "keep_bus", "place_of_bus"]

DEFAULT = "default"
_PREFIX = "event-bus/"


class Bus(msgspec.Struct, frozen=True, kw_only=True):
    """An event bus. Key: (account, region, name). `settings` are descriptions and configurations as they came.

    https://docs.aws.amazon.com/eventbridge/latest/APIReference/API_EventBus.html
    """

    account: str
    region: str
    name: str
    created: float
    modified: float
    policy: str = ""
    settings: dict[str, Any] = {}
    tags: dict[str, str] = {}

    @property
    def arn(self) -> str:
        """`arn:aws:events:us-east-1:123456789012:event-bus/name`."""
        return str(Arn(service="events", region=self.region, account=self.account, resource=f"{_PREFIX}{self.name}"))


BUS = Kind("events.bus", Bus)


def bus_at(reader: Reader, account: str, region: str, name: str) -> Bus | None:
    """The bus of that name; every account has a default one in each Region.

    https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-event-bus.html
    """
    document = reader.get(BUS, account, region, name)
    if document is not None or name != DEFAULT:
        return document.body if document else None
    owner = reader.get(ACCOUNT, account, "", account)
    if owner is None:
        return None
    return Bus(account=account, region=region, name=name, created=owner.body.created, modified=owner.body.created)


def bus_name(given: str) -> str:
    """The name in a name or an ARN; the default bus where nothing is given."""
    return (given.partition(f":{_PREFIX}")[2] if given.startswith("arn:") else given) or DEFAULT


def place_of_bus(given: str, *, account: str, region: str) -> tuple[str, str, str]:
    """Account, Region and name of a bus; an ARN says its own."""
    arn = Arn.parse(given) if given.startswith("arn:") else None
    return (arn.account, arn.region, bus_name(given)) if arn else (account, region, bus_name(given))


def find_bus(call: Call, world: World, given: str) -> Bus:
    """The bus that a call names. ResourceNotFound."""
    account, region, name = place_of_bus(given or "", account=call.account, region=call.region)
    bus = bus_at(world.transaction, account, region, name)
    if bus is None:
        raise ResourceNotFound(reason=f"Event bus {name} does not exist.")
    return bus


def keep_bus(world: World, bus: Bus, **changes: Any) -> None:
    """Write the bus with changes."""
    world.put(BUS, bus.account, bus.region, bus.name, msgspec.structs.replace(bus, **changes))
