"""What is unusual: when an insight starts, when it ends, and what it tells."""

from typing import Any

from trailwarden.events.insights import Happening, Normal, Observed, Rules, Series, Slot, observe

RULES = Rules()
SERIES = Series("123456789012", "us-east-1", "", "ApiCallRateInsight", "iam.amazonaws.com", "CreateUser", "")
MINUTE, DAY = 60.0, 86_400.0


def seen(count: int, who: str = "arn:aws:iam::123456789012:user/mateojackson") -> Observed:
    observed = Observed()
    for _ in range(count):
        observed.add({"userIdentityArn": who, "userAgent": "aws-cli", "errorCode": "null"})
    return observed


def told(counts: dict[int, int], **how: Any) -> tuple[list[Happening], Normal]:
    """What happens where slots (by number) held these counts, and were counted since slot 0."""
    normal, happened = Normal(), []
    for number, count in sorted(counts.items()):
        slot = Slot(time=number * MINUTE, observed=seen(count), fresh=f"insight-{number}", **how)
        happened += observe(normal, SERIES, slot, RULES)
    return happened, normal


WEEK = 7 * 1_440
STEADY = dict.fromkeys(range(0, WEEK, 10), 2)


def test_a_rate_far_above_the_baseline_starts_an_insight_and_quiet_slots_end_it() -> None:
    burst = {WEEK: 50, WEEK + 1: 70, WEEK + 2: 60}
    happened, normal = told(STEADY | burst | {WEEK + 9: 0})
    start, end = happened
    assert (start.state, start.time, start.shared_id) == ("Start", WEEK * MINUTE, f"insight-{WEEK}")
    assert (end.state, end.time, end.shared_id) == ("End", (WEEK + 3) * MINUTE, f"insight-{WEEK}")
    assert normal.open is None
    statistics = start.context["statistics"]
    assert statistics == {
        "baseline": {"average": 0.2},
        "insight": {"average": 50.0},
        "insightDuration": 1,
        "baselineDuration": 10_080,
    }
    assert end.context["statistics"] == {
        "baseline": {"average": 0.2},
        "insight": {"average": 60.0},
        "insightDuration": 3,
        "baselineDuration": 10_080,
    }


def test_it_goes_on_through_a_pause_shorter_than_quiet_and_averages_the_pause_in() -> None:
    happened, _ = told(STEADY | {WEEK: 40, WEEK + 1: 1, WEEK + 4: 49, WEEK + 20: 0})
    assert [each.state for each in happened] == ["Start", "End"]
    assert (happened[1].minutes, happened[1].insight) == (5, 18.0)


def test_what_is_usual_is_no_insight() -> None:
    assert told({number: 100 + number % 7 for number in range(WEEK + 100)})[0] == []


def test_a_few_calls_are_none_however_rare() -> None:
    assert told({WEEK: RULES.least - 1})[0] == []
    assert [each.state for each in told({WEEK: RULES.least})[0]] == ["Start"]


def test_nothing_is_unusual_before_there_is_a_baseline() -> None:
    learned = int(RULES.learning // MINUTE)
    assert told({learned - 1: 500})[0] == []
    assert told({learned: 500})[0][0].baseline_minutes == learned
    assert told({learned: 500}, judged=False)[0] == []


def test_the_baseline_is_of_the_last_seven_days() -> None:
    busy = dict.fromkeys(range(100), 1_000)
    happened, _ = told(busy | {2 * WEEK: 20})
    assert [each.baseline for each in happened] == [0.0]


def test_attributions_tell_the_five_most_frequent_values_of_insight_and_baseline() -> None:
    normal = Normal()
    for number in range(0, WEEK, 1_008):
        observe(normal, SERIES, Slot(time=number * MINUTE, observed=seen(1, "arn:usual")), RULES)
    burst = Observed()
    for user in range(7):
        for _ in range(10 + user):
            burst.add({"userIdentityArn": f"arn:{user}", "errorCode": "AccessDenied"})
    (start,) = observe(normal, SERIES, Slot(time=WEEK * MINUTE, observed=burst, fresh="x"), RULES)
    who, agents, errors = start.context["attributions"]
    assert [each["value"] for each in who["insight"]] == ["arn:6", "arn:5", "arn:4", "arn:3", "arn:2"]
    assert who["insight"][0]["average"] == 16.0
    assert who["baseline"] == [{"value": "arn:usual", "average": round(10 / WEEK, 10)}]
    assert agents == {
        "attribute": "userAgent",
        "insight": [],
        "baseline": [{"value": "aws-cli", "average": round(10 / WEEK, 10)}],
    }
    assert [each["value"] for each in errors["insight"]] == ["AccessDenied"]
