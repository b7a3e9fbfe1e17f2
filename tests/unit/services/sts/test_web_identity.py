import json
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from tests.unit.services.desk import ACCOUNT, NOW, Desk, root
from tests.unit.services.sts.tokens import TokenIssuer, based

import trailwarden.services.iam
import trailwarden.services.sts
from trailwarden.auth.callers import ANONYMOUS
from trailwarden.auth.errors import AccessDenied
from trailwarden.errors import AwsError, ValidationException
from trailwarden.services.settings import Settings
from trailwarden.services.sts.errors import (
    ExpiredTokenException,
    IDPCommunicationError,
    IDPRejectedClaim,
    InvalidIdentityToken,
    InvalidParameterValue,
)
from trailwarden.services.sts.issuer_keys import issuer_keys
from trailwarden.services.world import World

assert trailwarden.services.iam.__all__
assert trailwarden.services.sts.__all__

HOST = "token.actions.githubusercontent.com"
PROVIDER = f"arn:aws:iam::{ACCOUNT}:oidc-provider/{HOST}"
ROLE = f"arn:aws:iam::{ACCOUNT}:role/Deploy"
ISSUER = TokenIssuer(HOST)


class OidcDesk(Desk):
    """A desk whose server has keys of issuers in a folder."""

    folder: Path

    def world(self) -> World:
        return replace(super().world(), settings=Settings(oidc=str(self.folder)))


@pytest.fixture
def web(desk: Desk, tmp_path: Path) -> OidcDesk:
    made = OidcDesk(storage=desk.storage, vault=desk.vault)
    made.folder = tmp_path / "oidc"
    place = made.folder / HOST
    place.mkdir(parents=True)
    (place / "jwks.json").write_text(ISSUER.jwks())
    made.call(
        "iam:CreateOpenIDConnectProvider", {"Url": f"https://{HOST}", "ClientIDList": ["sts.amazonaws.com", "other"]}
    )
    made.call("iam:CreateRole", {"RoleName": "Deploy", "AssumeRolePolicyDocument": trusting()})
    return made


def trusting(*more: str, **condition: Any) -> str:
    test = condition or {"StringLike": {f"{HOST}:sub": "repo:example/*"}}
    statement = {
        "Effect": "Allow",
        "Principal": {"Federated": PROVIDER},
        "Action": ["sts:AssumeRoleWithWebIdentity", *more],
        "Condition": test,
    }
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]})


def assume(desk: Desk, token: str = "", **more: Any) -> Mapping[str, Any]:
    params = {"RoleArn": ROLE, "RoleSessionName": "ci", "WebIdentityToken": token or ISSUER.token(NOW), **more}
    return desk.call("sts:AssumeRoleWithWebIdentity", params, caller=ANONYMOUS)


def retrust(desk: Desk, document: str) -> None:
    desk.call("iam:UpdateAssumeRolePolicy", {"RoleName": "Deploy", "PolicyDocument": document})


@pytest.mark.parametrize("algorithm", ["RS256", "ES256"])
def test_a_signed_token_opens_the_role(web: OidcDesk, algorithm: str) -> None:
    answer = assume(web, ISSUER.token(NOW, algorithm=algorithm))
    assert answer["SubjectFromWebIdentityToken"] == "repo:example/app"
    assert (answer["Audience"], answer["Provider"]) == ("sts.amazonaws.com", PROVIDER)
    assert answer["AssumedRoleUser"]["Arn"] == f"arn:aws:sts::{ACCOUNT}:assumed-role/Deploy/ci"
    assert answer["Credentials"]["Expiration"] == NOW + 3600
    session = web.as_session(answer).session
    assert session is not None
    assert session.federated_provider == PROVIDER
    assert session.federated_attributes == {f"{HOST}:aud": "sts.amazonaws.com", f"{HOST}:sub": "repo:example/app"}


REFUSED: list[tuple[str, type[AwsError], str]] = [
    ("not.a-token", InvalidIdentityToken, "not a valid JWT"),
    ("plain", InvalidIdentityToken, "not a valid JWT"),
    (ISSUER.token(NOW, aud="nobody"), InvalidIdentityToken, "Incorrect token audience"),
    (ISSUER.token(NOW, aud=["nobody", "noone"]), InvalidIdentityToken, "Incorrect token audience"),
    (ISSUER.token(NOW, azp="nobody"), InvalidIdentityToken, "Incorrect token audience"),
    (ISSUER.token(NOW, iss="https://elsewhere.example.com"), InvalidIdentityToken, "No OpenIDConnect provider found"),
    (ISSUER.token(NOW, iss=HOST), InvalidIdentityToken, "not an https address"),
    (ISSUER.token(NOW, iss="https://../x"), InvalidIdentityToken, "No OpenIDConnect provider found"),
    (ISSUER.token(NOW, sub=None), InvalidIdentityToken, "Missing a required claim: sub"),
    (ISSUER.token(NOW, iat=None), InvalidIdentityToken, "Missing a required claim: iat"),
    (ISSUER.token(NOW, sub=7), InvalidIdentityToken, "not a string"),
    (ISSUER.token(NOW, sub="x" * 256), InvalidIdentityToken, "longer than 255"),
    (ISSUER.token(NOW, exp=True), InvalidIdentityToken, "not a number"),
    (ISSUER.token(NOW, exp=int(NOW)), ExpiredTokenException, "Token expired: current date/time 1750000000 must be"),
    (ISSUER.token(NOW, iat=int(NOW) + 301), InvalidIdentityToken, "not valid yet"),
    (ISSUER.token(NOW, nbf=int(NOW) + 301), InvalidIdentityToken, "not valid yet"),
    (ISSUER.token(NOW, header={"crit": ["x"]}), InvalidIdentityToken, "not a valid JWT"),
    (TokenIssuer(HOST).token(NOW), InvalidIdentityToken, "Token signature invalid"),
    (ISSUER.token(NOW, header={"alg": "none"}), InvalidIdentityToken, "Token signature invalid"),
    (ISSUER.token(NOW, header={"alg": "HS256"}), InvalidIdentityToken, "Token signature invalid"),
    (ISSUER.token(NOW, header={"kid": "r2"}), InvalidIdentityToken, "Token signature invalid"),
    (ISSUER.token(NOW, header={"kid": "e1"}), InvalidIdentityToken, "Token signature invalid"),
]


@pytest.mark.parametrize(("token", "kind", "text"), REFUSED)
def test_what_is_wrong_with_a_token_is_told(web: OidcDesk, token: str, kind: type[AwsError], text: str) -> None:
    with pytest.raises(kind, match=text):
        assume(web, token)


def test_a_changed_claim_breaks_the_signature(web: OidcDesk) -> None:
    head, _, signature = ISSUER.token(NOW).split(".")
    claims = {"iss": f"https://{HOST}", "sub": "admin", "aud": "other", "iat": int(NOW), "exp": int(NOW) + 60}
    with pytest.raises(InvalidIdentityToken, match="Token signature invalid"):
        assume(web, f"{head}.{based(json.dumps(claims).encode())}.{signature}")


def test_without_keys_the_provider_cannot_be_asked(web: OidcDesk) -> None:
    (web.folder / HOST / "jwks.json").unlink()
    with pytest.raises(IDPCommunicationError, match="Couldn't retrieve verification key"):
        assume(web)


def test_keys_are_read_below_the_folder_alone(tmp_path: Path) -> None:
    (tmp_path / "jwks.json").write_text(ISSUER.jwks())
    (tmp_path / "oidc").mkdir()
    for issuer in ("..", "a/../..", "%2e%2e", "", "a//b", "x\\y"):
        assert issuer_keys(str(tmp_path / "oidc"), issuer) is None
    (tmp_path / "oidc" / "jwks.json").write_text("[" * 100_000)
    assert issuer_keys(str(tmp_path), "oidc") == ()
    (tmp_path / "oidc" / "jwks.json").write_text(" " * 262_145)
    assert issuer_keys(str(tmp_path), "oidc") is None


def test_the_trust_policy_decides(web: OidcDesk) -> None:
    with pytest.raises(AccessDenied) as told:
        assume(web, ISSUER.token(NOW, sub="repo:stranger/app"))
    assert told.value.text == "Not authorized to perform sts:AssumeRoleWithWebIdentity"
    assert told.value.judged.request.principal.arn == PROVIDER
    with pytest.raises(AccessDenied):
        assume(web, RoleArn=f"arn:aws:iam::{ACCOUNT}:role/Nobody")
    with pytest.raises(ValidationException):
        assume(web, RoleArn="Deploy")


@pytest.mark.parametrize(
    ("condition", "claims"),
    [
        ({"StringEquals": {f"{HOST}:aud": "sts.amazonaws.com"}}, {}),
        ({"ForAnyValue:StringEquals": {f"{HOST}:aud": "other"}}, {"aud": ["nobody", "other"]}),
        ({"StringEquals": {f"{HOST}:aud": "other", f"{HOST}:oaud": "service"}}, {"azp": "other", "aud": "service"}),
        ({"StringEquals": {f"{HOST}:repository": "example/app"}}, {"repository": "example/app"}),
        (
            {"ForAllValues:StringEquals": {f"{HOST}:amr": ["pwd", "otp"]}, "Null": {f"{HOST}:amr": "false"}},
            {"amr": ["otp"]},
        ),
        ({"StringEquals": {"sts:RoleSessionName": "ci"}}, {}),
    ],
)
def test_claims_are_condition_keys(web: OidcDesk, condition: dict[str, Any], claims: dict[str, Any]) -> None:
    retrust(web, trusting(**condition))
    assert assume(web, ISSUER.token(NOW, **claims))["Credentials"]
    other = {
        operator: dict.fromkeys(keys, "something else") for operator, keys in condition.items() if operator != "Null"
    }
    retrust(web, trusting(**other))
    with pytest.raises(AccessDenied):
        assume(web, ISSUER.token(NOW, **claims))


TAGS = {"https://aws.amazon.com/tags": {"principal_tags": {"Project": ["blue"]}, "transitive_tag_keys": ["Project"]}}


def test_tags_and_source_identity_come_with_the_token(web: OidcDesk) -> None:
    claims: dict[str, Any] = {**TAGS, "https://aws.amazon.com/source_identity": "mary"}
    with pytest.raises(AccessDenied, match="sts:TagSession"):
        assume(web, ISSUER.token(NOW, **claims))
    retrust(web, trusting("sts:TagSession"))
    with pytest.raises(AccessDenied, match="sts:SetSourceIdentity"):
        assume(web, ISSUER.token(NOW, **claims))
    allowed = {"StringEquals": {"aws:RequestTag/Project": "blue", "sts:SourceIdentity": "mary"}}
    retrust(web, trusting("sts:TagSession", "sts:SetSourceIdentity", **allowed))
    answer = assume(web, ISSUER.token(NOW, **claims))
    session = web.as_session(answer).session
    assert answer["SourceIdentity"] == "mary"
    assert session is not None
    assert (session.tags, session.transitive, session.source_identity) == ({"Project": "blue"}, ("Project",), "mary")


def test_flat_tags_count_too_and_must_be_whole(web: OidcDesk) -> None:
    retrust(web, trusting("sts:TagSession"))
    flat = {"https://aws.amazon.com/tags/principal_tags/Team": "red"}
    session = web.as_session(assume(web, ISSUER.token(NOW, **flat))).session
    assert session is not None
    assert session.tags == {"Team": "red"}
    passing = {**flat, "https://aws.amazon.com/tags/transitive_tag_keys": "Other"}
    with pytest.raises(InvalidParameterValue):
        assume(web, ISSUER.token(NOW, **passing))


def test_names_in_the_token_are_held_to_their_pattern(web: OidcDesk) -> None:
    with pytest.raises(InvalidIdentityToken, match="Source Identity must match"):
        assume(web, ISSUER.token(NOW, **{"https://aws.amazon.com/source_identity": "aws:x"}))


def test_durations_and_session_policies_hold(web: OidcDesk) -> None:
    with pytest.raises(ValidationException):
        assume(web, DurationSeconds=3601)
    policy = '{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"s3:GetObject","Resource":"*"}]}'
    answer = assume(web, DurationSeconds=900, Policy=policy)
    session = web.as_session(answer).session
    assert session is not None
    assert (answer["Credentials"]["Expiration"], session.policies) == (NOW + 900, (policy,))
    assert answer["PackedPolicySize"] > 0


def test_access_tokens_are_not_known_here(web: OidcDesk) -> None:
    with pytest.raises(IDPRejectedClaim):
        assume(web, ProviderId="www.amazon.com")


def test_built_in_providers_need_no_provider_and_take_any_client(web: OidcDesk) -> None:
    google = TokenIssuer("accounts.google.com")
    place = web.folder / "accounts.google.com"
    place.mkdir()
    (place / "jwks.json").write_text(google.jwks())
    statement = {
        "Effect": "Allow",
        "Principal": {"Federated": "accounts.google.com"},
        "Action": "sts:AssumeRoleWithWebIdentity",
        "Condition": {"StringEquals": {"accounts.google.com:aud": "app"}},
    }
    retrust(web, json.dumps({"Version": "2012-10-17", "Statement": [statement]}))
    assert assume(web, google.token(NOW, aud="app"))["Provider"] == "accounts.google.com"
    with pytest.raises(AccessDenied):
        assume(web, google.token(NOW, aud="another"))


def test_our_own_tokens_are_taken_like_any_others(web: OidcDesk) -> None:
    web.call("iam:CreateUser", {"UserName": "mateojackson"})
    issuer = web.call("iam:EnableOutboundWebIdentityFederation")["IssuerIdentifier"]
    web.call("iam:CreateOpenIDConnectProvider", {"Url": issuer, "ClientIDList": ["partner"]})
    provider = f"arn:aws:iam::{ACCOUNT}:oidc-provider/{issuer.removeprefix('https://')}"
    statement = {"Effect": "Allow", "Principal": {"Federated": provider}, "Action": "sts:AssumeRoleWithWebIdentity"}
    retrust(web, json.dumps({"Version": "2012-10-17", "Statement": [statement]}))
    for algorithm in ("RS256", "ES384"):
        asked = {"Audience": ["partner"], "SigningAlgorithm": algorithm, "Tags": [{"Key": "job", "Value": "7"}]}
        given = web.call("sts:GetWebIdentityToken", asked, caller=web.as_user("mateojackson"))
        assert given["Expiration"] == NOW + 300
        answer = assume(web, given["WebIdentityToken"])
        assert answer["SubjectFromWebIdentityToken"] == f"arn:aws:iam::{ACCOUNT}:user/mateojackson"


def test_outbound_federation_is_off_until_it_is_on(web: OidcDesk) -> None:
    asked = {"Audience": ["partner"], "SigningAlgorithm": "RS256"}

    def code(operation: str, params: Mapping[str, Any] | None = None) -> str:
        with pytest.raises(AwsError) as told:
            web.call(operation, params)
        return told.value.code_in("query")

    assert code("sts:GetWebIdentityToken", asked) == "OutboundWebIdentityFederationDisabledException"
    assert code("iam:GetOutboundWebIdentityFederationInfo") == "FeatureDisabled"
    assert code("iam:DisableOutboundWebIdentityFederation") == "FeatureDisabled"
    first = web.call("iam:EnableOutboundWebIdentityFederation")["IssuerIdentifier"]
    assert code("iam:EnableOutboundWebIdentityFederation") == "FeatureEnabled"
    shown = web.call("iam:GetOutboundWebIdentityFederationInfo")
    assert shown == {"IssuerIdentifier": first, "JwtVendingEnabled": True}
    web.call("iam:DisableOutboundWebIdentityFederation")
    assert code("sts:GetWebIdentityToken", asked) == "OutboundWebIdentityFederationDisabledException"
    assert web.call("iam:EnableOutboundWebIdentityFederation")["IssuerIdentifier"] == first


def test_a_token_lives_no_longer_than_the_session(web: OidcDesk) -> None:
    web.call("iam:EnableOutboundWebIdentityFederation")
    session = web.as_session(assume(web, DurationSeconds=900))
    web.now += 700
    asked = {"Audience": ["partner"], "SigningAlgorithm": "ES384"}
    with pytest.raises(AwsError) as told:
        web.call("sts:GetWebIdentityToken", asked, caller=session)
    assert told.value.code_in("query") == "SessionDurationEscalationException"
    assert web.call("sts:GetWebIdentityToken", {**asked, "DurationSeconds": 200}, caller=session)["WebIdentityToken"]
    with pytest.raises(AwsError) as told:
        web.call("sts:GetWebIdentityToken", {**asked, "SigningAlgorithm": "HS256"}, caller=root())
    assert told.value.code_in("query") == "ValidationError"
    many = [{"Key": f"key-{each:03}", "Value": "x" * 200} for each in range(50)]
    with pytest.raises(AwsError) as told:
        web.call("sts:GetWebIdentityToken", {**asked, "Tags": many}, caller=root())
    assert told.value.code_in("query") == "JWTPayloadSizeExceededException"
