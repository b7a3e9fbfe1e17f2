"""From a request to the service, operation and protocol it is for.

The request alone decides, never the model: a service that speaks several protocols is answered in the one that came.
"""

import re
from collections.abc import Mapping
from functools import cache, lru_cache
from urllib.parse import unquote

from trailwarden.wire import library
from trailwarden.wire.errors import InvalidAction, MethodNotAllowed, MissingAction, UnknownOperation, Unroutable
from trailwarden.wire.form import FORM, fields, is_form, told
from trailwarden.wire.hosts import bucket_in_host, s3_path
from trailwarden.wire.http import HttpRequest
from trailwarden.wire.parsed import Family, Protocol, Route
from trailwarden.wire.paths import PathTrie, segments

__all__ = ["family_of_request", "route", "scope_of"]

_CBOR_PATH = re.compile(r"/service/([A-Za-z0-9_.-]{1,256})/operation/([A-Za-z0-9_]{1,256})\Z")
_FAMILIES: Mapping[Protocol, Family] = {
    "json": "json",
    "query": "query",
    "ec2": "ec2",
    "rest-json": "rest-json",
    "rest-xml": "rest-xml",
    "smithy-rpc-v2-cbor": "cbor",
}
_UNSIGNED_STS = frozenset({"AssumeRoleWithSAML", "AssumeRoleWithWebIdentity"})
_CREDENTIAL = re.compile(r"Credential=([^,\s]+)")
_ROUTES: dict[tuple[str, str, Protocol], Route] = {}
_TARGETS: dict[str, Route] = {}


def route(request: HttpRequest) -> Route:
    """Decide whom the request is for.

    UnknownOperation, InvalidAction or MethodNotAllowed where the service has no such operation, MissingAction for a form
    without one, Unroutable where nothing tells the service.
    """
    headers = _heads(request)
    target = headers.get("x-amz-target")
    if target is not None:
        return _TARGETS.get(target) or _by_target(target)
    if headers.get("smithy-protocol") == "rpc-v2-cbor":
        return _by_cbor_path(request)
    if is_form(request, headers.get("content-type", "")):
        return _by_action(request)
    return _by_path(request, headers)


def _heads(request: HttpRequest) -> dict[str, str]:
    return dict(reversed(request.headers))


def made(service: str, operation: str, protocol: Protocol) -> Route:
    """The one Route of that service, operation and protocol."""
    key = (service, operation, protocol)
    found = _ROUTES.get(key)
    if found is None:
        family: Family = "s3" if service == "s3" else _FAMILIES[protocol]
        found = _ROUTES[key] = Route(service=service, operation=operation, protocol=protocol, family=family)
    return found


def _by_target(target: str) -> Route:
    prefix, _, operation = target.rpartition(".")
    services = library.by_target().get(prefix) or library.by_target().get(prefix.rpartition(".")[2], ())
    for service in services:
        if operation in library.model(service).operations:
            found = made(service, operation, "json")
            _TARGETS[target] = found
            return found
    raise UnknownOperation


def _by_cbor_path(request: HttpRequest) -> Route:
    match = _CBOR_PATH.search(request.raw_path)
    if match is None or request.method != "POST":
        raise UnknownOperation
    prefix, operation = match.groups()
    services = library.by_target().get(prefix) or library.by_target().get(prefix.rpartition(".")[2], ())
    for service in services:
        if operation in library.model(service).operations:
            return made(service, operation, "smithy-rpc-v2-cbor")
    raise UnknownOperation


def _by_action(request: HttpRequest) -> Route:
    operation, version = told(request, "Action"), told(request, "Version")
    if not operation:
        raise MissingAction
    services = _speakers(scope_of(request), version) or library.by_version().get(version, ())
    for service in services:
        if operation in library.model(service).operations:
            return made(service, operation, _form_protocol(service))
    if not services and operation in _UNSIGNED_STS:
        return made("sts", operation, "query")
    if not services:
        raise Unroutable
    raise InvalidAction(operation=operation[:128], version=version[:32])


@cache
def _form_protocol(service: str) -> Protocol:
    return "ec2" if "ec2" in library.entries()[service].protocols else "query"


@cache
def _form_services(signing_name: str) -> tuple[str, ...]:
    every = library.entries()
    return tuple(
        service
        for service in library.by_signing_name().get(signing_name, ())
        if {"query", "ec2"} & set(every[service].protocols)
    )


@lru_cache(1024)
def _speakers(signing_name: str, version: str) -> tuple[str, ...]:
    """The services under a signing name that take forms, those of the asked version first."""
    services = _form_services(signing_name) if signing_name in library.by_signing_name() else ()
    every = library.entries()
    return tuple(sorted(services, key=lambda service: every[service].metadata["apiVersion"] != version))


def scope_of(request: HttpRequest) -> str:
    """The service that a signature names in its credential scope, or "" for an unsigned request. It proves nothing."""
    authorization = request.header("authorization")
    if authorization is not None:
        match = _CREDENTIAL.search(authorization)
        if match is None:
            return "s3" if authorization.startswith("AWS ") else ""
        return _service_in(match[1])
    if "X-Amz-Credential=" in request.query:
        return _service_in(unquote(request.query.partition("X-Amz-Credential=")[2].partition("&")[0]))
    if "AWSAccessKeyId=" in request.query and "Signature=" in request.query:
        return "s3"
    return ""


def _service_in(credential: str) -> str:
    """The fourth from the end of access key / date / region / service / aws4_request; SigV4A leaves the region out."""
    parts = credential.split("/")
    return parts[-2] if len(parts) > 3 else ""  # noqa: PLR2004 — the fewest parts of a scope


@cache
def _tries(service: str) -> Mapping[str, PathTrie]:
    found: dict[str, PathTrie] = {}
    for operation in library.model(service).operations.values():
        found.setdefault(operation.http.method, PathTrie()).add(operation)
    return found


@cache
def _rest_services(signing_name: str) -> tuple[str, ...]:
    every = library.entries()
    return tuple(
        service
        for service in library.by_signing_name().get(signing_name, ())
        if {"rest-json", "rest-xml"} & set(every[service].protocols)
    )


@cache
def _rest_protocol(service: str) -> Protocol:
    return "rest-xml" if "rest-xml" in library.entries()[service].protocols else "rest-json"


def _by_path(request: HttpRequest, headers: Mapping[str, str]) -> Route:
    named = scope_of(request)
    signing_name = named if named in library.by_signing_name() else ""
    services = _rest_services(signing_name) if signing_name else () if named else ("s3",)
    if services[:1] == ("s3",):
        services = ("s3control",) if _s3_control(request, headers) else ("s3",)
    query = dict(reversed(fields(request.query)))
    for service in services:
        trie = _tries(service).get(request.method)
        path = s3_path(request) if service == "s3" else request.raw_path
        operation = trie.find(segments(path), query, headers) if trie else None
        if operation is not None:
            return made(service, operation.name, _rest_protocol(service))
    if not named and not bucket_in_host(headers.get("host", "")) and request.method != "GET":
        raise Unroutable
    raise MethodNotAllowed if services == ("s3",) else UnknownOperation


def _s3_control(request: HttpRequest, headers: Mapping[str, str]) -> bool:
    """S3 Control signs as s3; its calls bear the account's or outpost's id, as a header or before the host."""
    if not request.raw_path.startswith("/v20180820/"):
        return False
    return "x-amz-account-id" in headers or "x-amz-outpost-id" in headers or headers.get("host", "")[:12].isdigit()


def family_of_request(request: HttpRequest) -> tuple[Family, str]:
    """How to spell an error to a request that found no route, and the service it seems to mean."""
    headers = _heads(request)
    named = scope_of(request)
    service = library.service_of(named) or ""
    if "x-amz-target" in headers or "application/x-amz-json" in headers.get("content-type", ""):
        return "json", service
    if "smithy-protocol" in headers:
        return "cbor", service
    if headers.get("content-type", "").startswith(FORM) or "Action=" in request.query:
        return ("ec2" if service == "ec2" else "query"), service or "sts"
    if not service and (named or "application/json" in headers.get("content-type", "")):
        return "rest-json", ""
    return _rest_family(service)


def _rest_family(service: str) -> tuple[Family, str]:
    if service in ("", "s3"):
        return "s3", "s3"
    protocols = library.entries()[service].protocols
    return next((_FAMILIES[name] for name in protocols if name != "smithy-rpc-v2-cbor"), "cbor"), service
