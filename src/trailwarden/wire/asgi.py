"""The raw ASGI edge: whole requests in, whole responses out, every size bounded."""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Generator, MutableMapping
from dataclasses import dataclass
from functools import partial
from typing import Any

from trailwarden.clock import Chance
from trailwarden.errors import AwsError, InternalFailure
from trailwarden.wire.errors import RequestEntityTooLarge, RequestTimeout
from trailwarden.wire.failing import write_error
from trailwarden.wire.hosts import bucket_in_host
from trailwarden.wire.http import HttpRequest, HttpResponse
from trailwarden.wire.routing import scope_of

__all__ = ["Edge", "body_limit"]

_log = logging.getLogger(__name__)

Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
Answer = Callable[[HttpRequest], Awaitable[HttpResponse]]

_OWN = "/_trailwarden/"
_MOST_HEADERS = 200
_LARGEST_HEAD = 128 * 1024
_MEBIBYTE = 1024 * 1024
_BODY = 8 * _MEBIBYTE
_UPLOAD = 256 * _MEBIBYTE
_WITHOUT_BODY = frozenset({204, 304})


class _Gone(Exception):
    """The client went away before its request was whole."""


def body_limit(request: HttpRequest) -> int:
    """The largest body this request may have, told by its head alone. Only uploads to S3 may be large there.

    https://docs.aws.amazon.com/awscloudtrail/latest/APIReference/CommonErrors.html (RequestEntityTooLargeException)
    """
    return _UPLOAD if request.method == "PUT" and scope_of(request) == "s3" else _BODY


@dataclass(frozen=True, slots=True)
class Edge:
    """The ASGI application. `answer` serves AWS's protocols, `own` what stands below /_trailwarden/.

    `admit` is asked of the head of a request with a large body before any of it is taken, and raises an AwsError where
    its signer is not proved. `startup` and `shutdown` run in the server's life span. `max_body` lowers every limit on bodies;
    `patience` is how many seconds the next piece of a body may take. Neither function's
    failure reaches a client with its cause.
    """

    answer: Answer
    own: Answer
    startup: Callable[[], Awaitable[None]]
    shutdown: Callable[[], Awaitable[None]]
    admit: Callable[[HttpRequest], None] | None = None
    max_body: int | None = None
    patience: float = 60.0
    new_id: Callable[[], str] = Chance().uuid

    async def __call__(self, scope: Message, receive: Receive, send: Send) -> None:
        """Serve one connection scope."""
        if scope["type"] == "lifespan":
            await self._live(receive, send)
        elif scope["type"] == "http":
            await self._serve(scope, receive, send)
        else:
            await send({"type": "websocket.close", "code": 1003})

    async def _live(self, receive: Receive, send: Send) -> None:
        for kind, run in (("startup", self.startup), ("shutdown", self.shutdown)):
            while (await receive())["type"] != f"lifespan.{kind}":
                continue
            try:
                await run()
            except Exception as error:  # noqa: BLE001 — the server is told, and ends
                _log.exception("%s failed", kind)
                await send({"type": f"lifespan.{kind}.failed", "message": str(error)})
                return
            await send({"type": f"lifespan.{kind}.complete"})

    async def _serve(self, scope: Message, receive: Receive, send: Send) -> None:
        try:
            response = await self._respond(_head(scope), scope, receive)
        except _Gone:
            return
        await _send(response, scope["method"], send)

    def _limit(self, head: HttpRequest) -> int:
        """Whoever is not proved, or does not say how much comes, may send no large body."""
        limit = body_limit(head)
        if limit == _BODY or self.admit is None:
            return limit
        if not _is_large(head):
            return _BODY
        self.admit(head)
        return limit

    async def _respond(self, head: HttpRequest, scope: Message, receive: Receive) -> HttpResponse:
        try:
            _check_head(scope)
            limit = self._limit(head)
            limit = limit if self.max_body is None else min(limit, self.max_body)
            body = await _body(receive, head, limit, self.patience)
            request = _whole(head, body)
            serve = self.own if _is_own(request) else self.answer
            return await serve(request)
        except AwsError as error:
            return _closing(write_error(None, error, head, self.new_id()))
        except _Gone:
            raise
        except Exception:  # noqa: BLE001 — told without its cause, whatever it is
            _log.exception("a request failed at the edge")
            return write_error(None, InternalFailure(), head, self.new_id())


def _is_large(head: HttpRequest) -> bool:
    length = head.header("content-length") or ""
    return len(length) > len(str(_BODY)) or (length.isascii() and length.isdigit() and int(length) > _BODY)


def _head(scope: Message) -> HttpRequest:
    """The request without its body. Bytes that are no ASCII stay what they are, as Latin-1 or percent-encoded."""
    raw_path = scope.get("raw_path") or scope["path"].encode()
    headers = tuple(
        [(name.decode("latin-1").lower(), value.decode("latin-1").strip()) for name, value in scope["headers"]]
    )
    client = scope.get("client")
    return HttpRequest(
        method=scope["method"],
        raw_path=raw_path.partition(b"?")[0].decode("latin-1"),
        query=scope["query_string"].decode("latin-1"),
        headers=headers,
        body=b"",
        client=client[0] if client else "",
        scheme=scope.get("scheme", "http"),
    )


def _whole(head: HttpRequest, body: bytes) -> HttpRequest:
    if not body:
        return head
    return HttpRequest(
        method=head.method,
        raw_path=head.raw_path,
        query=head.query,
        headers=head.headers,
        body=body,
        client=head.client,
        scheme=head.scheme,
    )


def _check_head(scope: Message) -> None:
    headers = scope["headers"]
    size = len(scope["query_string"]) + len(scope["path"])
    for name, value in headers:
        size += len(name) + len(value)
    if len(headers) > _MOST_HEADERS or size > _LARGEST_HEAD:
        raise RequestEntityTooLarge


async def _body(receive: Receive, head: HttpRequest, limit: int, patience: float) -> bytes:
    length = head.header("content-length") or "0"
    if not length.isascii() or not length.isdigit() or len(length) > 12 or int(length) > limit:  # noqa: PLR2004
        raise RequestEntityTooLarge
    chunks: list[bytes] = []
    size = 0
    while True:
        message = await _next(receive, patience)
        if message["type"] == "http.disconnect":
            raise _Gone
        chunk = message.get("body", b"")
        size += len(chunk)
        if size > limit:
            raise RequestEntityTooLarge
        if chunk:
            chunks.append(chunk)
        if not message.get("more_body", False):
            return chunks[0] if len(chunks) == 1 else b"".join(chunks)


async def _next(receive: Receive, patience: float) -> Message:
    """The next message. What is there already, as nearly every body is, needs no timer."""
    arriving = receive().__await__()
    try:
        awaited = next(arriving)
    except StopIteration as arrived:
        message: Message = arrived.value
        return message
    try:
        async with asyncio.timeout(patience):
            return await _Arriving(arriving, awaited)
    except TimeoutError:
        raise RequestTimeout from None


@dataclass(frozen=True, slots=True)
class _Arriving:
    """A message that was asked for and has not come: waits for what that waits for, then goes on with it."""

    arriving: Any
    awaited: Any

    def __await__(self) -> Generator[Any, Any, Message]:
        awaited = self.awaited
        while True:
            try:
                sent = yield awaited
            except BaseException as error:  # noqa: BLE001 — a timeout or a cancellation is for the receiver to see
                go_on = partial(self.arriving.throw, error)
            else:
                go_on = partial(self.arriving.send, sent)
            try:
                awaited = go_on()
            except StopIteration as arrived:
                message: Message = arrived.value
                return message


def _is_own(request: HttpRequest) -> bool:
    return request.raw_path.startswith(_OWN) and not bucket_in_host(request.header("host") or "")


def _closing(response: HttpResponse) -> HttpResponse:
    """The response to a request that was not read to its end."""
    return HttpResponse(
        status=response.status, headers=(*response.headers, ("connection", "close")), body=response.body
    )


async def _send(response: HttpResponse, method: str, send: Send) -> None:
    headers = [(name.encode("latin-1", "replace"), _value(value)) for name, value in response.headers]
    bare = response.status in _WITHOUT_BODY
    if not bare and not any(name == b"content-length" for name, _ in headers):
        headers.append((b"content-length", str(len(response.body)).encode()))
    await send({"type": "http.response.start", "status": response.status, "headers": headers})
    await send({"type": "http.response.body", "body": b"" if bare or method == "HEAD" else response.body})


def _value(text: str) -> bytes:
    """A header value: Latin-1 where it fits, else UTF-8."""
    try:
        return text.encode("latin-1")
    except UnicodeEncodeError:
        return text.encode("utf-8", "replace")
