"""The edge: what reaches a handler, and what a client sees when things go wrong."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from tests.unit.wire.asking import scope

from trailwarden.errors import ThrottlingException
from trailwarden.wire import HttpRequest, HttpResponse
from trailwarden.wire.asgi import Edge, body_limit

MEBIBYTE = 1024 * 1024


def http(method: str = "POST", path: str = "/", query: str = "", **headers: str) -> dict[str, Any]:
    return {
        "type": "http",
        "method": method,
        "path": path,
        "raw_path": path.encode(),
        "query_string": query.encode(),
        "headers": [(name.replace("_", "-").encode(), value.encode()) for name, value in headers.items()],
        "client": ("192.0.2.7", 1),
        "scheme": "http",
    }


async def echo(request: HttpRequest) -> HttpResponse:
    return HttpResponse(status=200, headers=(("x-path", request.raw_path),), body=request.body or b"empty")


async def own(request: HttpRequest) -> HttpResponse:
    return HttpResponse(status=200, headers=(), body=b"own")


async def nothing() -> None:
    """Neither starts nor stops anything."""


def exchange(
    asked: dict[str, Any],
    *messages: dict[str, Any],
    answer: Callable[[HttpRequest], Awaitable[HttpResponse]] = echo,
    **settings: Any,
) -> list[dict[str, Any]]:
    """Serve one request with the real edge; what it sends."""
    waiting, sent = list(messages or ({"type": "http.request", "body": b""},)), []

    async def receive() -> dict[str, Any]:
        return waiting.pop(0)

    async def send(message: dict[str, Any]) -> None:
        sent.append(message)

    asyncio.run(Edge(answer, own=own, startup=nothing, shutdown=nothing, **settings)(asked, receive, send))  # type: ignore[arg-type]
    return sent


def headers_of(sent: list[dict[str, Any]]) -> dict[bytes, bytes]:
    return dict(sent[0]["headers"])


def test_a_body_arrives_whole_and_paths_stay_raw() -> None:
    sent = exchange(
        http("PUT", "/b/a%20b%2Fc"),
        {"type": "http.request", "body": b"ab", "more_body": True},
        {"type": "http.request", "body": b"cd"},
    )
    assert sent[1]["body"] == b"abcd"
    assert headers_of(sent) == {b"x-path": b"/b/a%20b%2Fc", b"content-length": b"4"}


def test_head_keeps_the_length_and_sends_no_body() -> None:
    sent = exchange(http("HEAD"))
    assert sent[1]["body"] == b""
    assert headers_of(sent)[b"content-length"] == b"5"


@pytest.mark.parametrize(("path", "host", "body"), [
    ("/_trailwarden/health", "127.0.0.1", b"own"),
    ("/_trailwardens/x", "127.0.0.1", b"empty"),
    ("/_trailwarden/x", "bucket.s3.localhost", b"empty"),
])  # fmt: skip
def test_our_own_pages_stand_aside_of_buckets(path: str, host: str, body: bytes) -> None:
    assert exchange(http("GET", path, host=host))[1]["body"] == body


@pytest.mark.parametrize(("asked", "status", "code"), [
    (http(content_length=str(9 * MEBIBYTE), x_amz_target="A.B"), 413, b"RequestEntityTooLargeException"),
    (http("PUT", "/b/k", content_length=str(300 * MEBIBYTE), authorization=scope("s3")[1]), 400, b"EntityTooLarge"),
    (http(content_length="-1", x_amz_target="A.B"), 413, b"RequestEntityTooLargeException"),
    (http(content_length="9" * 30, x_amz_target="A.B"), 413, b"RequestEntityTooLargeException"),
    (http(x_amz_target="A.B", x_large="x" * 200_000), 413, b"RequestEntityTooLargeException"),
    (http(x_amz_target="A.B", **{f"x{number}": "" for number in range(300)}), 413, b"RequestEntityTooLargeException"),
])  # fmt: skip
def test_too_large_requests_are_refused_unread(asked: dict[str, Any], status: int, code: bytes) -> None:
    sent = exchange(asked)
    assert sent[0]["status"] == status
    assert code in sent[1]["body"]
    assert headers_of(sent)[b"connection"] == b"close"


def test_a_body_that_grows_beyond_what_it_said_is_cut_off() -> None:
    chunk = {"type": "http.request", "body": b"x" * MEBIBYTE, "more_body": True}
    assert exchange(http(x_amz_target="A.B"), *[chunk] * 9)[0]["status"] == 413
    assert exchange(http(x_amz_target="A.B"), *[chunk] * 2, max_body=MEBIBYTE)[0]["status"] == 413


@pytest.mark.parametrize(
    ("method", "signing", "limit"),
    [("PUT", "s3", 256), ("POST", "s3", 8), ("POST", "iam", 8), ("PUT", "", 8), ("PUT", "lambda", 8)],
)
def test_only_uploads_may_be_large(method: str, signing: str, limit: int) -> None:
    headers = (scope(signing),) if signing else ()
    asked = HttpRequest(method=method, raw_path="/", query="", headers=headers, body=b"", client="")
    assert body_limit(asked) == limit * MEBIBYTE


@pytest.mark.parametrize("length", [9 * MEBIBYTE, 256 * MEBIBYTE])
def test_a_large_body_waits_until_its_signer_is_proved(length: int) -> None:
    asked: list[str] = []

    def admit(head: HttpRequest) -> None:
        asked.append(head.method)
        raise ThrottlingException

    unreadable: dict[str, Any] = {}
    large = {**http(content_length=str(length)), "method": "PUT"}
    large["headers"] = [*large["headers"], tuple(text.encode() for text in scope("s3"))]
    sent = exchange(large, unreadable, admit=admit)
    assert asked == ["PUT"]
    assert b"SlowDown" in sent[1]["body"]
    assert headers_of(sent)[b"connection"] == b"close"


def test_an_upload_of_unknown_length_is_not_large() -> None:
    asked = {**http(), "method": "PUT"}
    asked["headers"] = [*asked["headers"], tuple(text.encode() for text in scope("s3"))]
    chunk = {"type": "http.request", "body": b"x" * MEBIBYTE, "more_body": True}
    assert exchange(asked, *[chunk] * 9, admit=lambda _head: None)[0]["status"] == 400


def test_a_client_that_leaves_is_not_answered() -> None:
    assert (
        exchange(http(), {"type": "http.request", "body": b"a", "more_body": True}, {"type": "http.disconnect"}) == []
    )


def test_a_body_that_does_not_come_is_not_waited_for() -> None:
    sent = []

    async def receive() -> dict[str, Any]:
        await asyncio.sleep(60)
        raise AssertionError("waited")

    async def send(message: dict[str, Any]) -> None:
        sent.append(message)

    edge = Edge(echo, own=own, startup=nothing, shutdown=nothing, patience=0.01)
    asyncio.run(edge(http(x_amz_target="A.B", content_length="5"), receive, send))  # type: ignore[arg-type]
    assert b"RequestTimeoutException" in sent[1]["body"]


def test_a_fault_shows_no_cause() -> None:
    async def broken(_: HttpRequest) -> HttpResponse:
        raise KeyError("secret")

    sent = exchange(http(x_amz_target="A.B"), answer=broken)
    assert sent[0]["status"] == 500
    assert b"InternalFailure" in sent[1]["body"]
    assert b"secret" not in sent[1]["body"]


def test_an_aws_error_of_the_handler_is_rendered() -> None:
    async def throttled(_: HttpRequest) -> HttpResponse:
        raise ThrottlingException

    assert b"ThrottlingException" in exchange(http(x_amz_target="A.B"), answer=throttled)[1]["body"]


def test_no_content_has_no_length() -> None:
    async def gone(_: HttpRequest) -> HttpResponse:
        return HttpResponse(status=204, headers=(), body=b"")

    assert b"content-length" not in headers_of(exchange(http("DELETE"), answer=gone))


def test_headers_may_be_beyond_latin() -> None:
    async def answer(_: HttpRequest) -> HttpResponse:
        return HttpResponse(status=200, headers=(("x-amz-meta-a", "日"), ("x-amz-meta-b", "ü")), body=b"")

    found = headers_of(exchange(http(), answer=answer))
    assert (found[b"x-amz-meta-a"], found[b"x-amz-meta-b"]) == ("日".encode(), "ü".encode("latin-1"))


@pytest.mark.parametrize(("fails", "last"), [(False, "lifespan.shutdown.complete"), (True, "lifespan.startup.failed")])
def test_the_life_span_runs_both_ends(fails: bool, last: str) -> None:
    ran = []

    async def startup() -> None:
        ran.append("up")
        if fails:
            raise OSError("no disk")

    async def shutdown() -> None:
        ran.append("down")

    waiting = [{"type": "lifespan.startup"}, {"type": "lifespan.shutdown"}]
    sent: list[dict[str, Any]] = []

    async def receive() -> dict[str, Any]:
        return waiting.pop(0)

    async def send(message: dict[str, Any]) -> None:
        sent.append(message)

    asyncio.run(Edge(echo, own=own, startup=startup, shutdown=shutdown)({"type": "lifespan"}, receive, send))  # type: ignore[arg-type]
    assert ran == (["up"] if fails else ["up", "down"])
    assert sent[-1]["type"] == last


def test_nothing_but_http_is_served() -> None:
    assert exchange({"type": "websocket"})[0]["type"] == "websocket.close"
