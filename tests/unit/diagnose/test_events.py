"""Events in all their containers and odd shapes; the shared public events where they are at hand."""

import gzip
import io
import json
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from trailwarden.diagnose import (
    FileData,
    LogFiles,
    Refusal,
    Unreadable,
    count_denials,
    diagnose,
    group_denials,
    read_denials,
    read_event,
    read_input,
)
from trailwarden.diagnose.account import read_account
from trailwarden.diagnose.calls import action_of_event, call_of
from trailwarden.diagnose.history import Portion, events_of
from trailwarden.policy import Layer

SHARED = Path(__file__).parents[3].parent / "shared" / "events"
EVENT: dict[str, Any] = {
    "eventVersion": "1.11",
    "eventSource": "cloudtrail.amazonaws.com",
    "eventName": "GetTrailStatus",
    "eventTime": "2026-11-25T10:00:00Z",
    "awsRegion": "us-east-1",
    "errorCode": "AccessDenied",
    "errorMessage": "User: arn:aws:iam::123456789012:user/mateojackson is not authorized to perform: cloudtrail:GetTrailStatus on "
    "resource: arn:aws:cloudtrail:us-east-1:123456789012:trail/My-Trail because no identity-based policy allows the "
    "cloudtrail:GetTrailStatus action",
    "userIdentity": {
        "type": "IAMUser",
        "arn": "arn:aws:iam::123456789012:user/mateojackson",
        "accountId": "123456789012",
    },
    "requestParameters": {"name": "My-Trail"},
    "eventID": "11111111-2222-3333-4444-555555555555",
}
DETAILS = {
    "UserDetailList": [
        {"UserName": "mateojackson", "Arn": "arn:aws:iam::123456789012:user/mateojackson", "UserId": "AIDA1"}
    ]
}


def data() -> FileData:
    return FileData(details=read_account(DETAILS))


def zipped(*files: bytes) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        for number, content in enumerate(files):
            archive.writestr(f"{number}.json", content)
    return out.getvalue()


def containers() -> Iterator[tuple[str, bytes]]:
    one = json.dumps(EVENT)
    yield "event", one.encode()
    yield "records", json.dumps({"Records": [EVENT]}).encode()
    yield "list", json.dumps([EVENT]).encode()
    yield "lines", f"{one}\n".encode()
    yield "byte-order-mark", b"\xef\xbb\xbf" + one.encode()
    yield "gzip", gzip.compress(json.dumps({"Records": [EVENT]}).encode())
    yield "gzip-in-two-members", gzip.compress(b'{"Records": [') + gzip.compress(one.encode() + b"]}")
    yield "zip", zipped(json.dumps({"Records": [EVENT]}).encode())
    yield "zip-of-gzip", zipped(gzip.compress(one.encode()))
    yield (
        "eventbridge",
        json.dumps({"version": "0", "detail-type": "AWS API Call via CloudTrail", "detail": EVENT}).encode(),
    )
    yield (
        "lookup-events",
        json.dumps({"Events": [{"EventId": "1", "ReadOnly": "true", "CloudTrailEvent": one}]}).encode(),
    )
    yield "search-engine", json.dumps({"event": {"original": one}}).encode()


@pytest.mark.parametrize(("name", "raw"), list(containers()), ids=[name for name, _ in containers()])
def test_every_container(name: str, raw: bytes) -> None:
    (read,) = read_input(raw)
    assert (read.action, read.layer, read.operation) == ("cloudtrail:GetTrailStatus", Layer.IDENTITY, "GetTrailStatus")
    assert diagnose(read, data()).cause == (
        "no identity-based policy of user mateojackson allows cloudtrail:GetTrailStatus on trail/My-Trail"
    )


def test_a_digest_file_is_named_as_such() -> None:
    digest = gzip.compress(json.dumps({"digestStartTime": "2026-11-25T10:00:00Z", "logFiles": []}).encode())
    with pytest.raises(ValueError, match="this is a digest file"):
        read_input(digest)


def test_a_zip_in_a_zip_is_not_opened() -> None:
    with pytest.raises(ValueError, match="a zip file in a zip file"):
        read_input(zipped(zipped(json.dumps(EVENT).encode())))


def test_a_file_that_is_no_gzip_or_not_all_of_one() -> None:
    whole = gzip.compress(json.dumps(EVENT).encode())
    with pytest.raises(ValueError, match="is no gzip file"):
        read_input(b"\x1f\x8b" + bytes(30))
    for cut in (whole[:-9], whole[:40], b"\x1f\x8bnot", whole + whole[:40]):
        with pytest.raises(ValueError, match="is cut off"):
            read_input(cut)
        with pytest.raises(Unreadable, match="is cut off"):
            events_of(Portion("log", content=cut))
    events, _ = events_of(Portion("log", content=whole))
    assert [each.event_name for each in events] == [EVENT["eventName"]]


@pytest.mark.parametrize(
    ("source", "name", "action"),
    [
        ("lambda", "CreateFunction20150331", "lambda:CreateFunction"),
        ("lambda", "GetFunction20150331v2", "lambda:GetFunction"),
        ("lambda", "Invoke", "lambda:InvokeFunction"),
        ("s3", "ListBuckets", "s3:ListAllMyBuckets"),
        ("s3", "ListObjects", "s3:ListBucket"),
        ("s3", "HeadObject", "s3:GetObject"),
        ("monitoring", "PutMetricAlarm", "cloudwatch:PutMetricAlarm"),
        ("unheard", "OfThis", "unheard:OfThis"),
    ],
)
def test_actions_of_events(source: str, name: str, action: str) -> None:
    assert action_of_event({"eventSource": f"{source}.amazonaws.com", "eventName": name}) == action


ODD: list[Any] = [
    None,
    "",
    "HIDDEN_DUE_TO_SECURITY_REASONS",
    "***",
    [],
    {},
    0,
    True,
    ["x"],
    {"items": []},
    {"items": "x"},
    {"": {}},
]
FIELDS = (
    "userIdentity",
    "requestParameters",
    "responseElements",
    "resources",
    "errorCode",
    "errorMessage",
    "sourceIPAddress",
    "eventName",
    "awsRegion",
    "eventSource",
)


@pytest.mark.parametrize("field", FIELDS)
@pytest.mark.parametrize("value", ODD, ids=repr)
def test_no_kind_of_value_crashes(field: str, value: Any) -> None:
    found = diagnose(read_event({**EVENT, field: value}), data())
    assert found.cause or found.needed


@pytest.mark.parametrize("value", ODD, ids=repr)
def test_no_kind_of_member_crashes(value: Any) -> None:
    event = {
        "eventSource": "ec2.amazonaws.com",
        "eventName": "RunInstances",
        "requestParameters": {"instancesSet": value, "tagSpecificationSet": value, "disableApiTermination": value},
    }
    assert call_of(event, None, owner="123456789012", region="us-east-1") is not None


def test_an_empty_session_issuer_is_none() -> None:
    identity = {
        **EVENT["userIdentity"],
        "sessionContext": {"sessionIssuer": {}, "webIdFederationData": {}, "attributes": {"mfaAuthenticated": "true"}},
    }
    assert read_event({**EVENT, "userIdentity": identity}).principal == "arn:aws:iam::123456789012:user/mateojackson"


def test_an_event_fills_the_keys_that_its_members_fill() -> None:
    event = {"eventSource": "iam.amazonaws.com", "eventName": "CreateRole", "requestParameters": {"roleName": "x"}}
    call = call_of(event, None, owner="123456789012", region="us-east-1")
    assert call is not None
    assert "iam:permissionsboundary" in call.filled
    assert "iam:PermissionsBoundary" not in call.checks[0].context


def test_denials_alike_are_grouped(tmp_path: Path) -> None:
    other = {
        **EVENT,
        "errorMessage": EVENT["errorMessage"].replace("GetTrailStatus", "StopLogging"),
        "eventName": "StopLogging",
    }
    (tmp_path / "CloudTrail-Digest").mkdir()
    (tmp_path / "CloudTrail-Digest" / "d.json.gz").write_bytes(
        gzip.compress(b'{"digestStartTime": "1", "logFiles": []}')
    )
    (tmp_path / "a.json.gz").write_bytes(gzip.compress(json.dumps({"Records": [EVENT, EVENT, other]}).encode()))
    later = {**EVENT, "eventTime": "2026-11-25T11:00:00Z"}
    (tmp_path / "b.jsonl").write_text(
        json.dumps(later) + "\n" + json.dumps({**EVENT, "errorCode": "NoSuchBucketPolicy", "errorMessage": "none"})
    )
    (tmp_path / "broken.json").write_text("{")
    files = LogFiles(given=(str(tmp_path),))
    unread: list[str] = []
    recurrences = count_denials(files, lambda file, why: unread.extend([Path(file.name).name] if why else []))
    groups = group_denials(recurrences.values(), data(), lambda: None)
    assert [(each.count, each.actions.most_common(1)[0][0]) for each in groups] == [
        (3, "cloudtrail:GetTrailStatus"),
        (1, "cloudtrail:StopLogging"),
    ]
    assert (groups[0].first, groups[0].last) == ("2026-11-25T10:00:00Z", "2026-11-25T11:00:00Z")
    assert (unread, files.beside) == (["broken.json"], 1)


def shared() -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = []
    for path in sorted(SHARED.glob("*.jsonl.gz")):
        found += map(json.loads, gzip.decompress(path.read_bytes()).splitlines())
    return found


@pytest.mark.skipif(not SHARED.is_dir(), reason="the shared events are not at hand")
def test_every_shared_event_reads() -> None:
    events = shared()
    assert len(events) == 3210
    read = [read_event(event) for event in events]
    assert all(isinstance(each, Refusal) for each in read)
    denied = {each.text: each for raw in events for each in read_denials(json.dumps(raw).encode())}
    sentences = [each for text, each in denied.items() if "not authorized to perform:" in text]
    assert len(sentences) > 20
    assert all(each.principal and each.action for each in sentences)
    encoded = [each for text, each in denied.items() if "Encoded" in text]
    assert all(each.encoded or each.cut for each in encoded)


@pytest.mark.skipif(not SHARED.is_dir(), reason="the shared events are not at hand")
def test_every_shared_denial_is_diagnosed_or_says_what_it_needs() -> None:
    events = json.dumps(shared()).encode()
    distinct = {
        (each.principal, each.action, each.resource, each.code, each.text[:80]): each for each in read_denials(events)
    }
    for each in distinct.values():
        found = diagnose(each, data())
        assert found.cause or found.needed
