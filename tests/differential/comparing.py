"""Both evaluators on the same cases, and the smallest case on which they differ."""

import copy
import dataclasses
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from tests.differential.generator import Generator
from tests.differential.naive import Answer, decide
from tests.unit.policy.cases import LAYERS, LEVELLED, PRINCIPALS, reasons, request_of

from trailwarden.policy import Policy, PolicySet, Source, compile_policy, evaluate

Json = dict[str, Any]


@dataclass(slots=True)
class Found:
    """How often each effect came out, and the first difference, made small."""

    effects: Counter[str] = field(default_factory=Counter)
    difference: Json | None = None


def compare(seed: int, cases: int) -> Found:
    """`cases` random cases from one seed, up to the first difference."""
    generator, found = Generator(seed), Found()
    for _ in range(cases):
        case = generator.case()
        answer = by_engine(case)
        found.effects[answer[0]] += 1
        if answer != by_naive(case):
            found.difference = described(shrunk(case))
            break
    return found


def by_naive(case: Json) -> Answer:
    principal = dataclasses.asdict(PRINCIPALS[case["request"]["principal"]])
    return decide(case["request"], {**principal, "kind": principal["kind"].value}, case["policies"])


def by_engine(case: Json) -> Answer:
    policies = PolicySet(**{kind: compiled(kind, found) for kind, found in case["policies"].items()})
    decision = evaluate(request_of(case["request"]), policies)
    return str(decision.effect), frozenset(reasons(decision.blocks))


def compiled(kind: str, found: list[Any]) -> tuple[Any, ...]:
    if kind in LEVELLED:
        return tuple(tuple(one(kind, document) for document in level) for level in found)
    return tuple(one(kind, document) for document in found)


def one(kind: str, document: Json) -> Policy:
    return compile_policy(document, Source(layer=LAYERS[kind], id=kind))


def described(case: Json) -> Json:
    engine, naive = by_engine(case), by_naive(case)
    return {
        "case": case,
        "engine": [engine[0], *sorted(engine[1])],
        "naive": [naive[0], *sorted(naive[1])],
    }


def shrunk(case: Json) -> Json:
    """The case with everything left out that the difference does not need."""
    for smaller in smaller_cases(case):
        if by_engine(smaller) != by_naive(smaller):
            return shrunk(smaller)
    return case


def smaller_cases(case: Json) -> Iterator[Json]:
    for kind in list(case["policies"]):
        yield without(case, "policies", kind)
    for key in list(case["request"]["context"]):
        yield without(case, "request", "context", key)
    for path in list(deletable(case["policies"], ("policies",))):
        yield without(case, *path)


def deletable(value: Any, path: tuple[Any, ...]) -> Iterator[tuple[Any, ...]]:
    """The places of list members and of conditions."""
    if isinstance(value, list):
        for index, each in enumerate(value):
            if len(value) > 1 or path[-1] not in {"Statement", "Action", "Resource", "NotAction", "NotResource"}:
                yield (*path, index)
            yield from deletable(each, (*path, index))
    elif isinstance(value, dict):
        for key, each in value.items():
            if key == "Condition" or "Condition" in path:
                yield (*path, key)
            yield from deletable(each, (*path, key))


def without(case: Json, *path: Any) -> Json:
    smaller = copy.deepcopy(case)
    place: Any = smaller
    for step in path[:-1]:
        place = place[step]
    del place[path[-1]]
    return smaller
