"""What the REST protocols carry outside of the body: path labels, query string, headers, status."""

import base64
import csv
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from typing import Any

import msgspec

from trailwarden.wire.errors import SerializationException
from trailwarden.wire.form import fields
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

__all__ = ["Locations", "header_writers"]

Convert = Callable[[str], Any]

_TEXT: Mapping[str, Convert] = {
    "integer": int_of_text,
    "long": int_of_text,
    "float": float_of_text,
    "double": float_of_text,
    "boolean": switch_of_text,
    "timestamp": time_of_text,
    "blob": blob_of_text,
}

QueryConvert = Callable[[Sequence[str]], Any]


class Locations:
    """Where the members of an input stand outside of the body, by their names on the wire.

    `literals` are the names of the URI template's own query fields, which no map of fields takes in.
    """

    def __init__(self, shape: Shape, literals: Collection[str] = ()) -> None:
        placed = [(name, member.wire_name or name, member) for name, member in shape.members.items()]
        self._labels = {wire: (n, _converter(m)) for n, wire, m in placed if m.ref.location == "uri"}
        queries = [(name, wire, member) for name, wire, member in placed if member.ref.location == "querystring"]
        self._query = {wire: (name, _several(member)) for name, wire, member in queries if member.type != "map"}
        self._headers = {
            wire.lower(): (name, _header_converter(member))
            for name, wire, member in placed
            if member.ref.location == "header"
        }
        self._prefixes = [(wire.lower(), name) for name, wire, member in placed if member.ref.location == "headers"]
        self._query_map = next(((name, member) for name, _, member in queries if member.type == "map"), None)
        self._known = {*self._query, *literals}

    def take(self, labels: Mapping[str, str], query: str, headers: Iterable[tuple[str, str]]) -> dict[str, Any]:
        """The members found in labels, query string and headers."""
        found: dict[str, Any] = {}
        for wire, (name, convert) in self._labels.items():
            if wire in labels:
                found[name] = convert(labels[wire])
        if query and (self._query or self._query_map):
            self._take_query(_values(query), found)
        if self._headers:
            self._take_headers(headers, found)
        for prefix, name in self._prefixes:
            held = {key[len(prefix) :]: value for key, value in headers if key.startswith(prefix)}
            if held:
                found[name] = held
        return found

    def _take_query(self, values: Mapping[str, Sequence[str]], found: dict[str, Any]) -> None:
        for wire, texts in values.items():
            known = self._query.get(wire)
            if known is not None:
                found[known[0]] = known[1](texts)
        if self._query_map is not None:
            name, member = self._query_map
            several = member.value.type == "list"
            held = {
                wire: list(texts) if several else texts[0] for wire, texts in values.items() if wire not in self._known
            }
            if held:
                found[name] = held

    def _take_headers(self, headers: Iterable[tuple[str, str]], found: dict[str, Any]) -> None:
        find = self._headers.get
        for wire, text in headers:
            known = find(wire)
            if known is not None and known[0] not in found:
                found[known[0]] = known[1](text)


def _values(query: str) -> Mapping[str, list[str]]:
    found: dict[str, list[str]] = {}
    for name, value in fields(query):
        found.setdefault(name, []).append(value)
    return found


def _converter(shape: Shape) -> Convert:
    return _json_value if shape.ref.jsonvalue else _TEXT.get(shape.type, str)


def _json_value(text: str) -> Any:
    try:
        return msgspec.json.decode(blob_of_text(text))
    except (msgspec.DecodeError, RecursionError):
        raise SerializationException(reason="Could not parse header into json.") from None


def _several(member: Shape) -> QueryConvert:
    if member.type == "list":
        convert_each = _converter(member.member)
        return lambda texts: [convert_each(text) for text in texts]
    convert = _converter(member)
    return lambda texts: convert(texts[0])


def _header_converter(member: Shape) -> Convert:
    if member.type != "list":
        return _converter(member)
    convert_each = _converter(member.member)
    dates = member.member.type == "timestamp"
    return lambda text: [convert_each(piece) for piece in _listed(text, dates=dates)]


def _listed(text: str, *, dates: bool) -> list[str]:
    """The elements of a header's list. An HTTP date holds a comma itself."""
    if dates:
        pieces = text.split(",")
        return [",".join(pieces[place : place + 2]).strip() for place in range(0, len(pieces), 2)]
    if '"' not in text:
        return [piece.strip() for piece in text.split(",")]
    try:
        rows = list(csv.reader([text], skipinitialspace=True, escapechar="\\"))
    except csv.Error:
        raise SerializationException(reason="The header is not a list.") from None
    return [piece.strip() for piece in rows[0]] if rows else []


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
