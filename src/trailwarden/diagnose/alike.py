"""Requests that the same statements fit are decided alike, so that each kind of request is decided once.

The engine looks at a request through the elements of the statements at hand: does this Resource take it in, does this
condition hold? What it asks besides (is it a role, is it a key, whose is the resource?) is part of the kind as well.
https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_evaluation-logic.html
"""

from dataclasses import dataclass, field

from trailwarden.diagnose.action_kinds import policies_in
from trailwarden.diagnose.shift import Shift, shift_of
from trailwarden.diagnose.standing import Standing
from trailwarden.policy import AccessRequest, Condition, ContextValue, Decision, PolicySet, Statement, evaluate
from trailwarden.policy.asking import Asking, asking_of
from trailwarden.policy.matching import resource_matches
from trailwarden.policy.special import asks_for_a_key, asks_for_a_role

__all__ = ["Decided", "Deciding"]

_REMEMBERED_MAX = 500_000


@dataclass(frozen=True, slots=True)
class Decided:
    """One kind of request, decided twice. The request in the decisions is the first of its kind."""

    before: Decision
    after: Decision
    _shifts: dict[bool, Shift] = field(default_factory=dict, compare=False, repr=False)

    def shift(self, *, denied: bool) -> Shift:
        """What becomes of a call that was recorded as denied or as not denied."""
        found = self._shifts.get(denied)
        if found is None:
            found = self._shifts[denied] = shift_of(self.before, self.after, denied=denied)
        return found


@dataclass(frozen=True, slots=True)
class _Kinds:
    """What of a request matters to one caller's two sets of policies, for one action on what hangs alike."""

    before: PolicySet
    after: PolicySet
    statements: tuple[Statement, ...]
    conditions: tuple[Condition, ...]
    decided: dict[tuple[object, ...], Decided] = field(default_factory=dict, compare=False, repr=False)


class Deciding:
    """Decides requests by two states of an account. Not for use by two threads at once."""

    def __init__(self, before: Standing, after: Standing) -> None:
        self._before, self._after = before, after
        self._kinds: dict[tuple[object, ...], _Kinds] = {}
        self._held: dict[tuple[int, ContextValue | None], bool | None] = {}
        self._size = 0

    def decide(self, principal: str, request: AccessRequest) -> Decided:
        """Both decisions. Raises MoreNeeded."""
        if self._size > _REMEMBERED_MAX:
            self._forget()
        kinds = self._kinds_of(principal, request)
        asking = asking_of(request)
        kind = (
            asks_for_a_role(request),
            asks_for_a_key(request),
            bool(request.resource_account) and request.resource_account != request.principal.account,
            request.resource_in_management_account,
            request.resource_aws_managed,
            *[resource_matches(statement, asking) for statement in kinds.statements],
            *[self._holds(condition, asking) for condition in kinds.conditions],
        )
        found = kinds.decided.get(kind)
        if found is None:
            self._size += 1
            found = kinds.decided[kind] = Decided(evaluate(request, kinds.before), evaluate(request, kinds.after))
        return found

    def _kinds_of(self, principal: str, request: AccessRequest) -> _Kinds:
        was, will = self._before.place(request), self._after.place(request)
        key = (principal, request.action, was, will)
        found = self._kinds.get(key)
        if found is None:
            self._size += 1
            before, after = self._before.policies(principal, was), self._after.policies(principal, will)
            found = self._kinds[key] = _kinds(before, after, request.action.lower())
        return found

    def _holds(self, condition: Condition, asking: Asking) -> bool | None:
        """The same condition on the same value is judged once; one with variables asks for more than its value."""
        if condition.templates:
            return condition.holds(asking)
        value = asking.value(condition.folded_key)
        key = (id(condition), value)
        try:
            return self._held[key]
        except KeyError:
            self._size += 1
            held = self._held[key] = condition.judge(value, asking)
            return held

    def _forget(self) -> None:
        """All, rather than grow without end; all together, since the kinds keep the conditions whose ids are keys alive."""
        self._kinds.clear()
        self._held.clear()
        self._size = 0


def _kinds(before: PolicySet, after: PolicySet, action: str) -> _Kinds:
    statements = {
        id(found.statement): found.statement
        for policies in (before, after)
        for policy in policies_in(policies)
        for found in policy.candidates(action)
    }
    picky = {
        (each.resources, each.not_resources, each.resource_templates): each
        for each in statements.values()
        if each.not_resources or not each.resource_patterns.everything
    }
    conditions = dict.fromkeys(condition for each in statements.values() for condition in each.conditions)
    return _Kinds(before, after, tuple(picky.values()), tuple(conditions))
