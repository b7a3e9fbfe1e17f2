"""Prepared files on their way: put, noted as delivered, or tried again later.

https://docs.aws.amazon.com/awscloudtrail/latest/APIReference/API_GetTrailStatus.html
"""

import logging
from dataclasses import dataclass

import msgspec

from trailwarden.delivery.chaining import opened
from trailwarden.delivery.destination import DeliveredFile, DeliveryFailed, Destination
from trailwarden.delivery.integrations import Notice, Notices
from trailwarden.delivery.logfile import prefixed
from trailwarden.delivery.progress import DELIVERED, PREPARED, Delivered, Prepared, settled
from trailwarden.delivery.trail import STATUS, Trail, TrailStatus, status_of
from trailwarden.storage.ports import Document, Storage, Transaction

__all__ = ["Handing"]

_log = logging.getLogger(__name__)

_KEPT = 30 * 86_400.0
"""How long a delivery is tried."""

_LONGEST_PAUSE = 3_600.0
_DOUBLINGS = 12


@dataclass(frozen=True, slots=True)
class Handing:
    """Hands prepared files to the destination; `interval` is the first pause after a failure, in seconds."""

    storage: Storage
    destination: Destination
    interval: float
    digest_interval: float
    notices: Notices | None = None

    def hand_over(self, trail: Trail, now: float, *, wanted: bool, every: bool = False) -> int:
        """Try each prepared file that is due (`every`: all); gives how many are still to be put.

        A file that was put and then not noted, because the process ended between, is put again under the same name.
        """
        left = 0
        for document in self.storage.begin().list(PREPARED, prefix=f"{trail.handle}/"):
            if (document.body.due > now and not every) or not self._try(trail, document, now, wanted=wanted):
                left += 1
        return left

    def _try(self, trail: Trail, document: Document[Prepared], now: float, *, wanted: bool) -> bool:
        try:
            file = self._file(trail, document)
        except LookupError:
            if self._gone(document):
                return True
            raise
        try:
            self.destination.put(file)
        except DeliveryFailed as error:
            code = error.code
            settled(self.storage, lambda transaction: self._failed(transaction, trail, document, code, now))
            return False
        settled(self.storage, lambda transaction: self._done(transaction, trail, document, file, now, wanted=wanted))
        return True

    def _gone(self, document: Document[Prepared]) -> bool:
        """Whether another server has delivered the file and dropped its bytes."""
        return self.storage.begin().get(PREPARED, document.account, document.region, document.name) is None

    def _file(self, trail: Trail, document: Document[Prepared]) -> DeliveredFile:
        prepared = document.body
        return DeliveredFile(
            bucket=prepared.bucket or trail.bucket,
            key=prepared.name if prepared.type == "digest" else prefixed(trail, prepared.name),
            data=self.storage.fetch(prepared.blob),
            metadata=prepared.metadata,
            account=trail.account,
            region=document.region,
            source_arn=trail.arn,
            kms_key=trail.kms_key_id,
        )

    def _done(
        self,
        transaction: Transaction,
        trail: Trail,
        document: Document[Prepared],
        file: DeliveredFile,
        now: float,
        *,
        wanted: bool,
    ) -> None:
        if transaction.get(PREPARED, document.account, document.region, document.name) is None:
            return
        transaction.delete(PREPARED, document.account, document.region, document.name)
        transaction.discard(document.body.blob)
        status = status_of(transaction, trail, region=document.region, account=document.account)
        status = _succeeded(status, document.body.type, now)
        status = self._notified(transaction, trail, file, status, now)
        if document.body.type == "log":
            status = self._listed(transaction, trail, document, file, status, now, wanted=wanted)
        transaction.put(STATUS, document.account, document.region, trail.handle, status)

    def _notified(
        self, transaction: Transaction, trail: Trail, file: DeliveredFile, status: TrailStatus, now: float
    ) -> TrailStatus:
        """Tell the trail's topic of a file, digests too.

        https://docs.aws.amazon.com/awscloudtrail/latest/userguide/configure-sns-notifications-for-cloudtrail.html
        """
        if self.notices is None or not trail.topic_arn:
            return status
        notice = Notice(
            topic_arn=trail.topic_arn, bucket=file.bucket, key=file.key, account=trail.account, source_arn=trail.arn
        )
        tried = msgspec.structs.replace(status, latest_notification_attempt_time=now, latest_notification_error="")
        try:
            self.notices.publish(notice, transaction, now=now)
        except DeliveryFailed as error:
            return msgspec.structs.replace(tried, latest_notification_error=error.code)
        return msgspec.structs.replace(tried, latest_notification_time=now)

    def _listed(  # noqa: PLR0913 — what was put, and for whom
        self,
        transaction: Transaction,
        trail: Trail,
        document: Document[Prepared],
        file: DeliveredFile,
        status: TrailStatus,
        now: float,
        *,
        wanted: bool,
    ) -> TrailStatus:
        """Note a log file for the digest to come; the first one of a Region opens the Region's chain."""
        prepared = document.body
        if wanted and status.digest_start is None:
            status = opened(status, now=now, interval=self.digest_interval)
        if status.digest_start is not None or prepared.validated:
            noted = Delivered(
                bucket=file.bucket,
                key=file.key,
                hash=prepared.hash,
                newest=prepared.newest or now,
                oldest=prepared.oldest or now,
                time=now,
            )
            transaction.put(DELIVERED, document.account, document.region, f"{trail.handle}/{file.key}", noted)
        return status

    def _failed(
        self, transaction: Transaction, trail: Trail, document: Document[Prepared], code: str, now: float
    ) -> None:
        standing = transaction.get(PREPARED, document.account, document.region, document.name)
        if standing is None:
            return
        prepared = standing.body
        status = status_of(transaction, trail, region=document.region, account=document.account)
        status = _refused(status, prepared.type, now, code)
        transaction.put(STATUS, document.account, document.region, trail.handle, status)
        if now - prepared.created > _KEPT:
            _log.error("%s is given up after 30 days: %s", prepared.name, code)
            transaction.delete(PREPARED, document.account, document.region, document.name)
            transaction.discard(prepared.blob)
            return
        pause = min(self.interval * 2.0 ** min(prepared.attempts, _DOUBLINGS), _LONGEST_PAUSE)
        again = msgspec.structs.replace(prepared, attempts=prepared.attempts + 1, due=now + pause)
        transaction.put(PREPARED, document.account, document.region, document.name, again)


def _succeeded(status: TrailStatus, type_: str, now: float) -> TrailStatus:
    if type_ == "digest":
        return msgspec.structs.replace(status, latest_digest_delivery_time=now, latest_digest_delivery_error="")
    return msgspec.structs.replace(
        status, latest_delivery_time=now, latest_delivery_attempt_time=now, latest_delivery_error=""
    )


def _refused(status: TrailStatus, type_: str, now: float, code: str) -> TrailStatus:
    if type_ == "digest":
        return msgspec.structs.replace(status, latest_digest_delivery_error=code)
    return msgspec.structs.replace(status, latest_delivery_attempt_time=now, latest_delivery_error=code)
