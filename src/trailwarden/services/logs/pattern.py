"""Filter patterns: terms, space-delimited fields, JSON selectors.

https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/FilterAndPatternSyntax.html
"""

from collections.abc import Callable, Mapping
from functools import lru_cache

from trailwarden.services.logs.pattern_fields import compile_fields
from trailwarden.services.logs.pattern_json import compile_json
from trailwarden.services.logs.pattern_values import InvalidPattern, contains
from trailwarden.services.logs.pattern_words import Words

__all__ = ["Matches", "compile_pattern"]

Matches = Callable[[str], Mapping[str, str] | None]
"""What a pattern takes from a message that it matches (by name: `$.errorCode`, `$status`), None where it does not match."""

_NOTHING: Mapping[str, str] = {}


@lru_cache(maxsize=256)
def compile_pattern(text: str) -> Matches:
    """The pattern as a function. An empty one matches every message. InvalidPattern."""
    stripped = text.strip()
    if not stripped:
        return lambda _: _NOTHING
    if stripped.startswith("{"):
        return compile_json(stripped)
    if stripped.startswith("["):
        return compile_fields(stripped)
    return _terms(stripped)


def _terms(text: str) -> Matches:
    """All plain terms and none of those with `-`; those with `?` count only where there are no others, and one is enough.

    https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/FilterAndPatternSyntax.html#matching-terms-unstructured-log-events
    """
    wanted: list[Callable[[str], bool]] = []
    unwanted: list[Callable[[str], bool]] = []
    optional: list[Callable[[str], bool]] = []
    words = Words(text)
    while not words.ended:
        mark = words.take("-", "?")
        group = {"-": unwanted, "?": optional}.get(mark, wanted)
        group.append(_term(words))
    if not wanted and not unwanted:
        wanted = [lambda message: any(each(message) for each in optional)]

    def matches(message: str) -> Mapping[str, str] | None:
        fits = all(each(message) for each in wanted) and not any(each(message) for each in unwanted)
        return _NOTHING if fits else None

    return matches


def _term(words: Words) -> Callable[[str], bool]:
    kind, text = words.term()
    if kind == "regex":
        return contains(text)
    if not text:
        raise InvalidPattern(reason="Invalid filter pattern: empty term")
    return lambda message: text in message
