"""Permissions that were decided before, where nothing could decide them otherwise now."""

from collections.abc import Iterator

import msgspec

from trailwarden.policy import AccessRequest, Decision, Policy, PolicySet, Principal, evaluate

__all__ = ["Decisions"]

_REMEMBERED = 8_192
_LONGEST = 512
"""Resources with longer names are judged each time."""


class _Known(msgspec.Struct, frozen=True):
    """What was allowed, and all that its decision was made of besides the action and the resource's name."""

    principal: Principal
    policies: PolicySet
    account: str
    managed: bool
    decision: Decision


class Decisions:
    """Decides requests, and remembers those allowed by statements without conditions and variables.

    Such a decision follows from principal, action, resource and policies alone, so that it holds as long as these are
    the same: the very set of policies, not an equal one. `Decision.request` is then the first request of that kind.
    """

    def __init__(self) -> None:
        self._known: dict[tuple[str, str, str], _Known] = {}

    def of(self, request: AccessRequest, policies: PolicySet) -> Decision:
        """The decision that `evaluate` makes."""
        principal, account = request.principal, request.resource_account
        key = (principal.arn, request.action, request.resource)
        known = self._known.get(key)
        if (
            known is not None
            and known.policies is policies
            and known.account == account
            and known.managed is request.resource_in_management_account
            and (known.principal is principal or known.principal == principal)
        ):
            return known.decision
        decision = evaluate(request, policies)
        if decision.allowed and len(request.resource) <= _LONGEST and _is_plain(request, policies):
            if len(self._known) >= _REMEMBERED:
                self._known.clear()
            managed = request.resource_in_management_account
            self._known[key] = _Known(principal, policies, account, managed, decision)
        return decision


def _is_plain(request: AccessRequest, policies: PolicySet) -> bool:
    """Whether no statement that concerns the action asks for the context."""
    action = request.action.lower()
    return not request.resource_aws_managed and not any(
        found.statement.conditions or found.statement.resource_templates
        for policy in _every(policies)
        for found in policy.candidates(action)
    )


def _every(policies: PolicySet) -> Iterator[Policy]:
    for part in (policies.identity, policies.boundary, policies.session, policies.endpoint):
        yield from part or ()
    yield from policies.resource
    yield from policies.trust
    for level in (*policies.scps, *policies.rcps, *policies.scoped):
        yield from level
