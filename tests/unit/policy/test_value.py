import copy
import dataclasses
import pickle

import msgspec
import pytest

from trailwarden.policy import Layer, Principal, PrincipalKind, Source
from trailwarden.policy.value import dataclass, field, replace


@dataclass(frozen=True, slots=True)
class Point:
    """A place."""

    x: int
    y: int = 0

    def far(self) -> bool:
        return self.x > 10


@dataclass(frozen=True, slots=True, kw_only=True)
class Box:
    """Things in a place."""

    at: Point
    things: dict[str, int] = field(default_factory=dict, compare=False)
    note: str = field(default="", repr=False)


def test_values_are_made_by_place_by_name_and_by_default() -> None:
    assert (Point(1).y, Point(1, y=2).y, Point(11).far()) == (0, 2, True)
    first, second = Box(at=Point(1)), Box(at=Point(1))
    assert (first.things, first.note) == ({}, "")
    assert first.things is not second.things
    assert Box(at=Point(1), things={"a": 1}).things == {"a": 1}
    with pytest.raises(TypeError, match="missing"):
        Point()  # type: ignore[call-arg]
    with pytest.raises(TypeError, match="positional"):
        Box(Point(1))  # type: ignore[call-arg]


def test_values_are_compared_by_kind_and_by_what_counts() -> None:
    assert Point(1) == Point(1, 0)
    assert Point(1) != Point(2)
    other: object = (1, 0)
    assert Point(1) != other
    assert Box(at=Point(1), things={"a": 1}) == Box(at=Point(1))
    assert len({Box(at=Point(1), things={"a": 1}), Box(at=Point(1)), Box(at=Point(1), note="x")}) == 2


def test_values_are_frozen_and_have_no_room_for_more() -> None:
    point = Point(1)
    for name in ("x", "z"):
        with pytest.raises(AttributeError, match="is frozen"):
            setattr(point, name, 2)
    with pytest.raises(AttributeError, match="is frozen"):
        del point.x
    assert (point, hasattr(point, "__dict__")) == (Point(1), False)
    assert Point.__init__.__qualname__ == "Point.__init__"


def test_values_must_be_said_to_be_frozen() -> None:
    for said in ({"frozen": False, "slots": True}, {"frozen": True, "slots": False}):
        with pytest.raises(TypeError, match="frozen"):
            dataclass(**said)


def test_values_show_themselves() -> None:
    assert repr(Box(at=Point(1), note="long")) == "Box(at=Point(x=1, y=0), things={})"
    match Point(1, 2):
        case Point(x, y):
            assert (x, y) == (1, 2)


def test_values_can_be_copied_and_kept() -> None:
    source = Source(layer=Layer.IDENTITY, id="ReadTrails", inline=True)
    assert pickle.loads(pickle.dumps(source)) == copy.deepcopy(source) == copy.copy(source) == source
    assert replace(source, id="Other") == Source(layer=Layer.IDENTITY, id="Other", inline=True)
    with pytest.raises(TypeError, match="unexpected"):
        replace(source, other=1)  # type: ignore[call-arg]


def test_the_standard_library_and_msgspec_take_values_for_dataclasses() -> None:
    box = Box(at=Point(1), things={"a": 1})
    assert dataclasses.is_dataclass(box)
    assert [each.name for each in dataclasses.fields(box)] == ["at", "things", "note"]
    assert dataclasses.replace(box, note="x").note == "x"
    assert dataclasses.asdict(box) == {"at": {"x": 1, "y": 0}, "things": {"a": 1}, "note": ""}
    caller = Principal(
        kind=PrincipalKind.USER, account="123456789012", arn="arn:aws:iam::123456789012:user/mateojackson"
    )
    assert msgspec.json.decode(msgspec.json.encode(caller), type=Principal) == caller
