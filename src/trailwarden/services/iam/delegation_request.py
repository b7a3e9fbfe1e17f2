"""Requests for temporary delegation as stored: their states, and how long each lasts.

https://docs.aws.amazon.com/IAM/latest/UserGuide/temporary-delegation-building-integration.html
"""

import msgspec

from trailwarden.arn import Arn
from trailwarden.auth.stages import Session
from trailwarden.policy import Principal
from trailwarden.services.iam.errors import InvalidInput, NoSuchEntity
from trailwarden.services.world import World
from trailwarden.storage.ports import Kind

__all__ = ["REQUEST", "Approver", "DelegationRequest", "DelegationRequestNotFound", "keep_request", "moved",
           "request_arn", "requests_of", "standing_request"]  # fmt: skip

_DAY = 86_400.0
_LASTS = {"UNASSIGNED": _DAY}
_USUAL = 7 * _DAY
_FOLLOWS = {
    "ASSIGNED": frozenset({"UNASSIGNED"}),
    "PENDING_APPROVAL": frozenset({"ASSIGNED", "PENDING_APPROVAL"}),
    "ACCEPTED": frozenset({"ASSIGNED", "PENDING_APPROVAL"}),
    "REJECTED": frozenset({"ASSIGNED", "PENDING_APPROVAL", "ACCEPTED"}),
    "FINALIZED": frozenset({"ACCEPTED"}),
}


class Approver(msgspec.Struct, frozen=True, kw_only=True):
    """The identity that accepted, as it stood then: the delegated credentials are its own."""

    principal: Principal
    user_name: str = ""
    session: Session | None = None


class DelegationRequest(msgspec.Struct, frozen=True, kw_only=True):
    """A request. Key: ("", "", its id). `owner` is an ARN, "" until somebody takes the request on.

    `policy` is the document that is asked for, its parameters filled in; `restrictions` are boundaries that roles made
    with it must have. `sent` is when the exchange token went out.
    """

    id: str
    requestor: str
    requestor_name: str
    workflow: str
    template: str
    parameters: tuple[dict[str, object], ...] = ()
    policy: str
    restrictions: tuple[str, ...] = ()
    description: str
    message: str = ""
    redirect: str = ""
    channel: str
    duration: int
    only_owner_sends: bool = False
    owner_account: str = ""
    owner: str = ""
    approver: Approver | None = None
    state: str = "UNASSIGNED"
    notes: str = ""
    rejection: str = ""
    created: float
    updated: float
    sent: float = 0.0

    @property
    def expires(self) -> float:
        """When the request is over, if nothing more becomes of it."""
        return self.updated + _LASTS.get(self.state, _USUAL)


REQUEST = Kind("iam.delegation-request", DelegationRequest)


class DelegationRequestNotFound(NoSuchEntity):
    """https://docs.aws.amazon.com/IAM/latest/APIReference/API_GetDelegationRequest.html."""

    message = "The delegation request with id {id} cannot be found."


def standing_request(world: World, name: str) -> DelegationRequest:
    """The request as it stands now, or DelegationRequestNotFound."""
    found = world.find(REQUEST, "", "", name)
    if found is None:
        raise DelegationRequestNotFound(id=name)
    return _today(world, found)


def requests_of(world: World) -> list[DelegationRequest]:
    """Every request as it stands now."""
    return [_today(world, document.body) for document in world.list(REQUEST, "", "")]


def moved(world: World, request: DelegationRequest, state: str) -> DelegationRequest:
    """The request in its next state. InvalidInput where that does not follow."""
    if request.state not in _FOLLOWS[state]:
        raise InvalidInput(reason=f"The delegation request is in the state {request.state}.")
    return msgspec.structs.replace(request, state=state, updated=world.now)


def keep_request(world: World, request: DelegationRequest) -> None:
    """Write it."""
    world.put(REQUEST, "", "", request.id, request)


def request_arn(request: DelegationRequest) -> str:
    """`arn:aws:iam::123456789012:delegation-request/…`, in the account of its owner."""
    return str(Arn(service="iam", account=request.owner_account, resource=f"delegation-request/{request.id}"))


def _today(world: World, request: DelegationRequest) -> DelegationRequest:
    over = request.state != "EXPIRED" and world.now > request.expires
    return msgspec.structs.replace(request, state="EXPIRED") if over else request
