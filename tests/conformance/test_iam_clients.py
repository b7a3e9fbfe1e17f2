"""IAM and STS by stock clients: every paginator of boto3 with pages of two, every waiter, and a walk by the command line."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import boto3
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.x509.oid import NameOID
from tests.conformance.test_stock_clients import aws
from tests.live import Live, live_server

TRUST = json.dumps(
    {
        "Version": "2012-10-17",
        "Statement": [{"Effect": "Allow", "Principal": {"Service": "ec2.amazonaws.com"}, "Action": "sts:AssumeRole"}],
    }
)
READ = '{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"s3:GetObject","Resource":"*"}]}'
COUNT = 5
NAMES = [f"walk-{number}" for number in range(COUNT)]


def certificate() -> tuple[str, str]:
    key = rsa.generate_private_key(65537, 2048)
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "example.com")])
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=30))
        .sign(key, hashes.SHA256())
    )
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.TraditionalOpenSSL, serialization.NoEncryption()
    )
    return made.public_bytes(serialization.Encoding.PEM).decode(), private.decode()


def public_key() -> str:
    key = rsa.generate_private_key(65537, 2048).public_key()
    return key.public_bytes(serialization.Encoding.OpenSSH, serialization.PublicFormat.OpenSSH).decode()


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    """An account with five of everything that is listed."""

    live: Live
    iam: Any
    user: str
    group: str
    role: str
    policy: str


@pytest.fixture(scope="module")
def full() -> Iterator[Account]:
    with live_server() as live:
        iam = live.client("iam")
        policies = [iam.create_policy(PolicyName=name, PolicyDocument=READ)["Policy"]["Arn"] for name in NAMES]
        for name in NAMES:
            iam.create_user(UserName=name, Tags=[{"Key": "name", "Value": name}])
            iam.create_group(GroupName=name)
            iam.create_role(RoleName=name, AssumeRolePolicyDocument=TRUST)
            iam.create_instance_profile(InstanceProfileName=name)
            iam.create_virtual_mfa_device(VirtualMFADeviceName=name)
            body, key = certificate()
            iam.upload_server_certificate(ServerCertificateName=name, CertificateBody=body, PrivateKey=key)
        account = Account(live=live, iam=iam, user=NAMES[0], group=NAMES[0], role=NAMES[0], policy=policies[0])
        _fill(account, policies)
        yield account


def _fill(on: Account, policies: list[str]) -> None:
    iam = on.iam
    iam.create_account_alias(AccountAlias="walk-alias")
    for name, arn in zip(NAMES, policies, strict=True):
        iam.attach_user_policy(UserName=on.user, PolicyArn=arn)
        iam.attach_group_policy(GroupName=on.group, PolicyArn=arn)
        iam.attach_role_policy(RoleName=on.role, PolicyArn=arn)
        iam.put_user_policy(UserName=on.user, PolicyName=name, PolicyDocument=READ)
        iam.put_group_policy(GroupName=on.group, PolicyName=name, PolicyDocument=READ)
        iam.put_role_policy(RoleName=on.role, PolicyName=name, PolicyDocument=READ)
        iam.add_user_to_group(GroupName=on.group, UserName=name)
        iam.add_user_to_group(GroupName=name, UserName=on.user)
        iam.upload_ssh_public_key(UserName=on.user, SSHPublicKeyBody=public_key())
        tags = [{"Key": name, "Value": name}]
        iam.tag_user(UserName=on.user, Tags=tags)
        iam.tag_role(RoleName=on.role, Tags=tags)
        iam.tag_policy(PolicyArn=on.policy, Tags=tags)
        iam.attach_user_policy(UserName=name, PolicyArn=on.policy)
        iam.attach_role_policy(RoleName=name, PolicyArn=on.policy)
    iam.add_role_to_instance_profile(InstanceProfileName=NAMES[0], RoleName=on.role)
    for _ in range(4):
        iam.create_policy_version(PolicyArn=on.policy, PolicyDocument=READ)
    for _ in range(2):
        iam.create_access_key(UserName=on.user)
        iam.upload_signing_certificate(UserName=on.user, CertificateBody=certificate()[0])


ARGUMENTS: Mapping[str, Mapping[str, Any]] = {
    "get_group": {"GroupName": NAMES[0]},
    "list_access_keys": {"UserName": NAMES[0]},
    "list_attached_group_policies": {"GroupName": NAMES[0]},
    "list_attached_role_policies": {"RoleName": NAMES[0]},
    "list_attached_user_policies": {"UserName": NAMES[0]},
    "list_entities_for_policy": {"PolicyArn": "policy"},
    "list_group_policies": {"GroupName": NAMES[0]},
    "list_groups_for_user": {"UserName": NAMES[0]},
    "list_instance_profile_tags": {"InstanceProfileName": NAMES[0]},
    "list_instance_profiles_for_role": {"RoleName": NAMES[0]},
    "list_mfa_device_tags": {"SerialNumber": "mfa"},
    "list_mfa_devices": {"UserName": NAMES[0]},
    "list_open_id_connect_provider_tags": {"OpenIDConnectProviderArn": "oidc"},
    "list_policies": {"Scope": "Local"},
    "list_policy_tags": {"PolicyArn": "policy"},
    "list_policy_versions": {"PolicyArn": "policy"},
    "list_role_policies": {"RoleName": NAMES[0]},
    "list_role_tags": {"RoleName": NAMES[0]},
    "list_saml_provider_tags": {"SAMLProviderArn": "saml"},
    "list_server_certificate_tags": {"ServerCertificateName": NAMES[0]},
    "list_signing_certificates": {"UserName": NAMES[0]},
    "list_ssh_public_keys": {"UserName": NAMES[0]},
    "list_user_policies": {"UserName": NAMES[0]},
    "list_user_tags": {"UserName": NAMES[0]},
    "simulate_custom_policy": {
        "PolicyInputList": [READ],
        "ActionNames": [
            f"s3:{name}" for name in ("GetObject", "PutObject", "ListBucket", "DeleteObject", "GetBucketAcl")
        ],
    },
    "simulate_principal_policy": {
        "PolicySourceArn": "user",
        "ActionNames": [
            f"s3:{name}" for name in ("GetObject", "PutObject", "ListBucket", "DeleteObject", "GetBucketAcl")
        ],
    },
}
FEWER = {
    "list_access_keys": 2,
    "list_account_aliases": 1,
    "list_instance_profiles_for_role": 1,
    "list_instance_profile_tags": 0,
    "list_mfa_device_tags": 0,
    "list_mfa_devices": 0,
    "list_open_id_connect_provider_tags": 0,
    "list_saml_provider_tags": 0,
    "list_server_certificate_tags": 0,
    "list_signing_certificates": 2,
    "list_delegation_requests": 0,
}


def paginators() -> list[str]:
    """Every operation of IAM that boto3 can page through."""
    client: Any = boto3.session.Session(region_name="us-east-1").client(
        "iam", aws_access_key_id="AKIAIOSFODNN7EXAMPLE", aws_secret_access_key="x"
    )
    return [name for name in sorted(client.meta.method_to_api_mapping) if client.can_paginate(name)]


def told(on: Account, arguments: Mapping[str, Any]) -> dict[str, Any]:
    def providers() -> dict[str, str]:
        iam = on.iam
        standing = [each["Arn"] for each in iam.list_open_id_connect_providers()["OpenIDConnectProviderList"]]
        oidc = (
            standing[0]
            if standing
            else iam.create_open_id_connect_provider(Url="https://walk.example.com")["OpenIDConnectProviderArn"]
        )
        samls = [each["Arn"] for each in iam.list_saml_providers()["SAMLProviderList"]]
        metadata = "<EntityDescriptor><IDPSSODescriptor/></EntityDescriptor>" + " " * 1000
        saml = (
            samls[0]
            if samls
            else iam.create_saml_provider(Name="walk", SAMLMetadataDocument=metadata)["SAMLProviderArn"]
        )
        return {"oidc": oidc, "saml": saml}

    account = on.live.account
    known = {
        "policy": on.policy,
        "user": f"arn:aws:iam::{account}:user/{on.user}",
        "mfa": f"arn:aws:iam::{account}:mfa/{on.user}",
        **providers(),
    }
    return {name: known.get(value, value) if isinstance(value, str) else value for name, value in arguments.items()}


@pytest.mark.parametrize("name", paginators())
def test_pages_of_two_are_the_whole(full: Account, name: str) -> None:
    arguments = told(full, ARGUMENTS.get(name, {}))
    paginator = full.iam.get_paginator(name)
    keys = [expression.expression for expression in paginator.result_keys]
    whole = paginator.paginate(**arguments).build_full_result()
    pages = list(paginator.paginate(**arguments, PaginationConfig={"PageSize": 2}))
    for key in keys:
        listed = [item for page in pages for item in page.get(key, ())]
        assert listed == whole.get(key, [])
        assert all(len(page.get(key, ())) <= 2 for page in pages)
    count = max(len(whole.get(key, ())) for key in keys)
    assert count == FEWER[name] if name in FEWER else count >= COUNT
    if count > 2:
        assert len(pages) > 1


def test_waiters(full: Account) -> None:
    iam, quick = full.iam, {"Delay": 1, "MaxAttempts": 2}
    arguments = {
        "instance_profile_exists": {"InstanceProfileName": NAMES[0]},
        "policy_exists": {"PolicyArn": full.policy},
        "role_exists": {"RoleName": full.role},
        "user_exists": {"UserName": full.user},
    }
    assert set(iam.waiter_names) == set(arguments)
    for name, given in arguments.items():
        iam.get_waiter(name).wait(**given, WaiterConfig=quick)


@pytest.mark.slow
def test_a_walk_by_the_command_line(full: Account) -> None:
    """Make, show, change and remove: each step by the stock command line, each answer read back."""
    live = full.live

    def run(*words: str) -> Any:
        done = aws(live, *words)
        assert done.returncode == 0, (words, done.stderr)
        return json.loads(done.stdout) if done.stdout.strip() else None

    user = run("iam", "create-user", "--user-name", "cli", "--tags", "Key=team,Value=blue")["User"]
    assert user["Arn"] == f"arn:aws:iam::{live.account}:user/cli"
    key = run("iam", "create-access-key", "--user-name", "cli")["AccessKey"]["AccessKeyId"]
    policy = run("iam", "create-policy", "--policy-name", "cli", "--policy-document", READ)["Policy"]["Arn"]
    run("iam", "attach-user-policy", "--user-name", "cli", "--policy-arn", policy)
    attached = run("iam", "list-attached-user-policies", "--user-name", "cli")["AttachedPolicies"]
    assert attached == [{"PolicyName": "cli", "PolicyArn": policy}]
    role = run("iam", "create-role", "--role-name", "cli", "--assume-role-policy-document", TRUST)["Role"]
    assert role["AssumeRolePolicyDocument"] == json.loads(TRUST)
    run("iam", "wait", "role-exists", "--role-name", "cli")
    allowed = run(
        "iam", "simulate-principal-policy", "--policy-source-arn", user["Arn"], "--action-names", "s3:GetObject", "s3:PutObject",
    )  # fmt: skip
    assert [each["EvalDecision"] for each in allowed["EvaluationResults"]] == ["allowed", "implicitDeny"]
    assert run("iam", "get-account-summary")["SummaryMap"]["Roles"] >= COUNT
    run("iam", "generate-credential-report")
    assert run("iam", "get-credential-report")["ReportFormat"] == "text/csv"
    details = run("iam", "get-account-authorization-details", "--filter", "User", "LocalManagedPolicy")
    assert "cli" in {each["UserName"] for each in details["UserDetailList"]}
    assert (
        run("accessanalyzer", "validate-policy", "--policy-document", READ, "--policy-type", "IDENTITY_POLICY")[
            "findings"
        ]
        is not None
    )
    run("iam", "detach-user-policy", "--user-name", "cli", "--policy-arn", policy)
    run("iam", "delete-access-key", "--user-name", "cli", "--access-key-id", key)
    run("iam", "delete-user", "--user-name", "cli")
    run("iam", "delete-policy", "--policy-arn", policy)
    run("iam", "delete-role", "--role-name", "cli")
    gone = aws(live, "iam", "get-user", "--user-name", "cli")
    assert "(NoSuchEntity) when calling the GetUser operation: The user with name cli cannot be found." in gone.stderr


def test_access_analyzer_by_boto3(full: Account) -> None:
    analyzer = full.live.client("accessanalyzer")
    arn = analyzer.create_analyzer(analyzerName="walk", type="ACCOUNT")["arn"]
    shared = TRUST.replace('"Service": "ec2.amazonaws.com"', '"AWS": "111122223333"')
    full.iam.create_role(RoleName="shared", AssumeRolePolicyDocument=shared)
    (finding,) = analyzer.list_findings(analyzerArn=arn)["findings"]
    assert finding["principal"] == {"AWS": "arn:aws:iam::111122223333:root"}
    assert finding["createdAt"].tzinfo is not None
    found = analyzer.validate_policy(policyDocument=READ, policyType="IDENTITY_POLICY")["findings"]
    assert [each["issueCode"] for each in found] == []
    checked = analyzer.check_no_new_access(
        existingPolicyDocument=READ, newPolicyDocument=READ.replace("GetObject", "*"), policyType="IDENTITY_POLICY"
    )
    assert (checked["result"], checked["reasons"][0]["statementIndex"]) == ("FAIL", 0)
    full.iam.delete_role(RoleName="shared")
    analyzer.delete_analyzer(analyzerName="walk")
    assert analyzer.list_analyzers()["analyzers"] == []
