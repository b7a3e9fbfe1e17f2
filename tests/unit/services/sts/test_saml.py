import base64
import json
from collections.abc import Callable, Mapping
from typing import Any

import pytest
from lxml import etree
from tests.unit.services.desk import ACCOUNT, NOW, OTHER, Desk
from tests.unit.services.sts.tokens import RECIPIENT, SamlIdp, instant

import trailwarden.services.iam
import trailwarden.services.sts
from trailwarden.auth.callers import ANONYMOUS
from trailwarden.auth.errors import AccessDenied
from trailwarden.errors import AwsError, ValidationException
from trailwarden.services.sts.errors import ExpiredTokenException, InvalidIdentityToken

assert trailwarden.services.iam.__all__
assert trailwarden.services.sts.__all__

PROVIDER = f"arn:aws:iam::{ACCOUNT}:saml-provider/Company"
ROLE = f"arn:aws:iam::{ACCOUNT}:role/Staff"
PAIR = f"{ROLE},{PROVIDER}"
IDP = SamlIdp()
ATTRIBUTES = "https://aws.amazon.com/SAML/Attributes/"


def trusting(*more: str, **condition: Any) -> str:
    statement = {
        "Effect": "Allow",
        "Principal": {"Federated": PROVIDER},
        "Action": ["sts:AssumeRoleWithSAML", *more],
        "Condition": condition or {"StringEquals": {"saml:aud": RECIPIENT}},
    }
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]})


@pytest.fixture
def company(desk: Desk) -> Desk:
    desk.call("iam:CreateSAMLProvider", {"Name": "Company", "SAMLMetadataDocument": IDP.metadata()})
    desk.call("iam:CreateRole", {"RoleName": "Staff", "AssumeRolePolicyDocument": trusting()})
    return desk


def assume(desk: Desk, response: bytes = b"", **more: Any) -> Mapping[str, Any]:
    data = response or IDP.response(NOW, role=PAIR)
    params = {"RoleArn": ROLE, "PrincipalArn": PROVIDER, "SAMLAssertion": base64.b64encode(data).decode(), **more}
    return desk.call("sts:AssumeRoleWithSAML", params, caller=ANONYMOUS)


@pytest.mark.parametrize("signed", ["a1", "r1"])
def test_a_signed_assertion_opens_the_role(company: Desk, signed: str) -> None:
    answer = assume(company, IDP.response(NOW, signed=signed, role=f"{PROVIDER} , {ROLE}"))
    assert answer["AssumedRoleUser"]["Arn"] == f"arn:aws:sts::{ACCOUNT}:assumed-role/Staff/marymajor"
    assert (answer["Subject"], answer["SubjectType"], answer["Audience"]) == ("mary", "persistent", RECIPIENT)
    assert answer["Issuer"] == IDP.entity
    assert len(base64.b64decode(answer["NameQualifier"])) == 20
    session = company.as_session(answer).session
    assert session is not None
    assert session.federated_provider == PROVIDER
    assert session.federated_attributes["saml:sub"] == "mary"


REFUSED: list[tuple[dict[str, Any], type[AwsError], str]] = [
    ({"issuer": "https://other.example.com"}, InvalidIdentityToken, "Issuer not present in specified provider"),
    ({"audience": "https://sp.example.com"}, InvalidIdentityToken, "does not contain the required audience"),
    ({"recipient": "https://signin.aws.amazon.com.example.com/saml"}, InvalidIdentityToken, "bearer confirmation"),
    ({"issued": NOW - 301}, ExpiredTokenException, "Token must be redeemed within 5 minutes of issuance"),
    ({"ends": NOW}, ExpiredTokenException, "Token must be redeemed within 5 minutes of issuance"),
    ({"issued": NOW + 120}, InvalidIdentityToken, "not valid yet"),
    ({"role": f"arn:aws:iam::{ACCOUNT}:role/Other,{PROVIDER}"}, InvalidIdentityToken, "does not name the role"),
    ({"session": ""}, InvalidIdentityToken, "RoleSessionName is required in AuthnResponse"),
    ({"session": "a b"}, InvalidIdentityToken, "RoleSessionName in AuthnResponse must match"),
]


@pytest.mark.parametrize(("said", "kind", "text"), REFUSED)
def test_what_is_wrong_with_an_assertion_is_told(
    company: Desk, said: dict[str, Any], kind: type[AwsError], text: str
) -> None:
    with pytest.raises(kind, match=text):
        assume(company, IDP.response(NOW, **{"role": PAIR, **said}))


def altered(change: Callable[[Any], object], **said: Any) -> bytes:
    root = etree.fromstring(IDP.response(NOW, role=PAIR, **said))
    change(root)
    done: bytes = etree.tostring(root)
    return done


SAML = "{urn:oasis:names:tc:SAML:2.0:assertion}"
DSIG = "{http://www.w3.org/2000/09/xmldsig#}"


def _change_text(root: Any) -> None:
    root.find(f".//{SAML}NameID").text = "admin"


def _drop_signature(root: Any) -> None:
    signature = root.find(f".//{DSIG}Signature")
    signature.getparent().remove(signature)


def _wrap(root: Any) -> None:
    """The signed assertion is hidden within an evil one that stands where the reader looks."""
    signed = root.find(f"{SAML}Assertion")
    evil = etree.fromstring(etree.tostring(signed))
    evil.set("ID", "evil")
    evil.find(f".//{SAML}NameID").text = "admin"
    root.replace(signed, evil)
    evil.find(f"{DSIG}Signature").append(signed)


def _precede(root: Any) -> None:
    """An unsigned assertion is put in front of the signed one: the signed one alone counts."""
    signed = root.find(f"{SAML}Assertion")
    evil = etree.fromstring(etree.tostring(signed))
    evil.set("ID", "evil")
    evil.find(f".//{SAML}NameID").text = "admin"
    evil.remove(evil.find(f"{DSIG}Signature"))
    signed.addprevious(evil)


def _same_id(root: Any) -> None:
    root.set("ID", "a1")


def _weak(root: Any) -> None:
    root.find(f".//{DSIG}SignatureMethod").set("Algorithm", "http://www.w3.org/2000/09/xmldsig#rsa-sha1")


def _other_transform(root: Any) -> None:
    root.find(f".//{DSIG}Transform").set("Algorithm", "http://www.w3.org/TR/1999/REC-xpath-19991116")


@pytest.mark.parametrize(
    "change", [_change_text, _drop_signature, _wrap, _same_id, _weak, _other_transform], ids=lambda each: each.__name__
)
def test_what_the_signature_does_not_cover_opens_nothing(company: Desk, change: Callable[[Any], object]) -> None:
    with pytest.raises(InvalidIdentityToken, match="Response signature invalid"):
        assume(company, altered(change))


def test_only_the_signed_assertion_is_read(company: Desk) -> None:
    assert assume(company, altered(_precede))["Subject"] == "mary"


def test_a_comment_does_not_cut_a_name(company: Desk) -> None:
    told = IDP.response(NOW, role=PAIR).replace(b">mary<", b">mary<!-- x --><")
    assert assume(company, told)["Subject"] == "mary"


def test_another_key_is_not_the_providers(company: Desk) -> None:
    with pytest.raises(InvalidIdentityToken, match="Response signature invalid"):
        assume(company, SamlIdp().response(NOW, role=PAIR))


@pytest.mark.parametrize(
    "document",
    [
        b"no xml at all",
        b"<x/>",
        b'<!DOCTYPE x [<!ENTITY a "aaaa">]><x>&a;</x>',
        '<?xml version="1.0" encoding="utf-16"?><!DOCTYPE x SYSTEM "file:///etc/passwd"><x/>'.encode("utf-16"),
        b"<x>" * 100_000,
        b"<x>" + b" " * 1_000_000 + b"</x>",
    ],
)
def test_hostile_documents_are_refused(company: Desk, document: bytes) -> None:
    with pytest.raises(InvalidIdentityToken):
        assume(company, document)


def test_what_is_no_base_64_or_no_provider_is_refused(company: Desk) -> None:
    with pytest.raises(InvalidIdentityToken, match="Invalid base64"):
        assume(company, SAMLAssertion="%%%%")
    with pytest.raises(InvalidIdentityToken, match="Specified provider doesn't exist"):
        assume(company, PrincipalArn=f"arn:aws:iam::{ACCOUNT}:saml-provider/Other")
    with pytest.raises(InvalidIdentityToken, match="must be in one account"):
        assume(company, PrincipalArn=f"arn:aws:iam::{OTHER}:saml-provider/Company")
    with pytest.raises(ValidationException):
        assume(company, PrincipalArn="Company")


def test_the_trust_policy_decides(company: Desk) -> None:
    for condition in (
        {"saml:sub": "mary", "saml:sub_type": "persistent", "saml:iss": IDP.entity},
        {"saml:doc": f"{ACCOUNT}/Company"},
        {"saml:mail": "mary@example.com"},
        {"sts:RoleSessionName": "marymajor"},
    ):
        document = IDP.response(NOW, role=PAIR, attributes={"urn:oid:0.9.2342.19200300.100.1.3": "mary@example.com"})
        retrust(company, trusting(StringEquals=condition))
        assert assume(company, document)["Credentials"]
        retrust(company, trusting(StringEquals=dict.fromkeys(condition, "something else")))
        with pytest.raises(AccessDenied) as told:
            assume(company, document)
        assert told.value.text == "Not authorized to perform sts:AssumeRoleWithSAML"


def retrust(desk: Desk, document: str) -> None:
    desk.call("iam:UpdateAssumeRolePolicy", {"RoleName": "Staff", "PolicyDocument": document})


def test_tags_and_source_identity_come_with_the_assertion(company: Desk) -> None:
    told = {
        f"{ATTRIBUTES}PrincipalTag:Project": "blue",
        f"{ATTRIBUTES}TransitiveTagKeys": "Project",
        f"{ATTRIBUTES}SourceIdentity": "mary",
    }
    with pytest.raises(AccessDenied, match="sts:TagSession"):
        assume(company, IDP.response(NOW, role=PAIR, attributes=told))
    retrust(company, trusting("sts:TagSession", "sts:SetSourceIdentity"))
    session = company.as_session(assume(company, IDP.response(NOW, role=PAIR, attributes=told))).session
    assert session is not None
    assert (session.tags, session.transitive, session.source_identity) == ({"Project": "blue"}, ("Project",), "mary")


def test_the_provider_may_end_the_session_early(company: Desk) -> None:
    statement = f'<saml:AuthnStatement SessionNotOnOrAfter="{instant(NOW + 1200)}"/>'
    answer = assume(company, IDP.response(NOW, role=PAIR, extra=statement))
    assert answer["Credentials"]["Expiration"] == NOW + 1200
    answer = assume(company, IDP.response(NOW, role=PAIR, extra=statement), DurationSeconds=900)
    assert answer["Credentials"]["Expiration"] == NOW + 900
