"""Whether a caller has what a delegation request asks for, as far as that can be told beforehand.

https://docs.aws.amazon.com/IAM/latest/APIReference/API_GetDelegationRequest.html (PermissionCheckResult)
"""

from collections.abc import Iterator

from trailwarden.catalog.checks import Check
from trailwarden.policy import Effect, Layer, PrincipalKind, Source, compile_policy
from trailwarden.services.call import Call
from trailwarden.services.world import World

__all__ = ["covered"]

_MOST = 500
_WILD = frozenset("*?")


def covered(call: Call, world: World, policy: str) -> str:
    """ALLOWED, DENIED or UNSURE: every action on every resource that the policy allows is asked for the caller.

    UNSURE where it names patterns, where conditions decide, and where it is too long to ask one by one.
    """
    if call.caller.principal.kind is PrincipalKind.ROOT and call.caller.session is None:
        return "ALLOWED"
    unsure = False
    for number, (action, resource, sure) in enumerate(_asked(policy)):
        if number >= _MOST:
            return "UNSURE"
        decision = world.authorizer.judge(
            call.caller,
            Check(action=action, resource=resource),
            world.transaction,
            now=world.now,
            region=call.region,
        ).decision
        if decision.effect is Effect.DENIED:
            return "DENIED"
        unsure = unsure or not sure or decision.effect is Effect.DEPENDS
    return "UNSURE" if unsure else "ALLOWED"


def _asked(policy: str) -> Iterator[tuple[str, str, bool]]:
    """Each action on each resource, and whether asking about just that tells all."""
    for statement in compile_policy(policy, Source(layer=Layer.SESSION, id="delegation")).statements:
        if not statement.allows:
            continue
        inverted = statement.not_actions or statement.not_resources
        for action in statement.actions or ("*",):
            for resource in statement.resources or ("*",):
                wild = bool(_WILD & {*action, *resource})
                yield ("*", "*", False) if inverted else (action, resource, not wild and not statement.conditions)
