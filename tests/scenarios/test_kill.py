"""kill -9 in the middle of many calls: whatever was acknowledged has its event, every change its event and the other way round."""

import json
import signal
import threading
import time
from collections import Counter
from pathlib import Path
from typing import Any

import msgspec
import pytest
from botocore.exceptions import BotoCoreError, ClientError
from tests.lasting import Server
from tests.trails import bucket_policy
from tests.validating import validate_logs

from trailwarden.auth.identities import USER
from trailwarden.services.s3.stored import OBJECT
from trailwarden.storage import open_storage

CLIENTS, CALLS = 8, 250
BUCKET = "amzn-s3-demo-kill"


class Caller(threading.Thread):
    """One client; notes the request id of each call that was answered."""

    def __init__(self, server: Server, number: int) -> None:
        super().__init__()
        self.number = number
        self.acknowledged: list[str] = []
        self.s3, self.iam, self.sts = (server.client(service) for service in ("s3", "iam", "sts"))

    def run(self) -> None:
        for turn in range(CALLS):
            try:
                answer = self._call(turn, f"{self.number}-{turn}")
            except ClientError as error:
                answer = error.response
            except BotoCoreError:
                return
            self.acknowledged.append(answer["ResponseMetadata"]["RequestId"])

    def _call(self, turn: int, name: str) -> Any:
        if turn % 4 == 0:
            return self.iam.create_user(UserName=name)
        if turn % 4 == 1:
            return self.s3.put_object(Bucket=BUCKET, Key=name, Body=name.encode())
        if turn % 4 == 2:
            return self.iam.get_user(UserName=f"nobody-{name}")
        return self.sts.get_caller_identity()


@pytest.mark.slow
def test_nothing_acknowledged_is_lost(tmp_path: Path) -> None:
    server = Server(tmp_path / "data")
    account = server.client("sts").get_caller_identity()["Account"]
    arn = _trail(server, account)
    callers = [Caller(server, number) for number in range(CLIENTS)]
    for caller in callers:
        caller.start()
    while sum(len(caller.acknowledged) for caller in callers) < CLIENTS * CALLS // 2:
        time.sleep(0.01)
    server.end(signal.SIGKILL)
    for caller in callers:
        caller.join()
    acknowledged = [each for caller in callers for each in caller.acknowledged]
    assert len(acknowledged) < CLIENTS * CALLS
    _check_store(tmp_path / "data", acknowledged)
    server.restart()
    try:
        time.sleep(5)
        code, output = validate_logs(server.data, arn)
        assert code == 0, output
    finally:
        server.end(signal.SIGINT)


def _trail(server: Server, account: str) -> str:
    s3, trails = server.client("s3"), server.client("cloudtrail")
    s3.create_bucket(Bucket=BUCKET)
    s3.put_bucket_policy(Bucket=BUCKET, Policy=json.dumps(bucket_policy(BUCKET, account)))
    arn: str = trails.create_trail(Name="Kill-Trail", S3BucketName=BUCKET, EnableLogFileValidation=True)["TrailARN"]
    trails.start_logging(Name="Kill-Trail")
    return arn


def _check_store(data: Path, acknowledged: list[str]) -> None:
    storage = open_storage(f"sqlite:///{data / 'trailwarden.db'}", blobs=str(data / "blobs"))
    try:
        entries = [entry for _, entry in storage.journal.read(0, 100_000)]
        counts = Counter(entry.request_id for entry in entries)
        assert [each for each in acknowledged if counts[each] != 1] == []
        made = {
            msgspec.json.decode(entry.record)["requestParameters"]["userName"]
            for entry in entries
            if entry.name == "CreateUser"
        }
        put = {
            msgspec.json.decode(entry.record)["requestParameters"]["key"]
            for entry in entries
            if entry.name == "PutObject"
        }
        reader = storage.begin()
        assert {document.body.name for document in reader.list(USER)} == made
        stored = {document.name for document in reader.list(OBJECT) if "/" not in document.name}
        assert stored == {key for key in put if "/" not in key}
        assert made
        assert put
    finally:
        storage.close()
