import json
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

import pytest
from tests.unit.services.desk import ACCOUNT, NOW, Desk

import trailwarden.services.accessanalyzer
import trailwarden.services.iam
from trailwarden.arn import Arn
from trailwarden.auth.facts import ResourceFacts
from trailwarden.services.accessanalyzer.errors import NotValid
from trailwarden.services.iam.facts import iam_facts
from trailwarden.storage.ports import Entry, Reader

assert trailwarden.services.accessanalyzer.__all__
assert trailwarden.services.iam.__all__

TRAIL = f"arn:aws:cloudtrail:us-east-1:{ACCOUNT}:trail/Management"
USER = f"arn:aws:iam::{ACCOUNT}:user/mateojackson"
ROLE = f"arn:aws:iam::{ACCOUNT}:role/Builder"


def trails(arn: Arn, _: Reader) -> ResourceFacts | None:
    """Knows one trail."""
    return ResourceFacts(account=ACCOUNT) if str(arn) == TRAIL else None


@pytest.fixture
def recorded(desk: Desk) -> Desk:
    desk.facts = {"iam": iam_facts, "cloudtrail": trails}
    desk.call("iam:CreateUser", {"UserName": "mateojackson"})
    trust = {"Effect": "Allow", "Principal": {"Service": "ec2.amazonaws.com"}, "Action": "sts:AssumeRole"}
    document = json.dumps({"Version": "2012-10-17", "Statement": [trust]})
    desk.call("iam:CreateRole", {"RoleName": "Builder", "AssumeRolePolicyDocument": document})
    session = {
        "type": "AssumedRole",
        "arn": f"arn:aws:sts::{ACCOUNT}:assumed-role/Builder/x",
        "sessionContext": {"sessionIssuer": {"arn": ROLE}},
    }
    for number, (identity, source, name, more) in enumerate(
        (
            ({"type": "IAMUser", "arn": USER}, "s3", "ListBuckets", {}),
            ({"type": "IAMUser", "arn": USER}, "cloudtrail", "GetTrailStatus", {}),
            ({"type": "IAMUser", "arn": USER}, "sqs", "CreateQueue", {"errorCode": "AccessDenied"}),
            (session, "sns", "CreateTopic", {}),
        )
    ):
        happened(desk, number, {"userIdentity": identity, **more}, source, name)
    return desk


def happened(desk: Desk, number: int, record: Mapping[str, Any], source: str, name: str) -> None:
    transaction = desk.storage.begin()
    transaction.append(
        Entry(
            event_id=f"e-{number}",
            time=NOW - 100 - number,
            account=ACCOUNT,
            region="us-east-1",
            category="Management",
            source=f"{source}.amazonaws.com",
            name=name,
            read_only=True,
            record=json.dumps(record).encode(),
        )
    )
    desk.storage.commit(transaction).result(10)


def generated(desk: Desk, principal: str, *, trail: str = TRAIL, start: float = NOW - 1000, **more: Any) -> Any:
    details = {
        "trails": [{"cloudTrailArn": trail, "allRegions": True}],
        "accessRole": ROLE,
        "startTime": datetime.fromtimestamp(start, UTC),
    }
    asked = {"policyGenerationDetails": {"principalArn": principal}, "cloudTrailDetails": details}
    job = desk.call("accessanalyzer:StartPolicyGeneration", asked)["jobId"]
    return desk.call("accessanalyzer:GetGeneratedPolicy", {"jobId": job, **more})


def statements(answer: Any) -> list[Any]:
    (policy,) = answer["generatedPolicyResult"]["generatedPolicies"]
    found: list[Any] = json.loads(policy["policy"])["Statement"]
    return found


def test_what_was_done_becomes_a_policy(recorded: Desk) -> None:
    answer = generated(recorded, USER)
    assert answer["jobDetails"]["status"] == "SUCCEEDED"
    assert statements(answer) == [
        {"Effect": "Allow", "Action": ["cloudtrail:GetTrailStatus", "s3:ListAllMyBuckets"], "Resource": "*"}
    ]
    assert statements(generated(recorded, ROLE))[0]["Action"] == ["sns:CreateTopic"]


def test_resources_are_placeholders_where_asked(recorded: Desk) -> None:
    found = statements(generated(recorded, USER, includeResourcePlaceholders=True))
    assert {"Effect": "Allow", "Action": ["s3:ListAllMyBuckets"], "Resource": "*"} in found
    trails = next(each for each in found if each["Action"] == ["cloudtrail:GetTrailStatus"])
    assert trails["Resource"] == ["arn:aws:cloudtrail:${Region}:${Account}:trail/${TrailName}"]


def test_jobs_are_listed_and_fail_for_a_trail_that_is_not_there(recorded: Desk) -> None:
    assert generated(recorded, USER)["jobDetails"]["jobId"]
    failed = generated(recorded, ROLE, trail=f"{TRAIL}x")["jobDetails"]
    assert (failed["status"], failed["jobError"]["code"]) == ("FAILED", "RESOURCE_NOT_FOUND_ERROR")
    listed = recorded.call("accessanalyzer:ListPolicyGenerations", {"principalArn": ROLE})["policyGenerations"]
    assert [each["jobId"] for each in listed] == [failed["jobId"]]
    recorded.call("accessanalyzer:CancelPolicyGeneration", {"jobId": failed["jobId"]})


def test_what_cannot_be_generated_is_refused(recorded: Desk) -> None:
    for principal in (f"{USER}x", f"arn:aws:iam::{ACCOUNT}:group/x", "x"):
        with pytest.raises(NotValid):
            generated(recorded, principal)
    for start in (NOW + 1, NOW - 91 * 86_400):
        with pytest.raises(NotValid):
            generated(recorded, USER, start=start)
    with pytest.raises(NotValid):
        recorded.call("accessanalyzer:StartPolicyGeneration", {"policyGenerationDetails": {"principalArn": USER}})
    for operation in ("GetGeneratedPolicy", "CancelPolicyGeneration"):
        with pytest.raises(NotValid):
            recorded.call(f"accessanalyzer:{operation}", {"jobId": "x"})
