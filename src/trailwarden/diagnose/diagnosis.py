"""From a refusal to its diagnosis: the cause, and the smallest verified mend."""

from dataclasses import dataclass, replace

from trailwarden import catalog
from trailwarden.diagnose.case import Case, MoreNeeded, rebuild
from trailwarden.diagnose.cause import cause_line, reasons
from trailwarden.diagnose.data import AccountData
from trailwarden.diagnose.destinations import EXAMINED, examine
from trailwarden.diagnose.known import code_of, known
from trailwarden.diagnose.mends import Mend, mends_of
from trailwarden.diagnose.refusal import Refusal
from trailwarden.diagnose.tasks import lacking

__all__ = ["Diagnosis", "diagnose"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Diagnosis:
    """The answer. `cause` and each of `reasons` is a sentence without its full stop.

    `needed` names data without which the cause stays open; a diagnosis with it and without `mends` is not finished.
    """

    refusal: Refusal
    cause: str
    reasons: tuple[str, ...] = ()
    mends: tuple[Mend, ...] = ()
    needed: tuple[str, ...] = ()
    case: Case | None = None

    @property
    def found(self) -> bool:
        """Whether the cause is found."""
        return bool(self.cause)


def diagnose(refusal: Refusal, data: AccountData) -> Diagnosis:
    """Why the call was refused and what helps. Raises Unreadable where the account data cannot be had."""
    refusal = _opened(refusal, data)
    if not refusal.is_denial or _is_exception(refusal):
        return _exception(refusal, data)
    if _unknown_action(refusal.action):
        return _no_such_action(refusal)
    try:
        case = rebuild(refusal, data)
    except MoreNeeded as needed:
        return Diagnosis(refusal=refusal, cause="", needed=(str(needed),))
    return _of_case(refusal, case, data)


def _of_case(refusal: Refusal, case: Case, data: AccountData) -> Diagnosis:
    """The diagnosis of a denial; where it is one step of a known task, with everything that the task lacks."""
    mends, told = mends_of(case), reasons(case)
    task = lacking(refusal, case, data) if mends else None
    return Diagnosis(
        refusal=refusal,
        cause=cause_line(case),
        reasons=told if task is None else (*told, task.told),
        mends=mends if task is None else (task.mend, *mends),
        needed=case.missing,
        case=case,
    )


def _is_exception(refusal: Refusal) -> bool:
    """Whether an event tells one of the exceptions that are no denial; its action alone would say nothing."""
    if not refusal.event or "not authorized" in refusal.text:
        return False
    code = code_of(refusal)
    return code in EXAMINED or known(refusal, code) is not None


def _exception(refusal: Refusal, data: AccountData) -> Diagnosis:
    code = code_of(refusal)
    try:
        examined = examine(refusal, data, code)
    except MoreNeeded as needed:
        return Diagnosis(refusal=refusal, cause="", needed=(str(needed),))
    if examined is not None:
        return Diagnosis(
            refusal=refusal,
            cause=examined.cause,
            reasons=examined.reasons,
            mends=examined.mends,
            needed=examined.missing,
        )
    found = known(refusal, code)
    if found is None:
        return Diagnosis(refusal=refusal, cause="", needed=("a text that names the action, or an authorization id",))
    return Diagnosis(refusal=refusal, cause=found.cause, mends=found.mends)


def _opened(refusal: Refusal, data: AccountData) -> Refusal:
    """The refusal with what an authorization id or an encoded message tells."""
    if refusal.authorization_id or refusal.event_id:
        kept = data.evaluated(refusal.authorization_id or refusal.event_id)
        if kept is not None:
            return replace(
                refusal,
                action=kept.action,
                performed=refusal.performed or kept.action,
                resource=kept.resource,
                principal=kept.principal or refusal.principal,
                context=kept.context,
            )
    if refusal.encoded and not refusal.action:
        decoded = data.decode(refusal.encoded)
        if decoded is not None:
            return _decoded(refusal, decoded.get("context", {}))
    return refusal


def _decoded(refusal: Refusal, context: object) -> Refusal:
    """What a decoded authorization message tells.

    https://docs.aws.amazon.com/STS/latest/APIReference/API_DecodeAuthorizationMessage.html
    """
    if not isinstance(context, dict):
        return refusal
    principal = context.get("principal") or {}
    return replace(
        refusal,
        principal=refusal.principal or str(principal.get("arn", "")),
        action=str(context.get("action", "")),
        performed=str(context.get("action", "")),
        resource=str(context.get("resource", "")),
    )


def _unknown_action(action: str) -> bool:
    return ":" in action and "*" not in action and catalog.action(action) is None


def _no_such_action(refusal: Refusal) -> Diagnosis:
    """An action that no service has: nothing that is granted can make the call succeed."""
    return Diagnosis(
        refusal=refusal,
        cause=f"{refusal.action} is no action of AWS, so no policy can have granted it",
        reasons=("the service authorization reference lists no such action",),
        mends=(
            Mend(
                title="call an operation that exists; for this one an identity-based policy would need the statement "
                f'{{"Effect": "Allow", "Action": "{refusal.action}", "Resource": "{refusal.resource or "*"}"}}',
                approver="an administrator of the account",
            ),
        ),
    )
