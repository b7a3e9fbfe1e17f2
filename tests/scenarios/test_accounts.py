"""An organization of five under `aws` profiles, a restart in the middle: everything is still there, and recorded where it belongs."""

import configparser
import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from typing import Any

import pytest
from tests.lasting import Server

MEMBERS = ("audit", "logging", "security", "workload")


def aws(server: Server, profile: str, *arguments: str) -> Any:
    """One command of the stock client under a profile of the server's configuration."""
    folder = server.data / "aws"
    environment = {name: value for name, value in os.environ.items() if not name.startswith("AWS_")}
    files = {"AWS_CONFIG_FILE": str(folder / "config"), "AWS_SHARED_CREDENTIALS_FILE": str(folder / "credentials")}
    command = [sys.executable, "-m", "awscli", *arguments, "--profile", profile, "--output", "json"]
    done = subprocess.run(command, env={**environment, **files}, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout) if done.stdout.strip() else None


def add_profile(server: Server, name: str, account: str) -> None:
    path = server.data / "aws" / "config"
    config = configparser.RawConfigParser()
    config.read(path)
    config[f"profile {name}"] = {
        "role_arn": f"arn:aws:iam::{account}:role/OrganizationAccountAccessRole",
        "source_profile": "founder",
        "region": "us-east-1",
        "endpoint_url": config["default"]["endpoint_url"],
    }
    with path.open("w") as file:
        config.write(file)


def add_founder(server: Server, members: dict[str, str]) -> None:
    """A user of the management account who may become the administrator of each member."""
    iam = server.client("iam")
    iam.create_user(UserName="founder")
    roles = [f"arn:aws:iam::{account}:role/OrganizationAccountAccessRole" for account in members.values()]
    document = {
        "Version": "2012-10-17",
        "Statement": [{"Effect": "Allow", "Action": "sts:AssumeRole", "Resource": roles}],
    }
    iam.put_user_policy(UserName="founder", PolicyName="Members", PolicyDocument=json.dumps(document))
    key = iam.create_access_key(UserName="founder")["AccessKey"]
    path = server.data / "aws" / "credentials"
    credentials = configparser.RawConfigParser()
    credentials.read(path)
    credentials["founder"] = {"aws_access_key_id": key["AccessKeyId"], "aws_secret_access_key": key["SecretAccessKey"]}
    with path.open("w") as file:
        credentials.write(file)


@pytest.fixture(scope="module")
def restarted(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Server, dict[str, str]]]:
    """The organization, made, restarted, and used by each profile before and after."""
    server = Server(tmp_path_factory.mktemp("accounts") / "data")
    try:
        members = found(server)
        server.end()
        server.restart()
        yield server, members
    finally:
        server.end()


def found(server: Server) -> dict[str, str]:
    """The organization with its members by name, each with a user of its own."""
    aws(server, "default", "organizations", "create-organization")
    members = {name: member(server, name) for name in MEMBERS}
    add_founder(server, members)
    for name, account in members.items():
        add_profile(server, name, account)
        aws(server, name, "iam", "create-user", "--user-name", f"user-of-{name}")
    return members


def member(server: Server, name: str) -> str:
    """A new account, once it is made."""
    command = ("organizations", "create-account", "--email", f"{name}@example.com", "--account-name", name)
    status = aws(server, "default", *command)["CreateAccountStatus"]
    for _ in range(50):
        if status["State"] == "SUCCEEDED":
            break
        time.sleep(0.2)
        asked = ("organizations", "describe-create-account-status", "--create-account-request-id", status["Id"])
        status = aws(server, "default", *asked)["CreateAccountStatus"]
    account: str = status["AccountId"]
    return account


def test_every_account_is_still_there(restarted: tuple[Server, dict[str, str]]) -> None:
    server, members = restarted
    listed = aws(server, "default", "organizations", "list-accounts")["Accounts"]
    assert {each["Id"] for each in listed} >= set(members.values())
    assert len(listed) == len(MEMBERS) + 1
    for name, account in members.items():
        assert aws(server, name, "sts", "get-caller-identity")["Account"] == account
        users = aws(server, name, "iam", "list-users")["Users"]
        assert [each["UserName"] for each in users] == [f"user-of-{name}"]


def records(server: Server, profile: str, event: str) -> list[dict[str, Any]]:
    attribute = f"AttributeKey=EventName,AttributeValue={event}"
    found = aws(server, profile, "cloudtrail", "lookup-events", "--lookup-attributes", attribute)["Events"]
    return [json.loads(each["CloudTrailEvent"]) for each in found]


def test_each_call_is_recorded_in_its_account_alone(restarted: tuple[Server, dict[str, str]]) -> None:
    server, members = restarted
    for name, account in members.items():
        made = records(server, name, "CreateUser")
        assert [each["requestParameters"]["userName"] for each in made] == [f"user-of-{name}"]
        assert {each["recipientAccountId"] for each in made} == {account}


def test_assuming_a_role_across_accounts_is_recorded_in_both(restarted: tuple[Server, dict[str, str]]) -> None:
    server, members = restarted
    here = {each["sharedEventID"]: each for each in records(server, "default", "AssumeRole")}
    for name, account in members.items():
        theirs = records(server, name, "AssumeRole")
        assert theirs
        for each in theirs:
            mine = here[each["sharedEventID"]]
            assert mine["recipientAccountId"] != each["recipientAccountId"] == account
            assert mine["requestID"] == each["requestID"]
            assert mine["eventID"] != each["eventID"]
