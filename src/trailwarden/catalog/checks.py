"""One permission that a call needs."""

from collections.abc import Mapping
from dataclasses import dataclass, field

__all__ = ["Check"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Check:
    """An action on a resource, with the condition keys that the call's own members fill.

    `action` is spelt as in the service authorization reference (`cloudtrail:GetTrailStatus`). `resource` is the would-be
    ARN, or "*" for an action without resource types. `context` maps condition keys to one or several values.
    `named` is how AWS's denial names the resource where it is not the ARN (IAM: `user victim`), "" where it is, None
    where the denial leaves "on resource" out. `item` is the place in the call's list of what the check is about, where
    AWS refuses that item alone and goes on with the others (S3's DeleteObjects); None where a denial ends the call.
    """

    action: str
    resource: str
    context: Mapping[str, str | tuple[str, ...]] = field(default_factory=dict)
    named: str | None = ""
    item: int | None = None
