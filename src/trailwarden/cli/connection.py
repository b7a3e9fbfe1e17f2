"""Clients for the commands: of the server whose data folder is at hand, or of AWS itself."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import boto3
from botocore.config import Config as ClientConfig

from trailwarden import wire
from trailwarden.cli.env import client_environment

__all__ = ["Connection", "aws_connection", "knowing_own", "server_connection"]

_CONFIG = ClientConfig(connect_timeout=5, read_timeout=60, retries={"max_attempts": 3, "mode": "standard"})


@dataclass(frozen=True, slots=True)
class Connection:
    """Makes boto3 clients; `endpoint` is None for AWS itself."""

    session: Any
    endpoint: str | None
    region: str

    def client(self, service_name: str) -> Any:
        """A client of that service."""
        return self.session.client(service_name, endpoint_url=self.endpoint, region_name=self.region, config=_CONFIG)


def server_connection(data: Path, profile: str = "default") -> Connection:
    """A connection with the keys in the data folder. FileNotFoundError, KeyError as `client_environment`."""
    variables = client_environment(data, profile)
    session = boto3.session.Session(
        aws_access_key_id=variables["AWS_ACCESS_KEY_ID"],
        aws_secret_access_key=variables["AWS_SECRET_ACCESS_KEY"],
        region_name=variables["AWS_REGION"],
    )
    return Connection(knowing_own(session), variables["AWS_ENDPOINT_URL"], variables["AWS_REGION"])


def knowing_own(session: Any) -> Any:
    """The boto3 session, which from now on makes clients of this server's own service too: `session.client("trailwarden")`."""
    loader = session._session.get_component("data_loader")  # noqa: SLF001 — boto3 has no other way to it
    if str(wire.OWN_MODELS) not in loader.search_paths:
        loader.search_paths.append(str(wire.OWN_MODELS))
    return session


def aws_connection(profile: str | None, region: str | None) -> Connection:
    """A connection as the environment's own AWS configuration makes it."""
    session = boto3.session.Session(profile_name=profile, region_name=region)
    return Connection(session, None, session.region_name or "us-east-1")
