"""Handlers called directly, over a real store."""

import dataclasses
from collections.abc import Mapping
from typing import Any

from trailwarden.auth.authorize import Authorizer
from trailwarden.auth.facts import FactsProvider
from trailwarden.auth.identities import ACCESS_KEY, ROLE, USER, AccessKey
from trailwarden.auth.sealing import Vault
from trailwarden.auth.stages import Authenticated, Authorized, Caller, Resolved
from trailwarden.clock import Chance
from trailwarden.policy import Principal, PrincipalKind
from trailwarden.services.call import Call
from trailwarden.services.iam.facts import iam_facts
from trailwarden.services.registry import HANDLERS
from trailwarden.services.settings import Settings
from trailwarden.services.world import World
from trailwarden.storage import Storage, Transaction
from trailwarden.wire.http import HttpRequest
from trailwarden.wire.parsed import Parsed, Route

ACCOUNT = "123456789012"
OTHER = "111122223333"
ROOT = f"arn:aws:iam::{ACCOUNT}:root"
NOW = 1_750_000_000.0


@dataclasses.dataclass(slots=True, kw_only=True)
class Desk:
    """Calls handlers as `caller` (the root user unless told otherwise); each success is committed."""

    storage: Storage
    vault: Vault
    now: float = NOW
    region: str = "us-east-1"
    chance: Chance = dataclasses.field(default_factory=Chance)
    facts: Mapping[str, FactsProvider] = dataclasses.field(default_factory=lambda: {"iam": iam_facts})

    def world(self) -> World:
        return World(
            transaction=self.storage.begin(),
            storage=self.storage,
            authorizer=Authorizer(self.facts, chance=self.chance),
            vault=self.vault,
            chance=self.chance,
            now=self.now,
            settings=Settings(),
            facts=self.facts,
        )

    def world_on(self, transaction: Transaction) -> World:
        """The world as a service sees it that acts by itself."""
        return dataclasses.replace(self.world(), transaction=transaction)

    def call(
        self,
        operation: str,
        params: Mapping[str, Any] | None = None,
        *,
        caller: Caller | None = None,
        region: str = "",
        account: str = "",
    ) -> Mapping[str, Any]:
        world = self.world()
        who = caller or root()
        given = self.given(operation, params or {}, who, region or self.region, account)
        answer = HANDLERS[operation](given, world) or {}
        self.storage.commit(world.transaction).result(10)
        return answer

    def given(
        self, operation: str, params: Mapping[str, Any], caller: Caller, region: str = "us-east-1", account: str = ""
    ) -> Call:
        service, _, name = operation.partition(":")
        request = HttpRequest(method="POST", raw_path="/", query="", headers=(), body=b"", client="192.0.2.1")
        route = Route(service=service, operation=name, protocol="query", family="query")
        parsed = Parsed(request=request, route=route, params=params, request_id="r-1")
        authenticated = Authenticated(
            parsed=parsed,
            caller=caller,
            region=region,
            account=account or caller.principal.account,
            body=b"",
            now=self.now,
        )
        return Call(Authorized(resolved=Resolved(authenticated=authenticated, checks=()), judged=()))

    def as_user(self, name: str, account: str = ACCOUNT) -> Caller:
        document = self.storage.begin().get(USER, account, "", name.lower())
        assert document is not None
        user = document.body
        principal = Principal(
            kind=PrincipalKind.USER, account=account, arn=user.arn, issuer_arn=user.arn, unique_id=user.id
        )
        return Caller(principal=principal, user_name=user.name, tags=user.tags)

    def as_session(self, answer: Mapping[str, Any]) -> Caller:
        """The caller that credentials from STS stand for."""
        opened = self.vault.open_token(answer["Credentials"]["SessionToken"])
        assert opened is not None
        return Caller(
            principal=opened.principal,
            access_key=opened.access_key_id,
            user_name=opened.user_name,
            session=opened.session,
        )

    def key(self, key_id: str) -> AccessKey:
        document = self.storage.begin().get(ACCESS_KEY, "", "", key_id)
        assert document is not None
        return document.body

    def trust_of(self, role: str, account: str = ACCOUNT) -> str:
        document = self.storage.begin().get(ROLE, account, "", role.lower())
        assert document is not None
        return document.body.trust


def root(account: str = ACCOUNT) -> Caller:
    arn = f"arn:aws:iam::{account}:root"
    principal = Principal(kind=PrincipalKind.ROOT, account=account, arn=arn, issuer_arn=arn, unique_id=account)
    return Caller(principal=principal)
