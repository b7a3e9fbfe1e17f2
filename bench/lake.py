"""`python -m bench.lake`: what the lake takes in and how it answers, over generated events; BENCH_EVENTS (500000) of them."""

import gzip
import json
import os
import random
import statistics
import tempfile
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import duckdb

from trailwarden.clock import Chance, iso, system_clock
from trailwarden.events.selectors import AdvancedSelector, FieldSelector
from trailwarden.lake import EventDataStore, Lake
from trailwarden.lake.planning import planned
from trailwarden.lake.running import Limits, Sandbox
from trailwarden.lake.sql import read
from trailwarden.storage import Entry, Storage, open_storage

EVENTS = int(os.environ.get("BENCH_EVENTS", "500000"))
SEALED = min(EVENTS, 100_000)
BATCH = 50_000
DAYS = 30
ACCOUNT = "123456789012"
ID = "11111111-2222-4333-8444-555555555555"
NOW = datetime(2026, 11, 1, tzinfo=UTC).timestamp()
CALLS = (
    ("s3", "GetObject", True), ("s3", "PutObject", False), ("ec2", "DescribeInstances", True), ("iam", "CreateUser", False),
    ("kms", "Decrypt", True), ("sts", "AssumeRole", True), ("lambda", "Invoke", False), ("dynamodb", "GetItem", True),
    ("logs", "CreateLogStream", False), ("signin", "ConsoleLogin", False),
)  # fmt: skip
ERRORS = ("AccessDenied", "ThrottlingException", "NoSuchBucket", "ValidationException")
CHANCE = random.Random(7)
ANY = f"FROM {ID}"
QUERIES = (
    f"SELECT count(*) {ANY}",
    f"SELECT eventName, count(*) AS n {ANY} GROUP BY eventName ORDER BY n DESC LIMIT 10",
    f"SELECT errorCode, count(*) AS n {ANY} WHERE errorCode IS NOT NULL GROUP BY errorCode ORDER BY n DESC",
    f"SELECT eventSource, date_trunc('hour', eventTime), count(*) {ANY} GROUP BY 1, 2 ORDER BY 1, 2",
    f"SELECT userIdentity.arn, count(*) AS n {ANY} GROUP BY 1 ORDER BY n DESC LIMIT 20",
    f"SELECT element_at(requestParameters, 'bucketName') AS b, count(*) AS n {ANY} WHERE eventName = 'GetObject' GROUP BY 1 ORDER BY n DESC LIMIT 5",
    f"SELECT sourceIPAddress, count(DISTINCT eventName) AS n {ANY} GROUP BY 1 ORDER BY n DESC LIMIT 10",
    f"SELECT eventTime, eventName {ANY} WHERE userIdentity.userName = 'user-7' ORDER BY eventTime DESC LIMIT 50",
    f"SELECT eventName {ANY} WHERE eventTime > '2026-10-31 00:00:00' AND readOnly = false LIMIT 100",
    f"SELECT eventName, userIdentity.arn {ANY} WHERE eventTime BETWEEN '2026-10-20 10:00:00' AND '2026-10-20 12:00:00' AND errorCode = 'AccessDenied'",
    f"SELECT json_extract_scalar(eventjson, '$.requestParameters.key') AS k, count(*) {ANY} WHERE eventName = 'PutObject' AND eventTime > '2026-10-30 00:00:00' GROUP BY 1 LIMIT 10",
    f"SELECT count(*) {ANY} WHERE eventjson LIKE '%user-13%'",
    f"SELECT awsRegion, count(*) {ANY} GROUP BY awsRegion",
    f"SELECT recipientAccountId, eventName, count(*) AS n {ANY} GROUP BY 1, 2 HAVING count(*) > 100 ORDER BY n DESC",
    f"SELECT date(eventTime) AS d, count(*) {ANY} GROUP BY 1 ORDER BY 1",
    f"SELECT day_of_week(eventTime) AS d, hour(eventTime) AS h, count(*) {ANY} GROUP BY 1, 2 ORDER BY 1, 2",
    f"SELECT userIdentity.type, errorCode, count(*) {ANY} GROUP BY 1, 2",
    f"SELECT userAgent, count(*) AS n {ANY} GROUP BY 1 ORDER BY n DESC LIMIT 10",
    f"SELECT eventName, approx_distinct(sourceIPAddress) {ANY} GROUP BY 1",
    f"SELECT eventID, eventName {ANY} WHERE eventName = 'ConsoleLogin' AND errorCode IS NOT NULL ORDER BY eventTime DESC LIMIT 20",
    f"SELECT r.arn, count(*) AS n FROM {ID} CROSS JOIN UNNEST(resources) AS t(r) GROUP BY 1 ORDER BY n DESC LIMIT 10",
    f"SELECT eventName, eventTime, lag(eventName) OVER (PARTITION BY userIdentity.userName ORDER BY eventTime) {ANY} WHERE eventTime > '2026-10-31 12:00:00' LIMIT 100",
    f"SELECT eventName {ANY} WHERE regexp_like(eventName, '^(Create|Put)') GROUP BY 1",
    f"SELECT a.eventName, count(*) FROM {ID} a JOIN {ID} b ON a.requestID = b.requestID WHERE a.eventTime > '2026-10-31 00:00:00' GROUP BY 1",
    f"SELECT eventSource, max(eventTime), min(eventTime) {ANY} GROUP BY 1",
    f"SELECT eventName FROM {ID} WHERE readOnly = false EXCEPT SELECT eventName FROM {ID} WHERE errorCode IS NOT NULL",
    f"SELECT count_if(errorCode IS NOT NULL) * 100.0 / count(*) {ANY}",
    f"SELECT map_keys(requestParameters), count(*) AS n {ANY} GROUP BY 1 ORDER BY n DESC LIMIT 5",
)


def record(number: int) -> dict[str, Any]:
    """An event of the last thirty days, about 1.1 kB of JSON."""
    service, name, read_only = CALLS[min(int(CHANCE.expovariate(0.4)), len(CALLS) - 1)]
    user = min(int(CHANCE.paretovariate(1.1)), 2_000)
    failed = CHANCE.random() < 0.04
    event = {
        "eventVersion": "1.11",
        "userIdentity": {
            "type": "AssumedRole", "principalId": f"AROAEXAMPLE{user:010d}:session", "accountId": ACCOUNT,
            "arn": f"arn:aws:sts::{ACCOUNT}:assumed-role/role-{user}/session", "accessKeyId": f"ASIAEXAMPLE{user:09d}",
            "userName": f"user-{user}",
            "sessionContext": {
                "sessionIssuer": {"type": "Role", "arn": f"arn:aws:iam::{ACCOUNT}:role/role-{user}", "userName": f"role-{user}"},
                "attributes": {"creationDate": iso(NOW - 3600), "mfaAuthenticated": "false"},
            },
        },
        "eventTime": iso(NOW - DAYS * 86_400 * number / EVENTS),
        "eventSource": f"{service}.amazonaws.com",
        "eventName": name,
        "awsRegion": CHANCE.choice(("us-east-1", "eu-west-1", "us-west-2")),
        "sourceIPAddress": f"10.{user % 250}.{CHANCE.randrange(250)}.{CHANCE.randrange(250)}",
        "userAgent": "Boto3/1.44.8 md/Botocore#1.44.8 ua/2.1 os/linux#6.1 lang/python#3.11.7",
        "requestParameters": {"bucketName": f"amzn-s3-demo-bucket{user % 50}", "key": f"in/{CHANCE.getrandbits(64):016x}.json"},
        "responseElements": None,
        "requestID": f"{CHANCE.getrandbits(128):032x}",
        "eventID": f"{CHANCE.getrandbits(128):032x}",
        "readOnly": read_only,
        "resources": [{"accountId": ACCOUNT, "type": "AWS::S3::Bucket", "ARN": f"arn:aws:s3:::amzn-s3-demo-bucket{user % 50}"}],
        "eventType": "AwsApiCall",
        "managementEvent": True,
        "recipientAccountId": ACCOUNT,
        "eventCategory": "Management",
        "tlsDetails": {"tlsVersion": "TLSv1.3", "cipherSuite": "TLS_AES_128_GCM_SHA256", "clientProvidedHostHeader": f"{service}.us-east-1.amazonaws.com"},
    }  # fmt: skip
    return {**event, "errorCode": CHANCE.choice(ERRORS)} if failed else event


def batches(count: int) -> Iterator[list[bytes]]:
    for start in range(0, count, BATCH):
        yield [json.dumps(record(number)).encode() for number in range(start, min(start + BATCH, count))]


def timed(work: Callable[[], object]) -> float:
    began = time.perf_counter()
    work()
    return time.perf_counter() - began


def rate(count: int, wall: float, cpu: float) -> str:
    """Events a second, and a second of one core: the steadier figure where others use the machine."""
    return f"{count / wall:>12,.0f} events/s, {count / cpu:,.0f} a core-second"


def main() -> None:
    print(f"{EVENTS:,} events over {DAYS} days, {os.cpu_count()} cores, DuckDB {duckdb.__version__}")
    with tempfile.TemporaryDirectory(prefix="trailwarden-bench-") as folder:
        place = Path(folder)
        storage = open_storage(str(place / "store.db"), blobs=str(place / "blobs"))
        lake = Lake(storage, place / "lake", f"sqlite:///{place}/lake/catalog.db", lambda: NOW, Chance())
        try:
            last = taken_in(lake, place / "logs")
            queried(lake, last)
            straight(place / "logs")
            sealed(lake, storage)
        finally:
            lake.close()
            storage.close()


def store(**changed: Any) -> EventDataStore:
    selector = AdvancedSelector(field_selectors=(FieldSelector(field="eventCategory", equals=("Management",)),))
    fields = {"account": ACCOUNT, "region": "us-east-1", "id": ID, "name": "bench", "created": NOW, "updated": NOW}
    return EventDataStore(**{**fields, "selectors": (selector,), **changed})


def taken_in(lake: Lake, logs: Path) -> str:
    """Records appended in batches, as an import does; also kept as gzipped log files."""
    logs.mkdir()
    spent, used, size, last = 0.0, 0.0, 0, ""
    for number, batch in enumerate(batches(EVENTS)):
        size += sum(map(len, batch))
        last = json.loads(batch[len(batch) // 2])["eventID"]
        for start in range(0, len(batch), 1_000):
            packed = gzip.compress(b'{"Records":[' + b",".join(batch[start : start + 1_000]) + b"]}", 1)
            (logs / f"{number:04d}-{start:06d}.json.gz").write_bytes(packed)
        before = time.process_time()
        spent += timed(lambda batch=batch: lake.holding.append(store(), batch))  # type: ignore[misc]  # bound now
        used += time.process_time() - before
    pinned = lake.holding.warehouse.pin(ID)
    held = sum(each.size for each in pinned.files) if pinned else 0
    print(f"append            {rate(EVENTS, spent, used)}")
    print(f"size              {held / EVENTS:>12,.0f} bytes an event (JSON {size / EVENTS:,.0f})")
    return last


def queried(lake: Lake, last: str) -> None:
    sandbox, spent = Sandbox(Limits(seconds=120)), []
    queries = (*QUERIES, f"SELECT eventName {ANY} WHERE eventID = '{last}'")
    for asked in queries:
        sandbox.warm()
        time.sleep(1.0)

        def once(asked: str = asked) -> None:
            with tempfile.TemporaryDirectory() as folder:
                plan = planned(read(asked), {ID: lake.holding.view(store())}, Path(folder), NOW)
                sandbox.run(plan.job, lambda _: None)

        spent.append(timed(once))
    sandbox.close()
    slowest = max(range(len(QUERIES)), key=lambda place: spent[place])
    print(
        f"{len(QUERIES)} queries        {statistics.median(spent[:-1]):>12.3f} s median, {max(spent[:-1]):.3f} s worst: {QUERIES[slowest][:90]}"
    )
    print(f"one event id      {spent[-1]:>12.3f} s")


def straight(logs: Path) -> None:
    """What a user has without the lake: DuckDB over the log files."""
    read_logs = f"read_json('{logs}/*.json.gz', columns = {{'Records': 'JSON[]'}})"
    asked = f"SELECT count(*) FROM (SELECT unnest(Records) AS r FROM {read_logs}) WHERE r->>'errorCode' IS NOT NULL"
    print(f"DuckDB over gz    {timed(lambda: duckdb.sql(asked).fetchall()):>12.3f} s, counting errors alone")  # type: ignore[union-attr]


def sealed(lake: Lake, storage: Storage) -> None:
    """Calls recorded in the journal, a hundred a commit, then sealed."""
    began = storage.journal.newest()
    entries = [entry(number) for number in range(SEALED)]

    def recorded() -> None:
        for start in range(0, SEALED, 100):
            transaction = storage.begin()
            for each in entries[start : start + 100]:
                transaction.append(each)
            storage.commit(transaction).result()

    print(f"journal           {SEALED / timed(recorded):>12,.0f} durable events/s")
    other = store(id=ID.replace("1", "2"), position=began, created=system_clock())
    before = time.process_time()
    wall = timed(lambda: lake.holding.seal(other))
    print(f"seal              {rate(SEALED, wall, time.process_time() - before)}")


def entry(number: int) -> Entry:
    made = {**record(number), "eventTime": iso(NOW - number % 3_600)}
    return Entry(
        event_id=made["eventID"], time=NOW, account=ACCOUNT, region="us-east-1", category="Management",
        source=made["eventSource"], name=made["eventName"], read_only=made["readOnly"], record=json.dumps(made).encode(),
    )  # fmt: skip


if __name__ == "__main__":
    main()
