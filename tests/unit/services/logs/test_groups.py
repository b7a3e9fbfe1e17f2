"""Log groups, streams, tags, policies and metric filters."""

import json
from typing import Any

import pytest
from tests.unit.services.desk import ACCOUNT, NOW, Desk

from trailwarden.arn import Arn
from trailwarden.errors import AwsError
from trailwarden.services.logs import logs_facts

G: dict[str, Any] = {"logGroupName": "g"}
ARN = f"arn:aws:logs:us-east-1:{ACCOUNT}:log-group:g"


@pytest.fixture
def logs(desk: Desk) -> Desk:
    desk.call("logs:CreateLogGroup", {**G, "tags": {"team": "a"}})
    return desk


def refused(desk: Desk, operation: str, params: dict[str, Any]) -> tuple[str, str]:
    with pytest.raises(AwsError) as told:
        desk.call(operation, params)
    return told.value.code_in("json"), told.value.text


def names(answer: Any, member: str = "logGroups", name: str = "logGroupName") -> list[str]:
    return [each[name] for each in answer[member]]


def test_a_group_is_shown(logs: Desk) -> None:
    assert logs.call("logs:DescribeLogGroups")["logGroups"] == [
        {
            "logGroupName": "g",
            "creationTime": round(NOW * 1000),
            "metricFilterCount": 0,
            "arn": f"{ARN}:*",
            "logGroupArn": ARN,
            "logGroupClass": "STANDARD",
            "storedBytes": 0,
            "deletionProtectionEnabled": False,
        }
    ]


def test_groups_are_found_by_prefix_part_and_page(logs: Desk) -> None:
    for at in range(60):
        logs.call("logs:CreateLogGroup", {"logGroupName": f"/aws/{at:02d}"})
    page = logs.call("logs:DescribeLogGroups", {"logGroupNamePrefix": "/aws/"})
    assert len(page["logGroups"]) == 50
    rest = logs.call("logs:DescribeLogGroups", {"logGroupNamePrefix": "/aws/", "nextToken": page["nextToken"]})
    assert (len(rest["logGroups"]), "nextToken" in rest) == (10, False)
    assert names(logs.call("logs:DescribeLogGroups", {"logGroupNamePattern": "s/07"})) == ["/aws/07"]
    assert names(logs.call("logs:DescribeLogGroups", {"logGroupIdentifiers": [ARN, "/aws/01"]})) == ["/aws/01", "g"]
    assert names(logs.call("logs:ListLogGroups", {"logGroupNamePattern": "^/aws/05|^aws|s/09"})) == [
        "/aws/05",
        "/aws/09",
    ]
    both = {"logGroupNamePrefix": "a", "logGroupNamePattern": "b"}
    assert refused(logs, "logs:DescribeLogGroups", both) == (
        "InvalidParameterException",
        "LogGroup name prefix and LogGroup name pattern are mutually exclusive parameters.",
    )


def test_duplicates_are_refused(logs: Desk) -> None:
    code = "ResourceAlreadyExistsException"
    assert refused(logs, "logs:CreateLogGroup", G) == (code, "The specified log group already exists")
    logs.call("logs:CreateLogStream", {**G, "logStreamName": "s"})
    assert refused(logs, "logs:CreateLogStream", {**G, "logStreamName": "s"}) == (
        code, "The specified log stream already exists",
    )  # fmt: skip


def test_streams_are_shown_by_name_and_time(logs: Desk) -> None:
    for at, name in enumerate("cab"):
        logs.call("logs:CreateLogStream", {**G, "logStreamName": name})
        event = {"timestamp": round(NOW * 1000) + at, "message": "x"}
        logs.call("logs:PutLogEvents", {**G, "logStreamName": name, "logEvents": [event]})

    def shown(**asked: Any) -> list[str]:
        return names(logs.call("logs:DescribeLogStreams", {**G, **asked}), "logStreams", "logStreamName")

    assert shown() == ["a", "b", "c"]
    assert shown(orderBy="LastEventTime") == ["c", "a", "b"]
    assert shown(orderBy="LastEventTime", descending=True) == ["b", "a", "c"]
    assert shown(logStreamNamePrefix="b") == ["b"]
    assert shown(logGroupName=None, logGroupIdentifier=ARN) == ["a", "b", "c"]
    page = logs.call("logs:DescribeLogStreams", {**G, "limit": 2, "descending": True})
    assert shown(limit=2, descending=True, nextToken=page["nextToken"]) == ["a"]
    assert page["logStreams"][0]["arn"] == f"{ARN}:log-stream:c"
    assert refused(logs, "logs:DescribeLogStreams", {**G, "logGroupIdentifier": ARN}) == (
        "ValidationException", "LogGroup name and LogGroup ARN are mutually exclusive parameters.",
    )  # fmt: skip
    assert logs.call("logs:DescribeLogGroups")["logGroups"][0]["storedBytes"] == 81


def test_a_deleted_group_leaves_nothing(logs: Desk) -> None:
    logs.call("logs:CreateLogStream", {**G, "logStreamName": "s"})
    logs.call("logs:PutLogGroupDeletionProtection", {"logGroupIdentifier": "g", "deletionProtectionEnabled": True})
    assert refused(logs, "logs:DeleteLogGroup", G)[0] == "ValidationException"
    logs.call("logs:PutLogGroupDeletionProtection", {"logGroupIdentifier": "g", "deletionProtectionEnabled": False})
    logs.call("logs:DeleteLogGroup", G)
    assert refused(logs, "logs:DeleteLogGroup", G) == (
        "ResourceNotFoundException", "The specified log group does not exist.",
    )  # fmt: skip
    logs.call("logs:CreateLogGroup", G)
    assert logs.call("logs:DescribeLogStreams", G)["logStreams"] == []


def test_retention_takes_some_values_only(logs: Desk) -> None:
    logs.call("logs:PutRetentionPolicy", {**G, "retentionInDays": 30})
    assert logs.call("logs:DescribeLogGroups")["logGroups"][0]["retentionInDays"] == 30
    assert refused(logs, "logs:PutRetentionPolicy", {**G, "retentionInDays": 31})[0] == "InvalidParameterException"
    logs.call("logs:DeleteRetentionPolicy", G)
    assert "retentionInDays" not in logs.call("logs:DescribeLogGroups")["logGroups"][0]


def test_tags_by_both_generations_of_operations(logs: Desk) -> None:
    logs.call("logs:TagLogGroup", {**G, "tags": {"a": "1", "b": "2"}})
    logs.call("logs:TagResource", {"resourceArn": f"{ARN}:*", "tags": {"c": "3"}})
    logs.call("logs:UntagLogGroup", {**G, "tags": ["a"]})
    logs.call("logs:UntagResource", {"resourceArn": ARN, "tagKeys": ["b"]})
    wanted = {"tags": {"team": "a", "c": "3"}}
    assert logs.call("logs:ListTagsLogGroup", G) == wanted
    assert logs.call("logs:ListTagsForResource", {"resourceArn": ARN}) == wanted
    assert (
        refused(logs, "logs:TagLogGroup", {**G, "tags": {str(at): "" for at in range(49)}})[0] == "TooManyTagsException"
    )


POLICY = {
    "Version": "2012-10-17",
    "Statement": [
        {
            "Effect": "Allow",
            "Principal": {"Service": ["route53.amazonaws.com"]},
            "Action": "logs:PutLogEvents",
            "Resource": f"{ARN}:*",
        }
    ],
}


def test_resource_policies_count_for_the_groups_they_name(logs: Desk) -> None:
    text = json.dumps(POLICY)
    shown = logs.call("logs:PutResourcePolicy", {"policyName": "p", "policyDocument": text})["resourcePolicy"]
    assert (shown["policyDocument"], shown["policyScope"]) == (text, "ACCOUNT")
    assert names(logs.call("logs:DescribeResourcePolicies"), "resourcePolicies", "policyName") == ["p"]
    logs.facts = {**logs.facts, "logs": logs_facts}
    stream = f"{ARN}:log-stream:s"
    assert logs.world().service_may("route53.amazonaws.com", "logs:PutLogEvents", stream, {})
    assert not logs.world().service_may("es.amazonaws.com", "logs:PutLogEvents", stream, {})
    logs.call("logs:DeleteResourcePolicy", {"policyName": "p"})
    assert not logs.world().service_may("route53.amazonaws.com", "logs:PutLogEvents", stream, {})
    assert refused(logs, "logs:DeleteResourcePolicy", {"policyName": "p"}) == (
        "ResourceNotFoundException", "Policy with name [p] does not exist.",
    )  # fmt: skip
    for at in range(10):
        logs.call("logs:PutResourcePolicy", {"policyName": str(at), "policyDocument": text})
    assert refused(logs, "logs:PutResourcePolicy", {"policyName": "p", "policyDocument": text}) == (
        "LimitExceededException", "Resource limit exceeded.",
    )  # fmt: skip


def test_a_group_has_its_own_policy_with_revisions(logs: Desk) -> None:
    params = {"resourceArn": ARN, "policyDocument": json.dumps(POLICY)}
    revision = logs.call("logs:PutResourcePolicy", params)["revisionId"]
    assert refused(logs, "logs:PutResourcePolicy", params)[0] == "InvalidParameterException"
    logs.call("logs:PutResourcePolicy", {**params, "expectedRevisionId": revision})
    assert logs.call("logs:DescribeResourcePolicies")["resourcePolicies"] == []
    assert len(logs.call("logs:DescribeResourcePolicies", {"resourceArn": ARN})["resourcePolicies"]) == 1


def test_facts_tell_owner_and_tags(logs: Desk) -> None:
    for resource in ("log-group:g", "log-group:g:*", "log-group:g:log-stream:s"):
        facts = logs_facts(
            Arn(service="logs", region="us-east-1", account=ACCOUNT, resource=resource), logs.storage.begin()
        )
        assert facts is not None
        assert (facts.account, dict(facts.tags)) == (ACCOUNT, {"team": "a"})
    gone = Arn(service="logs", region="us-east-1", account=ACCOUNT, resource="log-group:no:*")
    assert logs_facts(gone, logs.storage.begin()) is None


def test_metric_filters(logs: Desk) -> None:
    metric = {"metricName": "m", "metricNamespace": "n", "metricValue": "1", "defaultValue": 0.0}
    params = {**G, "filterName": "f", "filterPattern": '{$.message = "test"}', "metricTransformations": [metric]}
    logs.call("logs:PutMetricFilter", params)
    (shown,) = logs.call("logs:DescribeMetricFilters", {"metricName": "m", "metricNamespace": "n"})["metricFilters"]
    assert {**shown, "creationTime": 0} == {**params, "applyOnTransformedLogs": False, "creationTime": 0}
    assert logs.call("logs:DescribeMetricFilters", {"filterNamePrefix": "x"})["metricFilters"] == []
    assert logs.call("logs:DescribeLogGroups")["logGroups"][0]["metricFilterCount"] == 1
    assert (
        refused(logs, "logs:PutMetricFilter", {**params, "filterPattern": "{ nonsense"})[0]
        == "InvalidParameterException"
    )
    logs.call("logs:DeleteMetricFilter", {**G, "filterName": "f"})
    assert logs.call("logs:DescribeMetricFilters")["metricFilters"] == []


def test_patterns_can_be_tried(logs: Desk) -> None:
    asked = {"filterPattern": "{ $.a = 1 }", "logEventMessages": ['{"a": 2}', '{"a": 1}']}
    assert logs.call("logs:TestMetricFilter", asked)["matches"] == [
        {"eventNumber": 2, "eventMessage": '{"a": 1}', "extractedValues": {"$.a": "1"}}
    ]


def test_a_key_that_does_not_let_logs_in_is_refused(logs: Desk) -> None:
    key = f"arn:aws:kms:us-east-1:{ACCOUNT}:key/1234abcd-12ab-34cd-56ef-1234567890ab"
    assert refused(logs, "logs:AssociateKmsKey", {**G, "kmsKeyId": key}) == (
        "AccessDeniedException",
        f"The specified KMS key does not exist or is not allowed to be used with LogGroup '{ARN}'",
    )
    assert refused(logs, "logs:AssociateKmsKey", {**G, "kmsKeyId": "nonsense"})[0] == "InvalidParameterException"
