"""Log files that lie in a bucket are read where they are, and with no more permission than the command itself names."""

import gzip
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError, EndpointConnectionError, IncompleteReadError
from tests.live import Live, User

from trailwarden.diagnose import LogFiles, Unreadable

BUCKET, PREFIX = "amzn-s3-demo-logs", "AWSLogs/123456789012"
PLACE = f"s3://{BUCKET}/{PREFIX}"


def document(*statements: dict[str, Any]) -> str:
    return json.dumps({"Version": "2012-10-17", "Statement": statements})


def event(number: int, user: str, *, denied: bool) -> dict[str, Any]:
    text = f"User: {user} is not authorized to perform: cloudtrail:GetTrailStatus because no identity-based policy allows the cloudtrail:GetTrailStatus action"
    refused = {"errorCode": "AccessDenied", "errorMessage": text} if denied else {}
    return {
        "eventVersion": "1.11",
        "eventSource": "cloudtrail.amazonaws.com",
        "eventName": "GetTrailStatus" if denied else "DescribeTrails",
        "eventTime": f"2026-11-25T10:{number:02}:00Z",
        "awsRegion": "us-east-1",
        "userIdentity": {"type": "IAMUser", "arn": user, "accountId": user.split(":")[4]},
        "requestParameters": {"name": "My-Trail"} if denied else {},
        "eventID": f"{number:08}-0000-4000-8000-000000000000",
        "eventType": "AwsApiCall",
        **refused,
    }


@pytest.fixture(scope="module")
def mateo(live: Live) -> User:
    """A user with log files of what the user did: nine that hold events, one cut off, one of digests."""
    user = live.user("mateojackson")
    live.client("iam").put_user_policy(
        UserName=user.name,
        PolicyName="some",
        PolicyDocument=document({"Effect": "Allow", "Action": "cloudtrail:DescribeTrails", "Resource": "*"}),
    )
    arn = f"arn:aws:iam::{live.account}:user/{user.name}"
    s3 = live.client("s3")
    s3.create_bucket(Bucket=BUCKET)
    for number in range(9):
        records = {"Records": [event(number, arn, denied=True), event(number, arn, denied=False)]}
        body = gzip.compress(json.dumps(records).encode())
        s3.put_object(Bucket=BUCKET, Key=f"{PREFIX}/CloudTrail/us-east-1/{number}.json.gz", Body=body)
    s3.put_object(Bucket=BUCKET, Key=f"{PREFIX}/CloudTrail-Digest/us-east-1/d.json.gz", Body=gzip.compress(b"{}"))
    s3.put_object(Bucket=BUCKET, Key=f"{PREFIX}/notes.txt", Body=b"none")
    s3.put_object(Bucket=BUCKET, Key="elsewhere/0.json", Body=b"{}")
    return user


def command(live: Live, *words: str, user: User | None = None) -> "subprocess.CompletedProcess[str]":
    """The command as people run it; as a user through the environment's own configuration, as against AWS."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith("AWS_")}
    where = ["--data", str(live.server.data)]
    if user is not None:
        where = ["--aws"]
        environment |= {
            "AWS_ACCESS_KEY_ID": user.key,
            "AWS_SECRET_ACCESS_KEY": user.secret,
            "AWS_REGION": "us-east-1",
            "AWS_ENDPOINT_URL": live.endpoint,
        }
    return subprocess.run(
        [sys.executable, "-m", "trailwarden.cli", *words, *where],
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
        env=environment,
    )


def test_diagnose_reads_a_bucket(live: Live, mateo: User) -> None:
    done = command(live, "diagnose", "--logs", PLACE, "--json")
    assert done.returncode == 0, done.stderr
    (group,) = json.loads(done.stdout)
    assert (group["count"], group["action"]) == (9, "cloudtrail:GetTrailStatus")
    assert group["cause"].startswith(f"no identity-based policy of user {mateo.name} allows")
    assert "1 digest and Insight files hold no denials" in done.stderr


def test_an_object_that_cannot_be_read_is_named_and_the_rest_goes_on(live: Live, mateo: User) -> None:
    s3, key = live.client("s3"), f"{PREFIX}/CloudTrail/us-east-1/cut.json.gz"
    s3.put_object(Bucket=BUCKET, Key=key, Body=gzip.compress(b'{"Records": []}')[:-6])
    done = command(live, "diagnose", "--logs", PLACE, "--json")
    s3.delete_object(Bucket=BUCKET, Key=key)
    assert json.loads(done.stdout)[0]["count"] == 9
    assert f"not read: s3://{BUCKET}/{key}: it is cut off" in done.stderr
    assert mateo.name


def test_replay_and_generation_read_a_bucket(live: Live, mateo: User, tmp_path: Path) -> None:
    change = tmp_path / "change.json"
    change.write_text(json.dumps([{"place": {"kind": "user", "holder": mateo.name, "name": "some"}, "document": None}]))
    done = command(live, "replay", "--change", str(change), "--logs", PLACE, "--json")
    assert done.returncode == 1, done.stderr
    (denied,) = json.loads(done.stdout)["denied"]
    assert (denied["action"], denied["count"]) == ("cloudtrail:DescribeTrails", 9)
    arn = f"arn:aws:iam::{live.account}:user/{mateo.name}"
    made = command(live, "policy", "generate", "--principal", arn, "--logs", PLACE, "--output", "policy")
    assert made.returncode == 0, made.stderr
    assert json.loads(made.stdout)["Statement"][0]["Action"] == ["cloudtrail:DescribeTrails"]


def test_a_bucket_that_is_not_there(live: Live) -> None:
    done = command(live, "diagnose", "--logs", "s3://amzn-s3-demo-nowhere/x")
    assert done.returncode == 2
    assert "s3://amzn-s3-demo-nowhere/x cannot be listed" in done.stderr
    assert "NoSuchBucket" in done.stderr


def test_the_printed_policy_is_enough_to_diagnose_and_not_more(live: Live, mateo: User) -> None:
    """The policy that `--policy` prints, given to a user who has nothing else, and an action of it taken away."""
    printed = command(live, "diagnose", "--logs", PLACE, "--policy")
    policy = json.loads(printed.stdout)
    assert printed.returncode == 0, printed.stderr
    reader, iam = live.user("reader"), live.client("iam")
    wanted = json.loads(command(live, "diagnose", "--logs", PLACE, "--json").stdout)
    iam.put_user_policy(UserName=reader.name, PolicyName="read", PolicyDocument=json.dumps(policy))
    done = command(live, "diagnose", "--logs", PLACE, "--json", user=reader)
    assert (done.returncode, json.loads(done.stdout)) == (0, wanted), done.stderr
    actions = {action for statement in policy["Statement"] for action in statement["Action"]}
    assert not {action for action in actions if not action.partition(":")[2].startswith(("Get", "List", "Describe"))}
    for needed in ("iam:GetAccountAuthorizationDetails", "s3:GetObject"):
        assert needed in actions
        kept = [
            {**statement, "Action": left}
            for statement in policy["Statement"]
            if (left := [action for action in statement["Action"] if action != needed])
        ]
        iam.put_user_policy(UserName=reader.name, PolicyName="read", PolicyDocument=document(*kept))
        refused = command(live, "diagnose", "--logs", PLACE, "--json", user=reader)
        assert (refused.returncode, needed in refused.stderr) == (
            (0, True) if needed == "s3:GetObject" else (2, True)
        ), refused.stderr


FOREVER = 1_000


class Breaking:
    """A client of the server whose connection breaks off: each listing's second page, and the first transfers after some bytes."""

    def __init__(self, live: Live, *, breaks: int) -> None:
        self.s3, self.breaks = live.client("s3"), breaks
        self.listed: list[str] = []
        self.asked: list[str] = []

    def client(self, service_name: str) -> Any:
        assert service_name == "s3"
        return self

    def get_paginator(self, name: str) -> "Breaking":
        assert name == "list_objects_v2"
        return self

    def paginate(self, **asked: Any) -> Any:
        self.listed.append(asked.get("StartAfter", ""))
        pages = self.s3.get_paginator("list_objects_v2").paginate(**asked, PaginationConfig={"PageSize": 4})
        for number, page in enumerate(pages):
            if (number or self.breaks == FOREVER) and len(self.listed) <= self.breaks:
                raise EndpointConnectionError(endpoint_url=self.s3.meta.endpoint_url)
            yield page

    def get_object(self, **asked: Any) -> Any:
        self.asked.append(asked.get("Range", ""))
        answer = self.s3.get_object(**asked)
        early = any(asked["Key"].endswith(f"/{number}.json.gz") for number in range(self.breaks))
        return {"Body": _Half(answer["Body"])} if early and "Range" not in asked else answer


class _Half:
    def __init__(self, body: Any) -> None:
        self.body = body

    def iter_chunks(self, _: int) -> Any:
        yield self.body.read(20)
        raise IncompleteReadError(actual_bytes=20, expected_bytes=100)


def test_what_breaks_off_goes_on_where_it_stopped(live: Live, mateo: User) -> None:
    breaking, paused = Breaking(live, breaks=2), list[float]()
    found = list(LogFiles(given=(PLACE,), clients=breaking, pause=paused.append).contents())
    whole = list(LogFiles(given=(PLACE,), clients=Breaking(live, breaks=0)).contents())
    assert found == whole
    assert [file.key.removeprefix(f"{PREFIX}/CloudTrail/us-east-1") for file, _ in found] == [
        f"/{number}.json.gz" for number in range(9)
    ]
    assert len(breaking.listed) == 3
    assert all(start.startswith(PREFIX) for start in breaking.listed[1:])
    assert breaking.asked.count("bytes=20-") == 2
    assert len(paused) == 4
    assert mateo.name


def test_what_never_stops_breaking_is_told(live: Live, mateo: User) -> None:
    files = LogFiles(given=(PLACE,), clients=Breaking(live, breaks=FOREVER), pause=lambda _: None)
    with pytest.raises(Unreadable, match="cannot be listed: Could not connect"):
        list(files)
    with pytest.raises(Unreadable, match="name a server with --data, or AWS with --aws"):
        LogFiles(given=(PLACE,))
    with pytest.raises(ClientError):
        live.client("s3", key=mateo.key, secret=mateo.secret).get_object(Bucket=BUCKET, Key="elsewhere/0.json")
