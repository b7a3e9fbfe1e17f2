"""A small account in a real store, and requests signed by stock signers."""

import dataclasses
import datetime as dt
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from unittest import mock
from urllib.parse import urlsplit

import msgspec
from botocore.auth import S3SigV4Auth, S3SigV4QueryAuth, SigV4Auth, SigV4QueryAuth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials as BotoCredentials

from trailwarden.auth.credentials import Authenticator
from trailwarden.auth.identities import ACCESS_KEY, ACCOUNT, USER, AccessKey, Account, Group, User
from trailwarden.auth.sealing import Vault, secret_purpose
from trailwarden.auth.stages import Authenticated
from trailwarden.storage import Kind, Storage, Transaction, open_storage
from trailwarden.wire.http import HttpRequest
from trailwarden.wire.parsed import Family, Parsed, Protocol, Route

ACCOUNT_ID = "123456789012"
OTHER_ACCOUNT = "111122223333"
KEY_ID = "AKIAIOSFODNN7EXAMPLE"
SECRET = "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY"
NOW = 1_440_938_160.0  # 2015-08-30T12:36:00Z
REGION = "us-east-1"

_SERVICES: dict[str, tuple[str, Protocol, Family]] = {
    "cloudtrail": ("cloudtrail", "json", "json"),
    "iam": ("iam", "query", "query"),
    "sts": ("sts", "query", "query"),
    "ec2": ("ec2", "ec2", "ec2"),
    "s3": ("s3", "rest-xml", "s3"),
    "lambda": ("lambda", "rest-json", "rest-json"),
    "sns": ("sns", "query", "query"),
}


def put(storage: Storage, *writes: tuple[Kind[Any], str, str, msgspec.Struct]) -> None:
    transaction = storage.begin()
    for kind, account, name, body in writes:
        transaction.put(kind, account, "", name, body)
    storage.commit(transaction).result(10)


def user(name: str = "mateojackson", account: str = ACCOUNT_ID, **changes: Any) -> User:
    standing = User(
        name=name,
        id="AIDA" + name.upper()[:17].ljust(17, "Q"),
        arn=f"arn:aws:iam::{account}:user/{name}",
        created=1.0,
        access_keys=(KEY_ID,),
    )
    return msgspec.structs.replace(standing, **changes)


def group(name: str, **changes: Any) -> Group:
    standing = Group(name=name, id="AGPA" + "G" * 17, arn=f"arn:aws:iam::{ACCOUNT_ID}:group/{name}", created=1.0)
    return msgspec.structs.replace(standing, **changes)


def key(
    vault: Vault,
    *,
    key_id: str = KEY_ID,
    user_name: str = "mateojackson",
    account: str = ACCOUNT_ID,
    status: str = "Active",
) -> AccessKey:
    sealed = vault.seal(SECRET.encode(), secret_purpose(key_id))
    return AccessKey(id=key_id, account=account, user=user_name, secret=sealed, status=status, created=1.0)


@dataclasses.dataclass
class House:
    storage: Storage
    vault: Vault
    now: float = NOW

    def clock(self) -> float:
        return self.now

    def put(self, *writes: tuple[Kind[Any], str, str, msgspec.Struct]) -> None:
        put(self.storage, *writes)

    def begin(self) -> Transaction:
        return self.storage.begin()

    @property
    def authenticator(self) -> Authenticator:
        return Authenticator(self.vault, self.clock)

    def authenticate(self, request: HttpRequest, service: str, operation: str = "Any", **params: Any) -> Authenticated:
        return self.authenticator.authenticate(parsed(request, service, operation, **params), self.begin())


def open_house(folder: Path) -> House:
    house = House(open_storage(str(folder / "store.db"), blobs=str(folder / "blobs")), Vault(b"k" * 32))
    house.put(
        (ACCOUNT, ACCOUNT_ID, ACCOUNT_ID, Account(id=ACCOUNT_ID, created=1.0)),
        (USER, ACCOUNT_ID, "mateojackson", user()),
        (ACCESS_KEY, "", KEY_ID, key(house.vault)),
    )
    return house


def parsed(request: HttpRequest, service: str, operation: str = "Any", **params: Any) -> Parsed:
    name, protocol, family = _SERVICES[service]
    route = Route(service=name, operation=operation, protocol=protocol, family=family)
    return Parsed(request=request, route=route, params=params, request_id="id")


def signed(
    service: str,
    method: str = "POST",
    url: str = "https://host.example/",
    *,
    body: bytes = b"",
    headers: Mapping[str, str] | None = None,
    presigned: int = 0,
    at: float = NOW,
    **how: Any,
) -> HttpRequest:
    """A request as botocore signs it at that moment. `how`: region, signing_name, credentials."""
    request = AWSRequest(method=method, url=url, data=body, headers=dict(headers or {}))
    _signer(service, presigned, how)(request, at)
    return http(request, method, body)


def _signer(service: str, presigned: int, how: dict[str, Any]) -> Any:
    credentials = how.get("credentials") or BotoCredentials(KEY_ID, SECRET)
    name, region = how.get("signing_name", service), how.get("region", REGION)
    like_s3 = service == "s3"
    signer: Any
    if presigned:
        signer = (S3SigV4QueryAuth if like_s3 else SigV4QueryAuth)(credentials, name, region, expires=presigned)
    else:
        signer = (S3SigV4Auth if like_s3 else SigV4Auth)(credentials, name, region)
    return lambda request, at: _sign_at(signer, request, at)


def _sign_at(signer: Any, request: AWSRequest, at: float) -> None:
    moment = dt.datetime.fromtimestamp(at, dt.UTC).replace(tzinfo=None)
    with mock.patch("botocore.auth.get_current_datetime", return_value=moment):
        signer.add_auth(request)


def http(request: Any, method: str, body: bytes) -> HttpRequest:
    """What a server gets of a prepared request."""
    prepared = request.prepare()
    parts = urlsplit(prepared.url)
    headers = [("host", parts.netloc)]
    for name, value in prepared.headers.items():
        text = value.decode() if isinstance(value, bytes) else str(value)
        if name.lower() != "host":
            headers.append((name.lower(), text.strip()))
    return HttpRequest(
        method=method,
        raw_path=parts.path or "/",
        query=parts.query,
        headers=tuple(headers),
        body=body,
        client="203.0.113.7",
        scheme="https",
    )


def changed(request: HttpRequest, **changes: Any) -> HttpRequest:
    return msgspec.structs.replace(request, **changes)


def with_header(request: HttpRequest, name: str, value: str | None) -> HttpRequest:
    """The request with one header set, or left out for None."""
    rest = tuple(pair for pair in request.headers if pair[0] != name)
    return msgspec.structs.replace(request, headers=rest if value is None else (*rest, (name, value)))
