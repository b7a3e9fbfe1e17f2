"""Decisions in the shapes of AWS's own answers: DecodeAuthorizationMessage and the policy simulator."""

from collections.abc import Iterable, Sequence
from typing import Any

from trailwarden.policy.asking import Asking
from trailwarden.policy.decision import Block, Decision
from trailwarden.policy.document import context_keys
from trailwarden.policy.matching import Side
from trailwarden.policy.request import AccessRequest, Layer, PolicySet, Principal, PrincipalKind, Source, Unknown
from trailwarden.policy.spans import Position
from trailwarden.policy.statement import Found, Policy, Statement

__all__ = ["authorization_payload", "simulation", "simulations"]

_ARN_PARTS = 6
_CONTROLS = frozenset({Layer.SCP, Layer.RCP})
_OF_RESOURCES = frozenset({Layer.RESOURCE, Layer.TRUST, Layer.ENDPOINT})
_IAM_POLICY, _RESOURCE_POLICY = "IAM Policy", "Resource Policy"


def authorization_payload(decision: Decision) -> dict[str, Any]:
    """What DecodeAuthorizationMessage shows of a denial, as JSON values.

    An implicit denial has no matched statements. An organization's policies are not shown to its members.
    https://docs.aws.amazon.com/STS/latest/APIReference/API_DecodeAuthorizationMessage.html
    """
    denying = [found for block in decision.blocks if block.layer not in _CONTROLS for found in block.statements]
    return {
        "allowed": decision.allowed,
        "explicitDeny": any(block.explicit for block in decision.blocks),
        "matchedStatements": _items(_statement(found.statement, decision.request.principal) for found in denying),
        "failures": _items(()),
        "context": {
            "principal": _principal(decision.request.principal),
            "action": decision.request.action,
            "resource": decision.request.resource,
            "conditions": _conditions(_raw_context(decision.request)),
        },
    }


def _items(values: Iterable[Any]) -> dict[str, Any]:
    return {"items": list(values)}


def _values(values: Iterable[str]) -> dict[str, Any]:
    return _items({"value": value} for value in values)


def _conditions(pairs: Iterable[tuple[str, Sequence[str]]]) -> dict[str, Any]:
    return _items({"key": key, "values": _values(values)} for key, values in pairs)


def _statement(statement: Statement, principal: Principal) -> dict[str, Any]:
    return {
        "statementId": statement.sid,
        "effect": statement.effect.upper(),
        "principals": _values(_principals(statement, principal)),
        "principalGroups": _items(()),
        "notActions" if statement.not_actions else "actions": _values(statement.actions),
        "notResources" if statement.not_resources else "resources": _values(statement.resources),
        "conditions": _conditions((condition.key, condition.values) for condition in statement.conditions),
    }


def _principals(statement: Statement, principal: Principal) -> Sequence[str]:
    """The statement's own, or for a policy without a Principal whom it hangs on, by unique id."""
    if statement.principals is not None:
        return [name for _, name in statement.principals.written]
    unique = principal.unique_id.partition(":")[0]
    return [unique] if unique else []


def _principal(principal: Principal) -> dict[str, str]:
    shown = {"id": principal.unique_id, "arn": principal.arn}
    if principal.kind is PrincipalKind.USER:
        shown["name"] = principal.arn.rpartition("/")[2]
    return shown


def _raw_context(request: AccessRequest) -> Iterable[tuple[str, Sequence[str]]]:
    """The keys that the resource's ARN tells, and the service's own."""
    parts = request.resource.split(":", _ARN_PARTS - 1)
    if len(parts) == _ARN_PARTS:
        _, _, service, region, account, rest = parts
        told = {"Resource": rest, "Account": account, "Region": region, "Service": service, "Type": _type(rest)}
        yield from ((f"aws:{name}", (value,)) for name, value in told.items() if value)
        yield "aws:ARN", (request.resource,)
    own = request.action.partition(":")[0].lower() + ":"
    for key, value in request.context.items():
        if key.lower().startswith(own) and not isinstance(value, Unknown):
            yield key, (value,) if isinstance(value, str) else value


def _type(rest: str) -> str:
    """`instance` of `instance/i-1`, `function` of `function:name`."""
    ends = [rest.index(mark) for mark in "/:" if mark in rest]
    return rest[: min(ends)] if ends else ""


def simulations(decisions: Sequence[Decision], *, resources: str = "*") -> dict[str, Any]:
    """One EvaluationResult for decisions about one action and several resources, which `resources` is a template for.

    The whole bears the most restrictive decision and the statements of all resources that it is the decision of;
    ResourceSpecificResults bears each resource's own, and what its decision misses.
    https://docs.aws.amazon.com/IAM/latest/APIReference/API_EvaluationResult.html
    """
    whole = simulation(max(decisions, key=lambda decision: _SEVERITY.index(_effect(decision))))
    parts = [simulation(decision) for decision in decisions]
    if whole["EvalResourceName"] == "*":
        parts = [{**part, "MissingContextValues": []} for part in parts]
    else:
        whole["MissingContextValues"] = []
    if len(parts) > 1:
        whole["EvalResourceName"] = resources
    alike = [part for part in parts if part["EvalDecision"] == whole["EvalDecision"]]
    whole["MatchedStatements"] = _distinct(found for part in alike for found in part["MatchedStatements"])
    whole["ResourceSpecificResults"] = [
        {
            "EvalResourceName": part["EvalResourceName"],
            "EvalResourceDecision": part["EvalDecision"],
            **{name: part[name] for name in _SPECIFIC if name in part and part[name] != {}},
        }
        for part in parts
    ]
    return whole


def _distinct(values: Iterable[Any]) -> list[Any]:
    found: list[Any] = []
    for value in values:
        if value not in found:
            found.append(value)
    return found


_SPECIFIC = (
    "MatchedStatements",
    "MissingContextValues",
    "EvalDecisionDetails",
    "PermissionsBoundaryDecisionDetail",
)
_SEVERITY = ("allowed", "implicitDeny", "explicitDeny")


def simulation(decision: Decision) -> dict[str, Any]:
    """A decision as SimulatePrincipalPolicy and SimulateCustomPolicy give it.

    Statements of an organization's policies are never shown. What depends on missing values is not allowed.
    https://docs.aws.amazon.com/IAM/latest/APIReference/API_EvaluationResult.html
    """
    shown = [found for found in decision.determining if found.policy.source.layer not in _CONTROLS]
    result: dict[str, Any] = {
        "EvalActionName": decision.request.action,
        "EvalResourceName": decision.request.resource,
        "EvalDecision": _effect(decision),
        "MatchedStatements": [_matched(found) for found in shown],
        "MissingContextValues": _missing(decision),
    }
    against = {block.layer for block in _against(decision)}
    if decision.policies.scps:
        result["OrganizationsDecisionDetail"] = {"AllowedByOrganizations": Layer.SCP not in against}
    if decision.policies.boundary is not None:
        result["PermissionsBoundaryDecisionDetail"] = {"AllowedByPermissionsBoundary": Layer.BOUNDARY not in against}
    if Layer.SCP not in against and (decision.evidence.crosses or decision.request.resource != "*"):
        result["EvalDecisionDetails"] = _details(decision)
    return result


def _details(decision: Decision) -> dict[str, str]:
    """The sides of a decision across accounts; nothing within one, and not there where an organization ends it.

    https://docs.aws.amazon.com/IAM/latest/APIReference/API_EvaluationResult.html (EvalDecisionDetails)
    """
    if not decision.evidence.crosses:
        return {}
    return {
        _IAM_POLICY: _side(decision.evidence.identity),
        _RESOURCE_POLICY: _side(decision.evidence.resource),
    }


def _against(decision: Decision) -> tuple[Block, ...]:
    return (*decision.blocks, *decision.doubtful)


def _effect(decision: Decision) -> str:
    if decision.allowed:
        return "allowed"
    return "explicitDeny" if any(block.explicit for block in decision.blocks) else "implicitDeny"


def _side(side: Side) -> str:
    if side.denies:
        return "explicitDeny"
    return "allowed" if side.allows else "implicitDeny"


def _matched(found: Found) -> dict[str, Any]:
    source = found.policy.source
    shown: dict[str, Any] = {
        "SourcePolicyId": _source_id(source),
        "SourcePolicyType": _RESOURCE_POLICY if source.layer in _OF_RESOURCES else _IAM_POLICY,
    }
    span = found.statement.span
    if span is not None:
        shown["StartPosition"] = _position(_behind_token(found.policy.text, span.start))
        shown["EndPosition"] = _position(Position(span.end.line, span.end.column + 1))
    return shown


def _position(position: Position) -> dict[str, int]:
    return {"Line": position.line, "Column": position.column}


def _behind_token(text: str, start: Position) -> Position:
    """Where AWS lets a statement begin: right behind the token before it, white space included.

    A statement that stands alone, in no list, begins behind its own brace.
    """
    lines = text.split("\n")[: start.line]
    lines[-1] = lines[-1][: start.column - 1]
    while len(lines) > 1 and not lines[-1].strip():
        lines.pop()
    before = lines[-1].rstrip()
    if before.endswith(":"):
        return Position(start.line, start.column + 1)
    return Position(len(lines), len(before) + 1)


_HOLDERS = frozenset({"user", "group", "role"})


def _source_id(source: Source) -> str:
    """A managed policy's name; for an inline one `role_Dev_ReadTrails`."""
    name = source.name or source.id.rpartition("/")[2]
    kind, _, path = source.attached_to.rpartition(":")[2].partition("/")
    return f"{kind}_{path.rpartition('/')[2]}_{name}" if source.inline and kind in _HOLDERS else name


def _missing(decision: Decision) -> list[str]:
    """The condition keys that the policies refer to and the request has no value for."""
    asking = decision.evidence.asking
    found = {key.lower(): key for policy in _policies(decision.policies) for key in context_keys(policy)}
    return sorted(key for folded, key in found.items() if _lacks(asking, folded))


def _lacks(asking: Asking, key: str) -> bool:
    value = asking.value(key)
    return value is None or isinstance(value, Unknown)


def _policies(policies: PolicySet) -> Iterable[Policy]:
    yield from policies.identity
    yield from policies.resource
    yield from policies.trust
    for optional in (policies.boundary, policies.session, policies.endpoint):
        yield from optional or ()
    for level in (*policies.scps, *policies.rcps, *policies.scoped):
        yield from level
