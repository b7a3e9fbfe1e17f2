"""Does a statement apply to a request? Its effect does not matter here.

https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_evaluation-logic.html
"""

from collections.abc import Iterable

from trailwarden.policy.asking import Asking
from trailwarden.policy.condition import Condition
from trailwarden.policy.pattern import compile_patterns
from trailwarden.policy.principals import Principals, Reach
from trailwarden.policy.request import UNKNOWN
from trailwarden.policy.statement import Found, Policy, Statement
from trailwarden.policy.value import dataclass
from trailwarden.policy.variables import Template

__all__ = ["NOTHING", "Side", "reach_of", "resource_matches", "search"]


@dataclass(frozen=True, slots=True)
class Side:
    """What the policies of one layer say to a request. `reach` is the closest of the allowing statements'."""

    allows: tuple[Found, ...] = ()
    denies: tuple[Found, ...] = ()

    @property
    def reach(self) -> Reach:
        """How closely the allowing statements name the principal."""
        return max((found.reach for found in self.allows), default=Reach.NONE)


NOTHING = Side()


def search(policies: Iterable[Policy], asking: Asking, *, bounded: bool = False) -> Side:
    """The statements that apply. `bounded` tells that the principal has a permissions boundary."""
    allows: list[Found] = []
    denies: list[Found] = []
    for policy in policies:
        for candidate in policy.candidates(asking.action):
            found = _examine(candidate, asking, bounded=bounded)
            if found is not None:
                (allows if candidate.statement.allows else denies).append(found)
    if not allows and not denies:
        return NOTHING
    return Side(tuple(allows), tuple(denies))


def _examine(candidate: Found, asking: Asking, *, bounded: bool) -> Found | None:
    """The candidate, if principal, resource and conditions fit as its action does."""
    statement = candidate.statement
    reach = Reach.DIRECT
    if statement.principals is not None:
        reach = reach_of(statement, statement.principals, asking, bounded=bounded)
        if reach is Reach.NONE:
            return None
    patterns = statement.resource_patterns
    unsure: tuple[Template, ...] = ()
    if not patterns.everything or statement.not_resources:
        fits = resource_matches(statement, asking)
        if not fits:
            if fits is False:
                return None
            unsure = statement.resource_templates
    doubts = _doubts(statement.conditions, asking) if statement.conditions else ()
    if doubts is None:
        return None
    if reach is Reach.DIRECT and not doubts and not unsure:
        return candidate
    return Found(candidate.policy, statement, reach, doubts, unsure)


def _doubts(conditions: Iterable[Condition], asking: Asking) -> tuple[Condition, ...] | None:
    """The conditions that cannot be decided, or None where one is not met."""
    doubts: tuple[Condition, ...] = ()
    for condition in conditions:
        held = condition.holds(asking)
        if held is None:
            doubts = (*doubts, condition)
        elif not held:
            return None
    return doubts


def reach_of(statement: Statement, principals: Principals, asking: Asking, *, bounded: bool) -> Reach:
    """How closely a statement with a Principal or NotPrincipal means the one who asks.

    NotPrincipal with Deny hits every principal that has a permissions boundary, whoever is listed.
    https://docs.aws.amazon.com/IAM/latest/UserGuide/access_policies_boundaries.html
    """
    if not principals.negated:
        return principals.reach(asking.principal)
    if bounded and not statement.allows:
        return Reach.DIRECT
    return Reach.NONE if principals.spares(asking.principal) else Reach.DIRECT


def resource_matches(statement: Statement, asking: Asking) -> bool | None:
    """Whether the statement's Resource or NotResource takes in the resource; None where an unknown variable decides.

    A variable that cannot be resolved makes its pattern match nothing, in Resource as in NotResource.
    https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_variables.html
    """
    listed: bool | None = statement.resource_patterns.match(asking.resource)
    if not listed and statement.resource_templates:
        listed = _template_matches(statement.resource_templates, asking)
    return listed if listed is None else listed is not statement.not_resources


def _template_matches(templates: Iterable[Template], asking: Asking) -> bool | None:
    found: bool | None = False
    for template in templates:
        pieces = template.resolve(asking)
        if pieces is UNKNOWN:
            found = None
        elif isinstance(pieces, tuple) and compile_patterns((pieces,)).match(asking.resource):
            return True
    return found
