"""A pattern that is read, and the events that it takes.

Arrays of an event stand for each of their elements; members of one object are taken together. A dot in a name is the
same as one object in another.

https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-create-pattern.html
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from trailwarden.services.patterns.matches import Match

__all__ = ["Fields", "Leaf", "Pattern"]


@dataclass(frozen=True, slots=True)
class Leaf:
    """What a value may be: any of these."""

    matches: tuple[Match, ...]

    def takes(self, values: Sequence[Any]) -> bool:
        """Whether any of the values at the path is one of them."""
        scalars = tuple(_scalars(values))
        return any(match(scalars) for match in self.matches)


@dataclass(frozen=True, slots=True)
class Fields:
    """What members must be: all of `members`, and of each group of `choices` at least one."""

    members: tuple[tuple[str, "Leaf | Fields"], ...]
    choices: tuple[tuple["Fields", ...], ...] = ()

    def takes(self, event: Mapping[str, Any]) -> bool:
        """Whether the object has such members."""
        return all(_member_fits(rule, _found(event, name)) for name, rule in self.members) and all(
            any(choice.takes(event) for choice in group) for group in self.choices
        )

    def keys(self) -> int:
        """How many members have values of their own, all choices counted."""
        inside = sum(1 if isinstance(rule, Leaf) else rule.keys() for _, rule in self.members)
        return inside + sum(choice.keys() for group in self.choices for choice in group)

    def combinations(self, depth: int = 1) -> int:
        """How many combinations of values there are, deeper ones counted by their depth; choices add up.

        https://docs.aws.amazon.com/sns/latest/dg/subscription-filter-policy-constraints.html
        """
        count = 1
        for _, rule in self.members:
            count *= len(rule.matches) * depth if isinstance(rule, Leaf) else rule.combinations(depth + 1)
        for group in self.choices:
            count *= sum(choice.combinations(depth) for choice in group)
        return count

    def depth(self) -> int:
        """How many objects deep the values lie."""
        inner = [rule.depth() + 1 for _, rule in self.members if isinstance(rule, Fields)]
        return max([1, *inner, *(choice.depth() for group in self.choices for choice in group)])


Pattern = Fields
"""A whole pattern."""


def _member_fits(rule: Leaf | Fields, values: Sequence[Any]) -> bool:
    if isinstance(rule, Leaf):
        return rule.takes(values)
    objects = [value for value in _flat(values) if isinstance(value, dict)]
    return any(rule.takes(each) for each in objects or ({},))


def _found(event: Mapping[str, Any], name: str) -> list[Any]:
    """What stands under a name, however the event and the pattern divide it by dots."""
    found = [event[name]] if name in event else []
    beneath = {key[len(name) + 1 :]: value for key, value in event.items() if key.startswith(f"{name}.")}
    if beneath:
        found.append(beneath)
    if "." in name:
        for key, value in event.items():
            if name.startswith(f"{key}."):
                for each in _flat([value]):
                    if isinstance(each, dict):
                        found += _found(each, name[len(key) + 1 :])
    return found


def _flat(values: Sequence[Any]) -> Iterator[Any]:
    for value in values:
        if isinstance(value, list):
            yield from _flat(value)
        else:
            yield value


def _scalars(values: Sequence[Any]) -> Iterator[Any]:
    return (value for value in _flat(values) if not isinstance(value, dict))
