"""Members of a call as a record spells them: names, dates, lists, redaction. Compiled once per shape.

https://docs.aws.amazon.com/awscloudtrail/latest/userguide/cloudtrail-event-reference-record-contents.html
"""

import calendar
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from trailwarden.events.redact import OMITTED, redaction
from trailwarden.wire.model import Shape

__all__ = ["Plans", "Render", "english", "lower_first"]

Render = Callable[[Any], Any]

_NOON = 12
_MILLISECONDS = 1_000


def lower_first(name: str) -> str:
    """`TrailARN` → `trailARN`, `S3BucketName` → `s3BucketName`: only the first letter changes."""
    return name[:1].lower() + name[1:]


def _moment(time: datetime | float) -> datetime:
    """Handlers may give times as seconds since the epoch."""
    return time.astimezone(UTC) if isinstance(time, datetime) else datetime.fromtimestamp(time, UTC)


def english(time: datetime | float, *, comma: bool = True) -> str:
    """`Nov 30, 2024, 8:43:17 PM`; IAM's older form has no comma behind the year."""
    moment = _moment(time)
    month = calendar.month_abbr[moment.month]
    hour = moment.hour % _NOON or _NOON
    half = "AM" if moment.hour < _NOON else "PM"
    mark = "," if comma else ""
    return f"{month} {moment.day}, {moment.year}{mark} {hour}:{moment:%M:%S} {half}"


def _without_comma(time: datetime | float) -> str:
    return english(time, comma=False)


def _milliseconds(time: datetime | float) -> int:
    return int(_moment(time).timestamp() * _MILLISECONDS)


_AS_MODELLED = frozenset({"account", "ce", "devops-guru", "resource-explorer-2"})
"""Services whose records keep the model's own spelling."""

_DATES: Mapping[str, Render] = {"iam": _without_comma, "ec2": _milliseconds}


@dataclass(eq=False, slots=True)
class Plans:
    """Renderers for the shapes of one service, each compiled when first met.

    A structure's renderer takes the model's member names and gives the record's; what the model does not know, what is
    None and what must not be shown is left out.
    """

    service: str
    _known: dict[str, Render] = field(default_factory=dict)

    def render(self, shape: Shape) -> Render:
        """The renderer of a shape; recursive shapes find themselves."""
        known = self._known.get(shape.name)
        if known is not None:
            return known
        name = shape.name
        self._known[name] = lambda value: self._known[name](value)  # noqa: PLW0108 — the entry is replaced below
        self._known[name] = made = self._made(shape)
        return made

    def _made(self, shape: Shape) -> Render:
        if shape.type == "structure":
            return self._structure(shape)
        if shape.type == "list":
            return self._list(shape)
        if shape.type == "map":
            return self._map(shape)
        if shape.type == "timestamp":
            return _DATES.get(self.service, english)
        return _same

    def _structure(self, shape: Shape) -> Render:
        shown: dict[str, tuple[str, Render | None]] = {}
        for member, inner in shape.members.items():
            instead = redaction(self.service, member, inner)
            if instead is OMITTED:
                continue
            name = self._name(member, inner)
            render = self.render(inner) if instead is None else _constant(instead)
            shown[member] = (name, None if render is _same else render)

        def structure(value: Mapping[str, Any]) -> dict[str, Any]:
            told: dict[str, Any] = {}
            for member, given in value.items():
                plan = shown.get(member)
                if plan is None or given is None:
                    continue
                name, render = plan
                told[name] = given if render is None else render(given)
            return told

        return structure

    def _list(self, shape: Shape) -> Render:
        """EC2 wraps every list as `{"items": [...]}`, elsewhere a list is a list."""
        instead = redaction(self.service, "", shape.member)
        if instead is OMITTED:
            return lambda _: []
        render = self.render(shape.member) if instead is None else _constant(instead)
        if self.service == "ec2":
            return lambda value: {"items": [render(each) for each in value]} if value else {}
        if render is _same:
            return list
        return lambda value: [render(each) for each in value]

    def _map(self, shape: Shape) -> Render:
        """Keys of a map are the client's own words and stay as they are."""
        instead = redaction(self.service, "", shape.value)
        if instead is OMITTED:
            return lambda _: {}
        render = self.render(shape.value) if instead is None else _constant(instead)
        return lambda value: {key: render(each) for key, each in value.items()}

    def _name(self, member: str, shape: Shape) -> str:
        if self.service in _AS_MODELLED:
            return member
        if self.service != "ec2" or shape.type != "list":
            return lower_first(member)
        singular = shape.wire_name or member
        return lower_first(singular if singular.endswith("Set") else f"{singular}Set")


def _same(value: Any) -> Any:
    return value


def _constant(instead: object) -> Render:
    return lambda _: instead
