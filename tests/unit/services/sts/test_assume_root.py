from typing import Any

import pytest
from tests.unit.services.desk import ACCOUNT, NOW, OTHER, Desk, root

import trailwarden.services.iam
import trailwarden.services.sts
from trailwarden.auth.identities import ACCOUNT as ACCOUNTS
from trailwarden.auth.identities import Account
from trailwarden.auth.organization import MEMBER_ACCOUNT, ORGANIZATION, ROOT, MemberAccount, Organization, Root
from trailwarden.catalog.checks import Check
from trailwarden.errors import AwsError, ValidationException
from trailwarden.policy import PrincipalKind
from trailwarden.services.iam.root_access import (
    AccountNotManagementOrDelegatedAdministratorException,
    OrganizationNotFoundException,
    ServiceAccessNotEnabledException,
)
from trailwarden.services.sts.errors import NotAllowed

assert trailwarden.services.iam.__all__
assert trailwarden.services.sts.__all__

UNLOCK = "arn:aws:iam::aws:policy/root-task/S3UnlockBucketPolicy"
ORG = "o-exampleorgid"


def organize(desk: Desk, **changes: Any) -> None:
    base = f"arn:aws:organizations::{ACCOUNT}"
    transaction = desk.storage.begin()
    fields: dict[str, Any] = {"enabled_services": {"iam.amazonaws.com": NOW}, **changes}
    organization = Organization(
        id=ORG, arn=f"{base}:organization/{ORG}", management_account=ACCOUNT, created=NOW, root="r-1", **fields
    )
    transaction.put(ORGANIZATION, "", "", ORG, organization)
    transaction.put(ROOT, ORG, "", "r-1", Root(id="r-1", arn=f"{base}:root/{ORG}/r-1"))
    for account in (ACCOUNT, OTHER):
        member = MemberAccount(id=account, arn=f"{base}:account/{ORG}/{account}", parent="r-1", joined=NOW)
        transaction.put(MEMBER_ACCOUNT, ORG, "", account, member)
        transaction.put(ACCOUNTS, account, "", account, Account(id=account, created=NOW, organization=ORG))
    desk.storage.commit(transaction).result(10)


def assume(desk: Desk, target: str = OTHER, task: str = UNLOCK, **more: Any) -> Any:
    return desk.call("sts:AssumeRoot", {"TargetPrincipal": target, "TaskPolicyArn": {"arn": task}, **more})


def test_features_are_switched(desk: Desk) -> None:
    with pytest.raises(OrganizationNotFoundException):
        desk.call("iam:ListOrganizationsFeatures")
    organize(desk, enabled_services={})
    with pytest.raises(ServiceAccessNotEnabledException):
        desk.call("iam:EnableOrganizationsRootSessions")
    organize(desk)
    with pytest.raises(AccountNotManagementOrDelegatedAdministratorException):
        desk.call("iam:ListOrganizationsFeatures", caller=root(OTHER))
    desk.call("iam:EnableOrganizationsRootSessions")
    both = desk.call("iam:EnableOrganizationsRootCredentialsManagement")
    assert both == {"OrganizationId": ORG, "EnabledFeatures": ["RootCredentialsManagement", "RootSessions"]}
    desk.call("iam:DisableOrganizationsRootCredentialsManagement")
    assert desk.call("iam:ListOrganizationsFeatures")["EnabledFeatures"] == ["RootSessions"]


def test_root_session_does_its_task_alone(desk: Desk) -> None:
    organize(desk)
    desk.call("iam:EnableOrganizationsRootSessions")
    answer = assume(desk, f"arn:aws:iam::{OTHER}:root")
    assert answer["Credentials"]["Expiration"] == NOW + 900
    caller = desk.as_session(answer)
    assert (caller.principal.kind, caller.principal.account) == (PrincipalKind.ROOT, OTHER)
    assert caller.session is not None
    assert caller.session.assumed_root
    world = desk.world()
    allowed = {
        action: world.authorizer.judge(
            caller, Check(action=action, resource="arn:aws:s3:::bucket"), world.transaction, now=NOW, region="us-east-1"
        ).decision.allowed
        for action in ("s3:DeleteBucketPolicy", "s3:DeleteBucket")
    }
    assert allowed == {"s3:DeleteBucketPolicy": True, "s3:DeleteBucket": False}


@pytest.mark.parametrize(
    ("target", "more", "error"),
    [
        (ACCOUNT, {}, NotAllowed),
        ("444455556666", {}, NotAllowed),
        (f"arn:aws:iam::{OTHER}:user/mateojackson", {}, ValidationException),
        (OTHER, {"task": "arn:aws:iam::aws:policy/AdministratorAccess"}, ValidationException),
        (OTHER, {"DurationSeconds": 901}, ValidationException),
    ],
)
def test_nothing_else_is_assumed(desk: Desk, target: str, more: dict[str, Any], error: type[AwsError]) -> None:
    organize(desk)
    desk.call("iam:EnableOrganizationsRootSessions")
    with pytest.raises(error):
        assume(desk, target, **more)


def test_root_sessions_must_be_enabled(desk: Desk) -> None:
    organize(desk)
    with pytest.raises(NotAllowed, match="Root sessions are not enabled"):
        assume(desk)
