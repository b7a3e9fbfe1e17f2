"""An access request as it is stored and shown."""

from typing import Any, Literal

import msgspec

from trailwarden.arn import Arn
from trailwarden.services.diagnosing import Asked, Change, Changed, Way
from trailwarden.storage.ports import Kind

__all__ = ["ACCESS_REQUEST", "EXPIRY", "AccessRequest", "Expiry", "State", "shown", "shown_way"]

State = Literal["PENDING", "APPROVED", "REJECTED", "EXPIRED", "REVOKED", "OVERDUE"]


class AccessRequest(msgspec.Struct, frozen=True, kw_only=True):
    """What somebody asks for. Key: (account, region, id).

    `requester` is the ARN of a user, role or root, `principal` of whoever was refused; `way` the change that was verified when it was asked for; `made` what
    was changed on approval. Times are seconds since the epoch, 0 where there is none yet; `duration` 0 is for good.
    """

    account: str
    region: str
    id: str
    requester: str
    principal: str
    asked: Asked
    action: str
    resource: str
    cause: str
    way: Way
    created: float
    reason: str = ""
    state: State = "PENDING"
    decided: float = 0.0
    decided_by: str = ""
    note: str = ""
    duration: int = 0
    expires: float = 0.0
    ended: float = 0.0
    made: tuple[Changed, ...] = ()

    @property
    def arn(self) -> str:
        """`arn:aws:trailwarden:us-east-1:123456789012:access-request/ar-…`."""
        resource = f"access-request/{self.id}"
        return str(Arn(service="trailwarden", region=self.region, account=self.account, resource=resource))

    @property
    def settled(self) -> float | None:
        """Since when nothing happens to it by itself any more; None while it waits for a decision or for its time to be over."""
        if self.state == "PENDING" or (self.state == "APPROVED" and self.expires):
            return None
        return max(self.decided, self.ended)


class Expiry(msgspec.Struct, frozen=True, kw_only=True):
    """When an approved request is over. Key: (account, region, id of the request); gone once it is."""

    time: float


ACCESS_REQUEST = Kind("access.request", AccessRequest)
EXPIRY = Kind("access.expiry", Expiry)


def shown(request: AccessRequest, *, edits: bool) -> dict[str, Any]:
    """The structure AccessRequest; with the documents of its change where `edits`."""
    optional = {
        "Reason": request.reason,
        "Decided": request.decided,
        "DecidedBy": request.decided_by,
        "Note": request.note,
        "DurationSeconds": request.duration,
        "Expires": request.expires,
        "Ended": request.ended,
    }
    return {
        "AccessRequestId": request.id,
        "Arn": request.arn,
        "State": request.state,
        "Requester": request.requester,
        "Action": request.action,
        "Resource": request.resource,
        "Cause": request.cause,
        "Created": request.created,
        "Mend": shown_way(request.way, edits=edits),
        **{member: value for member, value in optional.items() if value},
    }


def shown_way(way: Way, *, edits: bool = True) -> dict[str, Any]:
    """The structure Mend."""
    return {
        "Title": way.title,
        "Remedy": way.remedy,
        "Guardrail": way.guardrail,
        "Approver": way.approver,
        "Proved": way.proved,
        "NewlyAllowed": list(way.newly_allowed),
        "AlsoGain": list(way.others),
        "Edits": [_shown_change(change) for change in way.changes] if edits else [],
    }


def _shown_change(change: Change) -> dict[str, Any]:
    return {
        "Kind": change.kind,
        "Place": change.place,
        "Statement": change.statement,
        "Before": change.before,
        "After": change.after,
        "Service": change.service,
        "Operation": change.operation,
        "Parameters": change.parameters,
        "Command": change.command,
        "Terraform": change.terraform,
    }
