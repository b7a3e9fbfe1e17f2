"""What the REST protocols carry outside of the body: path labels, query string, headers, status."""

import base64
import csv
from collections.abc import Callable, Collection, Mapping, Sequence
from typing import Any

import msgspec

from trailwarden.wire.errors import SerializationException
from trailwarden.wire.model import Shape
from trailwarden.wire.scalars import (
    blob_of_text,
    float_of_text,
    int_of_text,
    switch_of_text,
    time_of_text,
    time_text,
    unpolluted,
)

__all__ = ["Located", "header_writers", "located_members"]

Take = Callable[["Located"], Any]

_TEXT: Mapping[str, Callable[[str], Any]] = {
    "integer": int_of_text,
    "long": int_of_text,
    "float": float_of_text,
    "double": float_of_text,
    "boolean": switch_of_text,
    "timestamp": time_of_text,
    "blob": blob_of_text,
}


class Located(msgspec.Struct, frozen=True):
    """The parts of one request: labels by name, all values of each query field, the first of each header."""

    labels: Mapping[str, str]
    query: Mapping[str, Sequence[str]]
    headers: Mapping[str, str]


def located_members(shape: Shape, literals: Collection[str] = ()) -> list[tuple[str, Take]]:
    """For each member outside of the body: its name, and the function that takes it from the request (None if absent).

    `literals` are the names of the URI template's own query fields, which no map of fields takes in.
    """
    static = {m.wire_name or n for n, m in shape.members.items() if m.ref.location == "querystring" and m.type != "map"}
    static.update(literals)
    makers: Mapping[str, Callable[[str, Shape], Take]] = {
        "uri": _label,
        "querystring": lambda wire, member: _query(wire, member, static),
        "header": lambda wire, member: _header(wire.lower(), member),
        "headers": lambda wire, _: _header_map(wire.lower()),
    }
    return [
        (name, makers[member.ref.location](member.wire_name or name, member))
        for name, member in shape.members.items()
        if member.ref.location in makers
    ]


def _converter(shape: Shape) -> Callable[[str], Any]:
    return _json_value if shape.ref.jsonvalue else _TEXT.get(shape.type, str)


def _json_value(text: str) -> Any:
    try:
        return msgspec.json.decode(blob_of_text(text))
    except (msgspec.DecodeError, RecursionError):
        raise SerializationException(reason="Could not parse header into json.") from None


def _label(wire: str, member: Shape) -> Take:
    convert = _converter(member)

    def take(parts: Located) -> Any:
        text = parts.labels.get(wire)
        return None if text is None else convert(text)

    return take


def _query(wire: str, member: Shape, static: set[str]) -> Take:
    if member.type == "map":
        return _query_map(member, static)
    if member.type == "list":
        convert_each = _converter(member.member)
        return lambda parts: [convert_each(text) for text in parts.query[wire]] if wire in parts.query else None
    convert = _converter(member)
    return lambda parts: convert(parts.query[wire][0]) if wire in parts.query else None


def _query_map(member: Shape, static: set[str]) -> Take:
    several = member.value.type == "list"

    def take(parts: Located) -> Any:
        found = {
            name: list(texts) if several else texts[0] for name, texts in parts.query.items() if name not in static
        }
        return found or None

    return take


def _header(wire: str, member: Shape) -> Take:
    if member.type == "list":
        convert_each = _converter(member.member)
        dates = member.member.type == "timestamp"
        return lambda parts: (
            [convert_each(text) for text in _listed(parts.headers[wire], dates=dates)]
            if wire in parts.headers
            else None
        )
    convert = _converter(member)

    def take(parts: Located) -> Any:
        text = parts.headers.get(wire)
        return None if text is None else convert(text)

    return take


def _listed(text: str, *, dates: bool) -> list[str]:
    """The elements of a header's list. An HTTP date holds a comma itself."""
    if dates:
        pieces = text.split(",")
        return [",".join(pieces[place : place + 2]).strip() for place in range(0, len(pieces), 2)]
    if '"' not in text:
        return [piece.strip() for piece in text.split(",")]
    rows = list(csv.reader([text], skipinitialspace=True, escapechar="\\"))
    return [piece.strip() for piece in rows[0]] if rows else []


def _header_map(prefix: str) -> Take:
    def take(parts: Located) -> Any:
        found = {name[len(prefix) :]: value for name, value in parts.headers.items() if name.startswith(prefix)}
        return found or None

    return take


def header_writers(shape: Shape) -> dict[str, Callable[[Any], list[tuple[str, str]]]]:
    """For each member of an output that goes into headers: the function from its value to header lines."""
    found: dict[str, Callable[[Any], list[tuple[str, str]]]] = {}
    for name, member in shape.members.items():
        wire = (member.wire_name or name).lower()
        if member.ref.location == "header":
            found[name] = _line_writer(wire, _text_writer(member))
        elif member.ref.location == "headers":
            found[name] = _map_writer(wire)
    return found


def _line_writer(wire: str, text: Callable[[Any], str]) -> Callable[[Any], list[tuple[str, str]]]:
    return lambda value: [(wire, unpolluted(text(value)))]


def _map_writer(prefix: str) -> Callable[[Any], list[tuple[str, str]]]:
    return lambda value: [(prefix + unpolluted(key).lower(), unpolluted(str(item))) for key, item in value.items()]


def _text_writer(shape: Shape) -> Callable[[Any], str]:
    if shape.ref.jsonvalue:
        return lambda value: base64.b64encode(msgspec.json.encode(value)).decode()
    if shape.type == "timestamp":
        return time_text(shape.timestamp_format or "rfc822")
    if shape.type == "boolean":
        return lambda value: "true" if value else "false"
    if shape.type == "list":
        each = _text_writer(shape.member)
        return lambda value: ",".join(_quoted(each(item)) for item in value)
    if shape.type == "blob":
        return lambda value: base64.b64encode(value).decode()
    return str


def _quoted(text: str) -> str:
    if '"' in text or "," in text:
        return '"' + text.replace('"', '\\"') + '"'
    return text
