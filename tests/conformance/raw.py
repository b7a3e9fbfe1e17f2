"""Requests by hand, so that they can be wrong in one place."""

import http.client
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from unittest.mock import patch
from urllib.parse import urlsplit

from botocore.auth import S3SigV4Auth, SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

__all__ = ["FORM", "JSON", "Answer", "Shot", "send", "signed"]

FORM = {"Content-Type": "application/x-www-form-urlencoded; charset=utf-8"}
JSON = {"Content-Type": "application/x-amz-json-1.1"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Shot:
    """A request before it is signed."""

    service: str
    method: str = "POST"
    path: str = "/"
    body: bytes = b""
    headers: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What came back."""

    status: int
    headers: Mapping[str, str]
    body: str


def signed(shot: Shot, endpoint: str, key: str, secret: str, *, token: str = "", skew: float = 0.0) -> dict[str, str]:
    """The headers of the request, signed as the stock client signs; `skew` seconds away from now."""
    request = AWSRequest(method=shot.method, url=endpoint + shot.path, data=shot.body, headers=dict(shot.headers))
    signer = S3SigV4Auth if shot.service == "s3" else SigV4Auth
    at = datetime.now(UTC) + timedelta(seconds=skew)
    with patch(
        "botocore.auth.get_current_datetime",
        lambda remove_tzinfo=True: at.replace(tzinfo=None) if remove_tzinfo else at,
    ):
        signer(Credentials(key, secret, token or None), shot.service, "us-east-1").add_auth(request)
    return dict(request.headers.items())


def send(
    shot: Shot, endpoint: str, headers: Mapping[str, str], change: Callable[[dict[str, str]], object] | None = None
) -> Answer:
    """Send it, with the headers changed after they were signed."""
    sent = dict(headers)
    if change is not None:
        change(sent)
    connection = http.client.HTTPConnection(urlsplit(endpoint).netloc, timeout=20)
    try:
        connection.request(shot.method, shot.path, shot.body, sent)
        response = connection.getresponse()
        body = response.read().decode("utf-8", "replace")
        return Answer(status=response.status, headers=dict(response.getheaders()), body=body)
    finally:
        connection.close()
