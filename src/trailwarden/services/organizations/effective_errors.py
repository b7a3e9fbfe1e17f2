"""Effective policies that cannot be enforced as they are, and why.

AWS publishes one code, ELEMENTS_TOO_MANY; the others here are worded after it.

https://docs.aws.amazon.com/organizations/latest/userguide/invalid-policy-alerts.html
https://docs.aws.amazon.com/organizations/latest/APIReference/API_EffectivePolicyValidationError.html
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from trailwarden.auth.organization import Organization
from trailwarden.services.call import Call
from trailwarden.services.organizations.access import read_by_delegates
from trailwarden.services.organizations.accounts import account_shown
from trailwarden.services.organizations.effective_policy import (
    Contribution,
    EffectivePolicyNotFoundException,
    contributions,
    enabled,
    merged,
)
from trailwarden.services.organizations.finding import account_of, members_of
from trailwarden.services.organizations.paging import page
from trailwarden.services.registry import operation
from trailwarden.services.world import World

__all__ = [
    "Fault",
    "faults_of",
    "list_accounts_with_invalid_effective_policy",
    "list_effective_policy_validation_errors",
]

Path = tuple[str, ...]
_ANY = "*"


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """One error, at a path of the effective policy."""

    code: str
    message: str
    path: Path


@dataclass(frozen=True, slots=True, kw_only=True)
class _Form:
    """What must stand at a path ("*" is any key), how much may, and which values."""

    at: Path
    needs: tuple[str, ...] = ()
    most: int | None = None
    one_of: tuple[str, ...] = ()


_FORMS: Mapping[str, tuple[_Form, ...]] = {
    "BACKUP_POLICY": (
        _Form(at=(), needs=("plans",)),
        _Form(at=("plans",), most=300),
        _Form(at=("plans", _ANY), needs=("regions", "rules", "selections")),
        _Form(at=("plans", _ANY, "rules", _ANY), needs=("target_backup_vault_name",)),
        _Form(at=("plans", _ANY, "selections", "tags"), most=100),
        _Form(at=("plans", _ANY, "selections", "tags", _ANY), needs=("iam_role_arn", "tag_key", "tag_value")),
    ),
    "TAG_POLICY": (_Form(at=(), needs=("tags",)),),
    "AISERVICES_OPT_OUT_POLICY": (
        _Form(at=(), needs=("services",)),
        _Form(at=("services", _ANY), needs=("opt_out_policy",)),
        _Form(at=("services", _ANY, "opt_out_policy"), one_of=("optIn", "optOut")),
    ),
    "DECLARATIVE_POLICY_EC2": (_Form(at=(), needs=("ec2_attributes",)),),
}
"""Forms of the types whose syntax AWS publishes member by member; the quotas are those of AWS Backup.

https://docs.aws.amazon.com/organizations/latest/userguide/orgs_manage_policies_backup_syntax.html
https://docs.aws.amazon.com/organizations/latest/userguide/orgs_manage_policies_tag-policies_syntax.html
https://docs.aws.amazon.com/organizations/latest/userguide/orgs_manage_policies_ai-opt-out_syntax.html
https://docs.aws.amazon.com/organizations/latest/userguide/orgs_manage_policies_declarative_syntax.html
https://docs.aws.amazon.com/aws-backup/latest/devguide/aws-backup-limits.html
"""


@operation("organizations:ListAccountsWithInvalidEffectivePolicy")
def list_accounts_with_invalid_effective_policy(call: Call, world: World) -> Mapping[str, Any]:
    """List the accounts whose effective policy of a type has errors.

    https://docs.aws.amazon.com/organizations/latest/APIReference/API_ListAccountsWithInvalidEffectivePolicy.html
    """
    organization = read_by_delegates(call, world)
    kind = call.params["PolicyType"]
    if not enabled(world, organization, kind):
        raise EffectivePolicyNotFoundException
    invalid = [
        member
        for member in members_of(world, organization)
        if faults_of(kind, contributions(world, organization, member.id, kind))
    ]
    listed = page(
        call,
        "Accounts",
        invalid,
        key=lambda member: member.id,
        shown=lambda member: account_shown(world, organization, member),
    )
    return {**listed, "PolicyType": kind}


@operation("organizations:ListEffectivePolicyValidationErrors")
def list_effective_policy_validation_errors(call: Call, world: World) -> Mapping[str, Any]:
    """List the errors in an account's effective policy of a type, each with the policies that it comes from.

    https://docs.aws.amazon.com/organizations/latest/APIReference/API_ListEffectivePolicyValidationErrors.html
    """
    organization = read_by_delegates(call, world)
    account = account_of(world, organization, call.params["AccountId"])
    kind = call.params["PolicyType"]
    given = contributions(world, organization, account.id, kind)
    if not given:
        raise EffectivePolicyNotFoundException
    listed = page(
        call,
        "EffectivePolicyValidationErrors",
        faults_of(kind, given),
        key=lambda fault: f"{'/'.join(fault.path)} {fault.code} {fault.message}",
        shown=lambda fault: _shown(fault, given),
    )
    return {
        **listed,
        "AccountId": account.id,
        "PolicyType": kind,
        "Path": _path(world, organization, account.id),
        "EvaluationTimestamp": datetime.fromtimestamp(call.now, UTC),
    }


def faults_of(kind: str, given: list[Contribution]) -> list[Fault]:
    """What is wrong with the policies of a type, merged; nothing where there is none."""
    if not given:
        return []
    document = merged([each.document for each in given])
    return [
        fault
        for form in _FORMS.get(kind, ())
        for path, value in _found(document, form.at, ())
        for fault in _wrong(form, path, value)
    ]


def _found(value: Any, at: Path, path: Path) -> Iterator[tuple[Path, Any]]:
    """Every place that a path means, with what stands there."""
    if not at:
        yield path, value
    elif isinstance(value, Mapping):
        for key in value if at[0] == _ANY else (at[0],) if at[0] in value else ():
            yield from _found(value[key], at[1:], (*path, key))


def _wrong(form: _Form, path: Path, value: Any) -> Iterator[Fault]:
    if form.one_of and value not in form.one_of:
        yield Fault(code="VALUE_NOT_ALLOWED", message=f"The value must be one of: {', '.join(form.one_of)}.", path=path)
    if not (form.needs or form.most):
        return
    if not isinstance(value, Mapping):
        yield Fault(code="ELEMENT_NOT_AN_OBJECT", message="The element must be an object.", path=path)
        return
    for name in form.needs:
        if name not in value:
            yield Fault(code="ELEMENT_MISSING", message=f"The element {name} is required.", path=(*path, name))
    if form.most is not None and len(value) > form.most:
        yield Fault(
            code="ELEMENTS_TOO_MANY",
            message=f"The number of elements exceeds the maximum of {form.most}.",
            path=path,
        )


def _shown(fault: Fault, given: list[Contribution]) -> dict[str, Any]:
    """https://docs.aws.amazon.com/organizations/latest/APIReference/API_EffectivePolicyValidationError.html."""
    return {
        "ErrorCode": fault.code,
        "ErrorMessage": fault.message,
        "PathToError": "/".join(fault.path),
        "ContributingPolicies": list(dict.fromkeys(_contributing(fault.path, given))),
    }


def _contributing(path: Path, given: list[Contribution]) -> list[str]:
    """The policies that say something at the path, or, where none does, at the nearest place above."""
    for length in range(len(path), -1, -1):
        naming = [each.policy for each in given if any(_found(each.document, path[:length], ()))]
        if naming:
            return naming
    return []


def _path(world: World, organization: Organization, account: str) -> str:
    return str(account_shown(world, organization, account_of(world, organization, account))["Paths"][0])
