"""The engine's data cases through HTTP on a live server, and through the simulator where those can express them."""

from collections import Counter
from collections.abc import Callable, Iterator, Mapping

import pytest
from tests.conformance.policy_plays import (
    NOT_OVER_HTTP,
    NOT_SIMULATED,
    WRITTEN,
    play,
    rule_of,
    simulate,
    why_not_http,
    why_not_simulated,
)
from tests.conformance.policy_world import Json, World

PLAYED = [name for name, case in WRITTEN.items() if not why_not_http(case)]
SIMULATED = [name for name, case in WRITTEN.items() if not why_not_simulated(case)]


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    found = World(tmp_path_factory.mktemp("policies") / "data")
    yield found
    found.close()


@pytest.mark.parametrize("name", PLAYED)
def test_a_case_is_decided_alike_over_http(world: World, name: str) -> None:
    """A case without a play of its action, or one that a service refuses to set up, fails: it is to be given a reason."""
    assert play(world, WRITTEN[name]) is (WRITTEN[name]["effect"] == "Allowed")


@pytest.mark.parametrize("name", SIMULATED)
def test_a_case_is_decided_alike_by_the_simulator(world: World, name: str) -> None:
    case = WRITTEN[name]
    result = simulate(world, case)
    explicit = any(reason.startswith("explicit") for reason in case["reasons"])
    wanted = "explicitDeny" if explicit else "implicitDeny"
    assert result["EvalDecision"] == ("allowed" if case["effect"] == "Allowed" else wanted)
    assert "MatchedStatements" in result


@pytest.mark.parametrize(
    ("way", "why", "reasons"),
    [("over HTTP", why_not_http, NOT_OVER_HTTP), ("by the simulator", why_not_simulated, NOT_SIMULATED)],
)
def test_a_case_is_played_or_has_its_reason(
    way: str, why: Callable[[Json], str], reasons: Mapping[str, Callable[[Json], bool]]
) -> None:
    """No reason is idle, and with `-s` it is told how many cases each keeps away."""
    counted = Counter(why(case) for case in WRITTEN.values())
    played = counted.pop("")
    rules = {rule_of(name) for name, case in WRITTEN.items() if not why(case)}
    print(f"\n{played} of {len(WRITTEN)} cases, of {len(rules)} files, are played {way}; another")
    for reason, count in counted.most_common():
        print(f"  {count:4} {reason}")
    assert set(counted) == set(reasons)
    assert played > sum(counted.values())
