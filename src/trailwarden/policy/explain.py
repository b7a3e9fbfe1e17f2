"""Every statement's part in a decision, element by element, and the statements that missed by one element."""

from collections.abc import Iterable, Iterator, Mapping
from enum import StrEnum

from trailwarden.policy.asking import Asking, asking_of
from trailwarden.policy.condition import Condition
from trailwarden.policy.decision import Block, Decision
from trailwarden.policy.matching import reach_of, resource_matches
from trailwarden.policy.principals import Reach
from trailwarden.policy.request import AccessRequest, ContextValue, Layer, PolicySet
from trailwarden.policy.special import has_identity, spared_by_resource_control, spared_by_service_control
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
    asking = asking_of(decision.request)
    bounded = decision.policies.boundary is not None
    bearing = _bearing(decision.request)
    return tuple(
        _part(place, statement, asking, bears=bearing[place.layer], bounded=bounded)
        for place in _places(decision.policies)
        for statement in place.policy.statements
    )


@dataclass(frozen=True, slots=True)
class _Place:
    layer: Layer
    level: int | None
    policy: Policy


def _places(policies: PolicySet) -> Iterator[_Place]:
    for layer, levels in ((Layer.RCP, policies.rcps), (Layer.SCP, policies.scps)):
        for level, listed in enumerate(levels):
            yield from (_Place(layer, level, policy) for policy in listed)
    layers: tuple[tuple[Layer, tuple[Policy, ...] | None], ...] = (
        (Layer.ENDPOINT, policies.endpoint),
        (Layer.RESOURCE, policies.resource),
        (Layer.TRUST, policies.trust),
        (Layer.IDENTITY, policies.identity),
        (Layer.BOUNDARY, policies.boundary),
        (Layer.SESSION, policies.session),
    )
    for layer, found in layers:
        yield from (_Place(layer, None, policy) for policy in found or ())


def _bearing(request: AccessRequest) -> Mapping[Layer, bool]:
    """Which layers reach the request at all."""
    member = has_identity(request.principal)
    bearing = dict.fromkeys(Layer, True)
    bearing.update(dict.fromkeys((Layer.IDENTITY, Layer.BOUNDARY, Layer.SESSION), member))
    bearing[Layer.SCP] = not spared_by_service_control(request.principal)
    bearing[Layer.RCP] = not spared_by_resource_control(request)
    return bearing


_BOUNDED = frozenset({Layer.RESOURCE, Layer.TRUST, Layer.ENDPOINT})


def _part(place: _Place, statement: Statement, asking: Asking, *, bears: bool, bounded: bool) -> Part:
    reach = Reach.DIRECT
    if statement.principals is not None:
        reach = reach_of(statement, statement.principals, asking, bounded=bounded and place.layer in _BOUNDED)
    return Part(
        layer=place.layer,
        level=place.level,
        policy=place.policy,
        statement=statement,
        bears=bears,
        reach=reach,
        action=statement.action_patterns.match(asking.action) is not statement.not_actions,
        resource=resource_matches(statement, asking),
        conditions=tuple(
            ConditionPart(condition, asking.value(condition.folded_key), condition.holds(asking))
            for condition in statement.conditions
        ),
    )


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
