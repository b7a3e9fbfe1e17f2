"""Actions of AWS: what the service authorization reference says of each.

https://docs.aws.amazon.com/service-authorization/latest/reference/reference_policies_actions-resources-contextkeys.html
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache

import msgspec

from trailwarden.catalog.archive import ACTIONS
from trailwarden.catalog.own import PREFIXES
from trailwarden.catalog.rows import ActionRow, PrefixBlob

__all__ = ["ActionFacts", "ResourceType", "action", "actions", "condition_keys", "expand", "prefixes", "rcp_services"]

_DECODER = msgspec.json.Decoder(PrefixBlob)


@dataclass(frozen=True, slots=True, kw_only=True)
class ResourceType:
    """A resource type that an action applies to. `arn` is its template, `${Account}` and so on left in."""

    name: str
    required: bool
    arn: str
    condition_keys: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class ActionFacts:
    """An action. `name` is spelt as in the reference (`cloudtrail:GetTrailStatus`).

    `access_level` is "Read", "List", "Write", "Tagging" or "Permissions management". `condition_keys` are its own keys and
    those of its resource types. `dependent_actions` are what a caller needs besides, as far as the reference tells.
    """

    name: str
    access_level: str
    resource_types: tuple[ResourceType, ...]
    condition_keys: tuple[str, ...]
    dependent_actions: tuple[str, ...]

    @property
    def read_only(self) -> bool:
        """Whether the action changes nothing."""
        return self.access_level in {"Read", "List"}


@lru_cache(maxsize=64)
def _prefix(prefix: str) -> Mapping[str, ActionFacts]:
    """All actions of a prefix by lower-case name without prefix."""
    packed = ACTIONS.blob(f"actions/{prefix}")
    blob = PREFIXES.get(prefix) if packed is None else _DECODER.decode(packed)
    if blob is None:
        return {}
    return {row.name.lower(): _facts(prefix, row, blob) for row in blob.actions}


def _facts(prefix: str, row: ActionRow, blob: PrefixBlob) -> ActionFacts:
    types = tuple(
        ResourceType(
            name=kind.type,
            required=kind.required,
            arn=blob.types[kind.type].arn,
            condition_keys=(*kind.keys, *blob.types[kind.type].keys),
        )
        for kind in row.resources
        if kind.type in blob.types
    )
    keys = dict.fromkeys([*row.keys, *(key for kind in types for key in kind.condition_keys)])
    return ActionFacts(
        name=f"{prefix}:{row.name}",
        access_level=row.level,
        resource_types=types,
        condition_keys=tuple(keys),
        dependent_actions=row.dependents,
    )


@lru_cache(maxsize=1)
def prefixes() -> tuple[str, ...]:
    """Every action prefix, in order."""
    return tuple(sorted((*ACTIONS.names("actions"), *PREFIXES)))


def action(name: str) -> ActionFacts | None:
    """The action `service:Action`, in any case; None where AWS has none of that name."""
    prefix, _, tail = name.lower().partition(":")
    return _prefix(prefix).get(tail)


def actions(prefix: str) -> tuple[ActionFacts, ...]:
    """All actions of a prefix ("cloudtrail"), in order of name."""
    return tuple(_prefix(prefix.lower()).values())


def condition_keys(name: str) -> tuple[str, ...]:
    """The condition keys that the reference lists for `service:Action`; global keys apply besides. Empty where unknown."""
    facts = action(name)
    return facts.condition_keys if facts else ()


@lru_cache(maxsize=1024)
def expand(pattern: str) -> tuple[str, ...]:
    """Every known action that a policy's action pattern (`s3:Get*`, `*`) matches, in order; `*` and `?` as in policies."""
    head, colon, tail = pattern.lower().partition(":")
    if not colon and head.strip("*"):
        return ()
    chosen = [prefix for prefix in prefixes() if _wildcards(head).match(prefix)]
    matching = _wildcards(tail if colon else "*").match
    return tuple(facts.name for prefix in chosen for name, facts in _names(prefix) if matching(name))


def _names(prefix: str) -> tuple[tuple[str, ActionFacts], ...]:
    return tuple(_prefix(prefix).items())


def _wildcards(pattern: str) -> re.Pattern[str]:
    parts = (".*" if char == "*" else "." if char == "?" else re.escape(char) for char in re.sub(r"\*+", "*", pattern))
    return re.compile("".join(parts) + r"\Z")


@lru_cache(maxsize=1)
def rcp_services() -> tuple[str, ...]:
    """The action prefixes of services whose resources resource control policies bear on.

    https://docs.aws.amazon.com/organizations/latest/userguide/orgs_manage_policies_rcps.html
    """
    return tuple(msgspec.json.decode(ACTIONS.blob("rcp services") or b"[]", type=list[str]))
