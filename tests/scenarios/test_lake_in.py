"""What comes into event data stores from elsewhere, and what the lake offers to ask of them, as stock clients see it."""

import base64
import gzip
import hashlib
import json
import signal
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError
from tests.lasting import Server
from tests.live import Live, live_server

ENDED = {"FINISHED", "FAILED", "CANCELLED", "TIMED_OUT"}
WHEN = time.strftime("%Y-%m-%dT%H:00:00Z", time.gmtime(time.time() - 86_400))
AUDIT = [{"FieldSelectors": [{"Field": "eventCategory", "Equals": ["ActivityAuditLog"]}]}]


@pytest.fixture(scope="module")
def lake() -> Iterator[Live]:
    with live_server("--seal-interval", "1") as running:
        yield running


@pytest.fixture(scope="module")
def audits(lake: Live) -> str:
    """The id of an event data store for events from outside of AWS."""
    made = lake.client("cloudtrail").create_event_data_store(Name="audits", AdvancedEventSelectors=AUDIT)
    return str(made["EventDataStoreArn"]).rpartition("/")[2]


@pytest.fixture(scope="module")
def channel(lake: Live, audits: str) -> str:
    made = lake.client("cloudtrail").create_channel(
        Name="payroll", Source="Custom", Destinations=[{"Type": "EVENT_DATA_STORE", "Location": audits}]
    )
    return str(made["ChannelArn"])


def rows_of(client: Any, statement: str) -> list[dict[str, str]]:
    asked = client.start_query(QueryStatement=statement)["QueryId"]
    for _ in range(600):
        described = client.describe_query(QueryId=asked)
        if described["QueryStatus"] in ENDED:
            break
        time.sleep(0.05)
    assert described["QueryStatus"] == "FINISHED", described
    found = client.get_query_results(QueryId=asked)["QueryResultRows"]
    return [{name: value for cell in row for name, value in cell.items()} for row in found]


def refusal(call: Any, **params: Any) -> str:
    with pytest.raises(ClientError) as error:
        call(**params)
    return str(error.value.response["Error"]["Code"])


def audit_event(account: str, number: int, **more: Any) -> dict[str, str]:
    data = {
        "version": "1",
        "UID": f"uid-{number}",
        "userIdentity": {"type": "Employee", "principalId": "marymajor", "details": {"desk": "4"}},
        "eventSource": "payroll.example.com",
        "eventName": "RaiseSalary",
        "eventTime": WHEN,
        "requestParameters": {"by": str(number)},
        "recipientAccountId": account,
        **more,
    }
    text = json.dumps({name: value for name, value in data.items() if value is not None})
    digest = base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()
    return {"id": f"event-{number}", "eventData": text, "eventDataChecksum": digest}


def test_an_applications_events_are_stored_once_each(lake: Live, audits: str, channel: str) -> None:
    data, trails = lake.client("cloudtrail-data"), lake.client("cloudtrail")
    events = [audit_event(lake.account, number) for number in range(100)]
    first = data.put_audit_events(channelArn=channel, auditEvents=events)
    assert (len(first["successful"]), first["failed"]) == (100, [])
    again = data.put_audit_events(channelArn=channel, auditEvents=events[:10])
    assert again["successful"] == first["successful"][:10]
    time.sleep(2.5)
    data.put_audit_events(channelArn=channel, auditEvents=events[:10])
    counted = f"SELECT count(*) AS n, count(DISTINCT eventID) AS ids, min(eventTime) AS first FROM {audits}"
    assert rows_of(trails, counted) == [{"n": "100", "ids": "100", "first": f"{WHEN[:10]} {WHEN[11:19]}.000"}]
    one = rows_of(
        trails,
        "SELECT eventData.eventName AS name, eventData.userIdentity.principalId AS who, eventType, metadata.channelARN AS "
        f"via, element_at(eventData.requestParameters, 'by') AS amount FROM {audits} WHERE eventData.UID = 'uid-7'",
    )
    assert one == [
        {"name": "RaiseSalary", "who": "marymajor", "eventType": "ActivityLog", "via": channel, "amount": "7"}
    ]
    status = trails.get_channel(Channel=channel)["IngestionStatus"]
    assert status["LatestIngestionSuccessEventID"] == first["successful"][9]["eventID"]
    assert "LatestIngestionErrorCode" not in status


def test_each_event_that_is_not_taken_is_named(lake: Live, channel: str) -> None:
    data = lake.client("cloudtrail-data")
    account = lake.account
    answer = data.put_audit_events(
        channelArn=channel,
        auditEvents=[
            audit_event(account, 201),
            {**audit_event(account, 202), "eventDataChecksum": "bm90aGluZw=="},
            audit_event(account, 203, eventName=None),
            audit_event(account, 204, errorCode="x" * 300),
            audit_event("111122223333", 205),
            {"id": "event-206", "eventData": "{"},
        ],
    )
    assert [each["id"] for each in answer["successful"]] == ["event-201"]
    assert [(each["id"], each["errorCode"]) for each in answer["failed"]] == [
        ("event-202", "InvalidChecksum"),
        ("event-203", "FieldNotFound"),
        ("event-204", "FieldTooLong"),
        ("event-205", "InvalidRecipient"),
        ("event-206", "InvalidData"),
    ]
    status = lake.client("cloudtrail").get_channel(Channel=channel)["IngestionStatus"]
    assert status["LatestIngestionErrorCode"] == "InvalidData"


def test_what_no_channel_takes(lake: Live, channel: str) -> None:
    put = lake.client("cloudtrail-data").put_audit_events
    event = audit_event(lake.account, 301)
    assert refusal(put, channelArn=channel, auditEvents=[event, event]) == "DuplicatedAuditEventId"
    assert refusal(put, channelArn=channel.replace("channel/", "trail/"), auditEvents=[event]) == "InvalidChannelARN"
    assert refusal(put, channelArn=channel[:-8] + "00000000", auditEvents=[event]) == "ChannelNotFound"
    assert refusal(put, channelArn=channel, auditEvents=[{"id": "a", "eventData": "<xml/>"}]) == (
        "ChannelUnsupportedSchema"
    )


def test_who_may_use_a_channel(lake: Live, channel: str) -> None:
    """The channel's policy admits a user of its account who gives the external id."""
    user = lake.user("marymajor")
    put, event = user.client("cloudtrail-data").put_audit_events, audit_event(lake.account, 401)
    assert refusal(put, channelArn=channel, auditEvents=[event]) == "ChannelInsufficientPermission"
    policy = {
        "Version": "2012-10-17",
        "Statement": [
            {
                "Effect": "Allow",
                "Principal": {"AWS": f"arn:aws:iam::{lake.account}:user/marymajor"},
                "Action": "cloudtrail-data:PutAuditEvents",
                "Resource": channel,
                "Condition": {"StringEquals": {"cloudtrail:ExternalId": "pass-phrase"}},
            }
        ],
    }
    lake.client("cloudtrail").put_resource_policy(ResourceArn=channel, ResourcePolicy=json.dumps(policy))
    assert refusal(put, channelArn=channel, auditEvents=[event]) == "ChannelInsufficientPermission"
    assert put(channelArn=channel, auditEvents=[event], externalId="pass-phrase")["failed"] == []


BUCKET = "amzn-s3-demo-source-bucket"
TRUST = {
    "Version": "2012-10-17",
    "Statement": [
        {"Effect": "Allow", "Principal": {"Service": "cloudtrail.amazonaws.com"}, "Action": "sts:AssumeRole"}
    ],
}
READS = {
    "Version": "2012-10-17",
    "Statement": [
        {"Effect": "Allow", "Action": ["s3:ListBucket", "s3:GetBucketAcl"], "Resource": f"arn:aws:s3:::{BUCKET}"},
        {"Effect": "Allow", "Action": "s3:GetObject", "Resource": f"arn:aws:s3:::{BUCKET}/*"},
    ],
}
HOURS = [time.time() - 3_600 * ago for ago in (80, 56, 32)]


def record(number: int, when: float) -> dict[str, Any]:
    return {
        "eventVersion": "1.11",
        "userIdentity": {"type": "IAMUser", "userName": "mateojackson"},
        "eventTime": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(when)),
        "eventSource": "iam.amazonaws.com",
        "eventName": "ImportedCall",
        "awsRegion": "us-east-1",
        "eventID": f"imported-{number}",
        "readOnly": False,
        "eventCategory": "Management",
    }


def log_key(when: float, name: str) -> str:
    stamp, day = time.strftime("%Y%m%dT%H%MZ", time.gmtime(when)), time.strftime("%Y/%m/%d", time.gmtime(when))
    return f"AWSLogs/123456789012/CloudTrail/us-east-1/{day}/123456789012_CloudTrail_us-east-1_{stamp}_{name}.json.gz"


def packed(records: list[dict[str, Any]]) -> bytes:
    return gzip.compress(json.dumps({"Records": records}).encode())


@pytest.fixture(scope="module")
def source(lake: Live) -> dict[str, str]:
    """Three days of log files, 60 events that differ, one of them twice; a digest beside; and the role that may read them."""
    s3, iam = lake.client("s3"), lake.client("iam")
    s3.create_bucket(Bucket=BUCKET)
    for day, when in enumerate(HOURS):
        for part in range(2):
            first = (day * 2 + part) * 10
            records = [record(number, when) for number in range(first, first + 10)]
            extra = [record(0, HOURS[0])] if (day, part) == (2, 1) else []
            s3.put_object(Bucket=BUCKET, Key=log_key(when, f"part{part}"), Body=packed([*records, *extra]))
    digest = log_key(HOURS[0], "digest").replace("/CloudTrail/", "/CloudTrail-Digest/")
    s3.put_object(Bucket=BUCKET, Key=digest, Body=packed([]))
    role = iam.create_role(RoleName="importer", AssumeRolePolicyDocument=json.dumps(TRUST))["Role"]["Arn"]
    iam.put_role_policy(RoleName="importer", PolicyName="reads", PolicyDocument=json.dumps(READS))
    return {
        "S3LocationUri": f"s3://{BUCKET}/AWSLogs/",
        "S3BucketRegion": "us-east-1",
        "S3BucketAccessRoleArn": role,
    }


def new_store(lake: Live, name: str) -> str:
    made = lake.client("cloudtrail").create_event_data_store(
        Name=name, StartIngestion=False, TerminationProtectionEnabled=False
    )
    return str(made["EventDataStoreArn"])


def finished(client: Any, job: str) -> dict[str, Any]:
    for _ in range(600):
        found: dict[str, Any] = client.get_import(ImportId=job)
        if found["ImportStatus"] not in ("INITIALIZING", "IN_PROGRESS"):
            return found
        time.sleep(0.05)
    raise AssertionError("the import does not end")


def test_log_files_are_imported_and_each_event_is_there_once(lake: Live, source: dict[str, str]) -> None:
    trails, store = lake.client("cloudtrail"), new_store(lake, "history")
    started = trails.start_import(Destinations=[store], ImportSource={"S3": source})
    assert started["ImportStatus"] == "INITIALIZING"
    for _ in range(2):
        done = finished(trails, started["ImportId"])
        assert done["ImportStatus"] == "COMPLETED"
        assert done["ImportStatistics"] == {
            "PrefixesFound": 3,
            "PrefixesCompleted": 3,
            "FilesCompleted": 6,
            "EventsCompleted": 61,
            "FailedEntries": 0,
        }
        counted = f"SELECT count(*) AS n, count(DISTINCT eventID) AS ids FROM {store.rpartition('/')[2]}"
        assert rows_of(trails, counted) == [{"n": "60", "ids": "60"}]
        started = trails.start_import(Destinations=[store], ImportSource={"S3": source})
    finished(trails, started["ImportId"])
    listed = trails.list_imports(Destination=store, ImportStatus="COMPLETED")["Imports"]
    assert (len(listed), listed[0]["ImportId"]) == (3, started["ImportId"])
    assert refusal(trails.start_import, ImportId=started["ImportId"]) == "InvalidParameterException"
    assert refusal(trails.stop_import, ImportId=started["ImportId"]) == "InvalidParameterException"


def test_a_range_of_time_is_imported_alone(lake: Live, source: dict[str, str]) -> None:
    trails, store = lake.client("cloudtrail"), new_store(lake, "one-day")
    span = {"StartEventTime": HOURS[1] - 60, "EndEventTime": HOURS[1] + 60}
    job = trails.start_import(Destinations=[store], ImportSource={"S3": source}, **span)["ImportId"]
    assert finished(trails, job)["ImportStatistics"]["EventsCompleted"] == 20
    days = f"SELECT count(*) AS n, max(eventTime) = min(eventTime) AS same FROM {store.rpartition('/')[2]}"
    assert rows_of(trails, days) == [{"n": "20", "same": "true"}]


def test_what_fails_is_listed_and_tried_again(lake: Live, source: dict[str, str]) -> None:
    trails, s3, iam = lake.client("cloudtrail"), lake.client("s3"), lake.client("iam")
    store, prefix = new_store(lake, "mended"), "broken/"
    keys = [f"{prefix}{log_key(HOURS[0], name)}" for name in ("a", "b", "c", "d")]
    good = [record(number, HOURS[0]) for number in range(100, 104)]
    bodies = [packed(good), packed(good)[:-20], packed([*good, {"eventName": "NoId"}]), b"plain"]
    for key, body in zip(keys, bodies, strict=True):
        s3.put_object(Bucket=BUCKET, Key=key, Body=body)
    place = {**source, "S3LocationUri": f"s3://{BUCKET}/{prefix}"}
    job = trails.start_import(Destinations=[store], ImportSource={"S3": place})["ImportId"]
    done = finished(trails, job)
    assert (done["ImportStatus"], done["ImportStatistics"]["FailedEntries"]) == ("FAILED", 3)
    failures = trails.list_import_failures(ImportId=job)["Failures"]
    told = [(each["Location"], each["Status"], each["ErrorType"]) for each in failures]
    types = ("InvalidLogFile", "InvalidEvent", "InvalidLogFile")
    assert told == [(f"s3://{BUCKET}/{key}", "FAILED", kind) for key, kind in zip(keys[1:], types, strict=True)]
    assert failures[1]["ErrorMessage"].endswith("counted from 0: 4")
    for number, key in enumerate(keys[1:]):
        s3.put_object(Bucket=BUCKET, Key=key, Body=packed([*good, record(110 + number, HOURS[0])]))
    iam.put_role_policy(RoleName="importer", PolicyName="not", PolicyDocument=json.dumps(denied(keys[3])))
    trails.start_import(ImportId=job)
    assert finished(trails, job)["ImportStatistics"]["FailedEntries"] == 1
    left = [each for each in trails.list_import_failures(ImportId=job)["Failures"] if each["Status"] == "FAILED"]
    assert [(each["Location"], each["ErrorType"]) for each in left] == [(f"s3://{BUCKET}/{keys[3]}", "AccessDenied")]
    iam.delete_role_policy(RoleName="importer", PolicyName="not")
    trails.start_import(ImportId=job)
    done = finished(trails, job)
    assert (done["ImportStatus"], done["ImportStatistics"]["FilesCompleted"]) == ("COMPLETED", 4)
    assert {each["Status"] for each in trails.list_import_failures(ImportId=job)["Failures"]} == {"SUCCEEDED"}
    assert rows_of(trails, f"SELECT count(*) AS n FROM {store.rpartition('/')[2]}") == [{"n": "7"}]


def denied(key: str) -> dict[str, Any]:
    statement = {"Effect": "Deny", "Action": "s3:GetObject", "Resource": f"arn:aws:s3:::{BUCKET}/{key}"}
    return {"Version": "2012-10-17", "Statement": [statement]}


def test_what_cannot_be_imported(lake: Live, source: dict[str, str], audits: str) -> None:
    trails, store, start = lake.client("cloudtrail"), new_store(lake, "nothing"), lake.client("cloudtrail").start_import
    for changed in (
        {"S3LocationUri": "s3://amzn-s3-demo-nothing/"},
        {"S3LocationUri": "https://amzn-s3-demo-bucket/"},
        {"S3BucketRegion": "eu-west-1"},
        {"S3BucketAccessRoleArn": f"arn:aws:iam::{lake.account}:role/nobody"},
    ):
        code = refusal(start, Destinations=[store], ImportSource={"S3": {**source, **changed}})
        assert code == "InvalidImportSourceException"
    assert refusal(start, Destinations=[audits], ImportSource={"S3": source}) == (
        "InvalidEventDataStoreCategoryException"
    )
    unknown = store[:-8] + "00000000"
    assert refusal(start, Destinations=[unknown], ImportSource={"S3": source}) == "EventDataStoreNotFoundException"
    assert refusal(trails.get_import, ImportId=unknown[-36:]) == "ImportNotFoundException"
    assert refusal(start, Destinations=[store]) == "InvalidParameterException"


def test_an_import_outlives_a_killed_server(tmp_path: Path) -> None:
    server = Server(tmp_path)
    s3, iam = server.client("s3"), server.client("iam")
    s3.create_bucket(Bucket=BUCKET)
    for number in range(90):
        records = [record(number * 500 + each, HOURS[number // 30]) for each in range(500)]
        s3.put_object(Bucket=BUCKET, Key=log_key(HOURS[number // 30], f"{number:03}"), Body=packed(records))
    role = iam.create_role(RoleName="importer", AssumeRolePolicyDocument=json.dumps(TRUST))["Role"]["Arn"]
    iam.put_role_policy(RoleName="importer", PolicyName="reads", PolicyDocument=json.dumps(READS))
    trails = server.client("cloudtrail")
    store = trails.create_event_data_store(Name="history", StartIngestion=False)["EventDataStoreArn"]
    place = {"S3LocationUri": f"s3://{BUCKET}/", "S3BucketRegion": "us-east-1", "S3BucketAccessRoleArn": role}
    job = trails.start_import(Destinations=[store], ImportSource={"S3": place})["ImportId"]
    while trails.get_import(ImportId=job)["ImportStatus"] == "INITIALIZING":
        time.sleep(0.01)
    for pause in (0.3, 1.5):
        time.sleep(pause)
        server.end(signal.SIGKILL)
        server.restart()
    trails = server.client("cloudtrail")
    done = finished(trails, job)
    statistics = {
        "PrefixesFound": 3,
        "PrefixesCompleted": 3,
        "FilesCompleted": 90,
        "EventsCompleted": 45_000,
        "FailedEntries": 0,
    }
    assert (done["ImportStatus"], done["ImportStatistics"]) == ("COMPLETED", statistics)
    counted = f"SELECT count(*) AS n, count(DISTINCT eventID) AS ids FROM {store.rpartition('/')[2]}"
    assert rows_of(trails, counted) == [{"n": "45000", "ids": "45000"}]
    server.end()


def test_samples_and_prompts_give_statements_that_run(lake: Live) -> None:
    trails = lake.client("cloudtrail")
    store = str(trails.create_event_data_store(Name="asked")["EventDataStoreArn"]).rpartition("/")[2]
    lake.client("iam").create_user(UserName="mateojackson")
    found = trails.search_sample_queries(SearchPhrase="IAM users that were created", MaxResults=2)
    assert found["SearchResults"][0]["Name"] == "Users created and deleted"
    assert len(found["SearchResults"]) == 2
    more = trails.search_sample_queries(SearchPhrase="IAM users that were created", NextToken=found["NextToken"])
    assert more["SearchResults"][0]["Relevance"] <= found["SearchResults"][1]["Relevance"]
    rows = rows_of(trails, found["SearchResults"][0]["SQL"].replace("$EDS_ID", store))
    assert [row["user"] for row in rows] == ["mateojackson"]
    made = trails.generate_query(EventDataStores=[store], Prompt="Who called CreateUser in the last hour?")
    by_alias = trails.start_query(QueryAlias=made["QueryAlias"])["QueryId"]
    assert trails.describe_query(QueryId=by_alias)["QueryString"] == made["QueryStatement"]
    assert [row["eventName"] for row in rows_of(trails, made["QueryStatement"])] == ["CreateUser"]
    assert refusal(trails.generate_query, EventDataStores=[store], Prompt="Is it going to rain?") == (
        "GenerateResponseException"
    )


def test_a_dashboard_is_refreshed(lake: Live) -> None:
    trails = lake.client("cloudtrail")
    store = str(trails.create_event_data_store(Name="drawn")["EventDataStoreArn"])
    widget = {
        "QueryStatement": "SELECT eventName, count(*) AS n FROM "
        f"{store.rpartition('/')[2]} WHERE eventTime > '?' AND eventTime < '?' AND eventName = 'CreateDashboard' GROUP BY 1",
        "QueryParameters": ["$StartTime$", "$EndTime$"],
        "ViewProperties": {"View": "Table", "Title": "Boards"},
    }
    board = trails.create_dashboard(Name="boards", Widgets=[widget])
    policy = {
        "Version": "2012-10-17",
        "Statement": [
            {
                "Effect": "Allow",
                "Principal": {"Service": "cloudtrail.amazonaws.com"},
                "Action": "cloudtrail:StartQuery",
                "Resource": store,
                "Condition": {
                    "StringEquals": {"AWS:SourceArn": board["DashboardArn"], "AWS:SourceAccount": lake.account}
                },
            }
        ],
    }
    alias = board["Widgets"][0]["QueryAlias"]
    refused = trails.start_dashboard_refresh(DashboardId="boards")["RefreshId"]
    told = trails.describe_query(QueryAlias=alias, RefreshId=refused)
    assert (told["QueryStatus"], "cloudtrail:StartQuery" in told["ErrorMessage"]) == ("FAILED", True)
    trails.put_resource_policy(ResourceArn=store, ResourcePolicy=json.dumps(policy))
    span = {"$StartTime$": "2026-01-01T00:00:00Z", "$EndTime$": "2100-01-01T00:00:00Z"}
    refresh = trails.start_dashboard_refresh(DashboardId=board["DashboardArn"], QueryParameterValues=span)["RefreshId"]
    for _ in range(600):
        described = trails.describe_query(QueryAlias=alias, RefreshId=refresh)
        if described["QueryStatus"] in ENDED:
            break
        time.sleep(0.05)
    assert described["QueryStatus"] == "FINISHED", described
    rows = trails.get_query_results(QueryId=described["QueryId"])["QueryResultRows"]
    assert rows == [[{"eventName": "CreateDashboard"}, {"n": "1"}]]
    assert trails.get_dashboard(DashboardId="boards")["LastRefreshId"] == refresh
    assert refusal(trails.start_dashboard_refresh, DashboardId="nothing") == "ResourceNotFoundException"


def test_the_call_is_recorded_as_a_data_event_of_the_channel(lake: Live, channel: str) -> None:
    trails = lake.client("cloudtrail")
    fields = {"eventCategory": ["Data"], "resources.type": ["AWS::CloudTrail::Channel"]}
    selectors = [{"FieldSelectors": [{"Field": name, "Equals": values} for name, values in fields.items()]}]
    made = trails.create_event_data_store(Name="calls", AdvancedEventSelectors=selectors)
    lake.client("cloudtrail-data").put_audit_events(channelArn=channel, auditEvents=[audit_event(lake.account, 501)])
    rows = rows_of(
        trails,
        "SELECT eventSource, eventName, managementEvent, eventCategory, resources[1].arn AS arn "
        f"FROM {str(made['EventDataStoreArn']).rpartition('/')[2]}",
    )
    told = {"eventSource": "cloudtrail-data.amazonaws.com", "eventName": "PutAuditEvents", "eventCategory": "Data"}
    assert rows == [{**told, "managementEvent": "false", "arn": channel}]


def test_an_event_that_many_send_at_once_is_stored_once(lake: Live, audits: str, channel: str) -> None:
    client = lake.client("cloudtrail-data")
    events = [audit_event(lake.account, number) for number in range(600, 605)]
    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda _: client.put_audit_events(channelArn=channel, auditEvents=events), range(16)))
    assert all(answer["successful"] == answers[0]["successful"] for answer in answers)
    counted = f"SELECT count(*) AS n FROM {audits} WHERE eventData.UID LIKE 'uid-60_'"
    assert rows_of(lake.client("cloudtrail"), counted) == [{"n": "5"}]


def test_encrypted_log_files_need_their_key(lake: Live, source: dict[str, str]) -> None:
    trails, iam, s3 = lake.client("cloudtrail"), lake.client("iam"), lake.client("s3")
    key = lake.client("kms").create_key()["KeyMetadata"]["Arn"]
    place, store = {**source, "S3LocationUri": f"s3://{BUCKET}/sealed/"}, new_store(lake, "sealed")
    s3.put_object(
        Bucket=BUCKET,
        Key=f"sealed/{log_key(HOURS[0], 'a')}",
        Body=packed([record(700, HOURS[0])]),
        ServerSideEncryption="aws:kms",
        SSEKMSKeyId=key,
    )
    job = trails.start_import(Destinations=[store], ImportSource={"S3": place})["ImportId"]
    assert finished(trails, job)["ImportStatus"] == "FAILED"
    assert [each["ErrorType"] for each in trails.list_import_failures(ImportId=job)["Failures"]] == ["AccessDenied"]
    statement = {
        "Effect": "Allow",
        "Action": "kms:Decrypt",
        "Resource": key,
        "Condition": {"StringEquals": {"kms:ViaService": "s3.us-east-1.amazonaws.com"}},
    }
    policy = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
    iam.put_role_policy(RoleName="importer", PolicyName="decrypts", PolicyDocument=policy)
    trails.start_import(ImportId=job)
    done = finished(trails, job)
    assert (done["ImportStatus"], done["ImportStatistics"]["EventsCompleted"]) == ("COMPLETED", 1)
