"""The configuration recorder and the delivery channel: what is stored of them, and how calls find them."""

from collections.abc import Mapping
from typing import Any

import msgspec

from trailwarden.arn import Arn
from trailwarden.auth.lookup import Answer
from trailwarden.auth.stages import Authenticated
from trailwarden.services.call import Call
from trailwarden.services.config.errors import NoSuchConfigurationRecorderException
from trailwarden.services.world import World
from trailwarden.storage.ports import Kind, Reader

__all__ = [
    "CHANNEL",
    "CONFIG_LOOKUPS",
    "RECORDER",
    "Channel",
    "Period",
    "Recorder",
    "find_recorder",
    "keep_recorder",
    "only_recorder",
]


class Period(msgspec.Struct, frozen=True, kw_only=True):
    """A time of recording, in seconds since the epoch; `end` None while it goes on. `group` is the recording group then."""

    start: float
    end: float | None = None
    group: dict[str, Any] = {}


class Recorder(msgspec.Struct, frozen=True, kw_only=True):
    """A customer managed recorder. Key: (account, region, name).

    https://docs.aws.amazon.com/config/latest/APIReference/API_ConfigurationRecorder.html
    """

    account: str
    region: str
    name: str
    id: str
    role: str
    group: dict[str, Any]
    mode: dict[str, Any]
    tags: dict[str, str] = {}
    periods: tuple[Period, ...] = ()

    @property
    def arn(self) -> str:
        """`arn:aws:config:us-east-1:123456789012:configuration-recorder/default/a1b2c3d4`."""
        resource = f"configuration-recorder/{self.name}/{self.id}"
        return str(Arn(service="config", region=self.region, account=self.account, resource=resource))

    @property
    def recording(self) -> bool:
        """Whether it runs."""
        return bool(self.periods) and self.periods[-1].end is None


class Channel(msgspec.Struct, frozen=True, kw_only=True):
    """A delivery channel. Key: (account, region, name). `settings` has the members of the structure DeliveryChannel.

    https://docs.aws.amazon.com/config/latest/APIReference/API_DeliveryChannel.html
    """

    name: str
    changed: float
    settings: dict[str, Any]


RECORDER = Kind("config.recorder", Recorder)
CHANNEL = Kind("config.channel", Channel)


def only_recorder(reader: Reader, account: str, region: str) -> Recorder | None:
    """The account's recorder in a Region."""
    found = reader.list(RECORDER, account, region, limit=1)
    return found[0].body if found else None


def find_recorder(call: Call, world: World, name: str) -> Recorder:
    """The recorder of that name. NoSuchConfigurationRecorderException."""
    found = world.find(RECORDER, call.account, call.region, name)
    if found is None:
        raise NoSuchConfigurationRecorderException(name=name)
    return found


def keep_recorder(world: World, recorder: Recorder, **changes: Any) -> None:
    """Write the recorder with changes."""
    changed = msgspec.structs.replace(recorder, **changes)
    world.put(RECORDER, recorder.account, recorder.region, recorder.name, changed)


def _arn(name: str, call: Authenticated, reader: Reader) -> str | None:
    document = reader.get(RECORDER, call.account, call.region, name)
    return document.body.arn if document else None


CONFIG_LOOKUPS: Mapping[str, Answer] = {"config.recorder": _arn}
"""ARNs that end in an id which the service made (`catalog.asking.Lookup`)."""
