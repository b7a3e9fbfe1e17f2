"""What the archive cannot derive, told by hand: one table for each service.

A table says how members name resources of a type, which operations bear another action's name, which condition keys come
from which members, and which further permissions an operation asks for. All else follows from the reference.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from importlib import import_module

from trailwarden.catalog.asking import Ask, KeyValue, Resolver, Rule, Value

__all__ = ["EMPTY", "Overlay", "overlay_of"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Overlay:
    """One service's table.

    `types`: resource type in lower case → how members name such resources. `actions`: operation → action of another name.
    `targets`: operation → its resources, where the types do not tell. `keys`: condition key → its value, applied where the
    reference lists the key for the action; `context`: keys of every call, besides. `more`: operation → checks after the first one.
    `whole`: operation → all its checks. `unnamed`: how a denial names "*" (`Check.named`).
    """

    types: Mapping[str, Resolver] = field(default_factory=dict)
    actions: Mapping[str, str] = field(default_factory=dict)
    targets: Mapping[str, Resolver] = field(default_factory=dict)
    keys: Mapping[str, KeyValue] = field(default_factory=dict)
    context: Callable[[Ask], Mapping[str, Value]] | None = None
    more: Mapping[str, Rule] = field(default_factory=dict)
    whole: Mapping[str, Rule] = field(default_factory=dict)
    unnamed: str | None = ""


EMPTY = Overlay()

_HOMES: Mapping[str, str] = {
    "cloudtrail": "cloudtrail",
    "cloudtrail-data": "cloudtrail",
    "config": "config",
    "dynamodb": "data_planes",
    "ecs": "data_planes",
    "events": "events",
    "iam": "iam",
    "iam-toolbox": "iam",
    "kms": "kms",
    "lambda": "data_planes",
    "logs": "logs",
    "organizations": "organizations",
    "s3": "s3",
    "sns": "sns",
    "sqs": "sqs",
    "ssm": "data_planes",
    "sts": "sts",
    "trailwarden": "trailwarden",
}

Tables = Callable[[], Mapping[str, Overlay]]


def overlay_of(service: str) -> Overlay:
    """The table of a service, empty where nothing is told by hand."""
    home = _HOMES.get(service)
    if home is None:
        return EMPTY
    tables: Mapping[str, Overlay] = import_module(f"trailwarden.catalog.overlays.{home}").TABLES
    return tables[service]
