"""Two server processes on one PostgreSQL database: what one changes, the other enforces; no update is lost."""

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import boto3
import pytest
from botocore.config import Config
from botocore.exceptions import ClientError
from tests.postgres import postgres_database

from trailwarden.cli.connection import Connection, server_connection

LIST = '{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"s3:ListAllMyBuckets","Resource":"*"}]}'
CONFIG = Config(retries={"max_attempts": 8, "mode": "standard"}, max_pool_connections=8)


@contextmanager
def running(data: Path, url: str) -> Iterator[Connection]:
    environment = {name: value for name, value in os.environ.items() if not name.startswith("AWS_")}
    command = [sys.executable, "-m", "trailwarden.cli", "serve", "--data", str(data), "--database", url, "--port", "0"]
    process = subprocess.Popen(
        [*command, "--blobs", str(data.parent / "blobs")], stdout=subprocess.PIPE, text=True, env=environment
    )
    assert process.stdout is not None
    try:
        assert process.stdout.readline().startswith("ready ")
        yield server_connection(data)
    finally:
        process.send_signal(signal.SIGINT)
        process.wait(30)
        process.stdout.close()


@dataclass(frozen=True, slots=True, kw_only=True)
class Nodes:
    one: Connection
    other: Connection

    def client(self, node: Connection, service: str, key: str, secret: str) -> Any:
        session: Any = boto3.session.Session(
            aws_access_key_id=key, aws_secret_access_key=secret, region_name="us-east-1"
        )
        return session.client(service, endpoint_url=node.endpoint, config=CONFIG)


@pytest.fixture(scope="module")
def nodes(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Nodes]:
    folder = tmp_path_factory.mktemp("nodes")
    with ExitStack() as stack:
        url = stack.enter_context(postgres_database())
        one = stack.enter_context(running(folder / "one", url))
        (folder / "other").mkdir(mode=0o700)
        shutil.copy(folder / "one" / "vault.key", folder / "other" / "vault.key")
        yield Nodes(one=one, other=stack.enter_context(running(folder / "other", url)))


def until(call: Callable[[], bool]) -> float:
    """Seconds until the call holds."""
    begin = time.monotonic()
    while not call():
        assert time.monotonic() - begin < 10, "never"
    return time.monotonic() - begin


REFUSALS = {"AccessDenied", "InvalidClientTokenId", "InvalidAccessKeyId", "NoSuchEntity"}


def allowed(call: Callable[[], Any]) -> bool:
    try:
        call()
    except ClientError as error:
        if error.response["Error"]["Code"] not in REFUSALS:
            raise
        return False
    return True


@pytest.mark.postgres
def test_a_change_through_one_is_enforced_by_the_other(nodes: Nodes) -> None:
    """The longest wait is printed, and asked for by nobody: a machine may be busy."""
    iam = nodes.one.client("iam")
    iam.create_user(UserName="mateojackson")
    key = iam.create_access_key(UserName="mateojackson")["AccessKey"]
    user = nodes.client(nodes.other, "s3", key["AccessKeyId"], key["SecretAccessKey"])
    until(lambda: not allowed(user.list_buckets))
    waits = []
    for _ in range(5):
        iam.put_user_policy(UserName="mateojackson", PolicyName="list", PolicyDocument=LIST)
        waits.append(until(lambda: allowed(user.list_buckets)))
        iam.delete_user_policy(UserName="mateojackson", PolicyName="list")
        waits.append(until(lambda: not allowed(user.list_buckets)))
    iam.put_user_policy(UserName="mateojackson", PolicyName="list", PolicyDocument=LIST)
    waits.append(until(lambda: allowed(user.list_buckets)))
    iam.update_access_key(UserName="mateojackson", AccessKeyId=key["AccessKeyId"], Status="Inactive")
    waits.append(until(lambda: not allowed(user.list_buckets)))
    print(f"\nenforced by the other node after at most {max(waits):.3f} s of {len(waits)} changes")


@pytest.mark.postgres
def test_concurrent_writers_lose_no_update(nodes: Nodes) -> None:
    """Each write reads the document and writes it back with one entry more: a lost update would lose an entry."""
    iam = nodes.one.client("iam")
    iam.create_group(GroupName="Everybody")
    iam.create_user(UserName="marymajor")
    count = 16
    members = [f"mateojackson-{number}" for number in range(count)]
    for name in members:
        iam.create_user(UserName=name)
    until(lambda: allowed(lambda: nodes.other.client("iam").get_user(UserName=members[-1])))
    writers = [_patient(node) for node in (nodes.one, nodes.other)]

    def write(number: int) -> None:
        client = writers[number % 2]
        client.add_user_to_group(GroupName="Everybody", UserName=members[number])
        client.tag_user(UserName="marymajor", Tags=[{"Key": f"tag-{number}", "Value": str(number)}])
        client.put_user_policy(UserName="marymajor", PolicyName=f"p{number}", PolicyDocument=_tiny(number))

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(write, range(count)))
    for node in (nodes.one, nodes.other):
        reader = node.client("iam")
        until(lambda reader=reader: len(reader.list_user_tags(UserName="marymajor")["Tags"]) == count)  # type: ignore[misc]
        assert {user["UserName"] for user in reader.get_group(GroupName="Everybody")["Users"]} == set(members)
        assert len(reader.list_user_policies(UserName="marymajor")["PolicyNames"]) == count


@pytest.mark.postgres
def test_a_name_is_given_once(nodes: Nodes) -> None:
    """Of two who create the same thing at once through different nodes, one is told that it exists."""

    def create(number: int) -> str:
        client = writers[number % 2]
        try:
            client.create_role(RoleName=f"Role-{number // 2}", AssumeRolePolicyDocument=TRUST)
        except ClientError as error:
            return str(error.response["Error"]["Code"])
        return "made"

    writers = [_patient(node) for node in (nodes.one, nodes.other)]
    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(create, range(32)))
    assert (answers.count("made"), answers.count("EntityAlreadyExists")) == (16, 16)


TRUST = '{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"Service":"ec2.amazonaws.com"},"Action":"sts:AssumeRole"}]}'


def _patient(node: Connection) -> Any:
    credentials = node.session.get_credentials().get_frozen_credentials()
    session: Any = boto3.session.Session(
        aws_access_key_id=credentials.access_key,
        aws_secret_access_key=credentials.secret_key,
        region_name="us-east-1",
    )
    return session.client("iam", endpoint_url=node.endpoint, config=CONFIG)


def _tiny(number: int) -> str:
    statement = {"Effect": "Allow", "Action": "s3:*", "Resource": f"arn:aws:s3:::b{number}"}
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]}, separators=(",", ":"))
