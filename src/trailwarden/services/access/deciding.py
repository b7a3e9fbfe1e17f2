"""What becomes of an access request: approved, rejected, taken back. See docs/design/0007-access-requests.md."""

from collections.abc import Mapping
from typing import Any

from msgspec.structs import replace

from trailwarden.errors import ValidationException
from trailwarden.services.access.errors import AccessRequestStateException, OwnRequestException
from trailwarden.services.access.refusals import is_own, place_of, port
from trailwarden.services.access.request import ACCESS_REQUEST, EXPIRY, AccessRequest, Expiry, shown
from trailwarden.services.access.requests import find_request
from trailwarden.services.call import Call
from trailwarden.services.diagnosing import ChangedSince
from trailwarden.services.registry import operation
from trailwarden.services.world import World

__all__ = ["approve_access_request", "reject_access_request"]


@operation("trailwarden:ApproveAccessRequest")
def approve_access_request(call: Call, world: World) -> Mapping[str, Any]:
    """Make the change that was asked for, in the caller's name; all of it is one transaction.

    AccessDenied where the caller may not make one of the edits; ChangedSinceException where the diagnosis would offer
    another change by now; AccessRequestStateException, OwnRequestException.
    """
    request = find_request(call, world)
    if is_own(request.requester, call.caller) or is_own(request.principal, call.caller):
        raise OwnRequestException
    _expect(request, "PENDING")
    duration = call.params.get("DurationSeconds") or 0
    if duration and request.way.lasts:
        raise ValidationException(reason="This change cannot be taken back, so it cannot be approved for a time.")
    _unchanged(request, call, world)
    made = port(world).apply(request.way.changes, request.asked, place_of(call), world)
    approved = replace(
        request,
        state="APPROVED",
        decided=world.now,
        decided_by=call.caller.principal.arn,
        duration=duration,
        expires=world.now + duration if duration else 0.0,
        made=made,
    )
    world.put(ACCESS_REQUEST, request.account, request.region, request.id, approved)
    if duration:
        world.put(EXPIRY, request.account, request.region, request.id, Expiry(time=approved.expires))
    return {"AccessRequest": shown(approved, edits=True)}


def _unchanged(request: AccessRequest, call: Call, world: World) -> None:
    """Refuse where the refusal, diagnosed again, no longer leads to the very change that was asked for."""
    found = port(world).diagnose(request.asked, place_of(call), world)
    if request.way.changes not in [way.changes for way in found.ways if way.proved and not way.guardrail]:
        raise ChangedSince(place=", ".join(change.place for change in request.way.changes))


@operation("trailwarden:RejectAccessRequest")
def reject_access_request(call: Call, world: World) -> Mapping[str, Any]:
    """Reject what is pending; take back what is approved. ChangedSinceException, AccessRequestStateException."""
    request = find_request(call, world)
    _expect(request, "PENDING", "APPROVED", "OVERDUE")
    pending = request.state == "PENDING"
    if not pending:
        port(world).revert(request.made, place_of(call), world)
        world.delete(EXPIRY, request.account, request.region, request.id)
    ended = replace(
        request,
        state="REJECTED" if pending else "REVOKED",
        decided=world.now,
        decided_by=call.caller.principal.arn,
        ended=world.now,
        note=call.params.get("Reason") or "",
    )
    world.put(ACCESS_REQUEST, request.account, request.region, request.id, ended)
    return {"AccessRequest": shown(ended, edits=False)}


def _expect(request: AccessRequest, *states: str) -> None:
    if request.state not in states:
        raise AccessRequestStateException(id=request.id, state=request.state)
