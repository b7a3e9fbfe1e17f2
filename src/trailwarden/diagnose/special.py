"""Refusals in AWS's usual sentence that no allow mends: unsigned calls, wrong names, limits of sessions, quarantined keys."""

import difflib
from collections.abc import Callable, Iterable

from trailwarden.arn import Arn
from trailwarden.diagnose.case import MoreNeeded, rebuild
from trailwarden.diagnose.data import AccountData
from trailwarden.diagnose.known import Known
from trailwarden.diagnose.mend import Mend
from trailwarden.diagnose.refusal import Refusal
from trailwarden.diagnose.remedy import Remedy
from trailwarden.policy import Layer

__all__ = ["special"]

_COGNITO = "CognitoIdentityCredentials"
_QUARANTINE = "AWSCompromisedKeyQuarantine"
_CLOSE = 0.75


def special(refusal: Refusal, data: AccountData) -> Known | None:
    """The cause, where no policy is to be changed; None where the policies have to be asked."""
    for explain in _SPECIAL:
        found = explain(refusal, data)
        if found is not None:
            return found
    return None


def _unsigned(refusal: Refusal, _: AccountData) -> Known | None:
    """https://docs.aws.amazon.com/opensearch-service/latest/developerguide/ac.html."""
    if refusal.principal.lower() != "anonymous":
        return None
    return Known(
        cause="the request was not signed, so its caller is anonymous and no policy of a user or role applies",
        mends=(
            Mend(
                title="sign the request (Signature Version 4) as a principal that the resource's policy names; a browser needs a "
                "proxy that signs, or the service's own sign-in. Look then whether that policy's Resource ends in /*",
                told=Remedy.REQUEST,
            ),
        ),
    )


def _not_a_role(refusal: Refusal, _: AccountData) -> Known | None:
    arn = Arn.parse(refusal.resource)
    if refusal.action.lower() != "sts:assumerole" or arn is None or arn.type in {"role", ""}:
        return None
    return Known(
        cause=f"{refusal.resource} cannot be assumed: it is the ARN of a {arn.type.replace('-', ' ')}, not of a role",
        mends=(Mend(title="give the ARN of a role (arn:aws:iam::ACCOUNT:role/NAME) as RoleArn", told=Remedy.REQUEST),),
    )


def _quarantined(refusal: Refusal, _: AccountData) -> Known | None:
    """https://docs.aws.amazon.com/IAM/latest/UserGuide/security-creds-compromised.html."""
    if _QUARANTINE not in refusal.policy_arn:
        return None
    return Known(
        cause=f"AWS found an access key of this user exposed and attached {refusal.policy_arn.rpartition('/')[2]}, which denies this",
        mends=(
            Mend(
                title="leave the policy; make a new access key, delete the exposed one, look through CloudTrail for what was done "
                "with it, and detach the policy only then",
                told=Remedy.LEAVE,
                approver="whoever answers for the account's security",
            ),
        ),
    )


def _cognito(refusal: Refusal, data: AccountData) -> Known | None:
    """https://docs.aws.amazon.com/cognito/latest/developerguide/iam-roles.html."""
    session = refusal.principal.rpartition("/")[2]
    if session != _COGNITO or refusal.layer not in {None, Layer.SESSION} or refusal.explicit:
        return None
    if refusal.layer is None and _refused_without_session(refusal, data):
        return None
    return Known(
        cause=f"the session's own limit: an identity pool of Cognito adds a session policy to unauthenticated identities in its "
        f"enhanced flow, and that does not hold {refusal.action}",
        mends=(
            Mend(
                title="have a backend make the call, or let identities sign in, or use the basic flow (GetOpenIdToken, then "
                "AssumeRoleWithWebIdentity); nothing that is added to the role can help: Cognito sets the limit",
                told=Remedy.REQUEST,
            ),
        ),
    )


def _refused_without_session(refusal: Refusal, data: AccountData) -> bool:
    """Whether the role's own policies, at hand, refuse the call already."""
    try:
        return not rebuild(refusal, data).decision.allowed and data.account(refusal.account) is not None
    except MoreNeeded:
        return False


def _other_session(refusal: Refusal, data: AccountData) -> Known | None:
    """https://docs.aws.amazon.com/IAM/latest/UserGuide/access_policies.html#policies_session."""
    if refusal.layer is not Layer.SESSION or data.session(refusal.principal):
        return None
    verb = "denies" if refusal.explicit else "does not hold"
    return Known(
        cause=f"a session policy {verb} {refusal.action}: it was given with the call that made this session and stands nowhere else",
        mends=(
            Mend(
                title="change it where the session is made (AssumeRole's Policy or PolicyArns, GetFederationToken, or the settings of "
                "the service that vends the credentials), and get a new session",
                told=Remedy.REQUEST,
                approver="whoever makes the session",
            ),
        ),
    )


def _no_such_resource(refusal: Refusal, data: AccountData) -> Known | None:
    """What does not exist is answered with a denial where the policies would not let the caller see it anyway."""
    arn = Arn.parse(refusal.resource)
    if arn is None or "*" in refusal.resource or refusal.action.partition(":")[2].startswith(("Create", "Tag")):
        return None
    whole = _whole(arn)
    existing = data.alike(whole)
    if existing is None or str(whole) in existing:
        return None
    near = _nearest(whole, existing)
    there = f"; there is {Arn.parse(near) and near.rpartition('/')[2]}" if near else ""
    return Known(
        cause=f"there is no {whole.type or 'resource'} {whole.name}{there}: what does not exist answers AccessDenied here, not NotFound",
        mends=(
            Mend(
                title=f"correct the name in the call{f' to {near}' if near else ''}; no policy has to change",
                told=Remedy.REQUEST,
            ),
        ),
    )


def _whole(arn: Arn) -> Arn:
    """The table of an index or a stream."""
    parts = arn.resource.split("/")
    shorter = "/".join(parts[:2]) if arn.service == "dynamodb" else arn.resource
    return Arn(partition=arn.partition, service=arn.service, region=arn.region, account=arn.account, resource=shorter)


def _nearest(arn: Arn, existing: Iterable[str]) -> str:
    by_name = {text.lower(): text for text in existing}
    found = difflib.get_close_matches(str(arn).lower(), by_name, n=1, cutoff=_CLOSE)
    return by_name[found[0]] if found else ""


_SPECIAL: tuple[Callable[[Refusal, AccountData], Known | None], ...] = (
    _unsigned,
    _not_a_role,
    _quarantined,
    _cognito,
    _other_session,
    _no_such_resource,
)
