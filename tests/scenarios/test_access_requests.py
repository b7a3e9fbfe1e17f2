"""Access requests over the wire: denied, asked for, reviewed, approved for a time, taken back, and all of it recorded."""

import json
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError
from tests.live import Live, User

from trailwarden.cli.connection import knowing_own

PATIENCE = 40.0


def client(user: User) -> Any:
    session: Any = boto3.session.Session(
        aws_access_key_id=user.key, aws_secret_access_key=user.secret, region_name="us-east-1"
    )
    return knowing_own(session).client("trailwarden", endpoint_url=user.live.endpoint)


def refused(call: Callable[[], object]) -> str:
    with pytest.raises(ClientError) as caught:
        call()
    return str(caught.value)


def lists_users(user: User) -> Callable[[], object]:
    return lambda: user.client("iam").list_users()


def asked(user: User, **members: Any) -> Any:
    text = refused(lists_users(user))
    return client(user).create_access_request(Text=text, **members)["AccessRequest"]


def grant(live: Live, user: User, *actions: str, resource: str = "*") -> None:
    statement = {"Effect": "Allow", "Action": list(actions), "Resource": resource}
    document = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
    live.client("iam").put_user_policy(UserName=user.name, PolicyName="Granted", PolicyDocument=document)


def until(state: str, admin: Any, request: str) -> Any:
    end = time.monotonic() + PATIENCE
    while True:
        found = admin.get_access_request(AccessRequestId=request)["AccessRequest"]
        if found["State"] == state or time.monotonic() > end:
            return found
        time.sleep(0.1)


def events(live: Live, name: str) -> list[dict[str, Any]]:
    pages = live.client("cloudtrail").get_paginator("lookup_events")
    question: Any = [{"AttributeKey": "EventName", "AttributeValue": name}]
    found = [each for page in pages.paginate(LookupAttributes=question) for each in page["Events"]]
    return [json.loads(each["CloudTrailEvent"]) for each in found]


def test_asked_approved_for_a_time_and_over(live: Live) -> None:
    mateo, admin = live.user("mateojackson-asks"), live.client("trailwarden")
    request = asked(mateo, Reason="an inventory")
    assert (request["State"], request["Action"], request["Reason"]) == ("PENDING", "iam:ListUsers", "an inventory")
    assert request["Mend"]["Edits"] == [], "whoever asks does not read the account's policies"
    assert request["AccessRequestId"] in [
        each["AccessRequestId"] for each in admin.list_access_requests(State="PENDING")["AccessRequests"]
    ]
    shown = admin.get_access_request(AccessRequestId=request["AccessRequestId"])["AccessRequest"]
    edit = shown["Mend"]["Edits"][0]
    assert json.loads(edit["After"])["Statement"][0]["Action"] == "iam:ListUsers"
    assert edit["Before"] == ""
    retry = mateo.client("iam")
    approved = admin.approve_access_request(AccessRequestId=request["AccessRequestId"], DurationSeconds=10)
    assert approved["AccessRequest"]["State"] == "APPROVED"
    assert retry.list_users()["Users"]
    over = until("EXPIRED", admin, request["AccessRequestId"])
    assert over["State"] == "EXPIRED"
    assert over["Ended"] >= over["Expires"]
    refused(lists_users(mateo))
    assert live.client("iam").list_user_policies(UserName=mateo.name)["PolicyNames"] == []
    told = [each for each in events(live, "ExpireAccessRequest") if _details(each) == request["AccessRequestId"]]
    assert [each["eventType"] for each in told] == ["AwsServiceEvent"]


def _details(event: dict[str, Any]) -> str:
    return str(event["serviceEventDetails"]["accessRequestId"])


def test_what_is_approved_is_recorded_as_the_approvers_call(live: Live) -> None:
    mary, admin = live.user("marymajor-asks"), live.client("trailwarden")
    request = asked(mary)
    admin.approve_access_request(AccessRequestId=request["AccessRequestId"])
    assert mary.client("iam").list_users()["Users"]
    made = [each for each in events(live, "PutUserPolicy") if each["requestParameters"].get("userName") == mary.name]
    assert [each["userIdentity"]["arn"] for each in made] == [f"arn:aws:iam::{live.account}:root"]
    assert [each["userIdentity"]["invokedBy"] for each in made] == ["trailwarden"]
    decided = [each for each in events(live, "ApproveAccessRequest") if not each.get("errorCode")]
    ids = [each["requestParameters"]["accessRequestId"] for each in decided]
    assert request["AccessRequestId"] in ids
    assert {each["eventSource"] for each in decided} == {"trailwarden"}
    back = admin.reject_access_request(AccessRequestId=request["AccessRequestId"], Reason="no longer needed")
    assert back["AccessRequest"]["State"] == "REVOKED"
    refused(lists_users(mary))


def test_a_requester_cannot_approve(live: Live) -> None:
    mateo = live.user("mateojackson-approves")
    request = asked(mateo)
    approve = lambda: client(mateo).approve_access_request(AccessRequestId=request["AccessRequestId"])  # noqa: E731
    assert "not authorized to perform: trailwarden:ApproveAccessRequest" in refused(approve)
    grant(live, mateo, "trailwarden:*", "iam:PutUserPolicy")
    assert "OwnRequestException" in refused(approve)


def test_an_approver_needs_the_permission_for_the_edit(live: Live) -> None:
    mateo, mary = live.user("mateojackson-edit"), live.user("marymajor-edit")
    request = asked(mateo)["AccessRequestId"]
    grant(live, mary, "trailwarden:*")
    text = refused(lambda: client(mary).approve_access_request(AccessRequestId=request))
    assert "AccessDeniedException" in text
    assert "not authorized to perform: iam:PutUserPolicy on resource: user mateojackson-edit" in text
    refused(lists_users(mateo))
    still = live.client("trailwarden").get_access_request(AccessRequestId=request)["AccessRequest"]
    assert still["State"] == "PENDING"
    put = [each for each in events(live, "PutUserPolicy") if each["userIdentity"].get("userName") == mary.name]
    assert [each.get("errorCode") for each in put] == [], "nothing was put, so nothing of the kind is recorded"


def test_rejected(live: Live) -> None:
    mateo, admin = live.user("mateojackson-rejected"), live.client("trailwarden")
    request = asked(mateo)["AccessRequestId"]
    admin.reject_access_request(AccessRequestId=request, Reason="ask the owner of the list")
    seen = client(mateo).get_access_request(AccessRequestId=request)["AccessRequest"]
    assert (seen["State"], seen["Note"]) == ("REJECTED", "ask the owner of the list")
    text = refused(lambda: admin.approve_access_request(AccessRequestId=request))
    assert f"The access request {request} is REJECTED." in text
    refused(lists_users(mateo))


def test_what_has_changed_since_is_not_approved(live: Live) -> None:
    mateo, admin = live.user("mateojackson-changed"), live.client("trailwarden")
    grant(live, mateo, "iam:GetUser")
    request = asked(mateo)["AccessRequestId"]
    grant(live, mateo, "iam:ListUsers")
    text = refused(lambda: admin.approve_access_request(AccessRequestId=request))
    assert "ChangedSinceException" in text
    assert admin.get_access_request(AccessRequestId=request)["AccessRequest"]["State"] == "PENDING"


def test_others_refusals_and_requests_are_not_for_everybody(live: Live) -> None:
    mateo, mary = live.user("mateojackson-own"), live.user("marymajor-own")
    text = refused(lists_users(mateo))
    told = refused(lambda: client(mary).create_access_request(Text=text))
    assert "not authorized to perform: trailwarden:CreateAccessRequest on resource" in told
    assert "refusal/any" in told
    request = client(mateo).create_access_request(Text=text)["AccessRequest"]["AccessRequestId"]
    assert "AccessDenied" in refused(lambda: client(mary).get_access_request(AccessRequestId=request))
    assert "AccessDenied" in refused(lambda: client(mary).list_access_requests())
    assert client(mary).list_access_requests(Own=True)["AccessRequests"] == []
    grant(live, mary, "trailwarden:Diagnose", resource=f"arn:aws:trailwarden:*:{live.account}:refusal/own")
    assert "refusal/any" in refused(lambda: client(mary).diagnose(Text=text))
    assert client(mary).diagnose(Text=refused(lists_users(mary)))["Decision"] == "DENIED"


def test_an_event_and_its_id_are_diagnosed_too(live: Live) -> None:
    mateo, admin = live.user("mateojackson-event"), live.client("trailwarden")
    refused(lists_users(mateo))
    event = next(each for each in events(live, "ListUsers") if each["userIdentity"].get("userName") == mateo.name)
    found = admin.diagnose(Event=json.dumps(event))
    assert found["Cause"].startswith("no identity-based policy of user mateojackson-event allows iam:ListUsers")
    assert found["Mends"][0]["Proved"] is True
    kept = admin.diagnose(Text=event["eventID"])
    assert (kept["Cause"], kept["Principal"]) == (found["Cause"], event["userIdentity"]["arn"])
    nothing = admin.diagnose(Text="all is well")
    assert (nothing["Cause"], bool(nothing["Needed"])) == ("", True)
    assert "InvalidRefusalException" in refused(admin.diagnose)


def command(live: Live, folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "trailwarden.cli", *arguments, "--data", str(live.server.data)],
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
    )


def profile(live: Live, user: User) -> str:
    folder = live.server.data / "aws"
    with (folder / "config").open("a") as file:
        file.write(f"\n[profile {user.name}]\nregion = us-east-1\nendpoint_url = {live.endpoint}\n")
    with (folder / "credentials").open("a") as file:
        file.write(f"\n[{user.name}]\naws_access_key_id = {user.key}\naws_secret_access_key = {user.secret}\n")
    return user.name


def test_the_command_line(live: Live, tmp_path: Path) -> None:
    mateo = live.user("mateojackson-terminal")
    text, who = refused(lists_users(mateo)), profile(live, mateo)
    sent = command(live, tmp_path, "access", "request", text, "--reason", "an inventory", "--profile", who)
    assert sent.returncode == 0, sent.stderr
    request = sent.stdout.split()[0]
    assert f"{request}  PENDING   user/{mateo.name}  iam:ListUsers" in command(live, tmp_path, "access", "list").stdout
    shown = command(live, tmp_path, "access", "show", request).stdout
    assert '+      "Action": "iam:ListUsers"' in shown
    assert "nothing else becomes allowed" in shown
    assert max(map(len, shown.splitlines())) <= 100
    approved = command(live, tmp_path, "access", "approve", request, "--for", "2h")
    assert f"{request}  APPROVED" in approved.stdout
    assert mateo.client("iam").list_users()["Users"]
    rejected = command(live, tmp_path, "access", "reject", request, "--reason", "enough")
    assert f"{request}  REVOKED" in rejected.stdout
    assert command(live, tmp_path, "access", "approve", request).returncode == 1
    assert command(live, tmp_path, "access", "approve", request, "--for", "soon").returncode == 2


def test_applied_and_undone(live: Live, tmp_path: Path) -> None:
    mateo = live.user("mateojackson-undone")
    text = refused(lists_users(mateo))
    done = command(live, tmp_path, "diagnose", text, "--apply", "1", "--yes", "--undo", "back.json")
    assert done.returncode == 0, done.stderr
    assert "trailwarden undo back.json" in done.stdout
    assert mateo.client("iam").list_users()["Users"]
    undone = command(live, tmp_path, "undo", "back.json")
    assert undone.returncode == 0, undone.stderr
    refused(lists_users(mateo))
    again = command(live, tmp_path, "undo", "back.json")
    assert again.returncode == 1
    assert "has been changed since" in again.stderr
    (tmp_path / "other.json").write_text("{}")
    assert command(live, tmp_path, "undo", "other.json").returncode == 2
