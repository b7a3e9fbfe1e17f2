"""Every operation of every service: what botocore writes we read, what we write botocore reads.

botocore's own serializers and parsers are the oracle. A service is one test, so that xdist spreads them.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import Any

import pytest
from botocore.awsrequest import HeadersDict, create_request_object, prepare_request_dict
from botocore.loaders import Loader
from botocore.model import OperationModel, ServiceModel
from botocore.parsers import PROTOCOL_PARSERS
from botocore.serialize import SERIALIZERS
from botocore.utils import is_json_value_header

from trailwarden import wire
from trailwarden.wire import HttpRequest, Route, library

QUICK = ("cloudtrail", "iam", "sts", "s3", "kms", "sqs", "cloudwatch", "lambda", "organizations", "route53")

TWINS: Mapping[str, tuple[frozenset[str], int]] = {
    "bedrock-agent-runtime": (frozenset({"bedrock-agent"}), 3),
    "bedrock-data-automation": (frozenset({"bedrock"}), 3),
    "chime-sdk-media-pipelines": (frozenset({"chime-sdk-identity"}), 3),
    "chime-sdk-meetings": (frozenset({"chime-sdk-identity"}), 3),
    "chime-sdk-messaging": (frozenset({"chime-sdk-identity"}), 3),
    "chime-sdk-voice": (frozenset({"chime", "chime-sdk-identity"}), 19),
    "docdb": (frozenset({"rds"}), 56),
    "greengrassv2": (frozenset({"greengrass"}), 8),
    "ivs-realtime": (frozenset({"ivs"}), 3),
    "lambda-microvms": (frozenset({"lambda"}), 3),
    "lexv2-models": (frozenset({"lex-models"}), 6),
    "neptune": (frozenset({"rds"}), 71),
    "pinpoint-sms-voice": (frozenset({"sms-voice"}), 8),
    "qconnect": (frozenset({"wisdom"}), 41),
    "signer-data": (frozenset({"signer"}), 1),
    "timestream-write": (frozenset({"timestream-query"}), 4),
}
"""Services that share signing name, method and path (or target, or version and action) with another: only the host tells
them apart at AWS, and a server of one's own has one host. How many of their operations the twin is taken for."""

IMPOSSIBLE: Mapping[tuple[str, str, str], str] = {
    ("request", "s3", "GetBucketLifecycle"): "deprecated, on the wire as GetBucketLifecycleConfiguration",
    ("request", "s3", "GetBucketNotification"): "deprecated, on the wire as GetBucketNotificationConfiguration",
    ("request", "s3", "PutBucketLifecycle"): "deprecated, on the wire as PutBucketLifecycleConfiguration",
    ("request", "s3", "PutBucketNotification"): "deprecated, on the wire as PutBucketNotificationConfiguration",
    ("request", "s3", "ListDirectoryBuckets"): "on the wire as ListBuckets, another host at AWS",
    ("response", "s3", "GetBucketLocation"): "a bare text, read by a handler of botocore's, not by its parser",
    ("response", "s3", "GetBucketNotification"): "two members of the same element name",
    ("response", "dataexchange", "SendApiAsset"): "a map of all headers, also those that every answer has",
}
"""What botocore's own model makes impossible, each with its reason. One that works after all fails the test."""


@dataclass
class Samples:
    """Values for shapes, each scalar unlike the one before, so that a swapped member shows."""

    count: int = 0
    open: list[str] = field(default_factory=list)

    def of(self, shape: Any) -> Any:
        maker = getattr(self, f"_{shape.type_name}", None)
        return maker(shape) if maker else self._string(shape)

    def _next(self) -> int:
        self.count += 1
        return self.count

    def _structure(self, shape: Any) -> Any:
        if shape.is_document_type:
            return {"a": [self._next(), "x"]}
        self.open.append(shape.name)
        members = {
            name: self.of(member)
            for name, member in shape.members.items()
            if not self._again(member) and not member.serialization.get("eventstream")
        }
        self.open.pop()
        if getattr(shape, "is_tagged_union", False):
            return dict(list(members.items())[:1])
        return members

    def _again(self, shape: Any, seen: tuple[str, ...] = ()) -> bool:
        """Whether the shape leads back to one that is being filled; of a union, whether every member does."""
        if shape.type_name == "list":
            return self._again(shape.member, seen)
        if shape.type_name == "map":
            return self._again(shape.value, seen)
        if shape.type_name != "structure":
            return False
        if shape.name in self.open or shape.name in seen or len(self.open) > 12:
            return True
        union = getattr(shape, "is_tagged_union", False)
        return union and all(self._again(member, (*seen, shape.name)) for member in shape.members.values())

    def _list(self, shape: Any) -> Any:
        return [self.of(shape.member), self.of(shape.member)]

    def _map(self, shape: Any) -> Any:
        keys = shape.key.enum[:2] or [f"k{self._next()}", f"k{self._next()}"]
        return {key: self.of(shape.value) for key in keys}

    def _string(self, shape: Any) -> Any:
        if is_json_value_header(shape):
            return {"a": [self._next(), "x"]}
        return f"v{self._next()}"

    def _integer(self, shape: Any) -> int:
        return 202 if shape.serialization.get("location") == "statusCode" else self._next()

    _long = _integer

    def _float(self, _: Any) -> float:
        return self._next() + 0.5

    _double = _float

    def _boolean(self, _: Any) -> bool:
        return bool(self._next() % 2)

    def _blob(self, _: Any) -> bytes:
        return f"b{self._next()}".encode()

    def _timestamp(self, _: Any) -> datetime:
        return datetime(2024, 2, 29, 1, 2, 3, tzinfo=UTC) + timedelta(seconds=self._next())


@cache
def loader() -> Loader:
    return Loader(extra_search_paths=[str(wire.OWN_MODELS)], include_default_extras=False)


def service_model(service: str) -> ServiceModel:
    return ServiceModel(loader().load_service_model(service, "service-2"), service)


def is_streamed(operation: OperationModel) -> bool:
    return operation.has_event_stream_input or operation.has_event_stream_output


def calls(service: str) -> Iterator[tuple[OperationModel, str]]:
    """Every operation with every protocol that the model declares, event streams left out."""
    model = service_model(service)
    protocols = model.metadata.get("protocols") or [model.metadata["protocol"]]
    for name in model.operation_names:
        operation = model.operation_model(name)
        if not is_streamed(operation):
            for protocol in protocols:
                yield operation, protocol


def sent(operation: OperationModel, protocol: str, params: Any) -> HttpRequest:
    """The request as botocore would send it, with a credential scope in place of a signature."""
    serializer: Any = SERIALIZERS[protocol]
    request = serializer().serialize_to_request(params, operation)
    prepare_request_dict(request, endpoint_url="http://127.0.0.1:4566", context={}, user_agent="t")
    prepared = create_request_object(request).prepare()
    signing = operation.service_model.signing_name
    scope = f"AWS4-HMAC-SHA256 Credential=AKIAIOSFODNN7EXAMPLE/20260101/us-east-1/{signing}/aws4_request, Signature=0"
    path, _, query = prepared.url.partition("4566")[2].partition("?")
    headers = [(name.lower(), _text(value)) for name, value in prepared.headers.items()]
    body = prepared.body or b""
    return HttpRequest(
        method=prepared.method,
        raw_path=path or "/",
        query=query,
        headers=(*headers, ("host", "127.0.0.1:4566"), ("authorization", scope)),
        body=body.encode() if isinstance(body, str) else bytes(body),
        client="127.0.0.1",
    )


def _text(value: Any) -> str:
    return value.decode() if isinstance(value, bytes) else str(value)


def received(operation: OperationModel, protocol: str, route: Route, result: Any) -> Any:
    """What botocore makes of our answer, its metadata left out."""
    request = HttpRequest(method=operation.http["method"], raw_path="/", query="", headers=(), body=b"", client="")
    response = wire.write(route, result, request, "11111111-2222-3333-4444-555555555555")
    answer = {
        "status_code": response.status,
        "headers": HeadersDict((("content-length", str(len(response.body))), *response.headers)),
        "body": response.body,
        "context": {"operation_name": operation.name},
    }
    parser: Any = PROTOCOL_PARSERS[protocol]
    parsed: Any = parser().parse(answer, operation.output_shape)
    parsed.pop("ResponseMetadata", None)
    return parsed


def as_received(shape: Any, result: Any) -> Any:
    """botocore's parser gives a raw payload back as text; its client makes a stream of it."""
    payload = shape.serialization.get("payload") if shape else None
    if payload and isinstance(result.get(payload), bytes):
        result = {**result, payload: result[payload].decode()}
    length = result.get(payload) if payload and isinstance(result.get(payload), str) else None
    if length is not None and "ContentLength" in result:
        result = {**result, "ContentLength": len(length)}
    return result


def request_fault(operation: OperationModel, protocol: str) -> str:
    """What goes wrong on the way in, or ""; "twin" where another service's like operation is found."""
    service = operation.service_model.service_name
    params = Samples().of(operation.input_shape) if operation.input_shape else {}
    request = sent(operation, protocol, params)
    route = wire.route(request)
    own = Route(service=service, operation=operation.name, protocol=protocol, family=route.family)  # type: ignore[arg-type]
    twin = route.service in TWINS.get(service, ((), 0))[0]
    if not twin and route != own:
        return f"routed to {route.service}:{route.operation} by {route.protocol}"
    parsed = wire.read(request, own, "id").params
    return ("twin" if twin else "") if parsed == params else f"sent {params!r:.2000}, read {parsed!r:.2000}"


def response_fault(operation: OperationModel, protocol: str) -> str:
    """What goes wrong on the way out, or ""."""
    service = operation.service_model.service_name
    family = "s3" if service == "s3" else "json"
    route = Route(service=service, operation=operation.name, protocol=protocol, family=family)  # type: ignore[arg-type]
    result = Samples().of(operation.output_shape) if operation.output_shape else {}
    parsed = received(operation, protocol, route, result)
    wanted = as_received(operation.output_shape, result)
    return "" if parsed == wanted else f"wrote {wanted!r:.2000}, botocore read {parsed!r:.2000}"


def faults(service: str) -> list[tuple[tuple[str, str, str], str]]:
    found = []
    for operation, protocol in calls(service):
        for side, fault_of in (("request", request_fault), ("response", response_fault)):
            try:
                fault = fault_of(operation, protocol)
            except Exception as error:  # noqa: BLE001 — whatever is raised is a fault of that operation
                fault = repr(error)[:500]
            if fault:
                found.append(((side, service, operation.name), f"{protocol}: {fault}"))
    return found


@pytest.mark.parametrize(
    "service",
    [service if service in QUICK else pytest.param(service, marks=pytest.mark.slow) for service in library.entries()],
)
def test_every_operation_goes_there_and_back(service: str) -> None:
    found = faults(service)
    twins = [fault for fault in found if fault[1].endswith(": twin")]
    others = {place: text for place, text in found if not text.endswith(": twin")}
    expected = {place for place in IMPOSSIBLE if place[1] == service}
    assert {place: text for place, text in others.items() if place not in expected} == {}
    assert set(others) == expected
    assert len(twins) == TWINS.get(service, ((), 0))[1]


def test_no_operation_is_left_out() -> None:
    total = sum(1 for _ in wire.operations())
    assert total > 19_500
    assert len(IMPOSSIBLE) + sum(count for _, count in TWINS.values()) < total // 50
