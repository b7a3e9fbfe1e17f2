"""Policies as values: what was written, and beside it what matching needs, made once.

https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements.html
"""

from collections.abc import Iterable, Mapping

from trailwarden.policy.condition import Condition
from trailwarden.policy.pattern import Patterns
from trailwarden.policy.principals import Principals, Reach
from trailwarden.policy.request import Source
from trailwarden.policy.spans import Span
from trailwarden.policy.value import dataclass, field
from trailwarden.policy.variables import Template

__all__ = ["Found", "Policy", "Statement"]

_REMEMBERED_MAX = 2_048


@dataclass(frozen=True, slots=True, kw_only=True)
class Statement:
    """One statement. `actions` and `resources` are as written.

    `not_actions`, `not_resources` tell which element they stood in. `resources` is empty where the document names none,
    as a trust policy: the statement is about what the policy hangs on.
    `span` is None where the document came as a mapping.
    """

    index: int
    sid: str
    allows: bool
    actions: tuple[str, ...]
    not_actions: bool
    resources: tuple[str, ...]
    not_resources: bool
    principals: Principals | None
    conditions: tuple[Condition, ...]
    span: Span | None = None
    action_patterns: Patterns = field(compare=False, repr=False)
    resource_patterns: Patterns = field(compare=False, repr=False)
    resource_templates: tuple[Template, ...] = field(compare=False, repr=False)

    @property
    def effect(self) -> str:
        """As written: Allow or Deny."""
        return "Allow" if self.allows else "Deny"


@dataclass(frozen=True, slots=True)
class Found:
    """A statement that applies to a request.

    `reach` tells how closely its Principal names the one who asks. `doubts` are the conditions whose keys are not
    known: the statement applies only if all of them hold. `unsure` likewise marks a Resource that holds an unknown
    variable.
    """

    policy: "Policy"
    statement: Statement
    reach: Reach = Reach.DIRECT
    doubts: tuple[Condition, ...] = ()
    unsure: tuple[Template, ...] = ()

    @property
    def certain(self) -> bool:
        """Whether nothing unknown stands in the way."""
        return not self.doubts and not self.unsure


@dataclass(frozen=True, slots=True)
class _Service:
    """The actions of one service prefix: whole names, and what stands before a last `*`, to statement numbers."""

    exact: Mapping[str, tuple[int, ...]]
    prefixes: Mapping[str, tuple[int, ...]]
    lengths: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class ActionIndex:
    """Which statements an action can concern, without looking at each pattern.

    `services` holds the patterns that name their service; `others` the statements that must be asked one by one.
    """

    services: Mapping[str, _Service]
    others: tuple[Statement, ...]

    def find(self, action: str) -> set[int]:
        """The numbers of the statements whose Action or NotAction takes in `action`, which is in lower case."""
        found = {
            statement.index
            for statement in self.others
            if statement.action_patterns.match(action) is not statement.not_actions
        }
        prefix, _, name = action.partition(":")
        service = self.services.get(prefix)
        if service is not None:
            found.update(service.exact.get(name, ()))
            for length in service.lengths:
                found.update(service.prefixes.get(name[:length], ()))
        return found


def index_actions(statements: Iterable[Statement]) -> ActionIndex:
    """The index over a policy's statements."""
    exact: dict[str, dict[str, list[int]]] = {}
    prefixes: dict[str, dict[str, list[int]]] = {}
    others: list[Statement] = []
    for statement in statements:
        if statement.not_actions or not all(map(_indexable, statement.actions)):
            others.append(statement)
            continue
        for action in statement.actions:
            service, _, name = action.lower().partition(":")
            table, key = (prefixes, name[:-1]) if name.endswith("*") else (exact, name)
            table.setdefault(service, {}).setdefault(key, []).append(statement.index)
    services = {service: _service(exact.get(service, {}), prefixes.get(service, {})) for service in {*exact, *prefixes}}
    return ActionIndex(services, tuple(others))


def _indexable(action: str) -> bool:
    """Whether a pattern names its service and has no wildcard but a last `*`."""
    service, colon, name = action.partition(":")
    plain = service + name.removesuffix("*")
    return bool(colon) and "*" not in plain and "?" not in plain


def _service(exact: Mapping[str, list[int]], prefixes: Mapping[str, list[int]]) -> _Service:
    return _Service(
        {name: tuple(found) for name, found in exact.items()},
        {name: tuple(found) for name, found in prefixes.items()},
        tuple(sorted({len(name) for name in prefixes})),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Policy:
    """A policy document, compiled. `text` is the document as it came, "" where it came as a mapping.

    `version` is 2008-10-17 where none is written, which `versioned` tells.
    """

    source: Source
    version: str
    id: str
    statements: tuple[Statement, ...]
    versioned: bool = True
    text: str = field(default="", repr=False)
    index: ActionIndex = field(compare=False, repr=False)
    _remembered: dict[str, tuple[Found, ...]] = field(default_factory=dict, compare=False, repr=False)

    def candidates(self, action: str) -> tuple[Found, ...]:
        """The statements that concern `action` (in lower case), ready to be returned as found.

        Answers are remembered, so that a large policy costs what a small one does; a policy never changes.
        """
        known = self._remembered.get(action)
        if known is None:
            known = tuple(Found(self, self.statements[number]) for number in sorted(self.index.find(action)))
            if len(self._remembered) >= _REMEMBERED_MAX:
                self._remembered.clear()
            self._remembered[action] = known
        return known
