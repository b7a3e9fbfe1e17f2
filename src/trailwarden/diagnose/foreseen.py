"""A replay's result for people and as data."""

from collections.abc import Iterator
from typing import Any

from trailwarden.arn import Arn
from trailwarden.diagnose.shift import ShiftKind
from trailwarden.diagnose.tally import Fate, Seen, Tally

__all__ = ["foreseen_data", "foreseen_text"]

_WIDTH = 100
_FEW = 3
_PARTS: tuple[tuple[ShiftKind, str, int], ...] = (
    ("denied", "Would be denied", 1_000),
    ("allowed", "Would be allowed", 1_000),
    ("unknown", "Not known", 20),
    ("contradicted", "Decided otherwise than recorded, before and after", _FEW),
)
"""Each fate with its heading, and how many of its groups people are shown."""


def foreseen_text(tally: Tally) -> str:
    """The first line says what changes; then the groups, most calls first."""
    return "\n".join((_headline(tally), *_told(tally), *_counted(tally)))


def _headline(tally: Tally) -> str:
    denied, allowed = tally.total("denied"), tally.total("allowed")
    if not denied and not allowed:
        return f"None of {tally.judged:,} recorded calls would be decided otherwise."
    parts = [f"{count:,} would be {word}" for count, word in ((denied, "denied"), (allowed, "allowed")) if count]
    return f"Of {tally.judged:,} recorded calls, {' and '.join(parts)}."


def _told(tally: Tally) -> Iterator[str]:
    for kind, heading, most in _PARTS:
        groups = tally.of(kind)
        if not groups:
            continue
        yield f"\n{heading}: {tally.total(kind):,}"
        for group, seen in groups[:most]:
            yield from _group(group, seen)
        if len(groups) > most:
            yield f"  … and {len(groups) - most:,} more kinds; --json lists all"


def _group(group: Fate, seen: Seen) -> Iterator[str]:
    yield f"  {seen.count:>8,}  {_principal(group.principal)}  {group.action}"
    for line in _wrapped(group.reason.text):
        yield f"            {line}"
    yield f"            for instance event {seen.first[1] or 'without an id'} of {seen.first[0] or 'unknown time'}"
    for resource in sorted(seen.resources)[:1]:
        yield f"            on {resource if len(resource) < _WIDTH - 15 else resource[: _WIDTH - 16] + '…'}"


def _principal(arn: str) -> str:
    parsed = Arn.parse(arn)
    return f"{parsed.type} {parsed.name}" if parsed is not None and parsed.type else arn


def _wrapped(text: str, room: int = _WIDTH - 12) -> Iterator[str]:
    line = ""
    for word in text.split():
        if line and len(line) + len(word) >= room:
            yield line
            line = word
        else:
            line = f"{line} {word}" if line else word
    yield line


def _counted(tally: Tally) -> Iterator[str]:
    if tally.others:
        yield f"\n{tally.others:,} events tell nothing of permissions: they failed for other reasons, or are no API calls."
    if tally.wrong:
        yield f"{tally.wrong:,} records are no events."


def foreseen_data(tally: Tally) -> dict[str, Any]:
    """All groups, with what makes the difference and an example."""
    counts = {"judged": tally.judged, "others": tally.others, "unreadable": tally.wrong}
    totals = {kind: tally.total(kind) for kind, _, _ in _PARTS}
    return {**counts, "totals": totals, **{kind: [_data(*pair) for pair in tally.of(kind)] for kind, _, _ in _PARTS}}


def _data(group: Fate, seen: Seen) -> dict[str, Any]:
    reason = group.reason
    statement = {"layer": reason.layer, "policy": reason.policy, "statement": reason.statement}
    return {
        "principal": group.principal,
        "action": group.action,
        "count": seen.count,
        "reason": reason.text,
        **{key: value for key, value in statement.items() if value},
        "resources": sorted(seen.resources),
        "example": {"eventTime": seen.first[0], "eventID": seen.first[1]},
    }
