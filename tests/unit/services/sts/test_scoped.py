"""GetScopedCredentials: narrowed sessions, over handlers and, decision and all, over a live server."""

import json
import time
from typing import Any

import pytest
from botocore.exceptions import ClientError
from tests.live import Live
from tests.unit.services.desk import NOW, Desk, root
from tests.unit.services.sts.test_assume_role import READ, assume
from tests.unit.services.sts.test_assume_role import caller as caller  # noqa: PLC0414 — a fixture

from trailwarden.auth.stages import Caller
from trailwarden.errors import AwsError

SHORT = {"DurationSeconds": 60}


def refusal(desk: Desk, params: dict[str, Any], caller: Caller) -> str:
    with pytest.raises(AwsError) as refused:
        desk.call("sts:GetScopedCredentials", params, caller=caller)
    return refused.value.code_in("query")


def test_the_identity_stays_and_the_time_shrinks(desk: Desk, caller: Caller) -> None:
    session = desk.as_session(assume(desk, caller, SourceIdentity="marymajor", Tags=[{"Key": "a", "Value": "b"}]))
    answer = desk.call("sts:GetScopedCredentials", SHORT, caller=session)
    narrowed = desk.as_session(answer)
    assert answer["Credentials"]["Expiration"] == NOW + 60
    assert answer["SessionInfo"] == {"ScopedSessionId": session.principal.unique_id, "Arn": session.principal.arn}
    assert (answer["SourceIdentity"], answer["ScopedPoliciesCount"]) == ("marymajor", 0)
    assert narrowed.session is not None
    assert session.session is not None
    assert (narrowed.principal, narrowed.session.tags) == (session.principal, {"a": "b"})
    assert narrowed.session.created == session.session.created
    assert refusal(desk, {"DurationSeconds": 61}, narrowed) == "InsufficientSessionLifetime"


def test_three_policies_at_most(desk: Desk, caller: Caller) -> None:
    session = desk.as_session(assume(desk, caller))
    for count in (1, 2, 3):
        answer = desk.call("sts:GetScopedCredentials", {"Policy": READ}, caller=session)
        assert answer["ScopedPoliciesCount"] == count
        session = desk.as_session(answer)
    assert refusal(desk, {"Policy": READ}, session) == "AccessDenied"
    assert desk.call("sts:GetScopedCredentials", SHORT, caller=session)["ScopedPoliciesCount"] == 3


def test_who_has_no_session_has_nothing_to_narrow(desk: Desk, caller: Caller) -> None:
    for who in (caller, root()):
        assert refusal(desk, SHORT, who) == "InvalidSubjectCredentials"
    session = desk.as_session(assume(desk, caller))
    assert refusal(desk, {}, session) == "ValidationError"
    assert refusal(desk, {"Policy": "{}"}, session) == "MalformedPolicyDocument"


def test_a_token_is_as_large_as_asked(desk: Desk, caller: Caller) -> None:
    session = desk.as_session(assume(desk, caller))
    answer = desk.call("sts:GetScopedCredentials", {**SHORT, "MinimumSessionTokenSize": 4096}, caller=session)
    assert (answer["SessionTokenSize"], answer["SessionTokenUtilization"]) == (4096, 100)
    assert len(answer["Credentials"]["SessionToken"]) == 4096


def of(live: Live, credentials: dict[str, str], service: str) -> Any:
    return live.client(
        service,
        key=credentials["AccessKeyId"],
        secret=credentials["SecretAccessKey"],
        token=credentials["SessionToken"],
    )


def test_a_narrowed_session_may_less(live: Live) -> None:
    iam = live.client("iam")
    everything = {"Effect": "Allow", "Action": "*", "Resource": "*"}
    trust = {"Effect": "Allow", "Principal": {"AWS": live.account}, "Action": "sts:AssumeRole"}
    role = iam.create_role(
        RoleName="Agent", AssumeRolePolicyDocument=json.dumps({"Version": "2012-10-17", "Statement": [trust]})
    )["Role"]
    iam.put_role_policy(
        RoleName="Agent",
        PolicyName="all",
        PolicyDocument=json.dumps({"Version": "2012-10-17", "Statement": [everything]}),
    )
    user = live.user("mateojackson")
    allowed = {"Effect": "Allow", "Action": "sts:AssumeRole", "Resource": role["Arn"]}
    iam.put_user_policy(
        UserName="mateojackson",
        PolicyName="assume",
        PolicyDocument=json.dumps({"Version": "2012-10-17", "Statement": [allowed]}),
    )
    session = user.client("sts").assume_role(RoleArn=role["Arn"], RoleSessionName="agent")["Credentials"]
    of(live, session, "iam").list_users()
    only = {"Effect": "Allow", "Action": ["sts:*", "cloudtrail:LookupEvents"], "Resource": "*"}
    narrowed = of(live, session, "sts").get_scoped_credentials(
        Policy=json.dumps({"Version": "2012-10-17", "Statement": [only]}), ScopedSessionDescription="an agent's task"
    )
    with pytest.raises(ClientError, match="no session policy allows the iam:ListUsers action"):
        of(live, narrowed["Credentials"], "iam").list_users()
    trail = of(live, narrowed["Credentials"], "cloudtrail")
    until = time.monotonic() + 10
    found: list[Any] = []
    while not found and time.monotonic() < until:
        found = trail.lookup_events(
            LookupAttributes=[{"AttributeKey": "EventName", "AttributeValue": "GetScopedCredentials"}]
        )["Events"]
    record = json.loads(found[0]["CloudTrailEvent"])
    assert record["requestParameters"]["scopedSessionDescription"] == "an agent's task"
    assert "secretAccessKey" not in record["responseElements"]["credentials"]
