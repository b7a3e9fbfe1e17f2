"""The command with account files: its answers, its exit codes, its words for what is wrong."""

import gzip
import json
from pathlib import Path

import pytest
from botocore.session import get_session
from typer.testing import CliRunner, Result

from trailwarden.cli import commands
from trailwarden.cli.connection import Connection
from trailwarden.cli.recording import Recording

app = commands()

ACCOUNT = {
    "UserDetailList": [
        {"UserName": "mateojackson", "Arn": "arn:aws:iam::123456789012:user/mateojackson", "UserId": "AIDA1"},
        {
            "UserName": "marymajor",
            "Arn": "arn:aws:iam::123456789012:user/marymajor",
            "UserId": "AIDA2",
            "UserPolicyList": [
                {
                    "PolicyName": "Tables",
                    "PolicyDocument": {
                        "Version": "2012-10-17",
                        "Statement": {
                            "Effect": "Allow",
                            "Action": "dynamodb:GetItem",
                            "Resource": "arn:aws:dynamodb:us-east-1:123456789012:table/tasks",
                        },
                    },
                }
            ],
        },
    ]
}
TEXT = (
    "An error occurred (AccessDeniedException) when calling the GetTrailStatus operation: User: "
    "arn:aws:iam::123456789012:user/mateojackson is not authorized to perform: cloudtrail:GetTrailStatus on resource: "
    "arn:aws:cloudtrail:us-east-1:123456789012:trail/My-Trail because no identity-based policy allows the "
    "cloudtrail:GetTrailStatus action"
)
TABLE = (
    "User: arn:aws:iam::123456789012:user/marymajor is not authorized to perform: dynamodb:GetItem on resource: "
    "arn:aws:dynamodb:us-east-1:123456789012:table/Tasks because no identity-based policy allows the dynamodb:GetItem action"
)
CAUSE = "no identity-based policy of user mateojackson allows cloudtrail:GetTrailStatus on trail/My-Trail"


@pytest.fixture
def account(tmp_path: Path) -> Path:
    path = tmp_path / "account.json"
    path.write_text(json.dumps(ACCOUNT))
    return path


def run(*arguments: object, given: str | None = None) -> Result:
    return CliRunner().invoke(app, ["diagnose", *map(str, arguments)], input=given)


def test_the_cause_stands_first_and_the_mend_second(account: Path) -> None:
    result = run(TEXT, "--account", account)
    lines = result.stdout.splitlines()
    assert result.exit_code == 0
    assert lines[0] == f"Cause: {CAUSE.removesuffix(' trail/My-Trail')} ..."
    assert lines[1] == "Mend:  allow cloudtrail:GetTrailStatus on trail/My-Trail to user mateojackson (proved)."
    assert f"Cause in full: {CAUSE}." in " ".join(result.stdout.split())
    assert all(len(line) <= 100 or line.lstrip().startswith(('"', "policy")) for line in lines)


def test_from_a_file_and_from_standard_input(account: Path, tmp_path: Path) -> None:
    (tmp_path / "error.txt").write_text(TEXT)
    said = run(TEXT, "--account", account).stdout
    assert run(tmp_path / "error.txt", "--account", account).stdout == said
    assert run("-", "--account", account, given=TEXT).stdout == said


def test_as_data(account: Path) -> None:
    answer = json.loads(run(TEXT, "--account", account, "--json").stdout)
    assert answer["cause"] == CAUSE
    assert answer["mends"][0]["remedy"] == "add an allow"


def test_for_a_ticket(account: Path) -> None:
    said = run(TEXT, "--account", account, "--markdown").stdout
    assert said.startswith(f"**Cause:** {CAUSE}.")
    assert "- Action: `cloudtrail:GetTrailStatus`" in said
    assert "### 1. allow cloudtrail:GetTrailStatus on trail/My-Trail to user mateojackson" in said
    assert "```json" in said
    assert "aws iam put-user-policy" in said


def test_a_mistyped_name_is_not_allowed_but_corrected(account: Path, tmp_path: Path) -> None:
    (tmp_path / "resources").write_text("arn:aws:dynamodb:us-east-1:123456789012:table/tasks\n")
    result = run(TABLE, "--account", account, "--resources", tmp_path / "resources")
    assert result.exit_code == 0
    assert "there is no table Tasks; there is tasks" in result.stdout
    assert "Statement for" not in result.stdout


def test_more_is_needed(account: Path) -> None:
    result = run(TEXT.replace("mateojackson", "nobody"), "--account", account)
    assert result.exit_code == 3
    assert "the policies of user nobody" in " ".join(result.stdout.split())


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (("missing.json",), "there is no file missing.json"),
        (("{}",), ""),
        ((TEXT, "--account", "missing"), "missing cannot be read"),
        ((TEXT, "--organization", "missing"), "missing cannot be read"),
        ((TEXT, "--resources", "missing"), "missing cannot be read"),
        ((TEXT, "--resource-policy", "policy.json"), "it takes ARN=FILE"),
        (("--logs", "missing"), "missing is neither a log file nor a folder of them"),
    ],
)
def test_unreadable(account: Path, arguments: tuple[str, ...], told: str) -> None:
    given = arguments if "--account" in arguments else (*arguments, "--account", str(account))
    result = run(*given)
    assert result.exit_code == (2 if told else 3)
    assert told in result.output
    assert "Traceback" not in result.output


def test_what_is_no_text(account: Path, tmp_path: Path) -> None:
    (tmp_path / "image").write_bytes(b"\x89PNG\xff\xfe")
    result = run(tmp_path / "image", "--account", account)
    assert (result.exit_code, result.stderr) == (2, "the input is no text, and neither a gzip nor a zip file\n")


def test_a_digest_file(account: Path, tmp_path: Path) -> None:
    (tmp_path / "d.json.gz").write_bytes(gzip.compress(b'{"digestStartTime": "1", "logFiles": []}'))
    result = run(tmp_path / "d.json.gz", "--account", account)
    assert result.exit_code == 2
    assert "this is a digest file" in result.stderr


def test_no_server_is_at_hand(tmp_path: Path) -> None:
    result = run(TEXT, "--data", tmp_path)
    assert result.exit_code == 2
    assert "name one with --data, a file with --account, or AWS with --aws" in result.stderr


@pytest.fixture
def logs(tmp_path: Path) -> Path:
    folder = tmp_path / "logs"
    folder.mkdir()
    event = {
        "eventSource": "cloudtrail.amazonaws.com",
        "eventName": "GetTrailStatus",
        "eventTime": "2026-11-25T10:00:00Z",
        "errorCode": "AccessDenied",
        "errorMessage": TEXT.partition("operation: ")[2],
        "userIdentity": {"type": "IAMUser", "arn": "arn:aws:iam::123456789012:user/mateojackson"},
    }
    billing = {
        **event,
        "eventSource": "ce.amazonaws.com",
        "eventName": "GetCostAndUsage",
        "errorMessage": "IAM user access not activated",
    }
    (folder / "a.json.gz").write_bytes(gzip.compress(json.dumps({"Records": [billing, event, event]}).encode()))
    return folder


def test_logs_by_cause(account: Path, logs: Path) -> None:
    result = run("--logs", logs, "--account", account)
    assert result.exit_code == 0
    first, second = result.stdout.split("\n\n")
    assert first.startswith("2 denials: no identity-based policy of user mateojackson")
    assert second.startswith("1 denial: the account has not activated IAM access to Billing")
    assert "Callers: user mateojackson of 123456789012 (2)." in first


def test_logs_as_data_and_for_a_ticket(account: Path, logs: Path) -> None:
    data = json.loads(run("--logs", logs, "--account", account, "--json").stdout)
    assert [(each["count"], each["mends"][0]["remedy"]) for each in data] == [
        (2, "add an allow"),
        (1, "change a setting of the service"),
    ]
    assert run("--logs", logs, "--account", account, "--markdown").stdout.startswith("| denials | cause | way out |")


def test_a_folder_without_denials(account: Path, tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    (tmp_path / "empty" / "a.json").write_text(
        '{"Records": [{"eventName": "ListUsers", "eventSource": "iam.amazonaws.com"}]}'
    )
    result = run("--logs", tmp_path / "empty", "--account", account)
    assert (result.exit_code, result.stdout) == (0, "There are no denials in these log files.\n")


def test_the_policy_is_made_of_the_calls(account: Path) -> None:
    assert run(TEXT, "--account", account, "--policy").exit_code == 2
    model = get_session().get_service_model("s3")
    recording = Recording(Connection(None, None, "us-east-1"))
    recording._note({"Bucket": "amzn-s3-demo-bucket"}, model.operation_model("GetBucketPolicy"))
    recording._note({}, get_session().get_service_model("sts").operation_model("GetCallerIdentity"))
    recording._note({}, get_session().get_service_model("iam").operation_model("GetAccountAuthorizationDetails"))
    assert recording.policy("123456789012")["Statement"] == [
        {"Effect": "Allow", "Action": ["iam:GetAccountAuthorizationDetails"], "Resource": ["*"]},
        {"Effect": "Allow", "Action": ["s3:GetBucketPolicy"], "Resource": ["arn:aws:s3:::amzn-s3-demo-bucket"]},
    ]
