"""The engine's data cases through HTTP on a live server, and through the simulator where those can express them."""

from collections import Counter
from collections.abc import Callable, Iterator

import pytest
from botocore.exceptions import ClientError
from tests.conformance.policy_world import (
    WRITTEN,
    Json,
    World,
    not_expressible,
    rule_of,
    simulation_of,
    why_no_simulation,
)
from tests.live import live_server

PLAYED = [name for name, case in WRITTEN.items() if not not_expressible(case)]
SIMULATED = [name for name, case in WRITTEN.items() if not why_no_simulation(case)]


@pytest.fixture(scope="module")
def world() -> Iterator[World]:
    with live_server() as live:
        yield World(live)


@pytest.mark.parametrize("name", PLAYED)
def test_a_case_is_decided_alike_over_http(world: World, name: str) -> None:
    case = WRITTEN[name]
    try:
        with world.play(case) as call:
            assert call() is (case["effect"] == "Allowed")
            if case["request"]["principal"] == "user" and set(case["policies"]) <= {"identity", "boundary"}:
                assert simulated_for_user(world, case) is (case["effect"] == "Allowed")
    except ClientError as error:
        pytest.skip(f"refused by its kind's own grammar: {error.response['Error']['Message'][:80]}")


def simulated_for_user(world: World, case: Json) -> bool:
    asked = simulation_of({**case, "policies": {"identity": []}})
    del asked["PolicyInputList"], asked["CallerArn"], asked["ContextEntries"]
    owner = {key: value.replace("123456789012", world.live.account) for key, value in asked.items() if key == "ResourceOwner"}  # fmt: skip
    source = f"arn:aws:iam::{world.live.account}:user/mateojackson"
    (result,) = world.admin("iam").simulate_principal_policy(**{**asked, **owner}, PolicySourceArn=source)[
        "EvaluationResults"
    ]
    return bool(result["EvalDecision"] == "allowed")


@pytest.mark.parametrize("name", SIMULATED)
def test_a_case_is_decided_alike_by_the_simulator(world: World, name: str) -> None:
    case = WRITTEN[name]
    (result,) = world.admin("iam").simulate_custom_policy(**simulation_of(case))["EvaluationResults"]
    explicit = any(reason.startswith("explicit") for reason in case["reasons"])
    wanted = "explicitDeny" if explicit else "implicitDeny"
    assert result["EvalDecision"] == ("allowed" if case["effect"] == "Allowed" else wanted)
    assert "MatchedStatements" in result


@pytest.mark.parametrize(
    ("way", "why", "least"), [("over HTTP", not_expressible, 95), ("by the simulator", why_no_simulation, 120)]
)
def test_most_cases_can_be_played(way: str, why: Callable[[Json], str], least: int) -> None:
    reasons = Counter(why(case) for case in WRITTEN.values())
    played = reasons.pop("")
    rules = {rule_of(name) for name, case in WRITTEN.items() if not why(case)}
    print(f"\n{played} of {len(WRITTEN)} cases of {len(rules)} rules are played {way}; the others are not, as one")
    for reason, count in reasons.most_common():
        print(f"  {count:4} {reason}")
    assert played >= least
