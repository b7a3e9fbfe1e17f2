"""Which requests a change of policies can concern at all: those to which a changed statement may apply.

Statements that stand unchanged decide every other request as before, so that it need not be judged.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import lru_cache

from trailwarden.catalog import Check
from trailwarden.diagnose.case import MoreNeeded
from trailwarden.diagnose.compiling import compile_for
from trailwarden.diagnose.data import FileData
from trailwarden.diagnose.standing import Standing, compiled, keys_of
from trailwarden.policy import (
    UNKNOWN,
    AccessRequest,
    Condition,
    Context,
    ContextValue,
    Layer,
    Policy,
    PolicySet,
    Principal,
    PrincipalKind,
    Source,
)
from trailwarden.policy.asking import Asking, asking_of
from trailwarden.policy.matching import resource_matches

__all__ = ["Bearing", "bearing_on", "resources_changed"]

_ANYTHING = '{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"*","Resource":"*"}}'
"""Stands for what was taken for granted where no policy was known."""

_REMEMBERED_MAX = 500_000
_SOMEBODY = Principal(kind=PrincipalKind.USER, account="", arn="")


class _Open(Context):
    """The context of a permission of which some keys are known, there or not, and all others may be anything."""

    __slots__ = ("_check", "_folded", "_given")

    def __init__(self, check: Check, given: Mapping[str, ContextValue | None]) -> None:
        super().__init__({})
        self._check, self._given = check, given
        self._folded: Mapping[str, ContextValue] | None = None

    def value(self, key: str) -> ContextValue | None:
        """What the permission itself tells goes before what was given."""
        folded = self._folded
        if folded is None:
            folded = self._folded = {name.lower(): value for name, value in self._check.context.items()}
        found = folded.get(key)
        return self._given.get(key, UNKNOWN) if found is None else found


@lru_cache(maxsize=4096)
def _folded(keys: tuple[str, ...]) -> frozenset[str]:
    return frozenset(map(str.lower, keys))


_Told = tuple[ContextValue | None, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Bearing:
    """The changed policies that bear on a caller. `always`: its requests must be judged whatever the policies say."""

    policies: tuple[Policy, ...]
    always: bool
    keys: tuple[str, ...]
    calls: dict[tuple[object, ...], bool] = field(default_factory=dict, compare=False, repr=False)
    _open: dict[_Told, Mapping[int, tuple[Condition, ...]]] = field(default_factory=dict, compare=False, repr=False)

    @property
    def silent(self) -> bool:
        """Whether nothing of the caller's can change."""
        return not self.policies and not self.always

    def may_apply(self, told: _Told) -> bool:
        """Whether, under these circumstances (of `keys`), any changed statement can apply to anything."""
        return self.always or bool(self._left_open(told))

    def _left_open(self, told: _Told) -> Mapping[int, tuple[Condition, ...]]:
        """The statements, by their `id`, that these circumstances leave open, each with the conditions that turn on more."""
        found = self._open.get(told)
        if found is None:
            asking = self._asking(Check(action="", resource="*"), told)
            found = {}
            for statement in (each for policy in self.policies for each in policy.statements):
                held = [(condition, condition.holds(asking)) for condition in statement.conditions]
                if all(holds is not False for _, holds in held):
                    found[id(statement)] = tuple(condition for condition, holds in held if holds is None)
            if len(self._open) >= _REMEMBERED_MAX:
                self._open.clear()
            self._open[told] = found
        return found

    def concerns(self, checks: Iterable[Check], told: _Told) -> bool:
        """Whether any changed statement can apply to one of these permissions."""
        return self.always or any(self._may_take_in(check, told) for check in checks)

    def picks(self, checks: Iterable[Check]) -> bool:
        """Whether a changed statement that speaks of the action is about certain resources alone."""
        return any(
            found.statement.not_resources or not found.statement.resource_patterns.everything
            for check in checks
            for policy in self.policies
            for found in policy.candidates(check.action.lower())
        )

    def _may_take_in(self, check: Check, told: _Told) -> bool:
        """Whether any changed statement can apply to this permission. What it tells itself goes before the event."""
        left = self._left_open(told) if _folded(tuple(check.context)).isdisjoint(self.keys) else None
        asking = self._asking(check, told)
        for found in (found for policy in self.policies for found in policy.candidates(asking.action)):
            statement = found.statement
            conditions = statement.conditions if left is None else left.get(id(statement))
            if conditions is None or resource_matches(statement, asking) is False:
                continue
            if all(condition.holds(asking) is not False for condition in conditions):
                return True
        return False

    def _asking(self, check: Check, told: _Told) -> Asking:
        context = _Open(check, dict(zip(self.keys, told, strict=True)))
        return asking_of(
            AccessRequest(principal=_SOMEBODY, action=check.action, resource=check.resource, context=context)
        )


def bearing_on(
    principal: str, before: Standing, after: Standing, changed: tuple[Policy, ...], settled: frozenset[str]
) -> Bearing | None:
    """What of the change bears on a caller, besides the policies of resources (`changed`); None for one who is not known."""
    try:
        was, will = before.caller(principal).policies, after.caller(principal).policies
    except MoreNeeded:
        return None
    always = (was.boundary is None) is not (will.boundary is None)
    policies = (*_different(_capping(was), _capping(will)), *changed)
    return Bearing(policies=policies, always=always, keys=tuple(sorted(keys_of(policies) & settled)))


def _capping(policies: PolicySet) -> tuple[tuple[str, Policy], ...]:
    """The policies of a caller, each with its place."""
    layers = (policies.identity, policies.boundary or (), policies.session or (), *policies.scps)
    return tuple((f"{level} {policy.source}", policy) for level, layer in enumerate(layers) for policy in layer)


def _different(one: tuple[tuple[str, Policy], ...], other: tuple[tuple[str, Policy], ...]) -> Iterator[Policy]:
    stood = {(place, policy.text) for place, policy in one}
    stands = {(place, policy.text) for place, policy in other}
    yield from (policy for place, policy in one if (place, policy.text) not in stands)
    yield from (policy for place, policy in other if (place, policy.text) not in stood)


def resources_changed(before: FileData, after: FileData) -> tuple[Policy, ...]:
    """The policies of resources and roles, and the organization's over them, that went or came.

    One that came where none was known replaces what was taken for granted, so that everything may change.
    """
    was, will = dict(_on_resources(before)), dict(_on_resources(after))
    places = {place for place in {*was, *will} if was.get(place) != will.get(place)}
    texts = {text for place in places for text in (was.get(place), will.get(place)) if text}
    found = compiled(texts)
    if any(place not in was or place not in will for place in places if ":kms:" in place):
        return (*found, compile_for(_ANYTHING, Source(layer=Layer.RESOURCE, id="")))
    return found


def _on_resources(data: FileData) -> Iterator[tuple[str, str]]:
    yield from data.policies.items()
    yield from ((f"trust {each.arn}", each.trust) for each in data.details.identities.values() if each.trust)
    for level, policies in enumerate((data.organization or {}).get("RESOURCE_CONTROL_POLICY", ())):
        yield from ((f"{level} {arn}", text) for arn, text in policies)
