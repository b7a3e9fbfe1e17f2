"""Forms of the query and EC2 protocols: `Tags.member.1.Key=a`.

https://smithy.io/2.0/aws/protocols/aws-query-protocol.html
https://smithy.io/2.0/aws/protocols/aws-ec2-query-protocol.html
"""

import re
from binascii import a2b_qp
from collections.abc import Callable, Iterable, Mapping
from typing import Any
from urllib.parse import unquote

from trailwarden.wire.compiled import Compiler, Function
from trailwarden.wire.errors import MalformedQueryString, SerializationException
from trailwarden.wire.former import entry_names, former_name
from trailwarden.wire.http import HttpRequest
from trailwarden.wire.model import Shape
from trailwarden.wire.scalars import blob_of_text, float_of_text, int_of_text, switch_of_text, time_of_text

__all__ = ["FORM", "ec2_name", "ec2_reader", "fields", "form_of", "is_form", "query_reader", "told", "tree"]

FORM = "application/x-www-form-urlencoded"
_MOST_FIELDS = 20_000
_ODD_LONGEST = 131_072
"""Characters up to which a form is read that is not encoded as the others are: it costs a hundred times its length."""
_ODD = re.compile("%(?![0-9A-Fa-f]{2})")
_DEEPEST = 40
_LONGEST_INDEX = 8

Node = dict[Any, Any]
"""Text stands under None, what comes after the next dot under its name."""


def fields(text: str) -> list[tuple[str, str]]:
    """Names and values in order.

    Raises MalformedQueryString where percent signs do not spell UTF-8, where there are too many fields, and for a long form
    with letters or percent signs that are not encoded.
    """
    if not text:
        return []
    if text.count("&") >= _MOST_FIELDS or (len(text) > _ODD_LONGEST and _odd(text)):
        raise MalformedQueryString
    try:
        return [_field(part) for part in text.split("&") if part]
    except UnicodeError:
        raise MalformedQueryString from None


def is_form(request: HttpRequest, content_type: str) -> bool:
    """Whether a request is a call of the query or EC2 protocol: a posted form, or an action in the URL of the root."""
    if request.method == "POST" and content_type.startswith(FORM):
        return True
    return "Action=" in request.query and request.raw_path in ("/", "") and bool(_first("Action", request.query))


def told(request: HttpRequest, name: str) -> str:
    """One field of a form, found without reading the rest; the URL's wins. "" where it is absent."""
    return _first(name, request.query) or _first(name, request.body)


_FIRST = {
    name: (re.compile(rf"(?:^|&){name}=([^&]*)"), re.compile(rb"(?:^|&)%b=([^&]*)" % name.encode()))
    for name in ("Action", "Version")
}


def _first(name: str, text: str | bytes) -> str:
    if not text:
        return ""
    if isinstance(text, str):
        match = _FIRST[name][0].search(text)
        return unquote(match[1]) if match else ""
    found = _FIRST[name][1].search(text)
    return unquote(found[1][:512].decode("latin-1")) if found else ""


def form_of(request: HttpRequest) -> list[tuple[str, str]]:
    """The fields of a query or EC2 call, those of the URL first."""
    in_url = fields(request.query) if request.query else []
    if request.method != "POST":
        return in_url
    try:
        return [*in_url, *fields(request.body.decode())]
    except UnicodeDecodeError:
        raise MalformedQueryString from None


def _field(part: str) -> tuple[str, str]:
    name, _, value = part.partition("=")
    if "%" in name or "+" in name:
        name = _decoded(name)
    return name, (_decoded(value) if "%" in value or "+" in value else value)


def _odd(text: str) -> bool:
    return not text.isascii() or _ODD.search(text) is not None


def _decoded(text: str) -> str:
    text = text.replace("+", " ")
    if _odd(text):
        return unquote(text, errors="strict")
    # Quoted-printable says `=` for `%`, and `binascii` reads it without an object for each octet.
    return a2b_qp(text.replace("=", "%3D").replace("%", "=")).decode()


def tree(pairs: Iterable[tuple[str, str]]) -> Node:
    """The fields as a tree along the dots in their names; the first of equal names counts."""
    root: Node = {}
    for name, value in pairs:
        if "." not in name:
            root.setdefault(name, {}).setdefault(None, value)
            continue
        node = root
        if name.count(".") > _DEEPEST:
            raise MalformedQueryString
        for part in name.split("."):
            node = node.setdefault(part, {})
        node.setdefault(None, value)
    return root


def _scalar(convert: Callable[[str], Any]) -> Function:
    def read(node: Node) -> Any:
        value = node.get(None)
        if value is None:
            raise SerializationException(reason="Unexpected complex element termination")
        return convert(value)

    return read


def _numbered(node: Node) -> list[Node]:
    """The elements of a list, by number; gaps close up."""
    places = [
        (int(key), item)
        for key, item in node.items()
        if key and len(key) <= _LONGEST_INDEX and key.isascii() and key.isdigit()
    ]
    return [item for _, item in sorted(places, key=lambda place: place[0])]


def _structure_maker(named: Callable[[str, Shape], str]) -> Callable[[Shape, Compiler], Function]:
    def make(shape: Shape, compiler: Compiler) -> Function:
        table = {named(name, member): (name, compiler.of(member)) for name, member in shape.members.items()}
        find = table.get

        def read(node: Node) -> dict[str, Any]:
            found = {}
            for key, item in node.items():
                known = find(key)
                if known is not None:
                    found[known[0]] = known[1](item)
            return found

        return read

    return make


def _query_name(name: str, member: Shape) -> str:
    former = former_name(name, member)
    if former:
        return former
    if member.type == "list" and member.flattened and member.member.wire_name:
        return member.member.wire_name
    return member.wire_name or name


def ec2_name(name: str, member: Shape) -> str:
    """A member's name in a form of EC2's."""
    if member.ref.query_name:
        return member.ref.query_name
    wire = member.wire_name
    return wire[0].upper() + wire[1:] if wire else name


def _query_list(shape: Shape, compiler: Compiler) -> Function:
    read_member = compiler.of(shape.member)
    inner = "" if shape.flattened else shape.member.wire_name or "member"

    def read(node: Node) -> list[Any]:
        held = node.get(inner, {}) if inner else node
        return [read_member(item) for item in _numbered(held)]

    return read


def _ec2_list(shape: Shape, compiler: Compiler) -> Function:
    read_member = compiler.of(shape.member)
    return lambda node: [read_member(item) for item in _numbered(node)]


def _query_map(shape: Shape, compiler: Compiler) -> Function:
    read_key, read_value = compiler.of(shape.key), compiler.of(shape.value)
    key_name, value_name = entry_names(shape)
    inner = "" if shape.flattened else "entry"

    def read(node: Node) -> dict[str, Any]:
        held = node.get(inner, {}) if inner else node
        return {
            read_key(entry[key_name]): read_value(entry[value_name])
            for entry in _numbered(held)
            if key_name in entry and value_name in entry
        }

    return read


_TEXT: Mapping[str, Callable[[str], Any]] = {
    "integer": int_of_text,
    "long": int_of_text,
    "float": float_of_text,
    "double": float_of_text,
    "boolean": switch_of_text,
    "blob": blob_of_text,
    "timestamp": time_of_text,
}


def _reader(named: Callable[[str, Shape], str], list_maker: Callable[[Shape, Compiler], Function]) -> Compiler:
    scalars = {name: _maker_of(_scalar(convert)) for name, convert in _TEXT.items()}
    return Compiler(
        {**scalars, "structure": _structure_maker(named), "list": list_maker, "map": _query_map}, _scalar(str)
    )


def _maker_of(function: Function) -> Callable[[Shape, Compiler], Function]:
    return lambda *_: function


def query_reader() -> Compiler:
    """Functions from a form's tree to parameters, in the query protocol."""
    return _reader(_query_name, _query_list)


def ec2_reader() -> Compiler:
    """Functions from a form's tree to parameters, as EC2 has it: lists without a word between, first letters large."""
    return _reader(ec2_name, _ec2_list)
