import re

import pytest

from trailwarden.policy.pattern import compile_glob, compile_patterns, pieces_of

LETTERS = "abcdefghijklmnopqrstuvwxyz"


@pytest.mark.parametrize("length", [2, 7, 8, 9, 15, 16, 17, 24, 25])
@pytest.mark.parametrize("hole", [1, 3, 7, 8, 12])
def test_a_long_segment_with_a_hole_is_found_where_it_stands(length: int, hole: int) -> None:
    """Places of a segment are bits of a number; beyond eight they lie in several octets."""
    segment = LETTERS[:length]
    if hole >= length - 1:
        hole = length // 2
    pattern = f"*{segment[:hole]}?{segment[hole + 1 :]}*"
    expression = re.compile(pattern.replace("*", ".*").replace("?", "."))
    texts = [
        segment,
        "x" + segment + "y",
        segment[:hole] + "!" + segment[hole + 1 :],
        segment[:-1],
        segment[1:],
        segment * 2,
    ]
    texts += [segment[:place] + "!" + segment[place + 1 :] for place in range(length)]
    texts += [segment[:place] + segment for place in range(length)]
    glob = compile_glob(pieces_of(pattern))
    for text in texts:
        assert glob.match(text) is (expression.fullmatch(text) is not None), (pattern, text)


@pytest.mark.parametrize(
    ("patterns", "inside", "outside"),
    [
        (["a*b", "c?d"], ["ab", "axb", "cxd"], ["cd", "ba", "", "xab", "c"]),
        (["?b", "a*b"], ["ab", "xb", "aab"], ["b", "xxb"]),
        (["*b", "a?"], ["b", "xb", "ax"], ["a", "x"]),
        (["a", "b*"], ["a", "b", "bx"], ["ax", "xb", ""]),
        ([""], [""], ["a"]),
        ([], [], ["", "a"]),
        (["**"], ["", "a"], []),
        (["*a?*"], ["ab", "xab", "aa"], ["a", "xa", "ba"]),
        (["*a??*"], ["abc"], ["a", "ab", "xab"]),
        (["*?a*"], ["xa", "aa"], ["a", "ab"]),
        (["*?a?*"], ["xay"], ["xa", "ay", "a"]),
        (["*a?*b*"], ["axb", "a?b"], ["ab"]),
        (["*a?*b"], ["axb"], ["ab", "a"]),
        (["a**"], ["a", "ab"], ["", "b"]),
    ],
)
def test_one_of_several_patterns_is_enough(patterns: list[str], inside: list[str], outside: list[str]) -> None:
    found = compile_patterns([pieces_of(each) for each in patterns])
    assert [text for text in (*inside, *outside) if found.match(text)] == inside
