"""Operations of botocore's services as the archive has them: the action of the same name, and which members name its resources."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache

import msgspec

from trailwarden.catalog.archive import ACTIONS
from trailwarden.catalog.own import SERVICES
from trailwarden.catalog.rows import OperationRow, ServiceBlob

__all__ = ["Service", "operation_row", "service_facts"]

_DECODER = msgspec.json.Decoder(ServiceBlob)


@dataclass(frozen=True, slots=True, kw_only=True)
class Service:
    """A service by botocore's directory name. `source` is where its events come from, `version` its model's apiVersion."""

    name: str
    prefix: str
    source: str
    version: str
    worldwide: bool
    operations: Mapping[str, OperationRow]


@lru_cache(maxsize=64)
def service_facts(service: str) -> Service | None:
    """The service of that directory name, or None where botocore had none when the archive was built."""
    packed = ACTIONS.blob(f"operations/{service}")
    blob = SERVICES.get(service) if packed is None else _DECODER.decode(packed)
    if blob is None:
        return None
    return Service(
        name=service,
        prefix=blob.prefix,
        source=blob.source,
        version=blob.version,
        worldwide=blob.worldwide,
        operations={row.name: row for row in blob.operations},
    )


def operation_row(service: str, operation: str) -> OperationRow | None:
    """One operation, or None."""
    facts = service_facts(service)
    return facts.operations.get(operation) if facts else None
