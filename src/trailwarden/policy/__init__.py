"""The IAM engine: pure, standard library only, usable as a library.

    policy = compile_policy(document, Source(layer=Layer.IDENTITY, id="ReadTrails"))
    request = AccessRequest(principal=…, action="cloudtrail:GetTrailStatus", resource=…)
    decision = evaluate(request, PolicySet(identity=(policy,)))

`compile_policy` reads a document, `evaluate` decides a request by all kinds of policies at once. Everything else here
tells more about a decision.
"""

from trailwarden.policy.condition import Condition
from trailwarden.policy.decision import Block, Decision, Effect, Turn, Verdict
from trailwarden.policy.document import compile_policy, context_keys
from trailwarden.policy.encode import authorization_payload, simulation, simulations
from trailwarden.policy.engine import evaluate
from trailwarden.policy.explain import ConditionPart, Element, NearMiss, Part, explain, near_misses
from trailwarden.policy.findings import Facts, Finding, FindingType, findings
from trailwarden.policy.grammar import (
    ANY,
    BUCKET,
    ENDPOINT,
    IDENTITY,
    RCP,
    RESOURCE,
    SCP,
    SESSION,
    TRUST,
    Grammar,
    MalformedPolicy,
    PolicyTooLarge,
    policy_size,
)
from trailwarden.policy.message import denial_message
from trailwarden.policy.principals import Reach
from trailwarden.policy.request import (
    UNKNOWN,
    AccessRequest,
    Context,
    ContextValue,
    Layer,
    PolicySet,
    Principal,
    PrincipalKind,
    Source,
    Unknown,
)
from trailwarden.policy.rules import RULES
from trailwarden.policy.statement import Found, Policy, Statement

__all__ = [
    "ANY",
    "BUCKET",
    "ENDPOINT",
    "IDENTITY",
    "RCP",
    "RESOURCE",
    "RULES",
    "SCP",
    "SESSION",
    "TRUST",
    "UNKNOWN",
    "AccessRequest",
    "Block",
    "Condition",
    "ConditionPart",
    "Context",
    "ContextValue",
    "Decision",
    "Effect",
    "Element",
    "Facts",
    "Finding",
    "FindingType",
    "Found",
    "Grammar",
    "Layer",
    "MalformedPolicy",
    "NearMiss",
    "Part",
    "Policy",
    "PolicySet",
    "PolicyTooLarge",
    "Principal",
    "PrincipalKind",
    "Reach",
    "Source",
    "Statement",
    "Turn",
    "Unknown",
    "Verdict",
    "authorization_payload",
    "compile_policy",
    "context_keys",
    "denial_message",
    "evaluate",
    "explain",
    "findings",
    "near_misses",
    "policy_size",
    "simulation",
    "simulations",
]
