"""Which actions a set of policies cannot tell apart: of twenty thousand, most are of a few dozen kinds."""

from collections.abc import Iterable, Iterator
from dataclasses import fields
from functools import lru_cache

from trailwarden.diagnose.circumstances import possible_keys
from trailwarden.policy import Policy, PolicySet, context_keys

__all__ = ["ActionKinds", "Speech", "keys_of_action", "policies_in"]

Kind = tuple[object, ...]

_OWN_RULES = frozenset({"sts", "kms"})
"""The services some of whose actions the engine decides by rules of their own (`policy/special.py`)."""

keys_of_action = lru_cache(maxsize=32_768)(possible_keys)


class Speech:
    """Which statements of a policy speak of an action; what policies of one text say is worked out once."""

    def __init__(self) -> None:
        self._numbers: dict[int, dict[str, tuple[int, ...]]] = {}
        self._families: dict[int, frozenset[str]] = {}
        self._services: dict[int, frozenset[str] | None] = {}
        self._kept: list[Policy] = []

    def numbers(self, policy: Policy) -> dict[str, tuple[int, ...]]:
        """What is known so far of a policy: for an action, the numbers of the statements that speak of it."""
        found = self._numbers.get(id(policy.index))
        if found is None:
            self._kept.append(policy)  # while it lives, the id is its own
            found = self._numbers[id(policy.index)] = {}
        return found

    def services(self, policy: Policy) -> frozenset[str] | None:
        """The services that a policy names, besides `*`; None where it leaves open which."""
        if id(policy.index) not in self._services:
            self._kept.append(policy)
            self._services[id(policy.index)] = _services_named(policy)
        return self._services[id(policy.index)]

    def families(self, policy: Policy) -> frozenset[str]:
        """The condition keys that a policy asks for, without the variable part of tag keys."""
        found = self._families.get(id(policy.index))
        if found is None:
            self._kept.append(policy)
            asked = frozenset(key.lower().partition("/")[0] for key in context_keys(policy))
            found = self._families[id(policy.index)] = asked
        return found


def _services_named(policy: Policy) -> frozenset[str] | None:
    """The services that its patterns name, besides `*`; None where one leaves open which services it names."""
    patterns = {action.lower() for statement in policy.statements for action in statement.actions} - {"*"}
    services = frozenset(pattern.partition(":")[0] for pattern in patterns)
    return None if any("*" in service or "?" in service for service in services) else services


class ActionKinds:
    """Sorts actions by what policies make of them. Two of one kind are decided alike on the same resource.

    That is: the same statements speak of both, both can carry the same of the condition keys that are asked for, and
    neither has rules of its own. `services` tells actions of two services apart, as resource control policies do.
    """

    def __init__(self, policies: Iterable[Policy], speech: Speech, *, services: bool) -> None:
        distinct = {id(policy.index): policy for policy in policies}.values()
        self._spoken = [(policy, speech.numbers(policy)) for policy in distinct]
        named = [speech.services(policy) for policy in distinct]
        self._named = None if None in named else frozenset(service for each in named if each for service in each)
        self._elsewhere: tuple[tuple[int, ...], ...] | None = None
        self._families = frozenset(family for policy in distinct for family in speech.families(policy))
        self._services = services
        self._kinds: dict[str, Kind] = {}

    def of(self, action: str) -> Kind:
        """The kind of an action."""
        found = self._kinds.get(action)
        if found is None:
            found = self._kinds[action] = self._of(action)
        return found

    def _of(self, action: str) -> Kind:
        folded = action.lower()
        service = folded.partition(":")[0]
        rules = folded if service in _OWN_RULES else service if self._services else ""
        keys = self._families & keys_of_action(action) if self._families else self._families
        return rules, keys, self._speaking(folded, service)

    def _speaking(self, action: str, service: str) -> tuple[tuple[int, ...], ...]:
        """The statements that speak of an action; of all services that none names, they are the same."""
        if self._named is None or service in self._named:
            return tuple([_told(policy, known, action) for policy, known in self._spoken])
        if self._elsewhere is None:
            self._elsewhere = tuple([_told(policy, known, action) for policy, known in self._spoken])
        return self._elsewhere


def _told(policy: Policy, known: dict[str, tuple[int, ...]], action: str) -> tuple[int, ...]:
    found = known.get(action)
    if found is None:
        found = known[action] = tuple(sorted(policy.index.find(action)))
    return found


def policies_in(policies: PolicySet) -> Iterator[Policy]:
    """All policies of a set, whatever its layers."""
    for layer in fields(policies):
        yield from _flat(getattr(policies, layer.name))


def _flat(given: object) -> Iterator[Policy]:
    if isinstance(given, Policy):
        yield given
    elif isinstance(given, tuple):
        for each in given:
            yield from _flat(each)
