"""botocore's service models as typed values, documentation left unread."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

import msgspec

__all__ = ["Error", "Http", "Model", "Operation", "RawOperation", "RawShape", "Ref", "Shape"]


class Namespace(msgspec.Struct, frozen=True):
    """An XML namespace, with the prefix it is bound to."""

    uri: str = ""
    prefix: str = ""


class Ref(msgspec.Struct, frozen=True, rename="camel"):
    """A reference to a shape, with what the referring member says of its place on the wire."""

    shape: str
    location: str = ""
    location_name: str = ""
    query_name: str = ""
    flattened: bool | None = None
    timestamp_format: str = ""
    xml_namespace: Namespace | str | None = None
    xml_attribute: bool = False
    streaming: bool = False
    jsonvalue: bool = False
    result_wrapper: str = ""
    enum: tuple[str, ...] = ()


class Error(msgspec.Struct, frozen=True, rename="camel"):
    """The `error` trait: code and status on the wire where they are not the shape's name and 400."""

    code: str = ""
    http_status_code: int = 0
    sender_fault: bool | None = None


class RawShape(msgspec.Struct, frozen=True, rename="camel"):
    """A shape as the model writes it."""

    type: str
    members: dict[str, Ref] = {}
    required: tuple[str, ...] = ()
    member: Ref | None = None
    key: Ref | None = None
    value: Ref | None = None
    enum: tuple[str, ...] = ()
    min: float | None = None
    max: float | None = None
    pattern: str = ""
    payload: str = ""
    location_name: str = ""
    flattened: bool = False
    timestamp_format: str = ""
    xml_namespace: Namespace | str | None = None
    sensitive: bool = False
    streaming: bool = False
    document: bool = False
    eventstream: bool = False
    exception: bool = False
    fault: bool = False
    error: Error | None = None


class Http(msgspec.Struct, frozen=True, rename="camel"):
    """The `http` trait of an operation."""

    method: str = "POST"
    request_uri: str = "/"
    response_code: int = 200


class RawOperation(msgspec.Struct, frozen=True):
    """An operation as the model writes it."""

    name: str
    http: Http = Http()
    input: Ref | None = None
    output: Ref | None = None
    authtype: str = ""
    deprecated: bool = False
    auth: tuple[str, ...] = ()


class RawModel(msgspec.Struct, frozen=True):
    """A service-2.json."""

    metadata: dict[str, Any]
    operations: dict[str, RawOperation]
    shapes: dict[str, RawShape]


@dataclass(eq=False, slots=True, kw_only=True)
class Shape:
    """A shape as one reference sees it: the member's word on its place wins over the shape's own.

    `kind` is equal for shapes whose values are read and written alike, whatever name they bear on the wire.
    """

    model: "Model"
    name: str
    raw: RawShape
    ref: Ref
    type: str = field(init=False)
    flattened: bool = field(init=False)
    timestamp_format: str = field(init=False)
    wire_name: str = field(init=False)
    kind: tuple[object, ...] = field(init=False)
    _members: "dict[str, Shape] | None" = field(init=False, default=None)

    def __post_init__(self) -> None:
        ref, raw = self.ref, self.raw
        self.type = raw.type
        self.flattened = raw.flattened if ref.flattened is None else ref.flattened
        self.timestamp_format = (ref.timestamp_format or raw.timestamp_format).lower()
        self.wire_name = ref.location_name or raw.location_name
        self.kind = (self.model.service, self.name, self.flattened, self.timestamp_format, ref.jsonvalue)

    @property
    def members(self) -> "dict[str, Shape]":
        """The members of a structure, in the model's order."""
        if self._members is None:
            self._members = {name: self.model.shape(ref) for name, ref in self.raw.members.items()}
        return self._members

    @property
    def member(self) -> "Shape":
        """What a list holds."""
        return self.model.shape(self.raw.member or _NOTHING)

    @property
    def key(self) -> "Shape":
        """The keys of a map."""
        return self.model.shape(self.raw.key or _NOTHING)

    @property
    def value(self) -> "Shape":
        """The values of a map."""
        return self.model.shape(self.raw.value or _NOTHING)

    @property
    def namespace(self) -> Namespace | None:
        """The XML namespace that an element of this shape declares."""
        found = self.ref.xml_namespace or self.raw.xml_namespace
        return Namespace(uri=found) if isinstance(found, str) else found

    @property
    def streaming(self) -> bool:
        """Whether the payload is passed on as it comes."""
        return self.ref.streaming or self.raw.streaming


_NOTHING = Ref(shape="")


@dataclass(eq=False, slots=True, kw_only=True)
class Operation:
    """One operation of a model."""

    model: "Model"
    name: str
    raw: RawOperation

    @property
    def http(self) -> Http:
        """Method, URI template and status."""
        return self.raw.http

    @property
    def input(self) -> Shape | None:
        """The structure of the request."""
        return self.model.shape(self.raw.input) if self.raw.input else None

    @property
    def output(self) -> Shape | None:
        """The structure of the response."""
        return self.model.shape(self.raw.output) if self.raw.output else None

    @property
    def wrapper(self) -> str:
        """The element around the result in the query protocol."""
        return (self.raw.output.result_wrapper if self.raw.output else "") or f"{self.name}Result"

    @property
    def unsigned(self) -> bool:
        """Whether the model lets the call be made without a signature."""
        return self.raw.authtype == "none" or "smithy.api#noAuth" in self.raw.auth

    @property
    def eventstream(self) -> Literal["", "input", "output"]:
        """Which side streams events, if one does."""
        for side, shape in (("input", self.input), ("output", self.output)):
            if shape is not None and any(member.raw.eventstream for member in shape.members.values()):
                return "input" if side == "input" else "output"
        return ""


@dataclass(eq=False, slots=True)
class Model:
    """The newest model of one service. `service` is botocore's directory name."""

    service: str
    raw: RawModel
    operations: dict[str, Operation] = field(init=False)
    _shapes: dict[Ref, Shape] = field(init=False, default_factory=dict)
    _errors: dict[str, Shape] | None = field(init=False, default=None)

    def __post_init__(self) -> None:
        self.operations = {
            name: Operation(model=self, name=name, raw=operation) for name, operation in self.raw.operations.items()
        }

    @property
    def metadata(self) -> Mapping[str, Any]:
        """The model's own metadata, as written."""
        return self.raw.metadata

    def shape(self, ref: Ref) -> Shape:
        """The shape that a reference points to; KeyError where the model has none."""
        found = self._shapes.get(ref)
        if found is None:
            found = Shape(model=self, name=ref.shape, raw=self.raw.shapes[ref.shape], ref=ref)
            self._shapes[ref] = found
        return found

    def error(self, code: str) -> Shape | None:
        """The error shape of that name, or of that code on the wire."""
        if self._errors is None:
            self._errors = self._index_errors()
        return self._errors.get(code)

    def _index_errors(self) -> dict[str, Shape]:
        found: dict[str, Shape] = {}
        named = {name: self.shape(Ref(shape=name)) for name, raw in self.raw.shapes.items() if raw.exception}
        for shape in named.values():
            if shape.raw.error is not None and shape.raw.error.code:
                found.setdefault(shape.raw.error.code, shape)
        return found | named
