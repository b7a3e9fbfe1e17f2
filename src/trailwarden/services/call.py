"""What a handler is given of the call."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from trailwarden.auth.stages import Authorized, Caller
from trailwarden.errors import NotYet

__all__ = ["Call"]


@dataclass(frozen=True, slots=True)
class Call:
    """An authorized call, seen from a handler. `params` has the model's member names; a streaming body is bytes, already opened."""

    authorized: Authorized

    @property
    def params(self) -> Mapping[str, Any]:
        """The input members that the client sent."""
        return self.authorized.resolved.authenticated.parsed.params

    @property
    def caller(self) -> Caller:
        """Who calls."""
        return self.authorized.resolved.authenticated.caller

    @property
    def account(self) -> str:
        """The caller's account id."""
        return self.authorized.resolved.authenticated.account

    @property
    def region(self) -> str:
        """The region the call is for; us-east-1 for global services."""
        return self.authorized.resolved.authenticated.region

    @property
    def body(self) -> bytes:
        """The payload of the request, chunk framing taken off."""
        return self.authorized.resolved.authenticated.body

    @property
    def request_id(self) -> str:
        """The id under which the answer and the event name this call."""
        return self.authorized.resolved.authenticated.parsed.request_id

    @property
    def now(self) -> float:
        """When the call arrived, seconds since the epoch."""
        return self.authorized.resolved.authenticated.now

    def wait(self, seconds: float) -> None:
        """Raise NotYet, so that the call is run again, until it has waited so long."""
        if self.authorized.resolved.authenticated.parsed.waited < seconds:
            raise NotYet
