"""Chains that are whole, and all the ways of meddling with one."""

import gzip
import json
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from tests.unit.validation.delivered import ACCOUNT, BUCKET, NOON, REGION, TRAIL, Delivery, File, delivered, key_pair

from trailwarden.delivery.logfile import packed
from trailwarden.delivery.trail import TrailStatus
from trailwarden.validation import Asked, Keys, Place, Verdict, report_data, report_text, validate

ALL = Asked(since=0.0, until=NOON + 86_400.0)
HOURS, LOGS, HOUR = 12, 24, 3_600


@pytest.fixture
def delivery() -> Delivery:
    return delivered(HOURS)


def faults(place: Place, keys: Keys, asked: Asked = ALL) -> list[tuple[str, str]]:
    """The keys of the files that are not as delivered, and why."""
    found = validate(place, keys, asked).faults
    return [(each.spot.key.rpartition("AWSLogs/")[2], each.reason) for each in found]


def short(key: str) -> str:
    return key.rpartition("AWSLogs/")[2]


def test_all_is_valid_in_a_bucket(delivery: Delivery) -> None:
    report = validate(delivery.bucket(), delivery.keys, ALL)
    assert report.faults == ()
    assert report.count("Digest file", Verdict.VALID) == HOURS
    assert report.count("Log file", Verdict.VALID) == LOGS
    text = report_text(report)
    assert text.splitlines()[-2:] == ["12/12 digest files valid", "24/24 log files valid"]
    assert "Results found for 2026-01-01T00:00:00Z to 2026-01-01T12:00:00Z:" in text


def test_in_a_copy_the_newest_digest_is_unproved(delivery: Delivery, tmp_path: Path) -> None:
    report = validate(delivery.folder(tmp_path), delivery.keys, ALL)
    assert report.faults == ()
    assert report.count("Digest file", Verdict.VALID) == HOURS - 1
    (newest,) = [each for each in report.findings if each.verdict is Verdict.UNPROVED]
    assert newest.spot.key == f"AWSLogs/{short(delivery.digests[-1])}"
    assert report.count("Log file", Verdict.VALID) == LOGS


def test_a_copy_may_begin_anywhere_above_the_logs(delivery: Delivery, tmp_path: Path) -> None:
    delivery.folder(tmp_path / "audit-of-today")
    assert faults(delivery.folder(tmp_path / "audit-of-today"), delivery.keys) == []


Attack = Callable[[Delivery], list[tuple[str, str]]]


def altered_log(delivery: Delivery) -> list[tuple[str, str]]:
    key = delivery.logs[7]
    delivery.change(key, packed(b'{"Records":[]}').data)
    return [(key, "hash value doesn't match")]


def swapped_logs(delivery: Delivery) -> list[tuple[str, str]]:
    one, other = delivery.logs[3], delivery.logs[9]
    first = delivery.files[one].data
    delivery.change(one, delivery.files[other].data)
    delivery.change(other, first)
    return [(one, "hash value doesn't match"), (other, "hash value doesn't match")]


def removed_log(delivery: Delivery) -> list[tuple[str, str]]:
    key = delivery.logs[5]
    del delivery.files[key]
    return [(key, "not found")]


def renamed_log(delivery: Delivery) -> list[tuple[str, str]]:
    key = delivery.logs[5]
    other = key.replace(".json.gz", "x.json.gz")
    delivery.files[other] = delivery.files.pop(key)
    return [(key, "not found"), (other, "no digest file lists it")]


def added_log(delivery: Delivery) -> list[tuple[str, str]]:
    key = delivery.logs[5][: -len("0000000000000000.json.gz")] + "AAAAAAAAAAAAAAAA.json.gz"
    delivery.files[key] = File(packed(b'{"Records":[{"eventName":"Forged"}]}').data)
    return [(key, "no digest file lists it")]


def truncated_gzip(delivery: Delivery) -> list[tuple[str, str]]:
    key = delivery.logs[2]
    delivery.change(key, delivery.files[key].data[:-12])
    return [(key, "invalid format")]


def a_second_member(delivery: Delivery) -> list[tuple[str, str]]:
    """Readers of gzip read on behind the first member, the stock command does not."""
    key = delivery.logs[2]
    delivery.change(key, delivery.files[key].data + gzip.compress(b'{"Records":[{"eventName":"Forged"}]}'))
    return [(key, "hash value doesn't match")]


def bytes_behind(delivery: Delivery) -> list[tuple[str, str]]:
    key = delivery.logs[2]
    delivery.change(key, delivery.files[key].data + b"forged")
    return [(key, "invalid format")]


def removed_digest(delivery: Delivery) -> list[tuple[str, str]]:
    key = delivery.digests[6]
    del delivery.files[key]
    return [(key, "not found")]


def replayed_digest(delivery: Delivery) -> list[tuple[str, str]]:
    """An older hour's digest in a later one's place."""
    old, new = delivery.digests[2], delivery.digests[6]
    delivery.files[new] = delivery.files[old]
    return [(new, "has been moved from its original location")]


def copied_digest(delivery: Delivery) -> list[tuple[str, str]]:
    """A digest under a name of its own, of a minute later."""
    key = delivery.digests[4].replace("0000Z.json", "0100Z.json")
    delivery.files[key] = delivery.files[delivery.digests[4]]
    return [(key, "has been moved from its original location")]


def malformed_digest(delivery: Delivery) -> list[tuple[str, str]]:
    delivery.change(delivery.digests[4], packed(b"[]").data)
    return [(delivery.digests[4], "invalid format")]


@pytest.mark.parametrize(
    "attack",
    [
        altered_log,
        swapped_logs,
        removed_log,
        renamed_log,
        added_log,
        truncated_gzip,
        a_second_member,
        bytes_behind,
        removed_digest,
        replayed_digest,
        copied_digest,
        malformed_digest,
    ],
)
def test_an_attack_is_found_in_a_bucket_and_in_a_copy(delivery: Delivery, tmp_path: Path, attack: Attack) -> None:
    wanted = sorted((short(key), reason) for key, reason in attack(delivery))
    for place in delivery.places(tmp_path):
        assert sorted(faults(place, delivery.keys)) == wanted


def test_a_chain_signed_with_another_key_is_found(delivery: Delivery, tmp_path: Path) -> None:
    """The last four digests made again, without a log file each, by somebody who has a key of their own."""
    keys, other = delivery.digests, key_pair()[0]
    first = json.loads(gzip.decompress(delivery.files[keys[-4]].data))
    delivery.status = TrailStatus(
        previous_bucket=first["previousDigestS3Bucket"],
        previous_key=first["previousDigestS3Object"],
        previous_hash=first["previousDigestHashValue"],
        previous_signature=first["previousDigestSignature"],
    )
    made = [delivery.hour(NOON - hours * HOUR, logs=1, signer=other) for hours in (4, 3, 2, 1)]
    assert made == keys[-4:]
    reason = f"public key not found in region {REGION} for fingerprint {other.fingerprint}"
    bucket, folder = delivery.places(tmp_path)
    assert [each for each in faults(bucket, delivery.keys) if each[1] == reason] == [
        (short(key), reason) for key in reversed(made)
    ]
    assert (short(made[0]), reason) in faults(folder, delivery.keys)


def test_a_digest_changed_and_left_with_its_signature_is_found(delivery: Delivery, tmp_path: Path) -> None:
    key = delivery.digests[6]
    content = json.loads(gzip.decompress(delivery.files[key].data))
    content["logFiles"].pop()
    delivery.change(key, packed(json.dumps(content).encode()).data)
    for place in delivery.places(tmp_path):
        assert (short(key), "hash value doesn't match") in faults(place, delivery.keys)
    newest = delivery.digests[-1]
    content = json.loads(gzip.decompress(delivery.files[newest].data))
    content["logFiles"].pop()
    delivery.change(newest, packed(json.dumps(content).encode()).data)
    assert (short(newest), "signature verification failed") in faults(delivery.bucket(), delivery.keys)


@pytest.mark.parametrize("metadata", [{}, {"signature": "zz", "signature-algorithm": "SHA256withRSA"}])
def test_a_signature_that_is_lost_or_none_is_found(delivery: Delivery, metadata: dict[str, str]) -> None:
    for key in (delivery.digests[3], delivery.digests[-1]):
        delivery.files[key] = replace(delivery.files[key], metadata=metadata)
        assert (short(key), "signature verification failed") in faults(delivery.bucket(), delivery.keys)


def test_the_newest_digest_removed_is_found_where_the_trail_tells_of_it(delivery: Delivery) -> None:
    place = delivery.bucket()
    now = time.time()
    asked = replace(ALL, until=now + 2 * HOUR)
    assert faults(place, delivery.keys, replace(asked, newest={(ACCOUNT, REGION): now})) == []
    (fault,) = faults(place, delivery.keys, replace(asked, newest={(ACCOUNT, REGION): now + HOUR}))
    assert fault[0] == f"{ACCOUNT}/CloudTrail-Digest/{REGION}/"
    assert fault[1].startswith("not found: the trail delivered its newest digest file at ")


def test_a_chain_begun_anew_is_a_gap_and_no_fault(delivery: Delivery, tmp_path: Path) -> None:
    delivery.status = TrailStatus()
    delivery.hour(NOON + HOUR)
    for place in delivery.places(tmp_path):
        report = validate(place, delivery.keys, ALL)
        assert report.faults == ()
        ((chain, start, end),) = report.gaps
        assert (chain.trail, start, end) == (TRAIL.name, NOON, NOON + HOUR)
        assert "No log files of trail My-Trail in 123456789012 us-east-1 were delivered" in report_text(report)


def test_backfill_digests_are_proved_by_their_own_signature(delivery: Delivery, tmp_path: Path) -> None:
    key = delivery.hour(NOON + 2 * HOUR, late=True)
    report = validate(delivery.bucket(), delivery.keys, ALL)
    assert report.faults == ()
    assert report.count("Digest file", Verdict.VALID) == HOURS + 1
    (late,) = [each for each in validate(delivery.folder(tmp_path), delivery.keys, ALL).findings if each.late]
    assert late.verdict is Verdict.UNPROVED
    delivery.files[key].metadata.pop("backfill-generation-timestamp")
    assert faults(delivery.bucket(), delivery.keys) == [(short(key), "invalid format")]


def test_only_the_time_asked_for_is_validated(delivery: Delivery, tmp_path: Path) -> None:
    del delivery.files[delivery.logs[0]]
    asked = replace(ALL, since=NOON - 3.0 * HOUR, until=NOON - 2.0 * HOUR)
    for place in delivery.places(tmp_path):
        report = validate(place, delivery.keys, asked)
        assert report.faults == ()
        assert report.count("Digest file") == 3


def test_other_trails_accounts_and_homes_are_left_out(delivery: Delivery) -> None:
    place = delivery.bucket()
    others = (
        replace(ALL, trail="Other-Trail"),
        replace(ALL, home="eu-west-1"),
        replace(ALL, account="111122223333"),
    )
    for asked in others:
        report = validate(place, delivery.keys, asked)
        assert report.findings == ()
        assert report_text(report).endswith("No digests found")


def test_added_files_may_be_allowed_where_trails_share_a_bucket(delivery: Delivery) -> None:
    added_log(delivery)
    assert faults(delivery.bucket(), delivery.keys, replace(ALL, unlisted=False)) == []


def test_keys_are_asked_for_once_a_region_and_month(delivery: Delivery) -> None:
    asked: list[tuple[str, float]] = []

    def more(region: str, at: float) -> dict[str, bytes]:
        asked.append((region, at))
        return {delivery.signer.fingerprint: delivery.public}

    assert faults(delivery.bucket(), Keys({}, more)) == []
    assert [region for region, _ in asked] == [REGION]


def test_progress_counts_every_file(delivery: Delivery) -> None:
    told: list[tuple[int, int]] = []
    validate(delivery.bucket(), delivery.keys, ALL, lambda done, total: told.append((done, total)))
    assert told[HOURS - 1] == (HOURS, HOURS)
    assert told[-1] == (LOGS, LOGS)


def test_the_report_as_data_names_what_is_wrong_alone(delivery: Delivery) -> None:
    wanted = removed_log(delivery)
    data = report_data(validate(delivery.bucket(), delivery.keys, ALL))
    assert data["counts"]["Log file"] == {"valid": LOGS - 1, "invalid": 1, "unproved": 0}
    assert [each["file"] for each in data["findings"]] == [f"s3://{BUCKET}/{wanted[0][0]}"]


def test_what_expands_without_end_is_refused(delivery: Delivery) -> None:
    bomb = gzip.compress(b"0" * 600_000_000, compresslevel=1)
    delivery.change(delivery.logs[1], bomb)
    assert faults(delivery.bucket(), delivery.keys) == [(short(delivery.logs[1]), "invalid format")]
