"""Organizations: https://docs.aws.amazon.com/service-authorization/latest/reference/list_awsorganizations.html."""

from collections.abc import Iterator, Mapping

from trailwarden.arn import Arn
from trailwarden.catalog.asking import Ask, Resolver, Target, Value, tag_context
from trailwarden.catalog.checks import Check
from trailwarden.catalog.overlay import Overlay

__all__ = ["TABLES"]

_AWS_POLICY = "p-FullAWSAccess"
_RCP_POLICY = "p-RCPFullAWSAccess"
_ACCOUNT_DIGITS = 12


def _home(ask: Ask) -> tuple[str, str]:
    """The management account and the organization's id, as far as they are known."""
    arn = Arn.parse(ask.lookup("organizations.organization", ask.account) or "")
    return (arn.account, arn.name) if arn else (ask.account, "o-*")


def _arn(ask: Ask, kind: str, rest: str) -> str:
    owner, organization = _home(ask)
    return ask.arn(f"{kind}/{organization}/{rest}", region="", account=owner)


def _entity(ask: Ask, given: str) -> str:
    """The ARN behind an id, whose form tells the type."""
    if given.startswith("arn:"):
        return given
    known = ask.lookup("organizations.entity", given)
    if known:
        return known
    if given.isdigit() and len(given) == _ACCOUNT_DIGITS:
        return _arn(ask, "account", given)
    if given in {_AWS_POLICY, _RCP_POLICY}:
        kind = "service_control_policy" if given == _AWS_POLICY else "resource_control_policy"
        return ask.arn(f"policy/{kind}/{given}", region="", account="aws")
    kind, _, rest = _FORMS.get(given.partition("-")[0], "").partition("/")
    return _arn(ask, kind, rest.format(given)) if kind else "*"


_FORMS: Mapping[str, str] = {
    "r": "root/{}",
    "ou": "ou/{}",
    "p": "policy/*/{}",
    "h": "handshake/*/{}",
    "rp": "resourcepolicy/{}",
    "rt": "transfer/*/*/{}",
}


def _entities(*members: str) -> Resolver:
    return lambda ask: tuple(Target(_entity(ask, given)) for member in members for given in ask.texts(member))


def _new_policy(ask: Ask) -> tuple[Target, ...]:
    return (Target(_arn(ask, "policy", f"{ask.text('Type').lower() or '*'}/*")),)


def _invited(ask: Ask) -> Iterator[Target]:
    given = next(iter(ask.texts("Target.Id")), "")
    if given.isdigit():
        yield Target(_arn(ask, "account", given))


def _resource_policy(ask: Ask) -> tuple[Target, ...]:
    return (Target(_arn(ask, "resourcepolicy", "rp-*")),)


def _policy_type(ask: Ask) -> str | None:
    """A member, or a part of the policy's ARN: `service_control_policy`."""
    for member in ("PolicyType", "Type", "Filter"):
        if ask.text(member):
            return ask.text(member)
    for member in ("PolicyId", "ResourceId"):
        arn = Arn.parse(_entity(ask, ask.text(member))) if ask.text(member).startswith("p-") else None
        parts = arn.resource.split("/") if arn else []
        if len(parts) > 1 and parts[-2] != "*":
            return parts[-2].upper()
    return None


def _service(ask: Ask) -> Value | None:
    return ask.value("ServicePrincipal")


def _tagged(ask: Ask) -> Iterator[Check]:
    """Tags on creation need the right to tag, on what is being made.

    https://docs.aws.amazon.com/organizations/latest/userguide/orgs_tagging_add.html
    """
    context = tag_context(ask.params.get("Tags"))
    if context:
        yield Check(action="organizations:TagResource", resource="*", context=context)


_BY_MEMBER = {
    "HandshakeId": ("AcceptHandshake", "CancelHandshake", "DeclineHandshake", "DescribeHandshake"),
    "AccountId": (
        "CloseAccount", "DescribeAccount", "ListDelegatedServicesForAccount", "ListEffectivePolicyValidationErrors",
        "RemoveAccountFromOrganization", "RegisterDelegatedAdministrator", "DeregisterDelegatedAdministrator",
    ),
    "ParentId": ("CreateOrganizationalUnit", "ListAccountsForParent", "ListChildren", "ListOrganizationalUnitsForParent"),
    "OrganizationalUnitId": ("DeleteOrganizationalUnit", "DescribeOrganizationalUnit", "UpdateOrganizationalUnit"),
    "PolicyId": ("DeletePolicy", "DescribePolicy", "UpdatePolicy", "ListTargetsForPolicy"),
    "TargetId": ("DescribeEffectivePolicy", "ListPoliciesForTarget"),
    "RootId": ("EnablePolicyType", "DisablePolicyType"),
    "ChildId": ("ListParents",),
    "ResourceId": ("ListTagsForResource", "TagResource", "UntagResource"),
    "Id": ("DescribeResponsibilityTransfer", "TerminateResponsibilityTransfer", "UpdateResponsibilityTransfer"),
}  # fmt: skip

TABLES: Mapping[str, Overlay] = {
    "organizations": Overlay(
        targets={
            **{name: _entities(member) for member, names in _BY_MEMBER.items() for name in names},
            "AttachPolicy": _entities("PolicyId", "TargetId"),
            "DetachPolicy": _entities("PolicyId", "TargetId"),
            "MoveAccount": _entities("AccountId", "SourceParentId", "DestinationParentId"),
            "CreatePolicy": _new_policy,
            "InviteAccountToOrganization": _invited,
            "InviteOrganizationToTransferResponsibility": _invited,
            "PutResourcePolicy": _resource_policy,
        },
        keys={
            "organizations:PolicyType": _policy_type,
            "organizations:ServicePrincipal": _service,
            "organizations:TransferType": lambda ask: ask.value("Type"),
        },
        more=dict.fromkeys(("CreateAccount", "CreateGovCloudAccount", "CreateOrganizationalUnit", "CreatePolicy", "InviteAccountToOrganization", "PutResourcePolicy"), _tagged),
    )
}  # fmt: skip
