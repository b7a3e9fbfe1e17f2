"""The first story and the record of it on PostgreSQL, and a restart in between: everything is still there."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from botocore.exceptions import ClientError
from tests.postgres import postgres_database
from tests.trails import bucket_policy
from tests.validating import validate_logs

from trailwarden.cli.connection import Connection, server_connection
from trailwarden.diagnose import LiveData, diagnose, read_message

BUCKET, TRAIL = "amzn-s3-demo-postgres", "On-Postgres"


@contextmanager
def running(data: Path, url: str) -> Iterator[Connection]:
    options = ["--database", url, "--port", "0", "--delivery-interval", "0.5", "--digest-interval", "2"]
    environment = {name: value for name, value in os.environ.items() if not name.startswith("AWS_")}
    process = subprocess.Popen(
        [sys.executable, "-m", "trailwarden.cli", "serve", "--data", str(data), *options],
        stdout=subprocess.PIPE,
        text=True,
        env=environment,
    )
    assert process.stdout is not None
    try:
        assert process.stdout.readline().startswith("ready ")
        yield server_connection(data)
    finally:
        process.send_signal(signal.SIGINT)
        process.wait(30)
        process.stdout.close()


@pytest.mark.postgres
def test_the_first_story_and_a_restart(tmp_path: Path) -> None:
    data = tmp_path / "data"
    with postgres_database() as url:
        with running(data, url) as admin:
            account, arn = _trail(admin)
            iam = admin.client("iam")
            iam.create_user(UserName="mateojackson")
            key = iam.create_access_key(UserName="mateojackson")["AccessKey"]
        with running(data, url) as admin:
            assert admin.client("sts").get_caller_identity()["Account"] == account
            mateo = _signing(admin, key["AccessKeyId"], key["SecretAccessKey"])
            with pytest.raises(ClientError) as denied:
                mateo.client("cloudtrail").get_trail_status(Name=TRAIL)
            mend = diagnose(read_message(str(denied.value)), LiveData(clients=admin)).mends[0]
            for edit in mend.edits:
                getattr(admin.client(edit.call.service), edit.call.method)(**edit.call.params)
            assert mateo.client("cloudtrail").get_trail_status(Name=TRAIL)["IsLogging"] is True
            time.sleep(7)
            code, output = validate_logs(data, arn)
            assert code == 0, output


def _trail(admin: Connection) -> tuple[str, str]:
    account = admin.client("sts").get_caller_identity()["Account"]
    s3, trails = admin.client("s3"), admin.client("cloudtrail")
    s3.create_bucket(Bucket=BUCKET)
    s3.put_bucket_policy(Bucket=BUCKET, Policy=json.dumps(bucket_policy(BUCKET, account)))
    arn = trails.create_trail(Name=TRAIL, S3BucketName=BUCKET, EnableLogFileValidation=True)["TrailARN"]
    trails.start_logging(Name=TRAIL)
    return account, arn


def _signing(admin: Connection, key: str, secret: str) -> Connection:
    session = type(admin.session)(aws_access_key_id=key, aws_secret_access_key=secret, region_name=admin.region)
    return Connection(session, admin.endpoint, admin.region)
