"""Words that tell a cause by themselves, and the ways out behind them."""

import re
from dataclasses import dataclass

from trailwarden.diagnose.remedy import Remedy

__all__ = ["Saying", "saying"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Saying:
    """Words, the cause behind them and the ways out; `{name}` takes what the words hold, `{region}` what the event tells.

    A `whole` one speaks for a text without AWS's sentence only: where that names an action, the policies are asked.
    """

    words: re.Pattern[str]
    cause: str
    ways: tuple[tuple[Remedy, str, str], ...]
    whole: bool = False


def saying(words: str, cause: str, *ways: tuple[Remedy, str] | tuple[Remedy, str, str], whole: bool = False) -> Saying:
    """One row. Each way out has its kind, its title and, at times, who must agree."""
    filled = tuple((way[0], way[1], way[2] if len(way) == 3 else "") for way in ways)  # noqa: PLR2004 — with its approver
    return Saying(words=re.compile(words, re.IGNORECASE | re.DOTALL), cause=cause, ways=filled, whole=whole)
