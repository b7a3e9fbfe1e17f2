import pytest
from tests.unit.policy.cases import CASES, Case, read_cases, reasons

from trailwarden.policy import RULES, Effect, Layer, denial_message

RULE_CASES = list(read_cases(CASES))
ALL = [*RULE_CASES, *read_cases(CASES / "tricky")]


@pytest.mark.parametrize("case", ALL, ids=lambda case: case.name)
def test_the_decision_and_its_reasons_are_aws_own(case: Case) -> None:
    decision = case.decide()
    assert (str(decision.effect), reasons(decision.blocks or decision.doubtful)) == (case.effect, case.reasons)


@pytest.mark.parametrize("case", ALL, ids=lambda case: case.name)
def test_a_decision_names_its_statements(case: Case) -> None:
    decision = case.decide()
    explicit = any(reason.startswith("explicit") for reason in case.reasons)
    named = tuple(f"{found.policy.source.id}.{found.statement.index}" for found in decision.determining)
    assert named == case.statements
    if decision.effect is Effect.DENIED:
        assert bool(decision.determining) is explicit
        assert all(not found.statement.allows for found in decision.determining)
    assert bool(decision.turns) is (decision.effect is Effect.DEPENDS)


def test_every_rule_has_its_file_of_cases() -> None:
    assert {rule.__name__ for rule in RULES} == {path.stem for path in CASES.glob("*.json")}


@pytest.mark.parametrize("place", range(len(RULES)), ids=lambda place: RULES[place].__name__)
def test_no_rule_is_idle(place: int) -> None:
    """Without the rule a case of its own file would be allowed: it alone blocks there."""
    name = RULES[place].__name__
    alone = [
        case.name
        for case in RULE_CASES
        if case.name.startswith(name + ":")
        and case.effect == "Denied"
        and [bool(verdict.blocks) for verdict in case.decide().verdicts]
        == [each == place for each in range(len(RULES))]
    ]
    assert alone


@pytest.mark.parametrize("case", ALL, ids=lambda case: case.name)
def test_every_denial_has_words(case: Case) -> None:
    decision = case.decide()
    request = decision.request
    words = denial_message(decision, action=request.action, resource_named="", caller_arn=request.principal.arn)
    assert words.startswith(f"User: {request.principal.arn or 'anonymous'} is not authorized to perform: ")
    if decision.effect is not Effect.ALLOWED:
        layer = case.reasons[0].partition(" ")[2].partition(" @")[0]
        assert words.count(Layer(layer)) == 1
