"""From a result to the response in the protocol of the call."""

import base64
import hashlib
from collections.abc import Callable, Mapping
from typing import Any

from trailwarden.wire import cbor_body, json_body, library
from trailwarden.wire.http import HttpRequest, HttpResponse
from trailwarden.wire.locations import header_writers
from trailwarden.wire.model import Operation, Shape
from trailwarden.wire.namespaces import namespace_of, root_of, times_of
from trailwarden.wire.parsed import Route
from trailwarden.wire.scalars import unpolluted
from trailwarden.wire.xml_body import XmlWriter, escaped

__all__ = ["HEADERS", "STATUS", "identity_headers", "write"]

STATUS, HEADERS = "__status", "__headers"
"""Keys of a result that override the status, and add or replace headers."""

Lines = list[tuple[str, str]]
Body = Callable[[Mapping[str, Any], str], tuple[bytes, Lines]]
"""From result and request id to body and the headers it brings."""

Plan = tuple[Body, int, str]
"""How to write an operation's answers: the body, the status of the model, the member that tells another status."""

_JSON = json_body.tree_writer()
_CBOR = cbor_body.tree_of_cbor()
_PLANS: dict[Route, Plan] = {}
_PROLOGUE = '<?xml version="1.0" encoding="UTF-8"?>\n'


def write(route: Route, result: Mapping[str, Any] | None, request: HttpRequest, request_id: str) -> HttpResponse:
    """The answer to a call that succeeded. Members the model does not have are left out."""
    plan = _PLANS.get(route) or _planned(route)
    result = result or {}
    body, lines = plan[0](result, request_id)
    headers = (*identity_headers(route.family, request_id), *lines)
    status = result.get(STATUS) or result.get(plan[2]) or plan[1]
    if HEADERS in result:
        headers = _replaced(headers, result[HEADERS])
    if request.method == "HEAD":
        return HttpResponse(status=status, headers=headers, body=b"")
    return HttpResponse(status=status, headers=_without_length(headers), body=body)


def _planned(route: Route) -> Plan:
    operation = library.model(route.service).operations[route.operation]
    members = operation.output.members if operation.output else {}
    telling = next((name for name, member in members.items() if member.ref.location == "statusCode"), "")
    _PLANS[route] = plan = (_MAKERS[route.protocol](operation), operation.http.response_code, telling)
    return plan


def identity_headers(family: str, request_id: str) -> tuple[tuple[str, str], ...]:
    """The headers that name the request.

    https://docs.aws.amazon.com/AmazonS3/latest/API/RESTCommonResponseHeaders.html
    """
    if family == "s3":
        return ("x-amz-request-id", request_id), ("x-amz-id-2", host_id(request_id))
    return (("x-amzn-requestid", request_id),)


def host_id(request_id: str) -> str:
    """S3's second id of a request, which AWS uses to find the host; here it only follows from the first."""
    return base64.b64encode(hashlib.sha384(request_id.encode()).digest()).decode()


def _replaced(headers: tuple[tuple[str, str], ...], others: Mapping[str, Any]) -> tuple[tuple[str, str], ...]:
    lines = {name.lower(): unpolluted(str(value)) for name, value in others.items()}
    return (*(line for line in headers if line[0] not in lines), *lines.items())


def _without_length(headers: tuple[tuple[str, str], ...]) -> tuple[tuple[str, str], ...]:
    return tuple(line for line in headers if line[0] != "content-length")


def _bodiless(lines: Lines) -> Body:
    return lambda _, __: (b"", lines)


def _json(operation: Operation) -> Body:
    lines = [("content-type", f"application/x-amz-json-{operation.model.metadata.get('jsonVersion', '1.0')}")]
    if operation.output is None:
        return _bodiless(lines)
    tree, encode = _JSON.of(operation.output), json_body.encoded
    return lambda result, _: (encode(tree(result)), lines)


def _cbor(operation: Operation) -> Body:
    lines = [("smithy-protocol", "rpc-v2-cbor")]
    if operation.output is None:
        return _bodiless(lines)
    full = [*lines, ("content-type", "application/cbor")]
    tree, encode = _CBOR.of(operation.output), cbor_body.encoded
    return lambda result, _: (encode(tree(result)), full)


def _query(operation: Operation) -> Body:
    name, wrapper = operation.name, operation.wrapper
    namespace = namespace_of(operation.model.service)
    start = f'<{name}Response xmlns="{escaped(namespace)}">' if namespace else f"<{name}Response>"
    end = f"</{name}Response>"
    shape = operation.output
    fill = XmlWriter(times_of(operation.model.service)).inside(shape) if shape is not None else None

    def write_body(result: Mapping[str, Any], request_id: str) -> tuple[bytes, Lines]:
        parts = [start]
        if fill is not None:
            parts.append(f"<{wrapper}>")
            fill(result, parts.append)
            parts.append(f"</{wrapper}>")
        parts.append(f"<ResponseMetadata><RequestId>{request_id}</RequestId></ResponseMetadata>{end}")
        return "".join(parts).encode(), [("content-type", "text/xml")]

    return write_body


def _ec2(operation: Operation) -> Body:
    name, namespace = operation.name, namespace_of(operation.model.service)
    fill = XmlWriter(times_of("ec2"), ec2=True).inside(operation.output) if operation.output is not None else None

    def write_body(result: Mapping[str, Any], request_id: str) -> tuple[bytes, Lines]:
        parts = [f'{_PROLOGUE}<{name}Response xmlns="{namespace}"><requestId>{request_id}</requestId>']
        if fill is not None:
            fill(result, parts.append)
        parts.append(f"</{name}Response>")
        return "".join(parts).encode(), [("content-type", "text/xml;charset=UTF-8")]

    return write_body


def _rest(operation: Operation, structured: Callable[[Shape, Operation], Callable[[Any], bytes]], kind: str) -> Body:
    shape = operation.output
    if shape is None:
        return _bodiless([])
    writers = header_writers(shape)
    body = _rest_body(shape, operation, structured, kind)

    def write_body(result: Mapping[str, Any], _: str) -> tuple[bytes, Lines]:
        lines: Lines = []
        for name, value in result.items():
            writer = writers.get(name)
            if writer is not None and value is not None:
                lines.extend(writer(value))
        content, content_type = body(result)
        if content_type and not any(name == "content-type" for name, _ in lines):
            lines.append(("content-type", content_type))
        return content, lines

    return write_body


def _rest_body(
    shape: Shape, operation: Operation, structured: Callable[[Shape, Operation], Callable[[Any], bytes]], kind: str
) -> Callable[[Mapping[str, Any]], tuple[bytes, str]]:
    name = shape.raw.payload
    if not name:
        inside = [member for member, held in shape.members.items() if not held.ref.location]
        if not inside:
            return (lambda _: (b"{}", kind)) if kind == _JSON_TYPE else (lambda _: (b"", ""))
        whole, keep = structured(shape, operation), frozenset(inside)
        return lambda result: (whole({key: value for key, value in result.items() if key in keep}), kind)
    member = shape.members[name]
    if member.type in ("blob", "string"):
        return _raw_payload(name, "" if operation.model.service == "s3" and member.type == "string" else _BINARY)
    part = structured(member, operation)

    def write_payload(result: Mapping[str, Any]) -> tuple[bytes, str]:
        value = result.get(name)
        return (b"", "") if value is None else (part(value), kind)

    return write_payload


_BINARY = "binary/octet-stream"
_JSON_TYPE = "application/json"


def _raw_payload(name: str, kind: str) -> Callable[[Mapping[str, Any]], tuple[bytes, str]]:
    def write_raw(result: Mapping[str, Any]) -> tuple[bytes, str]:
        value = result.get(name) or b""
        return (value.encode() if isinstance(value, str) else bytes(value)), kind or _JSON_TYPE

    return write_raw


def _rest_json(operation: Operation) -> Body:
    def structured(shape: Shape, _: Operation) -> Callable[[Any], bytes]:
        tree, encode = _JSON.of(shape), json_body.encoded
        return lambda value: encode(tree(value))

    return _rest(operation, structured, _JSON_TYPE)


def _rest_xml(operation: Operation) -> Body:
    if operation.model.service == "s3" and operation.name == "GetBucketLocation":
        return _location_constraint

    def structured(shape: Shape, operation: Operation) -> Callable[[Any], bytes]:
        service, root = operation.model.service, root_of(operation, shape)
        fill, namespace = XmlWriter(times_of(service)).inside(shape), namespace_of(service)
        start = f'{_PROLOGUE}<{root} xmlns="{escaped(namespace)}">' if namespace else f"{_PROLOGUE}<{root}>"

        def write_xml(value: Any) -> bytes:
            parts = [start]
            fill(value, parts.append)
            parts.append(f"</{root}>")
            return "".join(parts).encode()

        return write_xml

    return _rest(operation, structured, "application/xml")


def _location_constraint(result: Mapping[str, Any], _: str) -> tuple[bytes, Lines]:
    """The one answer of S3 that is a bare text in its root.

    https://docs.aws.amazon.com/AmazonS3/latest/API/API_GetBucketLocation.html
    """
    region = escaped(str(result.get("LocationConstraint") or ""))
    body = f'{_PROLOGUE}<LocationConstraint xmlns="{namespace_of("s3")}">{region}</LocationConstraint>'
    return body.encode(), [("content-type", "application/xml")]


_MAKERS: Mapping[str, Callable[[Operation], Body]] = {
    "json": _json,
    "smithy-rpc-v2-cbor": _cbor,
    "query": _query,
    "ec2": _ec2,
    "rest-json": _rest_json,
    "rest-xml": _rest_xml,
}
