"""Brings messages to the HTTP endpoints and the queues that subscribed to them, on a thread of its own.

https://docs.aws.amazon.com/sns/latest/dg/sns-message-delivery-retries.html
"""

import http.client
import logging
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from urllib.parse import urlsplit

import msgspec

from trailwarden.arn import Arn
from trailwarden.clock import Clock
from trailwarden.services.sns.filter_policy import wanted
from trailwarden.services.sns.letters import Letters, is_raw
from trailwarden.services.sns.message import DEDUPLICATION, MESSAGE, Deduplication, Message
from trailwarden.services.sns.queues import into_dead_letters, into_queue
from trailwarden.services.sns.signing import signer_of
from trailwarden.services.sns.subscription import SUBSCRIPTION, Subscription
from trailwarden.services.world import World
from trailwarden.storage.ports import Conflict, Document, Reader, Storage, Transaction
from trailwarden.ticking import Ticking

__all__ = ["Postman"]

_log = logging.getLogger(__name__)

_TICK = 0.5
_TIMEOUT = 5.0
_RETRIES = 3
_PAUSE = 20.0
_AT_ONCE = 100
_ATTEMPTS = 10
_FAREWELL = 10.0
_SWEEP_EVERY = 60.0
_SUCCESS = range(200, 300)
_QUEUE = "sqs"
_CONNECTIONS: Mapping[str, type[http.client.HTTPConnection]] = {
    "http": http.client.HTTPConnection,
    "https": http.client.HTTPSConnection,
}


@dataclass(slots=True)
class Postman:
    """Delivers what was published; a message is forgotten once every subscription has it, or has failed three retries.

    `endpoint` is where this server is reached: it stands in the URLs that confirm and end subscriptions.
    """

    storage: Storage
    world: Callable[[Transaction], World]
    endpoint: str
    clock: Clock
    _letters: Letters | None = field(init=False, default=None, repr=False)
    _swept: float = field(init=False, default=0.0, repr=False)
    _ticking: Ticking = field(init=False, repr=False)

    def __post_init__(self) -> None:
        self._ticking = Ticking("sns", lambda: self.run_once(self.clock()), _TICK, _FAREWELL)

    def start(self) -> None:
        """Begin to deliver."""
        self._ticking.start()

    def stop(self) -> None:
        """End; what is not delivered yet is after the next start."""
        self._ticking.stop()

    def run_once(self, now: float) -> None:
        """Try every message that is due; once a minute, forget ids that tell of duplicates no more."""
        if now - self._swept >= _SWEEP_EVERY:
            self._swept = now
            self._forget(now)
        due = [each for each in self.storage.begin().list(MESSAGE) if each.body.due <= now]
        for document in due[:_AT_ONCE]:
            if not self._ticking.ended:
                self._serve(document, now)

    def _serve(self, document: Document[Message], now: float) -> None:
        """Try whoever still waits; queues get the message in the transaction that notes it, so each gets it once."""
        message = document.body
        found = _subscriptions(self.storage.begin(), document)
        reached = [each for each in found if each.protocol in _CONNECTIONS]
        left = [each for each in reached if not self._sent(message, each)]
        queues = [each for each in found if each.protocol == _QUEUE]
        self._settle(lambda transaction: self._note(transaction, document, queues, left, now))

    def _note(
        self,
        transaction: Transaction,
        document: Document[Message],
        queues: Sequence[Subscription],
        left: Sequence[Subscription],
        now: float,
    ) -> None:
        standing = transaction.get(MESSAGE, *_key(document))
        if standing is None or standing.version != document.version:
            return
        world, message, letters = self.world(transaction), document.body, self._written()
        lost = [each for each in queues if not into_queue(world, message, each, letters)]
        if left and message.attempts < _RETRIES:
            ids = tuple(each.id for each in left)
            again = msgspec.structs.replace(message, waiting=ids, attempts=message.attempts + 1, due=now + _PAUSE)
            transaction.put(MESSAGE, *_key(document), again)
        else:
            lost += left
            transaction.delete(MESSAGE, *_key(document))
        for each in lost:
            into_dead_letters(world, message, each, letters)

    def _sent(self, message: Message, subscription: Subscription) -> bool:
        body = self._written().body(self.storage.begin(), message, subscription)
        headers = {
            "Content-Type": "text/plain; charset=UTF-8",
            "User-Agent": "Amazon Simple Notification Service Agent",
            "x-amz-sns-message-type": "SubscriptionConfirmation" if message.token else "Notification",
            "x-amz-sns-message-id": message.id,
            "x-amz-sns-topic-arn": message.topic_arn,
        }
        if not message.token:
            headers["x-amz-sns-subscription-arn"] = subscription.arn
        if is_raw(message, subscription):
            headers["x-amz-sns-rawdelivery"] = "true"
        return _posted(subscription.endpoint, body.encode(), headers)

    def _written(self) -> Letters:
        """How messages are written; the key that signs them is found, or made, at the first one."""
        while self._letters is None:
            transaction = self.storage.begin()
            letters = Letters(self.endpoint, signer_of(self.world(transaction), self.endpoint))
            try:
                self.storage.commit(transaction).result()
            except Conflict:
                continue
            self._letters = letters
        return self._letters

    def _forget(self, now: float) -> None:
        old = [each for each in self.storage.begin().list(DEDUPLICATION) if each.body.until <= now]
        for start in range(0, len(old), _AT_ONCE):
            part = old[start : start + _AT_ONCE]
            self._settle(lambda transaction, found=part: _drop(transaction, found))  # type: ignore[misc]  # bound now

    def _settle(self, work: Callable[[Transaction], None]) -> None:
        for _ in range(_ATTEMPTS):
            transaction = self.storage.begin()
            work(transaction)
            try:
                self.storage.commit(transaction).result()
            except Conflict:
                continue
            return


def _drop(transaction: Transaction, found: Sequence[Document[Deduplication]]) -> None:
    for each in found:
        transaction.delete(DEDUPLICATION, each.account, each.region, each.name)


def _key(document: Document[Message]) -> tuple[str, str, str]:
    return document.account, document.region, document.name


def _subscriptions(reader: Reader, document: Document[Message]) -> list[Subscription]:
    """Who is still to get the message: confirmed endpoints that want it, or the one that is asked to confirm.

    Mail is not sent from here.
    """
    message, topic = document.body, Arn.parse(document.body.topic_arn)
    prefix = f"{topic.resource}:{message.only}" if topic else ""
    found = [each.body for each in reader.list(SUBSCRIPTION, document.account, document.region, prefix=prefix)]
    return [
        each
        for each in found
        if (each.protocol in _CONNECTIONS or each.protocol == _QUEUE)
        and bool(each.token) is bool(message.token)
        and (message.waiting is None or each.id in message.waiting)
        and (message.token or wanted(each, message))
    ]


def _posted(url: str, body: bytes, headers: Mapping[str, str]) -> bool:
    """Whether the endpoint took it: any answer of the kind 2xx within some seconds. Redirects are not followed."""
    parts = urlsplit(url)
    path = f"{parts.path or '/'}?{parts.query}" if parts.query else parts.path or "/"
    try:
        connection = _CONNECTIONS[parts.scheme](parts.hostname or "", parts.port, timeout=_TIMEOUT)
        try:
            connection.request("POST", path, body=body, headers=dict(headers))
            return connection.getresponse().status in _SUCCESS
        finally:
            connection.close()
    except (OSError, http.client.HTTPException, ValueError) as error:
        _log.info("an SNS endpoint was not reached: %s", type(error).__name__)
        return False
