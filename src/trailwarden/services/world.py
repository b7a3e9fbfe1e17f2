"""Everything a handler may touch besides its call: one transaction, the clock, chance, and the rooms below."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeVar

import msgspec

from trailwarden.auth.authorize import Authorizer
from trailwarden.auth.facts import FactsProvider
from trailwarden.auth.sealing import Vault
from trailwarden.clock import Chance
from trailwarden.services.settings import Settings
from trailwarden.storage.ports import Document, Kind, Storage, Transaction

__all__ = ["World"]

T = TypeVar("T", bound=msgspec.Struct)


@dataclass(frozen=True, slots=True, kw_only=True)
class World:
    """The state of all services as this call sees and changes it.

    Services reach each other's resources only through these methods and `facts`; nothing written here exists for
    others before the call's transaction commits.
    """

    transaction: Transaction
    storage: Storage
    authorizer: Authorizer
    vault: Vault
    chance: Chance
    now: float
    settings: Settings
    facts: Mapping[str, FactsProvider]
    later: Callable[[str, str], None]

    def find(self, kind: Kind[T], account: str, region: str, name: str) -> T | None:
        """The body of a document, or None."""
        document = self.transaction.get(kind, account, region, name)
        return document.body if document else None

    def list(  # noqa: PLR0913 — the parts of a range
        self,
        kind: Kind[T],
        account: str | None = None,
        region: str | None = None,
        *,
        prefix: str = "",
        after: str = "",
        limit: int | None = None,
    ) -> Sequence[Document[T]]:
        """Documents in order; see `Reader.list`."""
        return self.transaction.list(kind, account, region, prefix=prefix, after=after, limit=limit)

    def put(self, kind: Kind[T], account: str, region: str, name: str, body: T) -> None:
        """Write a document."""
        self.transaction.put(kind, account, region, name, body)

    def delete(self, kind: Kind[T], account: str, region: str, name: str) -> None:
        """Remove a document."""
        self.transaction.delete(kind, account, region, name)
