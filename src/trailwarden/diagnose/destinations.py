"""Why CloudTrail could not use a trail's bucket, key, topic, role or log group: each requirement is evaluated by itself.

CloudTrail's exceptions name the wrong thing at times: with a key, bucket and key share one text, and a delivery role
without permissions is reported as an invalid log group.

https://docs.aws.amazon.com/awscloudtrail/latest/userguide/cloudtrail-trail-naming-requirements.html
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from trailwarden.arn import Arn
from trailwarden.delivery.trail import Trail
from trailwarden.diagnose.case import Case, MoreNeeded, ask
from trailwarden.diagnose.cause import cause_line
from trailwarden.diagnose.data import AccountData
from trailwarden.diagnose.edits import Edit, SetDocument, apply_edits
from trailwarden.diagnose.mend import Mend
from trailwarden.diagnose.mends import mends_of
from trailwarden.diagnose.refusal import Refusal
from trailwarden.diagnose.remedy import Remedy
from trailwarden.diagnose.wording import holder_named
from trailwarden.policy import UNKNOWN, ContextValue, evaluate
from trailwarden.services.cloudtrail.requirements import (
    SERVICE,
    Requirement,
    bucket_requirements,
    key_requirements,
    log_group_requirements,
    role_requirement,
    topic_requirement,
)

__all__ = ["EXAMINED", "Examined", "examine"]

_BUCKET = re.compile(r"(?:for bucket:?|access S3 bucket)\s+(?P<bucket>[a-z0-9][a-z0-9.-]{1,61}[a-z0-9])")
_KEY = re.compile(r"KMS key\s+(?P<key>arn:aws[\w-]*:kms:[^\s.]+)")
_UNNAMED = "trail-name-not-known"


@dataclass(frozen=True, slots=True, kw_only=True)
class Examined:
    """Which requirements fail, in words, and the mends for all of them together."""

    cause: str
    reasons: tuple[str, ...]
    mends: tuple[Mend, ...]
    missing: tuple[str, ...]


_Chosen = Callable[[Trail], tuple[Requirement, ...]]


def _logs(trail: Trail) -> tuple[Requirement, ...]:
    if not trail.log_role_arn:
        return ()
    groups = log_group_requirements(trail, account=trail.account, region=trail.home_region)
    return (role_requirement(trail), *groups)


_BY_CODE: Mapping[str, _Chosen] = {
    "InsufficientS3BucketPolicyException": bucket_requirements,
    "InsufficientEncryptionPolicyException": lambda trail: (
        *bucket_requirements(trail),
        *(key_requirements(trail) if trail.kms_key_id else ()),
    ),
    "InsufficientSnsTopicPolicyException": lambda trail: (topic_requirement(trail),) if trail.topic_arn else (),
    "InvalidCloudWatchLogsRoleArnException": _logs,
    "InvalidCloudWatchLogsLogGroupArnException": _logs,
}


EXAMINED = frozenset(_BY_CODE)
"""The codes of exceptions that `examine` looks into."""


def examine(refusal: Refusal, data: AccountData, code: str) -> Examined | None:
    """What stands between CloudTrail and the destination; None for another kind of exception.

    Raises MoreNeeded where the text alone does not tell which topic, role or log group is meant.
    """
    chosen = _BY_CODE.get(code)
    if chosen is None:
        return None
    trail = _trail(refusal, data)
    requirements = chosen(trail)
    elsewhere = _topic_elsewhere(trail, data) if code == _TOPIC_CODE else None
    if elsewhere is not None:
        return elsewhere
    if not requirements and "role ARN as well as a log group" in refusal.text:
        return _BOTH_OR_NONE
    if not requirements:
        raise MoreNeeded("the CloudTrail event of the call: the text does not name the topic, role or log group")
    absent = _absent_role(trail, data, requirements)
    if absent is not None:
        return absent
    cases = [_case(refusal, data, trail, requirement) for requirement in requirements]
    failing = [case for case in cases if not case.decision.allowed]
    missing = tuple(dict.fromkeys(name for case in cases for name in case.missing))
    unseen = [case for case in failing if not _seen(case, data)]
    if unseen and len(unseen) == len(failing):
        return Examined(cause=_unseen(unseen), reasons=(), mends=(_letting_in(unseen),), missing=missing)
    failing = [case for case in failing if case not in unseen]
    if not failing:
        return Examined(cause=_CAUSE_ORDER, reasons=(), mends=(_AGAIN,), missing=missing)
    return Examined(
        cause=_told(failing[0]),
        reasons=tuple(map(_told, failing)),
        mends=tuple(_together(failing)),
        missing=missing,
    )


def _absent_role(trail: Trail, data: AccountData, requirements: tuple[Requirement, ...]) -> Examined | None:
    """A role that does not exist cannot be assumed; AWS speaks of its trust relationships all the same."""
    role = Arn.parse(trail.log_role_arn)
    account = data.account(role.account) if role and any(each.role for each in requirements) else None
    if role is None or account is None or account.find("role", role.name) is not None:
        return None
    cause = f"account {role.account} has no role {role.name}"
    return Examined(cause=cause, reasons=(cause,), mends=(_MAKE_ROLE,), missing=())


_MAKE_ROLE = Mend(
    title="make the role, trusted by cloudtrail.amazonaws.com and allowed to create the log group's streams and to write "
    "into them, or name one that exists"
)
_CAUSE_ORDER = (
    "the policies at hand let CloudTrail in; when the call was made they did not yet: the steps ran in the wrong order, "
    "or the change had not reached every Region"
)
_AGAIN = Mend(
    title="make the call again, behind the step that sets the policy; change nothing in it", told=Remedy.RETRY
)


_TOPIC_CODE = "InsufficientSnsTopicPolicyException"
_BOTH_OR_NONE = Examined(
    cause="a log group was given without the role that writes into it",
    reasons=(),
    mends=(
        Mend(
            title="give CloudWatchLogsRoleArn too, a role that trusts cloudtrail.amazonaws.com, or leave the log group out",
            told=Remedy.REQUEST,
        ),
    ),
    missing=(),
)


def _topic_elsewhere(trail: Trail, data: AccountData) -> Examined | None:
    """A bare name is completed with the trail's own account and Region; the topic of that name may stand in others."""
    arn = Arn.parse(trail.topic_arn)
    there = data.alike(arn) if arn is not None else None
    if arn is None or not there or trail.topic_arn in there:
        return None
    other = next((each for each in there if each.rpartition(":")[2] == arn.name), None)
    if other is None:
        return None
    return Examined(
        cause=f"the name {arn.name} was looked up as {trail.topic_arn}, and there is no such topic; it is {other}",
        reasons=(),
        mends=(Mend(title=f"give the topic by its ARN: {other}", told=Remedy.REQUEST),),
        missing=(),
    )


def _seen(case: Case, data: AccountData) -> bool:
    """Whether the policies that refuse are at hand; a role's own and its trust are, where the role is."""
    arn = Arn.parse(case.request.resource)
    asks_resource = case.request.principal.arn == SERVICE and arn is not None and arn.service != "iam"
    return not asks_resource or (arn is not None and data.seen(arn))


def _unseen(cases: list[Case]) -> str:
    """None of what CloudTrail asks is at hand: it is not there, or nobody could read its policy."""
    holders = " or ".join(dict.fromkeys(holder_named(case.request.resource) for case in cases))
    actions = ", ".join(dict.fromkeys(case.request.action for case in cases))
    return f"AWS says that {holders} is not there, or that its policy does not let CloudTrail call {actions} as this trail needs; it is not at hand"


def _letting_in(cases: list[Case]) -> Mend:
    """In words alone: to change a policy that is not at hand would be to overwrite it."""
    needs = ", ".join(dict.fromkeys(f"{case.request.action} on {case.granted}" for case in cases))
    return Mend(
        title=f"let cloudtrail.amazonaws.com {needs}; look at the prefix, the organization's path and aws:SourceArn in what is there",
        told=Remedy.ALLOW,
        approver="the owner of the bucket" if any(":s3:" in case.request.resource for case in cases) else "the owner",
    )


def _told(case: Case) -> str:
    return cause_line(case).replace(SERVICE, "CloudTrail")


def _case(refusal: Refusal, data: AccountData, trail: Trail, requirement: Requirement) -> Case:
    context: dict[str, ContextValue] = dict(requirement.context)
    if trail.name == _UNNAMED:
        context = {key: UNKNOWN if value == trail.arn else value for key, value in context.items()}
    arn = Arn.parse(requirement.resource)
    return ask(
        refusal,
        data,
        principal=requirement.role or SERVICE,
        action=requirement.action,
        resource=requirement.resource,
        context=context,
        owner=arn.account if arn and arn.account else trail.account,
        pattern=requirement.pattern,
    )


def _together(failing: list[Case]) -> list[Mend]:
    """One mend for everything that fails: each step is found on top of the ones before it."""
    edits: list[Edit] = []
    titles: list[str] = []
    approvers: list[str] = []
    for case in failing:
        on_top = _on_top(case, tuple(edits))
        if on_top.decision.allowed:
            continue
        found = next((mend for mend in mends_of(on_top) if mend.proved), None)
        if found is None:
            return [mend for each in failing for mend in mends_of(each)]
        edits = _merged([*edits, *found.edits])
        titles.append(found.title.replace(SERVICE, "CloudTrail"))
        approvers.append(found.approver)
    return [
        Mend(
            title="; ".join(dict.fromkeys(titles)),
            edits=tuple(edits),
            approver=" and ".join(dict.fromkeys(approvers)),
            proved=all(_on_top(case, tuple(edits)).decision.allowed for case in failing),
        )
    ]


def _on_top(case: Case, edits: tuple[Edit, ...]) -> Case:
    """The case as it is once the edits that concern its layers are made."""
    concerned = tuple(edit for edit in edits if not isinstance(edit, SetDocument) or _concerns(edit, case))
    policies = apply_edits(case.policies, concerned)
    return case if policies is None else replace(case, decision=evaluate(case.request, policies))


def _concerns(edit: SetDocument, case: Case) -> bool:
    standing = (*case.policies.resource, *case.policies.trust, *case.policies.identity)
    same = any(policy.source == edit.source for policy in standing)
    return same or case.request.resource.startswith(edit.source.id)


def _merged(edits: list[Edit]) -> list[Edit]:
    """Edits of one place become one, from what stood first to what stands last."""
    merged: dict[object, Edit] = {}
    for number, edit in enumerate(edits):
        if not isinstance(edit, SetDocument):
            merged[number] = edit
            continue
        first = merged.get(edit.place)
        merged[edit.place] = replace(edit, before=first.before) if isinstance(first, SetDocument) else edit
    return list(merged.values())


def _trail(refusal: Refusal, data: AccountData) -> Trail:
    """The trail that was to be: as the event tells, else what the text names."""
    asked = refusal.event.get("requestParameters")
    asked = asked if isinstance(asked, Mapping) else {}
    account = _account(refusal, data)
    region = str(refusal.event.get("awsRegion") or data.region)
    bucket = _BUCKET.search(refusal.text)
    key = _KEY.search(refusal.text)
    return Trail(
        account=account,
        home_region=region,
        name=_name(asked),
        created=0.0,
        bucket=_text(asked, "s3BucketName") or (bucket["bucket"] if bucket else ""),
        prefix=_text(asked, "s3KeyPrefix").strip("/"),
        topic_arn=_topic(_text(asked, "snsTopicName"), account, region),
        log_group_arn=_text(asked, "cloudWatchLogsLogGroupArn"),
        log_role_arn=_text(asked, "cloudWatchLogsRoleArn"),
        kms_key_id=key["key"] if key else _text(asked, "kmsKeyId"),
        organization=data.organization_id() if str(asked.get("isOrganizationTrail")).lower() == "true" else "",
    )


def _name(asked: Mapping[str, Any]) -> str:
    return _text(asked, "name").rpartition("/")[2] or _UNNAMED


def _account(refusal: Refusal, data: AccountData) -> str:
    identity = refusal.event.get("userIdentity")
    told = _text(identity, "accountId") if isinstance(identity, Mapping) else ""
    if told or refusal.account:
        return told or refusal.account
    known = data.account("")
    if known is None:
        raise MoreNeeded("the account of the trail")
    return known.id


def _topic(given: str, account: str, region: str) -> str:
    return given if not given or given.startswith("arn:") else f"arn:aws:sns:{region}:{account}:{given}"


def _text(values: Mapping[str, Any], name: str) -> str:
    value = values.get(name)
    return value if isinstance(value, str) else ""
