import json
from typing import Any

import pytest
from msgspec.structs import replace
from tests.unit.services.access.counter import Counter, denial, document
from tests.unit.services.desk import ACCOUNT, NOW, root

from trailwarden.arn import Arn
from trailwarden.auth.errors import AccessDenied
from trailwarden.auth.stages import Caller
from trailwarden.errors import ValidationException
from trailwarden.policy import Principal, PrincipalKind
from trailwarden.services.access.errors import (
    AccessRequestNotFoundException,
    AccessRequestStateException,
    InvalidNextTokenException,
    LimitExceededException,
    NoMendException,
    OwnRequestException,
)
from trailwarden.services.access.facts import access_facts
from trailwarden.services.access.refusals import is_own
from trailwarden.services.access.request import ACCESS_REQUEST
from trailwarden.services.diagnosing import ChangedSince, NotRead


def test_asking_twice_finds_the_pending_request(counter: Counter) -> None:
    first, second = counter.ask(), counter.ask(Reason="again")
    assert first["AccessRequestId"] == second["AccessRequestId"]
    other = counter.ask(denial("iam:ListRoles"))
    assert other["AccessRequestId"] != first["AccessRequestId"]


def test_a_requester_has_so_many_pending_requests(counter: Counter) -> None:
    for number in range(20):
        counter.ask(denial("s3:GetObject", f"arn:aws:s3:::amzn-s3-demo-bucket/{number}"))
    with pytest.raises(LimitExceededException):
        counter.ask()


def test_a_text_that_names_nobody_is_the_callers_own(counter: Counter) -> None:
    text = "not authorized to perform: iam:ListUsers because no identity-based policy allows the iam:ListUsers action"
    assert counter.ask(text)["Requester"] == f"arn:aws:iam::{ACCOUNT}:user/mateojackson"


def test_nothing_that_loosens_a_guardrail_is_asked_for(counter: Counter) -> None:
    policy = counter.call("iam:CreatePolicy", {"PolicyName": "Cap", "PolicyDocument": document(allow("s3:*"))})
    counter.call(
        "iam:PutUserPermissionsBoundary",
        {"UserName": "mateojackson", "PermissionsBoundary": policy["Policy"]["Arn"]},
    )
    text = denial("iam:ListUsers").replace("no identity-based policy", "no permissions boundary")
    put(counter, "Granted", "iam:ListUsers")
    with pytest.raises(NoMendException, match="There is no change that could be approved"):
        counter.ask(text)
    found = counter.admin("Diagnose", Text=text)
    loosening = next(number for number, mend in enumerate(found["Mends"], 1) if mend["Guardrail"])
    with pytest.raises(NoMendException):
        counter.ask(text, MendNumber=loosening)


def test_another_way_may_be_chosen(counter: Counter) -> None:
    ways = counter.admin("Diagnose", Text=denial("cloudtrail:DescribeTrails"))["Mends"]
    number = next(number for number, way in enumerate(ways, 1) if way["Edits"] and way["Edits"][0]["Kind"] == "ATTACH")
    request = counter.ask(denial("cloudtrail:DescribeTrails"), MendNumber=number)
    assert request["Mend"]["Title"] == ways[number - 1]["Title"]
    counter.admin("ApproveAccessRequest", AccessRequestId=request["AccessRequestId"], DurationSeconds=5)
    assert attached(counter) == [json.loads(ways[number - 1]["Edits"][0]["Parameters"])["PolicyArn"]]
    counter.now = NOW + 6
    counter.expirer().run_once(counter.now)
    assert attached(counter) == []


def attached(counter: Counter) -> list[str]:
    found = counter.call("iam:ListAttachedUserPolicies", {"UserName": "mateojackson"})["AttachedPolicies"]
    return [each["PolicyArn"] for each in found]


def allow(action: str) -> dict[str, Any]:
    return {"Effect": "Allow", "Action": action, "Resource": "*"}


def put(counter: Counter, name: str, *actions: str) -> None:
    text = document(*map(allow, actions))
    counter.call("iam:PutUserPolicy", {"UserName": "mateojackson", "PolicyName": name, "PolicyDocument": text})


@pytest.mark.parametrize("members", [{}, {"Text": "x", "AuthorizationId": "a" * 25}])
def test_exactly_one_refusal_is_told(counter: Counter, members: dict[str, str]) -> None:
    with pytest.raises(NotRead):
        counter.call("trailwarden:Diagnose", members)


def test_a_made_up_refusal_of_everything_is_not_asked_about(counter: Counter) -> None:
    with pytest.raises(NotRead, match="one action"):
        counter.ask(denial("iam:*", "*"))


def test_pages_newest_first(counter: Counter) -> None:
    made = []
    for number in range(5):
        counter.now = NOW + number // 2
        made.append(counter.ask(denial("s3:GetObject", f"arn:aws:s3:::amzn-s3-demo-bucket/{number}")))
    seen, token = [], None
    while True:
        page = counter.admin("ListAccessRequests", MaxResults=2, **({"NextToken": token} if token else {}))
        seen += page["AccessRequests"]
        token = page.get("NextToken")
        if token is None:
            break
    assert sorted(each["AccessRequestId"] for each in seen) == sorted(each["AccessRequestId"] for each in made)
    assert [each["Created"] for each in seen] == sorted((each["Created"] for each in seen), reverse=True)
    with pytest.raises(InvalidNextTokenException):
        counter.admin("ListAccessRequests", NextToken="not ours")


def test_documents_are_shown_to_whoever_may_approve(counter: Counter) -> None:
    request = counter.ask()["AccessRequestId"]
    mine = counter.call(
        "trailwarden:GetAccessRequest", {"AccessRequestId": request}, caller=counter.as_user("mateojackson")
    )
    assert mine["AccessRequest"]["Mend"]["Edits"] == []
    put(counter, "Approver", "trailwarden:ApproveAccessRequest")
    theirs = counter.call(
        "trailwarden:GetAccessRequest", {"AccessRequestId": request}, caller=counter.as_user("mateojackson")
    )
    assert len(theirs["AccessRequest"]["Mend"]["Edits"]) == 1


def test_nobody_approves_their_own(counter: Counter) -> None:
    request = counter.ask()["AccessRequestId"]
    with pytest.raises(OwnRequestException):
        counter.call(
            "trailwarden:ApproveAccessRequest", {"AccessRequestId": request}, caller=counter.as_user("mateojackson")
        )


def test_nobody_approves_what_was_asked_for_them(counter: Counter) -> None:
    request = counter.admin("CreateAccessRequest", Text=denial("iam:ListUsers"))["AccessRequest"]["AccessRequestId"]
    for caller in (root(), counter.as_user("mateojackson")):
        with pytest.raises(OwnRequestException):
            counter.call("trailwarden:ApproveAccessRequest", {"AccessRequestId": request}, caller=caller)


def test_an_approver_without_the_permission_changes_nothing(counter: Counter) -> None:
    request = counter.ask()["AccessRequestId"]
    counter.call("iam:CreateUser", {"UserName": "marymajor"})
    with pytest.raises(AccessDenied, match="iam:PutUserPolicy") as denied:
        counter.call(
            "trailwarden:ApproveAccessRequest", {"AccessRequestId": request}, caller=counter.as_user("marymajor")
        )
    assert denied.value.code_in("json") == "AccessDeniedException"
    assert counter.state(request)["State"] == "PENDING"


def test_what_is_allowed_by_now_is_not_approved(counter: Counter) -> None:
    request = counter.ask()["AccessRequestId"]
    put(counter, "Elsewhere", "iam:ListUsers")
    with pytest.raises(ChangedSince):
        counter.admin("ApproveAccessRequest", AccessRequestId=request)
    assert counter.policies() == ["Elsewhere"]


def test_a_request_is_decided_once(counter: Counter) -> None:
    request = counter.ask()["AccessRequestId"]
    counter.admin("RejectAccessRequest", AccessRequestId=request)
    for operation in ("ApproveAccessRequest", "RejectAccessRequest"):
        with pytest.raises(AccessRequestStateException):
            counter.admin(operation, AccessRequestId=request)
    with pytest.raises(AccessRequestNotFoundException):
        counter.admin("ApproveAccessRequest", AccessRequestId="ar-0000000000000000")


def test_what_cannot_be_taken_back_is_not_approved_for_a_time(counter: Counter) -> None:
    name = counter.ask()["AccessRequestId"]
    world = counter.world()
    request = world.find(ACCESS_REQUEST, ACCOUNT, "us-east-1", name)
    assert request is not None
    calls = tuple(replace(change, kind="CALL") for change in request.way.changes)
    world.put(ACCESS_REQUEST, ACCOUNT, "us-east-1", name, replace(request, way=replace(request.way, changes=calls)))
    counter.storage.commit(world.transaction).result(10)
    with pytest.raises(ValidationException, match="cannot be taken back"):
        counter.admin("ApproveAccessRequest", AccessRequestId=name, DurationSeconds=60)


def session(role: str, name: str) -> Caller:
    arn = f"arn:aws:sts::{ACCOUNT}:assumed-role/{role}/{name}"
    issuer = f"arn:aws:iam::{ACCOUNT}:role/path/{role}"
    return Caller(principal=Principal(kind=PrincipalKind.ROLE_SESSION, account=ACCOUNT, arn=arn, issuer_arn=issuer))


@pytest.mark.parametrize(
    ("principal", "caller", "own"),
    [
        (f"arn:aws:iam::{ACCOUNT}:root", root(), True),
        (f"arn:aws:iam::{ACCOUNT}:user/root", root(), False),
        (f"arn:aws:sts::{ACCOUNT}:assumed-role/Audit/one", session("Audit", "two"), True),
        (f"arn:aws:iam::{ACCOUNT}:role/path/Audit", session("Audit", "two"), True),
        (f"arn:aws:iam::{ACCOUNT}:role/Audit", session("Audit", "two"), True),
        (f"arn:aws:sts::{ACCOUNT}:assumed-role/Other/two", session("Audit", "two"), False),
        ("arn:aws:sts::111122223333:assumed-role/Audit/two", session("Audit", "two"), False),
        (f"arn:aws:iam::{ACCOUNT}:user/Audit", session("Audit", "two"), False),
        ("", session("Audit", "two"), False),
    ],
)
def test_whose_a_refusal_is(principal: str, caller: Caller, own: bool) -> None:
    assert is_own(principal, caller) is own


def test_what_everybody_may_stands_in_a_policy(counter: Counter) -> None:
    request = Arn.parse(counter.ask()["Arn"])
    assert request is not None
    reader = counter.storage.begin()
    facts = access_facts(request, reader)
    assert facts is not None
    statement = json.loads(facts.policies[0][1])["Statement"][0]
    assert statement["Principal"] == {"AWS": f"arn:aws:iam::{ACCOUNT}:user/mateojackson"}
    assert "trailwarden:ApproveAccessRequest" not in statement["Action"]
    every = Arn.parse(f"arn:aws:trailwarden:us-east-1:{ACCOUNT}:access-request/*")
    anyone = Arn.parse(f"arn:aws:trailwarden:us-east-1:{ACCOUNT}:refusal/any")
    assert every is not None
    assert anyone is not None
    assert access_facts(every, reader) is None
    assert access_facts(anyone, reader) is None
