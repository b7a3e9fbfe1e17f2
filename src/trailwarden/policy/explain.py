"""Every statement's part in a decision, element by element, and the statements that missed by one element."""

from collections.abc import Iterable, Iterator
from enum import StrEnum
from typing import NamedTuple

from trailwarden.policy.asking import Asking
from trailwarden.policy.condition import Condition
from trailwarden.policy.decision import Block, Decision
from trailwarden.policy.matching import reach_of, resource_matches
from trailwarden.policy.principals import Reach
from trailwarden.policy.request import AccessRequest, ContextValue, Layer
from trailwarden.policy.special import spared_by_resource_control, spared_by_service_control
from trailwarden.policy.statement import Policy, Statement
from trailwarden.policy.value import dataclass

__all__ = ["ConditionPart", "Element", "NearMiss", "Part", "explain", "near_misses"]


class Element(StrEnum):
    """An element of a statement that can fail to match, in the order of how near a miss it makes."""

    CONDITION = "Condition"
    RESOURCE = "Resource"
    PRINCIPAL = "Principal"
    ACTION = "Action"


@dataclass(frozen=True, slots=True)
class ConditionPart:
    """One condition, what the request had for its key (None: absent), and whether it is met (None: not known)."""

    condition: Condition
    got: ContextValue | None
    holds: bool | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """What one statement says to a request.

    `level` counts from the organization's root for service and resource control policies. `bears` is False where the
    whole layer does not reach the request (a service control policy and the management account). `reach` is DIRECT
    where the statement has no Principal. `resource` is None where an unknown variable decides.
    """

    layer: Layer
    level: int | None
    policy: Policy
    statement: Statement
    bears: bool
    reach: Reach
    action: bool
    resource: bool | None
    conditions: tuple[ConditionPart, ...]

    @property
    def applies(self) -> bool | None:
        """Whether the statement takes part in the decision; None where that is not known."""
        if not self.bears or self.failing:
            return False
        unknown = self.resource is None or any(part.holds is None for part in self.conditions)
        return None if unknown else True

    @property
    def failing(self) -> tuple[Element, ...]:
        """The elements that certainly do not match; Condition as often as conditions are not met."""
        failing = [Element.CONDITION for part in self.conditions if part.holds is False]
        if self.resource is False:
            failing.append(Element.RESOURCE)
        if self.reach is Reach.NONE:
            failing.append(Element.PRINCIPAL)
        if not self.action:
            failing.append(Element.ACTION)
        return tuple(failing)


@dataclass(frozen=True, slots=True, kw_only=True)
class NearMiss:
    """An allowing statement that one element alone keeps from applying, in a layer whose Allow is wanting.

    `wanted` is what the element says, `closest` the one of it that comes closest, `got` what the request has (None: an
    absent key). `condition` is set where the element is a condition. `block` is the reason that the statement would
    remove.
    """

    part: Part
    element: Element
    wanted: tuple[str, ...]
    closest: str
    got: ContextValue | None
    condition: Condition | None
    block: Block


def explain(decision: Decision) -> tuple[Part, ...]:
    """Every statement of every policy and its part in the decision, in AWS's order of layers."""
    asking = decision.evidence.asking
    parts: list[Part] = []
    for place in _places(decision):
        for policy in place.policies:
            concerned = {found.statement.index for found in policy.candidates(asking.action)}
            parts += [
                _part(place, policy, statement, asking, action=statement.index in concerned)
                for statement in policy.statements
            ]
    return tuple(parts)


class _Place(NamedTuple):
    """Policies of one layer or level. `bears`: they reach the request at all. `bounded`: as for `matching.search`."""

    layer: Layer
    policies: Iterable[Policy]
    level: int | None = None
    bears: bool = True
    bounded: bool = False


def _places(decision: Decision) -> Iterator[_Place]:
    """What there is to explain, in AWS's order."""
    policies, request = decision.policies, decision.request
    bounded, member = policies.boundary is not None, decision.evidence.member
    if policies.rcps:
        bears = not spared_by_resource_control(request)
        yield from (_Place(Layer.RCP, found, level, bears) for level, found in enumerate(policies.rcps))
    if policies.scps:
        bears = not spared_by_service_control(request.principal)
        yield from (_Place(Layer.SCP, found, level, bears) for level, found in enumerate(policies.scps))
    yield _Place(Layer.ENDPOINT, policies.endpoint or (), bounded=bounded)
    yield _Place(Layer.RESOURCE, policies.resource, bounded=bounded)
    yield _Place(Layer.TRUST, policies.trust, bounded=bounded)
    yield _Place(Layer.IDENTITY, policies.identity, bears=member)
    yield _Place(Layer.BOUNDARY, policies.boundary or (), bears=member)
    yield _Place(Layer.SESSION, policies.session or (), bears=member)
    yield from (_Place(Layer.SESSION, found, level, member) for level, found in enumerate(policies.scoped))


def _part(place: _Place, policy: Policy, statement: Statement, asking: Asking, *, action: bool) -> Part:
    reach = Reach.DIRECT
    if statement.principals is not None:
        reach = reach_of(statement, statement.principals, asking, bounded=place.bounded)
    return Part(
        layer=place.layer,
        level=place.level,
        policy=policy,
        statement=statement,
        bears=place.bears,
        reach=reach,
        action=action,
        resource=resource_matches(statement, asking),
        conditions=tuple([_condition(each, asking) for each in statement.conditions]) if statement.conditions else (),
    )


def _condition(condition: Condition, asking: Asking) -> ConditionPart:
    got = asking.value(condition.folded_key)
    return ConditionPart(condition, got, condition.judge(got, asking))


def near_misses(decision: Decision) -> tuple[NearMiss, ...]:
    """The allowing statements that missed by one element, the nearest first.

    Only layers whose Allow is wanting count: a statement that would change nothing is no near miss. A statement about
    another service's actions is none either.
    """
    wanting = [block for block in (*decision.blocks, *decision.doubtful) if not block.explicit]
    if not wanting:
        return ()
    parts = explain(decision)
    found = [
        _near_miss(part, block, decision.request)
        for block in wanting
        for part in parts
        if _would_help(part, block, crosses=decision.evidence.crosses) and len(part.failing) == 1
    ]
    return tuple(sorted((miss for miss in found if _same_service(miss)), key=_distance))


def _would_help(part: Part, block: Block, *, crosses: bool) -> bool:
    """Whether an Allow there would remove the reason. Within an account, a resource's policy can grant as well."""
    if not part.bears or not part.statement.allows or part.level != block.level:
        return False
    if block.layer is Layer.IDENTITY and not crosses:
        return part.layer in {Layer.IDENTITY, Layer.RESOURCE, Layer.TRUST}
    return part.layer is block.layer


def _near_miss(part: Part, block: Block, request: AccessRequest) -> NearMiss:
    element = part.failing[0]
    condition = next((each for each in part.conditions if each.holds is False), None)
    wanted, got = _wanted(part.statement, element, condition, request)
    return NearMiss(
        part=part,
        element=element,
        wanted=wanted,
        closest=_closest(wanted, got),
        got=got,
        condition=condition.condition if condition is not None else None,
        block=block,
    )


def _wanted(
    statement: Statement, element: Element, condition: ConditionPart | None, request: AccessRequest
) -> tuple[tuple[str, ...], ContextValue | None]:
    if condition is not None:
        return condition.condition.values, condition.got
    if element is Element.RESOURCE:
        return statement.resources, request.resource
    if element is Element.ACTION:
        return statement.actions, request.action
    written = statement.principals.written if statement.principals is not None else ()
    return tuple(name for _, name in written), request.principal.issuer_arn or request.principal.arn


def _closest(wanted: Iterable[str], got: ContextValue | None) -> str:
    """The text with the longest beginning in common, case left aside, and of these the shortest."""
    text = got if isinstance(got, str) else ""
    return max(wanted, key=lambda each: (_common(each, text), -len(each)), default="")


def _common(one: str, other: str) -> int:
    pairs = zip(one.lower(), other.lower(), strict=False)
    return next((index for index, (left, right) in enumerate(pairs) if left != right), min(len(one), len(other)))


def _same_service(miss: NearMiss) -> bool:
    if miss.element is not Element.ACTION or not isinstance(miss.got, str):
        return True
    service = miss.got.partition(":")[0].lower()
    return any(action == "*" or action.partition(":")[0].lower() == service for action in miss.wanted)


_ORDER = {element: place for place, element in enumerate(Element)}


def _distance(miss: NearMiss) -> tuple[int, int]:
    got = miss.got if isinstance(miss.got, str) else ""
    return _ORDER[miss.element], len(got) - _common(miss.closest, got)
