"""Bytes in, bytes out: parse, run the pipeline, wait until it is durable, render."""

import asyncio
import logging
import math
from collections import deque
from dataclasses import dataclass, field
from functools import partial

import msgspec

from trailwarden import wire
from trailwarden.clock import Chance
from trailwarden.errors import AwsError, InternalFailure, NotYet, ServiceUnavailable
from trailwarden.pipeline import Attempt, Pipeline
from trailwarden.storage import Conflict, Ended, StorageUnavailable
from trailwarden.wire import HttpRequest, HttpResponse, Parsed

__all__ = ["Front", "Settled"]

_log = logging.getLogger(__name__)

_ATTEMPTS = 20
"""How often a call that lost a race is run again before it is told to retry itself."""

_PAUSE = 0.1
"""Seconds until a call that waits for something is run again."""

_INLINE_BODY = 128 * 1024
"""Calls with larger bodies run on a thread, so that the event loop goes on."""

_LONG = frozenset({"trailwarden"})
"""Services whose calls take long whatever their size: a diagnosis reads the whole account."""


@dataclass(slots=True)
class Settled:
    """Carries attempts to the writer thread, one turn of the event loop at a time, and back how each ended.

    So a group shares one wake-up of either thread, not only one sync of the disk.
    """

    pipeline: Pipeline
    loop: asyncio.AbstractEventLoop
    made: list[tuple[Attempt, Ended]] = field(default_factory=list)
    done: deque[tuple[asyncio.Future[None], BaseException | None]] = field(default_factory=deque)
    woken: bool = False

    def wait(self, attempt: Attempt) -> "asyncio.Future[None]":
        """A future of the event loop that ends as the attempt's commit does."""
        waiting: asyncio.Future[None] = self.loop.create_future()
        if not self.made:
            self.loop.call_soon(self._hand_over)
        self.made.append((attempt, partial(self._ended, waiting)))
        return waiting

    def _hand_over(self) -> None:
        made, self.made = self.made, []
        self.pipeline.commit(made)

    def _ended(self, waiting: "asyncio.Future[None]", error: BaseException | None) -> None:
        self.done.append((waiting, error))
        if not self.woken:
            self.woken = True
            self.loop.call_soon_threadsafe(self._drain)

    def _drain(self) -> None:
        self.woken = False
        while self.done:
            waiting, error = self.done.popleft()
            if waiting.cancelled():
                continue
            if error is None:
                waiting.set_result(None)
            else:
                waiting.set_exception(error)


@dataclass(slots=True, kw_only=True)
class Front:
    """Bytes in, bytes out: parse, run the pipeline, wait until it is durable, render."""

    pipeline: Pipeline
    chance: Chance
    counts: dict[tuple[str, str], int] = field(default_factory=dict)
    settled: Settled | None = None
    ended: bool = False

    def end(self) -> None:
        """The server is about to end: calls that wait for something are answered with what there is."""
        self.ended = True

    async def answer(self, request: HttpRequest) -> HttpResponse:
        """Answer one request; whatever goes wrong is an AWS error in the protocol of the call."""
        request_id = self.chance.uuid()
        try:
            route = wire.route(request)
        except AwsError as error:
            return wire.write_error(None, error, request, request_id)
        try:
            call = wire.read(request, route, request_id)
            outcome = (await self._durable(call)).outcome
            if outcome.error is not None:
                raise outcome.error
            response = wire.write(route, outcome.result, request, request_id)
        except AwsError as error:
            self._count(route.service, error.code_in(route.family))
            return wire.write_error(route, error, request, request_id)
        self._count(route.service, "")
        return response

    async def _durable(self, call: Parsed) -> Attempt:
        """Run the call until its transaction commits; nothing is answered before."""
        settled = self.settled
        if settled is None:
            settled = self.settled = Settled(self.pipeline, asyncio.get_running_loop())
        long = len(call.request.body) > _INLINE_BODY or call.route.service in _LONG
        begun, lost = settled.loop.time(), 0
        while lost < _ATTEMPTS:
            try:
                attempt = await asyncio.to_thread(self._guarded, call) if long else self._guarded(call)
                await settled.wait(attempt)
            except NotYet:
                await asyncio.sleep(_PAUSE)
                waited = math.inf if self.ended else settled.loop.time() - begun
                call = msgspec.structs.replace(call, waited=waited)
                continue
            except Conflict:
                lost += 1
                continue
            except StorageUnavailable as error:
                raise ServiceUnavailable from error
            return attempt
        raise ServiceUnavailable

    def _guarded(self, call: Parsed) -> Attempt:
        try:
            return self.pipeline.attempt(call)
        except StorageUnavailable as error:
            raise ServiceUnavailable from error
        except (Conflict, NotYet):
            raise
        except Exception as error:
            _log.exception("%s:%s failed, request %s", call.route.service, call.route.operation, call.request_id)
            raise InternalFailure from error

    def _count(self, service: str, code: str) -> None:
        self.counts[service, code] = self.counts.get((service, code), 0) + 1
