"""A stock S3 client whose requests go through the real wire, handlers and SQLite store, and through no socket."""

import io
import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import cache
from types import MappingProxyType
from typing import Any
from urllib.parse import urlsplit

import boto3
import pytest
from botocore.awsrequest import AWSResponse
from botocore.config import Config
from botocore.exceptions import ClientError

from trailwarden import wire
from trailwarden.auth.authorize import Authorizer
from trailwarden.auth.callers import canonical_id
from trailwarden.auth.facts import FactsProvider
from trailwarden.auth.identities import ACCOUNT, USER, Account, User
from trailwarden.auth.sealing import Vault
from trailwarden.auth.stages import Authenticated, Authorized, Caller, Resolved
from trailwarden.clock import Chance
from trailwarden.errors import AwsError
from trailwarden.policy import Principal, PrincipalKind
from trailwarden.services.call import Call
from trailwarden.services.registry import HANDLERS
from trailwarden.services.s3 import s3_facts
from trailwarden.services.settings import Settings
from trailwarden.services.world import World
from trailwarden.storage import Storage

OWNER, OTHER = "123456789012", "111122223333"


class _Raw(io.BytesIO):
    """What botocore reads a response from."""

    def stream(self, **_: object) -> Iterator[bytes]:
        while piece := self.read():
            yield piece


@dataclass
class Desk:
    """One server's S3. `now` is the time that calls are made at."""

    storage: Storage
    now: float = 1_700_000_000.0
    chance: Chance = field(default_factory=Chance)
    facts: dict[str, FactsProvider] = field(default_factory=lambda: {"s3": s3_facts})

    def settle(self) -> None:
        """Two accounts, each with a user who may everything in S3; the first also with one who may only read objects."""
        transaction = self.storage.begin()
        for account in (OWNER, OTHER):
            transaction.put(ACCOUNT, account, "", account, Account(id=account, created=self.now))
        for account, name, action in (
            (OWNER, "mateojackson", "s3:*"),
            (OWNER, "reader", "s3:GetObject"),
            (OTHER, "marymajor", "s3:*"),
        ):
            policy = {"Version": "2012-10-17", "Statement": {"Effect": "Allow", "Action": action, "Resource": "*"}}
            user = User(
                name=name,
                id=self.chance.unique_id("AIDA"),
                arn=f"arn:aws:iam::{account}:user/{name}",
                created=self.now,
                inline={"s3": json.dumps(policy)},
            )
            transaction.put(USER, account, "", name, user)
        self.storage.commit(transaction).result()

    def client(self, *, account: str = OWNER, user: str = "mateojackson", region: str = "us-east-1") -> Any:
        """A client of that identity; they are made once, and talk to the desk that was asked last."""
        _CURRENT["desk"] = self
        return _client(account, user, region)

    def answer(self, request: wire.HttpRequest, caller: Caller, region: str) -> wire.HttpResponse:
        route = wire.route(request)
        transaction = self.storage.begin()
        try:
            parsed = wire.read(request, route, "request-1")
            wire.validate(parsed)
            authenticated = Authenticated(
                parsed=parsed,
                caller=caller,
                region=region,
                account=caller.principal.account,
                body=request.body,
                now=self.now,
            )
            call = Call(Authorized(resolved=Resolved(authenticated=authenticated, checks=()), judged=()))
            result = HANDLERS[f"s3:{route.operation}"](call, self.world(transaction))
        except AwsError as error:
            return wire.write_error(route, error, request, "request-1")
        self.storage.commit(transaction).result()
        return wire.write(route, result or {}, request, "request-1")

    def call(
        self, operation: str, params: dict[str, Any], *, body: bytes = b"", trailer: tuple[str, str] = ("", "")
    ) -> Call:
        """A call that never was signed; with a trailer, its payload came in one chunk."""
        name, value = trailer
        chunked = b"%x\r\n%b\r\n0\r\n%b:%b\r\n\r\n" % (len(body), body, name.encode(), value.encode())
        request = wire.HttpRequest(
            method="PUT",
            raw_path="/",
            query="",
            headers=(("x-amz-trailer", name),) if name else (),
            body=chunked if name else body,
            client="192.0.2.1",
        )
        route = wire.Route(service="s3", operation=operation, protocol="rest-xml", family="s3")
        authenticated = Authenticated(
            parsed=wire.Parsed(request=request, route=route, params=params, request_id="request-2"),
            caller=_caller(OWNER, "mateojackson"),
            region="us-east-1",
            account=OWNER,
            body=body,
            now=self.now,
        )
        return Call(Authorized(resolved=Resolved(authenticated=authenticated, checks=()), judged=()))

    def world(self, transaction: Any) -> World:
        return World(
            transaction=transaction,
            storage=self.storage,
            authorizer=Authorizer(self.facts, chance=self.chance, managed=lambda _: None),
            vault=Vault(bytes(32)),
            chance=self.chance,
            now=self.now,
            settings=Settings(),
            facts=MappingProxyType(self.facts),
        )


_CURRENT: dict[str, Desk] = {}


def _caller(account: str, user: str) -> Caller:
    principal = Principal(
        kind=PrincipalKind.USER,
        account=account,
        arn=f"arn:aws:iam::{account}:user/{user}",
        canonical_id=canonical_id(account),
    )
    return Caller(principal=principal, user_name=user)


@cache
def _client(account: str, user: str, region: str) -> Any:
    client = boto3.client(
        "s3",
        region_name=region,
        endpoint_url="http://127.0.0.1:4566",
        aws_access_key_id="AKIAIOSFODNN7EXAMPLE",
        aws_secret_access_key="none",
        config=Config(s3={"addressing_style": "path"}, retries={"max_attempts": 1}),
    )
    caller = _caller(account, user)

    def send(request: Any, **_: object) -> Any:
        answer = _CURRENT["desk"].answer(_http(request), caller, region)
        headers: Any = dict(answer.headers)
        return AWSResponse(request.url, answer.status, headers, _Raw(answer.body))

    client.meta.events.register("before-send.s3", send)
    return client


def _http(request: Any) -> wire.HttpRequest:
    url = urlsplit(request.url)
    body = request.body
    data = body.read() if hasattr(body, "read") else body or b""
    headers = [
        (name.lower(), value.decode() if isinstance(value, bytes) else str(value))
        for name, value in request.headers.items()
    ]
    return wire.HttpRequest(
        method=request.method,
        raw_path=url.path,
        query=url.query,
        headers=(("host", url.netloc), *headers),
        body=data.encode() if isinstance(data, str) else bytes(data),
        client="192.0.2.1",
    )


def refusal(act: Callable[..., object], **arguments: Any) -> dict[str, Any]:
    """The error that a client's call ends with, its status among its members."""
    with pytest.raises(ClientError) as caught:
        act(**arguments)
    response = caught.value.response
    return {**response["Error"], "Status": response["ResponseMetadata"]["HTTPStatusCode"]}
