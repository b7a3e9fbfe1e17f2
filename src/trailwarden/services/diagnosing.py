"""What services may ask of diagnosis, which stands above them: `app` gives it to the world."""

from typing import TYPE_CHECKING, Literal, Protocol

import msgspec

from trailwarden.auth.stages import Caller
from trailwarden.errors import AwsError
from trailwarden.wire.http import HttpRequest

if TYPE_CHECKING:
    from trailwarden.services.world import World

__all__ = [
    "Asked",
    "Blocking",
    "Change",
    "Changed",
    "ChangedSince",
    "Denying",
    "Diagnosing",
    "Found",
    "NotRead",
    "Place",
    "Way",
]


class NotRead(AwsError):
    """There is no refusal in the input, or it cannot be read. See docs/design/0007-access-requests.md."""

    code = "InvalidRefusalException"
    message = "{reason}"


class ChangedSince(AwsError):
    """What stands is not what stood when the change was found, or made. See docs/design/0007-access-requests.md."""

    code = "ChangedSinceException"
    message = "{place} has changed since: nothing was done."


class Asked(msgspec.Struct, frozen=True, kw_only=True):
    """A refusal as somebody tells it. `principal` stands for the caller where the text names nobody."""

    kind: Literal["text", "event", "authorization"]
    value: str
    principal: str = ""


class Change(msgspec.Struct, frozen=True, kw_only=True):
    """One edit: how it is shown, and in `kept` as diagnosis reads it again. `parameters` and `statement` are JSON."""

    kind: Literal["DOCUMENT", "ATTACH", "CALL"]
    place: str
    statement: str
    before: str
    after: str
    service: str
    operation: str
    parameters: str
    command: str
    terraform: str
    kept: str


class Changed(msgspec.Struct, frozen=True, kw_only=True):
    """An edit that was made. `back` holds what taking it back needs, as diagnosis reads it."""

    place: str
    back: str


class Way(msgspec.Struct, frozen=True, kw_only=True):
    """One way out; see `diagnose.Mend`."""

    title: str
    guardrail: bool
    approver: str
    proved: bool
    newly_allowed: tuple[str, ...]
    changes: tuple[Change, ...]
    remedy: str = ""
    others: tuple[str, ...] = ()

    @property
    def lasts(self) -> bool:
        """Whether it cannot be taken back."""
        return any(change.kind == "CALL" for change in self.changes)


class Denying(msgspec.Struct, frozen=True, kw_only=True):
    """A statement that denies: its policy's ARN or name, its Sid ("" without) and its place, counted from 0."""

    policy: str
    sid: str
    index: int


class Blocking(msgspec.Struct, frozen=True, kw_only=True):
    """A layer that blocks; see `policy.Block`."""

    layer: str
    explicit: bool
    level: int | None
    statements: tuple[Denying, ...]


class Found(msgspec.Struct, frozen=True, kw_only=True):
    """A diagnosis. `decision` is "ALLOWED", "DENIED" or "UNKNOWN" as policies stand now, "" where they do not decide."""

    principal: str
    action: str
    resource: str
    cause: str
    reasons: tuple[str, ...]
    needed: tuple[str, ...]
    decision: str
    blocks: tuple[Blocking, ...]
    ways: tuple[Way, ...]


class Place(msgspec.Struct, frozen=True, kw_only=True):
    """Where and for whom: the account and Region, the caller, and the request in whose course it happens."""

    account: str
    region: str
    caller: Caller
    request: HttpRequest
    request_id: str


class Diagnosing(Protocol):
    """Diagnosis over the world's own transaction."""

    def diagnose(self, asked: Asked, place: Place, world: "World") -> Found:
        """The diagnosis of the first refusal in the input, from all that the account's documents tell. Raises NotRead."""

    def apply(self, changes: tuple[Change, ...], asked: Asked, place: Place, world: "World") -> tuple[Changed, ...]:
        """Make the changes in the caller's name: each call is authorized and recorded as if the caller had made it.

        Raises AccessDenied and whatever the operations raise; ChangedSince where the refusal stands all the same.
        """

    def revert(self, made: tuple[Changed, ...], place: Place, world: "World") -> None:
        """Take changes back in the name of the caller, who is asked no permission: it was asked when they were made.

        Raises ChangedSince, before anything is changed, where something stands that they did not leave; what is gone
        altogether is taken for taken back.
        """
