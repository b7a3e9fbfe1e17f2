"""The checks of a decision, as iam-toolbox tells them: one requirement each, with its result.

Source: botocore's model of iam-toolbox (Check), 2018-05-10.
"""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from trailwarden.policy import Block, ContextValue, Decision, Found, Layer, Policy, Unknown
from trailwarden.policy.matching import Side
from trailwarden.services.toolbox.policies import TYPES, uri_of

__all__ = ["checks_of", "context_shown", "effect_of"]


def effect_of(decision: Decision) -> str:
    """The result of the whole evaluation."""
    if decision.allowed:
        return "ALLOW"
    return "EXPLICIT_DENY" if any(block.explicit for block in decision.blocks) else "IMPLICIT_DENY"


def checks_of(decision: Decision) -> list[dict[str, Any]]:
    """Organization's checks from the root down, then endpoint, resource, principal, boundary and session."""
    evidence, policies = decision.evidence, decision.policies
    checks = [
        *_levels(decision, Layer.RCP, evidence.rcps, policies.rcps),
        *_levels(decision, Layer.SCP, evidence.scps, policies.scps),
    ]
    if evidence.endpoint is not None:
        checks.append(_check(decision, Layer.ENDPOINT, evidence.endpoint))
    checks.extend(_resource(decision))
    if evidence.member:
        checks.append(_check(decision, Layer.IDENTITY, evidence.identity))
    if evidence.boundary is not None:
        checks.append(_check(decision, Layer.BOUNDARY, evidence.boundary))
    if evidence.session is not None:
        checks.append(_check(decision, Layer.SESSION, evidence.session))
    checks.extend(_check(decision, Layer.SESSION, side, level=number) for number, side in enumerate(evidence.scoped))
    return checks


_CHECKS = {
    Layer.RCP: "RESOURCE_CONTROL_POLICY",
    Layer.SCP: "SERVICE_CONTROL_POLICY",
    Layer.ENDPOINT: "VPC_ENDPOINT",
    Layer.RESOURCE: "RESOURCE",
    Layer.TRUST: "RESOURCE",
    Layer.IDENTITY: "PRINCIPAL",
    Layer.BOUNDARY: "PERMISSIONS_BOUNDARY",
    Layer.SESSION: "SESSION",
}


def _levels(
    decision: Decision, layer: Layer, sides: Iterable[Side], levels: Iterable[Iterable[Policy]]
) -> Iterator[dict[str, Any]]:
    for number, (side, policies) in enumerate(zip(sides, levels, strict=False)):
        target = next((policy.source.attached_to for policy in policies), "")
        yield {**_check(decision, layer, side, level=number), **({"targetArn": target} if target else {})}


def _resource(decision: Decision) -> Iterator[dict[str, Any]]:
    """The resource owner's say, where it has one: a policy that matched, or one whose Allow is wanting."""
    evidence = decision.evidence
    for layer, side in ((Layer.RESOURCE, evidence.resource), (Layer.TRUST, evidence.trust)):
        wanting = any(block.layer is layer for block in decision.blocks)
        if wanting or side.allows or side.denies or (layer is Layer.RESOURCE and evidence.crosses):
            yield _check(decision, layer, side)


def _check(decision: Decision, layer: Layer, side: Side, *, level: int | None = None) -> dict[str, Any]:
    found = (*side.denies, *side.allows)
    types = [TYPES[layer], *(TYPES[each.policy.source.layer] for each in found)]
    return {
        "checkType": _CHECKS[layer],
        "evaluatedEffect": _effect(decision.blocks, layer, side, level),
        "relevantPolicyTypes": list(dict.fromkeys(types)),
        "matchedPolicies": _matched(found),
    }


def _effect(blocks: Iterable[Block], layer: Layer, side: Side, level: int | None) -> str:
    if side.denies:
        return "EXPLICIT_DENY"
    if side.allows:
        return "ALLOW"
    wanting = any(block.layer is layer and block.level == level for block in blocks)
    return "IMPLICIT_DENY" if wanting else "NO_IMPACT"


def _matched(found: Iterable[Found]) -> list[dict[str, Any]]:
    by_policy: dict[str, list[dict[str, str]]] = {}
    for each in found:
        statement = each.statement
        by_policy.setdefault(uri_of(each.policy), []).append(
            {
                "sid": statement.sid or f"Statement{statement.index + 1}",
                "evaluatedEffect": "ALLOW" if statement.allows else "DENY",
            }
        )
    return [{"uri": uri, "matchedStatements": statements} for uri, statements in by_policy.items()]


def context_shown(context: Mapping[str, ContextValue]) -> dict[str, Any]:
    """Context as JSON values; keys whose value was not known are left out."""
    return {
        key: list(value) if isinstance(value, tuple) else value
        for key, value in context.items()
        if not isinstance(value, Unknown)
    }
