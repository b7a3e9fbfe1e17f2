"""Laws that hold for every request and all policies."""

import copy
import re
from functools import partial
from random import Random
from typing import Any

from hypothesis import example, given
from hypothesis import strategies as st
from tests.differential.comparing import Json, by_engine, compiled
from tests.differential.generator import KEYS, Generator
from tests.unit.policy.cases import LEVELLED, reasons, request_of

from trailwarden.policy import UNKNOWN, AccessRequest, Context, Decision, Effect, PolicySet, evaluate
from trailwarden.policy.pattern import compile_glob, compile_patterns, pieces_of

SEEDS = st.integers(0, 2**32)


def random_case(seed: int) -> tuple[Json, Generator]:
    generator = Generator(seed)
    return generator.case(), generator


def decide(case: Json, **context: Any) -> Decision:
    request = request_of(case["request"])
    policies = PolicySet(**{kind: compiled(kind, found) for kind, found in case["policies"].items()})
    changed = {**request.context, **context}
    return evaluate(
        AccessRequest(
            principal=request.principal,
            action=request.action,
            resource=request.resource,
            resource_account=request.resource_account,
            context=changed,
        ),
        policies,
    )


def with_statement(case: Json, kind: str, statement: Json) -> Json:
    larger = copy.deepcopy(case)
    larger["policies"].setdefault(kind, []).append({"Version": "2012-10-17", "Statement": statement})
    return larger


@given(SEEDS, st.sampled_from(["identity", "resource", "trust", "boundary", "session", "endpoint"]))
def test_one_more_deny_never_allows(seed: int, kind: str) -> None:
    case, generator = random_case(seed)
    statement = {**generator.statement(kind), "Effect": "Deny"}
    if by_engine(case)[0] == "Denied" and kind in case["policies"]:
        assert by_engine(with_statement(case, kind, statement))[0] == "Denied"


@given(SEEDS, st.sampled_from(["identity", "resource", "trust"]))
def test_one_more_allow_never_denies(seed: int, kind: str) -> None:
    case, generator = random_case(seed)
    before = by_engine(case)
    after = by_engine(with_statement(case, kind, {**generator.statement(kind), "Effect": "Allow"}))
    assert after[1] <= before[1]


@given(SEEDS)
def test_the_order_of_statements_and_policies_does_not_matter(seed: int) -> None:
    case, _ = random_case(seed)
    turned = copy.deepcopy(case)
    random = Random(seed)
    for kind, found in turned["policies"].items():
        for documents in found if kind in LEVELLED else [found]:
            random.shuffle(documents)
            for document in documents:
                if isinstance(document["Statement"], list):
                    random.shuffle(document["Statement"])
    assert by_engine(turned) == by_engine(case)


@given(SEEDS, st.sampled_from(sorted(KEYS)), st.data())
def test_what_is_decided_without_a_key_stays_so_whatever_its_value(seed: int, key: str, data: st.DataObject) -> None:
    """An answer given in ignorance is right for every value, the absent key among them."""
    case, _ = random_case(seed)
    case["request"]["context"] = {k: v for k, v in case["request"]["context"].items() if k.lower() != key.lower()}
    open_ = decide(case, **{key: UNKNOWN})
    known = decide(case, **data.draw(st.sampled_from([{}, *({key: value} for value in KEYS[key])])))
    assert known.effect is not Effect.DEPENDS
    if open_.effect is not Effect.DEPENDS:
        assert known.effect is open_.effect
    assert set(reasons(open_.blocks)) <= set(reasons(known.blocks))
    assert set(reasons(known.blocks)) <= set(reasons((*open_.blocks, *open_.doubtful)))


@given(SEEDS)
def test_an_undecided_request_names_what_it_turns_on(seed: int) -> None:
    case, _ = random_case(seed)
    decision = decide(case, **dict.fromkeys(KEYS, UNKNOWN))
    assert bool(decision.turns) is (decision.effect is Effect.DEPENDS)
    assert all(turn.conditions or turn.resources for turn in decision.turns)


@given(SEEDS)
def test_a_lazy_context_is_the_same_context(seed: int) -> None:
    case, _ = random_case(seed)
    request = request_of(case["request"])
    policies = PolicySet(**{kind: compiled(kind, found) for kind, found in case["policies"].items()})
    plain = {key.lower(): value for key, value in request.context.items()}
    lazy = Context({key: partial(plain.__getitem__, key) for key in plain})
    asked = [
        AccessRequest(
            principal=request.principal,
            action=request.action,
            resource=request.resource,
            resource_account=request.resource_account,
            context=context,
        )
        for context in (plain, lazy)
    ]
    first, second = (evaluate(each, policies) for each in asked)
    assert (first.effect, first.blocks) == (second.effect, second.blocks)


TEXT = st.text("ab*?:.", max_size=12)
PLAIN = st.text("ab:.", max_size=12)


def matches(pattern: str, text: str) -> bool:
    return compile_patterns([pieces_of(pattern)]).match(text)


@given(PLAIN, PLAIN)
def test_a_pattern_without_wildcards_matches_itself_alone(pattern: str, text: str) -> None:
    assert matches(pattern, text) is (pattern == text)


@given(TEXT, PLAIN, PLAIN)
def test_a_star_takes_anything(pattern: str, before: str, text: str) -> None:
    assert matches("*", text)
    assert matches(f"{before}*", before + text)
    assert matches(f"*{before}", text + before)
    if matches(pattern, text):
        assert matches(f"{pattern}*", text + before)
        assert matches(pattern.replace("?", "*"), text)


@given(TEXT, PLAIN)
@example("b*a?b*a", "bcba")
@example("b*a?b*a", "baca")
@example("b*a?b*a", "bcacba")
@example("b*a?b*a", "bcbxa")
@example("*a?b*:*", "a.b:")
@example("*a*", "a")
@example("*?*", "a")
@example("*?a*b*", "aab")
@example("*a?*:*", "ab:")
@example("*??*", "a")
def test_a_pattern_is_the_regular_expression_that_it_looks_like(pattern: str, text: str) -> None:
    parts = [".*" if char == "*" else "." if char == "?" else re.escape(char) for char in pattern]
    assert matches(pattern, text) is (re.fullmatch("".join(parts), text, re.DOTALL) is not None)


@given(TEXT, PLAIN)
def test_stars_beside_each_other_are_one(pattern: str, text: str) -> None:
    assert matches(pattern.replace("*", "***"), text) is matches(pattern, text)


@given(TEXT, PLAIN)
def test_several_patterns_match_where_one_does(pattern: str, text: str) -> None:
    both = compile_patterns([pieces_of(pattern), pieces_of("zz*z?")])
    assert both.match(text) is matches(pattern, text)


@given(TEXT, PLAIN)
def test_a_glob_turned_round_matches_the_text_turned_round(pattern: str, text: str) -> None:
    assert compile_glob(pieces_of(pattern)).match(text) is compile_glob(pieces_of(pattern[::-1])).match(text[::-1])
