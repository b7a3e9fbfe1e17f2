import pytest
from tests.unit.services.desk import ACCOUNT, NOW, OTHER, Desk, root

import trailwarden.services.iam
import trailwarden.services.toolbox
from trailwarden.auth.record import decided_body
from trailwarden.catalog.checks import Check
from trailwarden.errors import ValidationException
from trailwarden.services.toolbox.details import ResourceNotFoundException
from trailwarden.storage import Decided

assert trailwarden.services.iam.__all__
assert trailwarden.services.toolbox.__all__

WITH_DENY = (
    '{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"s3:*","Resource":"*"},'
    '{"Sid":"NoDelete","Effect":"Deny","Action":"s3:DeleteBucket","Resource":"*"}]}'
)
BOUNDARY = '{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"ec2:*","Resource":"*"}]}'
ID = "a1b2c3d4e5f6g7h8i9j0k1l2m"
CALL = "iam-toolbox:GetRequestAuthorizationDetails"


def deny(desk: Desk, action: str) -> None:
    """Keep the decision on a call of mateojackson's."""
    world = desk.world()
    check = Check(action=action, resource="arn:aws:s3:::bucket", context={"s3:TlsVersion": "1.2"})
    judged = world.authorizer.judge(
        desk.as_user("mateojackson"),
        check,
        world.transaction,
        now=NOW,
        region="us-east-1",
        context={"aws:SourceIp": "192.0.2.1"},
    )
    assert not judged.decision.allowed
    kept = Decided(
        authorization_id=ID,
        event_id="e-1",
        request_id="r-1",
        account=ACCOUNT,
        region="us-east-1",
        time=NOW,
        body=decided_body(judged),
    )
    world.transaction.keep(kept)
    desk.storage.commit(world.transaction).result(10)


@pytest.fixture
def denied(desk: Desk) -> Desk:
    arn = desk.call("iam:CreatePolicy", {"PolicyName": "cap", "PolicyDocument": BOUNDARY})["Policy"]["Arn"]
    desk.call("iam:CreateUser", {"UserName": "mateojackson", "PermissionsBoundary": arn})
    desk.call("iam:PutUserPolicy", {"UserName": "mateojackson", "PolicyName": "in", "PolicyDocument": WITH_DENY})
    return desk


def test_explicit_denial_names_the_statement(denied: Desk) -> None:
    deny(denied, "s3:DeleteBucket")
    shown = denied.call(CALL, {"authorizationId": ID})
    (evaluation,) = shown["evaluations"]
    assert (evaluation["action"], evaluation["resource"]) == ("s3:DeleteBucket", "arn:aws:s3:::bucket")
    assert evaluation["evaluatedEffect"] == "EXPLICIT_DENY"
    assert evaluation["context"] == {"s3:TlsVersion": "1.2"}
    assert shown["requestContext"]["aws:SourceIp"] == "192.0.2.1"
    assert "s3:TlsVersion" not in shown["requestContext"]
    assert [(check["checkType"], check["evaluatedEffect"]) for check in evaluation["checks"]] == [
        ("PRINCIPAL", "EXPLICIT_DENY"), ("PERMISSIONS_BOUNDARY", "IMPLICIT_DENY"),
    ]  # fmt: skip
    assert evaluation["checks"][0]["matchedPolicies"][0]["matchedStatements"] == [
        {"sid": "NoDelete", "evaluatedEffect": "DENY"},
        {"sid": "Statement1", "evaluatedEffect": "ALLOW"},
    ]
    inline, managed = shown["policies"]
    assert (inline["type"], inline["inline"], inline["attachedTo"]) == (
        "IDENTITY_BASED_POLICY", True, [{"arn": f"arn:aws:iam::{ACCOUNT}:user/mateojackson"}],
    )  # fmt: skip
    assert (managed["uri"], managed["inline"]) == (f"arn:aws:iam::{ACCOUNT}:policy/cap", False)


def test_policy_is_shown_as_it_stood(denied: Desk) -> None:
    deny(denied, "s3:GetBucketPolicy")
    shown = denied.call(CALL, {"authorizationId": ID})
    assert shown["evaluations"][0]["evaluatedEffect"] == "IMPLICIT_DENY"
    uri = shown["policies"][0]["uri"]
    denied.call("iam:DeleteUserPolicy", {"UserName": "mateojackson", "PolicyName": "in"})
    asked = {"authorizationId": ID, "policyUri": uri}
    document = denied.call("iam-toolbox:GetRequestAuthorizationPolicy", asked)["policyDocument"]
    assert document["Statement"][1]["Sid"] == "NoDelete"
    with pytest.raises(ResourceNotFoundException):
        denied.call("iam-toolbox:GetRequestAuthorizationPolicy", {**asked, "policyUri": "inline-0"})


def test_details_are_for_the_own_account_and_region(denied: Desk) -> None:
    deny(denied, "s3:DeleteBucket")
    for asked in ({"authorizationId": "0" * 25}, {"authorizationId": ID}):
        with pytest.raises(ResourceNotFoundException):
            denied.call(CALL, asked, caller=root(OTHER))
    with pytest.raises(ResourceNotFoundException):
        denied.call(CALL, {"authorizationId": ID}, region="eu-west-1")
    with pytest.raises(ValidationException):
        denied.call(CALL, {"authorizationId": ID, "nextToken": "x"})
