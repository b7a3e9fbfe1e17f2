"""Which services there are, how they are found, and their models, each read when first asked for."""

import gzip
import json
import re
import zlib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, cast

import botocore
import msgspec

from trailwarden.wire.model import Model, RawModel
from trailwarden.wire.parsed import Protocol

__all__ = [
    "OWN_MODELS",
    "Entry",
    "by_signing_name",
    "by_target",
    "by_version",
    "entries",
    "model",
    "operations",
    "service_of",
]

OWN_MODELS = Path(__file__).parent / "models"
"""The models of services that AWS does not have, laid out as botocore's are."""

_DATA = (Path(botocore.__file__).parent / "data", OWN_MODELS)
_MODEL = "service-2.json"
_HEAD = 64 * 1024
_METADATA = re.compile(r'"metadata"\s*:\s*(?=\{)')
_DECODER = msgspec.json.Decoder(RawModel)


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """A service as its model's metadata tells of it."""

    service: str
    file: Path
    metadata: Mapping[str, Any]

    @property
    def signing_name(self) -> str:
        """The service's name in SigV4's credential scope."""
        return str(self.metadata.get("signingName") or self.metadata["endpointPrefix"])

    @property
    def protocols(self) -> tuple[Protocol, ...]:
        """The protocols it speaks; one that left the query protocol still understands its old clients."""
        named = tuple(self.metadata.get("protocols") or (self.metadata["protocol"],))
        if "awsQueryCompatible" in self.metadata and "query" not in named:
            named = (*named, "query")
        return cast("tuple[Protocol, ...]", named)


@cache
def entries() -> Mapping[str, Entry]:
    """Every service by botocore's directory name. Only the head of each model is read."""
    found = {}
    for folder in sorted((folder for data in _DATA for folder in data.iterdir()), key=lambda folder: folder.name):
        versions = sorted((*folder.glob(f"*/{_MODEL}.gz"), *folder.glob(f"*/{_MODEL}")))
        if versions:
            found[folder.name] = Entry(service=folder.name, file=versions[-1], metadata=_metadata(versions[-1]))
    return found


def _metadata(file: Path) -> Mapping[str, Any]:
    if file.suffix != ".gz":
        return cast("Mapping[str, Any]", msgspec.json.decode(file.read_bytes())["metadata"])
    with file.open("rb") as opened:
        text = zlib.decompressobj(31).decompress(opened.read(_HEAD), _HEAD).decode("utf-8", "ignore")
    place = _METADATA.search(text)
    if place is None:
        return cast("Mapping[str, Any]", msgspec.json.decode(gzip.decompress(file.read_bytes()))["metadata"])
    return cast("Mapping[str, Any]", json.JSONDecoder().raw_decode(text, place.end())[0])


@cache
def model(service: str) -> Model:
    """The newest model of a service; KeyError where botocore knows none of that name."""
    file = entries()[service].file
    read = file.read_bytes()
    return Model(service, _DECODER.decode(gzip.decompress(read) if file.suffix == ".gz" else read))


@cache
def by_signing_name() -> Mapping[str, tuple[str, ...]]:
    """Signing name → the services that sign so; the one of that very name stands first."""
    return _grouped((entry.signing_name, entry.service) for entry in entries().values())


@cache
def by_target() -> Mapping[str, tuple[str, ...]]:
    """The prefix of X-Amz-Target → services, in botocore's spelling and in Smithy's, which leaves the package out."""
    pairs: list[tuple[str, str]] = []
    for entry in entries().values():
        prefix = entry.metadata.get("targetPrefix", "")
        pairs += [(name, entry.service) for name in {prefix, prefix.rpartition(".")[2]} - {""}]
    return _grouped(pairs)


@cache
def by_version() -> Mapping[str, tuple[str, ...]]:
    """API version → the services that take it in `Version=` of the query and EC2 protocols."""
    spoken = [entry for entry in entries().values() if {"query", "ec2"} & set(entry.protocols)]
    return _grouped((entry.metadata["apiVersion"], entry.service) for entry in spoken)


def _grouped(pairs: Iterable[tuple[str, str]]) -> Mapping[str, tuple[str, ...]]:
    found: dict[str, list[str]] = {}
    for name, service in pairs:
        found.setdefault(name, []).append(service)
    return {name: tuple(sorted(services, key=lambda one: (one != name, one))) for name, services in found.items()}


def service_of(signing_name: str) -> str | None:
    """The service that signs under that name, or None; where several do, the one named so."""
    services = by_signing_name().get(signing_name)
    return services[0] if services else None


def operations() -> Iterator[tuple[str, str]]:
    """Every (service, operation) there is, by service."""
    for service in entries():
        for operation in model(service).operations:
            yield service, operation
