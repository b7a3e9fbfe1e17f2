"""Log files of trails: what goes where, and what a failure or a crash leaves behind."""

import re
from pathlib import Path
from threading import Thread

import msgspec
import pytest
from tests.unit.delivery.bench import ACCOUNT, BUCKET, REGION, Bench, Buckets, bench, deliverer

from trailwarden.delivery.destination import DeliveredFile
from trailwarden.delivery.progress import PREPARED, PROGRESS, settled
from trailwarden.delivery.trail import RETIRED, STATUS, TRAIL, InsightSelector, TrailStatus, retire, status_of
from trailwarden.events.selectors import AdvancedSelector, DataResource, EventSelector, FieldSelector


@pytest.fixture
def made(tmp_path: Path):  # type: ignore[no-untyped-def]  # noqa: ANN201
    with bench(tmp_path) as made:
        yield made


def status(made: Bench, **of: str) -> TrailStatus:
    document = made.storage.begin().get(TRAIL, ACCOUNT, REGION, "My-Trail")
    assert document is not None
    return status_of(made.storage.begin(), document.body, region=of.get("region", REGION))


def test_a_log_file_has_aws_key_and_form(made: Bench) -> None:
    made.trail(prefix="audit")
    made.record(2)
    made.run()
    (key,) = made.buckets.keys("CloudTrail")
    assert re.fullmatch(
        rf"audit/AWSLogs/{ACCOUNT}/CloudTrail/us-east-1/2026/03/04/"
        rf"{ACCOUNT}_CloudTrail_us-east-1_20260304T1200Z_[A-Za-z0-9]{{16}}\.json\.gz",
        key,
    )
    file = made.buckets.files[BUCKET, key]
    assert (file.content_type, file.content_encoding) == ("application/json", "gzip")
    assert file.source_arn == f"arn:aws:cloudtrail:us-east-1:{ACCOUNT}:trail/My-Trail"
    assert len(made.buckets.content(key)["Records"]) == 2


def test_files_wait_for_the_interval(made: Bench) -> None:
    made.trail()
    made.run()
    ids = made.record()
    made.run(299)
    assert made.buckets.event_ids() == []
    made.run(1)
    assert made.buckets.event_ids() == ids


def test_drain_does_not_wait(made: Bench) -> None:
    made.trail()
    made.run()
    ids = made.record()
    made.run(1, drain=True)
    assert made.buckets.event_ids() == ids


def test_a_trail_takes_its_region_and_its_account(made: Bench) -> None:
    made.trail()
    here = made.record()
    made.record(region="eu-west-1", source="sqs.amazonaws.com")
    made.record(account="111122223333")
    made.record(category="Data", source="s3.amazonaws.com")
    made.run()
    assert made.buckets.event_ids() == here


def test_a_multi_region_trail_has_a_file_for_each_region(made: Bench) -> None:
    made.trail(multi_region=True)
    made.record(region="us-east-1")
    made.record(region="eu-west-1")
    made.run()
    made.run(3700)
    assert [key.split("/")[3] for key in made.buckets.keys("CloudTrail")] == ["eu-west-1", "us-east-1"]
    assert {key.split("/")[3] for key in made.buckets.keys("CloudTrail-Digest")} == {"eu-west-1", "us-east-1"}


def test_an_organization_trail_takes_its_members(made: Bench) -> None:
    made.trail(organization="o-exampleorgid")
    made.record(organization="o-exampleorgid", account="111122223333")
    made.record(organization="o-other", account="444455556666")
    made.run()
    (key,) = made.buckets.keys("CloudTrail")
    assert key.startswith("AWSLogs/o-exampleorgid/111122223333/CloudTrail/")


def test_selectors_choose(made: Bench) -> None:
    made.trail(event_selectors=(EventSelector(read_write_type="ReadOnly"),))
    made.record(read_only=False)
    read = made.record(read_only=True)
    made.run()
    assert made.buckets.event_ids() == read


def test_advanced_selectors_choose(made: Bench) -> None:
    fields = (
        FieldSelector(field="eventCategory", equals=("Management",)),
        FieldSelector(field="eventSource", not_equals=("kms.amazonaws.com",)),
    )
    made.trail(advanced_selectors=(AdvancedSelector(field_selectors=fields),))
    made.record(source="kms.amazonaws.com")
    other = made.record()
    made.run()
    assert made.buckets.event_ids() == other


def test_what_came_before_start_and_after_stop_is_not_delivered(made: Bench) -> None:
    made.record()
    trail = made.trail()
    made.now += 1
    ids = made.record()
    trail = made.stop(trail)
    made.now += 1
    ids += made.record(
        source="cloudtrail.amazonaws.com", name="StopLogging", resources=(("AWS::CloudTrail::Trail", "My-Trail"),)
    )
    made.record()
    made.run(1)
    assert made.buckets.event_ids() == ids


def test_a_restart_of_logging_leaves_the_pause_out(made: Bench) -> None:
    trail = made.trail()
    made.run()
    ids = made.record()
    made.now += 1
    trail = made.stop(trail)
    made.now += 1
    made.record()
    started = msgspec.structs.replace(trail, logging=True, started=made.now, position=made.storage.journal.newest())
    made.put(started)
    made.now += 1
    ids += made.record()
    made.run(drain=True)
    assert sorted(made.buckets.event_ids()) == ids


def test_a_refusal_is_told_and_tried_again(made: Bench) -> None:
    made.trail()
    ids = made.record()
    made.buckets.refusing = "NoSuchBucket"
    made.run()
    told = status(made)
    assert (told.latest_delivery_error, told.latest_delivery_time) == ("NoSuchBucket", None)
    assert told.latest_delivery_attempt_time == made.now
    made.buckets.refusing = ""
    made.run(10)
    assert made.buckets.event_ids() == []
    made.run(300)
    assert made.buckets.event_ids() == ids
    assert (status(made).latest_delivery_error, status(made).latest_delivery_time) == ("", made.now)


def test_a_changed_bucket_gets_what_the_old_one_refused(made: Bench) -> None:
    trail = made.trail()
    made.record()
    made.buckets.refusing = "NoSuchBucket"
    made.run()
    made.buckets.refusing = ""
    made.put(msgspec.structs.replace(trail, bucket="amzn-s3-demo-bucket1"))
    made.run(600)
    assert {bucket for bucket, key in made.buckets.files if "/CloudTrail/" in key} == {"amzn-s3-demo-bucket1"}


class Dies(Exception):
    pass


class Dying(Buckets):
    """The process ends right after a file was put, before that is noted."""

    dying = True

    def put(self, file: DeliveredFile) -> None:
        super().put(file)
        if self.dying and "/CloudTrail/" in file.key:
            raise Dies


def test_a_crash_behind_the_put_repeats_no_event(made: Bench) -> None:
    made.trail()
    ids = made.record(3)
    made.buckets = Dying()
    made.restart()
    made.run()
    assert len(made.buckets.puts) == 1
    made.buckets.dying = False
    made.restart()
    made.run(1)
    log_puts = [key for key in made.buckets.puts if "/CloudTrail/" in key]
    assert len(log_puts) == 2
    assert len(set(log_puts)) == 1
    assert made.buckets.event_ids() == ids
    made.run(3700)
    listed = [
        file["s3Object"]
        for key in made.buckets.keys("CloudTrail-Digest")
        for file in made.buckets.content(key)["logFiles"]
    ]
    assert listed == made.buckets.keys("CloudTrail")


def test_what_is_put_leaves_nothing_behind(made: Bench) -> None:
    made.trail()
    made.record()
    made.run()
    assert list(made.storage.begin().list(PREPARED)) == []


def test_a_deleted_trail_is_served_to_its_end_and_forgotten(made: Bench) -> None:
    trail = made.trail()
    made.run()
    ids = made.record()
    made.now += 1
    settled(made.storage, lambda transaction: retire(transaction, trail, now=made.now))
    made.run(1)
    assert made.buckets.event_ids() == ids
    assert len(made.buckets.keys("CloudTrail-Digest")) == 1
    reader = made.storage.begin()
    assert not reader.list(RETIRED)
    assert not reader.list(PROGRESS)
    assert not reader.list(STATUS)
    assert not reader.list(PREPARED)


def test_a_trail_without_validation_has_no_digests(made: Bench) -> None:
    made.trail(log_file_validation=False)
    made.record()
    made.run()
    made.run(7300)
    assert made.buckets.keys("CloudTrail-Digest") == []


def test_the_thread_delivers_what_is_left_when_it_stops(made: Bench) -> None:
    made.trail()
    ids = made.record()
    worker = deliverer(made.storage, made.buckets)
    worker.start()
    worker.stop()
    assert made.buckets.event_ids() == ids


def test_one_trails_fault_does_not_stop_the_others(made: Bench) -> None:
    class Faulty(Buckets):
        def put(self, file: DeliveredFile) -> None:
            if file.bucket == "broken":
                raise RuntimeError("disk")
            super().put(file)

    made.buckets = Faulty()
    made.restart()
    made.put(msgspec.structs.replace(made.trail("A-Trail"), bucket="broken"))
    made.trail()
    ids = made.record()
    made.run()
    assert made.buckets.event_ids() == ids


def test_a_file_is_at_most_50_megabytes(made: Bench) -> None:
    made.trail()
    padding = b"x" * (20 * 1024 * 1024)
    for _ in range(3):
        made.record(record=b'{"eventID":"%s"}' % padding)
    made.run()
    assert sorted(len(made.buckets.content(key)["Records"]) for key in made.buckets.keys("CloudTrail")) == [1, 2]


def test_global_services_can_be_left_out(made: Bench) -> None:
    made.trail(include_global_service_events=False)
    made.record(source="iam.amazonaws.com")
    made.record(source="sts.amazonaws.com", name="AssumeRole")
    local = made.record(source="sqs.amazonaws.com")
    record = {"eventID": "regional", "tlsDetails": {"clientProvidedHostHeader": "sts.us-east-1.amazonaws.com"}}
    made.record(source="sts.amazonaws.com", name="AssumeRole", record=msgspec.json.encode(record))
    local.append("regional")
    made.run()
    assert made.buckets.event_ids() == local


def test_insights_go_to_trails_that_collect_their_type_and_digests_list_their_files(made: Bench) -> None:
    made.trail(insight_selectors=(InsightSelector(type="ApiCallRateInsight"),))
    for type_ in ("ApiCallRateInsight", "ApiErrorRateInsight"):
        made.record(category="Insight", record=msgspec.json.encode({"insightDetails": {"insightType": type_}}))
    made.record(category="Insight", record=b"{}")
    made.run()
    (key,) = made.buckets.keys("CloudTrail-Insight")
    assert "_CloudTrail-Insight_us-east-1_" in key
    assert [each["insightDetails"]["insightType"] for each in made.buckets.content(key)["Records"]] == [
        "ApiCallRateInsight"
    ]
    made.run(3_700)
    (digest,) = made.buckets.keys("CloudTrail-Digest")
    assert key in [each["s3Object"] for each in made.buckets.content(digest)["logFiles"]]


def test_own_deliveries_can_be_left_out(made: Bench) -> None:
    selectors = (EventSelector(data_resources=(DataResource(type="AWS::S3::Object", values=("arn:aws:s3",)),)),)
    made.trail(event_selectors=selectors, recursive_logging=False)
    record = {
        "eventID": "own",
        "eventCategory": "Data",
        "readOnly": False,
        "userIdentity": {"type": "AWSService", "invokedBy": "cloudtrail.amazonaws.com"},
        "resources": [{"type": "AWS::S3::Object", "ARN": f"arn:aws:s3:::{BUCKET}/AWSLogs/x"}],
    }
    named = (("AWS::S3::Bucket", f"arn:aws:s3:::{BUCKET}"),)
    made.record(category="Data", record=msgspec.json.encode(record), resources=named)
    kept = {**record, "eventID": "kept", "userIdentity": {"type": "IAMUser"}}
    made.record(category="Data", record=msgspec.json.encode(kept), resources=named)
    made.run()
    assert made.buckets.event_ids() == ["kept"]


def test_two_servers_deliver_once(made: Bench) -> None:
    made.trail()
    workers = [deliverer(made.storage, made.buckets) for _ in range(2)]
    ids: list[str] = []
    for _ in range(5):
        ids += made.record(3)
        made.now += 3700
        threads = [Thread(target=worker.run_once, args=(made.now,)) for worker in workers]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert sorted(made.buckets.event_ids()) == ids
    listed = [
        file["s3Object"]
        for key in made.buckets.keys("CloudTrail-Digest")
        for file in made.buckets.content(key)["logFiles"]
    ]
    assert len(listed) == len(set(listed))
