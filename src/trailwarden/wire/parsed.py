"""The first stage of a call: what was asked, in which protocol."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

import msgspec

from trailwarden.wire.http import HttpRequest

__all__ = ["Family", "Parsed", "Protocol", "Route"]

Protocol = Literal["json", "query", "ec2", "rest-json", "rest-xml", "smithy-rpc-v2-cbor"]
Family = Literal["json", "query", "ec2", "rest-json", "rest-xml", "s3", "cbor"]
"""How errors are spelt: the protocol, with S3 apart from other REST-XML services."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Route:
    """Whom a request is for. `service` is botocore's directory name, `operation` a name of its model."""

    service: str
    operation: str
    protocol: Protocol
    family: Family


class Parsed(msgspec.Struct, frozen=True, kw_only=True):
    """A call whose service, operation and members are known, and nothing yet about who makes it.

    `params` has the model's member names; blobs are bytes, timestamps are aware datetimes, streaming bodies are bytes
    as they came (an aws-chunked body still in its chunks: `auth` verifies and opens it). `waited` is how many seconds the
    front has kept a call that waits for something.
    """

    request: HttpRequest
    route: Route
    params: Mapping[str, Any]
    request_id: str
    waited: float = 0.0
