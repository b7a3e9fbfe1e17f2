"""The least policy for what was recorded: it allows every call seen, and nothing of what was not."""

import json
from collections.abc import Iterable, Mapping
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.unit.diagnose import recorded
from tests.unit.diagnose.recorded import ACCOUNT, KEY, ROLE, USER, as_role, event

from trailwarden import catalog
from trailwarden.diagnose.account import read_account
from trailwarden.diagnose.data import Unreadable
from trailwarden.diagnose.generate import Generated, generate
from trailwarden.diagnose.history import Portion
from trailwarden.diagnose.usage import usage_of
from trailwarden.policy import IDENTITY, Layer, Source, compile_policy

BUCKET = "arn:aws:s3:::amzn-s3-demo-bucket"
PROFILE = read_account(recorded.export())


def made(events: Iterable[Mapping[str, Any]], principal: str = USER, threshold: int = 10) -> Generated:
    portion = Portion(events=tuple(map(json.dumps, events)))
    return generate(usage_of([portion], PROFILE, principal), PROFILE, principal, threshold=threshold)


def get(key: str, bucket: str = "amzn-s3-demo-bucket", name: str = "s3:GetObject", **more: Any) -> dict[str, Any]:
    return event(name, {"bucketName": bucket, "key": key}, **more)


def test_actions_on_the_same_resources_stand_together() -> None:
    policy = made([get("a.csv"), get("a.csv", name="s3:PutObject"), event("cloudtrail:LookupEvents", {})])
    assert policy.statements == (
        {"Sid": "Cloudtrail1", "Effect": "Allow", "Action": ["cloudtrail:LookupEvents"], "Resource": ["*"]},
        {"Sid": "S31", "Effect": "Allow", "Action": ["s3:GetObject", "s3:PutObject"], "Resource": [f"{BUCKET}/a.csv"]},
    )


def test_many_resources_below_a_prefix_become_the_prefix() -> None:
    many = [get(f"logs/2026/{day:02}/part.gz") for day in range(5)]
    few = made([*many, get("other/b.csv")], threshold=7).statements[0]["Resource"]
    assert len(few) == 6
    lots = made([*many, get("other/b.csv")], threshold=5).statements[0]["Resource"]
    assert lots == [f"{BUCKET}/logs/2026/*", f"{BUCKET}/other/b.csv"]


def test_no_prefix_stands_for_all_of_a_type() -> None:
    tables = [event("dynamodb:DescribeTable", {"tableName": f"table{number}"}) for number in range(12)]
    (statement,) = made(tables, threshold=3).statements
    assert len(statement["Resource"]) == 12
    assert not any("*" in resource for resource in statement["Resource"])


def test_a_key_that_was_used_through_a_service_alone_is_given_through_it_alone() -> None:
    listed = [{"ARN": KEY, "accountId": ACCOUNT, "type": "AWS::KMS::Key"}]
    through = {**as_role(), "invokedBy": "s3.amazonaws.com"}
    indirect = event("kms:Decrypt", {}, userIdentity=through, resources=listed, awsRegion="us-east-1")
    (statement,) = made([indirect], ROLE).statements
    assert statement["Resource"] == [KEY]
    assert statement["Condition"] == {"StringEquals": {"kms:ViaService": "s3.us-east-1.amazonaws.com"}}
    direct = {**indirect, "userIdentity": as_role()}
    (statement,) = made([indirect, direct], ROLE).statements
    assert "Condition" not in statement


def test_a_role_is_passed_to_the_services_seen() -> None:
    call = event("lambda:CreateFunction20150331", {"functionName": "f", "role": ROLE, "runtime": "python3.13"})
    found = {statement["Action"][0]: statement for statement in made([call]).statements}
    assert found["iam:PassRole"]["Resource"] == [ROLE]
    assert found["iam:PassRole"]["Condition"] == {"StringEquals": {"iam:PassedToService": "lambda.amazonaws.com"}}


def test_one_prefix_of_a_listing_is_kept_and_several_are_not() -> None:
    def listing(prefix: str) -> dict[str, Any]:
        return event("s3:ListObjects", {"bucketName": "amzn-s3-demo-bucket", "prefix": prefix})

    (one,) = made([listing("a/"), listing("a/")]).statements
    assert one["Condition"] == {"StringEquals": {"s3:prefix": "a/"}}
    (several,) = made([listing("a/"), listing("b/")]).statements
    assert "Condition" not in several


def test_what_was_denied_is_not_given() -> None:
    policy = made([get("a"), get("secret", errorCode="AccessDenied", errorMessage="Access Denied")])
    assert policy.statements[0]["Resource"] == [f"{BUCKET}/a"]
    assert policy.usage.denied == 1


def test_it_is_compared_with_what_the_principal_has() -> None:
    policy = made([get("a", userIdentity=as_role())], ROLE)
    assert policy.granted == len({*catalog.expand("s3:*"), *catalog.expand("cloudtrail:*"), *catalog.expand("kms:*")})
    assert len(policy.unused) == policy.granted - 1
    assert "s3:GetObject" not in policy.unused


def test_a_variable_in_a_name_is_none() -> None:
    policy = made([get("a/${aws:username}")])
    assert policy.statements[0]["Resource"] == [f"{BUCKET}/a/${{$}}{{aws:username}}"]
    assert policy.uncovered == ()


def test_commands_and_terraform_put_it_in_place() -> None:
    policy = made([get("a", userIdentity=as_role())], ROLE)
    (command,) = policy.commands
    assert command.startswith(
        "aws iam put-role-policy --role-name Audit --policy-name least-privilege --policy-document "
    )
    assert policy.terraform.startswith('resource "aws_iam_role_policy" "least_privilege" {')


def test_what_is_too_large_is_divided() -> None:
    policy = made([get("x" * 60 + str(number)) for number in range(300)], threshold=1000)
    assert len(policy.documents) > 1
    assert not policy.uncovered
    for document in policy.documents:
        compile_policy(json.dumps(document), Source(layer=Layer.IDENTITY, id=""), grammar=IDENTITY)
    assert sum(command.startswith("aws iam attach-user-policy") for command in policy.commands) == len(policy.documents)


def test_a_stranger_is_refused() -> None:
    with pytest.raises(Unreadable, match="no user or role"):
        made([get("a")], f"arn:aws:iam::{ACCOUNT}:role/Nobody")


SHARED = Path(__file__).parents[4] / "shared" / "events"
NAMES = st.text(alphabet="ab/.*?${}", min_size=1, max_size=12)
CALLS = st.one_of(
    st.builds(
        get,
        NAMES,
        st.sampled_from(["amzn-s3-demo-bucket", "amzn-s3-demo-other"]),
        st.sampled_from(["s3:GetObject", "s3:PutObject"]),
    ),
    st.builds(lambda name: event("dynamodb:GetItem", {"tableName": name}), st.sampled_from(["one", "two", "three"])),
    st.builds(lambda name: event("s3:ListObjects", {"bucketName": "amzn-s3-demo-bucket", "prefix": name}), NAMES),
    st.builds(lambda name: event("ssm:GetParameter", {"name": f"/app/{name}"}), NAMES),
    st.just(event("ec2:DescribeInstances", {})),
)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(CALLS, min_size=1, max_size=30), st.integers(2, 6))
def test_every_call_is_allowed_and_no_other_service(calls: list[dict[str, Any]], threshold: int) -> None:
    policy = made(calls, threshold=threshold)
    seen = {call["eventSource"].partition(".")[0] for call in calls}
    given = {action for statement in policy.statements for action in statement["Action"]}
    assert policy.uncovered == ()
    assert {action.partition(":")[0] for action in given} <= seen
    assert given == policy.usage.actions
    for document in policy.documents:
        compile_policy(json.dumps(document), Source(layer=Layer.IDENTITY, id=""), grammar=IDENTITY)


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(st.text("ab/", min_size=1, max_size=6), min_size=1, max_size=20, unique=True), st.integers(2, 5))
def test_a_prefix_stands_only_for_as_many_as_the_threshold(keys: list[str], threshold: int) -> None:
    for pattern in made([get(key) for key in keys], threshold=threshold).statements[0]["Resource"]:
        if pattern.endswith("*"):
            assert sum(fnmatchcase(f"{BUCKET}/{key}", pattern) for key in keys) >= threshold


@pytest.mark.skipif(not SHARED.is_dir(), reason="no recorded events at hand")
def test_policies_of_real_events_allow_them() -> None:
    portions = [Portion(path=str(path)) for path in sorted(SHARED.glob("*.jsonl.gz"))]
    from trailwarden.diagnose.history import events_of
    from trailwarden.diagnose.past import issuer_of

    events = [each for portion in portions for each in events_of(portion)[0]]
    issuers = {issuer_of(each) for each in events if each.user_identity.type in {"IAMUser", "AssumedRole"}}
    judged = 0
    for arn in sorted(issuers):
        account = read_account({"RoleDetailList": [], "UserDetailList": [_holder(arn)]}) if ":user/" in arn else None
        if account is not None:
            policy = generate(usage_of(portions, account, arn), account, arn)
            judged += policy.usage.calls
            assert policy.uncovered == ()
    assert judged > 100


def _holder(arn: str) -> dict[str, str]:
    return {"UserName": arn.rpartition("/")[2], "Arn": arn}
