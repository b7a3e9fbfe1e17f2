"""Whether some text matches two patterns at once."""

from trailwarden.policy.pattern import Piece, Wild, pieces_of

__all__ = ["overlap"]

_ARN_COLONS = 5
_LENGTH_MAX = 256
"""Longer patterns are taken to overlap: the work is the product of the lengths."""


def overlap(template: str, pattern: str) -> bool:
    """Whether an ARN of the template (`arn:${Partition}:s3:::${BucketName}`) can match a policy's pattern.

    Variables stand for any text on either side, but not over one of the first five colons.
    """
    ours, theirs = template.split(":"), pattern.split(":")
    for _ in range(_ARN_COLONS):
        if len(theirs) == 1 or "*" in theirs[0] or "${" in theirs[0]:
            break
        if not _meet(ours.pop(0), theirs.pop(0)):
            return False
    return _meet(":".join(ours), ":".join(theirs))


def _meet(template: str, pattern: str) -> bool:
    one, other = _units(template), _units(pattern)
    if len(other) > _LENGTH_MAX:
        return True
    reached = _closed({0}, other)
    for unit in one:
        if unit is Wild.ANY:
            reached = _closed(set(range(min(reached, default=len(other) + 1), len(other) + 1)), other)
        else:
            reached = _closed(_after(unit, reached, other), other)
    return len(other) in reached


def _units(text: str) -> list[Piece]:
    """One unit a character or wildcard."""
    while (opening := text.find("${")) >= 0 and (closing := text.find("}", opening)) >= 0:
        text = f"{text[:opening]}*{text[closing + 1 :]}"
    units: list[Piece] = []
    for piece in pieces_of(text):
        units.extend(piece if isinstance(piece, str) else (piece,))
    return units


def _closed(places: set[int], units: list[Piece]) -> set[int]:
    """The places and those behind `*`, which may stand for nothing."""
    found = set(places)
    for place in sorted(places):
        while place < len(units) and units[place] is Wild.ANY:
            place += 1  # noqa: PLW2901
            found.add(place)
    return found


def _after(unit: Piece, places: set[int], units: list[Piece]) -> set[int]:
    """Where one goes on from `places` having taken a character that `unit` allows."""
    found: set[int] = set()
    for place in places:
        if place < len(units):
            wanted = units[place]
            if wanted is Wild.ANY:
                found.add(place)
            elif wanted == unit or isinstance(wanted, Wild) or isinstance(unit, Wild):
                found.add(place + 1)
    return found
