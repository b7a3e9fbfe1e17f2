import json
from typing import Any

import pytest

from trailwarden import catalog
from trailwarden.policy import FindingType, Layer, Source, compile_policy, findings
from trailwarden.policy.overlap import overlap

TRAIL = "arn:aws:cloudtrail:us-east-1:123456789012:trail/My-Trail"
ROLES = "arn:aws:iam::123456789012:role/*"
FINE: dict[str, Any] = {"Effect": "Allow", "Action": "cloudtrail:GetTrailStatus", "Resource": TRAIL}


def found(*statements: dict[str, Any], **document: Any) -> list[tuple[str, tuple[str | int, ...]]]:
    whole = {"Version": "2012-10-17", **document, "Statement": list(statements)}
    policy = compile_policy(json.dumps(whole), Source(layer=Layer.IDENTITY, id="Case"))
    return [(finding.code, finding.path[2:]) for finding in findings(policy, catalog)]


@pytest.mark.parametrize(
    ("changes", "code", "path"),
    [
        ({"Action": "cloudtrail:GetTrailState"}, "INVALID_ACTION", ("Action", 0)),
        ({"Action": ["cloudtrail:Get*", "cloudtrail:Gat*"]}, "INVALID_ACTION", ("Action", 1)),
        ({"Action": "cloudtrial:GetTrailStatus"}, "INVALID_SERVICE_IN_ACTION", ("Action", 0)),
        ({"Action": "cloudtrail:DescribeTrails"}, "ACTION_WITHOUT_RESOURCES", ("Action", 0)),
        ({"Resource": "arn:aws:s3:::trail-logs"}, "ACTION_WITHOUT_RESOURCE_TYPE", ("Action", 0)),
        ({"Action": "iam:PassRole", "Resource": "*"}, "PASS_ROLE_WITH_STAR_IN_RESOURCE", ("Action", 0)),
        ({"Action": ["s3:*", "IAM:*"], "Resource": "*"}, "PASS_ROLE_WITH_STAR_IN_ACTION_AND_RESOURCE", ("Action", 1)),
        ({"Action": "iam:PassRole", "Resource": ROLES}, "PASS_ROLE_WITH_STAR_IN_RESOURCE", ("Action", 0)),
        ({"Action": ["cloudtrail:Get*", "cloudtrail:GetTrail"]}, "REDUNDANT_ACTION", ("Action", 1)),
        ({"Action": ["cloudtrail:GetTrail", "cloudtrail:gettrail"]}, "REDUNDANT_ACTION", ("Action", 1)),
        ({"Resource": [TRAIL, "arn:aws:cloudtrail:*"]}, "REDUNDANT_RESOURCE", ("Resource", 0)),
        ({"Action": []}, "EMPTY_ARRAY_ACTION", ("Action",)),
        ({"Resource": []}, "EMPTY_ARRAY_RESOURCE", ("Resource",)),
        (
            {"Condition": {"StringEquals": {"aws:PrincipalTag/team": []}}},
            "EMPTY_ARRAY_CONDITION",
            ("Condition", "StringEquals", "aws:PrincipalTag/team"),
        ),
        (
            {"Condition": {"ArnLike": {"AWS:arn": TRAIL}}},
            "DEPRECATED_GLOBAL_CONDITION_KEY",
            ("Condition", "ArnLike", "AWS:arn"),
        ),
        ({"NotPrincipal": {"AWS": "123456789012"}}, "ALLOW_WITH_NOT_PRINCIPAL", ("NotPrincipal",)),
    ],
)
def test_a_common_mistake_is_found(changes: dict[str, Any], code: str, path: tuple[str | int, ...]) -> None:
    assert found({**FINE, **changes}) == [(code, path)]


@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"Action": "*", "Effect": "Deny", "Resource": "*"},
        {"Action": "cloudtrail:*"},
        {"Action": "*:GetTrail"},
        {"Action": "cloudtrail:DescribeTrails", "Resource": "*"},
        {"Action": ["cloudtrail:Get?rail", "cloudtrail:GetTrail*"]},
        {"Action": ["cloudtrail:GetTrai?", "cloudtrail:GetTrail"]},
        {
            "Resource": [
                "arn:aws:cloudtrail:us-east-1:123456789012:trail/${aws:username}*",
                "arn:aws:cloudtrail:us-east-1:123456789012:trail/${aws:username}-a",
            ]
        },
        {"Action": "iam:PassRole", "Resource": "arn:aws:iam::123456789012:role/Trail*"},
        {"Action": "iam:PassRole", "Resource": "*", "Effect": "Deny"},
        {"Action": "iam:PassRole", "Resource": "*", "Condition": {"StringEquals": {"iam:PassedToService": "x"}}},
        {"Action": "s3:GetObject", "Resource": "arn:aws:s3:::${aws:username}-logs/*"},
        {"Principal": {"AWS": "123456789012"}},
    ],
)
def test_what_is_right_is_not_found(changes: dict[str, Any]) -> None:
    assert found({**FINE, **changes}) == []


def test_not_actions_and_not_resources_are_read_too() -> None:
    assert found({"Effect": "Allow", "NotAction": "iam:Nothing", "Resource": "*"}) == [
        ("INVALID_ACTION", ("NotAction", 0))
    ]
    assert found({"Effect": "Deny", "Action": "s3:*", "NotResource": [TRAIL, TRAIL]}) == [
        ("REDUNDANT_RESOURCE", ("NotResource", 1))
    ]


def test_missing_elements_are_errors_where_they_are_wanted() -> None:
    bare = {"Effect": "Allow"}
    assert found(bare) == [("MISSING_ACTION", ()), ("MISSING_RESOURCE", ())]
    assert found({**bare, "Action": "sts:AssumeRole", "Principal": {"AWS": "123456789012"}}) == []


def test_the_whole_document_is_looked_at() -> None:
    again = {**FINE, "Sid": "Again", "Action": "CloudTrail:GetTrailStatus"}
    policy = compile_policy(json.dumps({"Statement": [FINE, again]}), Source(layer=Layer.IDENTITY, id="Case"))
    version, redundant = findings(policy, catalog)
    assert (version.type, version.code, version.path, version.span) == (
        FindingType.WARNING,
        "MISSING_VERSION",
        (),
        None,
    )
    assert version.learn_more.endswith("#access-analyzer-reference-policy-checks-general-warning-missing-version")
    assert (redundant.type, redundant.path) == (FindingType.SUGGESTION, ("Statement", 1))
    assert redundant.learn_more.endswith("-suggestion-redundant-statement")


def test_a_finding_has_its_place_and_its_words() -> None:
    text = json.dumps({"Version": "2012-10-17", "Statement": [FINE, {**FINE, "Action": "s3:Gat"}]})
    (finding,) = findings(compile_policy(text, Source(layer=Layer.IDENTITY, id="Case")), catalog)
    assert finding.text == "The action s3:Gat does not exist."
    assert finding.path == ("Statement", 1, "Action", 0)
    assert finding.span is not None
    assert text[finding.span.start.column - 1] == "{"


def test_documents_beyond_all_measure_get_the_quick_checks_alone() -> None:
    many = [f"s3:Gat{number}*" for number in range(3_000)]
    assert found({**FINE, "Action": [*many, "iam:*"], "Resource": "*"}) == [
        ("PASS_ROLE_WITH_STAR_IN_ACTION_AND_RESOURCE", ("Action", 3_000))
    ]
    assert found({**FINE, "Resource": [f"arn:aws:s3:::{number}" for number in range(6_000)]}) == []


@pytest.mark.parametrize(
    ("template", "pattern", "both"),
    [
        ("arn:${Partition}:s3:::${BucketName}", "arn:aws:s3:::trail-logs", True),
        ("arn:${Partition}:s3:::${BucketName}/${ObjectName}", "arn:aws:s3:::trail-logs", False),
        ("arn:${Partition}:s3:::${BucketName}/${ObjectName}", "arn:aws:s3:::trail-*", True),
        ("arn:${Partition}:s3:::${BucketName}", "arn:aws:sqs:*", False),
        ("arn:${Partition}:s3:::${BucketName}/${ObjectName}", "arn:aws:s3:::b/a:b:c", True),
        ("arn:${Partition}:s3:::${BucketName}", "arn:*:s3", True),
        ("arn:${Partition}:sqs:r:a:x?z", "arn:aws:???:r:a:x*", True),
        ("arn:${Partition}:sqs:r:a:x", "arn:aws:???:?:?:??", False),
        ("arn:aws:sqs:r:a:a?c", "arn:aws:sqs:r:a:ab*", True),
        ("arn:aws:sqs:r:a:a?c", "arn:aws:sqs:r:a:a*d", False),
        ("arn:aws:sqs:r:a:a", "arn:aws:sqs:*a**", True),
        ("arn:aws:sqs:r:a:${A}b", "x", False),
        ("arn:aws:sqs:r:a:a", "*" * 300, True),
    ],
)
def test_two_patterns_overlap_where_a_text_matches_both(template: str, pattern: str, both: bool) -> None:
    assert overlap(template, pattern) is both


def test_a_deprecated_key_is_told_with_its_successor() -> None:
    document = {"Version": "2012-10-17", "Statement": {**FINE, "Condition": {"ArnLike": {"aws:Arn": TRAIL}}}}
    (finding,) = findings(compile_policy(document, Source(layer=Layer.IDENTITY, id="Case")), catalog)
    assert finding.text == "We recommend that you update aws:ARN to use the newer condition key aws:PrincipalArn."
