"""The digest chain of a trail in each account and Region: opened, closed, prepared when due.

https://docs.aws.amazon.com/awscloudtrail/latest/userguide/cloudtrail-log-file-validation-digest-file-structure.html
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeVar

import msgspec

from trailwarden.delivery.digest import Digest, Span, signed_digest
from trailwarden.delivery.keys import Keyring
from trailwarden.delivery.progress import DELIVERED, PREPARED, PROGRESS, Delivered, Prepared, Progress, settled
from trailwarden.delivery.trail import STATUS, Trail, TrailStatus, status_of
from trailwarden.storage.ports import Document, Reader, Storage, Transaction

__all__ = ["Chains", "opened"]

B = TypeVar("B", bound=msgspec.Struct)

_MICROSECONDS = 1_000_000


def opened(status: TrailStatus, *, now: float, interval: float) -> TrailStatus:
    """The status with a new chain, whose first digest starts with the next whole second.

    So no digest ends when the last one of a chain before it did: the end is what tells their names apart.
    """
    start = math.floor(now) + 1
    return msgspec.structs.replace(
        status,
        digest_start=float(start),
        digest_due=float(start + _whole(interval)),
        previous_bucket="",
        previous_key="",
        previous_hash="",
        previous_signature="",
    )


def _whole(interval: float) -> int:
    """Digests are told apart by whole seconds."""
    return max(1, round(interval))


@dataclass(frozen=True, slots=True)
class Chains:
    """Prepares digests; `interval` is the time that one covers, in seconds."""

    storage: Storage
    keyring: Keyring
    interval: float

    def advance(self, trail: Trail, now: float, *, wanted: bool) -> None:
        """Prepare every digest that is due. Where no chain is `wanted`, the open ones end with a last digest."""
        reader = self.storage.begin()
        for account, region in _scopes(reader, trail):
            if not _idle(reader, trail, (account, region), now=now, wanted=wanted):
                self._settle(trail, (account, region), now=now, wanted=wanted)

    def _settle(self, trail: Trail, scope: tuple[str, str], *, now: float, wanted: bool) -> None:
        settled(self.storage, lambda transaction: self._advance(transaction, trail, scope, now=now, wanted=wanted))

    def _advance(
        self, transaction: Transaction, trail: Trail, scope: tuple[str, str], *, now: float, wanted: bool
    ) -> None:
        account, region = scope
        status = status_of(transaction, trail, region=region, account=account)
        if status.digest_start is None:
            if wanted:
                transaction.put(STATUS, account, region, trail.handle, opened(status, now=now, interval=self.interval))
            else:
                self._late(transaction, trail, scope, now=now)
        elif not wanted or now >= (status.digest_due or 0.0):
            end = self._end(status.digest_start, now, wanted=wanted)
            span = Span(account=account, region=region, start=int(status.digest_start), end=end)
            status = self._extend(transaction, trail, span, status, now=now, wanted=wanted)
            due = float(end + _whole(self.interval))
            moved = {"digest_start": float(end), "digest_due": due} if wanted else _CLOSED
            transaction.put(STATUS, account, region, trail.handle, msgspec.structs.replace(status, **moved))

    def _end(self, start: float, now: float, *, wanted: bool) -> int:
        """The last whole interval before now, or for the last digest of a chain now itself."""
        if not wanted:
            return max(math.floor(now), int(start) + 1)
        whole = _whole(self.interval)
        return int(start) + max(1, int((now - start) // whole)) * whole

    def _extend(
        self, transaction: Transaction, trail: Trail, span: Span, status: TrailStatus, *, now: float, wanted: bool
    ) -> TrailStatus:
        """Prepare the digest of the span; gives the status with the digest as the chain's last.

        What was delivered behind the span's end is for the next one; the last of a chain takes everything.
        """
        signer = self.keyring.signer(transaction, region=span.region, now=now)
        files = self._taken(transaction, trail, span, before=span.end if wanted else math.inf)
        digest = signed_digest(trail, span, files, previous=status, signer=signer)
        _prepare(transaction, trail, span, digest, now=now)
        return msgspec.structs.replace(
            status,
            previous_bucket=trail.bucket,
            previous_key=digest.key,
            previous_hash=digest.file.hash,
            previous_signature=digest.signature,
        )

    def _late(self, transaction: Transaction, trail: Trail, scope: tuple[str, str], *, now: float) -> None:
        """A backfill digest for files that were delivered after their chain was closed."""
        account, region = scope
        waiting = transaction.list(DELIVERED, account, region, prefix=f"{trail.handle}/")
        if not waiting:
            return
        key = (trail.account, trail.home_region, trail.handle)
        document = transaction.get(PROGRESS, *key)
        progress = document.body if document else Progress(position=trail.position)
        start = math.floor(min(each.body.time for each in waiting))
        end = max(math.floor(now), start + 1, progress.late_end + 1)
        span = Span(account=account, region=region, start=start, end=end)
        signer = self.keyring.signer(transaction, region=region, now=now)
        files = self._taken(transaction, trail, span, before=math.inf)
        digest = signed_digest(trail, span, files, previous=TrailStatus(), signer=signer, generated=now)
        _prepare(transaction, trail, span, digest, now=now)
        transaction.put(PROGRESS, *key, Progress(position=progress.position, late_end=end))

    def _taken(self, transaction: Transaction, trail: Trail, span: Span, *, before: float) -> Sequence[Delivered]:
        """The files delivered `before` then that wait for this digest; they wait no longer."""
        waiting = [
            document
            for document in transaction.list(DELIVERED, span.account, span.region, prefix=f"{trail.handle}/")
            if document.body.time < before
        ]
        for document in waiting:
            transaction.delete(DELIVERED, document.account, document.region, document.name)
        return [document.body for document in waiting]


def _scopes(reader: Reader, trail: Trail) -> Sequence[tuple[str, str]]:
    """The trail's home, wherever its files were delivered, and wherever files wait for a digest."""
    found = [(trail.account, trail.home_region)]
    found += [(each.account, each.region) for each in _of_trail(reader.list(STATUS, prefix=trail.handle), trail)]
    found += [(each.account, each.region) for each in reader.list(DELIVERED, prefix=f"{trail.handle}/")]
    return list(dict.fromkeys(found))


def _idle(reader: Reader, trail: Trail, scope: tuple[str, str], *, now: float, wanted: bool) -> bool:
    """Whether there is nothing to write for a scope."""
    account, region = scope
    status = status_of(reader, trail, region=region, account=account)
    if status.digest_start is not None:
        return wanted and now < (status.digest_due or 0.0)
    return not wanted and not reader.list(DELIVERED, account, region, prefix=f"{trail.handle}/", limit=1)


_CLOSED = {
    "digest_start": None,
    "digest_due": None,
    "previous_bucket": "",
    "previous_key": "",
    "previous_hash": "",
    "previous_signature": "",
}


def _prepare(transaction: Transaction, trail: Trail, span: Span, digest: Digest, *, now: float) -> None:
    transaction.put(
        PREPARED,
        span.account,
        span.region,
        f"{trail.handle}/{int(now * _MICROSECONDS):017d}-digest-{span.end:012d}",
        Prepared(
            type="digest",
            name=digest.key,
            bucket=trail.bucket,
            blob=transaction.store(digest.file.data),
            hash=digest.file.hash,
            created=now,
            metadata=dict(digest.metadata),
        ),
    )


def _of_trail(documents: Sequence[Document[B]], trail: Trail) -> Sequence[Document[B]]:
    """Without those of a trail whose handle only begins alike."""
    return [document for document in documents if document.name == trail.handle]
