"""Whatever a record holds, its JSON is whole and at most 256 KB."""

import json
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from trailwarden.events.cut import LARGEST, bounded, shortened

TEXT = st.builds(lambda text, times: text * times, st.text(min_size=1, max_size=8), st.integers(0, 20_000))
VALUE = st.recursive(
    TEXT | st.none() | st.booleans() | st.integers(-(2**53), 2**53),
    lambda inner: st.lists(inner, max_size=6) | st.dictionaries(st.text(max_size=8), inner, max_size=6),
    max_leaves=12,
)
FIELDS = (
    "requestParameters",
    "responseElements",
    "additionalEventData",
    "resources",
    "userIdentity",
    "userAgent",
    "errorMessage",
    "tlsDetails",
    "eventName",
    "requestID",
)
RECORDS = st.fixed_dictionaries(dict.fromkeys(FIELDS, VALUE) | {"eventID": st.just("id")})


@given(RECORDS)
@settings(max_examples=150, deadline=None)
def test_a_record_is_bounded_and_whole(record: dict[str, Any]) -> None:
    data = bounded(record)
    assert len(data) <= LARGEST
    read = json.loads(data)
    assert read["eventID"] == "id"
    assert set(read) <= set(record)
    assert len(json.dumps(read["requestParameters"], ensure_ascii=False, separators=(",", ":")).encode()) <= 100 * 1024


@given(RECORDS)
@settings(max_examples=50, deadline=None)
def test_what_fits_is_untouched(record: dict[str, Any]) -> None:
    small = {name: value for name, value in record.items() if len(json.dumps(value)) < 2_000}
    assert json.loads(bounded(small)) == small


@given(st.text(max_size=3_000))
def test_texts_are_at_most_a_kilobyte(text: str) -> None:
    short = shortened(text)
    assert len(short.encode()) <= 1_024
    assert short == text or (short.endswith("...") and text.startswith(short[:-3]))
