import json

import pytest
from tests.unit.services.desk import ACCOUNT, NOW, Desk

import trailwarden.services.iam
from trailwarden.services.iam.last_accessed import JobNotFound
from trailwarden.storage import Entry

assert trailwarden.services.iam.__all__

ROLE_ARN = f"arn:aws:iam::{ACCOUNT}:role/Auditor"
DOCUMENT = (
    '{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":["s3:Get*","cloudtrail:*"],"Resource":"*"}]}'
)


def happen(desk: Desk, name: str, arn: str, *, at: float, region: str = "us-east-1", issuer: str = "") -> None:
    identity: dict[str, object] = {"arn": arn}
    if issuer:
        identity["sessionContext"] = {"sessionIssuer": {"arn": issuer}}
    transaction = desk.storage.begin()
    transaction.append(
        Entry(
            event_id=f"{name}-{at}",
            time=at,
            account=ACCOUNT,
            region=region,
            category="Management",
            source="cloudtrail.amazonaws.com",
            name=name,
            read_only=True,
            record=json.dumps({"userIdentity": identity}).encode(),
        )
    )
    desk.storage.commit(transaction).result(10)


def test_events_tell_when_services_were_used(desk: Desk) -> None:
    user = desk.call("iam:CreateUser", {"UserName": "mateojackson"})["User"]["Arn"]
    desk.call("iam:PutUserPolicy", {"UserName": "mateojackson", "PolicyName": "in", "PolicyDocument": DOCUMENT})
    happen(desk, "ListTrails", user, at=NOW - 50)
    happen(desk, "DescribeTrails", user, at=NOW - 100, region="eu-west-1")
    happen(desk, "ListTrails", user + "2", at=NOW - 10)
    asked = {"Arn": user, "Granularity": "ACTION_LEVEL"}
    job = desk.call("iam:GenerateServiceLastAccessedDetails", asked)["JobId"]
    shown = desk.call("iam:GetServiceLastAccessedDetails", {"JobId": job})
    assert shown["JobStatus"] == "COMPLETED"
    services = {service["ServiceNamespace"]: service for service in shown["ServicesLastAccessed"]}
    assert {"cloudtrail", "s3"} <= set(services)
    assert "ec2" not in services
    assert "LastAuthenticated" not in services["s3"]
    used = services["cloudtrail"]
    assert (used["LastAuthenticated"], used["LastAuthenticatedEntity"], used["TotalAuthenticatedEntities"]) == (
        NOW - 50,
        user,
        1,
    )
    assert [(each["ActionName"], each["LastAccessedRegion"]) for each in used["TrackedActionsLastAccessed"]] == [
        ("DescribeTrails", "eu-west-1"), ("ListTrails", "us-east-1"),
    ]  # fmt: skip


def test_sessions_count_for_their_role(desk: Desk) -> None:
    trust = '{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"Service":"ec2.amazonaws.com"},"Action":"sts:AssumeRole"}]}'
    desk.call("iam:CreateRole", {"RoleName": "Auditor", "AssumeRolePolicyDocument": trust})
    arn = desk.call("iam:CreatePolicy", {"PolicyName": "p", "PolicyDocument": DOCUMENT})["Policy"]["Arn"]
    desk.call("iam:AttachRolePolicy", {"RoleName": "Auditor", "PolicyArn": arn})
    happen(desk, "ListTrails", f"arn:aws:sts::{ACCOUNT}:assumed-role/Auditor/s", at=NOW - 5, issuer=ROLE_ARN)
    for subject in (ROLE_ARN, arn):
        job = desk.call("iam:GenerateServiceLastAccessedDetails", {"Arn": subject})["JobId"]
        services = desk.call("iam:GetServiceLastAccessedDetails", {"JobId": job})["ServicesLastAccessed"]
        used = next(service for service in services if service["ServiceNamespace"] == "cloudtrail")
        assert (used["LastAuthenticated"], used["LastAuthenticatedEntity"]) == (NOW - 5, ROLE_ARN)
    with pytest.raises(JobNotFound):
        desk.call("iam:GetServiceLastAccessedDetails", {"JobId": "0" * 36})
