"""From a refusal to its diagnosis: the cause, and the smallest verified mend."""

from dataclasses import dataclass, replace

from trailwarden import catalog
from trailwarden.arn import Arn
from trailwarden.diagnose.behind import BEHIND, behind
from trailwarden.diagnose.case import Case, MoreNeeded, rebuild
from trailwarden.diagnose.cause import blamed_statements, cause_line, reasons
from trailwarden.diagnose.data import AccountData
from trailwarden.diagnose.destinations import EXAMINED, examine
from trailwarden.diagnose.elsewhere import elsewhere
from trailwarden.diagnose.federation import federated
from trailwarden.diagnose.implied import implied, linked_role_missing, refusals_of
from trailwarden.diagnose.known import code_of, known
from trailwarden.diagnose.mend import Mend
from trailwarden.diagnose.mends import mends_of
from trailwarden.diagnose.refusal import Refusal
from trailwarden.diagnose.remedy import Remedy
from trailwarden.diagnose.requests import conditional_allow, requests_of
from trailwarden.diagnose.special import special
from trailwarden.diagnose.strangers import allowed_causes, bare, by_owner, left, told_by_aws, told_to_owners
from trailwarden.diagnose.tasks import lacking
from trailwarden.diagnose.told import told
from trailwarden.policy import Effect, Layer

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
    refusal = implied(_opened(refusal, data), data)
    told = elsewhere(refusal, data)
    if told is not None:
        return Diagnosis(refusal=refusal, cause=told.cause, mends=told.mends)
    if not refusal.is_denial or _is_exception(refusal, data):
        return _exception(refusal, data)
    try:
        found = special(refusal, data) or federated(refusal, data)
        if found is not None:
            return Diagnosis(refusal=refusal, cause=found.cause, mends=found.mends)
        if _unknown_action(refusal):
            return _no_such_action(refusal)
        cases = [rebuild(each, data) for each in refusals_of(refusal, data)]
    except MoreNeeded as needed:
        return _unjudged(refusal, data, str(needed))
    return _of_cases(cases, data)


def _unjudged(refusal: Refusal, data: AccountData, needed: str) -> Diagnosis:
    """A denial that cannot be judged; a service-linked role can be made whoever the caller was."""
    linked = linked_role_missing(refusal, data)
    if linked is None:
        return _by_words(refusal, needed)
    cause = f"the caller may not make the service-linked role that the call needs ({refusal.resource})"
    return Diagnosis(refusal=refusal, cause=cause, mends=(linked,), needed=(needed,))


def _by_words(refusal: Refusal, needed: str) -> Diagnosis:
    """What AWS's words tell where nobody knows the caller; nothing where the account at hand contradicts them."""
    found = told(refusal) if Arn.parse(refusal.principal) is None else None
    if found is not None:
        return Diagnosis(refusal=refusal, cause=found.cause, mends=found.mends, needed=(needed,))
    trust = (
        (f"the trust policy of {refusal.resource}",) if refusal.action == "sts:AssumeRole" and refusal.resource else ()
    )
    return Diagnosis(refusal=refusal, cause="", needed=(needed, *(each for each in trust if each not in needed)))


def _of_cases(cases: list[Case], data: AccountData) -> Diagnosis:
    """The diagnosis of the first permission that is missing, with a word on those that would be missed next."""
    ordered = sorted(cases, key=lambda case: case.decision.allowed)
    chosen = ordered[0]
    diagnosis = _of_case(chosen.refusal, chosen, data)
    further = tuple(
        f"next: {cause_line(case)}"
        for case in ordered[1:]
        if case.decision.effect is Effect.DENIED and case.granted != chosen.granted
    )
    return replace(diagnosis, reasons=(*diagnosis.reasons, *further)) if further else diagnosis


def _of_case(refusal: Refusal, case: Case, data: AccountData) -> Diagnosis:
    """The diagnosis of a denial; where it is one step of a known task, with everything that the task lacks."""
    aws = told_by_aws(refusal, case)
    if aws is not None:
        return Diagnosis(
            refusal=refusal, cause=aws.cause, reasons=reasons(case), mends=aws.mends, needed=case.missing, case=case
        )
    if case.decision.allowed:
        return _allowed(refusal, case, data)
    if _unknown_side(refusal, case):
        return Diagnosis(refusal=refusal, cause="", needed=case.missing, case=case)
    mends, told = _ways(refusal, case, data), reasons(case)
    task = lacking(refusal, case, data) if mends else None
    return Diagnosis(
        refusal=refusal,
        cause=cause_line(case),
        reasons=told if task is None else (*told, task.told),
        mends=mends if task is None else (task.mend, *mends),
        needed=case.missing,
        case=case,
    )


def _unknown_side(refusal: Refusal, case: Case) -> bool:
    """Whether what blocks first is a policy that is not at hand, and AWS does not blame it: that is no finding."""
    first = case.decision.first
    kind = (
        _SIDES.get(first.layer)
        if first is not None and not first.explicit and first.layer is not refusal.layer
        else None
    )
    return kind is not None and f"{kind} of {case.request.resource}" in case.missing


_SIDES = {Layer.RESOURCE: "the resource-based policy", Layer.TRUST: "the trust policy"}


def _ways(refusal: Refusal, case: Case, data: AccountData) -> tuple[Mend, ...]:
    """The ways out: what the request can do, what the policies can, what owners can; a conditional allow gets no second one."""
    found = [by_owner(case, mend) for mend in mends_of(case)]
    asked = requests_of(case)
    if conditional_allow(case):
        found = [mend for mend in found if mend.remedy is not Remedy.ALLOW]
    if asked:
        found = [mend for mend in found if mend.remedy is not Remedy.REQUEST]
    linked = linked_role_missing(refusal, data)
    owners = () if any(mend.edits and not mend.guardrail for mend in found) else tuple(told_to_owners(case))
    return (*([linked] if linked else []), *asked, *owners, *left(case, found), *found)


def _allowed(refusal: Refusal, case: Case, data: AccountData) -> Diagnosis:
    """What is at hand allows the call: what is not at hand, or time, made the difference."""
    if any("taken to allow" in name for name in case.missing):
        return Diagnosis(refusal=refusal, cause="", needed=case.missing, case=case)
    blamed = blamed_statements(case)
    if blamed:
        return Diagnosis(refusal=refusal, cause=blamed, mends=(_LEFT,), needed=case.missing, case=case)
    s3 = allowed_causes(refusal, case, data)
    if s3 is not None:
        return Diagnosis(refusal=refusal, cause=s3[0], mends=s3[1], needed=case.missing, case=case)
    return Diagnosis(
        refusal=refusal, cause=cause_line(case), reasons=reasons(case), mends=(_AGAIN,), needed=case.missing, case=case
    )


_AGAIN = Mend(title="make the call again; changes take up to a minute to reach every Region", told=Remedy.RETRY)
_LEFT = Mend(
    title="leave the policy; look at what the request really carried for these keys (the event, or the decoded message)",
    told=Remedy.LEAVE,
    approver="whoever set the policy",
)


def _is_exception(refusal: Refusal, data: AccountData) -> bool:
    """Whether an event tells one of the exceptions that are no denial; its action alone would say nothing."""
    if not refusal.event or "not authorized" in refusal.text or refusal.action == "iam:CreateServiceLinkedRole":
        return False
    code = code_of(refusal)
    return code in EXAMINED or code in BEHIND or known(refusal, code, data) is not None


def _exception(refusal: Refusal, data: AccountData) -> Diagnosis:
    code = code_of(refusal)
    try:
        examined = examine(refusal, data, code) or behind(refusal, data, code)
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
    found = known(refusal, code, data) or told(refusal) or bare(refusal)
    if found is None:
        return Diagnosis(refusal=refusal, cause="", needed=(_unread(refusal),))
    return Diagnosis(refusal=refusal, cause=found.cause, mends=found.mends)


def _unread(refusal: Refusal) -> str:
    """What would tell the action, for a text that does not."""
    if refusal.encoded:
        return "the encoded message decoded, by whoever may: aws sts decode-authorization-message --encoded-message ..."
    if refusal.cut:
        return "the encoded authorization message in full: this one was cut off, and then nobody can decode it"
    named = f" of {refusal.operation}" if refusal.operation else ""
    return f"a text that names the action, an authorization id, or the CloudTrail event{named} (by its request id, if the text has one)"


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


def _unknown_action(refusal: Refusal) -> bool:
    """Whether no service has the action; where AWS names a capping layer, the layer is judged all the same."""
    action = refusal.action
    if refusal.layer not in {None, Layer.IDENTITY}:
        return False
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
