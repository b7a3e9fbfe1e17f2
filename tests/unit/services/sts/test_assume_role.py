import json
from collections.abc import Mapping
from typing import Any

import pytest
from tests.unit.services.desk import ACCOUNT, NOW, OTHER, Desk, root

import trailwarden.services.iam
import trailwarden.services.sts
from trailwarden.auth.identities import ROLE
from trailwarden.auth.stages import Caller
from trailwarden.errors import AwsError, ValidationException
from trailwarden.policy import PrincipalKind
from trailwarden.services.sts.errors import (
    InvalidContextAssertion,
    InvalidParameterValue,
    MalformedPolicyDocument,
    NotAllowed,
    PackedPolicyTooLarge,
)

assert trailwarden.services.iam.__all__
assert trailwarden.services.sts.__all__

READ = '{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"s3:GetObject","Resource":"*"}]}'


def trusting(principal: str) -> str:
    statement = {"Effect": "Allow", "Principal": {"AWS": principal}, "Action": ["sts:AssumeRole", "sts:TagSession"]}
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]})


@pytest.fixture
def caller(desk: Desk) -> Caller:
    desk.call("iam:CreateUser", {"UserName": "mateojackson"})
    for name in ("Auditor", "Second"):
        desk.call("iam:CreateRole", {"RoleName": name, "Path": "/team/", "AssumeRolePolicyDocument": trusting(ACCOUNT)})
    return desk.as_user("mateojackson")


def assume(desk: Desk, caller: Caller, role: str = "Auditor", **more: Any) -> Mapping[str, Any]:
    params = {"RoleArn": f"arn:aws:iam::{ACCOUNT}:role/team/{role}", "RoleSessionName": "audit", **more}
    return desk.call("sts:AssumeRole", params, caller=caller)


def test_session_of_a_role(desk: Desk, caller: Caller) -> None:
    answer = assume(desk, caller)
    arn = f"arn:aws:sts::{ACCOUNT}:assumed-role/Auditor/audit"
    assert answer["AssumedRoleUser"]["Arn"] == arn
    assert answer["AssumedRoleUser"]["AssumedRoleId"].endswith(":audit")
    assert answer["Credentials"]["AccessKeyId"].startswith("ASIA")
    assert answer["Credentials"]["Expiration"] == NOW + 3600
    assert set(answer) == {"AssumedRoleUser", "Credentials"}
    session = desk.as_session(answer)
    assert session.principal.kind is PrincipalKind.ROLE_SESSION
    assert session.session is not None
    assert session.session.issuer_arn == f"arn:aws:iam::{ACCOUNT}:role/team/Auditor"
    shown = desk.call("sts:GetCallerIdentity", caller=session)
    assert shown == {"UserId": answer["AssumedRoleUser"]["AssumedRoleId"], "Account": ACCOUNT, "Arn": arn}


def test_use_of_the_role_is_noted(desk: Desk, caller: Caller) -> None:
    assume(desk, caller)
    used = desk.call("iam:GetRole", {"RoleName": "Auditor"})["Role"]["RoleLastUsed"]
    assert used == {"LastUsedDate": NOW, "Region": "us-east-1"}
    document = desk.storage.begin().get(ROLE, ACCOUNT, "", "auditor")
    desk.now += 60
    assume(desk, caller)
    again = desk.storage.begin().get(ROLE, ACCOUNT, "", "auditor")
    assert document is not None
    assert again is not None
    assert again.version == document.version


@pytest.mark.parametrize(
    "arn",
    ["nothing-valid-in-here", "arn::b:::something/test-role", "arn:a:::something/test-role", "arn:a:a::aaaaaaaaaa:"],
)
def test_malformed_role_arn(desk: Desk, caller: Caller, arn: str) -> None:
    with pytest.raises(ValidationException) as told:
        assume(desk, caller, RoleArn=arn)
    assert told.value.text == f"{arn} is invalid"


def test_missing_role_is_a_denial(desk: Desk, caller: Caller) -> None:
    with pytest.raises(
        NotAllowed, match="is not authorized to perform: sts:AssumeRole on resource: arn:aws:iam::"
    ) as told:
        assume(desk, caller, "Nobody")
    assert (told.value.code_in("query"), told.value.status) == ("AccessDenied", 403)
    with pytest.raises(NotAllowed):
        assume(desk, caller, RoleArn=f"arn:aws:iam::{ACCOUNT}:role/Auditor")


def test_root_assumes_no_role(desk: Desk, caller: Caller) -> None:
    with pytest.raises(NotAllowed, match="Roles may not be assumed by root accounts"):
        assume(desk, root())


def test_unverifiable_context_is_refused(desk: Desk, caller: Caller) -> None:
    given = [{"ProviderArn": "arn:aws:iam::aws:contextProvider/IdentityCenter", "ContextAssertion": "abcd"}]
    with pytest.raises(InvalidContextAssertion):
        assume(desk, caller, ProvidedContexts=given)


def test_guest_assumes_no_role(desk: Desk, caller: Caller) -> None:
    guest = desk.as_session(desk.call("sts:GetFederationToken", {"Name": "guest"}, caller=caller))
    with pytest.raises(NotAllowed, match="Cannot call AssumeRole with federation token credentials"):
        assume(desk, guest)


def test_duration_has_bounds(desk: Desk, caller: Caller) -> None:
    desk.call("iam:UpdateRole", {"RoleName": "Auditor", "MaxSessionDuration": 7200})
    assert assume(desk, caller, DurationSeconds=7200)["Credentials"]["Expiration"] == NOW + 7200
    with pytest.raises(ValidationException) as long:
        assume(desk, caller, DurationSeconds=7201)
    assert long.value.text == "The requested DurationSeconds exceeds the MaxSessionDuration set for this role."
    chained = desk.as_session(assume(desk, caller, "Second"))
    with pytest.raises(ValidationException) as chain:
        assume(desk, chained, DurationSeconds=3601)
    assert chain.value.text == (
        "The requested DurationSeconds exceeds the 1 hour session limit for roles assumed by role chaining"
    )
    assert assume(desk, chained, DurationSeconds=3600)["Credentials"]["Expiration"] == NOW + 3600


def test_tags_pass_on_along_a_chain(desk: Desk, caller: Caller) -> None:
    tags = [{"Key": "team", "Value": "a"}, {"Key": "own", "Value": "b"}]
    first = desk.as_session(assume(desk, caller, Tags=tags, TransitiveTagKeys=["TEAM"]))
    assert first.session is not None
    assert dict(first.session.tags) == {"team": "a", "own": "b"}
    second = desk.as_session(assume(desk, first, "Second", Tags=[{"Key": "new", "Value": "c"}]))
    assert second.session is not None
    assert dict(second.session.tags) == {"team": "a", "new": "c"}
    assert second.session.chained
    with pytest.raises(InvalidParameterValue) as conflict:
        assume(desk, second, Tags=[{"Key": "Team", "Value": "z"}])
    assert conflict.value.text == (
        "One of the specified transitive tag keys can't be set because it conflicts with a transitive tag key from "
        "the calling session."
    )


@pytest.mark.parametrize(
    ("more", "text"),
    [
        (
            {"Tags": [{"Key": "a", "Value": ""}], "TransitiveTagKeys": ["b"]},
            "The specified transitive tag key must be included in the requested tags.",
        ),
        (
            {"Tags": [{"Key": "a", "Value": ""}, {"Key": "A", "Value": ""}]},
            "Duplicate tag keys found. Please note that Tag keys are case insensitive.",
        ),
    ],
)
def test_tags_are_checked(desk: Desk, caller: Caller, more: dict[str, Any], text: str) -> None:
    with pytest.raises(InvalidParameterValue) as told:
        assume(desk, caller, **more)
    assert told.value.text == text


def test_session_policies_go_into_the_session(desk: Desk, caller: Caller) -> None:
    own = desk.call("iam:CreatePolicy", {"PolicyName": "p", "PolicyDocument": READ})["Policy"]["Arn"]
    arns = [{"arn": own}, {"arn": "arn:aws:iam::aws:policy/ReadOnlyAccess"}]
    answer = assume(desk, caller, Policy=READ, PolicyArns=arns)
    assert 0 < answer["PackedPolicySize"] < 100
    session = desk.as_session(answer).session
    assert session is not None
    assert session.policies == (READ,)
    assert session.policy_arns == (own, "arn:aws:iam::aws:policy/ReadOnlyAccess")


@pytest.mark.parametrize(
    ("more", "error"),
    [
        ({"Policy": "{"}, MalformedPolicyDocument),
        ({"PolicyArns": [{"arn": f"arn:aws:iam::{ACCOUNT}:policy/none"}]}, MalformedPolicyDocument),
        ({"PolicyArns": [{"arn": "arn:aws:s3:::bucket"}]}, ValidationException),
        ({"PolicyArns": [{"arn": "arn:aws:iam::aws:policy/ReadOnlyAccess"}] * 11}, PackedPolicyTooLarge),
        ({"Policy": READ + " " * 2048}, PackedPolicyTooLarge),
    ],
)
def test_session_policies_are_checked(desk: Desk, caller: Caller, more: dict[str, Any], error: type[AwsError]) -> None:
    with pytest.raises(error):
        assume(desk, caller, **more)


def test_source_identity_stays(desk: Desk, caller: Caller) -> None:
    first = assume(desk, caller, SourceIdentity="mateo")
    assert first["SourceIdentity"] == "mateo"
    second = assume(desk, desk.as_session(first), "Second")
    assert second["SourceIdentity"] == "mateo"
    with pytest.raises(NotAllowed):
        assume(desk, desk.as_session(second), SourceIdentity="mary")


def test_key_tells_its_account(desk: Desk, caller: Caller) -> None:
    key = desk.call("iam:CreateAccessKey", {"UserName": "mateojackson"})["AccessKey"]["AccessKeyId"]
    assert desk.call("sts:GetAccessKeyInfo", {"AccessKeyId": key}, caller=root(OTHER)) == {"Account": ACCOUNT}
    with pytest.raises(ValidationException):
        desk.call("sts:GetAccessKeyInfo", {"AccessKeyId": "AKIAIOSFODNN7EXAMPLE"})


def test_sealed_message_is_decoded(desk: Desk, caller: Caller) -> None:
    sealed = desk.vault.seal_message(b'{"allowed":false}')
    assert desk.call("sts:DecodeAuthorizationMessage", {"EncodedMessage": sealed}) == {
        "DecodedMessage": '{"allowed":false}'
    }
    with pytest.raises(AwsError, match="Message is not valid") as told:
        desk.call("sts:DecodeAuthorizationMessage", {"EncodedMessage": sealed[:-4] + "AAAA"})
    assert told.value.code_in("query") == "InvalidAuthorizationMessageException"
