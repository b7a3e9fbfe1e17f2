"""From the journal into a trail's log group, with a position of its own.

https://docs.aws.amazon.com/awscloudtrail/latest/userguide/send-cloudtrail-events-to-cloudwatch-logs.html
"""

from dataclasses import dataclass

import msgspec

from trailwarden.delivery.destination import DeliveryFailed
from trailwarden.delivery.integrations import LogBatch, LogGroups
from trailwarden.delivery.progress import PROGRESS, STREAMED, Progress, settled
from trailwarden.delivery.selection import selection
from trailwarden.delivery.trail import STATUS, Trail, status_of
from trailwarden.storage.ports import Entry, Storage, Transaction

__all__ = ["Streaming"]

_PAGE = 1_000
_LARGEST = 256 * 1024
"""Larger events are not sent.

https://docs.aws.amazon.com/awscloudtrail/latest/userguide/send-cloudtrail-events-to-cloudwatch-logs.html
"""


@dataclass(frozen=True, slots=True)
class Streaming:
    """Writes events of trails that have a log group."""

    storage: Storage
    groups: LogGroups

    def stream(self, trail: Trail, now: float) -> None:
        """Write everything behind the trail's position; what is refused is tried again with the next call.

        To be called before the trail's files are collected: a log group that is new gets what the next file does.
        """
        if not trail.log_group_arn:
            self._end(trail)
            return
        if trail.started is None:
            return
        self._begin(trail)
        if self._read_already(trail):
            return
        try:
            while not settled(self.storage, lambda transaction: self._step(transaction, trail, now)):
                continue
        except DeliveryFailed as error:
            code = error.code
            settled(self.storage, lambda transaction: _note(transaction, trail, now, code))

    def _begin(self, trail: Trail) -> None:
        """Note where a new log group begins, so that nothing is lost while it cannot be written to."""
        key = (trail.account, trail.home_region, trail.handle)
        reader = self.storage.begin()
        if reader.get(STREAMED, *key) is None:
            document = reader.get(PROGRESS, *key)
            start = Progress(position=document.body.position if document else trail.position)
            settled(self.storage, lambda transaction: transaction.put(STREAMED, *key, start))

    def _end(self, trail: Trail) -> None:
        """A trail without a log group has no position: one that it is given later begins anew."""
        key = (trail.account, trail.home_region, trail.handle)
        if self.storage.begin().get(STREAMED, *key) is not None:
            settled(self.storage, lambda transaction: transaction.delete(STREAMED, *key))

    def _read_already(self, trail: Trail) -> bool:
        document = self.storage.begin().get(STREAMED, trail.account, trail.home_region, trail.handle)
        return document is not None and document.body.position >= self.storage.journal.newest()

    def _step(self, transaction: Transaction, trail: Trail, now: float) -> bool:
        """One transaction; whether the journal's end is reached."""
        key = (trail.account, trail.home_region, trail.handle)
        document = transaction.get(STREAMED, *key)
        position = document.body.position if document else trail.position
        page = self.storage.journal.read(position, _PAGE)
        select = selection(trail)
        streams: dict[str, list[Entry]] = {}
        for number, entry in page:
            position = number
            if select(number, entry) is not None and len(entry.record) <= _LARGEST:
                streams.setdefault(_stream(trail, entry.account), []).append(entry)
        for name, entries in streams.items():
            self.groups.write(_batch(trail, name, entries), transaction, now=now)
        if streams:
            _note(transaction, trail, now, "")
        transaction.put(STREAMED, *key, Progress(position=position))
        return len(page) < _PAGE


def _stream(trail: Trail, account: str) -> str:
    """`123456789012_CloudTrail_us-east-1`, for an organization trail behind the organization's id.

    https://docs.aws.amazon.com/awscloudtrail/latest/userguide/cloudtrail-required-policy-for-cloudwatch-logs.html
    """
    name = f"{account}_CloudTrail_{trail.home_region}"
    return f"{trail.organization}_{name}" if trail.organization else name


def _batch(trail: Trail, stream: str, entries: list[Entry]) -> LogBatch:
    ordered = sorted(entries, key=lambda entry: entry.time)
    return LogBatch(
        group_arn=trail.log_group_arn,
        role=trail.log_role_arn,
        stream=stream,
        account=trail.account,
        source_arn=trail.arn,
        events=[(round(entry.time * 1000), entry.record.decode()) for entry in ordered],
    )


def _note(transaction: Transaction, trail: Trail, now: float, error: str) -> None:
    status = status_of(transaction, trail, region=trail.home_region)
    if error:
        status = msgspec.structs.replace(status, latest_logs_delivery_error=error)
    else:
        status = msgspec.structs.replace(status, latest_logs_delivery_time=now, latest_logs_delivery_error="")
    transaction.put(STATUS, trail.account, trail.home_region, trail.handle, status)
