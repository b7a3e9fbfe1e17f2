"""Which calls a command made, and the least policy under which it could make them."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from trailwarden import catalog
from trailwarden.cli.connection import Connection

__all__ = ["Recording"]


@dataclass(slots=True)
class Recording:
    """Makes the clients of a connection and notes each call they make, refused ones too."""

    connection: Connection
    calls: list[tuple[str, str, Mapping[str, Any]]] = field(default_factory=list)

    def client(self, service_name: str) -> Any:
        """A client whose calls are noted."""
        client = self.connection.client(service_name)
        client.meta.events.register_first("before-parameter-build", self._note)
        return client

    def _note(self, params: Mapping[str, Any], model: Any, **_: object) -> None:
        self.calls.append((model.service_model.service_name, model.name, dict(params)))

    def policy(self, account: str) -> dict[str, Any]:
        """A statement for each set of resources, with all actions on it. Own account `account`, Region of the connection."""
        wanted: dict[str, set[str]] = {}
        for service, operation, params in self.calls:
            for action, resource in _needed(service, operation, params, account, self.connection.region):
                wanted.setdefault(action, set()).add(resource)
        grouped: dict[tuple[str, ...], list[str]] = {}
        for action, resources in sorted(wanted.items()):
            grouped.setdefault(("*",) if "*" in resources else tuple(sorted(resources)), []).append(action)
        statements = [
            {"Effect": "Allow", "Action": actions, "Resource": list(resources)}
            for resources, actions in grouped.items()
        ]
        return {"Version": "2012-10-17", "Statement": statements}


def _needed(
    service: str, operation: str, params: Mapping[str, Any], account: str, region: str
) -> tuple[tuple[str, str], ...]:
    """The permissions of a call; none for sts:GetCallerIdentity, which every caller may make."""
    if (service, operation) == ("sts", "GetCallerIdentity"):
        return ()
    try:
        checks = catalog.checks_of(service, operation, params, account=account, region=region)
    except catalog.UnknownAction:
        return ((f"{service}:{operation}", "*"),)
    return tuple((check.action, check.resource) for check in checks)
