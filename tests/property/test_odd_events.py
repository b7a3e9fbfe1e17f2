"""Events of any shape, in any container: nothing crashes, a denial is read or says what it needs, containers are opened.

https://docs.aws.amazon.com/awscloudtrail/latest/userguide/cloudtrail-event-reference-record-contents.html
"""

import base64
import csv
import gzip
import io
import json
from collections.abc import Callable
from contextlib import suppress
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.unit.diagnose.recorded import ACCOUNT, USER, event

from trailwarden.diagnose import FileData, as_data, as_text, diagnose, read_denials, read_event, read_input
from trailwarden.diagnose.account import Account
from trailwarden.diagnose.intake import is_denied

DATA = FileData(details=Account(id="999999999999", identities={}, policies={}))
DENIED = f"User: {USER} is not authorized to perform: s3:PutBucketPolicy on resource: arn:aws:s3:::amzn-s3-demo-bucket with an explicit deny"
QUIET = settings(max_examples=100, deadline=None, suppress_health_check=list(HealthCheck))

MEMBERS = (
    *(
        "eventVersion",
        "userIdentity",
        "eventTime",
        "eventSource",
        "eventName",
        "awsRegion",
        "sourceIPAddress",
        "userAgent",
    ),
    *(
        "errorCode",
        "errorMessage",
        "requestParameters",
        "responseElements",
        "additionalEventData",
        "requestID",
        "eventID",
    ),
    *("eventType", "resources", "recipientAccountId", "vpcEndpointId", "tlsDetails", "readOnly", "sharedEventID"),
)
TYPES = (
    "Root",
    "IAMUser",
    "AssumedRole",
    "FederatedUser",
    "WebIdentityUser",
    "SAMLUser",
    "AWSAccount",
    "AWSService",
    "Unknown",
    "IdentityCenterUser",
)
SCALARS = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-(2**70), 2**70),
    st.floats(allow_nan=False),
    st.text(max_size=40),
    st.sampled_from(
        [
            "",
            "HIDDEN_DUE_TO_SECURITY_REASONS",
            "***",
            "{",
            '{"a": [',
            "arn:",
            "arn:aws:iam::123456789012:role/",
            "x" * 50_000,
        ]
    ),
)
VALUES = st.recursive(
    SCALARS,
    lambda inner: st.one_of(
        st.lists(inner, max_size=4),
        st.dictionaries(
            st.sampled_from(["items", "arn", "ARN", "accountId", "type", "", "a/b:c", "roleArn", "bucketName", "key"]),
            inner,
            max_size=4,
        ),
    ),
    max_leaves=8,
)
CODES = st.sampled_from(
    [
        "AccessDenied",
        "Client.UnauthorizedOperation",
        "AccessDeniedException",
        "InsufficientS3BucketPolicyException",
        "VpceAccessDenied",
        "ExpiredToken",
    ]
)
CALLS = st.sampled_from(
    [
        "s3:PutBucketPolicy",
        "ec2:RunInstances",
        "sts:AssumeRole",
        "sts:AssumeRoleWithWebIdentity",
        "cloudtrail:CreateTrail",
        "iam:PassRole",
        "unheard:OfThis",
    ]
)
IDENTITIES = st.one_of(
    VALUES,
    st.fixed_dictionaries(
        {"type": st.sampled_from(TYPES)}, optional={"arn": VALUES, "accountId": VALUES, "sessionContext": VALUES}
    ),
)


@st.composite
def odd_events(draw: st.DrawFn) -> dict[str, Any]:
    """A recorded call with members missing, of other kinds, or written as JSON text."""
    found = {
        **event(draw(CALLS)),
        "errorCode": draw(CODES),
        "errorMessage": draw(st.sampled_from([DENIED, "", "Access Denied", "denied"])),
    }
    for name in draw(st.lists(st.sampled_from(MEMBERS), max_size=6, unique=True)):
        change = draw(st.sampled_from(["leave out", "replace", "as text"]))
        if change == "leave out":
            found.pop(name, None)
        elif change == "as text":
            found[name] = json.dumps(found.get(name))
        else:
            found[name] = draw(IDENTITIES if name == "userIdentity" else VALUES)
    return found


@QUIET
@given(odd_events())
def test_an_odd_event_is_diagnosed_or_says_what_it_needs(odd: dict[str, Any]) -> None:
    refusal = read_event(odd)
    found = diagnose(refusal, DATA)
    assert found.cause or found.needed
    if is_denied(odd) and odd.get("errorMessage") == DENIED:
        assert (refusal.principal, refusal.action, refusal.explicit) == (USER, "s3:PutBucketPolicy", True)
    lines = as_text(found).splitlines()
    assert lines[0].startswith("Cause: ")
    assert lines[1].startswith("Mend:  ")
    assert max(map(len, lines[:2])) <= 100
    assert json.dumps(as_data(found))


@QUIET
@given(st.one_of(VALUES, odd_events(), st.lists(odd_events(), max_size=3)))
def test_any_json_is_read_or_refused_in_words(value: Any) -> None:
    raw = json.dumps(value).encode()
    assert all(isinstance(each.text, str) for each in read_input(raw))
    with suppress(ValueError):  # which says what the file is; anything else escapes
        assert all(each.event for each in read_denials(raw))


@QUIET
@given(st.binary(max_size=400))
def test_any_bytes_are_read_or_refused_in_words(raw: bytes) -> None:
    for given_bytes in (raw, gzip.compress(raw), b"\x1f\x8b" + raw, base64.b64encode(gzip.compress(raw))):
        with suppress(ValueError):
            assert all(each.text or each.authorization_id or not each.action for each in read_input(given_bytes))


RECORD = {**event("s3:PutBucketPolicy"), "errorCode": "AccessDenied", "errorMessage": DENIED}
TEXT = json.dumps(RECORD)
SUBSCRIPTION = json.dumps(
    {"messageType": "DATA_MESSAGE", "owner": ACCOUNT, "logEvents": [{"id": "1", "timestamp": 0, "message": TEXT}]}
)
PACKED = base64.b64encode(gzip.compress(SUBSCRIPTION.encode())).decode()
OCSF = {
    "metadata": {"product": {"name": "CloudTrail"}, "uid": RECORD["eventID"]},
    "api": {
        "operation": "PutBucketPolicy",
        "service": {"name": "s3.amazonaws.com"},
        "response": {"error": "AccessDenied", "message": DENIED},
    },
    "actor": {"user": {"type": "IAMUser", "uid": USER, "account": {"uid": ACCOUNT}}},
    "cloud": {"region": "eu-west-1"},
}


def table(change: Callable[[str], str], identity: str) -> str:
    """A result of a query as CSV."""
    names = (
        "eventVersion",
        "userIdentity",
        "eventSource",
        "eventName",
        "awsRegion",
        "errorCode",
        "errorMessage",
        "requestParameters",
    )
    held = io.StringIO()
    writer = csv.writer(held)
    writer.writerow(map(change, names))
    writer.writerow(identity if name == "userIdentity" else RECORD[name] or "null" for name in names)
    return held.getvalue()


CONTAINERS: dict[str, str] = {
    "log file": json.dumps({"Records": [RECORD]}),
    "bare": TEXT,
    "array": json.dumps([RECORD]),
    "lines": f"{TEXT}\n\n{TEXT}",
    "EventBridge": json.dumps({"version": "0", "detail-type": "AWS API Call via CloudTrail", "detail": RECORD}),
    "LookupEvents": json.dumps({"Events": [{"EventId": "1", "CloudTrailEvent": TEXT}]}),
    "FilterLogEvents": json.dumps({"events": [{"logStreamName": "s", "message": TEXT}]}),
    "Logs Insights": json.dumps({"results": [[{"field": "@message", "value": TEXT}, {"field": "@ptr", "value": "x"}]]}),
    "subscription": SUBSCRIPTION,
    "subscription of a function": json.dumps({"awslogs": {"data": PACKED}}),
    "base64": PACKED,
    "Kinesis": json.dumps({"Records": [{"kinesis": {"data": PACKED}, "eventSource": "aws:kinesis"}]}),
    "Firehose": json.dumps({"records": [{"recordId": "1", "data": base64.b64encode(TEXT.encode()).decode()}]}),
    "SQS": json.dumps({"Messages": [{"Body": json.dumps({"Message": json.dumps({"detail": RECORD})})}]}),
    "SNS": json.dumps({"Records": [{"EventSource": "aws:sns", "Sns": {"Message": json.dumps({"Records": [RECORD]})}}]}),
    "search engine": json.dumps({"hits": {"hits": [{"_source": {"event": {"original": TEXT}}}]}}),
    "lake rows": json.dumps(
        {"QueryResultRows": [[{name: value} for name, value in RECORD.items() if isinstance(value, str)]]}
    ),
    "lake text": json.dumps([{"eventJson": TEXT}]),
    "lake data": json.dumps({"eventData": RECORD}),
    "Security Lake": json.dumps(OCSF),
    "Athena table": table(str.lower, "{type=IAMUser, principalid=AIDA, arn=" + USER + ", accountid=" + ACCOUNT + "}"),
    "lake table": table(str, json.dumps(RECORD["userIdentity"])),
}


def test_every_container_is_opened() -> None:
    for name, text in CONTAINERS.items():
        for raw in (text.encode(), gzip.compress(text.encode())):
            read = list(read_denials(raw))
            assert read, name
            assert all(
                (each.principal, each.action, each.explicit) == (USER, "s3:PutBucketPolicy", True) for each in read
            ), name
            assert [each.event.get("eventName") for each in read_input(raw)] == ["PutBucketPolicy"] * len(read), name
