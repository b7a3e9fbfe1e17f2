"""From an error to the response in the protocol of the call.

https://smithy.io/2.0/aws/protocols/index.html
https://docs.aws.amazon.com/AmazonS3/latest/API/ErrorResponses.html#RESTErrorResponses
"""

import msgspec

from trailwarden.errors import AwsError
from trailwarden.wire import cbor_body, json_body, library
from trailwarden.wire.http import HttpRequest, HttpResponse
from trailwarden.wire.model import Error, Shape
from trailwarden.wire.namespaces import namespace_of
from trailwarden.wire.parsed import Family, Route
from trailwarden.wire.routing import family_of_request
from trailwarden.wire.scalars import epoch, unpolluted
from trailwarden.wire.writing import host_id, identity_headers
from trailwarden.wire.xml_body import escaped

__all__ = ["write_error"]

_QUERY_CODES = frozenset({"query", "ec2", "rest-xml"})
"""Families in which the code is the one of the `error` trait; elsewhere it is the shape's name."""

_CAPITAL_MESSAGE = frozenset({"cloudtrail"})
_ALWAYS_400 = frozenset({"cloudtrail"})
"""Services whose errors are 400 whatever a model says (reference: API pages of CloudTrail)."""
_SERVER_FAULT = 500


class _Fault(msgspec.Struct, frozen=True):
    """An error with everything said that its rendering needs."""

    service: str
    family: Family
    code: str
    text: str
    status: int
    members: dict[str, object]
    message_name: str
    query_error: str

    @property
    def side(self) -> str:
        return "Receiver" if self.status >= _SERVER_FAULT else "Sender"


def write_error(route: Route | None, error: AwsError, request: HttpRequest, request_id: str) -> HttpResponse:
    """The answer to a call that failed; without a route, in the form that the request seems to expect."""
    family, service = (route.family, route.service) if route else family_of_request(request)
    fault = _fault(service, family, error)
    body, lines = _RENDERERS[family](fault, request, request_id)
    headers = [*identity_headers(family, request_id), *lines]
    if fault.query_error:
        headers.append(("x-amzn-query-error", unpolluted(fault.query_error)))
    headers += [(name, unpolluted(value)) for name, value in error.headers.items()]
    return HttpResponse(status=fault.status, headers=tuple(headers), body=b"" if request.method == "HEAD" else body)


def _fault(service: str, family: Family, error: AwsError) -> _Fault:
    model = library.model(service) if service in library.entries() else None
    code = error.code_in(family)
    shape = model.error(code) or model.error(type(error).__name__) if model else None
    trait = shape.raw.error if shape else None
    if trait and trait.code and family in _QUERY_CODES and not _says(error, "code", family):
        code = trait.code
    status = error.status_in(family)
    if trait and trait.http_status_code and not _says(error, "status", family) and service not in _ALWAYS_400:
        status = trait.http_status_code
    compatible = bool(model and "awsQueryCompatible" in model.metadata and family in ("json", "cbor"))
    side = "Receiver" if status >= _SERVER_FAULT else "Sender"
    return _Fault(
        service=service,
        family=family,
        code=code,
        text=error.text,
        status=status,
        members=dict(error.members),
        message_name=_message_name(service, code, shape),
        query_error=f"{_query_code(error, trait, code)};{side}" if compatible else "",
    )


def _query_code(error: AwsError, trait: Error | None, code: str) -> str:
    """The code that clients of the service's former query protocol know.

    https://smithy.io/2.0/aws/protocols/aws-query-protocol.html#aws-protocols-awsquerycompatible-trait
    """
    return error.codes.get("query") or (trait.code if trait else "") or code


def _says(error: AwsError, what: str, family: str) -> bool:
    """Whether the error's own class says its code or status in that family."""
    table = error.codes if what == "code" else error.statuses
    own = type(error).__mro__[: type(error).__mro__.index(AwsError)]
    return family in table or any(vars(one).get(what) for one in own)


def _message_name(service: str, code: str, shape: Shape | None) -> str:
    """`message` or `Message`: as the model spells it, else as the service's front does."""
    for name in shape.members if shape else ():
        if name.lower() == "message":
            return name
    return "Message" if service in _CAPITAL_MESSAGE or code == "AccessDeniedException" else "message"


Lines = list[tuple[str, str]]


def _json(fault: _Fault, request: HttpRequest, _: str) -> tuple[bytes, Lines]:
    kind = request.header("content-type") or ""
    kind = kind if kind.startswith("application/x-amz-json-") and kind.isascii() else "application/x-amz-json-1.1"
    return _json_body(fault), [("content-type", unpolluted(kind))]


def _json_body(fault: _Fault) -> bytes:
    return json_body.encoded(
        {"__type": fault.code, fault.message_name: fault.text}
        | {name: _plain(it) for name, it in fault.members.items()}
    )


def _rest_json(fault: _Fault, _: HttpRequest, __: str) -> tuple[bytes, Lines]:
    members = {name: _plain(it) for name, it in fault.members.items()}
    body = json_body.encoded({fault.message_name: fault.text} | members)
    return body, [("content-type", "application/json"), ("x-amzn-errortype", unpolluted(fault.code))]


def _cbor(fault: _Fault, _: HttpRequest, __: str) -> tuple[bytes, Lines]:
    members = {name: _plain(it) for name, it in fault.members.items()}
    body = cbor_body.encoded({"__type": fault.code, fault.message_name: fault.text} | members)
    return body, [("content-type", "application/cbor"), ("smithy-protocol", "rpc-v2-cbor")]


def _plain(value: object) -> object:
    return epoch(value) if hasattr(value, "tzinfo") else value  # type: ignore[arg-type]  # only times have a tzinfo


def _elements(fault: _Fault) -> str:
    return "".join(
        f"<{name}>{escaped(str(it))}</{name}>"
        for name, it in fault.members.items()
        if isinstance(it, str | int | float)
    )


def _query(fault: _Fault, _: HttpRequest, request_id: str) -> tuple[bytes, Lines]:
    namespace = namespace_of(fault.service) if fault.service in library.entries() else ""
    declared = f' xmlns="{escaped(namespace)}"' if namespace else ""
    text = (
        f"<ErrorResponse{declared}><Error><Type>{fault.side}</Type><Code>{escaped(fault.code)}</Code>"
        f"<Message>{escaped(fault.text)}</Message>{_elements(fault)}</Error>"
        f"<RequestId>{escaped(request_id)}</RequestId></ErrorResponse>"
    )
    return text.encode(), [("content-type", "text/xml")]


def _ec2(fault: _Fault, _: HttpRequest, request_id: str) -> tuple[bytes, Lines]:
    text = (
        f'<?xml version="1.0" encoding="UTF-8"?>\n<Response><Errors><Error><Code>{escaped(fault.code)}</Code>'
        f"<Message>{escaped(fault.text)}</Message></Error></Errors><RequestID>{escaped(request_id)}</RequestID></Response>"
    )
    return text.encode(), [("content-type", "text/xml;charset=UTF-8")]


def _s3(fault: _Fault, request: HttpRequest, request_id: str) -> tuple[bytes, Lines]:
    resource = "" if "Resource" in fault.members else f"<Resource>{escaped(request.raw_path)}</Resource>"
    text = (
        f'<?xml version="1.0" encoding="UTF-8"?>\n<Error><Code>{escaped(fault.code)}</Code>'
        f"<Message>{escaped(fault.text)}</Message>{_elements(fault)}{resource}"
        f"<RequestId>{escaped(request_id)}</RequestId><HostId>{host_id(request_id)}</HostId></Error>"
    )
    return text.encode(), [("content-type", "application/xml")]


_RENDERERS = {
    "json": _json,
    "rest-json": _rest_json,
    "cbor": _cbor,
    "query": _query,
    "rest-xml": _query,
    "ec2": _ec2,
    "s3": _s3,
}
