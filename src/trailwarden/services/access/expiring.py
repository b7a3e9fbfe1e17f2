"""Takes back what was approved for a time, and forgets what was settled long ago, on a thread of its own.

What is due stands in the store, and so outlives it.
"""

import logging
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from msgspec.structs import replace

from trailwarden.auth.stages import Caller
from trailwarden.clock import Clock
from trailwarden.errors import AwsError
from trailwarden.policy import Principal, PrincipalKind
from trailwarden.services.access.refusals import port
from trailwarden.services.access.request import ACCESS_REQUEST, EXPIRY, AccessRequest, Expiry
from trailwarden.services.access.told import expiry_event
from trailwarden.services.diagnosing import Place
from trailwarden.services.world import World
from trailwarden.storage.ports import Conflict, Document, Storage, Transaction
from trailwarden.ticking import Ticking
from trailwarden.wire.http import HttpRequest

__all__ = ["RETENTION", "Expirer"]

_log = logging.getLogger(__name__)

RETENTION = 90 * 86_400.0
"""Seconds that settled requests are kept by default: as long as CloudTrail's event history.

https://docs.aws.amazon.com/awscloudtrail/latest/userguide/view-cloudtrail-events.html
"""

_TICK = 0.25
_PRUNING = 3_600.0
"""Seconds between looks for what is to be forgotten."""

_FAREWELL = 10.0
_REQUEST = HttpRequest(method="POST", raw_path="/", query="", headers=(), body=b"", client="trailwarden")
_SERVICE = Caller(principal=Principal(kind=PrincipalKind.SERVICE, account="", arn="trailwarden"))


@dataclass(slots=True)
class Expirer:
    """Ends access requests whose time is over. `world` makes the world of a service that acts by itself.

    Requests that are settled (see `AccessRequest.settled`) are deleted after `retention` seconds, and with them what taking their
    change back would need; 0 keeps them for ever.
    """

    storage: Storage
    world: Callable[[Transaction], World]
    clock: Clock
    retention: float = RETENTION
    _pruned: float = field(default=float("-inf"), init=False, repr=False)
    _ticking: Ticking = field(init=False, repr=False)

    def __post_init__(self) -> None:
        self._ticking = Ticking("access", lambda: self.run_once(self.clock()), _TICK, _FAREWELL)

    def start(self) -> None:
        """Begin to look for what is due."""
        self._ticking.start()

    def stop(self) -> None:
        """End; what is not taken back yet is after the next start."""
        self._ticking.stop()

    def run_once(self, now: float) -> None:
        """Take back all that is due, and now and then forget; one request's trouble is not the others'."""
        for document in self.storage.begin().list(EXPIRY):
            if document.body.time <= now:
                self._tried(self._end, document)
        if self.retention and now - self._pruned >= _PRUNING:
            self._pruned = now
            for request in self.storage.begin().list(ACCESS_REQUEST):
                settled = request.body.settled
                if settled is not None and settled + self.retention <= now:
                    self._tried(self._forget, request)

    def _tried(self, act: Callable[[Document[Any]], None], document: Document[Any]) -> None:
        try:
            act(document)
        except Conflict:
            _log.info("%s of an access request lost a race; the next run tries again", act.__name__)
        except Exception:  # noqa: BLE001 — as above; it stays due
            _log.exception("%s of access request %s failed", act.__name__, document.name)

    def _forget(self, old: Document[AccessRequest]) -> None:
        """Delete it, unless it has been decided otherwise in the meantime."""
        transaction = self.storage.begin()
        request = transaction.get(ACCESS_REQUEST, old.account, old.region, old.name)
        if request is not None and request.body == old.body:
            transaction.delete(ACCESS_REQUEST, old.account, old.region, old.name)
            self.storage.commit(transaction).result()

    def _end(self, due: Document[Expiry]) -> None:
        transaction = self.storage.begin()
        world = self.world(transaction)
        request = world.find(ACCESS_REQUEST, due.account, due.region, due.name)
        if request is None or request.state != "APPROVED":
            transaction.delete(EXPIRY, due.account, due.region, due.name)
        else:
            world = self._taken_back(request, world)
        self.storage.commit(world.transaction).result()

    def _taken_back(self, request: AccessRequest, world: World) -> World:
        """The world in which it is over; where nothing can be taken back, one in which just that is told."""
        place = Place(
            account=request.account,
            region=request.region,
            caller=_SERVICE,
            request=_REQUEST,
            request_id=world.chance.uuid(),
        )
        ended = replace(request, state="EXPIRED", ended=world.now)
        failure = ""
        try:
            port(world).revert(request.made, place, world)
        except AwsError as error:
            failure = error.text
            world = self.world(self.storage.begin())
            ended = replace(request, state="OVERDUE", note=failure)
        world.put(ACCESS_REQUEST, request.account, request.region, request.id, ended)
        world.delete(EXPIRY, request.account, request.region, request.id)
        world.transaction.append(expiry_event(ended, world, failure))
        return world
