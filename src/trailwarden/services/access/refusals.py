"""A refusal told to the service: whose it is, and its diagnosis."""

from collections.abc import Mapping
from typing import Any

from trailwarden.arn import Arn
from trailwarden.auth.stages import Caller
from trailwarden.catalog.checks import Check
from trailwarden.errors import InternalFailure
from trailwarden.services.access.request import shown_way
from trailwarden.services.call import Call
from trailwarden.services.diagnosing import Asked, Blocking, Diagnosing, Found, NotRead, Place
from trailwarden.services.registry import operation
from trailwarden.services.world import World

__all__ = ["asked_of", "demand_own", "diagnose", "is_own", "place_of", "port", "requester_of"]

_SIDES = (("Text", "text"), ("Event", "event"), ("AuthorizationId", "authorization"))
_PARTS = 2


@operation("trailwarden:Diagnose")
def diagnose(call: Call, world: World) -> Mapping[str, Any]:
    """Tell why a call was refused, and what helps. InvalidRefusalException.

    A refusal of another principal wants trailwarden:Diagnose on `refusal/any`. See docs/design/0007-access-requests.md.
    """
    found = port(world).diagnose(asked_of(call), place_of(call), world)
    demand_own(found, call, world, "trailwarden:Diagnose")
    return {
        "Cause": found.cause,
        "Reasons": list(found.reasons),
        "Needed": list(found.needed),
        "Principal": found.principal,
        "Action": found.action,
        "Resource": found.resource,
        "Decision": found.decision,
        "Blocks": [_shown_block(block) for block in found.blocks],
        "Mends": [shown_way(way) for way in found.ways],
    }


def _shown_block(block: Blocking) -> dict[str, Any]:
    """The structure Block."""
    return {
        "Layer": block.layer,
        "Explicit": block.explicit,
        "Level": block.level,
        "Statements": [{"Policy": each.policy, "Sid": each.sid, "Index": each.index} for each in block.statements],
    }


def port(world: World) -> Diagnosing:
    """Diagnosis. InternalFailure where the server was put together without."""
    if world.diagnosing is None:
        raise InternalFailure
    return world.diagnosing


def place_of(call: Call) -> Place:
    """Where and for whom the call is made."""
    return Place(
        account=call.account,
        region=call.region,
        caller=call.caller,
        request=call.authorized.resolved.authenticated.parsed.request,
        request_id=call.request_id,
    )


def asked_of(call: Call) -> Asked:
    """The refusal that the members tell. InvalidRefusalException unless exactly one of them does."""
    given = [(kind, call.params[member]) for member, kind in _SIDES if call.params.get(member)]
    if len(given) != 1:
        raise NotRead(reason="Give exactly one of Text, Event and AuthorizationId.")
    kind, value = given[0]
    return Asked(
        kind="text" if kind == "text" else "event" if kind == "event" else "authorization",
        value=value,
        principal=call.caller.principal.arn,
    )


def demand_own(found: Found, call: Call, world: World, action: str) -> None:
    """Let a refusal of the caller itself pass; for another's, `action` on `refusal/any` is asked for. AccessDenied."""
    if is_own(found.principal, call.caller):
        return
    anyone = Arn(service="trailwarden", region=call.region, account=call.account, resource="refusal/any")
    world.authorizer.demand(
        call.caller,
        Check(action=action, resource=str(anyone)),
        world.transaction,
        now=world.now,
        region=call.region,
    )


def requester_of(caller: Caller) -> str:
    """Who asks: the user, the role of a session, or the root user."""
    return caller.principal.issuer_arn or caller.principal.arn


def is_own(principal: str, caller: Caller) -> bool:
    """Whether a principal is the caller; sessions of one role are one."""
    if principal in {caller.principal.arn, requester_of(caller)}:
        return True
    one, other = Arn.parse(principal), Arn.parse(caller.principal.arn)
    if one is None or other is None or "assumed-role" not in {one.type, other.type}:
        return False
    return (one.account, _role(one)) == (other.account, _role(other))


def _role(arn: Arn) -> str:
    """The role's name of a session or of the role itself."""
    parts = arn.resource.split("/")
    return parts[1] if arn.type == "assumed-role" and len(parts) > _PARTS else arn.name if arn.type == "role" else "/"
