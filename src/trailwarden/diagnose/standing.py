"""The policies that stand in an account, each compiled once, for judging many requests."""

from dataclasses import dataclass, replace
from typing import NamedTuple

from trailwarden.arn import Arn
from trailwarden.diagnose.account import Identity
from trailwarden.diagnose.case import Case, MoreNeeded, ask
from trailwarden.diagnose.compiling import compile_for
from trailwarden.diagnose.data import FileData
from trailwarden.diagnose.refusal import Refusal
from trailwarden.policy import (
    AccessRequest,
    Decision,
    Layer,
    MalformedPolicy,
    Policy,
    PolicySet,
    Source,
    context_keys,
    evaluate,
)

__all__ = ["HangingPlace", "Standing", "compiled", "documents_of", "keys_of"]

_NOBODY = Refusal(text="")
_RESOURCES_MAX = 100_000
_LOOKING = "trailwarden.invalid"
"""A principal that no policy names: who only looks what hangs on a resource."""


@dataclass(frozen=True, slots=True, eq=False)
class _Hanging:
    """What hangs on one resource, and which data of it is missing. Each is itself alone, so that it is a quick key."""

    resource: tuple[Policy, ...] = ()
    trust: tuple[Policy, ...] = ()
    missing: tuple[str, ...] = ()


_NOTHING = _Hanging()


class HangingPlace(NamedTuple):
    """What hangs on a resource, and whether it is the account's own, which its organization's policies cap."""

    hanging: _Hanging
    own: bool


class Standing:
    """All policies of account data. Not for use by two threads at once."""

    def __init__(self, data: FileData) -> None:
        self.data = data
        self._callers: dict[str, Case | MoreNeeded] = {}
        self._resources: dict[tuple[str, bool], _Hanging] = {}

    def caller(self, principal: str) -> Case:
        """The case of a caller that asks nothing yet: who it is, and the policies that bear on it. Raises MoreNeeded."""
        found = self._callers.get(principal)
        if found is None:
            found = self._callers[principal] = self._asked(principal)
        if isinstance(found, MoreNeeded):
            raise found
        return found

    def _asked(self, principal: str) -> Case | MoreNeeded:
        try:
            return ask(_NOBODY, self.data, principal=principal, action="none:None", resource="*", context={}, owner="")
        except MoreNeeded as needed:
            return needed

    def identity(self, principal: str) -> Identity | None:
        """The user or role behind a caller. Raises MoreNeeded."""
        return self.caller(principal).identity

    def decide(self, principal: str, request: AccessRequest) -> tuple[Decision, tuple[str, ...]]:
        """The decision, and which data is missing for it. Raises MoreNeeded."""
        place = self.place(request)
        decision = evaluate(request, self.policies(principal, place))
        return decision, (*self.caller(principal).missing, *place.hanging.missing)

    def place(self, request: AccessRequest) -> "HangingPlace":
        """On what policies besides the caller's a request depends."""
        hanging = self._hanging(request.resource, trusted=request.action.lower().startswith("sts:"))
        return HangingPlace(hanging, request.resource_account in {"", self.data.details.id})

    def policies(self, principal: str, place: "HangingPlace") -> PolicySet:
        """All policies that bear on a caller's requests in that place. Raises MoreNeeded."""
        case = self.caller(principal)
        found: PolicySet = replace(
            case.policies,
            resource=place.hanging.resource,
            trust=place.hanging.trust,
            rcps=self._controls(case) if place.own else (),
        )
        return found

    def _controls(self, case: Case) -> tuple[tuple[Policy, ...], ...]:
        """The resource control policies over the account at hand; a service's own case is of no account."""
        if case.request.principal.account:
            return case.policies.rcps
        return self.caller(f"arn:aws:iam::{self.data.details.id}:root").policies.rcps

    def _hanging(self, resource: str, *, trusted: bool) -> _Hanging:
        holder = resource.partition("/")[0] if ":s3:::" in resource else resource
        found = self._resources.get((holder, trusted))
        if found is None:
            if len(self._resources) >= _RESOURCES_MAX:
                self._resources.clear()
            found = self._resources[holder, trusted] = self._look(holder, trusted=trusted)
        return found

    def _look(self, holder: str, *, trusted: bool) -> _Hanging:
        arn = Arn.parse(holder)
        if arn is None or (self.data.resource_policies(arn) == () and not (trusted and arn.type == "role")):
            return _NOTHING
        action = "sts:AssumeRole" if trusted else "none:None"
        case = ask(_NOBODY, self.data, principal=_LOOKING, action=action, resource=holder, context={}, owner="")
        return _Hanging(case.policies.resource, case.policies.trust, case.missing)


def documents_of(data: FileData) -> set[str]:
    """Every policy document in the data, the attached ones of AWS included."""
    account = data.details
    found = {text for levels in (data.organization or {}).values() for level in levels for _, text in level}
    found.update(data.policies.values(), data.sessions.values(), account.policies.values())
    for identity in account.identities.values():
        found.update(identity.inline.values())
        managed = (account.policy(arn) for arn in (*identity.attached, identity.boundary) if arn)
        found.update(text for text in managed if text)
        found.add(identity.trust)
    return found - {""}


def compiled(texts: set[str]) -> tuple[Policy, ...]:
    """The documents that are policies, in order."""
    found: list[Policy] = []
    for text in sorted(texts):
        try:
            found.append(compile_for(text, Source(layer=Layer.IDENTITY, id="")))
        except MalformedPolicy:
            continue
    return tuple(found)


def keys_of(policies: tuple[Policy, ...]) -> frozenset[str]:
    """The condition keys that any of the policies asks for, in lower case."""
    return frozenset(key.lower() for policy in policies for key in context_keys(policy))
