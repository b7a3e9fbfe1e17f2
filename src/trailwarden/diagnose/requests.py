"""How a request has to change so that a policy lets it through as it stands.

https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_condition_operators.html
"""

from collections.abc import Iterable, Iterator, Mapping

from trailwarden.diagnose.case import Case
from trailwarden.diagnose.mend import Mend
from trailwarden.diagnose.remedy import Remedy
from trailwarden.diagnose.wording import statement_named
from trailwarden.policy import Condition, Element, Found, Layer, near_misses

__all__ = ["conditional_allow", "requests_of"]

_CALLERS = (
    "aws:principal",
    "aws:userid",
    "aws:username",
    "aws:viaawsservice",
    "aws:calledvia",
    "aws:source",
    "aws:resource",
    "aws:federatedprovider",
    "kms:viaservice",
)
"""What no caller can put into a request: who it is, for whom a service acts, what the resource is."""

_ROUTES = ("aws:sourceip", "aws:sourcevpc", "aws:sourcevpce", "aws:vpcsourceip")

_HOW: Mapping[str, str] = {
    "aws:multifactorauthpresent": "make it from a session with MFA (aws sts get-session-token --serial-number ARN --token-code CODE): "
    "an access key alone carries no MFA, whether the user has a device or not",
    "aws:requestedregion": "make it in {values} ({key})",
    "aws:sourcevpce": "make it through the VPC endpoint {values} ({key})",
    "aws:sourcevpc": "make it from the VPC {values} ({key})",
    "aws:sourceip": "make it from {values} ({key})",
    "aws:securetransport": "make it over TLS ({key})",
    "iam:permissionsboundary": "give what is made the permissions boundary {values} ({key}, --permissions-boundary)",
    "sts:externalid": "send the external id that was agreed ({key})",
    "iam:passedtoservice": "pass the role to {values} ({key})",
    "dynamodb:leadingkeys": "ask only for items whose key is {values} ({key})",
}
_TAG = "aws:requesttag/"
_GLOBAL = frozenset(
    {"iam", "organizations", "cloudfront", "route53", "support", "globalaccelerator", "shield", "waf", "budgets"}
)
"""Their calls are all made in one Region, whatever the caller chooses.

https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_condition-keys.html#condition-keys-requestedregion
"""


def requests_of(case: Case) -> tuple[Mend, ...]:
    """The changes of the request that would do, each without any change of a policy; none where another reason remains."""
    return tuple(dict.fromkeys((*_out_of_denies(case), *_into_allows(case))))


def conditional_allow(case: Case) -> bool:
    """Whether an identity-based policy allows the call under a condition: a second allow would break what was meant."""
    missed = any(
        miss.element is Element.CONDITION and miss.part.layer is Layer.IDENTITY for miss in near_misses(case.decision)
    )
    turned = any(_is_conditional_identity(turn.found) for turn in case.decision.turns)
    return missed or turned


def _is_conditional_identity(found: Found) -> bool:
    return found.statement.allows and found.policy.source.layer is Layer.IDENTITY


def _out_of_denies(case: Case) -> Iterator[Mend]:
    decision = case.decision
    denying = [
        found for block in (*decision.blocks, *decision.doubtful) if block.explicit for found in block.statements
    ]
    turned = [turn.found for turn in decision.turns if not turn.found.statement.allows]
    for found in dict.fromkeys((*denying, *turned)):
        for condition in found.statement.conditions:
            how = _how(case, condition, denies=True)
            if how:
                yield _mend(found, how)


def _into_allows(case: Case) -> Iterator[Mend]:
    for miss in near_misses(case.decision):
        if miss.element is Element.CONDITION and miss.condition is not None:
            how = _how(case, miss.condition, denies=False)
            if how:
                yield _mend(Found(miss.part.policy, miss.part.statement), how)
    for turn in case.decision.turns:
        if turn.found.statement.allows:
            yield from (_mend(turn.found, how) for how in _all_of(case, turn.conditions))


def _all_of(case: Case, conditions: Iterable[Condition]) -> Iterator[str]:
    hows = [_how(case, condition, denies=False) for condition in conditions]
    if hows and all(hows):
        yield " and ".join(hows)


def _mend(found: Found, how: str) -> Mend:
    named = statement_named(found.policy, found.statement)
    verb = "allows it then" if found.statement.allows else "spares it then"
    return Mend(title=f"change the request: {how}; {named} {verb}, and no policy has to change", told=Remedy.REQUEST)


def _how(case: Case, condition: Condition, *, denies: bool) -> str:
    """In words; "" where no request can meet it."""
    key = condition.folded_key
    if _out_of_hand(case, key):
        return ""
    present, among = _wanted(condition, denies=denies)
    values = " or ".join(condition.values)
    if not present:
        return f"leave {condition.key} out of it"
    if not among:
        return f"send another value of {condition.key} than {values}" if _HOW.get(key) is None else _opposite(condition)
    if key.startswith(_TAG):
        tag = condition.key.partition("/")[2]
        return f"tag what it makes, in the same call, with {tag}{'' if among is True else f' = {values}'} ({condition.key})"
    if ":resourcetag/" in key:
        sent = ", ".join(
            f"{name.partition('/')[2]} = {case.request.context[name]}"
            for name in case.request.context
            if name.startswith(_TAG)
        )
        return f"use what is tagged {condition.key.partition('/')[2]} = {values}{f' (the request has the tags {sent})' if sent else ''}"
    if key in _HOW:
        return _HOW[key].format(key=condition.key, values=values)
    return f"send {condition.key}{'' if among is True else f' = {values}'}"


def _opposite(condition: Condition) -> str:
    """Deny … Bool aws:MultiFactorAuthPresent false: the other truth is wanted."""
    if set(condition.values) <= {"false"}:
        return _HOW[condition.folded_key].format(key=condition.key, values="true")
    return f"have {condition.key} other than {' or '.join(condition.values)}"


def _wanted(condition: Condition, *, denies: bool) -> tuple[bool, bool | str]:
    """Whether the key has to be there, and whether among the values ("values"), with any (True), or with none of them (False)."""
    if condition.comparison is None:
        absent = "true" in condition.values
        return absent == denies, True
    negative = "not" in condition.operator.lower().replace("null", "")
    return True, "values" if negative == denies else False


def _out_of_hand(case: Case, key: str) -> bool:
    if key.startswith(_CALLERS) and key not in _ROUTES:
        return True
    if key != "aws:requestedregion":
        return False
    action = case.request.action.lower()
    # The events of global services are looked up in us-east-1 alone.
    reading_global = (
        action == "cloudtrail:lookupevents" and case.request.context.get("aws:RequestedRegion") == "us-east-1"
    )
    return action.partition(":")[0] in _GLOBAL or reading_global
