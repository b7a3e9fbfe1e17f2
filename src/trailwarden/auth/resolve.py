"""From a proved call to the permissions it needs."""

from collections.abc import Callable, Mapping
from typing import Any, Protocol

from trailwarden import catalog
from trailwarden.auth.errors import NoKnownPermission
from trailwarden.auth.lookup import Answer, lookup_of
from trailwarden.auth.stages import Authenticated, Resolved
from trailwarden.catalog.checks import Check
from trailwarden.policy import PrincipalKind
from trailwarden.storage.ports import Transaction

__all__ = ["ChecksOf", "Resolver"]

_PROVED_BY_MEMBER = frozenset({("sts", "AssumeRoleWithSAML"), ("sts", "AssumeRoleWithWebIdentity")})
"""Unsigned calls whose principal stands in a token among the members. Only the handler can read it, so it is the handler
that asks, through `Authorizer.demand`."""


class ChecksOf(Protocol):
    """The catalog's `checks_of`."""

    def __call__(  # noqa: D102, PLR0913 — the catalog says it
        self,
        service: str,
        operation: str,
        params: Mapping[str, Any],
        *,
        account: str,
        region: str,
        partition: str = "aws",
        lookup: Callable[[str, str], str | None] | None = None,
    ) -> tuple[Check, ...]: ...


class Resolver:
    """Asks the catalog. `more` answers kinds of lookups that identities and organizations do not (see `lookup_of`)."""

    def __init__(self, checks_of: ChecksOf, more: Mapping[str, Answer] | None = None) -> None:
        self._checks_of = checks_of
        self._more = more

    def resolve(self, authenticated: Authenticated, transaction: Transaction) -> Resolved:
        """The call with its checks. Raises NoKnownPermission: unknown means deny."""
        route = authenticated.parsed.route
        anonymous = authenticated.caller.principal.kind is PrincipalKind.ANONYMOUS
        if anonymous and (route.service, route.operation) in _PROVED_BY_MEMBER:
            return Resolved(authenticated=authenticated, checks=())
        try:
            checks = self._checks_of(
                route.service,
                route.operation,
                authenticated.parsed.params,
                account=authenticated.account,
                region=authenticated.region,
                lookup=lookup_of(authenticated, transaction, self._more),
            )
        except catalog.UnknownAction:
            raise _unknown(authenticated) from None
        if anonymous and not checks:
            raise _unknown(authenticated)
        return Resolved(authenticated=authenticated, checks=tuple(checks))


def _unknown(authenticated: Authenticated) -> NoKnownPermission:
    route = authenticated.parsed.route
    caller = authenticated.caller.principal.arn or "anonymous"
    return NoKnownPermission(caller=caller, operation=f"{route.service}:{route.operation}")
