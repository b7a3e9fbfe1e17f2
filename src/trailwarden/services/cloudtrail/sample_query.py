"""The catalogue of sample queries, and which of them are near to a phrase.

Nearness is that of the words: each counts the more the fewer samples have it.
"""

import math
import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

__all__ = ["SampleQuery", "nearest", "sample_queries", "words_of"]

_FILE = Path(__file__).parent / "data" / "sample_queries.sql"
_WORD = re.compile(r"[a-z0-9]+")
_HEAD = 2.0
_PLAIN = frozenset(
    _WORD.findall(
        "a about all an and any are as at be been by did do does each ever every find for from get give had has have how i in "
        "into is it its last latest list many me most much my not of often on or our past show so some tell that the their them "
        "then there these they this those time to us was we were what when where which who whom will with would you"
    )
)
_ALIKE: Mapping[str, str] = {
    "auth": "mfa",
    "authentication": "mfa",
    "bucket": "bucket",
    "caller": "user",
    "denial": "deny",
    "denied": "deny",
    "entitie": "user",
    "fail": "error",
    "failed": "error",
    "failure": "error",
    "firewall": "securitygroup",
    "forbidden": "deny",
    "function": "lambda",
    "ip": "addresse",
    "address": "addresse",
    "login": "signin",
    "logon": "signin",
    "multifactor": "mfa",
    "operation": "call",
    "api": "call",
    "event": "call",
    "action": "call",
    "principal": "user",
    "refused": "deny",
    "removed": "delete",
    "deleted": "delete",
    "deletion": "delete",
    "created": "create",
    "changed": "change",
    "changing": "change",
    "modified": "change",
    "updated": "change",
    "throttle": "throttled",
    "throttling": "throttled",
    "unauthorized": "deny",
    "unsuccessful": "error",
}
"""Words that mean the same here."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SampleQuery:
    """A sample: `$EDS_ID` in its statement stands for an event data store."""

    name: str
    about: str
    sql: str


@cache
def sample_queries() -> Sequence[SampleQuery]:
    """All of them, in the order of the file."""
    _, *blocks = _FILE.read_text().split("\n\n")
    found = []
    for block in blocks:
        name, about, *lines = block.strip().splitlines()
        found.append(SampleQuery(name=name[3:], about=about[3:], sql="\n".join(lines)))
    return found


def words_of(text: str) -> Sequence[str]:
    """The words that carry meaning, in one form each."""
    joined = re.sub(r"sign(?:ed|s|ing)?[- ]?ins?\b|log(?:ged|s|ging)?[- ]ins?\b", "signin", text.lower())
    joined = joined.replace("security group", "securitygroup")
    found = (word.removesuffix("s") if len(word) > 3 else word for word in _WORD.findall(joined) if word not in _PLAIN)  # noqa: PLR2004 — `sns` keeps its end
    return [_ALIKE.get(word, word) for word in found]


def nearest(phrase: str) -> Sequence[tuple[SampleQuery, float]]:
    """The samples that have a word of the phrase, nearest first, each with its nearness from 0 to 1."""
    wanted = Counter(words_of(phrase))
    vectors, weights = _vectors()
    asked = {word: count * weights.get(word, max(weights.values())) for word, count in wanted.items()}
    scored = [(sample, _cosine(asked, vector)) for sample, vector in zip(sample_queries(), vectors, strict=True)]
    found = [(sample, round(score, 6)) for sample, score in scored if score > 0]
    return sorted(found, key=lambda pair: (-pair[1], pair[0].name))


@cache
def _vectors() -> tuple[Sequence[Mapping[str, float]], Mapping[str, float]]:
    """Each sample's words with their weights; and the weight of each word."""
    counted = [_counted(sample) for sample in sample_queries()]
    having = Counter(word for words in counted for word in words)
    weights = {word: math.log(1 + len(counted) / count) for word, count in having.items()}
    return [{word: count * weights[word] for word, count in words.items()} for words in counted], weights


def _counted(sample: SampleQuery) -> Mapping[str, float]:
    """The name's words count twice; names of operations and services in the statement once."""
    found: dict[str, float] = {}
    for text, weight in ((sample.name, _HEAD), (sample.about, 1.0), (_literals(sample.sql), 0.5)):
        for word in words_of(text):
            found[word] = found.get(word, 0.0) + weight
    return found


def _literals(sql: str) -> str:
    return " ".join(each.removesuffix(".amazonaws.com") for each in re.findall(r"'([A-Za-z0-9.]+)'", sql))


def _cosine(first: Mapping[str, float], second: Mapping[str, float]) -> float:
    shared = sum(weight * second.get(word, 0.0) for word, weight in first.items())
    return shared / (_length(first.values()) * _length(second.values())) if shared else 0.0


def _length(weights: Iterable[float]) -> float:
    return math.sqrt(sum(weight * weight for weight in weights))
