"""JSON bodies, for the json and rest-json protocols, and trees of CBOR, which differ in scalars only.

https://smithy.io/2.0/aws/protocols/aws-json-1_1-protocol.html
"""

import math
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

import msgspec

from trailwarden.wire.compiled import Compiler, Function
from trailwarden.wire.errors import SerializationException
from trailwarden.wire.model import Shape
from trailwarden.wire.scalars import BOUNDS, blob_of_text, epoch, time_of_number, time_of_text, time_text

__all__ = [
    "DEEPEST",
    "decoded",
    "encoded",
    "list_reader",
    "map_reader",
    "structure_reader",
    "tree_reader",
    "tree_writer",
]

DEEPEST = 100
"""How many levels a body may nest; the deepest AWS model with recursion (DynamoDB) allows 32."""

_DECODER = msgspec.json.Decoder()
_ENCODER = msgspec.json.Encoder()
encoded = _ENCODER.encode

_KINDS: Mapping[type, str] = {str: "STRING_VALUE", int: "NUMBER_VALUE", float: "NUMBER_VALUE", bytes: "BLOB_VALUE"}
_ARTICLES = {
    "integer": "an Integer",
    "long": "a Long",
    "float": "a Float",
    "double": "a Double",
    "boolean": "a Boolean",
}


def decoded(body: bytes) -> Any:
    """The value a JSON text stands for; an empty body stands for an empty object. SerializationException if it is not JSON."""
    if not body:
        return {}
    try:
        value = _DECODER.decode(body)
    except (msgspec.DecodeError, ValueError, RecursionError):
        raise SerializationException(reason="Could not parse request body into json.") from None
    if body.count(b"[") + body.count(b"{") > DEEPEST:
        _check_depth(value)
    return value


def _check_depth(value: Any) -> None:
    level = [value] if isinstance(value, dict | list) else []
    depth = 0
    while level:
        depth += 1
        if depth > DEEPEST:
            raise SerializationException(reason="The request body is nested too deeply.")
        level = [
            inner
            for outer in level
            for inner in (outer.values() if type(outer) is dict else outer)
            if type(inner) is dict or type(inner) is list
        ]


def _refuse(value: Any, wanted: str) -> SerializationException:
    if isinstance(value, dict):
        return SerializationException(reason="Start of structure or map found where not expected.")
    if isinstance(value, list):
        return SerializationException(reason="Start of list found where not expected")
    kind = f"{str(value).upper()}_VALUE" if isinstance(value, bool) else _KINDS.get(type(value), "VALUE")
    return SerializationException(reason=f"{kind} can not be converted to {wanted}")


def structure_reader(shape: Shape, compiler: Compiler) -> Function:
    """Members by wire name; unknown ones and nulls are left out. A document passes as it is."""
    if shape.raw.document:
        return _as_it_is
    table = {member.wire_name or name: (name, compiler.of(member)) for name, member in shape.members.items()}
    find = table.get

    def read(value: Any) -> dict[str, Any]:
        if type(value) is not dict:
            raise (
                SerializationException(reason="Unexpected value type in payload")
                if not isinstance(value, list)
                else _refuse(value, "")
            )
        found = {}
        for key, item in value.items():
            known = find(key)
            if known is not None and item is not None:
                found[known[0]] = known[1](item)
        return found

    return read


def list_reader(shape: Shape, compiler: Compiler) -> Function:
    """Elements in order; nulls stay only as far as the caller put them."""
    read_member = compiler.of(shape.member)

    def read(value: Any) -> list[Any]:
        if type(value) is not list:
            raise (
                _refuse(value, "")
                if isinstance(value, dict)
                else SerializationException(reason="Expected list or null")
            )
        return [None if item is None else read_member(item) for item in value]

    return read


def map_reader(shape: Shape, compiler: Compiler) -> Function:
    """Entries; a null value is left out."""
    read_value = compiler.of(shape.value)

    def read(value: Any) -> dict[str, Any]:
        if type(value) is not dict:
            raise SerializationException(reason="Expected map or null")
        return {_text(key): read_value(item) for key, item in value.items() if item is not None}

    return read


def _text(value: Any) -> str:
    if type(value) is str:
        return value
    raise _refuse(value, "a String")


def _as_it_is(value: Any) -> Any:
    return value


def _whole_reader(shape: Shape, _: Compiler) -> Function:
    bound, article = BOUNDS[shape.type], _ARTICLES[shape.type]

    def read(value: Any) -> int:
        if type(value) is float and math.isfinite(value):
            value = int(value)
        if type(value) is not int or not -bound <= value < bound:
            raise _refuse(value, article)
        return value

    return read


_NUMBERS = {"NaN": math.nan, "Infinity": math.inf, "-Infinity": -math.inf}


def _float_reader(shape: Shape, _: Compiler) -> Function:
    article = _ARTICLES[shape.type]

    def read(value: Any) -> float:
        if type(value) is float:
            return value
        if type(value) is int:
            try:
                return float(value)
            except OverflowError:
                raise _refuse(value, article) from None
        if type(value) is str and value in _NUMBERS:
            return _NUMBERS[value]
        raise _refuse(value, article)

    return read


def _switch(value: Any) -> bool:
    if type(value) is bool:
        return value
    raise _refuse(value, "a Boolean")


def _blob(value: Any) -> bytes:
    if type(value) is bytes:
        return value
    return blob_of_text(_text(value))


def _time(value: Any) -> datetime:
    if isinstance(value, datetime):
        return value
    if type(value) is int or type(value) is float:
        return time_of_number(value)
    return time_of_text(_text(value))


def tree_reader() -> Compiler:
    """Functions from decoded JSON or CBOR to parameters."""
    return Compiler(
        {
            "structure": structure_reader,
            "list": list_reader,
            "map": map_reader,
            "integer": _whole_reader,
            "long": _whole_reader,
            "float": _float_reader,
            "double": _float_reader,
            "boolean": lambda *_: _switch,
            "blob": lambda *_: _blob,
            "timestamp": lambda *_: _time,
        },
        _text,
    )


def _structure_writer(shape: Shape, compiler: Compiler) -> Function:
    if shape.raw.document:
        return _as_it_is
    table = {name: (member.wire_name or name, compiler.of(member)) for name, member in shape.members.items()}
    find = table.get

    def write(value: Mapping[str, Any]) -> dict[str, Any]:
        found = {}
        for key, item in value.items():
            known = find(key)
            if known is not None and item is not None:
                found[known[0]] = known[1](item)
        return found

    return write


def _list_writer(shape: Shape, compiler: Compiler) -> Function:
    write_member = compiler.of(shape.member)
    if write_member is _as_it_is:
        return list
    return lambda value: [None if item is None else write_member(item) for item in value]


def _map_writer(shape: Shape, compiler: Compiler) -> Function:
    write_value = compiler.of(shape.value)
    return lambda value: {key: write_value(item) for key, item in value.items() if item is not None}


def _json_time_writer(shape: Shape, _: Compiler) -> Function:
    return epoch if shape.timestamp_format in ("", "unixtimestamp") else time_text(shape.timestamp_format)


def _json_float(value: float) -> float | str:
    if math.isfinite(value):
        return value
    return "NaN" if math.isnan(value) else "Infinity" if value > 0 else "-Infinity"


def tree_writer(scalars: Mapping[str, Callable[[Shape, Compiler], Function]] | None = None) -> Compiler:
    """Functions from results to what is encoded as JSON; `scalars` replaces makers where another encoding differs."""
    makers: dict[str, Callable[[Shape, Compiler], Function]] = {
        "structure": _structure_writer,
        "list": _list_writer,
        "map": _map_writer,
        "float": lambda *_: _json_float,
        "double": lambda *_: _json_float,
        "timestamp": _json_time_writer,
    }
    return Compiler({**makers, **(scalars or {})}, _as_it_is)
