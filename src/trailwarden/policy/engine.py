"""Evaluation: gather, judge, decide. Pure: no clock, no storage, no exceptions.

https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_evaluation-logic.html
"""

from trailwarden.policy.decision import HOLDS, Block, Decision, Effect, Verdict
from trailwarden.policy.evidence import Evidence, gather
from trailwarden.policy.request import AccessRequest, PolicySet
from trailwarden.policy.rules import RULES
from trailwarden.policy.special import needs_no_permission

__all__ = ["evaluate"]

_ALL_HOLD = (HOLDS,) * len(RULES)


def evaluate(request: AccessRequest, policies: PolicySet) -> Decision:
    """Decide one request by all policies that bear on it."""
    evidence = gather(request, policies)
    if needs_no_permission(request):
        return Decision(Effect.ALLOWED, evidence, _ALL_HOLD)
    if not evidence.certain:
        return _decide_in_doubt(evidence)
    judged = [rule(evidence) for rule in RULES]
    if not any(judged):
        return Decision(Effect.ALLOWED, evidence, _ALL_HOLD)
    return Decision(Effect.DENIED, evidence, tuple([Verdict(blocks) if blocks else HOLDS for blocks in judged]))


def _decide_in_doubt(evidence: Evidence) -> Decision:
    """Judge twice, for the best and for the worst. What blocks even at best is certain; the rest is doubtful."""
    best, worst = evidence.view(hopeful=True), evidence.view(hopeful=False)
    verdicts = tuple(_verdict(rule(best), rule(worst)) for rule in RULES)
    if any(verdict.blocks for verdict in verdicts):
        effect = Effect.DENIED
    else:
        effect = Effect.DEPENDS if any(verdict.doubtful for verdict in verdicts) else Effect.ALLOWED
    return Decision(effect, evidence, verdicts)


def _verdict(certain: tuple[Block, ...], possible: tuple[Block, ...]) -> Verdict:
    places = {(block.layer, block.explicit, block.level) for block in certain}
    doubtful = tuple(block for block in possible if (block.layer, block.explicit, block.level) not in places)
    return Verdict(certain, doubtful) if certain or doubtful else HOLDS
