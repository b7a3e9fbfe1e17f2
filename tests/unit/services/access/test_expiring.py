import json
from typing import Any

import pytest
from tests.unit.services.access.counter import Counter, denial, document
from tests.unit.services.desk import ACCOUNT, NOW

from trailwarden.auth.identities import USER
from trailwarden.diagnose.applying import Moved, make, take_back
from trailwarden.diagnose.edits import Place, PlaceKind, SetDocument
from trailwarden.policy import Layer, Source
from trailwarden.storage.ports import Lookup

LISTS = {"Effect": "Allow", "Action": "iam:ListUsers", "Resource": "*"}
READS = {"Effect": "Allow", "Action": "iam:GetUser", "Resource": "*"}


def approved(counter: Counter, seconds: int = 60) -> str:
    request: str = counter.ask()["AccessRequestId"]
    counter.admin("ApproveAccessRequest", AccessRequestId=request, DurationSeconds=seconds)
    return request


def expired(counter: Counter, request: str, seconds: int = 61) -> Any:
    counter.now = NOW + seconds
    counter.expirer().run_once(counter.now)
    return counter.state(request)


def given(counter: Counter, text: str) -> None:
    name = counter.policies()[0]
    counter.call("iam:PutUserPolicy", {"UserName": "mateojackson", "PolicyName": name, "PolicyDocument": text})


def stands(counter: Counter) -> list[Any]:
    """The statements of mateojackson's only inline policy."""
    found = counter.storage.begin()
    user = found.get(USER, ACCOUNT, "", "mateojackson")
    assert user is not None
    return [statement for text in user.body.inline.values() for statement in json.loads(text)["Statement"]]


def told(counter: Counter) -> list[Any]:
    question = Lookup(
        account=ACCOUNT,
        region="us-east-1",
        start=0.0,
        end=2e9,
        limit=50,
        attribute="EventName",
        value="ExpireAccessRequest",
    )
    return [json.loads(entry.record) for _, entry in counter.storage.journal.lookup(question)]


def test_over_when_its_time_is(counter: Counter) -> None:
    request = approved(counter)
    assert expired(counter, request, 59)["State"] == "APPROVED"
    assert counter.policies()
    over = expired(counter, request)
    assert (over["State"], over["Ended"]) == ("EXPIRED", NOW + 61)
    assert counter.policies() == []
    event = told(counter)[0]
    assert event["serviceEventDetails"] == {
        "accessRequestId": request,
        "state": "EXPIRED",
        "requester": f"arn:aws:iam::{ACCOUNT}:user/mateojackson",
        "decidedBy": f"arn:aws:iam::{ACCOUNT}:root",
    }
    counter.expirer().run_once(counter.now)
    assert len(told(counter)) == 1


def test_a_statement_beside_later_ones_is_taken_out_alone(counter: Counter) -> None:
    request = approved(counter)
    given(counter, document(READS, LISTS))
    assert expired(counter, request)["State"] == "EXPIRED"
    assert stands(counter) == [READS]


def test_what_was_changed_again_stays_and_is_told(counter: Counter) -> None:
    request = approved(counter)
    given(counter, document({**LISTS, "Action": "iam:List*"}))
    over = expired(counter, request)
    assert over["State"] == "OVERDUE"
    assert "has changed since" in over["Note"]
    assert told(counter)[0]["errorCode"] == "ChangedSinceException"
    assert stands(counter) == [{**LISTS, "Action": "iam:List*"}]
    given(counter, document(LISTS))
    counter.admin("RejectAccessRequest", AccessRequestId=request)
    assert counter.state(request)["State"] == "REVOKED"
    assert counter.policies() == []


def test_what_is_gone_with_its_user_is_over(counter: Counter) -> None:
    request = approved(counter)
    name = counter.policies()[0]
    counter.call("iam:DeleteUserPolicy", {"UserName": "mateojackson", "PolicyName": name})
    counter.call("iam:DeleteUser", {"UserName": "mateojackson"})
    assert expired(counter, request)["State"] == "EXPIRED"


def test_what_was_revoked_does_not_expire(counter: Counter) -> None:
    request = approved(counter)
    counter.admin("RejectAccessRequest", AccessRequestId=request)
    assert expired(counter, request)["State"] == "REVOKED"
    assert told(counter) == []


def test_for_good_without_a_duration(counter: Counter) -> None:
    request = counter.ask()["AccessRequestId"]
    counter.admin("ApproveAccessRequest", AccessRequestId=request)
    assert expired(counter, request, 80 * 86_400)["State"] == "APPROVED"
    assert counter.policies()


def test_an_added_statement_leaves_what_stood_before(counter: Counter) -> None:
    counter.call(
        "iam:PutUserPolicy",
        {"UserName": "mateojackson", "PolicyName": "AllowListUsers", "PolicyDocument": document(READS)},
    )
    request = counter.ask(denial("iam:ListUsers"))["AccessRequestId"]
    counter.admin("ApproveAccessRequest", AccessRequestId=request, DurationSeconds=60)
    assert expired(counter, request)["State"] == "EXPIRED"
    assert stands(counter) == [READS]


def edit(kind: PlaceKind, holder: str, before: str, after: str) -> SetDocument:
    return SetDocument(
        place=Place(kind=kind, holder=holder),
        source=Source(layer=Layer.RESOURCE, id=holder),
        before=before,
        after=after,
        statement=json.loads(after)["Statement"][-1],
    )


def test_a_managed_policy_returns_to_its_earlier_version(counter: Counter) -> None:
    before, after = document(READS), document(READS, LISTS)
    arn = counter.call("iam:CreatePolicy", {"PolicyName": "Reading", "PolicyDocument": before})["Policy"]["Arn"]
    world = counter.world()
    made = make([edit("managed", arn, before, after)], counter.inside(world))
    assert (made[0].former, made[0].version) == ("v1", "v2")
    counter.storage.commit(world.transaction).result(10)
    world = counter.world()
    take_back(made, counter.inside(world))
    counter.storage.commit(world.transaction).result(10)
    versions = counter.call("iam:ListPolicyVersions", {"PolicyArn": arn})["Versions"]
    assert [(each["VersionId"], each["IsDefaultVersion"]) for each in versions] == [("v1", True)]
    with pytest.raises(Moved):
        take_back(made, counter.inside(counter.world()))


def test_a_bucket_policy_is_taken_off_again(counter: Counter) -> None:
    counter.call("s3:CreateBucket", {"Bucket": "amzn-s3-demo-bucket"})
    lets = {
        "Effect": "Allow",
        "Principal": {"AWS": f"arn:aws:iam::{ACCOUNT}:user/mateojackson"},
        "Action": "s3:GetObject",
        "Resource": "arn:aws:s3:::amzn-s3-demo-bucket/*",
    }
    world = counter.world()
    made = make([edit("bucket", "amzn-s3-demo-bucket", "", document(lets))], counter.inside(world))
    assert counter.inside(world).client("s3").get_bucket_policy(Bucket="amzn-s3-demo-bucket")["Policy"]
    take_back(made, counter.inside(world))
    with pytest.raises(Moved):
        take_back(made, counter.inside(world))


def test_a_trust_policy_is_restored(counter: Counter) -> None:
    def trust(service: str) -> dict[str, Any]:
        return {"Effect": "Allow", "Principal": {"Service": service}, "Action": "sts:AssumeRole"}

    before = document(trust("ec2.amazonaws.com"))
    after = document(trust("ec2.amazonaws.com"), trust("cloudtrail.amazonaws.com"))
    counter.call("iam:CreateRole", {"RoleName": "Delivery", "AssumeRolePolicyDocument": before})
    world = counter.world()
    take_back(make([edit("trust", "Delivery", before, after)], counter.inside(world)), counter.inside(world))
    counter.storage.commit(world.transaction).result(10)
    assert json.loads(counter.trust_of("Delivery")) == json.loads(before)


DAY = 86_400.0


def left(counter: Counter) -> list[str]:
    return [each["AccessRequestId"] for each in counter.admin("ListAccessRequests")["AccessRequests"]]


def forgotten(counter: Counter, days: float, *, retention: float = 90 * DAY) -> list[str]:
    """What is left after so many days since the start of the world."""
    counter.now = NOW + days * DAY
    expirer = counter.expirer()
    expirer.retention = retention
    expirer.run_once(counter.now)
    return left(counter)


def test_what_was_decided_is_forgotten_after_ninety_days(counter: Counter) -> None:
    rejected = counter.ask()["AccessRequestId"]
    counter.now = NOW + 10 * DAY
    counter.admin("RejectAccessRequest", AccessRequestId=rejected)
    assert forgotten(counter, 99.9) == [rejected]
    assert forgotten(counter, 1_000.0, retention=0.0) == [rejected]
    assert forgotten(counter, 100.0) == []


def test_an_approval_for_good_is_forgotten_and_what_it_gave_stays(counter: Counter) -> None:
    request = counter.ask()["AccessRequestId"]
    counter.admin("ApproveAccessRequest", AccessRequestId=request)
    assert forgotten(counter, 89.9) == [request]
    assert forgotten(counter, 90.0) == []
    assert stands(counter) == [LISTS]


def test_what_still_waits_is_kept(counter: Counter) -> None:
    waiting = counter.ask()["AccessRequestId"]
    assert forgotten(counter, 400.0) == [waiting]
    counter.admin("ApproveAccessRequest", AccessRequestId=waiting, DurationSeconds=200 * 86_400)
    assert forgotten(counter, 400.0 + 199.0) == [waiting]
    assert forgotten(counter, 400.0 + 201.0) == [waiting]
    assert counter.state(waiting)["State"] == "EXPIRED"
    assert stands(counter) == []
    assert forgotten(counter, 400.0 + 201.0 + 90.0) == []


def test_forgetting_is_looked_for_once_an_hour(counter: Counter) -> None:
    request = counter.ask()["AccessRequestId"]
    counter.admin("RejectAccessRequest", AccessRequestId=request)
    expirer = counter.expirer()
    for hours, kept in ((90 * 24 - 0.5, [request]), (90 * 24.0, [request]), (90 * 24 + 0.6, [])):
        expirer.run_once(NOW + hours * 3_600)
        assert left(counter) == kept
