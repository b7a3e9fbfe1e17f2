"""Condition operators as a table: how one value of a policy is compared with one value of the request.

https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_condition_operators.html

A negated operator has the test of its positive twin and turns the answer round, so that several values of it mean "none
of these" and an absent key makes it true. `…IfExists` and the set qualifiers stand above this table, in `condition.py`.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import partial

from trailwarden.policy.pattern import Glob, Piece, Wild, compile_glob, compile_patterns, plain_text
from trailwarden.policy.value import dataclass

__all__ = ["OPERATORS", "Operator", "Test"]

Test = Callable[[str], bool]
"""Whether one value of the request matches any of the policy's values."""

_Compile = Callable[[Sequence[tuple[Piece, ...]]], Test]

_ARN_PARTS = 6


@dataclass(frozen=True, slots=True, kw_only=True)
class Operator:
    """A condition operator. `variables` tells whether policy variables are resolved in its values."""

    name: str
    compile: _Compile
    negated: bool = False
    variables: bool = False


def _string_equals(values: Sequence[tuple[Piece, ...]]) -> Test:
    return frozenset(map(plain_text, values)).__contains__


def _ignoring_case(values: Sequence[tuple[Piece, ...]]) -> Test:
    wanted = frozenset(plain_text(value).casefold() for value in values)
    return lambda got: got.casefold() in wanted


def _like(values: Sequence[tuple[Piece, ...]]) -> Test:
    return compile_patterns(values).match


def _bool(values: Sequence[tuple[Piece, ...]]) -> Test:
    wanted = frozenset(plain_text(value).lower() for value in values) & {"true", "false"}
    return lambda got: got.lower() in wanted


def _measured(name: str, values: Sequence[tuple[Piece, ...]]) -> Test:
    """Numbers, dates, addresses and octets; their module costs a third of this package's import and comes late."""
    from trailwarden.policy.measures import TESTS  # noqa: PLC0415

    return TESTS[name]([plain_text(value) for value in values])


def _arn_globs(value: Iterable[Piece]) -> tuple[Glob, ...] | None:
    """One pattern for each of the six components, or None where there are fewer."""
    parts: list[list[Piece]] = [[]]
    for piece in value:
        if isinstance(piece, Wild):
            parts[-1].append(piece)
            continue
        words = piece.split(":", _ARN_PARTS - len(parts))
        parts[-1].append(words[0])
        parts.extend([word] for word in words[1:])
    if len(parts) != _ARN_PARTS:
        return None
    return tuple(compile_glob(part) for part in parts)


def _arn_like(values: Sequence[tuple[Piece, ...]]) -> Test:
    """ARNs component for component: a wildcard does not reach over the first five colons. ArnEquals does the same."""
    patterns = tuple(globs for value in values if (globs := _arn_globs(value)) is not None)

    def test(got: str) -> bool:
        parts = got.split(":", _ARN_PARTS - 1)
        if len(parts) != _ARN_PARTS or parts[0] != "arn":
            return False
        return any(all(glob.match(part) for glob, part in zip(globs, parts, strict=True)) for globs in patterns)

    return test


def _pair(positive: str, negative: str, compiler: _Compile, *, variables: bool = False) -> Iterable[Operator]:
    yield Operator(name=positive, compile=compiler, variables=variables)
    yield Operator(name=negative, compile=compiler, variables=variables, negated=True)


def _ordered(kind: str) -> Iterable[Operator]:
    yield from _pair(f"{kind}Equals", f"{kind}NotEquals", partial(_measured, f"{kind}Equals"))
    for order in ("LessThan", "LessThanEquals", "GreaterThan", "GreaterThanEquals"):
        yield Operator(name=kind + order, compile=partial(_measured, kind + order))


OPERATORS: Mapping[str, Operator] = {
    operator.name.lower(): operator
    for operator in (
        *_pair("StringEquals", "StringNotEquals", _string_equals, variables=True),
        *_pair("StringEqualsIgnoreCase", "StringNotEqualsIgnoreCase", _ignoring_case, variables=True),
        *_pair("StringLike", "StringNotLike", _like, variables=True),
        *_ordered("Numeric"),
        *_ordered("Date"),
        Operator(name="Bool", compile=_bool),
        Operator(name="BinaryEquals", compile=partial(_measured, "BinaryEquals")),
        *_pair("IpAddress", "NotIpAddress", partial(_measured, "IpAddress")),
        *_pair("ArnEquals", "ArnNotEquals", _arn_like, variables=True),
        *_pair("ArnLike", "ArnNotLike", _arn_like, variables=True),
    )
}
"""By name in lower case. `Null` is not among them: it asks only whether the key is there."""
