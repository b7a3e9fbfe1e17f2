"""Clients whose calls never leave the server: each runs its operation's function on the transaction at hand.

With them, what diagnosis does as a client of this server or of AWS it also does within the server, in one transaction.
"""

import dataclasses
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cache, partial
from typing import Any, cast

from botocore import xform_name
from botocore.exceptions import ClientError

from trailwarden import catalog, wire
from trailwarden.auth.errors import AccessDenied
from trailwarden.auth.lookup import Answer
from trailwarden.auth.resolve import Resolver
from trailwarden.auth.stages import Authenticated, Authorized, Resolved
from trailwarden.errors import AwsError
from trailwarden.events.outcome import Outcome
from trailwarden.events.record import Recorder
from trailwarden.services.diagnosing import Place
from trailwarden.services.dispatch import dispatch
from trailwarden.services.world import World
from trailwarden.wire import Parsed, Route
from trailwarden.wire.parsed import Family

__all__ = ["Inside", "Refused"]

_NAME = "trailwarden"
_PAGES = 10_000
_TOKENS = (("NextToken", "NextToken"), ("nextToken", "nextToken"), ("NextMarker", "Marker"), ("Marker", "Marker"))


class Refused(Exception):
    """A call that changes something was refused; `error` is the answer."""

    def __init__(self, error: AwsError) -> None:
        super().__init__(error.text)
        self.error = error


@dataclass(frozen=True, slots=True, kw_only=True)
class Inside:
    """Makes clients that act for `place.caller`.

    `writing` tells that calls are made in the caller's name; those that change something are recorded, as made through
    this service, when `record` is called. `demanding` asks the caller's permission for them; it is not asked for what
    only reads, which whoever started it was allowed to learn. A refusal of a reading call is a ClientError as ever; of
    another one it is `Refused`.
    """

    world: World
    place: Place
    lookups: Mapping[str, Answer]
    writing: bool = False
    demanding: bool = False
    done: list[Outcome] = field(default_factory=list)

    def client(self, service_name: str) -> "InsideClient":
        """A client of that service."""
        return InsideClient(inside=self, service=service_name)

    def run(self, service: str, operation: str, params: Mapping[str, Any]) -> Mapping[str, Any]:
        """The operation's answer. Raises ClientError, Refused."""
        reads = catalog.read_only(service, operation)
        if not reads and not self.writing:
            raise TypeError(f"{service}:{operation} is not for reading")
        authenticated = self._authenticated(service, operation, params)
        try:
            return self._read(authenticated) if reads else self._write(authenticated)
        except AwsError as error:
            if not reads:
                raise Refused(_respelled(error)) from error
            code = error.code_in(authenticated.parsed.route.family)
            told = {"Error": {"Code": code, "Message": error.text}}
            raise ClientError(cast("Any", told), operation) from error

    def _authenticated(self, service: str, operation: str, params: Mapping[str, Any]) -> Authenticated:
        place = self.place
        parsed = Parsed(
            request=place.request, route=_route(service, operation), params=params, request_id=place.request_id
        )
        caller = dataclasses.replace(place.caller, invoked_by=_NAME) if self.writing else place.caller
        return Authenticated(
            parsed=parsed, caller=caller, region=place.region, account=place.account, body=b"", now=self.world.now
        )

    def _read(self, authenticated: Authenticated) -> Mapping[str, Any]:
        return dispatch(Authorized(resolved=Resolved(authenticated=authenticated, checks=()), judged=()), self.world)

    def _write(self, authenticated: Authenticated) -> Mapping[str, Any]:
        transaction = self.world.transaction
        resolved = Resolver(catalog.checks_of, self.lookups).resolve(authenticated, transaction)
        authorized = Authorized(resolved=resolved, judged=())
        if self.demanding:
            authorized = self.world.authorizer.authorize(resolved, transaction)
        answer = dispatch(authorized, self.world)
        self.done.append(Outcome(reached=authorized, result=answer))
        return answer

    def record(self) -> None:
        """Record what was changed: only once nothing can fail any more, for events stay where documents are reverted."""
        recorder = Recorder(self.world.chance, lambda: self.world.now)
        for outcome in self.done:
            recorder.record(outcome, self.world.transaction)


@dataclass(frozen=True, slots=True, kw_only=True)
class InsideClient:
    """What of a boto3 client is used: its methods and its paginators."""

    inside: Inside
    service: str

    def __getattr__(self, method: str) -> Callable[..., Mapping[str, Any]]:
        """The operation of that snake-case name. AttributeError where the model has none."""
        operation = _operations(self.service).get(method)
        if operation is None:
            raise AttributeError(method)
        return partial(_called, self, operation)

    def get_paginator(self, method: str) -> "Pages":
        """Pages of an operation."""
        return Pages(call=getattr(self, method))


@dataclass(frozen=True, slots=True, kw_only=True)
class Pages:
    """All pages of a listing."""

    call: Callable[..., Mapping[str, Any]]

    def paginate(self, **params: Any) -> Iterator[Mapping[str, Any]]:
        """One after the other, until an answer names no next one."""
        for _ in range(_PAGES):
            page = self.call(**params)
            yield page
            following = next(((member, page[told]) for told, member in _TOKENS if page.get(told)), None)
            if following is None:
                return
            params[following[0]] = following[1]


def _respelled(error: AwsError) -> AwsError:
    """A denial in this service's own spelling, whichever service's protocol the inner call is of."""
    if not isinstance(error, AccessDenied):
        return error
    return AccessDenied(error.text, judged=error.judged, authorization_id=error.authorization_id)


def _called(client: InsideClient, operation: str, **params: Any) -> Mapping[str, Any]:
    return client.inside.run(client.service, operation, params)


@cache
def _operations(service: str) -> Mapping[str, str]:
    return {xform_name(operation): operation for operation in wire.model(service).operations}


@cache
def _route(service: str, operation: str) -> Route:
    """The route of a service in the first protocol that its model names."""
    metadata = wire.model(service).metadata
    protocol = (metadata.get("protocols") or [metadata["protocol"]])[0]
    family = "s3" if service == "s3" else "cbor" if protocol == "smithy-rpc-v2-cbor" else protocol
    return Route(service=service, operation=operation, protocol=protocol, family=cast("Family", family))
