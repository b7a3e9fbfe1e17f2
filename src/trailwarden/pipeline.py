"""One way through: each call passes these stages, and no other way leads to a handler.

bytes ─ wire ─▶ Parsed ─ authenticate ─▶ Authenticated ─ resolve ─▶ Resolved ─ authorize ─▶ Authorized
      ─ handle ─▶ Outcome ─ record ─▶ journal
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from trailwarden.auth.stages import Authenticated, Authorized, Resolved
from trailwarden.errors import AwsError, InternalFailure, NotYet
from trailwarden.events.outcome import Outcome, Stage
from trailwarden.storage.ports import Conflict, Ended, Storage, StorageUnavailable, Transaction
from trailwarden.wire.parsed import Parsed

__all__ = ["Attempt", "Pipeline"]


@dataclass(frozen=True, slots=True)
class Attempt:
    """How a call ended, and the transaction that makes it so once committed."""

    outcome: Outcome
    transaction: Transaction


@dataclass(frozen=True, slots=True, kw_only=True)
class Pipeline:
    """The stages as functions; `app` puts them together."""

    storage: Storage
    authenticate: Callable[[Parsed, Transaction], Authenticated]
    resolve: Callable[[Authenticated, Transaction], Resolved]
    authorize: Callable[[Resolved, Transaction], Authorized]
    handle: Callable[[Authorized, Transaction], Mapping[str, Any]]
    record: Callable[[Outcome, Transaction], None]
    report: Callable[[Exception, Parsed], None]

    def attempt(self, call: Parsed) -> Attempt:
        """Run the call on a fresh transaction, and record how it ended in that same transaction.

        Raises Conflict where the call saw itself that it lost a race, NotYet where it is to be run again later.
        """
        transaction = self.storage.begin()
        try:
            outcome = self.run(call, transaction)
        except (Conflict, NotYet):
            transaction.revert()
            raise
        if outcome.error is not None:
            transaction.revert()
        self.record(outcome, transaction)
        return Attempt(outcome, transaction)

    def run(self, call: Parsed, transaction: Transaction) -> Outcome:
        """Run the stages until one of them answers."""
        reached: Stage = call
        try:
            reached = caller = self.authenticate(call, transaction)
            reached = resolved = self.resolve(caller, transaction)
            reached = authorized = self.authorize(resolved, transaction)
            return Outcome(reached=reached, result=self.handle(authorized, transaction))
        except AwsError as error:
            return Outcome(reached=reached, error=error)
        except (StorageUnavailable, Conflict, NotYet):
            raise
        except Exception as fault:  # noqa: BLE001 — a fault of ours is an outcome too: recorded, and told without its cause
            self.report(fault, call)
            return Outcome(reached=reached, error=InternalFailure())

    def commit(self, attempts: Sequence[tuple[Attempt, Ended]]) -> None:
        """Make attempts durable; nothing is answered before each is told, from another thread, how it ended."""
        self.storage.commit_all([(attempt.transaction, ended) for attempt, ended in attempts])
