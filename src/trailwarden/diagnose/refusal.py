"""A refusal as its text tells it: who, what, on which resource, and what AWS says stood in the way."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from trailwarden.arn import Arn
from trailwarden.policy.request import ContextValue, Layer

__all__ = ["Refusal"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Refusal:
    """What is known of one refused call. Whatever the input did not say is "" or None.

    `performed` is the action after "perform:", `action` the one to be allowed: the one after "allows the" where both
    stand, since they may differ. `resource` is as named (an ARN, a friendly name or "*"); `layer` and `explicit` are
    AWS's reason; `policy_arn` the policy it names. `operation` is the API operation of the wrapper ("when calling the X
    operation"), `service` the SDK's name of the service, `code` the error code. `encoded` is an encoded authorization message (`cut`: one is there, but not whole, so that nobody can decode it),
    `authorization_id` the id to look up.
    `text` is the sentence itself, cleaned of wrappers. `event` holds a CloudTrail record the refusal was read from,
    `context` the condition keys that a kept decision or the call's own members tell; `settled` are keys (in lower case)
    that are absent from the request if `context` does not hold them.
    """

    text: str
    code: str = ""
    operation: str = ""
    service: str = ""
    principal: str = ""
    performed: str = ""
    action: str = ""
    resource: str = ""
    layer: Layer | None = None
    explicit: bool | None = None
    transitive: str = ""
    policy_arn: str = ""
    encoded: str = ""
    cut: bool = False
    authorization_id: str = ""
    request_id: str = ""
    event_id: str = ""
    event: dict[str, object] = field(default_factory=dict)
    context: Mapping[str, ContextValue] = field(default_factory=dict)
    settled: frozenset[str] = frozenset()

    @property
    def account(self) -> str:
        """The caller's account id, where the principal is named by its ARN."""
        arn = Arn.parse(self.principal)
        return arn.account if arn else ""

    @property
    def is_denial(self) -> bool:
        """Whether the text is an authorization denial that names an action."""
        return bool(self.action)
