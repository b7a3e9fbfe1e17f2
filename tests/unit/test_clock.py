"""Ids that chance makes."""

import uuid

from hypothesis import given
from hypothesis import strategies as st

from trailwarden.clock import Chance

TIMES = st.floats(min_value=0, max_value=4e9)


@given(time=TIMES, digits=st.binary(min_size=10, max_size=10))
def test_a_timely_uuid_is_one_of_version_7_and_of_its_time(time: float, digits: bytes) -> None:
    made = uuid.UUID(Chance(lambda _: digits).timely_uuid(time))
    assert (made.version, made.variant) == (7, uuid.RFC_4122)
    assert made.int >> 80 == int(time * 1000)


@given(times=st.lists(TIMES, min_size=2, max_size=2).filter(lambda two: abs(two[0] - two[1]) > 0.002))
def test_timely_uuids_sort_as_their_times(times: list[float]) -> None:
    chance = Chance()
    made = [chance.timely_uuid(time) for time in sorted(times)]
    assert made == sorted(made)


def test_no_two_of_a_moment_are_the_same() -> None:
    chance = Chance()
    assert len({chance.timely_uuid(1.0) for _ in range(1000)}) == 1000
