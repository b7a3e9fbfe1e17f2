"""The smallest changes that let a denied request through, each proved by evaluating the request again with the change."""

import itertools
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from trailwarden.arn import Arn
from trailwarden.diagnose.case import Case, managed_source
from trailwarden.diagnose.document import statements_of, with_statements
from trailwarden.diagnose.edits import Attach, Edit, Place, SetDocument, apply_edits
from trailwarden.diagnose.managed import managed_for
from trailwarden.diagnose.mend import Mend
from trailwarden.diagnose.remainder import remainder_of
from trailwarden.diagnose.remedy import Remedy
from trailwarden.diagnose.wording import caller_named, resource_named, statement_named
from trailwarden.policy import (
    Block,
    Condition,
    Element,
    Layer,
    NearMiss,
    Policy,
    PrincipalKind,
    Source,
    evaluate,
    near_misses,
)

__all__ = ["mends_of"]

_COMBINATIONS_MAX = 12
_SOURCED = ("aws:SourceArn", "s3:x-amz-acl", "kms:EncryptionContext:aws:cloudtrail:arn")
_GUARDRAILS = frozenset({Layer.SCP, Layer.RCP, Layer.BOUNDARY, Layer.ENDPOINT})


@dataclass(frozen=True, slots=True, kw_only=True)
class _Part:
    """What cures one block."""

    title: str
    edit: Edit
    approver: str
    guardrail: bool = False


def mends_of(case: Case) -> tuple[Mend, ...]:
    """The ways out, the one that grants least first; what loosens a guardrail comes last, behind leaving it alone."""
    blocks = case.decision.blocks or case.decision.doubtful
    if not blocks:
        return ()
    if case.absent:
        return (*_stays(case, blocks), Mend(title=_NO_SUCH.format(resource=case.request.resource)))
    cures = [tuple(_cures(case, block)) for block in blocks]
    combined = tuple(itertools.islice(_combined(case, cures), _COMBINATIONS_MAX)) if all(cures) else ()
    in_place = blocks[0].layer in {Layer.RESOURCE, Layer.TRUST}
    ranked = sorted(
        combined,
        key=lambda mend: (
            mend.guardrail,
            in_place and mend.remedy is not Remedy.CORRECT,
            len(mend.remainder),
            len(mend.others),
            len(mend.edits),
        ),
    )
    stays = tuple(_stays(case, blocks))
    capped = bool(ranked) and not stays and all(mend.guardrail for mend in ranked)
    leave = (_leave(case, ranked[0]),) if capped and blocks[0].layer not in _GUARDRAILS else ()
    return (*stays, *leave, *ranked)


def _leave(case: Case, loosened: Mend) -> Mend:
    """What comes before a mend that cannot do without loosening a guardrail behind the first reason."""
    return Mend(
        title=f"leave it, if {case.request.action} is kept out on purpose, and do it as a principal that may: "
        "granting it is not enough, a guardrail stands behind",
        approver=loosened.approver,
        told=Remedy.LEAVE,
    )


_NO_SUCH = "name a resource that exists: {resource} is not in the account data; no policy is widened for it"


def _combined(case: Case, cures: list[tuple[_Part, ...]]) -> Iterator[Mend]:
    """One cure a block, all together; kept only where that is proved."""
    for parts in itertools.product(*cures):
        edits = _distinct(part.edit for part in parts)
        if edits is None or not _lets_through(case, edits) or not _minimal(case, edits):
            continue
        besides = remainder_of(case, edits)
        yield Mend(
            title="; ".join(dict.fromkeys(part.title for part in parts)),
            edits=edits,
            guardrail=any(part.guardrail for part in parts),
            approver=" and ".join(dict.fromkeys(part.approver for part in parts)),
            remainder=besides.own,
            others=besides.others,
            proved=True,
        )


def _distinct(edits: Iterable[Edit]) -> tuple[Edit, ...] | None:
    """Each edit once: one document may cure several blocks. None where two would overwrite one another."""
    found: list[Edit] = []
    for edit in edits:
        if edit in found:
            continue
        if isinstance(edit, SetDocument) and any(
            isinstance(other, SetDocument) and other.place == edit.place for other in found
        ):
            return None
        found.append(edit)
    return tuple(found)


def _lets_through(case: Case, edits: tuple[Edit, ...]) -> bool:
    policies = apply_edits(case.policies, edits)
    return policies is not None and evaluate(case.request, policies).allowed


def _minimal(case: Case, edits: tuple[Edit, ...]) -> bool:
    """Whether every edit is needed."""
    rest = [edits[:index] + edits[index + 1 :] for index in range(len(edits))]
    return not any(_lets_through(case, fewer) for fewer in rest)


def _stays(case: Case, blocks: Iterable[Block]) -> Iterator[Mend]:
    """What to do without touching a guardrail: leave it, and ask differently."""
    for block in blocks:
        for found in block.statements:
            conditions = "; ".join(
                f"{condition.key} ({condition.operator}): {', '.join(condition.values)}"
                for condition in found.statement.conditions
            )
            asked = f" It spares requests by their {conditions}." if conditions else ""
            yield Mend(
                title=f"Leave it: {statement_named(found.policy, found.statement)} denies this on purpose.{asked}",
                approver=_approver(case, block.layer, found.policy.source),
                told=Remedy.LEAVE,
            )
    if any(block.layer is Layer.SESSION and not block.explicit for block in blocks):
        yield Mend(title="Assume the role again with a session policy that allows the action, or without one")
    for miss in near_misses(case.decision):
        if miss.element is Element.CONDITION and miss.condition is not None:
            yield _ask_differently(miss, miss.condition)


def _ask_differently(miss: NearMiss, condition: Condition) -> Mend:
    """Meet the one condition that is not met."""
    named = statement_named(miss.part.policy, miss.part.statement)
    wanted = ", ".join(condition.values)
    return Mend(
        title=f"Make the request meet {named}: {condition.key} as {condition.operator} {wanted} wants it; "
        "then the call is allowed as things stand",
    )


def _cures(case: Case, block: Block) -> Iterator[_Part]:
    if block.explicit:
        yield from _exceptions(case, block)
        return
    grants = _GRANTS[block.layer](case, block)
    widened = (
        part
        for miss in near_misses(case.decision)
        if miss.block == block and miss.element is Element.RESOURCE and not miss.part.statement.not_resources
        for part in _widened(case, miss)
    )
    corrections = itertools.chain(widened, _further_values(case, block))
    # A resource's own policy is corrected in place; an identity gets a statement of its own first.
    yield from (*grants, *corrections) if block.layer is Layer.IDENTITY else (*corrections, *grants)


def _widened(case: Case, miss: NearMiss) -> Iterator[_Part]:
    """The resource asked for, added to the statement that lacks just that."""
    policy, statement = miss.part.policy, miss.part.statement
    place = _place(policy.source)
    if place is None or not policy.text or case.request.resource == "*":
        return
    standing = statements_of(policy.text)[statement.index]
    rewritten = {**standing, "Resource": _one([*statement.resources, case.granted])}
    yield _Part(
        title=f"add {resource_named(case.granted)} to the Resource of {statement_named(policy, statement)}",
        edit=_rewritten(place, policy, {statement.index: rewritten}),
        approver=_approver(case, miss.part.layer, policy.source),
        guardrail=miss.part.layer in _GUARDRAILS,
    )


def _further_values(case: Case, block: Block) -> Iterator[_Part]:
    """For a service: the resource it acts for, added to the aws:SourceArn or aws:SourceAccount that lacks just that."""
    for miss in near_misses(case.decision):
        condition, place = miss.condition, _place(miss.part.policy.source)
        known = condition is not None and condition.folded_key in {"aws:sourcearn", "aws:sourceaccount"}
        if miss.block != block or condition is None or not known or place is None or not isinstance(miss.got, str):
            continue
        policy, statement = miss.part.policy, miss.part.statement
        standing = statements_of(policy.text)[statement.index]
        conditions = standing["Condition"]
        keys = {**conditions[condition.operator], condition.key: [*condition.values, miss.got]}
        rewritten = {**standing, "Condition": {**conditions, condition.operator: keys}}
        yield _Part(
            title=f"add {miss.got} to the {condition.key} of {statement_named(policy, statement)}",
            edit=_rewritten(place, policy, {statement.index: rewritten}),
            approver=_approver(case, miss.part.layer, policy.source),
            guardrail=miss.part.layer in _GUARDRAILS,
        )


def _exceptions(case: Case, block: Block) -> Iterator[_Part]:
    """Let this one caller through every statement of one policy that denies; several policies cannot be one part."""
    policies = {id(found.policy): found.policy for found in block.statements}
    if len(policies) != 1:
        return
    policy = next(iter(policies.values()))
    place = _place(policy.source)
    if place is None or not policy.text or not case.request.principal.issuer_arn:
        return
    standing, spared = statements_of(policy.text), case.request.principal.issuer_arn
    denying = [found.statement.index for found in block.statements]
    excepted = {
        index: {**standing[index], "Condition": _spared(standing[index].get("Condition", {}), spared)}
        for index in denying
    }
    named = statement_named(policy, block.statements[0].statement)
    yield _Part(
        title=f"except {caller_named(case)} from {named}",
        edit=_rewritten(place, policy, excepted),
        approver=_approver(case, block.layer, policy.source),
        guardrail=True,
    )


def _spared(condition: Mapping[str, Any], arn: str) -> dict[str, Any]:
    """The condition, and not this principal."""
    standing = dict(condition.get("ArnNotEquals", {}))
    spared = standing.get("aws:PrincipalArn", [])
    spared = [spared] if isinstance(spared, str) else spared
    return {**condition, "ArnNotEquals": {**standing, "aws:PrincipalArn": [*spared, arn] if spared else arn}}


def _grant_identity(case: Case, _: Block) -> Iterator[_Part]:
    """A statement of its own for the user or role; then AWS managed policies that would do."""
    if case.identity is None or case.identity.kind == "group":
        return
    identity = case.identity
    name = f"Allow{case.request.action.partition(':')[2].replace('*', 'All')}"
    before = identity.inline.get(name, "")
    statement = {"Effect": "Allow", "Action": case.request.action, "Resource": case.granted}
    statement.update(_passed_to(case))
    source = Source(layer=Layer.IDENTITY, id=name, name=name, attached_to=identity.arn, inline=True)
    approver = f"an administrator of account {case.request.principal.account}"
    yield _Part(
        title=f"allow {case.request.action} on {resource_named(case.granted)} to {identity.named}",
        edit=SetDocument(
            place=Place(kind=identity.kind, holder=identity.name, name=name),
            source=source,
            before=before,
            after=_added(before, statement),
            statement=statement,
        ),
        approver=approver,
    )
    for arn, document in managed_for(case.request.action, identity.attached):
        yield _Part(
            title=f"attach {arn.rpartition('/')[2]} to {identity.named}",
            edit=Attach(
                kind=identity.kind,
                holder=identity.name,
                arn=arn,
                source=managed_source(Layer.IDENTITY, arn, identity.arn),
                document=document,
            ),
            approver=approver,
        )


def _passed_to(case: Case) -> dict[str, Any]:
    """iam:PassRole is granted only for the service that gets the role.

    https://docs.aws.amazon.com/IAM/latest/UserGuide/id_roles_use_passrole.html
    """
    service = case.request.context.get("iam:PassedToService")
    if case.request.action.lower() != "iam:passrole" or not isinstance(service, str):
        return {}
    return {"Condition": {"StringEquals": {"iam:PassedToService": service}}}


def _grant_resource(case: Case, _: Block) -> Iterator[_Part]:
    """A statement for the caller in the resource's own policy."""
    arn = Arn.parse(case.request.resource)
    kind = _RESOURCE_PLACES.get(arn.service) if arn else None
    if arn is None or kind is None or f"the resource-based policy of {arn}" in case.missing:
        return  # a policy that is not at hand would be overwritten
    holder = f"arn:{arn.partition}:s3:::{arn.resource.partition('/')[0]}" if arn.service == "s3" else str(arn)
    standing = next((policy for policy in case.policies.resource if policy.source.id == holder), None)
    statement = {
        "Effect": "Allow",
        "Principal": _principal(case),
        "Action": case.request.action,
        "Resource": case.granted if arn.service != "kms" else "*",
        **_sourced(case),
    }
    if standing is None and case.data is not None and not case.data.seen(arn):
        return  # a policy may stand there, which a new one would overwrite: the owner is told in words
    before = standing.text if standing else ""
    yield _Part(
        title=f"let {caller_named(case)} in by the policy of {resource_named(holder)}",
        edit=SetDocument(
            place=Place(kind=kind, holder=arn.resource.partition("/")[0] if kind == "bucket" else str(arn)),
            source=Source(layer=Layer.RESOURCE, id=holder, attached_to=holder),
            before=before,
            after=_added(before, statement),
            statement=statement,
        ),
        approver=f"the owner of {resource_named(holder)}, account {case.request.resource_account}",
    )


def _grant_trust(case: Case, _: Block) -> Iterator[_Part]:
    """A statement for the caller in the role's trust policy."""
    role = Arn.parse(case.request.resource)
    standing = next(iter(case.policies.trust), None)
    if role is None or standing is None:
        return
    statement = {"Effect": "Allow", "Principal": _principal(case), "Action": case.request.action, **_sourced(case)}
    yield _Part(
        title=f"let {caller_named(case)} assume role {role.name}",
        edit=SetDocument(
            place=Place(kind="trust", holder=role.name),
            source=standing.source,
            before=standing.text,
            after=_added(standing.text, statement),
            statement=statement,
        ),
        approver=f"an administrator of account {role.account}",
    )


def _grant_capped(case: Case, block: Block) -> Iterator[_Part]:
    """A statement in the policy that caps: a permissions boundary, or an organization's policy on its level."""
    policies = _capping(case, block)
    policy = next((each for each in reversed(policies) if _place(each.source) is not None and each.text), None)
    place = _place(policy.source) if policy else None
    if policy is None or place is None:
        return
    statement = {"Effect": "Allow", "Action": case.request.action, "Resource": case.granted}
    yield _Part(
        title=f"allow {case.request.action} in {place.described}",
        edit=SetDocument(
            place=place,
            source=policy.source,
            before=policy.text,
            after=_added(policy.text, statement),
            statement=statement,
        ),
        approver=_approver(case, block.layer, policy.source),
        guardrail=True,
    )


def _capping(case: Case, block: Block) -> tuple[Policy, ...]:
    if block.layer is Layer.BOUNDARY:
        return case.policies.boundary or ()
    levels = case.policies.scps if block.layer is Layer.SCP else case.policies.rcps
    return levels[block.level] if block.level is not None and block.level < len(levels) else ()


def _nothing(_: Case, __: Block) -> Iterator[_Part]:
    """A session policy stands in the request that made the session, an endpoint's in no account data."""
    return iter(())


_GRANTS: Mapping[Layer, Callable[[Case, Block], Iterator[_Part]]] = {
    Layer.IDENTITY: _grant_identity,
    Layer.RESOURCE: _grant_resource,
    Layer.TRUST: _grant_trust,
    Layer.BOUNDARY: _grant_capped,
    Layer.SCP: _grant_capped,
    Layer.RCP: _grant_capped,
    Layer.SESSION: _nothing,
    Layer.ENDPOINT: _nothing,
}

_RESOURCE_PLACES: Mapping[str, Any] = {"s3": "bucket", "kms": "key", "sns": "topic", "cloudtrail": "store"}
_HOLDER_KINDS = frozenset({"user", "group", "role"})


def _place(source: Source) -> Place | None:
    """Where a policy stands and can be changed; None for AWS's own and for what no client can change."""
    if source.aws_managed or source.layer in {Layer.SESSION, Layer.ENDPOINT}:
        return None
    holder = Arn.parse(source.attached_to)
    if source.inline:
        kind = holder.type if holder else ""
        return Place(kind=kind, holder=holder.name, name=source.id) if holder and kind in _HOLDER_KINDS else None  # type: ignore[arg-type]  # kind is one of the three
    if source.layer in {Layer.SCP, Layer.RCP}:
        return Place(kind="organization", holder=source.id) if "p-FullAWSAccess" not in source.id else None
    return _standing_place(source)


def _standing_place(source: Source) -> Place | None:
    arn = Arn.parse(source.id)
    if arn is None:
        return None
    if source.layer is Layer.TRUST:
        return Place(kind="trust", holder=arn.name)
    if source.layer is Layer.RESOURCE:
        kind = _RESOURCE_PLACES.get(arn.service)
        return Place(kind=kind, holder=arn.resource if kind == "bucket" else str(arn)) if kind else None
    return Place(kind="managed", holder=source.id)


def _rewritten(place: Place, policy: Policy, changed: Mapping[int, Mapping[str, Any]]) -> SetDocument:
    """The policy with these statements, by number, in place of the ones that stand there."""
    statements = statements_of(policy.text)
    for index, statement in changed.items():
        statements[index] = statement
    return SetDocument(
        place=place,
        source=policy.source,
        before=policy.text,
        after=with_statements(policy.text, statements),
        statement=list(changed.values())[-1],
    )


def _added(before: str, statement: Mapping[str, Any]) -> str:
    """A document with one more statement."""
    return with_statements(before, [*statements_of(before), statement])


def _principal(case: Case) -> dict[str, str]:
    principal = case.request.principal
    if principal.kind is PrincipalKind.SERVICE:
        return {"Service": principal.arn}
    return {"AWS": principal.issuer_arn or principal.arn}


def _sourced(case: Case) -> dict[str, Any]:
    """A service is let in only for the resource it acts for, and only in the form that it really uses.

    https://docs.aws.amazon.com/IAM/latest/UserGuide/confused-deputy.html
    """
    if case.request.principal.kind is not PrincipalKind.SERVICE:
        return {}
    told = {key: case.request.context.get(key) for key in _SOURCED}
    known = {key: value for key, value in told.items() if isinstance(value, str)}
    return {"Condition": {"StringEquals": known}} if known else {}


def _one(values: list[str]) -> str | list[str]:
    return values[0] if len(values) == 1 else values


def _approver(case: Case, layer: Layer, source: Source) -> str:
    if layer in {Layer.SCP, Layer.RCP}:
        return "the organization's administrators"
    if layer is Layer.RESOURCE:
        return f"the owner of {source.id}"
    owner = "whoever set the permissions boundary" if layer is Layer.BOUNDARY else "an administrator"
    return f"{owner} of account {case.request.principal.account}"
