"""Everything a handler may touch besides its call: one transaction, the clock, chance, and the rooms below."""

import dataclasses
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TypeVar

import msgspec

from trailwarden.arn import Arn
from trailwarden.auth.authorize import Authorizer
from trailwarden.auth.context import request_context
from trailwarden.auth.facts import FactsProvider, ResourceFacts
from trailwarden.auth.sealing import Vault
from trailwarden.auth.stages import Caller, Session
from trailwarden.catalog.checks import Check
from trailwarden.clock import Chance
from trailwarden.policy import ContextValue, Principal, PrincipalKind
from trailwarden.services.call import Call
from trailwarden.services.diagnosing import Diagnosing
from trailwarden.services.settings import Settings
from trailwarden.storage.ports import Document, Kind, Storage, Transaction

__all__ = ["World"]

T = TypeVar("T", bound=msgspec.Struct)

_ROLE_SESSION = 3600.0


@dataclass(frozen=True, slots=True, kw_only=True)
class World:
    """The state of all services as this call sees and changes it.

    Services reach each other's resources only through these methods and `facts`; nothing written here exists for
    others before the call's transaction commits.
    """

    transaction: Transaction
    storage: Storage
    authorizer: Authorizer
    vault: Vault
    chance: Chance
    now: float
    settings: Settings
    facts: Mapping[str, FactsProvider]
    diagnosing: Diagnosing | None = None

    def find(self, kind: Kind[T], account: str, region: str, name: str) -> T | None:
        """The body of a document, or None."""
        document = self.transaction.get(kind, account, region, name)
        return document.body if document else None

    def list(
        self,
        kind: Kind[T],
        account: str | None = None,
        region: str | None = None,
        *,
        prefix: str = "",
        after: str = "",
        limit: int | None = None,
    ) -> Sequence[Document[T]]:
        """Documents in order; see `Reader.list`."""
        return self.transaction.list(kind, account, region, prefix=prefix, after=after, limit=limit)

    def put(self, kind: Kind[T], account: str, region: str, name: str, body: T) -> None:
        """Write a document."""
        self.transaction.put(kind, account, region, name, body)

    def delete(self, kind: Kind[T], account: str, region: str, name: str) -> None:
        """Remove a document."""
        self.transaction.delete(kind, account, region, name)

    def resource(self, arn: Arn) -> ResourceFacts | None:
        """Whose a resource is and which policies hang on it; None where it does not exist or its service is not built."""
        provider = self.facts.get(arn.service)
        facts = provider(arn, self.transaction) if provider else None
        return None if facts is None or facts.absent else facts

    def service_may(self, service: str, action: str, resource: str, context: Mapping[str, ContextValue]) -> bool:
        """Whether the resource's own policies let an AWS service do this, as `cloudtrail.amazonaws.com` asks a bucket."""
        principal = Principal(kind=PrincipalKind.SERVICE, account="", arn=service)
        return self._may(Caller(principal=principal), action, resource, context)

    def caller_may(self, call: Call, check: Check, *, via: str) -> bool:
        """Whether the caller itself may do what the service `via` (its principal) is about to do in its name.

        https://docs.aws.amazon.com/IAM/latest/UserGuide/access_forward_access_sessions.html
        """
        judged = self.authorizer.judge(
            dataclasses.replace(call.caller, invoked_by=via),
            check,
            self.transaction,
            now=self.now,
            region=call.region,
            context=request_context(call.authorized.resolved.authenticated),
        )
        return judged.decision.allowed

    def role_may(
        self, role_arn: str, action: str, resource: str, context: Mapping[str, ContextValue] | None = None
    ) -> bool:
        """Whether a session of the role, made by a service, may do this."""
        role = Arn.parse(role_arn)
        if role is None:
            return False
        principal = Principal(
            kind=PrincipalKind.ROLE_SESSION,
            account=role.account,
            arn=f"arn:{role.partition}:sts::{role.account}:assumed-role/{role.name}/trailwarden",
            issuer_arn=role_arn,
        )
        session = Session(
            created=self.now,
            expires=self.now + _ROLE_SESSION,
            issuer_type="Role",
            issuer_arn=role_arn,
            issuer_name=role.name,
            issuer_account=role.account,
        )
        return self._may(Caller(principal=principal, session=session), action, resource, context or {})

    def role_serves(
        self, role_arn: str, service: str, action: str, resource: str, context: Mapping[str, ContextValue]
    ) -> bool:
        """Whether an AWS service may assume the role, as its trust policy says now, and the role may do this."""
        role = Arn.parse(role_arn)
        known = role is not None and self.resource(role) is not None
        trusted = known and self.service_may(service, "sts:AssumeRole", role_arn, context)
        return trusted and self.role_may(role_arn, action, resource)

    def _may(self, caller: Caller, action: str, resource: str, context: Mapping[str, ContextValue]) -> bool:
        judged = self.authorizer.judge(
            caller,
            Check(action=action, resource=resource),
            self.transaction,
            now=self.now,
            region=self.settings.region,
            context=context,
        )
        return judged.decision.allowed
