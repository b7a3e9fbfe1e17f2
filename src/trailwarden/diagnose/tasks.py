"""Tasks that take many permissions: whoever lacks one usually lacks several, and is told all of them at once.

https://docs.aws.amazon.com/awscloudtrail/latest/userguide/security_iam_troubleshoot.html
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from trailwarden.arn import Arn
from trailwarden.diagnose.case import Case, ask
from trailwarden.diagnose.data import AccountData
from trailwarden.diagnose.document import VERSION, statements_of, with_statements
from trailwarden.diagnose.edits import Place, SetDocument, apply_edits
from trailwarden.diagnose.mend import Mend
from trailwarden.diagnose.refusal import Refusal
from trailwarden.policy import ContextValue, Layer, PolicySet, Source, evaluate

__all__ = ["TASKS", "Lacking", "Need", "Task", "all_at_once", "lacking"]

_FEWEST = 2
"""A task is spoken of where at least so many of its permissions are missing."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Need:
    """A permission that a task needs.

    `resource` is an ARN with {account}, {region} and the names of the task left open, `pattern` how a policy names it
    where that is not the same.
    """

    action: str
    resource: str = "*"
    pattern: str = ""
    context: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Task:
    """A task of the console or a template, with the names that are used where the refusal tells none."""

    name: str
    title: str
    names: Mapping[str, str]
    needs: tuple[Need, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Lacking:
    """What a caller lacks for a task: the cases of the permissions, and the mend for all of them."""

    task: Task
    cases: tuple[Case, ...]
    mend: Mend

    @property
    def told(self) -> str:
        """All of it in one sentence."""
        listed = ", ".join(dict.fromkeys(case.request.action for case in self.cases))
        return f"to {self.task.title}, {len(self.cases)} permissions are missing: {listed}"


_ROLE = "arn:aws:iam::{account}:role/{role}"
_BUCKET = "arn:aws:s3:::{bucket}"
_GROUP = "arn:aws:logs:{region}:{account}:log-group:{group}"

TASKS: tuple[Task, ...] = (
    # https://docs.aws.amazon.com/awscloudtrail/latest/userguide/security_iam_id-based-policy-examples.html (CloudWatch Logs)
    Task(
        name="cloudwatch-logs",
        title="send a trail's events to CloudWatch Logs",
        names={"role": "CloudTrail_CloudWatchLogs_Role", "group": "CloudTrail/DefaultLogGroup", "trail": "*"},
        needs=(
            Need(action="logs:DescribeLogGroups", resource="arn:aws:logs:{region}:{account}:log-group:*"),
            Need(action="logs:CreateLogGroup", resource=f"{_GROUP}:log-stream:", pattern=f"{_GROUP}:*"),
            Need(action="iam:CreateRole", resource=_ROLE),
            Need(action="iam:PutRolePolicy", resource=_ROLE),
            Need(action="iam:PassRole", resource=_ROLE, context={"iam:PassedToService": "cloudtrail.amazonaws.com"}),
            Need(action="cloudtrail:UpdateTrail", resource="arn:aws:cloudtrail:{region}:{account}:trail/{trail}"),
        ),
    ),
    # https://docs.aws.amazon.com/config/latest/developerguide/recommended-iam-permissions-using-aws-config-console-cli.html
    Task(
        name="config",
        title="record configurations with AWS Config",
        names={"role": "config-role", "bucket": "config-bucket-{account}"},
        needs=(
            Need(action="config:DescribeConfigurationRecorders"),
            Need(action="config:DescribeDeliveryChannels"),
            Need(action="config:PutConfigurationRecorder"),
            Need(action="config:PutDeliveryChannel"),
            Need(action="config:StartConfigurationRecorder"),
            Need(action="s3:CreateBucket", resource=_BUCKET),
            Need(action="s3:PutBucketPolicy", resource=_BUCKET),
            Need(action="iam:CreateRole", resource=_ROLE),
            Need(action="iam:PutRolePolicy", resource=_ROLE),
            Need(action="iam:PassRole", resource=_ROLE, context={"iam:PassedToService": "config.amazonaws.com"}),
        ),
    ),
)

_OWN = {"cloudwatch-logs": ("logs:",), "config": ("config:",)}
"""Actions that mean just one task; what several tasks share says nothing about which is meant."""


def lacking(refusal: Refusal, case: Case, data: AccountData, tasks: Iterable[Task] = TASKS) -> Lacking | None:
    """What the caller lacks for the task that the refused action belongs to; None where the refusal stands for itself.

    Only a caller who may work with trails at all is taken to be at such a task.
    """
    if case.identity is None or case.identity.kind == "group":
        return None
    task = next((each for each in tasks if _belongs(each, case)), None)
    if (
        task is None
        or _role_stands(case, data)
        or not _allowed(refusal, case, data, Need(action="cloudtrail:DescribeTrails"), {})
    ):
        return None
    cases = tuple(_missing(refusal, case, data, task))
    if len(cases) < _FEWEST:
        return None
    mend = all_at_once("".join(word.capitalize() for word in task.name.split("-")), task.title, cases)
    return None if mend is None else Lacking(task=task, cases=cases, mend=mend)


def _role_stands(case: Case, data: AccountData) -> bool:
    """Whether a role that exists is to be passed: whoever made it has done the rest of the task, and passing is all that is asked."""
    role = Arn.parse(case.request.resource)
    if case.request.action != "iam:PassRole" or role is None:
        return False
    account = data.account(role.account)
    return account is not None and account.find("role", role.name) is not None


def _belongs(task: Task, case: Case) -> bool:
    action, resource = case.request.action, case.request.resource
    if action.startswith(_OWN[task.name]):
        return True
    service = case.request.context.get("iam:PassedToService")
    passed = any(service == need.context.get("iam:PassedToService") for need in task.needs if need.context)
    named = task.names["role"].lower() in resource.lower()
    return any(need.action == action for need in task.needs) and (passed or named)


def _missing(refusal: Refusal, case: Case, data: AccountData, task: Task) -> Iterable[Case]:
    names = _names(task, case)
    for need in task.needs:
        asked = _asked(refusal, case, data, need, names)
        if not asked.decision.allowed:
            yield asked


def _names(task: Task, case: Case) -> dict[str, str]:
    """The names to ask with: the refused resource's own, else the task's."""
    account = case.request.principal.account
    names = {name: value.format(account=account) for name, value in task.names.items()}
    arn = Arn.parse(case.request.resource)
    if arn is not None and arn.service == "iam" and arn.type == "role":
        names["role"] = arn.resource.removeprefix("role/")
    if arn is not None and arn.service == "logs" and arn.type == "log-group" and "*" not in arn.resource:
        names["group"] = arn.resource.removeprefix("log-group:").partition(":")[0] or names.get("group", "")
    return names


def _asked(refusal: Refusal, case: Case, data: AccountData, need: Need, names: Mapping[str, str]) -> Case:
    account = case.request.principal.account
    region = str(case.request.context.get("aws:requestedregion") or data.region)
    context: dict[str, ContextValue] = {"aws:RequestedRegion": region, **need.context}
    return ask(
        refusal,
        data,
        principal=case.request.principal.arn,
        action=need.action,
        resource=need.resource.format(account=account, region=region, **names),
        context=context,
        owner=account,
        pattern=need.pattern.format(account=account, region=region, **names),
    )


def _allowed(refusal: Refusal, case: Case, data: AccountData, need: Need, names: Mapping[str, str]) -> bool:
    return _asked(refusal, case, data, need, names).decision.allowed


def all_at_once(name: str, purpose: str, cases: tuple[Case, ...]) -> Mend | None:
    """One inline policy, Allow and `name`, that grants everything that is missing to `purpose`, proved case by case.

    Conditions on the service that a role is passed to or made for are kept.
    """
    identity = cases[0].identity
    if identity is None or identity.kind == "group":
        return None
    name = f"Allow{name}"
    statements = _statements(cases)
    before = identity.inline.get(name, "")
    edit = SetDocument(
        place=Place(kind=identity.kind, holder=identity.name, name=name),
        source=Source(layer=Layer.IDENTITY, id=name, name=name, attached_to=identity.arn, inline=True),
        before=before,
        after=with_statements(before, [*statements_of(before), *statements]),
        statement={"Version": VERSION, "Statement": statements},
    )
    if not all(_allows(case, edit, case.policies) for case in cases):
        return None
    return Mend(
        title=f"grant {identity.named} all {len(cases)} permissions that are missing to {purpose}",
        edits=(edit,),
        approver=f"an administrator of account {cases[0].request.principal.account}",
        proved=True,
    )


def _allows(case: Case, edit: SetDocument, policies: PolicySet) -> bool:
    changed = apply_edits(policies, (edit,))
    return changed is not None and evaluate(case.request, changed).allowed


def _statements(cases: Iterable[Case]) -> list[dict[str, Any]]:
    """A statement for each resource and condition, with all actions on it."""
    grouped: dict[tuple[str, tuple[tuple[str, str], ...]], list[Case]] = {}
    for case in cases:
        told = ((key, case.request.context.get(key)) for key in _KEPT)
        condition = tuple((key, value) for key, value in told if isinstance(value, str))
        grouped.setdefault((case.granted, condition), []).append(case)
    return [_statement(resource, dict(condition), found) for (resource, condition), found in grouped.items()]


_KEPT = ("iam:PassedToService", "iam:AWSServiceName")


def _statement(resource: str, condition: Mapping[str, str], cases: list[Case]) -> dict[str, Any]:
    actions = [case.request.action for case in cases]
    statement: dict[str, Any] = {
        "Effect": "Allow",
        "Action": actions[0] if len(actions) == 1 else actions,
        "Resource": resource,
    }
    if condition:
        statement["Condition"] = {"StringEquals": condition}
    return statement
