"""GetDelegatedAccessToken: what a partner gets for the token that it was sent."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from trailwarden.auth.stages import Session
from trailwarden.errors import AwsError
from trailwarden.services.call import Call
from trailwarden.services.iam.delegation_notices import request_behind
from trailwarden.services.iam.delegation_request import REQUEST, DelegationRequest
from trailwarden.services.registry import operation
from trailwarden.services.sts.errors import NotAllowed
from trailwarden.services.sts.shape import credentials_shown
from trailwarden.services.world import World

__all__ = ["ExpiredTradeInTokenException", "get_delegated_access_token"]


class ExpiredTradeInTokenException(AwsError):
    """The time that was granted is over.

    https://docs.aws.amazon.com/STS/latest/APIReference/API_GetDelegatedAccessToken.html
    """

    message = "The trade-in token provided in the request has expired and can no longer be exchanged for credentials."


@operation("sts:GetDelegatedAccessToken")
def get_delegated_access_token(call: Call, world: World) -> Mapping[str, Any]:
    """Give credentials of whoever accepted the request, narrowed to the policy that it asked for.

    They end with the time that was granted, which began when the token was sent.
    https://docs.aws.amazon.com/STS/latest/APIReference/API_GetDelegatedAccessToken.html
    """
    name = request_behind(world, call.params["TradeInToken"])
    request = world.find(REQUEST, "", "", name) if name else None
    if request is None or request.approver is None or request.requestor != call.account or not request.sent:
        raise NotAllowed(reason="The trade-in token is not valid.")
    expires = request.sent + request.duration
    if expires <= call.now:
        raise ExpiredTradeInTokenException
    approver = request.approver
    session = _session(request, call.now, expires)
    credentials = world.vault.issue(
        approver.principal, session, expires=expires, chance=world.chance, user_name=approver.user_name
    )
    return {"Credentials": credentials_shown(credentials), "AssumedPrincipal": approver.principal.arn}


def _session(request: DelegationRequest, now: float, expires: float) -> Session:
    """The approver's session with the policy laid over it. Its issue time stays, so that revoking it revokes this too."""
    standing = request.approver.session if request.approver else None
    begun = standing or Session(created=now, expires=expires)
    return replace(begun, expires=expires, scoped=(*begun.scoped, request.policy), delegated=True)
