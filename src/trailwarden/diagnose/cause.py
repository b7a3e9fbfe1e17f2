"""Why a request is refused, in words: the reason that decides first, then every other one."""

from trailwarden.diagnose.case import Case
from trailwarden.diagnose.wording import caller_named, holder_named, resource_named, statement_named
from trailwarden.policy import Block, Effect, Element, Layer, NearMiss, Part, Turn, explain, near_misses

__all__ = ["blamed_statements", "cause_line", "closest", "miss_described", "reasons"]

_ABSENT = {
    Layer.IDENTITY: "no identity-based policy of {who} allows {what}",
    Layer.RESOURCE: "no resource-based policy of {holder} allows {what} to {who}",
    Layer.BOUNDARY: "the permissions boundary of {who} does not allow {what}",
    Layer.SESSION: "no session policy of this session of {who} allows {what}",
    Layer.SCP: "no service control policy on level {level} allows {what} in account {account}",
    Layer.RCP: "no resource control policy on level {level} allows {what}",
    Layer.ENDPOINT: "no VPC endpoint policy allows {what}",
    Layer.TRUST: "the trust policy of {holder} does not let {who} in",
}
_ABSENT_FROM_TRUST = "the trust policy of {holder} does not allow {what} to {who}"
"""For the further actions of assuming a role: tagging the session, setting its source identity, web identity."""


def cause_line(case: Case) -> str:
    """The first reason as one sentence."""
    found = reasons(case)
    if found:
        miss = closest(case)
        return f"{found[0]}; {miss_described(miss)}" if miss is not None else found[0]
    said = case.refusal
    if said.layer in {Layer.SESSION, Layer.ENDPOINT}:
        return f"a {said.layer} stood in the way; nothing in the account data does"
    return (
        f"the policies at hand allow {_what(case)} to {caller_named(case)} by now: they have changed since, "
        "or had not reached every Region when the call was made"
    )


def blamed_statements(case: Case) -> str:
    """The denying statements about this call in the layer that AWS names, where none of them seems to apply; "" where there are none."""
    if not case.refusal.explicit:
        return ""
    parts = [
        part
        for part in explain(case.decision)
        if not part.statement.allows
        and case.refusal.layer in {None, part.layer}
        and part.action
        and part.resource is not False
        and _is_named(case.refusal.policy_arn, part)
    ]
    if not parts:
        return ""
    told = "; ".join(f"{statement_named(part.policy, part.statement)}: {_conditions(part)}" for part in parts)
    return f"AWS says that a {case.refusal.layer or 'policy'} denies it; it can only be {told}, so the request was another one than it seems"


def _is_named(arn: str, part: Part) -> bool:
    return not arn or part.policy.source.id.rpartition("/")[2] == arn.rpartition("/")[2]


def _conditions(part: Part) -> str:
    return ", ".join(
        f"{each.condition.key} ({each.condition.operator} {', '.join(each.condition.values)}), which the request has as {each.got or 'absent'}"
        for each in part.conditions
    )


def closest(case: Case) -> NearMiss | None:
    """The allowing statement that comes closest to removing the first reason, if it misses by one element alone.

    A statement about other actions of the service says nothing about this one.
    """
    first = case.decision.first
    misses = (miss for miss in near_misses(case.decision) if miss.element is not Element.ACTION)
    return next((miss for miss in misses if miss.block == first), None)


def miss_described(miss: NearMiss) -> str:
    """What the statement wants, and what the request has."""
    named = statement_named(miss.part.policy, miss.part.statement)
    wanted = miss.closest or ", ".join(miss.wanted)
    got = "none" if miss.got is None else ", ".join(miss.got) if isinstance(miss.got, tuple) else str(miss.got)
    element = f"{miss.condition.operator} {miss.condition.key}" if miss.condition is not None else miss.element.value
    return f"{named} misses by its {element} alone: it wants {wanted}, the request has {got}"


def reasons(case: Case) -> tuple[str, ...]:
    """Every reason, in the order of evaluation."""
    decision = case.decision
    certain = tuple(_reason(case, block) for block in decision.blocks)
    if decision.effect is not Effect.DEPENDS:
        return certain
    return (*certain, *(_turn(case, turn) for turn in decision.turns))


def _reason(case: Case, block: Block) -> str:
    if block.explicit:
        found = block.statements[0]
        policy = found.policy.source
        which = found.statement.sid or str(found.statement.index + 1)
        named = policy.name or holder_named(policy.id)
        return f"statement {which} of the {block.layer} {named} denies {_what(case)} to {caller_named(case)}"
    tagging = block.layer is Layer.TRUST and case.request.action.lower() != "sts:assumerole"
    words = _ABSENT_FROM_TRUST if tagging else _ABSENT[block.layer]
    return words.format(
        who=caller_named(case),
        what=_what(case),
        holder=holder_named(case.request.resource),
        level=block.level,
        account=case.request.principal.account,
    )


def _turn(case: Case, turn: Turn) -> str:
    statement = turn.found.statement
    keys = ", ".join(
        f"{condition.key} ({condition.operator} {', '.join(condition.values)})" for condition in turn.conditions
    )
    named = statement_named(turn.found.policy, statement)
    effect = "allows" if statement.allows else "denies"
    if case.refusal.explicit and not statement.allows and case.refusal.layer in {None, turn.found.policy.source.layer}:
        return f"{named} denies {_what(case)} to {caller_named(case)}, since its condition is met: {keys}"
    return f"{named} {effect} {_what(case)} only under conditions not known here: {keys}"


def _what(case: Case) -> str:
    resource = case.request.resource
    return case.request.action if resource == "*" else f"{case.request.action} on {resource_named(resource)}"
