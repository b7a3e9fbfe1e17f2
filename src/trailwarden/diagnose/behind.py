"""What a call of CloudTrail's on the organization needs of its caller besides its own action.

CloudTrail makes these calls in the caller's name, and answers one text for whichever of them is refused.

https://docs.aws.amazon.com/awscloudtrail/latest/userguide/creating-an-organizational-trail-prepare.html
"""

from collections.abc import Callable, Mapping

from trailwarden.arn import Arn
from trailwarden.catalog.checks import Check
from trailwarden.diagnose.case import Case, ask
from trailwarden.diagnose.cause import cause_line
from trailwarden.diagnose.data import AccountData
from trailwarden.diagnose.destinations import Examined
from trailwarden.diagnose.mend import Mend
from trailwarden.diagnose.mends import mends_of
from trailwarden.diagnose.refusal import Refusal
from trailwarden.diagnose.tasks import all_at_once
from trailwarden.diagnose.wording import caller_named
from trailwarden.services.cloudtrail import delegation, organization
from trailwarden.services.cloudtrail.requirements import SERVICE
from trailwarden.services.linked_services import LINKED
from trailwarden.services.new_roles import linking

__all__ = ["BEHIND", "behind"]

_REGISTERING: Mapping[str, str] = {
    "RegisterOrganizationDelegatedAdmin": "organizations:RegisterDelegatedAdministrator",
    "DeregisterOrganizationDelegatedAdmin": "organizations:DeregisterDelegatedAdministrator",
}
_AGAIN = Mend(title="make the call again; changes take up to a minute to reach every Region")


def _dependencies(refusal: Refusal, account: str) -> tuple[Check, ...]:
    registering = _REGISTERING.get(refusal.operation)
    if registering is not None:
        return tuple(Check(action=action, resource="*") for action in (*delegation.READS, registering))
    reads = tuple(Check(action=action, resource="*") for action in organization.READS)
    return (*reads, linking(account, SERVICE))


def _linked_roles(_: Refusal, account: str) -> tuple[Check, ...]:
    return tuple(linking(account, service) for service in (SERVICE, delegation.CONTEXT_SERVICE))


BEHIND: Mapping[str, Callable[[Refusal, str], tuple[Check, ...]]] = {
    "InsufficientDependencyServiceAccessPermissionException": _dependencies,
    "InsufficientIAMAccessPermissionException": _linked_roles,
}
"""The exceptions that say no more than that one of these is refused."""


def behind(refusal: Refusal, data: AccountData, code: str) -> Examined | None:
    """Which of the permissions behind the call are missing; None for another exception, or where no caller is told.

    Raises MoreNeeded, Unreadable.
    """
    caller = Arn.parse(refusal.principal)
    needed = BEHIND.get(code)
    if needed is None or caller is None:
        return None
    checks = needed(refusal, caller.account)
    cases = [_case(refusal, data, check, caller.account) for check in checks if not _made(check, data, caller.account)]
    failing = tuple(case for case in cases if not case.decision.allowed)
    missing = tuple(dict.fromkeys(name for case in cases for name in case.missing))
    if not failing:
        cause = "the policies at hand allow everything that the call needs by now"
        return Examined(cause=cause, reasons=(), mends=(_AGAIN,), missing=missing)
    listed = ", ".join(dict.fromkeys(case.request.action for case in failing))
    return Examined(
        cause=f"CloudTrail acts for its caller, and {caller_named(failing[0])} lacks {listed}",
        reasons=tuple(map(cause_line, failing)),
        mends=_mends(failing, refusal.operation),
        missing=missing,
    )


def _made(check: Check, data: AccountData, account: str) -> bool:
    """Whether the service-linked role that a check is about stands already, so that nobody has to make it."""
    service = check.context.get("iam:AWSServiceName")
    known = data.account(account)
    if not isinstance(service, str) or known is None:
        return False
    return known.find("role", LINKED[service][0]) is not None


def _case(refusal: Refusal, data: AccountData, check: Check, account: str) -> Case:
    return ask(
        refusal,
        data,
        principal=refusal.principal,
        action=check.action,
        resource=check.resource,
        context={"aws:RequestedRegion": data.region, **check.context},
        owner=account,
    )


def _mends(failing: tuple[Case, ...], operation: str) -> tuple[Mend, ...]:
    """All of them granted at once; where that does not do, what helps the first."""
    granted = all_at_once("Organization", operation or "call CloudTrail for the organization", failing)
    return (granted,) if granted is not None else mends_of(failing[0])
