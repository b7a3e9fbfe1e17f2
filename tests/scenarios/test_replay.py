"""A Region guardrail is thought of that forgets a global service: its replay over what a server recorded lists just those calls."""

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from tests.live import Live, User, live_server

FULL = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"}]}
SPARED = ("iam:*", "sts:*", "organizations:*", "s3:ListAllMyBuckets")


def guardrail(*spared: str) -> dict[str, Any]:
    elsewhere = {"StringNotEquals": {"aws:RequestedRegion": ["eu-west-1"]}}
    deny = {"Sid": "Elsewhere", "Effect": "Deny", "NotAction": list(spared), "Resource": "*", "Condition": elsewhere}
    return {"Version": "2012-10-17", "Statement": [deny]}


def command(live: Live, *words: str) -> tuple[int, dict[str, Any]]:
    """The command as people run it, in a process of its own."""
    done = subprocess.run(
        [sys.executable, "-m", "trailwarden.cli", *words, "--data", str(live.server.data)],
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    assert done.returncode in {0, 1}, done.stderr
    return done.returncode, json.loads(done.stdout)


@pytest.fixture(scope="module")
def worked() -> Iterator[tuple[Live, User]]:
    """A user with all rights has worked in two Regions."""
    with live_server() as live:
        user = live.user("mateojackson")
        live.client("iam").put_user_policy(UserName="mateojackson", PolicyName="all", PolicyDocument=json.dumps(FULL))
        inside, outside = user.client("cloudtrail", "eu-west-1"), user.client("cloudtrail", "us-east-1")
        for _ in range(3):
            inside.describe_trails()
        for _ in range(2):
            outside.describe_trails()
        user.client("iam").list_users()
        user.client("sts", "us-east-1").get_caller_identity()
        user.client("sns", "eu-west-1").create_topic(Name="amzn-demo-topic")
        yield live, user


def exports(live: Live, folder: Path, guard: dict[str, Any] | None) -> list[str]:
    """The account as files, in an organization; the history stays the server's."""
    details = live.client("iam").get_account_authorization_details()
    kept = {key: value for key, value in details.items() if isinstance(value, list)}
    (folder / "account.json").write_text(json.dumps(kept, default=str))
    full = {"arn": "p-FullAWSAccess", "document": FULL}
    account = [full, {"arn": "p-guardrail", "document": guard}] if guard else [full]
    (folder / "organization.json").write_text(json.dumps({"scps": [[full], account], "rcps": [[], []]}))
    return ["--account", str(folder / "account.json"), "--organization", str(folder / "organization.json")]


def change(folder: Path, guard: dict[str, Any]) -> str:
    path = folder / "change.json"
    path.write_text(json.dumps([{"place": {"kind": "scp", "holder": "p-guardrail", "level": -1}, "document": guard}]))
    return str(path)


def test_a_guardrail_lists_exactly_the_calls_that_it_would_deny(worked: tuple[Live, User], tmp_path: Path) -> None:
    live, user = worked
    principal = f"arn:aws:iam::{live.account}:user/{user.name}"
    files = exports(live, tmp_path, None)
    code, told = command(live, "replay", "--json", "--change", change(tmp_path, guardrail("sts:*")), *files)
    denied = {(each["principal"], each["action"]): each["count"] for each in told["denied"]}
    root = f"arn:aws:iam::{live.account}:root"
    assert code == 1
    assert {action: count for (who, action), count in denied.items() if who == principal} == {
        "cloudtrail:DescribeTrails": 2,
        "iam:ListUsers": 1,
    }
    assert denied[root, "iam:CreateUser"] == 1
    assert not [each for each in told["denied"] if each["action"].startswith("sns:")]
    assert all(each["statement"] == "Elsewhere" for each in told["denied"])
    wanted = {"EventId": told["denied"][0]["example"]["eventID"]}
    found = live.client("cloudtrail").lookup_events(
        LookupAttributes=[{"AttributeKey": "EventId", "AttributeValue": wanted["EventId"]}]
    )
    assert len(found["Events"]) == 1


def test_a_guardrail_that_spares_them_denies_less(worked: tuple[Live, User], tmp_path: Path) -> None:
    live, _ = worked
    files = exports(live, tmp_path, guardrail(*SPARED, "cloudtrail:*"))
    code, told = command(
        live, "replay", "--json", "--change", change(tmp_path, guardrail(*SPARED, "cloudtrail:*")), *files
    )
    assert (code, told["denied"], told["allowed"]) == (0, [], [])
    code, told = command(live, "replay", "--json", "--change", change(tmp_path, guardrail(*SPARED)), *files)
    assert code == 1
    assert {each["action"] for each in told["denied"]} >= {"cloudtrail:DescribeTrails"}
    assert {each["action"].partition(":")[0] for each in told["denied"]} == {"cloudtrail"}


def test_the_server_tells_its_own_policies(worked: tuple[Live, User], tmp_path: Path) -> None:
    live, user = worked
    path = tmp_path / "change.json"
    place = {"kind": "user", "holder": user.name, "name": "all"}
    path.write_text(json.dumps([{"place": place, "document": None}]))
    code, told = command(live, "replay", "--json", "--change", str(path))
    assert code == 1
    assert {each["action"]: each["count"] for each in told["denied"]} == {
        "cloudtrail:DescribeTrails": 5,
        "iam:ListUsers": 1,
        "sns:CreateTopic": 1,
    }
    assert {each["reason"] for each in told["denied"]} == {
        "no identity-based policy allows it any more, as statement 1 of all did"
    }


def test_the_generated_policy_lets_the_same_work_be_done(worked: tuple[Live, User]) -> None:
    live, user = worked
    arn = f"arn:aws:iam::{live.account}:user/{user.name}"
    code, told = command(live, "policy", "generate", "--output", "json", "--principal", arn)
    assert (code, told["uncovered"]) == (0, [])
    other = live.user("marymajor")
    (policy,) = told["policies"]
    live.client("iam").put_user_policy(UserName="marymajor", PolicyName="least", PolicyDocument=json.dumps(policy))
    other.client("cloudtrail", "eu-west-1").describe_trails()
    other.client("iam").list_users()
    other.client("sns", "eu-west-1").create_topic(Name="amzn-demo-topic")
    with pytest.raises(other.client("s3").exceptions.ClientError, match="AccessDenied"):
        other.client("s3").list_buckets()
