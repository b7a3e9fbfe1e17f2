"""AssumeRoot: a short session as a member account's root user, for one privileged task."""

from collections.abc import Mapping
from typing import Any

from trailwarden.arn import Arn
from trailwarden.auth.organization import membership
from trailwarden.auth.stages import Session
from trailwarden.errors import ValidationException
from trailwarden.policy.request import Principal, PrincipalKind
from trailwarden.services.call import Call
from trailwarden.services.iam.root_access import ROOT_SESSIONS, administered, features_of
from trailwarden.services.registry import operation
from trailwarden.services.sts.errors import NotAllowed
from trailwarden.services.sts.shape import credentials_shown
from trailwarden.services.world import World

__all__ = ["assume_root"]

_LONGEST = 900
_EVERYTHING = '{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"*","Resource":"*"}]}'
"""The task policies only deny; what they leave is the root user's."""
_TASKS = frozenset(
    f"arn:aws:iam::aws:policy/root-task/{name}"
    for name in (
        "IAMAuditRootUserCredentials",
        "IAMCreateRootUserPassword",
        "IAMDeleteRootUserCredentials",
        "S3UnlockBucketPolicy",
        "SQSUnlockQueuePolicy",
    )
)


@operation("sts:AssumeRoot")
def assume_root(call: Call, world: World) -> Mapping[str, Any]:
    """Give credentials of a member's root user, limited to the task's policy, for at most 15 minutes.

    https://docs.aws.amazon.com/STS/latest/APIReference/API_AssumeRoot.html
    """
    asked = call.params
    task = asked["TaskPolicyArn"].get("arn", "")
    duration = asked.get("DurationSeconds", _LONGEST)
    if task not in _TASKS:
        raise ValidationException(reason=f"{task} is not a supported task policy.")
    if not 0 <= duration <= _LONGEST:
        raise ValidationException(reason=f"The DurationSeconds must not exceed {_LONGEST}.")
    account = _member(call, world, asked["TargetPrincipal"])
    arn = f"arn:aws:iam::{account}:root"
    caller = call.caller
    session = Session(
        created=call.now,
        expires=call.now + duration,
        policies=(_EVERYTHING,),
        policy_arns=(task,),
        source_identity=caller.session.source_identity if caller.session else "",
        assumed_root=True,
    )
    principal = Principal(kind=PrincipalKind.ROOT, account=account, arn=arn, issuer_arn=arn, unique_id=account)
    credentials = world.vault.issue(principal, session, expires=session.expires, chance=world.chance)
    answer: dict[str, Any] = {"Credentials": credentials_shown(credentials)}
    return answer | ({"SourceIdentity": session.source_identity} if session.source_identity else {})


def _member(call: Call, world: World, target: str) -> str:
    """The account whose root is meant: a member, not the management account, of the organization the caller administers."""
    arn = Arn.parse(target)
    account = arn.account if arn else target
    if arn is not None and arn.resource != "root":
        raise ValidationException(reason=f"{target} is invalid")
    organization = administered(call, world).organization
    theirs = membership(account, world.transaction)
    if theirs is None or theirs.organization.id != organization.id or account == organization.management_account:
        raise NotAllowed(reason=f"The target {target} is not a member account of your organization.")
    if ROOT_SESSIONS not in features_of(world, organization):
        raise NotAllowed(reason="Root sessions are not enabled for your organization.")
    return account
