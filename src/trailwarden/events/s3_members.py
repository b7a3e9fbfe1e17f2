"""S3's own way in records: wire names, the host, sub-resources as empty members, bodies by their elements.

https://docs.aws.amazon.com/AmazonS3/latest/userguide/cloudtrail-logging-understanding-s3-entries.html
"""

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any
from urllib.parse import unquote_plus

import msgspec

from trailwarden.clock import iso
from trailwarden.wire.http import HttpRequest
from trailwarden.wire.model import Shape

__all__ = ["answer_members", "request_members"]

_SECRETS = frozenset({"x-amz-credential", "x-amz-signature", "x-amz-security-token"})
_URI: Mapping[str, str] = {"Bucket": "bucketName", "Key": "key"}
_KEY_HEADERS = "-customer-key"
_NAMESPACE = "http://s3.amazonaws.com/doc/2006-03-01/"
_LONGEST_NUMBER = 15
_ANSWERED = frozenset(
    {
        "x-amz-copy-source-version-id",
        "x-amz-delete-marker",
        "x-amz-expiration",
        "x-amz-object-lock-token",
        "x-amz-restore-output-path",
        "x-amz-server-side-encryption",
        "x-amz-server-side-encryption-aws-kms-key-id",
        "x-amz-server-side-encryption-bucket-key-enabled",
        "x-amz-version-id",
    }
)


def request_members(shape: Shape, params: Mapping[str, Any], request: HttpRequest) -> dict[str, Any]:
    """RequestParameters of an S3 call: query and headers by wire name, the path's parts, the body, the host."""
    told: dict[str, Any] = {}
    for part in request.query.split("&") if request.query else ():
        name, _, value = part.partition("=")
        name = unquote_plus(name)
        if name.lower() not in _SECRETS:
            told[name] = unquote_plus(value)
    for member, given in params.items():
        inner = shape.members.get(member)
        if inner is not None and given is not None:
            told.update(_member(member, inner, given, payload=shape.raw.payload))
    host = request.header("host")
    if host:
        told["Host"] = host
    return told


def answer_members(shape: Shape, result: Mapping[str, Any]) -> dict[str, Any]:
    """ResponseElements of an S3 call: headers that tell of the object, and a body's elements."""
    told: dict[str, Any] = {}
    for member, given in result.items():
        inner = shape.members.get(member)
        if inner is None or given is None:
            continue
        if inner.ref.location == "header":
            if inner.wire_name.lower() in _ANSWERED:
                told[inner.wire_name] = _text(given)
        elif not inner.ref.location and not inner.streaming and inner.type != "blob":
            told[member[:1].lower() + member[1:]] = _element(inner, given)
    return told


def _member(member: str, shape: Shape, given: Any, *, payload: str) -> dict[str, Any]:
    place = shape.ref.location
    if place == "uri":
        return {_URI.get(member, shape.wire_name or member): given}
    if place == "header":
        return {} if _KEY_HEADERS in shape.wire_name else {shape.wire_name: _text(given)}
    if member == "Policy" and payload == member:
        return {"bucketPolicy": _policy(given)}
    if member != payload or shape.type == "blob" or shape.streaming:
        return {}
    element = _element(shape, given)
    body = {"xmlns": _NAMESPACE, **element} if isinstance(element, dict) else element
    return {shape.wire_name or member: body}


def _policy(document: object) -> Any:
    """The policy as an object; the text itself where it is none."""
    text = document.decode(errors="replace") if isinstance(document, bytes) else str(document)
    try:
        return msgspec.json.decode(text)
    except msgspec.DecodeError:
        return text


def _element(shape: Shape, value: Any) -> Any:
    render = _ELEMENTS.get(shape.type)
    return _scalar(value) if render is None else render(shape, value)


def _structure(shape: Shape, value: Mapping[str, Any]) -> dict[str, Any]:
    told: dict[str, Any] = {}
    for member, given in value.items():
        inner = shape.members.get(member)
        if inner is None or given is None or inner.raw.sensitive:
            continue
        told[inner.wire_name or member] = _element(inner, given)
    return told


def _list(shape: Shape, value: list[Any]) -> Any:
    """One element stands alone, several are a list; a list that is not flattened keeps its wrapper."""
    items = [_element(shape.member, each) for each in value]
    told: Any = items[0] if len(items) == 1 else items
    return told if shape.flattened else {shape.member.wire_name or "member": told}


_ELEMENTS: Mapping[str, Callable[[Shape, Any], Any]] = {"structure": _structure, "list": _list}


def _scalar(value: Any) -> Any:
    """A text of XML as its reader in AWS types it: booleans and numbers are no texts."""
    if isinstance(value, datetime):
        return iso(value.timestamp())
    if isinstance(value, bytes):
        return ""
    if not isinstance(value, str):
        return value
    if value in {"true", "false"}:
        return value == "true"
    digits = value.removeprefix("-")
    plain = digits.isascii() and digits.isdigit() and len(digits) < _LONGEST_NUMBER
    return int(value) if plain and (digits == "0" or digits[0] != "0") else value


def _text(value: Any) -> Any:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, datetime):
        return iso(value.timestamp())
    return value if isinstance(value, dict) else str(value)
