"""Requests as clients send them, signatures left out but for their scope."""

from trailwarden import wire
from trailwarden.errors import AwsError
from trailwarden.wire import HttpRequest, HttpResponse, Parsed

ID = "11111111-2222-3333-4444-555555555555"
HOST = ("host", "127.0.0.1:4566")


def scope(signing_name: str) -> tuple[str, str]:
    credential = f"AKIAIOSFODNN7EXAMPLE/20260101/us-east-1/{signing_name}/aws4_request"
    return "authorization", f"AWS4-HMAC-SHA256 Credential={credential}, SignedHeaders=host, Signature=0"


def request(
    method: str = "GET",
    path: str = "/",
    query: str = "",
    *headers: tuple[str, str],
    body: bytes = b"",
    signing: str = "",
    host: str = "127.0.0.1:4566",
) -> HttpRequest:
    signed = (scope(signing),) if signing else ()
    return HttpRequest(
        method=method,
        raw_path=path,
        query=query,
        headers=(("host", host), *signed, *headers),
        body=body,
        client="127.0.0.1",
    )


def targeted(target: str, body: bytes = b"{}", signing: str = "cloudtrail") -> HttpRequest:
    headers = (("x-amz-target", target), ("content-type", "application/x-amz-json-1.1"))
    return request("POST", "/", "", *headers, body=body, signing=signing)


def form(signing: str, body: str) -> HttpRequest:
    kind = ("content-type", "application/x-www-form-urlencoded; charset=utf-8")
    return request("POST", "/", "", kind, body=body.encode(), signing=signing)


def parsed(asked: HttpRequest) -> Parsed:
    return wire.read(asked, wire.route(asked), ID)


def refused(asked: HttpRequest) -> HttpResponse:
    """The answer to a request that does not come as far as a service."""
    route = None
    try:
        route = wire.route(asked)
        wire.validate(wire.read(asked, route, ID))
    except AwsError as error:
        return wire.write_error(route, error, asked, ID)
    raise AssertionError(f"{asked} was not refused")
