"""XML both ways: bodies of rest-xml, answers of query, ec2 and rest-xml.

https://smithy.io/2.0/aws/protocols/aws-restxml-protocol.html
"""

import base64
import math
import re
from collections.abc import Callable, Mapping
from typing import Any
from xml.etree.ElementTree import Element, ParseError

import defusedxml.ElementTree
from defusedxml.common import DefusedXmlException

from trailwarden.wire.compiled import Compiler, Function
from trailwarden.wire.errors import MalformedXML, MaxMessageLengthExceeded, SerializationException
from trailwarden.wire.former import entry_names, former_name
from trailwarden.wire.json_body import DEEPEST
from trailwarden.wire.model import Shape
from trailwarden.wire.scalars import blob_of_text, float_of_text, int_of_text, switch_of_text, time_of_text, time_text

__all__ = ["XmlWriter", "decoded", "escaped", "xml_reader"]

_LARGEST = 8 * 1024 * 1024

Put = Callable[[str], None]
Emit = Callable[[Any, Put], None]

_SPECIAL = re.compile('[&<>\r"\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff\ud800-\udfff]')
_ENTITIES = {"&": "&amp;", "<": "&lt;", ">": "&gt;", "\r": "&#13;", '"': "&quot;"}


def escaped(text: str) -> str:
    """The text as XML content or attribute; what XML 1.0 cannot hold becomes U+FFFD."""
    if _SPECIAL.search(text) is None:
        return text
    return _SPECIAL.sub(lambda match: _ENTITIES.get(match.group(), "\ufffd"), text)


def decoded(body: bytes) -> Element:
    """The root element.

    MalformedXML where it is not well-formed, has a document type, or nests too deeply; MaxMessageLengthExceeded.
    """
    if len(body) > _LARGEST:
        raise MaxMessageLengthExceeded
    try:
        root: Element = defusedxml.ElementTree.fromstring(body, forbid_dtd=True)
    except (ParseError, DefusedXmlException, ValueError, LookupError):
        raise MalformedXML from None
    level, depth = [root], 0
    while level:
        depth += 1
        if depth > DEEPEST:
            raise MalformedXML
        level = [child for node in level for child in node]
    return root


def _local(tag: str) -> str:
    return tag.rpartition("}")[2]


def _member_name(name: str, member: Shape) -> str:
    if member.type == "list" and member.flattened and member.member.wire_name:
        return member.member.wire_name
    return member.wire_name or name


def _structure_reader(shape: Shape, compiler: Compiler) -> Function:
    members = [(name, member) for name, member in shape.members.items() if not member.ref.location]
    find = {_member_name(name, member): (name, compiler.of(member), _flat(member)) for name, member in members}.get
    attributes = [(member.wire_name.rpartition(":")[2], name) for name, member in members if member.ref.xml_attribute]

    def read(node: Element) -> dict[str, Any]:
        found: dict[str, Any] = {}
        gathered: dict[str, tuple[Function, list[Element]]] = {}
        for child in node:
            known = find(_local(child.tag))
            if known is None:
                continue
            name, take, flat = known
            if flat:
                gathered.setdefault(name, (take, []))[1].append(child)
            else:
                found[name] = take(child)
        found.update((name, take(nodes)) for name, (take, nodes) in gathered.items())
        for wire, name in attributes:
            _take_attribute(node, wire, name, found)
        return found

    return read


def _flat(member: Shape) -> bool:
    return member.flattened and member.type in ("list", "map")


def _take_attribute(node: Element, wire: str, name: str, found: dict[str, Any]) -> None:
    for key, value in node.attrib.items():
        if _local(key) == wire:
            found[name] = value


def _list_reader(shape: Shape, compiler: Compiler) -> Function:
    read_member = compiler.of(shape.member)
    wanted = shape.member.wire_name or "member"
    if shape.flattened:
        return lambda nodes: [read_member(node) for node in nodes]
    return lambda node: [read_member(child) for child in node if _local(child.tag) == wanted]


def _map_reader(shape: Shape, compiler: Compiler) -> Function:
    read_key, read_value = compiler.of(shape.key), compiler.of(shape.value)
    key_name, value_name = shape.key.wire_name or "key", shape.value.wire_name or "value"

    def read(entries: Any) -> dict[str, Any]:
        found = {}
        for entry in entries:
            parts = {_local(child.tag): child for child in entry}
            if key_name not in parts or value_name not in parts:
                raise MalformedXML
            found[read_key(parts[key_name])] = read_value(parts[value_name])
        return found

    return read


def _scalar(convert: Callable[[str], Any]) -> Callable[[Shape, Compiler], Function]:
    def read(node: Element) -> Any:
        try:
            return convert(node.text or "")
        except SerializationException:
            raise MalformedXML from None

    return lambda *_: read


def xml_reader() -> Compiler:
    """Functions from elements to parameters; namespaces are not looked at, as AWS does not."""
    return Compiler(
        {
            "structure": _structure_reader,
            "list": _list_reader,
            "map": _map_reader,
            "integer": _scalar(lambda text: int_of_text(text.strip())),
            "long": _scalar(lambda text: int_of_text(text.strip())),
            "float": _scalar(float_of_text),
            "double": _scalar(float_of_text),
            "boolean": _scalar(switch_of_text),
            "blob": _scalar(blob_of_text),
            "timestamp": _scalar(time_of_text),
        },
        _scalar(str)(None, None),  # type: ignore[arg-type]  # a scalar needs neither shape nor compiler
    )


class XmlWriter:
    """Functions that put elements; one per shape and element name.

    `times` is how times are written where the model does not say; `ec2` writes lists in EC2's way.
    """

    def __init__(self, times: str, *, ec2: bool = False) -> None:
        self._times = times
        self._ec2 = ec2
        self._made: dict[tuple[object, ...], Emit] = {}

    def of(self, shape: Shape, name: str) -> Emit:
        """The function that puts a value of this shape as an element (or elements) of that name."""
        key = (shape.kind, shape.namespace, name)
        made = self._made.get(key)
        if made is not None:
            return made
        finished: list[Emit] = []
        self._made[key] = lambda value, put: finished[0](value, put)  # noqa: PLW0108 — not finished yet
        finished.append(self._make(shape, name))
        self._made[key] = finished[0]
        return finished[0]

    def inside(self, shape: Shape) -> Emit:
        """The function that puts the members of a structure, without an element around."""
        table = {
            name: self.of(member, self._member_name(name, member))
            for name, member in shape.members.items()
            if not member.ref.location and not member.ref.xml_attribute
        }
        find = table.get

        def emit(value: Mapping[str, Any], put: Put) -> None:
            for key, item in value.items():
                known = find(key)
                if known is not None and item is not None:
                    known(item, put)

        return emit

    def _member_name(self, name: str, member: Shape) -> str:
        if self._ec2:
            return member.wire_name or name
        return former_name(name, member) or _member_name(name, member)

    def _make(self, shape: Shape, name: str) -> Emit:
        if shape.type == "structure":
            return self._structure(shape, name)
        if shape.type == "list":
            return self._list(shape, name)
        if shape.type == "map":
            return self._map(shape, name)
        return _leaf(name, self._text(shape), shape)

    def _text(self, shape: Shape) -> Callable[[Any], str]:
        if shape.type == "timestamp":
            return time_text(shape.timestamp_format or self._times)
        return _TEXTS.get(shape.type, _string)

    def _structure(self, shape: Shape, name: str) -> Emit:
        fill, close = self.inside(shape), f"</{name}>"
        opening, attributes = f"<{name}{_declaration(shape)}", _attributes(shape)

        def emit(value: Mapping[str, Any], put: Put) -> None:
            put(opening)
            for wire, member in attributes:
                if value.get(member) is not None:
                    put(f' {wire}="{escaped(str(value[member]))}"')
            put(">")
            fill(value, put)
            put(close)

        return emit

    def _list(self, shape: Shape, name: str) -> Emit:
        if shape.flattened:
            each_flat = self.of(shape.member, name)

            def emit_flat(value: Any, put: Put) -> None:
                for item in value:
                    each_flat(item, put)

            return emit_flat
        each = self.of(shape.member, shape.member.wire_name or "member")
        opening, close = f"<{name}{_declaration(shape)}>", f"</{name}>"

        def emit(value: Any, put: Put) -> None:
            put(opening)
            for item in value:
                each(item, put)
            put(close)

        return emit

    def _map(self, shape: Shape, name: str) -> Emit:
        key_name, value_name = entry_names(shape)
        key, held = self.of(shape.key, key_name), self.of(shape.value, value_name)
        entry = name if shape.flattened else "entry"

        def emit(value: Mapping[str, Any], put: Put) -> None:
            if not shape.flattened:
                put(f"<{name}>")
            for one, item in value.items():
                put(f"<{entry}>")
                key(one, put)
                held(item, put)
                put(f"</{entry}>")
            if not shape.flattened:
                put(f"</{name}>")

        return emit


def _leaf(name: str, text: Callable[[Any], str], shape: Shape) -> Emit:
    opening, close = f"<{name}{_declaration(shape)}>", f"</{name}>"

    def emit(value: Any, put: Put) -> None:
        put(f"{opening}{text(value)}{close}")

    return emit


def _declaration(shape: Shape) -> str:
    namespace = shape.namespace
    if namespace is None:
        return ""
    return f' xmlns{":" + namespace.prefix if namespace.prefix else ""}="{escaped(namespace.uri)}"'


def _attributes(shape: Shape) -> tuple[tuple[str, str], ...]:
    return tuple((member.wire_name, name) for name, member in shape.members.items() if member.ref.xml_attribute)


def _string(value: Any) -> str:
    return escaped(value if type(value) is str else str(value))


def _number(value: float) -> str:
    if math.isfinite(value):
        return repr(float(value))
    return "NaN" if math.isnan(value) else "Infinity" if value > 0 else "-Infinity"


_TEXTS: Mapping[str, Callable[[Any], str]] = {
    "boolean": lambda value: "true" if value else "false",
    "blob": lambda value: base64.b64encode(value).decode(),
    "float": _number,
    "double": _number,
    "integer": lambda value: str(int(value)),
    "long": lambda value: str(int(value)),
}
