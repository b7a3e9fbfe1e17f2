"""What only whole calls show: when keys were used, and a member's root user assumed for one task."""

import csv
import io
from collections.abc import Iterator
from typing import Any

import pytest
from botocore.exceptions import ClientError
from tests.live import Live, live_server

AUDIT = {"arn": "arn:aws:iam::aws:policy/root-task/IAMAuditRootUserCredentials"}


@pytest.fixture(scope="module")
def live() -> Iterator[Live]:
    with live_server() as running:
        yield running


def test_the_last_use_of_a_key_comes_from_its_events(live: Live) -> None:
    iam = live.client("iam")
    user = live.user("MateoJackson")
    asked = {"AccessKeyId": user.key}
    never = iam.get_access_key_last_used(**asked)
    assert (never["UserName"], never["AccessKeyLastUsed"]) == ("MateoJackson", {"Region": "N/A", "ServiceName": "N/A"})
    with pytest.raises(ClientError, match="AccessDenied"):
        user.client("kms", "eu-west-1").list_keys()
    used = iam.get_access_key_last_used(**asked)["AccessKeyLastUsed"]
    assert (used["Region"], used["ServiceName"]) == ("eu-west-1", "kms")
    user.client("sts").get_caller_identity()
    used = iam.get_access_key_last_used(**asked)["AccessKeyLastUsed"]
    assert (used["Region"], used["ServiceName"]) == ("us-east-1", "sts")
    iam.generate_credential_report()
    report = iam.get_credential_report()["Content"].decode()
    rows = {row["user"]: row for row in csv.DictReader(io.StringIO(report))}
    assert rows["MateoJackson"]["access_key_1_last_used_service"] == "sts"
    assert rows["<root_account>"]["access_key_1_last_used_service"] == "iam"


def test_a_member_s_root_user_is_assumed_for_a_task(live: Live) -> None:
    organizations, iam = live.client("organizations"), live.client("iam")
    organizations.create_organization()
    made = organizations.create_account(Email="marymajor@example.com", AccountName="Member")["CreateAccountStatus"]
    told = organizations.describe_create_account_status(CreateAccountRequestId=made["Id"])["CreateAccountStatus"]
    member = told["AccountId"]
    user = live.user("founder")
    asked: dict[str, Any] = {"TargetPrincipal": member, "TaskPolicyArn": AUDIT}
    with pytest.raises(ClientError, match="no identity-based policy allows the sts:AssumeRoot action"):
        user.client("sts").assume_root(**asked)
    iam.attach_user_policy(UserName="founder", PolicyArn="arn:aws:iam::aws:policy/AdministratorAccess")
    with pytest.raises(ClientError, match="ServiceAccessNotEnabledException"):
        user.client("sts").assume_root(**asked)
    organizations.enable_aws_service_access(ServicePrincipal="iam.amazonaws.com")
    iam.enable_organizations_root_sessions()
    given = user.client("sts").assume_root(**asked)["Credentials"]
    keys = {"key": given["AccessKeyId"], "secret": given["SecretAccessKey"], "token": given["SessionToken"]}
    assert live.client("iam", **keys).list_access_keys()["AccessKeyMetadata"]
    with pytest.raises(ClientError, match="AccessDenied"):
        live.client("iam", **keys).create_user(UserName="marymajor")
