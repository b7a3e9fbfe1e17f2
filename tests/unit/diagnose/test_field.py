"""The shared field cases: is the text read rightly, and does the diagnosis fall in the right kind?

`pytest -s` prints the table by kind. What is not yet right stands in SHORT, so that nothing is skipped in silence.
"""

import re
from collections import Counter
from typing import Any

import pytest
from tests.unit.diagnose.field import SHARED, Field, cases

from trailwarden.diagnose import Diagnosis, as_text, diagnose
from trailwarden.diagnose.remedy import Remedy
from trailwarden.policy import Layer

pytestmark = pytest.mark.skipif(not SHARED.is_file(), reason="the shared field cases are not at hand")

_WORDS = {
    "allow": Remedy.ALLOW,
    "correct": Remedy.CORRECT,
    "request": Remedy.REQUEST,
    "retry": Remedy.RETRY,
    "owner": Remedy.OWNER,
    "leave": Remedy.LEAVE,
    "setting": Remedy.SETTING,
    "nothing": Remedy.NOTHING,
}

# the case: kinds of the first way out that are right; "!" before a kind that may not be offered at all; "~" before a word told
EXPECTED = {
    "trail-bucket-policy-01": "correct ~audit/AWSLogs/",
    "trail-bucket-policy-02": "retry",
    "trail-bucket-policy-04": "correct ~AWSLogs/111111111111/*",
    "trail-bucket-policy-07": "allow correct ~AWSLogs/o-exampleorg1/*",
    "trail-bucket-policy-09": "correct ~AWSLogs/111111111111/*",
    "trail-kms-01": "allow ~kms:GenerateDataKey",
    "trail-kms-02": "allow correct ~AWSLogs/o-exampleorg1/*",
    "trail-kms-04": "correct allow ~trail/t1 to the aws:SourceArn of statement 2",
    "trail-logs-role-02": "correct allow ~log-group:ct:log-stream:",
    "trail-logs-role-03": "allow correct ~cloudtrail.amazonaws.com",
    "trail-logs-role-05": "request ~role",
    "trail-logs-role-07": "request ~undefined",
    "trail-sns-01": "request ~arn:aws:sns:us-east-1:111111111111:ct",
    "trail-sns-03": "retry",
    "trail-org-02": "setting ~service-linked",
    "trail-org-04": "setting allow ~iam:CreateServiceLinkedRole",
    "trail-org-06": "request ~arn:aws:cloudtrail:us-east-1:999999999999:trail/org",
    "trail-org-07": "request ~arn:aws:cloudtrail:eu-west-1:999999999999:trail/org",
    "trail-org-09": "leave",
    "trail-org-11": "request ~arn:aws:cloudtrail:us-west-2:999999999999:trail/main",
    "trail-org-12": "request ~management",
    "trail-org-14": "leave ~AWSControlTowerExecution",
    "log-sharing-01": "owner ~owner",
    "log-sharing-03": "allow ~kms:Decrypt",
    "lookup-and-lake-04": "retry ~second",
    "event-parsing-12": "request ~owner",
    "emulator-gap-06": "nothing retry !allow",
    "identity-missing-allow-02": "correct allow ~sso.amazonaws.com",
    "identity-missing-allow-03": "correct allow ~ipset",
    "identity-missing-allow-05": "allow ~ecr:BatchGetImage",
    "identity-missing-allow-07": "correct allow ~spot-instances-request",
    "identity-missing-allow-08": "request ~tasks !allow !correct",
    "passrole-02": "request ~Cognito !allow",
    "passrole-04": "allow ~bedrock.amazonaws.com",
    "passrole-05": "allow ~iam:PassRole",
    "trust-policy-04": "correct ~actor",
    "trust-policy-05": "correct ~sub",
    "trust-policy-07": "owner ~sts:TagSession",
    "trust-policy-09": "request ~nodes",
    "trust-policy-10": "request ~pipeline",
    "trust-policy-12": "request ~role !allow",
    "scp-rcp-04": "leave ~ssmmessages",
    "scp-rcp-06": "leave ~NotAction",
    "scp-rcp-07": "leave request ~rds:StorageEncrypted",
    "scp-rcp-09": "leave ~service control policy",
    "scp-rcp-11": "leave ~aws:RequestedRegion",
    "scp-rcp-12": "request ~Team",
    "scp-rcp-14": "request ~s3:x-amz-server-side-encryption-aws-kms-key-id",
    "boundary-01": "leave ~boundary",
    "boundary-02": "request ~iam:PermissionsBoundary",
    "boundary-04": "request ~iam:PermissionsBoundary !allow",
    "session-policy-01": "request ~Cognito !allow",
    "session-policy-02": "request ~session !allow",
    "session-policy-04": "request ~dynamodb:LeadingKeys !allow",
    "resource-policy-02": "request ~sign",
    "resource-policy-03": "request ~sign",
    "resource-policy-05": "allow owner ~lambda.amazonaws.com",
    "resource-policy-07": "request allow ~arn:aws:sqs:us-west-2:111111111111:wrong",
    "resource-policy-08": "owner ~secret",
    "resource-policy-10": "request leave ~aws:SourceVpce",
    "kms-key-policy-02": "allow ~kms:Decrypt",
    "kms-key-policy-03": "request ~arn:aws:kms:us-east-1:111111111111:key/k1",
    "kms-key-policy-07": "allow ~kms:GenerateDataKey",
    "kms-key-policy-08": "owner ~reader",
    "vpc-endpoint-04": "leave ~222222222222",
    "slr-01": "setting allow ~events.amazonaws.com",
    "slr-03": "setting allow ~servicequotas.amazonaws.com",
    "slr-05": "setting allow ~network-firewall.amazonaws.com",
    "mfa-condition-01": "request ~MFA !allow",
    "encoded-message-02": "request correct ~discovery/CLUSTER",
    "encoded-message-03": "request leave ~aws:RequestedRegion",
    "s3-bare-02": "request ~s3:ListBucket",
    "s3-bare-04": "owner ~organization",
    "s3-bare-05": "request ~BlockPublicPolicy",
    "other-systems-02": "setting ~Lake Formation",
    "other-systems-04": "setting nothing request ~appsync",
    "credentials-01": "request ~Region",
    "eventual-consistency-01": "retry",
}

NO_TEXT = {
    "trail-delivery-02": "delivery status alone",
    "trail-delivery-03": "no error is shown",
    "digest-validation-02": "a validator finds nothing",
    "digest-validation-04": "a validator of another kind",
    "lookup-and-lake-01": "an empty answer",
    "lookup-and-lake-02": "an empty answer",
    "lookup-and-lake-06": "an empty answer",
    "lookup-and-lake-07": "an empty answer",
    "event-parsing-02": "a parser's fault",
    "event-parsing-04": "a parser's fault",
    "event-parsing-05": "a parser's fault",
    "event-parsing-07": "a parser's fault",
    "event-parsing-09": "a parser's fault",
    "event-parsing-10": "a parser's fault",
    "event-parsing-14": "a parser's fault",
    "emulator-gap-01": "an emulator's fault",
    "emulator-gap-03": "an emulator's fault",
    "emulator-gap-05": "an emulator's fault",
    "emulator-gap-08": "an emulator's fault",
    "kms-key-policy-05": "no message",
    "vpc-endpoint-02": "no message",
    "mfa-condition-03": "a simulator's answer",
}
"""Cases without a text of AWS's: there is nothing to paste; those that events tell are tested by `test_events.py`."""

SHORT: dict[str, str] = {}
"""Cases that are not right yet, and why."""


def _wrong(case: dict[str, Any]) -> str:
    """What is wrong with the answer; "" where nothing is."""
    field = Field(case)
    found = diagnose(field.refusal, field.data)
    return _judged(found, EXPECTED[case["id"]].split(" ~")[0], case["id"])


def _judged(found: Diagnosis, _kinds: str, name: str) -> str:
    wanted, _, told = EXPECTED[name].partition(" ~")
    told, *more = told.split(" !")
    kinds = [word for word in wanted.split() if not word.startswith("!")]
    barred = [_WORDS[word.strip("!")] for word in (*more, *(word for word in wanted.split() if word.startswith("!")))]
    if not found.cause:
        return f"no cause; needed: {found.needed}"
    first = found.mends[0].remedy if found.mends else Remedy.NOTHING
    if first not in {_WORDS[word] for word in kinds}:
        return f"first way out is to {first}: {found.cause} / {found.mends[0].title if found.mends else ''}"
    offered = [mend for mend in found.mends if mend.remedy in barred and not mend.guardrail]
    if offered:
        return f"offers what it must not: {offered[0].title}"
    return "" if told.lower() in as_text(found).lower() else f"does not tell {told!r}: {as_text(found)[:300]}"


def test_every_case_is_accounted_for() -> None:
    named = {case["id"] for case in cases()}
    assert named == set(EXPECTED) | set(NO_TEXT)
    assert not set(EXPECTED) & set(NO_TEXT)


def test_table() -> None:
    total: Counter[str] = Counter()
    right: Counter[str] = Counter()
    wrong: dict[str, str] = {}
    for case in cases():
        if case["id"] in NO_TEXT:
            continue
        total[case["kind"]] += 1
        told = _wrong(case)
        right[case["kind"]] += not told
        wrong |= {case["id"]: told} if told else {}
    print(f"\n{'kind':28}right total")
    for kind, number in total.most_common():
        print(f"{kind:28}{right[kind]:5} {number:5}")
    print(f"{'all':28}{right.total():5} {total.total():5}   without a text: {len(NO_TEXT)}")
    for name, told in wrong.items():
        print(f"  {name}: {told}")
    assert set(wrong) == set(SHORT)


_LAYER_WORDS = {layer.value: layer for layer in Layer}


def test_every_sentence_reads() -> None:
    """By plain splitting, which knows nothing of the reader's patterns."""
    seen = 0
    for case in cases():
        text = " ".join(case["error"].replace('\\"', '"').split())
        if "User: arn:" not in text:
            continue
        seen += 1
        read = Field(case).read
        assert read.principal == text.split("User: ")[1].split(" is not")[0], case["id"]
        assert read.performed == text.split("perform: ")[1].split()[0], case["id"]
        if "on resource: " in text:
            told = text.split("on resource: ")[1].split(" because")[0].split(" with an")[0].split(" - Sender")[0]
            assert read.resource == told.strip('",.'), case["id"]
        elif "on this resource" in text:
            assert read.resource == "", case["id"]
        layers: list[Layer | None] = [
            layer
            for words, layer in _LAYER_WORDS.items()
            if f"no {words}" in text or f"deny in a {words}" in text or f"deny in an {words}" in text
        ]
        assert [read.layer] == (layers or [None]), case["id"]
        assert bool(read.explicit) == ("explicit deny" in text), case["id"]
    assert seen >= 30


def test_every_code_is_read() -> None:
    for case in cases():
        if case["error_is"] == "reported" and case["id"] not in NO_TEXT:
            told = re.search(r"\b(?:[A-Z][a-z]+){1,9}(?:Exception|Denied|UnauthorizedOperation)\b", case["error"])
            assert not told or Field(case).read.code, case["id"]
