"""iam-collect's store as account data: what it tells is used, and what it lacks is named."""

import json
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest

from trailwarden.arn import Arn
from trailwarden.diagnose import Diagnosis, Unreadable, diagnose, read_files, read_input
from trailwarden.policy import Layer

ACCOUNT, MANAGING, ORGANIZATION = "123456789012", "111122223333", "o-exampleorgid"
USER, GROUP = f"arn:aws:iam::{ACCOUNT}:user/audit/mateojackson", f"arn:aws:iam::{ACCOUNT}:group/Staff"
ROLE, BOUNDARY = f"arn:aws:iam::{ACCOUNT}:role/Delivery", f"arn:aws:iam::{ACCOUNT}:policy/Boundary"
BUCKET, KEY = (
    "arn:aws:s3:::amzn-s3-demo-bucket",
    f"arn:aws:kms:us-east-1:{ACCOUNT}:key/1234abcd-12ab-34cd-56ef-1234567890ab",
)
FULL_ARN = "arn:aws:organizations::aws:policy/service_control_policy/p-FullAWSAccess"
GUARD = f"arn:aws:organizations::{MANAGING}:policy/{ORGANIZATION}/service_control_policy/p-Guard0001"
READ_ONLY = "arn:aws:iam::aws:policy/AWSCloudTrail_ReadOnlyAccess"


def document(*statements: dict[str, Any]) -> dict[str, Any]:
    return {"Version": "2012-10-17", "Statement": list(statements)}


def allow(action: str, resource: str = "*") -> dict[str, Any]:
    return {"Effect": "Allow", "Action": action, "Resource": resource}


def write(folder: Path, **facts: Any) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    for name, fact in facts.items():
        (folder / f"{name.replace('_', '-')}.json").write_text(json.dumps(fact))


def identity(arn: str, **more: str) -> dict[str, Any]:
    return {"arn": arn, "name": arn.rpartition("/")[2], "id": "AIDACKCEVSQ6C2EXAMPLE", "path": "/", **more}


@pytest.fixture
def store(tmp_path: Path) -> Path:
    """As version 0.1 of the tool lays it out: names in lower case, what stands behind an ARN's type percent-encoded."""
    account = tmp_path / "aws" / "aws" / "accounts" / ACCOUNT
    iam = account / "iam"
    write(
        iam / "user" / quote("audit/mateojackson", safe="").lower(),
        metadata=identity(USER, permissionBoundary=BOUNDARY),
        groups=[GROUP],
        managed_policies=[],
        inline_policies=[{"PolicyName": "Own", "PolicyDocument": document(allow("s3:GetObject", f"{BUCKET}/*"))}],
        tags={"team": "audit"},
    )
    write(iam / "group" / "staff", metadata=identity(GROUP), managed_policies=[READ_ONLY], inline_policies=[])
    trust = document({"Effect": "Allow", "Principal": {"Service": "ec2.amazonaws.com"}, "Action": "sts:AssumeRole"})
    profile = f"arn:aws:iam::{ACCOUNT}:instance-profile/Delivery"
    write(iam / "role" / "delivery", metadata=identity(ROLE), trust_policy=trust, instance_profiles=[profile])
    write(iam / "policy" / "boundary", metadata=identity(BOUNDARY), current_policy=document(allow("*")))
    aws_managed = {"arn": READ_ONLY, "name": "AWSCloudTrail_ReadOnlyAccess"}
    write(
        iam / "aws" / "policy" / "awscloudtrail_readonlyaccess",
        metadata=aws_managed,
        current_policy=document(allow("cloudtrail:Get*")),
    )
    deny = {"Effect": "Deny", "Principal": "*", "Action": "s3:GetObject", "Resource": f"{BUCKET}/secret/*"}
    write(
        account / "s3" / "amzn-s3-demo-bucket",
        metadata={"arn": BUCKET, "name": "amzn-s3-demo-bucket", "region": "us-east-1"},
        policy=document(deny),
    )
    write(account, organization={"organizationId": ORGANIZATION})
    organization = tmp_path / "aws" / "aws" / "organizations" / ORGANIZATION
    write(
        organization,
        metadata={"id": ORGANIZATION, "rootOu": "r-abcd", "rootAccountId": MANAGING},
        ous={
            "r-abcd": {"scps": [FULL_ARN], "rcps": []},
            "ou-abcd-workload": {"parent": "r-abcd", "scps": [FULL_ARN, GUARD], "rcps": []},
        },
        accounts={
            ACCOUNT: {"ou": "ou-abcd-workload", "scps": [FULL_ARN], "rcps": []},
            MANAGING: {"ou": "r-abcd", "scps": [FULL_ARN], "rcps": []},
        },
    )
    stop = {"Sid": "NoStop", "Effect": "Deny", "Action": "cloudtrail:StopLogging", "Resource": "*"}
    write(organization / "scps" / "p-fullawsaccess", metadata={"arn": FULL_ARN}, policy=document(allow("*")))
    write(organization / "scps" / "p-guard0001", metadata={"arn": GUARD}, policy=document(stop))
    return tmp_path


def found(store: Path, action: str, resource: str, because: str = "") -> Diagnosis:
    text = f"User: {USER} is not authorized to perform: {action} on resource: {resource}{because}"
    return diagnose(read_input(text.encode())[0], read_files(store))


def test_all_of_an_account_is_read(store: Path) -> None:
    data = read_files(store)
    user = data.details.find("user", "mateojackson")
    assert user is not None
    assert (user.arn, user.groups, user.boundary, user.tags) == (USER, ("Staff",), BOUNDARY, {"team": "audit"})
    assert set(user.inline) == {"Own"}
    role = data.details.find("role", "Delivery")
    assert role is not None
    assert role.profiles == ("Delivery",)
    assert "ec2.amazonaws.com" in role.trust
    assert set(data.details.policies) == {BOUNDARY, READ_ONLY}
    assert list(data.policies) == [BUCKET]
    assert data.organization_id() == ORGANIZATION
    levels = data.levels(ACCOUNT, "SERVICE_CONTROL_POLICY")
    assert levels is not None
    assert [[arn for arn, _ in level] for level in levels] == [[FULL_ARN], [FULL_ARN, GUARD], [FULL_ARN]]
    assert read_files(store / "aws" / "aws" / "accounts" / ACCOUNT) == data


def test_each_layer_of_the_store_decides(store: Path) -> None:
    trail = f"arn:aws:cloudtrail:us-east-1:{ACCOUNT}:trail/My-Trail"
    stopped = found(store, "cloudtrail:StopLogging", trail, " with an explicit deny in a service control policy")
    assert stopped.case is not None
    assert stopped.case.decision.first is not None
    assert stopped.case.decision.first.layer is Layer.SCP
    assert "NoStop" in stopped.cause
    secret = found(store, "s3:GetObject", f"{BUCKET}/secret/1", " with an explicit deny in a resource-based policy")
    assert secret.case is not None
    assert secret.case.decision.first is not None
    assert secret.case.decision.first.layer is Layer.RESOURCE
    lacking = found(store, "cloudtrail:LookupEvents", "*")
    assert lacking.cause.startswith("no identity-based policy of user mateojackson allows cloudtrail:LookupEvents")
    assert any(mend.proved for mend in lacking.mends)


def test_what_the_store_lacks_is_named(store: Path) -> None:
    other = found(store, "s3:GetObject", "arn:aws:s3:::amzn-s3-demo-other/1")
    assert "the resource-based policy of arn:aws:s3:::amzn-s3-demo-other/1" in other.needed
    assert f"the resource-based policy of {KEY}" in found(store, "kms:Decrypt", KEY).needed
    (store / "aws" / "aws" / "organizations" / ORGANIZATION / "scps" / "p-guard0001" / "policy.json").unlink()
    assert any("service control policies" in name for name in found(store, "cloudtrail:LookupEvents", "*").needed)
    (store / "aws" / "aws" / "accounts" / ACCOUNT / "organization.json").unlink()
    data = read_files(store)
    assert data.levels(ACCOUNT, "SERVICE_CONTROL_POLICY") is None
    assert data.resource_policies(Arn(service="s3", resource="amzn-s3-demo-bucket")) != ()


def test_nothing_bears_on_the_management_account(store: Path) -> None:
    accounts = store / "aws" / "aws" / "accounts"
    root = f"arn:aws:iam::{MANAGING}:user/marymajor"
    write(accounts / MANAGING / "iam" / "user" / "marymajor", metadata=identity(root))
    write(accounts / MANAGING, organization={"organizationId": ORGANIZATION})
    assert read_files(accounts / MANAGING).levels(MANAGING, "SERVICE_CONTROL_POLICY") == ()
    with pytest.raises(Unreadable, match=f"holds the accounts {MANAGING}, {ACCOUNT}: name the folder of one"):
        read_files(store)


def test_what_is_no_store_is_told(tmp_path: Path, store: Path) -> None:
    (tmp_path / "empty").mkdir()
    with pytest.raises(Unreadable, match="no store of iam-collect"):
        read_files(tmp_path / "empty")
    metadata = store / "aws" / "aws" / "accounts" / ACCOUNT / "iam" / "role" / "delivery" / "metadata.json"
    for wrong in ("{", "[]", "{}"):
        metadata.write_text(wrong)
        with pytest.raises(Unreadable):
            read_files(store)
