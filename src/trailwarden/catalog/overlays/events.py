"""EventBridge: https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-use-identity-based.html."""

import json
from collections.abc import Callable, Iterator, Mapping

from trailwarden.arn import Arn
from trailwarden.catalog.asking import Ask, Resolver, Target, Value
from trailwarden.catalog.overlay import Overlay

__all__ = ["TABLES"]

_DEFAULT = "default"
_PATTERN_KEYS = {
    "events:source": "source",
    "events:detail-type": "detail-type",
    "events:detail.service": "detail.service",
    "events:detail.eventTypeCode": "detail.eventTypeCode",
    "events:detail.userIdentity.principalId": "detail.userIdentity.principalId",
}


def _bus_name(given: str) -> str:
    return given.partition(":event-bus/")[2] if given.startswith("arn:") else given


def _rule(ask: Ask) -> str:
    """A rule's ARN carries its bus, save for the default one; a bus given by ARN also tells Region and account."""
    given = ask.text("EventBusName") or _DEFAULT
    name = ask.text("Rule") or ask.text("Name") or "*"
    bus = _bus_name(given) or "*"
    arn = Arn.parse(given)
    return ask.arn(
        f"rule/{name}" if bus == _DEFAULT else f"rule/{bus}/{name}",
        region=arn.region if arn else None,
        account=arn.account if arn else None,
    )


def _default_rule(ask: Ask) -> Iterator[Target]:
    if (_bus_name(ask.text("EventBusName")) or _DEFAULT) == _DEFAULT:
        yield Target(_rule(ask))


def _custom_rule(ask: Ask) -> Iterator[Target]:
    if (_bus_name(ask.text("EventBusName")) or _DEFAULT) != _DEFAULT:
        yield Target(_rule(ask))


def _buses(ask: Ask) -> tuple[Target, ...]:
    return ask.named("Name", "event-bus/{}") or ask.named("EventBusName", "event-bus/{}")


def _put_to(ask: Ask) -> tuple[Target, ...]:
    """Each entry names its bus, or means the default one."""
    given = [str(entry.get("EventBusName") or _DEFAULT) for entry in ask.at("Entries") if isinstance(entry, Mapping)]
    buses = dict.fromkeys(given or [_DEFAULT])
    return tuple(Target(bus if bus.startswith("arn:") else ask.arn(f"event-bus/{bus}")) for bus in buses)


def _described_bus(ask: Ask) -> tuple[Target, ...]:
    return _buses(ask) or (Target(ask.arn(f"event-bus/{_DEFAULT}")),)


def _named(kind: str, *members: str) -> Resolver:
    return lambda ask: tuple(target for member in members for target in ask.named(member, f"{kind}/{{}}"))[:1]


def _with_connection(ask: Ask) -> Iterator[Target]:
    yield from ask.named("Name", "api-destination/{}")
    yield from (Target(given) for given in ask.texts("ConnectionArn"))


def _archived(ask: Ask) -> Iterator[Target]:
    yield from ask.named("ArchiveName", "archive/{}")
    yield from (Target(given) for given in ask.texts("EventSourceArn"))


def _replayed(ask: Ask) -> Iterator[Target]:
    yield from (Target(given) for given in ask.texts("EventSourceArn"))
    yield from (Target(given) for given in ask.texts("Destination.Arn"))
    yield from ask.named("ReplayName", "replay/{}")


def _given(ask: Ask) -> tuple[Target, ...]:
    return tuple(Target(given) for given in ask.texts("ResourceARN"))


def _pattern(path: str) -> Callable[[Ask], Value | None]:
    """A part of the rule's event pattern; PutEvents gives it in its entries."""

    def read(ask: Ask) -> Value | None:
        if ask.operation == "PutEvents":
            member = {"source": "Source", "detail-type": "DetailType"}.get(path, "")
            return tuple(dict.fromkeys(ask.texts(f"Entries[].{member}"))) or None
        try:
            part: object = json.loads(ask.text("EventPattern") or "{}")
        except (ValueError, RecursionError):
            return None
        for step in path.split("."):
            part = part.get(step) if isinstance(part, Mapping) else None
        values = part if isinstance(part, list) else []
        return tuple(value for value in values if isinstance(value, str)) or None

    return read


TABLES: Mapping[str, Overlay] = {
    "events": Overlay(
        types={
            "rule-on-default-event-bus": _default_rule,
            "rule-on-custom-event-bus": _custom_rule,
            "event-bus": _buses,
            "archive": _named("archive", "ArchiveName"),
            "replay": _named("replay", "ReplayName"),
            "connection": _named("connection", "Name"),
            "api-destination": _named("api-destination", "Name"),
            "endpoint": _named("endpoint", "Name"),
            "event-source": _named("event-source", "Name", "EventSourceName"),
        },
        targets={
            "PutEvents": _put_to,
            "DescribeEventBus": _described_bus,
            "UpdateEventBus": _described_bus,
            "CreateApiDestination": _with_connection,
            "UpdateApiDestination": _with_connection,
            "DescribeApiDestination": _named("api-destination", "Name"),
            "CreateArchive": _archived,
            "StartReplay": _replayed,
            **dict.fromkeys(("ListTagsForResource", "TagResource", "UntagResource"), _given),
        },
        keys={
            **{key: _pattern(path) for key, path in _PATTERN_KEYS.items()},
            "events:TargetArn": lambda ask: ask.texts("Targets[].Arn") or None,
            "events:creatorAccount": lambda ask: ask.account,
            "events:EventBusArn": lambda ask: ask.texts("EventBuses[].EventBusArn") or None,
        },
    )
}
