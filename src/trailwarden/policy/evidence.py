"""What all policies say to one request, gathered before any rule judges it."""

from collections.abc import Iterable, Iterator

from trailwarden.policy.asking import Asking, asking_of
from trailwarden.policy.matching import NOTHING, Side, search
from trailwarden.policy.principals import Reach
from trailwarden.policy.request import AccessRequest, PolicySet, PrincipalKind
from trailwarden.policy.special import has_identity, spared_by_resource_control, spared_by_service_control
from trailwarden.policy.statement import Found, Policy
from trailwarden.policy.value import dataclass, field, replace

__all__ = ["Evidence", "gather"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """The statements that apply, layer by layer, and what the rules ask of the request again and again.

    `boundary`, `session` and `endpoint` are None where there is no such policy. `scps` and `rcps` have one side a level
    and are empty where they do not reach the request; `scoped` has one for each time that the session was narrowed. `member`: the principal belongs to an account. `crosses`: that
    account is not the resource's. `named` tells how closely the resource's own policies grant to the principal.
    """

    asking: Asking = field(compare=False, repr=False)
    request: AccessRequest
    policies: PolicySet
    identity: Side
    resource: Side
    trust: Side
    endpoint: Side | None
    boundary: Side | None
    session: Side | None
    scoped: tuple[Side, ...]
    scps: tuple[Side, ...]
    rcps: tuple[Side, ...]
    member: bool
    crosses: bool
    named: Reach

    def sides(self) -> Iterator[Side]:
        """All sides, in AWS's order of evaluation."""
        yield from self.rcps
        yield from self.scps
        for side in (self.endpoint, self.resource, self.trust, self.identity, self.boundary, self.session):
            if side is not None:
                yield side
        yield from self.scoped

    def statements(self) -> Iterator[Found]:
        """All statements that apply."""
        for side in self.sides():
            yield from side.denies
            yield from side.allows

    def grants(self) -> Iterator[Found]:
        """The statements that grant, as against those that merely do not stand in the way."""
        for side in (self.resource, self.trust, self.identity):
            yield from side.allows

    @property
    def certain(self) -> bool:
        """Whether nothing hangs on context that is not known."""
        return all(found.certain for found in self.statements())

    def view(self, *, hopeful: bool) -> "Evidence":
        """The evidence as it is if every unknown turns out for the best, or for the worst.

        More allowing statements never deny and more denying ones never allow, so that these two bound every other case.
        """
        changed: dict[str, Side | tuple[Side, ...] | None] = {}
        for name in _SIDES:
            side = getattr(self, name)
            changed[name] = side and _view(side, hopeful=hopeful)
        for name in _LEVELS:
            changed[name] = tuple(_view(side, hopeful=hopeful) for side in getattr(self, name))
        seen = replace(self, **changed)  # type: ignore[arg-type]
        return replace(seen, named=max(seen.resource.reach, seen.trust.reach))


_SIDES = ("identity", "resource", "trust", "endpoint", "boundary", "session")
_LEVELS = ("scps", "rcps", "scoped")


def _view(side: Side, *, hopeful: bool) -> Side:
    if hopeful:
        return Side(side.allows, tuple(found for found in side.denies if found.certain))
    return Side(tuple(found for found in side.allows if found.certain), side.denies)


def gather(request: AccessRequest, policies: PolicySet) -> Evidence:
    """Ask every policy."""
    asking = asking_of(request)
    principal = request.principal
    member = has_identity(principal)
    bounded = policies.boundary is not None
    resource = search(policies.resource, asking, bounded=bounded) if policies.resource else NOTHING
    trust = search(policies.trust, asking, bounded=bounded) if policies.trust else NOTHING
    scps = () if spared_by_service_control(principal) else policies.scps
    rcps = () if not policies.rcps or spared_by_resource_control(request) else policies.rcps
    return Evidence(
        asking=asking,
        request=request,
        policies=policies,
        identity=search(policies.identity, asking) if member else NOTHING,
        resource=resource,
        trust=trust,
        endpoint=_capped(policies.endpoint, asking, bounded=bounded),
        boundary=_capped(policies.boundary, asking) if member else None,
        session=_capped(_session(policies, principal.kind), asking) if member else None,
        scoped=_levels(policies.scoped, asking) if policies.scoped and member else (),
        scps=_levels(scps, asking),
        rcps=_levels(rcps, asking),
        member=member,
        crosses=member and bool(request.resource_account) and request.resource_account != principal.account,
        named=max(resource.reach, trust.reach),
    )


def _session(policies: PolicySet, kind: PrincipalKind) -> tuple[Policy, ...] | None:
    """The session policies. A federated user without any has no permissions of its own.

    https://docs.aws.amazon.com/STS/latest/APIReference/API_GetFederationToken.html
    """
    return policies.session or () if kind is PrincipalKind.FEDERATED_USER else policies.session


def _capped(policies: tuple[Policy, ...] | None, asking: Asking, *, bounded: bool = False) -> Side | None:
    return None if policies is None else search(policies, asking, bounded=bounded)


def _levels(levels: Iterable[Iterable[Policy]], asking: Asking) -> tuple[Side, ...]:
    return tuple([search(level, asking) for level in levels])
