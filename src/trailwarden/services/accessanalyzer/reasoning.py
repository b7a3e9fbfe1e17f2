"""Whether one policy lets in all that another does: by containment of statements, and where unsure, not.

Actions are told apart one by one through the catalog; resources by containment of patterns.
https://docs.aws.amazon.com/IAM/latest/UserGuide/access-analyzer-custom-policy-checks.html
"""

from collections.abc import Iterable, Iterator
from functools import lru_cache

from trailwarden import catalog
from trailwarden.policy import Policy, Statement
from trailwarden.policy.overlap import overlap
from trailwarden.policy.pattern import compile_patterns, pieces_of

__all__ = ["actions_of", "granting", "new_access"]

_ARN_COLONS = 5
_STRANGE = "\u2603"
"""Stands for what a wildcard may be: a character that no pattern names."""


def new_access(new: Policy, existing: Policy) -> Iterator[Statement]:
    """The statements by which `new` may let in more than `existing`, and those of `existing` whose denials are gone."""
    for statement in new.statements:
        if statement.allows and not _is_covered(statement, new, existing):
            yield statement
    for denial in existing.statements:
        if denial.allows or any(_denies_as_much(each, denial) for each in new.statements if not each.allows):
            continue
        yield from (each for each in new.statements if each.allows and _touch(each, denial))


def granting(policy: Policy, actions: Iterable[str], resources: Iterable[str]) -> Iterator[Statement]:
    """The Allow statements that let somebody do one of the actions on one of the resources; nothing given means any.

    What an unconditional Deny of the same policy takes back whole is not granted.
    """
    wanted, places = tuple(actions_in(actions)), tuple(resources)
    for statement in policy.statements:
        if statement.allows and _grants(policy, statement, wanted, places):
            yield statement


@lru_cache(maxsize=1)
def _all_actions() -> tuple[str, ...]:
    return tuple(action.name for prefix in catalog.prefixes() for action in catalog.actions(prefix))


def actions_in(patterns: Iterable[str]) -> Iterator[str]:
    """The actions that the patterns mean; one without wildcard as it is, known or not."""
    for pattern in patterns:
        if "*" not in pattern and "?" not in pattern:
            yield pattern
            continue
        matching = compile_patterns([pieces_of(pattern.lower())])
        yield from (name for name in _all_actions() if matching.match(name.lower()))


def actions_of(statement: Statement) -> Iterator[str]:
    """The actions that a statement is about."""
    if statement.not_actions:
        yield from (name for name in _all_actions() if not statement.action_patterns.match(name.lower()))
    else:
        yield from actions_in(statement.actions)


def _concerns(statement: Statement, action: str) -> bool:
    return statement.action_patterns.match(action.lower()) is not statement.not_actions


def _is_covered(statement: Statement, new: Policy, existing: Policy) -> bool:
    """Whether each action on each resource was allowed before, or is denied by the new policy itself."""
    denials = [each for each in new.statements if not each.allows and _unconditional(each)]
    allows = [each for each in existing.statements if each.allows and _as_open(each, statement)]
    if any(_actions_contained(each, statement) and _resources_contained(each, statement) for each in allows):
        return True
    fitting = [each for each in (*allows, *denials) if _resources_contained(each, statement)]
    return all(any(_concerns(each, action) for each in fitting) for action in actions_of(statement))


def _actions_contained(outer: Statement, inner: Statement) -> bool:
    if outer.not_actions or inner.not_actions:
        return (outer.not_actions, set(outer.actions)) == (inner.not_actions, set(inner.actions))
    return all(any(_contains(mine.lower(), theirs.lower()) for mine in outer.actions) for theirs in inner.actions)


def _resources_contained(outer: Statement, inner: Statement) -> bool:
    if not outer.resources and not inner.resources:
        return True
    if outer.not_resources or inner.not_resources:
        same = (outer.not_resources, set(outer.resources)) == (inner.not_resources, set(inner.resources))
        return same or (not outer.not_resources and "*" in outer.resources)
    return all(any(_contains(mine, theirs) for mine in outer.resources) for theirs in inner.resources)


def _contains(outer: str, inner: str) -> bool:
    """Whether every text of one pattern is one of the other's; policy variables are taken as letters."""
    if outer in {"*", inner}:
        return True
    if "${" in outer:
        return False
    matching = compile_patterns([pieces_of(outer)])
    single = inner.replace("?", _STRANGE)
    return all(matching.match(single.replace("*", _STRANGE * count)) for count in (0, 1, 2))


def _as_open(outer: Statement, inner: Statement) -> bool:
    """Whether a statement lets in whoever another one lets in, under no more conditions."""
    mine, theirs = outer.principals, inner.principals
    if mine is not None and theirs is not None and not mine.everyone:
        if mine.negated or theirs.negated:
            if mine != theirs:
                return False
        elif theirs.everyone or not set(theirs.written) <= set(mine.written):
            return False
    elif (mine is None) is not (theirs is None):
        return False
    return _conditions(outer) <= _conditions(inner)


def _conditions(statement: Statement) -> set[tuple[str, str, frozenset[str]]]:
    return {(each.operator.lower(), each.folded_key, frozenset(each.values)) for each in statement.conditions}


def _unconditional(statement: Statement) -> bool:
    principals = statement.principals
    return not statement.conditions and (principals is None or principals.everyone)


def _denies_as_much(outer: Statement, inner: Statement) -> bool:
    return _as_open(outer, inner) and _actions_contained(outer, inner) and _resources_contained(outer, inner)


def _touch(allow: Statement, denial: Statement) -> bool:
    """Whether a denial bears on anything that a statement allows."""
    if not any(_concerns(denial, action) for action in actions_of(allow)):
        return False
    if allow.not_resources or denial.not_resources or not allow.resources or not denial.resources:
        return True
    return any(_meet(mine, theirs) for mine in allow.resources for theirs in denial.resources)


def _meet(one: str, other: str) -> bool:
    """Whether some resource is meant by both patterns; those that are no whole ARNs are taken to meet."""
    return min(one.count(":"), other.count(":")) < _ARN_COLONS or overlap(one, other)


def _grants(policy: Policy, statement: Statement, actions: tuple[str, ...], resources: tuple[str, ...]) -> bool:
    asked = actions or tuple(actions_of(statement))
    places = [place for place in resources or ("*",) if _reaches(statement, place)]
    named = [action for action in asked if _concerns(statement, action)]
    return any(not _taken_back(policy, statement, action, place) for action in named for place in places)


def _reaches(statement: Statement, place: str) -> bool:
    if not statement.resources:
        return True
    if statement.not_resources:
        return not any(_contains(mine, place) for mine in statement.resources)
    return any(_meet(mine, place) for mine in statement.resources)


def _taken_back(policy: Policy, statement: Statement, action: str, place: str) -> bool:
    """Whether an unconditional Deny covers the action, on the place or on all that the statement allows."""
    return any(
        _concerns(denial, action)
        and not denial.not_resources
        and (any(_contains(mine, place) for mine in denial.resources) or _resources_contained(denial, statement))
        for denial in policy.statements
        if not denial.allows and _unconditional(denial)
    )
