"""From a routed request to its members."""

from collections.abc import Callable, Mapping
from typing import Any, cast

from trailwarden.wire import cbor_body, json_body, library, xml_body
from trailwarden.wire.compiled import Function
from trailwarden.wire.errors import MalformedXML, SerializationException
from trailwarden.wire.form import ec2_reader, fields, form_of, query_reader, tree
from trailwarden.wire.hosts import s3_path
from trailwarden.wire.http import HttpRequest
from trailwarden.wire.locations import Locations
from trailwarden.wire.model import Operation, Shape
from trailwarden.wire.parsed import Parsed, Route
from trailwarden.wire.paths import Template, segments

__all__ = ["read"]

Reader = Callable[[HttpRequest], dict[str, Any]]

_TREES = json_body.tree_reader()
_SIGNERS_OWN = ("x-amz-checksum-", "x-amz-sdk-checksum-algorithm")
_QUERY = query_reader()
_EC2 = ec2_reader()
_XML = xml_body.xml_reader()
_READERS: dict[Route, Reader] = {}


def read(request: HttpRequest, route: Route, request_id: str) -> Parsed:
    """The call's members by the model's names; unknown ones are left out.

    SerializationException, MalformedXML or MalformedQueryString where the request is not what its protocol says.
    """
    reader = _READERS.get(route)
    if reader is None:
        operation = library.model(route.service).operations[route.operation]
        reader = _READERS[route] = _MAKERS[route.protocol](operation)
    try:
        params = reader(request)
    except RecursionError:
        raise SerializationException(reason="The request body is nested too deeply.") from None
    return Parsed(request=request, route=route, params=params, request_id=request_id)


def _nothing(_: HttpRequest) -> dict[str, Any]:
    return {}


def _json(operation: Operation) -> Reader:
    if operation.input is None:
        return _nothing
    take, decode = _TREES.of(operation.input), json_body.decoded
    return lambda request: cast("dict[str, Any]", take(decode(request.body)))


def _cbor(operation: Operation) -> Reader:
    if operation.input is None:
        return _nothing
    take, decode = _TREES.of(operation.input), cbor_body.decoded
    return lambda request: cast("dict[str, Any]", take(decode(request.body)))


def _query(operation: Operation) -> Reader:
    return _form_reader(operation, _QUERY.of)


def _ec2(operation: Operation) -> Reader:
    return _form_reader(operation, _EC2.of)


def _form_reader(operation: Operation, of: Callable[[Shape], Function]) -> Reader:
    if operation.input is None:
        return _nothing
    take = of(operation.input)

    def read_form(request: HttpRequest) -> dict[str, Any]:
        return cast("dict[str, Any]", take(tree(form_of(request))))

    return read_form


def _rest_json(operation: Operation) -> Reader:
    def body_of(shape: Shape) -> Callable[[bytes], Any]:
        take, decode = _TREES.of(shape), json_body.decoded
        return lambda body: take(decode(body))

    return _rest(operation, body_of)


def _rest_xml(operation: Operation) -> Reader:
    def body_of(shape: Shape) -> Callable[[bytes], Any]:
        take, decode = _XML.of(shape), xml_body.decoded

        def whole(body: bytes) -> Any:
            if not body:
                return {}
            return take(decode(body))

        return whole

    return _rest(operation, body_of)


def _rest(operation: Operation, body_of: Callable[[Shape], Callable[[bytes], Any]]) -> Reader:
    shape = operation.input
    if shape is None:
        return _nothing
    template = Template.parse(operation.http.request_uri)
    locations = Locations(shape, [name for name, _ in template.literals])
    take_body = _body_taker(shape, body_of)
    styled = operation.model.service == "s3"

    def read_rest(request: HttpRequest) -> dict[str, Any]:
        path = segments(s3_path(request) if styled else request.raw_path)
        headers = _with_hoisted(request) if styled and "Signature=" in request.query else request.headers
        found = locations.take(template.labels(path), request.query, headers)
        take_body(request.body, found)
        return found

    return read_rest


def _with_hoisted(request: HttpRequest) -> tuple[tuple[str, str], ...]:
    """The headers of a presigned URL of S3, with those that the SDKs for JavaScript and Java move into the query.

    A checksum there is of the body that the signer had, which is none; it says nothing of what is sent.
    https://docs.aws.amazon.com/AmazonS3/latest/API/sigv4-query-string-auth.html
    """
    there = {name for name, _ in request.headers}
    pairs = ((name.lower(), value) for name, value in fields(request.query))
    hoisted = (
        (name, value)
        for name, value in pairs
        if name.startswith("x-amz-") and not name.startswith(_SIGNERS_OWN) and name not in there
    )
    return (*request.headers, *hoisted)


def _body_taker(
    shape: Shape, body_of: Callable[[Shape], Callable[[bytes], Any]]
) -> Callable[[bytes, dict[str, Any]], None]:
    if shape.raw.payload:
        return _payload_taker(shape.raw.payload, shape.members[shape.raw.payload], body_of)
    inside = {name for name, member in shape.members.items() if not member.ref.location}
    if not inside:
        return _nothing_taken
    take = body_of(shape)

    def take_members(body: bytes, found: dict[str, Any]) -> None:
        if body:
            found.update((name, value) for name, value in take(body).items() if name in inside)

    return take_members


def _nothing_taken(_: bytes, __: dict[str, Any]) -> None:
    """Nothing of the input stands in the body."""


def _payload_taker(
    name: str, member: Shape, body_of: Callable[[Shape], Callable[[bytes], Any]]
) -> Callable[[bytes, dict[str, Any]], None]:
    if member.raw.eventstream or member.type == "blob":
        take: Callable[[bytes], Any] = bytes
    elif member.type == "string":
        take = _text
    else:
        take = body_of(member)

    def take_payload(body: bytes, found: dict[str, Any]) -> None:
        if body or member.streaming:
            found[name] = take(body)

    return take_payload


def _text(body: bytes) -> str:
    try:
        return body.decode()
    except UnicodeDecodeError:
        raise MalformedXML from None


_MAKERS: Mapping[str, Callable[[Operation], Reader]] = {
    "json": _json,
    "smithy-rpc-v2-cbor": _cbor,
    "query": _query,
    "ec2": _ec2,
    "rest-json": _rest_json,
    "rest-xml": _rest_xml,
}
