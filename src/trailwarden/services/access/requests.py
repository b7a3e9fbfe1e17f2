"""Access requests: ask, look, list. See docs/design/0007-access-requests.md."""

from collections.abc import Mapping, Sequence
from typing import Any

from trailwarden.auth.context import request_context
from trailwarden.catalog.checks import Check
from trailwarden.services import paging
from trailwarden.services.access.errors import (
    AccessRequestNotFoundException,
    InvalidNextTokenException,
    LimitExceededException,
    NoMendException,
)
from trailwarden.services.access.refusals import asked_of, demand_own, place_of, port, requester_of
from trailwarden.services.access.request import ACCESS_REQUEST, AccessRequest, shown
from trailwarden.services.call import Call
from trailwarden.services.diagnosing import Found, NotRead, Way
from trailwarden.services.registry import operation
from trailwarden.services.world import World

__all__ = ["create_access_request", "find_request", "get_access_request", "list_access_requests"]

_PENDING_MAX = 20
_PAGE = 100
_ID_LETTERS = 16


@operation("trailwarden:CreateAccessRequest")
def create_access_request(call: Call, world: World) -> Mapping[str, Any]:
    """Ask for the change that lets a refused call through; asking twice for the same finds the request that is pending.

    InvalidRefusalException, NoMendException, LimitExceededException; AccessDenied for a refusal of somebody else.
    """
    asked = asked_of(call)
    found = port(world).diagnose(asked, place_of(call), world)
    demand_own(found, call, world, "trailwarden:CreateAccessRequest")
    if "*" in found.action:
        raise NotRead(reason=f"A refusal names one action, not {found.action}.")
    way = _chosen(found, call.params.get("MendNumber"))
    requester = requester_of(call.caller)
    pending = [each for each in _all(call, world) if (each.requester, each.state) == (requester, "PENDING")]
    standing = next((each for each in pending if each.way == way), None)
    if standing is not None:
        return {"AccessRequest": shown(standing, edits=False)}
    if len(pending) >= _PENDING_MAX:
        raise LimitExceededException(limit=_PENDING_MAX, requester=requester)
    request = AccessRequest(
        account=call.account,
        region=call.region,
        id=f"ar-{world.chance.base36(_ID_LETTERS)}",
        requester=requester,
        principal=found.principal,
        asked=asked,
        action=found.action,
        resource=found.resource,
        cause=found.cause,
        way=way,
        created=world.now,
        reason=call.params.get("Reason") or "",
    )
    world.put(ACCESS_REQUEST, call.account, call.region, request.id, request)
    return {"AccessRequest": shown(request, edits=False)}


def _chosen(found: Found, number: int | None) -> Way:
    """The way that is asked for; guardrails are not loosened on request. NoMendException."""
    ways = found.ways if number is None else found.ways[number - 1 : number]
    for way in ways:
        if way.changes and way.proved and not way.guardrail:
            return way
    told = found.cause or f"the cause is not found, needed: {'; '.join(found.needed)}"
    instead = f" Instead: {ways[0].title}." if ways and not ways[0].changes else ""
    raise NoMendException(reason=f"There is no change that could be approved: {told}.{instead}")


@operation("trailwarden:GetAccessRequest")
def get_access_request(call: Call, world: World) -> Mapping[str, Any]:
    """Show a request; the documents of its change only to those who may approve it. AccessRequestNotFoundException."""
    request = find_request(call, world)
    return {"AccessRequest": shown(request, edits=_may_approve(call, world, request))}


def _may_approve(call: Call, world: World, request: AccessRequest) -> bool:
    judged = world.authorizer.judge(
        call.caller,
        Check(action="trailwarden:ApproveAccessRequest", resource=request.arn),
        world.transaction,
        now=world.now,
        region=call.region,
        context=request_context(call.authorized.resolved.authenticated),
    )
    return judged.decision.allowed


@operation("trailwarden:ListAccessRequests")
def list_access_requests(call: Call, world: World) -> Mapping[str, Any]:
    """List requests, newest first, without the documents of their changes. InvalidNextTokenException."""
    requests = sorted(_all(call, world), key=_newest_first)
    if call.params.get("Own"):
        requests = [each for each in requests if each.requester == requester_of(call.caller)]
    if call.params.get("State"):
        requests = [each for each in requests if each.state == call.params["State"]]
    after = _position(call.params.get("NextToken") or "")
    behind = [each for each in requests if after is None or _newest_first(each) > after]
    here = behind[: call.params.get("MaxResults") or _PAGE]
    answer: dict[str, Any] = {"AccessRequests": [shown(each, edits=False) for each in here]}
    if len(behind) > len(here):
        answer["NextToken"] = paging.token_of(f"{here[-1].created!r} {here[-1].id}")
    return answer


def _newest_first(request: AccessRequest) -> tuple[float, str]:
    return -request.created, request.id


def _position(token: str) -> tuple[float, str] | None:
    if not token:
        return None
    try:
        created, _, name = paging.place_of(token).partition(" ")
        return -float(created), name
    except (paging.NotOurs, ValueError):
        raise InvalidNextTokenException from None


def _all(call: Call, world: World) -> Sequence[AccessRequest]:
    return [document.body for document in world.list(ACCESS_REQUEST, call.account, call.region)]


def find_request(call: Call, world: World) -> AccessRequest:
    """The request that the call names. AccessRequestNotFoundException."""
    name = call.params["AccessRequestId"]
    request = world.find(ACCESS_REQUEST, call.account, call.region, name)
    if request is None:
        raise AccessRequestNotFoundException(id=name)
    return request
