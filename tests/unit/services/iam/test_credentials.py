import csv
import io
from datetime import UTC, datetime

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat
from cryptography.x509.oid import NameOID
from tests.unit.services.desk import NOW, Desk, root

import trailwarden.services.iam
from trailwarden.services.iam.credential_report import ReportExpired, ReportNotPresent
from trailwarden.services.iam.errors import DeleteConflict, LimitExceeded, NoSuchEntity
from trailwarden.services.iam.login_profiles import LoginProfileNotFound, WrongPassword
from trailwarden.services.iam.password_policy import PasswordPolicyNotFound, PasswordPolicyViolation
from trailwarden.services.iam.server_certificates import KeyPairMismatch
from trailwarden.services.iam.signing_certificates import MalformedCertificate
from trailwarden.services.iam.ssh_keys import DuplicateSSHPublicKey, InvalidPublicKey

assert trailwarden.services.iam.__all__

NAME = {"UserName": "mateojackson"}


@pytest.fixture(autouse=True)
def _user(desk: Desk) -> None:
    desk.call("iam:CreateUser", NAME)


@pytest.fixture(scope="module")
def key() -> rsa.RSAPrivateKey:
    return rsa.generate_private_key(65537, 2048)


def private(key: rsa.RSAPrivateKey) -> str:
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()


def certificate(key: rsa.RSAPrivateKey) -> str:
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "example.com")])
    start, end = datetime(2025, 1, 1, tzinfo=UTC), datetime(2026, 1, 1, tzinfo=UTC)
    builder = x509.CertificateBuilder(name, name, key.public_key(), 1, start, end)
    return builder.sign(key, SHA256()).public_bytes(Encoding.PEM).decode()


def test_password_policy_holds(desk: Desk) -> None:
    with pytest.raises(
        PasswordPolicyNotFound, match="The Password Policy with domain name 123456789012 cannot be found"
    ):
        desk.call("iam:GetAccountPasswordPolicy")
    desk.call(
        "iam:UpdateAccountPasswordPolicy",
        {"MinimumPasswordLength": 12, "RequireNumbers": True, "PasswordReusePrevention": 2},
    )
    shown = desk.call("iam:GetAccountPasswordPolicy")["PasswordPolicy"]
    assert (shown["MinimumPasswordLength"], shown["RequireSymbols"], shown["ExpirePasswords"]) == (12, False, False)
    assert "MaxPasswordAge" not in shown
    for bad in ("short-1", "long-enough-without-digit"):
        with pytest.raises(PasswordPolicyViolation):
            desk.call("iam:CreateLoginProfile", {**NAME, "Password": bad})
    desk.call("iam:CreateLoginProfile", {**NAME, "Password": "first-password-1", "PasswordResetRequired": True})
    caller = desk.as_user("mateojackson")
    change = {"OldPassword": "first-password-1", "NewPassword": "second-password-2"}
    desk.call("iam:ChangePassword", change, caller=caller)
    assert desk.call("iam:GetLoginProfile", NAME)["LoginProfile"]["PasswordResetRequired"] is False
    with pytest.raises(WrongPassword):
        desk.call("iam:ChangePassword", change, caller=caller)
    with pytest.raises(PasswordPolicyViolation):
        desk.call("iam:UpdateLoginProfile", {**NAME, "Password": "first-password-1"})
    desk.call("iam:DeleteLoginProfile", NAME)
    with pytest.raises(LoginProfileNotFound, match="Login Profile for User mateojackson cannot be found"):
        desk.call("iam:GetLoginProfile", NAME)


def test_credential_report_tells_of_everyone(desk: Desk) -> None:
    with pytest.raises(ReportNotPresent):
        desk.call("iam:GetCredentialReport")
    made = desk.call("iam:CreateAccessKey", NAME)["AccessKey"]["AccessKeyId"]
    desk.call("iam:UpdateAccessKey", {**NAME, "AccessKeyId": made, "Status": "Inactive"})
    desk.call("iam:CreateLoginProfile", {**NAME, "Password": "long-enough-1"})
    assert desk.call("iam:GenerateCredentialReport")["State"] == "STARTED"
    assert desk.call("iam:GenerateCredentialReport") == {"State": "COMPLETE"}
    report = desk.call("iam:GetCredentialReport")
    assert (report["ReportFormat"], report["GeneratedTime"]) == ("text/csv", NOW)
    owner, user = csv.DictReader(io.StringIO(report["Content"].decode()))
    assert (owner["user"], owner["access_key_1_active"], owner["mfa_active"]) == ("<root_account>", "true", "false")
    assert (user["user"], user["password_enabled"], user["access_key_1_active"]) == ("mateojackson", "true", "false")
    assert user["access_key_1_last_used_date"] == "N/A"
    assert user["user_creation_time"].endswith("+00:00")
    desk.now += 4 * 3600
    with pytest.raises(ReportExpired):
        desk.call("iam:GetCredentialReport")
    assert desk.call("iam:GenerateCredentialReport")["State"] == "STARTED"


def test_ssh_keys(desk: Desk, key: rsa.RSAPrivateKey) -> None:
    body = key.public_key().public_bytes(Encoding.OpenSSH, PublicFormat.OpenSSH).decode()
    made = desk.call("iam:UploadSSHPublicKey", {**NAME, "SSHPublicKeyBody": body})["SSHPublicKey"]
    assert made["SSHPublicKeyId"].startswith("APKA")
    assert made["Fingerprint"].count(":") == 15
    with pytest.raises(DuplicateSSHPublicKey):
        desk.call("iam:UploadSSHPublicKey", {**NAME, "SSHPublicKeyBody": body})
    with pytest.raises(InvalidPublicKey):
        desk.call("iam:UploadSSHPublicKey", {**NAME, "SSHPublicKeyBody": "ssh-rsa nonsense"})
    which = {**NAME, "SSHPublicKeyId": made["SSHPublicKeyId"]}
    pem = desk.call("iam:GetSSHPublicKey", {**which, "Encoding": "PEM"})["SSHPublicKey"]["SSHPublicKeyBody"]
    assert pem.startswith("-----BEGIN PUBLIC KEY-----")
    desk.call("iam:UpdateSSHPublicKey", {**which, "Status": "Inactive"})
    assert [each["Status"] for each in desk.call("iam:ListSSHPublicKeys", NAME)["SSHPublicKeys"]] == ["Inactive"]
    with pytest.raises(DeleteConflict, match="must remove referenced objects first"):
        desk.call("iam:DeleteUser", NAME)
    desk.call("iam:DeleteSSHPublicKey", which)
    assert desk.call("iam:ListSSHPublicKeys", NAME)["SSHPublicKeys"] == []


def test_service_credentials(desk: Desk) -> None:
    with pytest.raises(
        NoSuchEntity, match=r"No such service lambda\.amazonaws\.com is supported for Service Specific Credentials"
    ):
        desk.call("iam:CreateServiceSpecificCredential", {**NAME, "ServiceName": "lambda.amazonaws.com"})
    asked = {**NAME, "ServiceName": "codecommit.amazonaws.com"}
    made = desk.call("iam:CreateServiceSpecificCredential", asked)["ServiceSpecificCredential"]
    assert made["ServiceUserName"] == "mateojackson-at-123456789012"
    desk.call("iam:CreateServiceSpecificCredential", asked)
    with pytest.raises(LimitExceeded):
        desk.call("iam:CreateServiceSpecificCredential", asked)
    which = {**NAME, "ServiceSpecificCredentialId": made["ServiceSpecificCredentialId"]}
    again = desk.call("iam:ResetServiceSpecificCredential", which)["ServiceSpecificCredential"]
    assert again["ServicePassword"] != made["ServicePassword"]
    listed = desk.call("iam:ListServiceSpecificCredentials", asked)["ServiceSpecificCredentials"]
    assert len(listed) == 2
    assert all("ServicePassword" not in each for each in listed)
    other = {**NAME, "ServiceName": "cassandra.amazonaws.com"}
    assert desk.call("iam:ListServiceSpecificCredentials", other) == {"ServiceSpecificCredentials": []}
    with pytest.raises(NoSuchEntity, match="No such credential satisfiesregexbutstillinvalid exists"):
        desk.call(
            "iam:DeleteServiceSpecificCredential",
            {**NAME, "ServiceSpecificCredentialId": "satisfiesregexbutstillinvalid"},
        )


def test_signing_certificates(desk: Desk, key: rsa.RSAPrivateKey) -> None:
    with pytest.raises(MalformedCertificate):
        desk.call("iam:UploadSigningCertificate", {**NAME, "CertificateBody": "x"})
    made = desk.call("iam:UploadSigningCertificate", {**NAME, "CertificateBody": certificate(key)})["Certificate"]
    which = {**NAME, "CertificateId": made["CertificateId"]}
    desk.call("iam:UpdateSigningCertificate", {**which, "Status": "Inactive"})
    assert [each["Status"] for each in desk.call("iam:ListSigningCertificates", NAME)["Certificates"]] == ["Inactive"]
    desk.call("iam:DeleteSigningCertificate", which)
    with pytest.raises(NoSuchEntity):
        desk.call("iam:DeleteSigningCertificate", which)


def test_server_certificates(desk: Desk, key: rsa.RSAPrivateKey) -> None:
    asked = {"ServerCertificateName": "web", "CertificateBody": certificate(key), "PrivateKey": private(key)}
    stranger = rsa.generate_private_key(65537, 2048)
    with pytest.raises(KeyPairMismatch):
        desk.call("iam:UploadServerCertificate", {**asked, "PrivateKey": private(stranger)})
    made = desk.call("iam:UploadServerCertificate", asked)["ServerCertificateMetadata"]
    assert made["Expiration"] == datetime(2026, 1, 1, tzinfo=UTC).timestamp()
    desk.call("iam:UpdateServerCertificate", {"ServerCertificateName": "web", "NewServerCertificateName": "api"})
    shown = desk.call("iam:GetServerCertificate", {"ServerCertificateName": "api"})["ServerCertificate"]
    assert shown["CertificateBody"] == asked["CertificateBody"]
    assert "PrivateKey" not in str(shown)
    desk.call("iam:TagServerCertificate", {"ServerCertificateName": "api", "Tags": [{"Key": "a", "Value": "b"}]})
    assert desk.call("iam:ListServerCertificateTags", {"ServerCertificateName": "api"})["Tags"] == [
        {"Key": "a", "Value": "b"}
    ]
    desk.call("iam:DeleteServerCertificate", {"ServerCertificateName": "api"})
    assert desk.call("iam:ListServerCertificates")["ServerCertificateMetadataList"] == []


def test_identity_providers(desk: Desk) -> None:
    asked = {"Url": "https://token.example.com/path", "ClientIDList": ["a"], "ThumbprintList": ["0" * 40]}
    arn = desk.call("iam:CreateOpenIDConnectProvider", asked)["OpenIDConnectProviderArn"]
    assert arn == "arn:aws:iam::123456789012:oidc-provider/token.example.com/path"
    desk.call("iam:AddClientIDToOpenIDConnectProvider", {"OpenIDConnectProviderArn": arn, "ClientID": "b"})
    shown = desk.call("iam:GetOpenIDConnectProvider", {"OpenIDConnectProviderArn": arn})
    assert (shown["Url"], shown["ClientIDList"]) == ("token.example.com/path", ["a", "b"])
    assert desk.call("iam:ListOpenIDConnectProviders") == {"OpenIDConnectProviderList": [{"Arn": arn}]}
    assert desk.call("iam:ListOpenIDConnectProviders", caller=root("111122223333")) == {"OpenIDConnectProviderList": []}
    desk.call("iam:DeleteOpenIDConnectProvider", {"OpenIDConnectProviderArn": arn})
    with pytest.raises(NoSuchEntity, match="OpenIDConnect Provider not found for arn"):
        desk.call("iam:GetOpenIDConnectProvider", {"OpenIDConnectProviderArn": arn})


def test_policies_that_grant_a_service(desk: Desk) -> None:
    user = desk.call("iam:GetUser", NAME)["User"]["Arn"]
    document = '{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"s3:Get*","Resource":"*"}]}'
    desk.call("iam:PutUserPolicy", {**NAME, "PolicyName": "in", "PolicyDocument": document})
    asked = {"Arn": user, "ServiceNamespaces": ["s3", "ec2"]}
    ec2, s3 = desk.call("iam:ListPoliciesGrantingServiceAccess", asked)["PoliciesGrantingServiceAccess"]
    assert ec2 == {"ServiceNamespace": "ec2", "Policies": []}
    assert s3["Policies"] == [
        {"PolicyName": "in", "PolicyType": "INLINE", "EntityType": "USER", "EntityName": "mateojackson"}
    ]
