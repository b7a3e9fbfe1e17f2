"""What-if replay: which recorded calls changed policies would deny or allow."""

import json
import threading
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from tests.unit.diagnose import recorded
from tests.unit.diagnose.recorded import KEY, ROLE, SPARED, USER, allow, as_role, document, event, guardrail

from trailwarden.diagnose.alike import Decided, Deciding
from trailwarden.diagnose.changes import Change, change_data, read_changes
from trailwarden.diagnose.data import FileData, Unreadable, read_files
from trailwarden.diagnose.foreseen import foreseen_data, foreseen_text
from trailwarden.diagnose.history import Portion, events_of, portions_of_files
from trailwarden.diagnose.logs import LogFiles
from trailwarden.diagnose.replay import Replayer, replay
from trailwarden.diagnose.shift import ShiftKind
from trailwarden.diagnose.tally import Tally
from trailwarden.policy import AccessRequest

OBJECT = {"bucketName": "amzn-s3-demo-bucket", "key": "reports/1.csv"}
BUCKET = "arn:aws:s3:::amzn-s3-demo-bucket"


def known(
    folder: Path, guard: Mapping[str, Any] | None = None, policies: Mapping[str, Any] | None = None, **role: Any
) -> FileData:
    account, organization = folder / "account.json", folder / "organization.json"
    account.write_text(json.dumps(recorded.export(**role)))
    organization.write_text(json.dumps(recorded.organization(guard or guardrail(*SPARED))))
    paths = {}
    for number, (arn, policy) in enumerate((policies or {}).items()):
        paths[arn] = folder / f"policy{number}.json"
        paths[arn].write_text(json.dumps(policy))
    return read_files(account, organization, paths)


def replayed(folder: Path, data: FileData, changes: Sequence[Change], *events: Mapping[str, Any]) -> Tally:
    recorded.write(folder / "logs" / "a.json.gz", events)
    portions = portions_of_files(LogFiles(given=(str(folder / "logs"),)))
    return replay(portions, data, change_data(data, changes), workers=1)


def fates(tally: Tally, kind: ShiftKind) -> dict[tuple[str, str], int]:
    return {(group.principal, group.action): seen.count for group, seen in tally.of(kind)}


def scp(*spared: str) -> Change:
    return Change(kind="scp", holder="p-guardrail", document=json.dumps(guardrail(*spared)))


CALLS = (
    event("s3:GetObject", OBJECT, 1),
    event("cloudfront:ListDistributions", None, 2, awsRegion="us-east-1"),
    event("iam:ListUsers", None, 3, awsRegion="us-east-1"),
    event("cloudtrail:LookupEvents", {}, 4, userIdentity=as_role()),
    event("cloudtrail:LookupEvents", {}, 5, userIdentity=as_role("other")),
)


def test_the_same_policies_change_nothing(tmp_path: Path) -> None:
    tally = replayed(tmp_path, known(tmp_path), [scp(*SPARED)], *CALLS)
    assert (tally.judged, tally.groups) == (5, {})
    assert foreseen_text(tally) == "None of 5 recorded calls would be decided otherwise."


def test_a_guardrail_that_forgets_a_global_service_is_found(tmp_path: Path) -> None:
    tally = replayed(tmp_path, known(tmp_path), [scp("iam:*", "route53:*", "sts:*")], *CALLS)
    assert fates(tally, "denied") == {(USER, "cloudfront:ListDistributions"): 1}
    (found,) = foreseen_data(tally)["denied"]
    assert found["reason"] == "statement Elsewhere of p-guardrail denies it"
    assert found["example"] == {"eventTime": "2026-01-01T00:00:02Z", "eventID": CALLS[1]["eventID"]}
    assert found["policy"] == recorded.GUARD


def test_a_policy_that_goes_denies_what_it_allowed_to_all_sessions(tmp_path: Path) -> None:
    tally = replayed(tmp_path, known(tmp_path), [Change(kind="role", holder="Audit", name="read")], *CALLS)
    assert fates(tally, "denied") == {(ROLE, "cloudtrail:LookupEvents"): 2}
    (group, seen), *_ = tally.of("denied")
    assert group.reason.text == "no identity-based policy allows it any more, as statement 1 of read did"
    assert seen.first == (CALLS[3]["eventTime"], CALLS[3]["eventID"])


def test_a_new_boundary_caps(tmp_path: Path) -> None:
    boundary = Change(kind="boundary", holder=USER, document=json.dumps(document(allow("s3:*", "iam:*"))))
    tally = replayed(tmp_path, known(tmp_path), [boundary], *CALLS)
    assert fates(tally, "denied") == {(USER, "cloudfront:ListDistributions"): 1}
    assert tally.of("denied")[0][0].reason.text == "no permissions boundary allows it"


def test_a_denied_call_is_allowed_once_the_guardrail_spares_it(tmp_path: Path) -> None:
    call = event(
        "health:DescribeEvents",
        {},
        awsRegion="us-east-1",
        errorCode="AccessDenied",
        errorMessage=f"User: {USER} is not authorized to perform: health:DescribeEvents on resource: * with an explicit deny in a service control policy",
    )
    tally = replayed(tmp_path, known(tmp_path), [scp(*SPARED, "health:*")], call)
    assert fates(tally, "allowed") == {(USER, "health:DescribeEvents"): 1}
    assert tally.of("allowed")[0][0].reason.text == "statement Elsewhere of p-guardrail denies it no more"


def test_what_a_session_policy_denied_stays_unknown(tmp_path: Path) -> None:
    call = event(
        "iam:ListUsers",
        None,
        userIdentity=as_role(),
        errorCode="AccessDenied",
        errorMessage=f"User: {as_role()['arn']} is not authorized to perform: iam:ListUsers on resource: arn:aws:iam::123456789012:user/ because no session policy allows the iam:ListUsers action",
    )
    more = Change(kind="role", holder="Audit", name="more", document=json.dumps(document(allow("iam:ListUsers"))))
    tally = replayed(tmp_path, known(tmp_path), [more], call)
    assert fates(tally, "allowed") == {}
    assert fates(tally, "unknown") == {(ROLE, "iam:ListUsers"): 1}


def test_what_events_do_not_tell_is_stated(tmp_path: Path) -> None:
    tagged = document(
        {
            "Effect": "Deny",
            "Action": "s3:GetObject",
            "Resource": "*",
            "Condition": {"StringEquals": {"s3:ExistingObjectTag/secret": "yes"}},
        }
    )
    change = Change(kind="user", holder="mateojackson", name="secrets", document=json.dumps(tagged))
    tally = replayed(tmp_path, known(tmp_path), [change], *CALLS)
    ((group, _),) = tally.of("unknown")
    assert group.reason.text == "it depends on s3:ExistingObjectTag/secret, by statement 1 of secrets"


def test_a_condition_that_the_event_settles_is_judged(tmp_path: Path) -> None:
    away = {"NotIpAddress": {"aws:SourceIp": "198.51.100.0/24"}}
    deny = document({"Effect": "Deny", "Action": "s3:*", "Resource": "*", "Condition": away})
    change = Change(kind="user", holder="mateojackson", name="office", document=json.dumps(deny))
    inside = event("s3:GetObject", OBJECT, 9, sourceIPAddress="198.51.100.4")
    tally = replayed(tmp_path, known(tmp_path), [change], CALLS[0], inside)
    assert fates(tally, "denied") == {(USER, "s3:GetObject"): 1}
    assert tally.of("unknown") == ()


def test_a_bucket_policy_denies_below_a_prefix_alone(tmp_path: Path) -> None:
    deny = {"Effect": "Deny", "Principal": "*", "Action": "s3:GetObject", "Resource": f"{BUCKET}/reports/*"}
    change = Change(kind="bucket", holder="amzn-s3-demo-bucket", document=json.dumps(document(deny)))
    other = event("s3:GetObject", {**OBJECT, "key": "images/1.png"}, 9)
    tally = replayed(tmp_path, known(tmp_path), [change], CALLS[0], other)
    ((group, seen),) = tally.of("denied")
    assert (seen.count, seen.resources) == (1, frozenset({f"{BUCKET}/reports/1.csv"}))
    assert group.reason.layer == "resource-based policy"


def test_an_untold_resource_is_not_guessed(tmp_path: Path) -> None:
    deny = document({"Effect": "Deny", "Action": "iam:GetUser", "Resource": USER})
    change = Change(kind="user", holder="mateojackson", name="self", document=json.dumps(deny))
    tally = replayed(tmp_path, known(tmp_path), [change], event("iam:GetUser", None))
    assert fates(tally, "denied") == {}
    assert tally.of("unknown")[0][0].reason.text == "the event does not name the resource"


def test_a_key_is_known_from_the_resources(tmp_path: Path) -> None:
    opened = event(
        "kms:Decrypt",
        {"encryptionAlgorithm": "SYMMETRIC_DEFAULT"},
        userIdentity=as_role(),
        awsRegion="us-east-1",
        resources=[{"ARN": KEY, "accountId": recorded.ACCOUNT, "type": "AWS::KMS::Key"}],
    )
    root = {
        "Effect": "Allow",
        "Principal": {"AWS": "arn:aws:iam::123456789012:root"},
        "Action": "kms:*",
        "Resource": "*",
    }
    data = known(tmp_path, document(allow("none:None")), {KEY: document(root)})
    deny = {"Effect": "Deny", "Principal": {"AWS": ROLE}, "Action": "kms:Decrypt", "Resource": "*"}
    change = Change(kind="key", holder=KEY, document=json.dumps(document(root, deny)))
    tally = replayed(tmp_path, data, [change], opened)
    assert [(group.action, seen.resources) for group, seen in tally.of("denied")] == [("kms:Decrypt", frozenset({KEY}))]


def test_calls_of_strangers_and_failures_of_other_kinds_are_not_judged(tmp_path: Path) -> None:
    stranger = event("s3:GetObject", OBJECT, userIdentity={"type": "AWSAccount", "accountId": "111122223333"})
    failed = event("s3:GetObject", OBJECT, errorCode="NoSuchKey")
    console = event("signin:ConsoleLogin", None, eventType="AwsConsoleSignIn")
    change = Change(
        kind="scp",
        holder="p-deny",
        document=json.dumps(document({"Effect": "Deny", "Action": "s3:*", "Resource": "*"})),
    )
    tally = replayed(tmp_path, known(tmp_path), [change], stranger, failed, console)
    assert (tally.judged, tally.others, tally.total("denied")) == (1, 2, 0)
    assert tally.of("unknown")[0][0].principal == "somebody (AWSAccount)"


def test_a_trust_policy_that_forgets_the_caller(tmp_path: Path) -> None:
    call = event("sts:AssumeRole", {"roleArn": ROLE, "roleSessionName": "marymajor"})
    other = {"Effect": "Allow", "Principal": {"Service": "ec2.amazonaws.com"}, "Action": "sts:AssumeRole"}
    change = Change(kind="trust", holder="Audit", document=json.dumps(document(other)))
    tally = replayed(tmp_path, known(tmp_path), [change], call)
    assert fates(tally, "denied") == {(USER, "sts:AssumeRole"): 1}


def test_what_the_record_contradicts_is_no_change(tmp_path: Path) -> None:
    """The role has no ec2 permission now, though the call succeeded once."""
    call = event("ec2:DescribeInstances", {}, userIdentity=as_role())
    change = Change(
        kind="scp",
        holder="p-deny",
        document=json.dumps(document({"Effect": "Deny", "Action": "ec2:*", "Resource": "*"})),
    )
    tally = replayed(tmp_path, known(tmp_path), [change], call)
    assert (tally.total("denied"), tally.total("contradicted")) == (0, 1)


def test_workers_do_not_matter(tmp_path: Path) -> None:
    data = known(tmp_path)
    for number in range(6):
        made = [{**each, "eventID": f"{number}-{each['eventID']}"} for each in CALLS * 20]
        recorded.write(tmp_path / "logs" / f"{number}.json", made)
    changed = change_data(data, [scp("iam:*"), Change(kind="role", holder="Audit", name="read")])
    told = [
        foreseen_data(
            replay(portions_of_files(LogFiles(given=(str(tmp_path / "logs"),))), data, changed, workers=workers)
        )
        for workers in (1, 2)
    ]
    assert told[0] == told[1]
    assert told[0]["totals"]["denied"] == 6 * 20 * 3


@pytest.mark.parametrize(
    ("edit", "told"),
    [
        ({"place": {"kind": "scp", "holder": "p-nowhere"}, "document": None}, "attached nowhere"),
        ({"place": {"kind": "scp", "holder": "p-guardrail", "level": 7}, "document": None}, "no level 7"),
        ({"place": {"kind": "role", "holder": "Nobody", "name": "x"}, "document": None}, "no role of the name Nobody"),
        (
            {"place": {"kind": "user", "holder": "mateojackson", "name": "x"}, "document": {"Statement": 1}},
            "the new document",
        ),
        ({"place": {"kind": "bucket", "holder": "b"}}, "has no document"),
        ({"place": {"kind": "moon", "holder": "b"}, "document": None}, "no place of the kind moon"),
        ({"place": {"holder": "b"}, "document": None}, "no list of changes"),
    ],
)
def test_a_change_that_cannot_be_made_says_so(tmp_path: Path, edit: Mapping[str, Any], told: str) -> None:
    path = tmp_path / "change.json"
    path.write_text(json.dumps([edit]))
    with pytest.raises(Unreadable, match=told):
        change_data(known(tmp_path), read_changes(path))


def test_every_container_of_events_is_read(tmp_path: Path) -> None:
    data, folder = known(tmp_path), tmp_path / "logs"
    recorded.write(folder / "records.json.gz", CALLS)
    looked_up = {"Events": [{"CloudTrailEvent": json.dumps(each)} for each in CALLS]}
    (folder / "history.json").write_text(json.dumps(looked_up))
    (folder / "lines.jsonl").write_text("\n".join(map(json.dumps, CALLS)))
    (folder / "list.json").write_text(json.dumps(CALLS))
    (folder / "one.json").write_text(json.dumps({"detail": CALLS[0]}))
    (folder / "nulls.json").write_text(
        json.dumps({"Records": [{**CALLS[0], "vpcEndpointId": None, "resources": []}, 1]})
    )
    digest = folder / "CloudTrail-Digest" / "digest.json.gz"
    recorded.write(digest, CALLS)
    tally = replay(
        portions_of_files(LogFiles(given=(str(folder),))), data, change_data(data, [scp("iam:*")]), workers=1
    )
    assert (tally.judged, tally.wrong, tally.total("denied")) == (22, 1, 4)


def test_what_is_no_log_is_refused(tmp_path: Path) -> None:
    data = known(tmp_path)
    (tmp_path / "bad.json").write_text("no")
    for path in (tmp_path / "bad.json", tmp_path / "missing"):
        with pytest.raises(Unreadable):
            replay(portions_of_files(LogFiles(given=(str(path),))), data, change_data(data, [scp()]), workers=1)


VARIED = (
    *CALLS,
    event("s3:GetObject", {**OBJECT, "key": "images/1.png"}, 6, userIdentity=as_role()),
    event("s3:GetObject", OBJECT, 7, userIdentity=as_role(), sourceIPAddress="198.51.100.4"),
    event("kms:Decrypt", {}, 8, resources=[{"ARN": KEY, "accountId": recorded.ACCOUNT}]),
    event("iam:GetUser", None, 9),
    event("sts:AssumeRole", {"roleArn": ROLE, "roleSessionName": "marymajor"}, 10),
    event("ec2:RunInstances", {"instancesSet": {"items": [{"imageId": "ami-1"}]}}, 11, awsRegion="us-west-2"),
)


def deny(action: str, resource: str, **condition: Any) -> dict[str, Any]:
    return {"Effect": "Deny", "Action": action, "Resource": resource, **({"Condition": condition} if condition else {})}


DENIALS = [
    deny("*", "*"),
    deny("s3:Get*", f"{BUCKET}/reports/*"),
    deny("s3:*", "*", NotIpAddress={"aws:SourceIp": "198.51.100.0/24"}),
    deny("iam:GetUser", USER),
    deny("kms:*", KEY),
    deny("ec2:*", "*", StringNotEquals={"aws:RequestedRegion": "eu-west-1"}),
    deny("*", "*", StringEquals={"aws:PrincipalTag/team": "blue"}),
    deny("*", "*", StringLike={"aws:PrincipalArn": "*:role/*"}),
]


@pytest.mark.parametrize("statement", DENIALS, ids=json.dumps)
@pytest.mark.parametrize("kind", ["scp", "rcp", "user", "role", "boundary", "trust"])
def test_calls_that_are_not_judged_would_not_have_changed(
    tmp_path: Path, kind: str, statement: Mapping[str, Any]
) -> None:
    """The same as if every call were judged."""
    everyone = {"Effect": "Allow", "Action": "*", "Resource": "*"}
    texts = {
        "rcp": document({**statement, "Principal": "*"}),
        "boundary": document(everyone, statement),
        "trust": document({"Effect": "Deny", "Principal": "*", "Action": "sts:*"}),
    }
    holders = {"scp": "p-new", "rcp": "p-new", "user": "mateojackson", "boundary": "user/mateojackson"}
    change = Change(
        kind=kind,
        holder=holders.get(kind, "Audit"),
        name="new",
        document=json.dumps(texts.get(kind, document(statement))),
    )
    if kind == "boundary":
        change = replace(change, name="")
    data = known(tmp_path)
    changed = change_data(data, [change])
    quick, full = Replayer(data, changed), Replayer(data, changed)
    tallies = Tally(), Tally()
    events, _ = events_of(Portion(events=tuple(map(json.dumps, VARIED))))
    quick.replay(events, tallies[0])
    full._bearings |= {who: replace(each, always=True, calls={}) for who, each in quick._bearings.items()}
    full.replay(events, tallies[1])
    assert tallies[0].of("denied") == tallies[1].of("denied")
    assert tallies[0].of("unknown") == tallies[1].of("unknown")


class Plain(Deciding):
    """Decides every request by itself."""

    def decide(self, principal: str, request: AccessRequest) -> Decided:
        return Decided(self._before.decide(principal, request)[0], self._after.decide(principal, request)[0])


@pytest.mark.parametrize("statement", DENIALS, ids=json.dumps)
def test_calls_that_are_alike_are_decided_as_each_by_itself(tmp_path: Path, statement: Mapping[str, Any]) -> None:
    varied = [
        {**call, "sourceIPAddress": address, "awsRegion": place, "userIdentity": who}
        for call in VARIED
        for address in ("203.0.113.7", "198.51.100.4", "AWS Internal")
        for place in ("us-east-1", "eu-west-1")
        for who in (as_role(), as_role("other"), CALLS[0]["userIdentity"])
    ]
    data = known(tmp_path, policies={KEY: document({**deny("kms:*", "*"), "Principal": "*"})})
    changed = change_data(data, [Change(kind="scp", holder="p-new", document=json.dumps(document(statement)))])
    alike, plain = Replayer(data, changed), Replayer(data, changed)
    plain._deciding = Plain(plain._before, plain._after)
    tallies = Tally(), Tally()
    events, _ = events_of(Portion(events=tuple(map(json.dumps, varied))))
    for replayer, tally in zip((alike, plain), tallies, strict=True):
        replayer.replay(events, tally)
    assert tallies[0] == tallies[1]
    assert tallies[0].judged == len(varied)


def test_a_process_with_threads_starts_its_workers_anew(tmp_path: Path) -> None:
    data, done = known(tmp_path), threading.Event()
    changed = change_data(data, [scp("iam:*")])
    for number in range(4):
        recorded.write(tmp_path / "logs" / f"{number}.json.gz", CALLS)
    files = LogFiles(given=(str(tmp_path / "logs"),))
    thread = threading.Thread(target=done.wait)
    thread.start()
    try:
        anew = replay(portions_of_files(files), data, changed, workers=2)
    finally:
        done.set()
        thread.join()
    assert anew == replay(portions_of_files(files), data, changed, workers=2)
    assert anew == replay(portions_of_files(files), data, changed, workers=1)
