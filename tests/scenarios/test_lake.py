"""CloudTrail Lake as a stock client uses it: an event data store, calls, SQL over them, results in a bucket."""

import csv
import gzip
import hashlib
import io
import json
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError
from cryptography.hazmat.primitives.asymmetric import padding
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import load_der_public_key
from pyiceberg.catalog.sql import SqlCatalog
from tests.lasting import Server
from tests.live import Live, live_server

BUCKET = "amzn-s3-demo-bucket"
ENDED = {"FINISHED", "FAILED", "CANCELLED", "TIMED_OUT"}


@pytest.fixture(scope="module")
def lake() -> Iterator[Live]:
    with live_server("--seal-interval", "1") as running:
        yield running


@pytest.fixture(scope="module")
def store(lake: Live) -> str:
    arn: str = lake.client("cloudtrail").create_event_data_store(Name="events")["EventDataStoreArn"]
    return arn.rpartition("/")[2]


def ended(client: Any, asked: str) -> dict[str, Any]:
    for _ in range(600):
        described: dict[str, Any] = client.describe_query(QueryId=asked)
        if described["QueryStatus"] in ENDED and described.get("DeliveryStatus") != "PENDING":
            return described
        time.sleep(0.05)
    raise AssertionError("the query does not end")


def asked(client: Any, statement: str, **more: Any) -> tuple[dict[str, Any], list[dict[str, str]]]:
    """How the query ended, and its rows."""
    found = client.start_query(QueryStatement=statement, **more)["QueryId"]
    described = ended(client, found)
    rows: list[dict[str, str]] = []
    token: dict[str, str] = {}
    while described["QueryStatus"] == "FINISHED":
        page = client.get_query_results(QueryId=found, MaxQueryResults=2, **token)
        rows += [{name: value for cell in row for name, value in cell.items()} for row in page["QueryResultRows"]]
        if "NextToken" not in page:
            break
        token = {"NextToken": page["NextToken"]}
    return described, rows


def refused(client: Any, statement: str, **more: Any) -> dict[str, str]:
    with pytest.raises(ClientError) as refusal:
        client.start_query(QueryStatement=statement, **more)
    error = refusal.value.response["Error"]
    return {"Code": error["Code"], "Message": error["Message"]}


def test_a_call_is_seen_at_once_and_still_once_it_is_sealed(lake: Live, store: str) -> None:
    iam, trails = lake.client("iam"), lake.client("cloudtrail")
    statement = f"SELECT eventName, element_at(requestParameters, 'userName') AS who FROM {store} WHERE eventName = 'CreateUser'"
    iam.create_user(UserName="marymajor")
    _, rows = asked(trails, statement)
    assert rows == [{"eventName": "CreateUser", "who": "marymajor"}]
    catalog = SqlCatalog("trailwarden", uri=f"sqlite:///{lake.server.data}/lake/catalog.db")
    for _ in range(100):
        if catalog.table_exists(("cloudtrail", store)) and _sealed(catalog, store, "CreateUser"):
            break
        time.sleep(0.1)
    assert _sealed(catalog, store, "CreateUser") == 1
    assert asked(trails, statement)[1] == rows


def _sealed(catalog: SqlCatalog, store: str, name: str) -> int:
    names = catalog.load_table(("cloudtrail", store)).scan(selected_fields=("eventname",)).to_arrow()
    return int(names.column("eventname").to_pylist().count(name))


def test_what_a_query_read_is_told(lake: Live, store: str) -> None:
    trails = lake.client("cloudtrail")
    described, rows = asked(trails, f"SELECT count(*) AS n FROM {store}")
    read = described["QueryStatistics"]
    assert int(rows[0]["n"]) == read["EventsScanned"] == read["EventsMatched"]
    assert read["BytesScanned"] > 0
    assert read["ExecutionTimeInMillis"] > 0
    narrow, _ = asked(trails, f"SELECT eventID FROM {store} WHERE eventName = 'CreateEventDataStore'")
    assert narrow["QueryStatistics"]["EventsMatched"] == 1
    past, _ = asked(trails, f"SELECT eventID FROM {store} WHERE eventTime < '2020-01-01 00:00:00'")
    assert past["QueryStatistics"]["EventsMatched"] == 0


def test_results_come_in_pages_and_queries_are_listed(lake: Live, store: str) -> None:
    trails = lake.client("cloudtrail")
    statement = f"SELECT x FROM {store} CROSS JOIN UNNEST(sequence(1, 2500)) AS t(x) WHERE eventName = 'CreateEventDataStore' ORDER BY x"
    query = trails.start_query(QueryStatement=statement)["QueryId"]
    ended(trails, query)
    first = trails.get_query_results(QueryId=query)
    assert [row[0]["x"] for row in first["QueryResultRows"]] == [str(number) for number in range(1, 1001)]
    assert first["QueryStatistics"]["TotalResultsCount"] == 2500
    last = trails.get_query_results(QueryId=query, NextToken=_token(first, trails, query), MaxQueryResults=700)
    assert [row[0]["x"] for row in last["QueryResultRows"]] == [str(number) for number in range(2001, 2501)]
    assert "NextToken" not in last
    assert trails.describe_query(QueryId=query)["QueryString"] == statement
    listed = trails.list_queries(EventDataStore=store, QueryStatus="FINISHED")["Queries"]
    assert listed[0]["QueryId"] == query
    with pytest.raises(ClientError, match="InvalidNextTokenException"):
        trails.get_query_results(QueryId=query, NextToken="none of ours")


def _token(first: dict[str, Any], trails: Any, query: str) -> str:
    second: dict[str, Any] = trails.get_query_results(QueryId=query, NextToken=first["NextToken"])
    token: str = second["NextToken"]
    return token


def test_aws_errors(lake: Live, store: str) -> None:
    trails = lake.client("cloudtrail")
    other = store.replace(store[:8], "00000000")
    assert refused(trails, "SELECT 1")["Code"] == "InvalidQueryStatementException"
    assert refused(trails, f"DROP TABLE {store}")["Code"] == "InvalidQueryStatementException"
    assert refused(trails, f"SELECT nothing FROM {store}") == {
        "Code": "InvalidQueryStatementException",
        "Message": "line 1:14: Column 'nothing' cannot be resolved",
    }
    assert refused(trails, f"SELECT nosuch(1) FROM {store}")["Message"] == "Function 'nosuch' not registered"
    assert refused(trails, f"SELECT eventName FROM {other}")["Code"] == "EventDataStoreNotFoundException"
    assert refused(trails, f"SELECT eventName FROM {store}", DeliveryS3Uri="s3://amzn-s3-demo-nothing")["Code"] == (
        "S3BucketDoesNotExistException"
    )
    described, _ = asked(trails, f"SELECT 1 / 0 FROM {store}")
    assert (described["QueryStatus"], described["ErrorMessage"]) == ("FAILED", "Division by zero")
    with pytest.raises(ClientError, match="InactiveQueryException"):
        trails.cancel_query(QueryId=described["QueryId"])
    with pytest.raises(ClientError, match="QueryIdNotFoundException"):
        trails.describe_query(QueryId=other)


def test_a_running_query_is_cancelled(lake: Live, store: str) -> None:
    trails = lake.client("cloudtrail")
    crossed = ", ".join(f"{store} AS t{number}" for number in range(12))
    query = trails.start_query(QueryStatement=f"SELECT count(*) FROM {crossed}")["QueryId"]
    assert trails.cancel_query(QueryId=query)["QueryStatus"] == "CANCELLED"
    assert ended(trails, query)["QueryStatus"] == "CANCELLED"
    assert asked(trails, f"SELECT count(*) FROM {store}")[0]["QueryStatus"] == "FINISHED"


def test_only_stores_that_the_caller_may_ask(lake: Live, store: str) -> None:
    secret = lake.client("cloudtrail").create_event_data_store(Name="secret")["EventDataStoreArn"]
    user = lake.user("mateojackson")
    allowed = f"arn:aws:cloudtrail:us-east-1:{lake.account}:eventdatastore/{store}"
    statements = [
        {"Effect": "Allow", "Action": "cloudtrail:*Query*", "Resource": allowed},
        {"Effect": "Allow", "Action": "cloudtrail:*Query*", "Resource": f"{allowed[:-36]}*"},
        {"Effect": "Deny", "Action": "cloudtrail:StartQuery", "Resource": secret},
    ]
    policy = json.dumps({"Version": "2012-10-17", "Statement": statements})
    lake.client("iam").put_user_policy(UserName=user.name, PolicyName="lake", PolicyDocument=policy)
    client, hidden = user.client("cloudtrail"), secret.rpartition("/")[2]
    assert asked(client, f"SELECT count(*) FROM {store}")[0]["QueryStatus"] == "FINISHED"
    for way in (
        f"FROM {hidden}",
        f'FROM "{hidden}"',
        f"FROM {store}, {hidden}",
        f"FROM/**/{hidden}",
        f"FROM {secret}",
        f"FROM {hidden.upper()}",
        f"FROM {store} WHERE eventName IN (SELECT eventName FROM {hidden})",
    ):
        assert refused(client, f"SELECT eventName {way}")["Code"] == "AccessDeniedException", way


def test_results_are_delivered_and_signed(lake: Live, store: str) -> None:
    s3, trails = lake.client("s3"), lake.client("cloudtrail")
    s3.create_bucket(Bucket=BUCKET)
    statement = f"SELECT eventName, eventSource FROM {store} WHERE eventName = 'CreateEventDataStore' ORDER BY eventTime LIMIT 1"
    uri = f"s3://{BUCKET}/lake"
    assert refused(trails, statement, DeliveryS3Uri=uri)["Code"] == "InsufficientS3BucketPolicyException"
    s3.put_bucket_policy(Bucket=BUCKET, Policy=json.dumps(_results_policy(lake.account)))
    described, _ = asked(trails, statement, DeliveryS3Uri=uri)
    assert (described["DeliveryStatus"], described["DeliveryS3Uri"]) == ("SUCCESS", uri)
    day = time.strftime("%Y/%m/%d", time.gmtime())
    folder = f"lake/AWSLogs/{lake.account}/CloudTrail-Lake/Query/{day}/{described['QueryId']}"
    signed = json.loads(s3.get_object(Bucket=BUCKET, Key=f"{folder}/result_sign.json")["Body"].read())
    (file,) = signed["files"]
    data = s3.get_object(Bucket=BUCKET, Key=f"{folder}/{file['fileName']}")["Body"].read()
    assert hashlib.sha256(data).hexdigest() == file["fileHashValue"]
    assert list(csv.reader(io.StringIO(gzip.decompress(data).decode()))) == [
        ["eventName", "eventSource"],
        ["CreateEventDataStore", "cloudtrail.amazonaws.com"],
    ]
    _verify(trails, signed)


def _verify(trails: Any, signed: dict[str, Any]) -> None:
    """As https://docs.aws.amazon.com/awscloudtrail/latest/userguide/cloudtrail-results-file-custom-validation.html tells."""
    keys = trails.list_public_keys(StartTime=signed["queryCompleteTime"], EndTime=signed["queryCompleteTime"])
    (value,) = [key["Value"] for key in keys["PublicKeyList"] if key["Fingerprint"] == signed["publicKeyFingerprint"]]
    key = load_der_public_key(value)
    assert isinstance(key, RSAPublicKey)
    text = " ".join(file["fileHashValue"] for file in signed["files"]).encode()
    key.verify(bytes.fromhex(signed["hashSignature"]), text, padding.PKCS1v15(), SHA256())


def _results_policy(account: str) -> dict[str, Any]:
    """https://docs.aws.amazon.com/awscloudtrail/latest/userguide/s3-bucket-policy-lake-query-results.html."""
    sourced = {
        "aws:SourceAccount": account,
        "aws:SourceArn": f"arn:aws:cloudtrail:us-east-1:{account}:eventdatastore/*",
    }
    common = {"Effect": "Allow", "Principal": {"Service": "cloudtrail.amazonaws.com"}}
    resources = [f"arn:aws:s3:::{BUCKET}", f"arn:aws:s3:::{BUCKET}/*"]
    return {
        "Version": "2012-10-17",
        "Statement": [
            {
                **common,
                "Action": ["s3:PutObject*", "s3:Abort*"],
                "Resource": resources,
                "Condition": {"StringLike": sourced},
            },
            {**common, "Action": "s3:GetBucketAcl", "Resource": resources[0]},
        ],
    }


def test_from_the_command_line(lake: Live, store: str) -> None:
    for source in (store, "events"):
        done = subprocess.run(
            [sys.executable, "-m", "trailwarden.cli", "query", "--data", str(lake.server.data), "--format", "csv",
             f"SELECT eventName FROM {source} WHERE eventName = 'CreateEventDataStore' ORDER BY eventTime LIMIT 1"],
            check=True, capture_output=True, text=True,
        )  # fmt: skip
        assert done.stdout.splitlines() == ["eventName", "CreateEventDataStore"]
        assert "1 rows" in done.stderr


def test_a_query_outlives_a_crash(tmp_path: Path) -> None:
    server = Server(tmp_path)
    try:
        trails = server.client("cloudtrail")
        arn = trails.create_event_data_store(Name="events")["EventDataStoreArn"]
        store = arn.rpartition("/")[2]
        query = trails.start_query(
            QueryStatement=f"SELECT count(*) AS n FROM {store} WHERE eventName = 'CreateEventDataStore'"
        )["QueryId"]
        server.end(9)
        server.restart()
        trails = server.client("cloudtrail")
        assert ended(trails, query)["QueryStatus"] == "FINISHED"
        assert trails.get_query_results(QueryId=query)["QueryResultRows"] == [[{"n": "1"}]]
    finally:
        server.end()
