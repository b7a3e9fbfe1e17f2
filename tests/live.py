"""A running server for tests, and clients of it."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import boto3
from botocore.config import Config

from trailwarden.cli.connection import Connection, server_connection
from trailwarden.cli.throwaway import Throwaway, throwaway_server

__all__ = ["Live", "live_server"]

_CONFIG = Config(retries={"max_attempts": 1, "mode": "standard"}, s3={"addressing_style": "path"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Live:
    """A server on loopback with its root user's connection."""

    server: Throwaway
    admin: Connection
    account: str

    @property
    def endpoint(self) -> str:
        return self.admin.endpoint or ""

    def client(
        self, service: str, *, key: str = "", secret: str = "", token: str = "", region: str = "us-east-1"
    ) -> Any:
        """A stock client: the root user's, or with the keys given."""
        if not key:
            return self.admin.client(service)
        session: Any = boto3.session.Session(
            aws_access_key_id=key, aws_secret_access_key=secret, aws_session_token=token or None, region_name=region
        )
        return session.client(service, endpoint_url=self.endpoint, config=_CONFIG)

    def user(self, name: str) -> "User":
        """A new user with an access key."""
        iam = self.admin.client("iam")
        iam.create_user(UserName=name)
        key = iam.create_access_key(UserName=name)["AccessKey"]
        return User(live=self, name=name, key=key["AccessKeyId"], secret=key["SecretAccessKey"])


@dataclass(frozen=True, slots=True, kw_only=True)
class User:
    """A user with keys."""

    live: Live
    name: str
    key: str
    secret: str

    def client(self, service: str, region: str = "us-east-1") -> Any:
        """A client that signs as this user."""
        return self.live.client(service, key=self.key, secret=self.secret, region=region)


@contextmanager
def live_server(*options: str) -> Iterator[Live]:
    """Start a server as a newcomer would."""
    with throwaway_server(*options) as server:
        admin = server_connection(server.data)
        account = admin.client("sts").get_caller_identity()["Account"]
        yield Live(server=server, admin=admin, account=account)
