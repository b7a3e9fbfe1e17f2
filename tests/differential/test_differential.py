import json

import pytest
from tests.differential.comparing import by_naive, compare, shrunk
from tests.unit.policy.cases import CASES, LEVELLED


@pytest.mark.parametrize("seed", [1001, 1002, 1003])
def test_engine_and_naive_evaluator_agree_on_random_cases(seed: int) -> None:
    found = compare(seed, 1_000)
    print(f"seed {seed}: {found.effects.total():,} cases, {dict(found.effects)}")
    assert found.difference is None, json.dumps(found.difference, indent=1)
    assert min(found.effects["Allowed"], found.effects["Denied"]) > 100


FLAGS = {"resource_in_management_account": False, "resource_aws_managed": False, "context": {}}
WRITTEN = [
    pytest.param(case, id=f"{path.stem}: {case['name']}")
    for path in sorted(CASES.glob("**/*.json"))
    if path.parent.name != "grammar" and path.stem != "unknown"
    for case in json.loads(path.read_text())
]


def documents(found: list[object]) -> list[object]:
    return [{"Version": "2012-10-17", "Statement": each} if isinstance(each, list) else each for each in found]


@pytest.mark.parametrize("case", WRITTEN)
def test_the_naive_evaluator_knows_the_written_cases_too(case: dict[str, object]) -> None:
    written: dict[str, list[list[object]]] = case["policies"]  # type: ignore[assignment]
    policies = {
        kind: [documents(level) for level in found] if kind in LEVELLED else documents([*found])
        for kind, found in written.items()
    }
    request: dict[str, object] = case["request"]  # type: ignore[assignment]
    answer = by_naive({"request": {**FLAGS, **request}, "policies": policies})
    assert answer == (case["effect"], frozenset(case["reasons"]))  # type: ignore[call-overload]


def test_a_difference_is_made_small() -> None:
    """A case that agrees cannot be made smaller."""
    case = {
        "request": {**FLAGS, "principal": "user", "action": "s3:GetObject", "resource": "*", "resource_account": ""},
        "policies": {"identity": [{"Version": "2012-10-17", "Statement": []}]},
    }
    assert shrunk(case) == case
