"""The committed documents as this process sees them: decoded once, dropped by change number.

`applied` is the newest change whose effect every cache here shows. What a reader found before or after it is told by
`since`; so a read that raced with a commit is neither kept nor trusted.
"""

import threading
from collections.abc import Iterable, Iterator, Sequence
from typing import Any, NamedTuple

import msgspec

from trailwarden.storage.database import Database
from trailwarden.storage.ports import Document, Kind
from trailwarden.storage.statements import Shape

__all__ = ["Change", "Committed", "Key", "Slot", "Span"]

Key = tuple[str, str, str, str]
"""Kind, account, region, name."""

Slot = Document[Any] | int
"""A document, or of an absent one the version it had last (0: never any)."""

_GENERATION = 40_000
"""Documents kept at least; twice as many at most."""

_LISTS = 2_000
_LONGEST_LIST = 5_000
"""Lists kept, and the length beyond which none is."""

_RECENT = 50_000
"""Changes remembered at least; a transaction older than them conflicts."""

_SCOPES = 200_000
_HIGHEST = 0x10FFFF


class Change(NamedTuple):
    """A document's write or removal."""

    number: int
    key: Key


class Span(NamedTuple):
    """Which documents a list asks for; see `Reader.list`."""

    kind: str
    account: str | None
    region: str | None
    prefix: str
    after: str
    limit: int | None

    def holds(self, key: Key) -> bool:
        """Whether a document of that key is in the span, its limit aside."""
        kind, account, region, name = key
        return (
            kind == self.kind
            and self.account in (None, account)
            and self.region in (None, region)
            and name.startswith(self.prefix)
            and (not self.after or name > self.after)
        )


class Committed:
    """Reads of committed documents. Safe for many threads."""

    def __init__(self, database: Database, applied: int) -> None:
        self.applied = applied
        self._database = database
        self._lock = threading.Lock()
        self._young: dict[Key, Slot] = {}
        self._old: dict[Key, Slot] = {}
        self._lists: dict[Span, tuple[int, tuple[Document[Any], ...]]] = {}
        self._decoders: dict[type, msgspec.json.Decoder[Any]] = {}
        self._recent: list[Change] = []
        self._floor = applied
        self._newest: dict[tuple[str | None, ...], int] = {}
        self._newest_floor = applied

    def decode(self, struct: type, body: bytes) -> Any:
        """A body as its struct. Raises msgspec.ValidationError."""
        decoder = self._decoders.get(struct)
        if decoder is None:
            decoder = self._decoders[struct] = msgspec.json.Decoder(struct)
        return decoder.decode(body)

    def slot(self, kind: Kind[Any], key: Key) -> Slot:
        """What stands under a key. Raises StorageUnavailable."""
        found = self._young.get(key)
        if found is not None:
            return found
        found = self._promoted(key)
        return self._loaded(kind, key) if found is None else found

    def known(self, key: Key) -> Slot | None:
        """What stands under a key if that is in memory."""
        found = self._young.get(key)
        return self._old.get(key) if found is None else found

    def documents(self, kind: Kind[Any], span: Span) -> tuple[Document[Any], ...]:
        """The documents of a span, in order. Raises StorageUnavailable."""
        kept = self._lists.get(span)
        if kept is not None and self._newest_in(span) <= kept[0]:
            return kept[1]
        applied = self.applied
        rows = self._rows(span)
        found = tuple([self._listed(kind, row, applied, keep=len(rows) <= _LONGEST_LIST) for row in rows])
        if len(found) <= _LONGEST_LIST:
            self._keep_list(span, applied, found)
        return found

    def since(self, number: int) -> Iterator[Change] | None:
        """Changes behind a number, newest first; None where they are no longer remembered."""
        recent = self._recent  # before the floor, which rises first
        return None if number < self._floor else _behind(recent, number)

    def install(self, base: int, changes: Sequence[Change], slots: dict[Key, Slot]) -> None:
        """Show what this process has committed on top of the change `base`."""
        with self._lock:
            if self.applied != base:
                return  # learnt from the database already
            for key, slot in slots.items():
                standing = self.known(key)
                if isinstance(standing, Document) and isinstance(slot, Document) and standing.change == slot.change:
                    continue  # read by someone in between: the same document, and known to others by identity
                self._old.pop(key, None)
                self._add(key, slot)
            self._note(changes)

    def learn(self, changes: Iterable[Change]) -> None:
        """Forget what other nodes have changed."""
        with self._lock:
            fresh = [change for change in changes if change.number > self.applied]
            for change in fresh:
                self._young.pop(change.key, None)
                self._old.pop(change.key, None)
            self._note(fresh)

    def forget(self, applied: int) -> None:
        """Start anew: too much has changed to be told one by one."""
        with self._lock:
            if applied <= self.applied:
                return
            self._young, self._old, self._lists, self._newest, self._recent = {}, {}, {}, {}, []
            self._floor = self._newest_floor = self.applied = applied

    def _note(self, changes: Sequence[Change]) -> None:
        """Remember changes; the lock is held."""
        if not changes:
            return
        newest = self._newest
        for change in changes:
            kind, account, region, _ = change.key
            newest[kind,] = newest[kind, account] = newest[kind, account, region] = change.number
        if len(newest) > _SCOPES:
            self._newest, self._newest_floor = {}, changes[-1].number
        self._recent.extend(changes)
        if len(self._recent) > 2 * _RECENT:
            self._floor = self._recent[-_RECENT - 1].number  # before the list: see `since`
            self._recent = self._recent[-_RECENT:]
        self.applied = changes[-1].number

    def _newest_in(self, span: Span) -> int:
        """The newest change number in the kind, account and region of a span."""
        if span.account is None:
            scope: tuple[str | None, ...] = (span.kind,)
        elif span.region is None:
            scope = (span.kind, span.account)
        else:
            scope = (span.kind, span.account, span.region)
        return self._newest.get(scope, self._newest_floor)

    def _promoted(self, key: Key) -> Slot | None:
        """A document of the old generation, taken over into the young one."""
        if key not in self._old:
            return None
        with self._lock:
            found = self._old.get(key)
            if found is not None:
                self._add(key, found)
        return found

    def _add(self, key: Key, slot: Slot) -> None:
        """Keep a slot; the lock is held."""
        if len(self._young) >= _GENERATION:
            self._old, self._young = self._young, {}
        self._young[key] = slot

    def _loaded(self, kind: Kind[Any], key: Key) -> Slot:
        applied = self.applied
        _, account, region, name = key
        rows = self._database.rows(
            self._database.statements.document, kind=kind.name, account=account, region=region, name=name
        )
        if not rows:
            return self._kept(key, 0, applied)
        version, change, deleted, body = rows[0]
        if deleted:
            return self._kept(key, version, applied)
        return self._kept(key, self._document(kind, (account, region, name, version, change, body)), applied)

    def _document(self, kind: Kind[Any], row: Sequence[Any]) -> Document[Any]:
        account, region, name, version, change, body = row
        decoded = self.decode(kind.struct, body)
        return Document(account=account, region=region, name=name, version=version, change=change, body=decoded)

    def _kept(self, key: Key, slot: Slot, applied: int) -> Slot:
        """The slot as read at `applied`, kept unless its key has changed since; of two equal ones the first."""
        with self._lock:
            standing = self.known(key)
            if isinstance(standing, Document) and isinstance(slot, Document) and standing.change == slot.change:
                return standing
            changes = self.since(applied)
            if standing is None and changes is not None and all(change.key != key for change in changes):
                self._add(key, slot)
        return slot

    def _rows(self, span: Span) -> list[Sequence[Any]]:
        beyond = _beyond(span.prefix)
        shape = Shape(
            account=span.account is not None,
            region=span.region is not None,
            lowest=bool(span.prefix),
            beyond=bool(span.prefix) and beyond is not None,
            after=bool(span.after),
            limit=span.limit is not None,
        )
        return self._database.rows(
            self._database.statements.list(shape),
            kind=span.kind,
            account=span.account,
            region=span.region,
            lowest=span.prefix,
            beyond=beyond,
            after=span.after,
            limit=span.limit,
        )

    def _listed(self, kind: Kind[Any], row: Sequence[Any], applied: int, *, keep: bool) -> Document[Any]:
        key = (kind.name, row[0], row[1], row[2])
        standing = self.known(key)
        if isinstance(standing, Document) and standing.change == row[4]:
            return standing
        document = self._document(kind, row)
        if not keep:
            return document
        kept = self._kept(key, document, applied)
        return kept if isinstance(kept, Document) else document

    def _keep_list(self, span: Span, applied: int, found: tuple[Document[Any], ...]) -> None:
        with self._lock:
            if len(self._lists) >= _LISTS:
                self._lists = {}
            self._lists[span] = (applied, found)


def _behind(recent: Sequence[Change], number: int) -> Iterator[Change]:
    for index in range(len(recent) - 1, -1, -1):
        change = recent[index]
        if change.number <= number:
            return
        yield change


def _beyond(prefix: str) -> str | None:
    """The least text behind all that start with the prefix, None where there is none."""
    stem = prefix.rstrip(chr(_HIGHEST))
    if not stem:
        return None
    last = ord(stem[-1]) + 1
    return stem[:-1] + chr(0xE000 if 0xD800 <= last < 0xE000 else last)  # noqa: PLR2004 — surrogates are no characters
