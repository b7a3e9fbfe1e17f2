"""Takes back what was approved for a time, on a thread of its own; what is due stands in the store, and so outlives it."""

import logging
from collections.abc import Callable
from dataclasses import dataclass, field

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

__all__ = ["Expirer"]

_log = logging.getLogger(__name__)

_TICK = 0.25
_FAREWELL = 10.0
_REQUEST = HttpRequest(method="POST", raw_path="/", query="", headers=(), body=b"", client="trailwarden")
_SERVICE = Caller(principal=Principal(kind=PrincipalKind.SERVICE, account="", arn="trailwarden"))


@dataclass(slots=True)
class Expirer:
    """Ends access requests whose time is over. `world` makes the world of a service that acts by itself."""

    storage: Storage
    world: Callable[[Transaction], World]
    clock: Clock
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
        """Take back all that is due; one request's trouble is not the others'."""
        for document in self.storage.begin().list(EXPIRY):
            if document.body.time <= now:
                try:
                    self._end(document)
                except Conflict:
                    _log.info("an expiry lost a race; the next run tries again")
                except Exception:  # noqa: BLE001 — as above; it stays due
                    _log.exception("the expiry of %s failed", document.name)

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
