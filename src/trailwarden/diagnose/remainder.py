"""What else a change of policies allows: to the caller, and to the other principals of the account."""

import re
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field, replace
from functools import lru_cache
from itertools import islice
from typing import Any

from trailwarden import catalog
from trailwarden.arn import Arn
from trailwarden.diagnose.action_kinds import ActionKinds, Speech, keys_of_action, policies_in
from trailwarden.diagnose.case import Case, MoreNeeded
from trailwarden.diagnose.changes import Change, change_data
from trailwarden.diagnose.circumstances import Supposed, identity_context
from trailwarden.diagnose.data import FileData, Unreadable
from trailwarden.diagnose.document import statements_of
from trailwarden.diagnose.edits import Attach, Edit, SetDocument, apply_edits
from trailwarden.diagnose.standing import Standing
from trailwarden.policy import AccessRequest, ContextValue, Effect, Layer, Policy, PolicySet, PrincipalKind, evaluate
from trailwarden.policy.overlap import overlap

__all__ = ["Remainder", "remainder_of"]

_PAIRS_MAX = 50_000
_JUDGED_MAX = 200_000
"""How many requests are judged for all other principals together; those beyond are named as if they gained."""

_RANK = {Effect.DENIED: 0, Effect.DEPENDS: 1, Effect.ALLOWED: 2}
_KINDS = {Layer.SCP: "scp", Layer.RCP: "rcp"}
_ORGANIZATION = {Layer.SCP: "SERVICE_CONTROL_POLICY", Layer.RCP: "RESOURCE_CONTROL_POLICY"}
_EVERYWHERE = "*"
_OWN = frozenset({"user", "role"})

_Pair = tuple[str, str]
"""An action and a resource."""


@dataclass(frozen=True, slots=True)
class Remainder:
    """What becomes allowed besides the request, or depends no longer on a policy alone but on circumstances not known here.

    `own` is the caller's: `s3:GetObject` on the resource asked for, `s3:GetObject on ARN` on another one of the account
    data or of the changed statements, `s3:GetObject on *` on all. `others` are the principals that gain: ARNs of the
    account's users and roles, and whoever else a changed statement of a resource's or role's policy names.
    """

    own: tuple[str, ...] = ()
    others: tuple[str, ...] = ()


def remainder_of(case: Case, edits: tuple[Edit, ...]) -> Remainder:
    """What the edits allow besides the request."""
    statements = [statement for edit in edits for statement in _changed(edit)]
    pairs = tuple(islice(_pairs(case, statements), _PAIRS_MAX))
    data = _at_hand(case)
    states = _states(data, edits) if data is not None else None
    changed = apply_edits(case.policies, edits)
    gained = _gained(case, changed, states, pairs) if changed else ()
    return Remainder(
        own=tuple(_told(case, gained)),
        others=tuple(dict.fromkeys((*_others(case, edits, states, pairs), *_outsiders(case, edits)))),
    )


def _asked(case: Case) -> _Pair:
    return case.request.action, case.request.resource


def _told(case: Case, gained: Iterable[_Pair]) -> Iterator[str]:
    """What is gained on all resources is not told again for each."""
    found = set(gained)
    for action, resource in sorted(found):
        if resource == _EVERYWHERE or (action, _EVERYWHERE) not in found:
            yield action if resource == case.request.resource else f"{action} on {resource}"


# Which requests the changed statements are about.


def _changed(edit: Edit) -> Iterator[Mapping[str, Any]]:
    """The statements that went or came."""
    if isinstance(edit, Attach):
        yield from statements_of(edit.document)
    elif isinstance(edit, SetDocument):
        before, after = statements_of(edit.before), statements_of(edit.after)
        yield from (each for each in (*before, *after) if before.count(each) != after.count(each))


def _pairs(case: Case, statements: Iterable[Mapping[str, Any]]) -> Iterator[_Pair]:
    """The actions that the statements speak of, each with the resources that it can have; those asked for first."""
    statements = list(statements)
    asked, own = case.request.resource, case.request.action.lower()
    actions = dict.fromkeys(action for statement in statements for action in _actions(statement))
    actions = {case.request.action if action.lower() == own else action: None for action in actions}
    yield from ((action, _EVERYWHERE) for action in actions)
    yield from ((action, asked) for action in actions if asked != _EVERYWHERE and _fits(action, asked))
    skipped = {asked, case.granted, _EVERYWHERE}
    resources: dict[str, list[str]] = {}
    for resource in dict.fromkeys((*_known(case), *_named(statements), *_reached(case.policies))):
        if resource not in skipped:
            resources.setdefault(_service(resource), []).append(resource)
    for action in actions:
        possible = (each for service in (*_services(action), "") for each in resources.get(service, ()))
        yield from ((action, resource) for resource in possible if _fits(action, resource))


def _service(arn: str) -> str:
    """The service of an ARN; "" where a pattern leaves it open."""
    head, _, rest = arn.partition(":")
    partition, _, rest = rest.partition(":")
    service, colon, _ = rest.partition(":")
    return service if colon and _WILD.isdisjoint(head + partition + service) else ""


@lru_cache(maxsize=32_768)
def _services(action: str) -> frozenset[str]:
    """Of which services the action's resources are."""
    facts = catalog.action(action)
    return frozenset(_service(kind.arn) for kind in facts.resource_types) if facts else frozenset()


def _actions(statement: Mapping[str, Any]) -> tuple[str, ...]:
    if "Action" in statement:
        return tuple(action for pattern in _texts(statement["Action"]) for action in catalog.expand(pattern))
    spared = {action for pattern in _texts(statement["NotAction"]) for action in catalog.expand(pattern)}
    return tuple(action for action in catalog.expand("*") if action not in spared)


def _known(case: Case) -> Iterator[str]:
    """The resources that the account data knows of."""
    data = case.data
    if isinstance(data, FileData):
        yield from data.existing or ()
        yield from data.policies
    account = data.account("") if data is not None else None
    if account is not None:
        yield from (identity.arn for identity in account.identities.values())
        yield from account.policies


def _named(statements: Iterable[Mapping[str, Any]]) -> Iterator[str]:
    """The patterns that statements name, each standing for what it takes in."""
    for statement in statements:
        yield from _texts(statement.get("Resource", []))


def _reached(policies: PolicySet) -> Iterator[str]:
    """The patterns that what stands grants, caps or spares by: within them a change may come to bear, and not on all."""
    levels = (policies.identity, policies.resource, policies.boundary or (), policies.session or (), *policies.scps)
    for policy in (policy for level in (*levels, *policies.rcps) for policy in level):
        for statement in policy.statements:
            if statement.allows is not statement.not_resources:
                yield from statement.resources


@lru_cache(maxsize=65_536)
def _fits(action: str, resource: str) -> bool:
    """Whether the action can have the resource at all."""
    facts = catalog.action(action)
    if facts is None:
        return False
    if not _WILD.isdisjoint(resource):
        return any(overlap(kind.arn, resource) for kind in facts.resource_types)
    return any(_template(kind.arn).fullmatch(resource) for kind in facts.resource_types)


_WILD = frozenset("*?")


@lru_cache(maxsize=4_096)
def _template(arn: str) -> re.Pattern[str]:
    parts = re.split(r"\$\{(\w+)\}", arn)
    return re.compile("".join(re.escape(part) if not at % 2 else _part(part) for at, part in enumerate(parts)))


def _part(placeholder: str) -> str:
    """A bucket's name has no slash; the Region or account of some ARNs is empty."""
    return {"BucketName": "[^/]+", "Region": "[^:]*", "Account": "[^:]*", "Partition": "[^:]+"}.get(placeholder, ".+")


def _texts(value: str | list[str]) -> list[str]:
    return [value] if isinstance(value, str) else value


# The account as it stands, and as it is with the edits.


@dataclass(frozen=True, slots=True)
class _States:
    before: Standing
    after: Standing
    speech: Speech = field(default_factory=Speech, compare=False, repr=False)


def _at_hand(case: Case) -> FileData | None:
    """The account data as files would hold it; of an account that is asked live, what the case was judged by."""
    if case.data is None or isinstance(case.data, FileData):
        return case.data
    account = case.data.account("")
    if account is None:
        return None
    levels = {Layer.SCP: case.policies.scps, Layer.RCP: case.policies.rcps}
    return FileData(
        details=account,
        region=case.data.region,
        policies={policy.source.id: policy.text for policy in case.policies.resource},
        organization={
            _ORGANIZATION[layer]: tuple(tuple((each.source.id, each.text) for each in level) for level in found)
            for layer, found in levels.items()
        },
    )


def _states(data: FileData, edits: tuple[Edit, ...]) -> _States | None:
    """None where what is edited is not in the data at hand."""
    changes = [change for edit in edits for change in _changes(edit)]
    try:
        return _States(Standing(data), Standing(change_data(data, changes).data))
    except Unreadable:
        return None


def _changes(edit: Edit) -> Iterator[Change]:
    if isinstance(edit, Attach):
        yield Change(kind="attached", holder=f"{edit.kind}/{edit.holder}", name=edit.arn, document=edit.document)
    elif isinstance(edit, SetDocument):
        kind = _KINDS.get(edit.source.layer, edit.place.kind)
        yield Change(kind=kind, holder=edit.place.holder, name=edit.place.name, document=edit.after)


# Who gains.


def _gained(case: Case, changed: PolicySet, states: _States | None, pairs: Iterable[_Pair]) -> tuple[_Pair, ...]:
    """What the caller gains: of the pairs whose actions are alike, on one resource, one is judged for all."""
    arn, asked = case.request.principal.arn, _asked(case)
    sides = (case.policies, changed, *(_callers(states, arn) if states is not None else ()))
    kinds = _Kinds(states, sides, like=case.request)
    judged: dict[tuple[object, ...], bool] = {}
    found: list[_Pair] = []
    for pair in pairs:
        kind = kinds.of(pair)
        gains = judged.get(kind)
        if gains is None:
            gains = judged[kind] = _gains(case, changed, states, pair)
        if gains and pair != asked:
            found.append(pair)
    return tuple(found)


def _callers(states: _States, arn: str) -> Iterator[PolicySet]:
    for standing in (states.before, states.after):
        with suppress(MoreNeeded):
            yield standing.caller(arn).policies


class _Kinds:
    """Sorts pairs by what a caller's policies, and those that hang on the resource, make of them."""

    def __init__(self, states: _States | None, sides: Iterable[PolicySet], *, like: AccessRequest) -> None:
        sides = tuple(sides)
        self._states, self._like = states, like
        self._speech = states.speech if states is not None else Speech()
        self._services = any(side.rcps for side in sides)
        self._own = self._sorted(policy for side in sides for policy in policies_in(side))
        self._hanging: dict[tuple[str, bool], ActionKinds | None] = {}

    def of(self, pair: _Pair) -> tuple[object, ...]:
        """The kind of a pair."""
        action, resource = pair
        hanging = self._on(resource, trusted=action[:4].lower() == "sts:")
        return resource, self._own.of(action), hanging.of(action) if hanging is not None else None

    def _sorted(self, policies: Iterable[Policy]) -> ActionKinds:
        return ActionKinds(policies, self._speech, services=self._services)

    def _on(self, resource: str, *, trusted: bool) -> ActionKinds | None:
        key = resource, trusted
        if key not in self._hanging:
            action = "sts:AssumeRole" if trusted else "none:None"
            policies = self._hung(replace(self._like, action=action, resource=resource))
            self._hanging[key] = self._sorted(policies) if policies else None
        return self._hanging[key]

    def _hung(self, request: AccessRequest) -> tuple[Policy, ...]:
        if self._states is None:
            return ()
        found = (standing.place(request).hanging for standing in (self._states.before, self._states.after))
        return tuple(policy for each in found for policy in (*each.resource, *each.trust))


def _gains(case: Case, changed: PolicySet, states: _States | None, pair: _Pair) -> bool:
    """Whether the caller gains it. The resource asked for is judged as the case is, which may suppose more than is at hand."""
    action, resource = pair
    stands, principal = case.policies, case.request.principal
    here = resource in {case.request.resource, _EVERYWHERE}
    told = principal.kind is not PrincipalKind.ROOT and (here or not _hangs(states, resource))
    if told and not _may_grant(action, (*changed.identity, *changed.resource, *changed.trust)):
        return False
    request = _request(
        case.request, pair, Supposed(_context(case), keys_of_action(action), case.refusal.settled), _home(case)
    )
    if here:
        if resource != case.request.resource:  # its own policy says nothing of others
            changed, stands = (replace(each, resource=(), trust=()) for each in (changed, case.policies))
        after = _rank(request, changed)
        return after > 0 and after > _rank(request, stands)
    return states is not None and _gains_there(states, case.request.principal.arn, request)


def _may_grant(action: str, policies: Iterable[Policy]) -> bool:
    """Whether any statement can grant the action: quickly told, since most actions of AWS are granted by none."""
    return any(found.statement.allows for policy in policies for found in policy.candidates(action.lower()))


def _hangs(states: _States | None, resource: str) -> bool:
    """Whether a policy of its own may hang on the resource."""
    arn = Arn.parse(resource)
    if arn is None or states is None:
        return False
    return arn.service == "iam" or states.after.data.resource_policies(arn) != ()


def _context(case: Case) -> dict[str, ContextValue]:
    return dict(case.request.context.items())


def _home(case: Case) -> str:
    """The account that a resource belongs to whose ARN tells of none."""
    account = case.data.account("") if case.data is not None else None
    return account.id if account is not None else case.request.principal.account


def _request(like: AccessRequest, pair: _Pair, context: Supposed, home: str) -> AccessRequest:
    action, resource = pair
    arn = Arn.parse(resource)
    owner = like.resource_account if resource == like.resource else arn.account if arn else ""
    if arn is not None and not owner:
        owner = home
    return replace(like, action=action, resource=resource, resource_account=owner, context=context)


def _rank(request: AccessRequest, policies: PolicySet) -> int:
    return _RANK[evaluate(request, policies).effect]


def _gains_there(states: _States, principal: str, request: AccessRequest) -> bool:
    after, _ = states.after.decide(principal, request)
    if after.effect is Effect.DENIED:
        return False
    before, _ = states.before.decide(principal, request)
    return _RANK[after.effect] > _RANK[before.effect]


def _others(case: Case, edits: tuple[Edit, ...], states: _States | None, pairs: tuple[_Pair, ...]) -> Iterator[str]:
    """The account's users and roles, the caller's own left out, that gain any of it."""
    if states is None or all(_only_callers(case, edit) for edit in edits):
        return
    judged = 0
    for identity in states.before.data.details.identities.values():
        if identity.kind not in _OWN or identity == case.identity:
            continue
        judged += len(pairs)
        if judged > _JUDGED_MAX or _gained_by(case, states, identity.arn, pairs):
            yield identity.arn


def _only_callers(case: Case, edit: Edit) -> bool:
    """Whether the edit is of what hangs on the caller's own user or role alone, or excepts the caller alone from a deny."""
    if isinstance(edit, SetDocument):
        own = case.identity is not None and edit.place.kind in _OWN
        return own or all(_excepts(case, each) for each in _came(edit))
    return not isinstance(edit, Attach) or edit.kind in _OWN


def _came(edit: SetDocument) -> list[Mapping[str, Any]]:
    standing = statements_of(edit.before)
    return [each for each in statements_of(edit.after) if each not in standing]


def _excepts(case: Case, statement: Mapping[str, Any]) -> bool:
    spared = statement.get("Condition", {}).get("ArnNotEquals", {}).get("aws:PrincipalArn", [])
    return statement["Effect"] == "Deny" and case.request.principal.issuer_arn in _texts(spared)


def _gained_by(case: Case, states: _States, arn: str, pairs: tuple[_Pair, ...]) -> bool:
    """Whether that user or role gains anything. Of its circumstances nothing is known but the Region."""
    try:
        found, after = states.before.caller(arn), states.after.caller(arn)
    except MoreNeeded:
        return False
    context: dict[str, ContextValue] = {
        "aws:RequestedRegion": case.request.context.get("aws:RequestedRegion") or "",
        "aws:SecureTransport": "true",
        **identity_context(found.identity),
    }
    like = replace(case.request, principal=found.request.principal)
    home, granted = _home(case), after.policies.identity
    kinds = _Kinds(states, (found.policies, after.policies), like=like)
    apart = {kinds.of(pair): pair for pair in reversed(pairs)}
    return any(
        _gains_there(states, arn, _request(like, pair, Supposed(context, keys_of_action(pair[0])), home))
        for pair in reversed(apart.values())
        if _hangs(states, pair[1]) or _may_grant(pair[0], granted)
    )


def _outsiders(case: Case, edits: tuple[Edit, ...]) -> Iterator[str]:
    """Whom else the allowing statements name that came or were widened; `*` for everybody."""
    account = case.data.account("") if case.data is not None else None
    known = {identity.arn for identity in account.identities.values()} if account else set()
    principal = case.request.principal
    known |= {
        principal.arn,
        principal.issuer_arn,
        "",
        *((account.id, f"arn:aws:iam::{account.id}:root") if account else ()),
    }
    for edit in edits:
        if not isinstance(edit, SetDocument):
            continue
        came = (each for each in _came(edit) if each["Effect"] == "Allow")
        yield from (name for each in came for name in _principals(each) if name not in known)


def _principals(statement: Mapping[str, Any]) -> Iterator[str]:
    if "NotPrincipal" in statement:
        yield "*"
        return
    given = statement.get("Principal", {})
    for names in [given] if isinstance(given, str) else given.values():
        yield from _texts(names)
