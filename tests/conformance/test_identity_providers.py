"""Sessions by token and by assertion, over the wire and in the record: the calls are not signed."""

import base64
import json
import time
from typing import Any

import boto3
import pytest
from botocore import UNSIGNED
from botocore.config import Config
from botocore.exceptions import ClientError
from tests.live import Live
from tests.unit.services.sts.tokens import SamlIdp, TokenIssuer

HOST = "oidc.example.com/id/EXAMPLE"


def unsigned(live: Live) -> Any:
    session: Any = boto3.session.Session(region_name="us-east-1")
    return session.client("sts", endpoint_url=live.endpoint, config=Config(signature_version=UNSIGNED))


def trust(provider: str, action: str, **condition: Any) -> str:
    statement = {"Effect": "Allow", "Principal": {"Federated": provider}, "Action": action, "Condition": condition}
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]})


def event_of(live: Live, name: str, refused: bool = False) -> Any:
    lookup = live.client("cloudtrail").lookup_events
    deadline = time.monotonic() + 10
    while time.monotonic() < deadline:
        attributes = [{"AttributeKey": "EventName", "AttributeValue": name}]
        for event in lookup(LookupAttributes=attributes)["Events"]:
            record = json.loads(event["CloudTrailEvent"])
            if ("errorCode" in record) == refused:
                return record
        time.sleep(0.1)
    raise AssertionError(name)


def test_a_web_identity_is_let_in_and_recorded(live: Live) -> None:
    issuer = TokenIssuer(HOST)
    folder = live.server.data / "oidc" / HOST
    folder.mkdir(parents=True)
    (folder / "jwks.json").write_text(issuer.jwks())
    iam = live.client("iam")
    provider = iam.create_open_id_connect_provider(Url=f"https://{HOST}", ClientIDList=["sts.amazonaws.com"])
    arn = provider["OpenIDConnectProviderArn"]
    role = iam.create_role(
        RoleName="web-identity",
        AssumeRolePolicyDocument=trust(
            arn, "sts:AssumeRoleWithWebIdentity", StringEquals={f"{HOST}:sub": "system:serviceaccount:default:app"}
        ),
    )["Role"]["Arn"]
    now = time.time()
    token = issuer.token(now, sub="system:serviceaccount:default:app")
    named = {"RoleArn": role, "RoleSessionName": "mateojackson"}
    given = unsigned(live).assume_role_with_web_identity(WebIdentityToken=token, **named)["Credentials"]
    inside = live.client("sts", key=given["AccessKeyId"], secret=given["SecretAccessKey"], token=given["SessionToken"])
    assert inside.get_caller_identity()["Arn"].endswith(":assumed-role/web-identity/mateojackson")
    record = event_of(live, "AssumeRoleWithWebIdentity")
    assert record["userIdentity"] == {
        "type": "WebIdentityUser",
        "principalId": f"{arn}:sts.amazonaws.com:system:serviceaccount:default:app",
        "userName": "system:serviceaccount:default:app",
        "identityProvider": arn,
    }
    assert record["requestParameters"] == {"roleArn": role, "roleSessionName": "mateojackson"}
    assert record["recipientAccountId"] == live.account
    assert token not in json.dumps(record)
    with pytest.raises(ClientError) as told:
        unsigned(live).assume_role_with_web_identity(WebIdentityToken=issuer.token(now, sub="someone"), **named)
    assert told.value.response["Error"]["Code"] == "AccessDenied"
    assert told.value.response["Error"]["Message"] == "Not authorized to perform sts:AssumeRoleWithWebIdentity"
    record = event_of(live, "AssumeRoleWithWebIdentity", refused=True)
    assert record["userIdentity"]["userName"] == "someone"
    assert record["errorCode"] == "AccessDenied"
    folder.joinpath("jwks.json").unlink()
    with pytest.raises(ClientError) as told:
        unsigned(live).assume_role_with_web_identity(WebIdentityToken=token, **named)
    assert told.value.response["Error"]["Code"] == "IDPCommunicationError"


def test_a_saml_user_is_let_in_and_recorded(live: Live) -> None:
    company = SamlIdp()
    iam = live.client("iam")
    provider = iam.create_saml_provider(Name="Company", SAMLMetadataDocument=company.metadata())["SAMLProviderArn"]
    document = trust(provider, "sts:AssumeRoleWithSAML", StringEquals={"saml:sub": "mary"})
    role = iam.create_role(RoleName="saml", AssumeRolePolicyDocument=document)["Role"]["Arn"]
    assertion = base64.b64encode(company.response(time.time(), role=f"{role},{provider}")).decode()
    answer = unsigned(live).assume_role_with_saml(RoleArn=role, PrincipalArn=provider, SAMLAssertion=assertion)
    assert answer["AssumedRoleUser"]["Arn"].endswith(":assumed-role/saml/marymajor")
    record = event_of(live, "AssumeRoleWithSAML")
    assert record["userIdentity"] == {
        "type": "SAMLUser",
        "principalId": f"{answer['NameQualifier']}:mary",
        "userName": "mary",
        "identityProvider": answer["NameQualifier"],
    }
    assert assertion not in json.dumps(record)
