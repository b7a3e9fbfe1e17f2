"""Wildcard patterns, matched in linear time.

`*` stands for any run of characters, `?` for exactly one, and nothing else is special (a dot is a dot).
https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_resource.html
"""

from collections.abc import Iterable, Mapping, Sequence
from enum import Enum

from trailwarden.policy.value import dataclass

__all__ = ["Glob", "Patterns", "Piece", "Wild", "compile_glob", "compile_patterns", "pieces_of", "plain_text"]


class Wild(Enum):
    """A wildcard in a pattern; every other piece is literal text."""

    ANY = "*"
    ONE = "?"


Piece = str | Wild

_WILDS = {"*": Wild.ANY, "?": Wild.ONE}


def pieces_of(text: str) -> tuple[Piece, ...]:
    """`text` taken apart at its wildcards."""
    if "*" not in text and "?" not in text:
        return (text,) if text else ()
    found: list[Piece] = []
    start = 0
    for index, char in enumerate(text):
        if char in _WILDS:
            if index > start:
                found.append(text[start:index])
            found.append(_WILDS[char])
            start = index + 1
    if start < len(text):
        found.append(text[start:])
    return tuple(found)


def plain_text(pieces: Iterable[Piece]) -> str:
    """The pieces as they were written."""
    return "".join(piece if isinstance(piece, str) else piece.value for piece in pieces)


@dataclass(frozen=True, slots=True)
class _Segment:
    """What stands between two `*`: literal chunks at fixed offsets, any character elsewhere.

    `masks` and `any_mask` serve Shift-And search: bit i is set where the character may stand at place i. They are made
    only for segments of several chunks; all others are found by the string's own search.
    """

    length: int
    chunks: tuple[tuple[int, str], ...]
    masks: Mapping[str, int]
    any_mask: int

    def at(self, text: str, start: int) -> bool:
        """Whether the segment matches at `start`; the caller knows that it fits."""
        for offset, chunk in self.chunks:  # noqa: SIM110 — the hottest loop there is, and `all` takes twice as long
            if not text.startswith(chunk, start + offset):
                return False
        return True

    def find(self, text: str, start: int, end: int) -> int:
        """The first place in text[start:end] where the segment matches, or -1."""
        if start + self.length > end:
            return -1
        if not self.chunks:
            return start
        if len(self.chunks) == 1:
            offset, chunk = self.chunks[0]
            found = text.find(chunk, start + offset, end - (self.length - offset - len(chunk)))
            return found - offset if found >= 0 else -1
        return self._search(text, start, end)

    def _search(self, text: str, start: int, end: int) -> int:
        state, accept = 0, 1 << (self.length - 1)
        for index in range(start, end):
            state = ((state << 1) | 1) & self.masks.get(text[index], self.any_mask)
            if state & accept:
                return index + 1 - self.length
        return -1


def _segment(pieces: Sequence[Piece]) -> _Segment:
    """A segment of neighbouring pieces without `*`."""
    chunks: list[tuple[int, str]] = []
    length = 0
    for piece in pieces:
        if isinstance(piece, str):
            chunks.append((length, piece))
            length += len(piece)
        else:
            length += 1
    if len(chunks) < 2:  # noqa: PLR2004 — one chunk needs no masks
        return _Segment(length, tuple(chunks), {}, 0)
    return _Segment(length, tuple(chunks), *_masks(length, chunks))


def _masks(length: int, chunks: Iterable[tuple[int, str]]) -> tuple[Mapping[str, int], int]:
    """Per character the places where it may stand, and the places where any may.

    Bits are gathered as digits of one string a character, so that a long segment costs no more than its length.
    """
    places: dict[str, list[int]] = {}
    literal = bytearray(length)
    for offset, chunk in chunks:
        for index, char in enumerate(chunk, offset):
            places.setdefault(char, []).append(index)
            literal[index] = 1
    any_mask = _bits((index for index in range(length) if not literal[index]), length)
    return {char: any_mask | _bits(found, length) for char, found in places.items()}, any_mask


def _bits(places: Iterable[int], length: int) -> int:
    """The number with these bits set."""
    digits = bytearray(length // 8 + 1)
    for place in places:
        digits[place >> 3] |= 1 << (place & 7)
    return int.from_bytes(digits, "little")


@dataclass(frozen=True, slots=True)
class Glob:
    """A pattern with wildcards: what it begins with, what follows in this order, what it ends with.

    `tail` is None for a pattern without `*`, whose length is fixed.
    """

    head: _Segment
    middle: tuple[_Segment, ...]
    tail: _Segment | None

    def match(self, text: str) -> bool:
        """Whether the whole of `text` matches. Taking the leftmost place for each segment never misses a match."""
        if self.tail is None:
            return len(text) == self.head.length and self.head.at(text, 0)
        if not self.head.at(text, 0):
            return False
        place, end = self.head.length, len(text) - self.tail.length
        if place > end or not self.tail.at(text, end):
            return False
        for segment in self.middle:
            place = segment.find(text, place, end)
            if place < 0:
                return False
            place += segment.length
        return True


def compile_glob(pieces: Iterable[Piece]) -> Glob:
    """A pattern ready to match."""
    segments: list[list[Piece]] = [[]]
    for piece in pieces:
        if piece is Wild.ANY:
            segments.append([])
        elif isinstance(piece, str) and segments[-1] and isinstance(segments[-1][-1], str):
            segments[-1][-1] += piece
        else:
            segments[-1].append(piece)
    if len(segments) == 1:
        return Glob(_segment(segments[0]), (), None)
    middle = tuple(_segment(segment) for segment in segments[1:-1] if segment)
    return Glob(_segment(segments[0]), middle, _segment(segments[-1]))


@dataclass(frozen=True, slots=True)
class Patterns:
    """Several patterns, of which one must match; the common shapes are told apart when compiled.

    `beginnings` are the texts before the first wildcard of each glob: most texts that no glob matches begin otherwise.
    """

    everything: bool
    exact: frozenset[str]
    prefixes: tuple[str, ...]
    beginnings: tuple[str, ...]
    globs: tuple[Glob, ...]

    def match(self, text: str) -> bool:
        """Whether any of the patterns matches the whole of `text`."""
        if self.everything or text in self.exact or text.startswith(self.prefixes):
            return True
        if text.startswith(self.beginnings):
            for glob in self.globs:
                if glob.match(text):
                    return True
        return False


def compile_patterns(patterns: Iterable[Sequence[Piece]]) -> Patterns:
    """Patterns ready to match."""
    everything = False
    exact: set[str] = set()
    prefixes: list[str] = []
    globs: list[Glob] = []
    beginnings: set[str] = set()
    for pieces in patterns:
        wild = [piece for piece in pieces if isinstance(piece, Wild)]
        if not wild:
            exact.add(plain_text(pieces))
        elif wild == [Wild.ANY] and pieces[-1] is Wild.ANY:
            prefix = plain_text(pieces[:-1])
            everything = everything or not prefix
            prefixes.append(prefix)
        else:
            globs.append(compile_glob(pieces))
            beginnings.add(pieces[0] if isinstance(pieces[0], str) else "")
    return Patterns(everything, frozenset(exact), tuple(prefixes), tuple(sorted(beginnings)), tuple(globs))
