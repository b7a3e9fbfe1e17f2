"""Organizations by boto3: every paginator with pages of two. Organizations and STS have no waiters, and STS no paginators."""

import json
from collections.abc import Iterator, Mapping
from typing import Any

import boto3
import pytest
from tests.live import Live, live_server

COUNT = 5
SERVICES = (
    "access-analyzer.amazonaws.com",
    "cloudtrail.amazonaws.com",
    "config.amazonaws.com",
    "guardduty.amazonaws.com",
    "securityhub.amazonaws.com",
)
DENY = json.dumps(
    {"Version": "2012-10-17", "Statement": [{"Effect": "Deny", "Action": "s3:DeleteBucket", "Resource": "*"}]}
)
FEWER = {
    "list_accounts_with_invalid_effective_policy": 0,
    "list_effective_policy_validation_errors": 0,
    "list_handshakes_for_account": 0,
    "list_parents": 1,
    "list_roots": 1,
    "list_policies_for_target": 5,
}
UNSIZED = {"list_tags_for_resource"}
"""The call takes no size of a page."""
ARGUMENTS: Mapping[str, Mapping[str, Any]] = {
    "list_accounts_for_parent": {"ParentId": "root"},
    "list_accounts_with_invalid_effective_policy": {"PolicyType": "TAG_POLICY"},
    "list_children": {"ParentId": "root", "ChildType": "ACCOUNT"},
    "list_delegated_services_for_account": {"AccountId": "member"},
    "list_effective_policy_validation_errors": {"AccountId": "member", "PolicyType": "TAG_POLICY"},
    "list_organizational_units_for_parent": {"ParentId": "root"},
    "list_parents": {"ChildId": "unit"},
    "list_policies": {"Filter": "SERVICE_CONTROL_POLICY"},
    "list_policies_for_target": {"TargetId": "unit", "Filter": "SERVICE_CONTROL_POLICY"},
    "list_tags_for_resource": {"ResourceId": "unit"},
    "list_targets_for_policy": {"PolicyId": "policy"},
}


def client() -> Any:
    session: Any = boto3.session.Session(
        aws_access_key_id="AKIAIOSFODNN7EXAMPLE", aws_secret_access_key="x", region_name="us-east-1"
    )
    return session.client("organizations")


def paginators() -> list[str]:
    made = client()
    return [name for name in sorted(made.meta.method_to_api_mapping) if made.can_paginate(name)]


@pytest.fixture(scope="module")
def full() -> Iterator[tuple[Any, Mapping[str, str]]]:
    """An organization with five of everything that is listed, and the ids that the calls need."""
    with live_server() as live:
        yield live.client("organizations"), _filled(live)


def _filled(live: Live) -> Mapping[str, str]:
    organizations = live.client("organizations")
    organizations.create_organization(FeatureSet="ALL")
    root = organizations.list_roots()["Roots"][0]["Id"]
    for kind in ("SERVICE_CONTROL_POLICY", "TAG_POLICY"):
        organizations.enable_policy_type(RootId=root, PolicyType=kind)
    tags = organizations.create_policy(Content='{"tags":{}}', Description="", Name="tags", Type="TAG_POLICY")
    organizations.attach_policy(PolicyId=tags["Policy"]["PolicySummary"]["Id"], TargetId=root)
    members, units, policies = [], [], []
    for number, service in enumerate(SERVICES):
        members.append(_member(organizations, f"member-{number}"))
        unit = organizations.create_organizational_unit(ParentId=root, Name=f"unit-{number}")
        units.append(unit["OrganizationalUnit"]["Id"])
        policy = organizations.create_policy(
            Content=DENY, Description="", Name=f"policy-{number}", Type="SERVICE_CONTROL_POLICY"
        )
        policies.append(policy["Policy"]["PolicySummary"]["Id"])
        organizations.enable_aws_service_access(ServicePrincipal=service)
        guest = _member(organizations, f"guest-{number}")
        organizations.remove_account_from_organization(AccountId=guest)
        organizations.invite_account_to_organization(Target={"Id": guest, "Type": "ACCOUNT"})
        organizations.tag_resource(ResourceId=units[0], Tags=[{"Key": f"key-{number}", "Value": "value"}])
        organizations.attach_policy(PolicyId=policies[0], TargetId=units[number])
    for policy_id in policies[1:-1]:
        organizations.attach_policy(PolicyId=policy_id, TargetId=units[0])
    organizations.enable_aws_service_access(ServicePrincipal="sso.amazonaws.com")
    for member, service in zip(members, SERVICES, strict=True):
        organizations.register_delegated_administrator(AccountId=members[0], ServicePrincipal=service)
        if member != members[0]:
            organizations.register_delegated_administrator(AccountId=member, ServicePrincipal="sso.amazonaws.com")
    return {"root": root, "member": members[0], "unit": units[0], "policy": policies[0]}


def _member(organizations: Any, name: str) -> str:
    """The id of an account that is created; the first answer tells that it is being done.

    https://docs.aws.amazon.com/organizations/latest/APIReference/API_CreateAccount.html
    """
    asked = organizations.create_account(AccountName=name, Email=f"{name}@example.com")
    told = organizations.describe_create_account_status(CreateAccountRequestId=asked["CreateAccountStatus"]["Id"])
    account: str = told["CreateAccountStatus"]["AccountId"]
    return account


@pytest.mark.parametrize("name", paginators())
def test_pages_of_two_are_the_whole(full: tuple[Any, Mapping[str, str]], name: str) -> None:
    organizations, ids = full
    arguments = {key: ids.get(value, value) for key, value in ARGUMENTS.get(name, {}).items()}
    paginator = organizations.get_paginator(name)
    (key,) = [expression.expression for expression in paginator.result_keys]
    whole = paginator.paginate(**arguments).build_full_result()[key]
    sized = {} if name in UNSIZED else {"PageSize": 2}
    pages = [page[key] for page in paginator.paginate(**arguments, PaginationConfig=sized)]
    assert [item for page in pages for item in page] == whole
    assert name in UNSIZED or all(len(page) <= 2 for page in pages)
    assert len(whole) == FEWER[name] if name in FEWER else len(whole) >= COUNT
    assert name in UNSIZED or len(pages) >= len(whole) / 2


def test_there_are_no_waiters() -> None:
    """Were a newer botocore to bring one, it would have to be tried."""
    assert client().waiter_names == []
