"""What calls need: the cases, and every operation there is."""

import json
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import botocore.loaders
import pytest

from trailwarden.catalog import Check, UnknownAction, action, checks_of
from trailwarden.catalog.archive import ACTIONS
from trailwarden.catalog.operations import service_facts

ACCOUNT, REGION = "123456789012", "us-east-1"
CASES = json.loads((Path(__file__).parents[2] / "cases/catalog/checks.json").read_text("utf-8"))
BY_HAND = (
    "cloudtrail", "cloudtrail-data", "iam", "iam-toolbox", "sts", "organizations", "s3", "logs", "config", "sns", "kms", "events", "sqs",
)  # fmt: skip
WITHOUT_ACTION = {("logs", "GetLogObject")}
NOT_IN_THE_REFERENCE = {
    "iam:AcquireRole", "iam:GetRequestAuthorizationDetails", "iam:GetRequestAuthorizationPolicy", "iam:UpdateDelegationRequest",
    "iam:UpdateOpenIDConnectProvider", "sts:GetScopedCredentials",
}  # fmt: skip


def told(check: Check) -> dict[str, Any]:
    """A check as a case writes it."""
    written: dict[str, Any] = {"action": check.action, "resource": check.resource}
    if check.context:
        written["context"] = {
            key: list(value) if isinstance(value, tuple) else value for key, value in check.context.items()
        }
    if check.named != "":
        written["named"] = check.named
    return written


def looking(answers: Mapping[str, Mapping[str, str]]) -> Callable[[str, str], str | None]:
    return lambda kind, name: answers.get(kind, {}).get(name)


@pytest.mark.parametrize("case", CASES, ids=lambda case: f"{case['service']}:{case['operation']}")
def test_a_call_needs(case: dict[str, Any]) -> None:
    checks = checks_of(
        case["service"],
        case["operation"],
        case.get("params", {}),
        account=ACCOUNT,
        region=REGION,
        lookup=looking(case.get("lookup", {})),
    )
    assert [told(check) for check in checks] == case["checks"]


def test_there_are_enough_cases() -> None:
    assert len(CASES) >= 170
    assert {case["service"] for case in CASES} >= set(BY_HAND)


def test_an_unknown_operation_is_told() -> None:
    with pytest.raises(UnknownAction) as raised:
        checks_of("cloudtrail", "GrantEverything", {}, account=ACCOUNT, region=REGION)
    assert (raised.value.service, raised.value.operation) == ("cloudtrail", "GrantEverything")


def test_an_unknown_service_is_told() -> None:
    with pytest.raises(UnknownAction):
        checks_of("no-such-service", "ListThings", {}, account=ACCOUNT, region=REGION)


def test_a_call_that_would_need_nothing_is_unknown() -> None:
    with pytest.raises(UnknownAction):
        checks_of("dynamodb", "TransactGetItems", {"TransactItems": []}, account=ACCOUNT, region=REGION)


def test_names_are_never_matched_loosely() -> None:
    (check,) = checks_of("s3", "ListBuckets", {}, account=ACCOUNT, region=REGION)
    assert check.action == "s3:ListAllMyBuckets"


def test_the_partition_is_in_every_arn() -> None:
    (check,) = checks_of(
        "cloudtrail", "GetTrail", {"Name": "My-Trail"}, account=ACCOUNT, region="cn-north-1", partition="aws-cn"
    )
    assert check.resource == "arn:aws-cn:cloudtrail:cn-north-1:123456789012:trail/My-Trail"


def attempts(service: str, operation: str, params: Mapping[str, Any]) -> tuple[Check, ...] | None:
    try:
        return checks_of(service, operation, params, account=ACCOUNT, region=REGION)
    except UnknownAction:
        return None


def every_operation() -> Iterator[tuple[str, str, dict[str, Any]]]:
    for service in ACTIONS.names("operations"):
        facts = service_facts(service)
        assert facts is not None
        for name, row in facts.operations.items():
            members = {member for target in row.targets for member in (*target.members, *target.whole) if member}
            yield service, name, dict.fromkeys(sorted(members), "x")


def test_every_operation_gives_checks_or_is_unknown() -> None:
    known = 0
    total = 0
    for service, name, params in every_operation():
        total += 1
        checks = attempts(service, name, params)
        for hostile in ({}, dict.fromkeys(params, 7), {member: [{"Key": None}] for member in params}):
            assert attempts(service, name, hostile) or checks is None or service == "dynamodb"
        known += checks is not None
        for check in checks or ():
            assert ":" in check.action
            assert check.resource
            assert "{" not in check.resource
            assert "$" not in check.resource
    assert total >= 20_000
    assert known >= 18_800


def filled(model: Mapping[str, Any], shape: str, depth: int = 0) -> Any:
    """A value of a shape with every member given."""
    body = model["shapes"][shape]
    if depth > 5:
        return None
    if body["type"] == "structure":
        return {name: filled(model, member["shape"], depth + 1) for name, member in body["members"].items()}
    if body["type"] == "list":
        return [filled(model, body["member"]["shape"], depth + 1)]
    if body["type"] == "map":
        return {"key": filled(model, body["value"]["shape"], depth + 1)}
    plain = {"boolean": True, "integer": 1, "long": 1, "float": 1.5, "double": 1.5, "blob": b"x", "timestamp": 0}
    return plain.get(body["type"], (body.get("enum") or ["x"])[0])


@pytest.mark.parametrize("service", BY_HAND)
def test_services_told_by_hand_name_only_actions_that_exist(service: str) -> None:
    model = botocore.loaders.Loader().load_service_model(service, "service-2")
    for operation in model["operations"].values():
        name = operation["name"]
        params = filled(model, operation["input"]["shape"]) if "input" in operation else {}
        checks = attempts(service, name, params)
        assert (checks is None) == ((service, name) in WITHOUT_ACTION), name
        for check in checks or ():
            assert action(check.action) is not None or check.action in NOT_IN_THE_REFERENCE
            for value in check.context.values():
                assert isinstance(value, str) or all(isinstance(one, str) for one in value)
