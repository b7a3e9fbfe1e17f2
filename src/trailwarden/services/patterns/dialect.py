"""What the two services that have such patterns make of them: EventBridge's event patterns, SNS's filter policies."""

from dataclasses import dataclass

__all__ = ["EVENTS", "MESSAGES", "Dialect"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Dialect:
    """Operators beside those that both have, and bounds of numbers. `inside` are those that `anything-but` can hold."""

    operators: frozenset[str]
    inside: frozenset[str]
    affix_in_any_case: bool
    affix_words: str
    number_max: float


_BOTH = frozenset({"prefix", "suffix", "anything-but", "numeric", "exists", "cidr", "equals-ignore-case"})

EVENTS = Dialect(
    operators=_BOTH | {"wildcard"},
    inside=frozenset({"prefix", "suffix", "equals-ignore-case", "wildcard"}),
    affix_in_any_case=True,
    affix_words="prefix/suffix match pattern must be a string",
    number_max=5e9,
)
"""https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-create-pattern-operators.html."""

MESSAGES = Dialect(
    operators=_BOTH,
    inside=frozenset({"prefix"}),
    affix_in_any_case=False,
    affix_words="prefix match pattern must be a string",
    number_max=1e9,
)
"""https://docs.aws.amazon.com/sns/latest/dg/attribute-key-matching.html."""
