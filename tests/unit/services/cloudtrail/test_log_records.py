"""The events in a log file, whatever it is written like."""

import gzip
import json

import pytest

from trailwarden.services.cloudtrail.log_records import moment_of, records_in, unpacked

EVENT = {"eventName": "CreateUser", "eventTime": "2026-01-02T03:04:05Z", "eventID": "1"}
TEXT = json.dumps(EVENT).encode()
TWO = b'{"Records": [' + TEXT + b", " + TEXT + b"]}"


@pytest.mark.parametrize(
    ("content", "count"),
    [
        (TWO, 2),
        (b'{"Records": []}', 0),
        (b'\xef\xbb\xbf{"Records": [' + TEXT + b"]}", 1),
        (b"[" + TEXT + b"]", 1),
        (TEXT, 1),
        (TEXT + b"\n\n" + TEXT + b"\n", 2),
        (b'{"Records": [{"eventName": "\xff", "eventName": "twice"}]}', 1),
        (b'{"other": {"Records": 1}, "Records": [' + TEXT + b"]}", 1),
    ],
)
def test_each_event_is_found(content: bytes, count: int) -> None:
    assert len(records_in(content)) == count


DEEP = b'{"eventName": "CreateUser", "deep": ' + b"[" * 100_000 + b"]" * 100_000 + b"}"


@pytest.mark.parametrize(
    "content",
    [
        DEEP,
        b"[" * 100_000,
        b'{"Records": [' + DEEP + b"]}",
        TEXT + b"\n" + DEEP,
        b"",
        b"{",
        b"null",
        b"1",
        b'{"digestStartTime": 1}',
        b'{"Records": 1}',
        TEXT + b"\nother",
        b"<xml/>",
    ],
)
def test_what_holds_no_events_is_refused(content: bytes) -> None:
    with pytest.raises(ValueError, match=r"."):
        records_in(content)


def test_an_event_keeps_its_bytes() -> None:
    assert records_in(TWO) == [TEXT, TEXT]
    assert moment_of(TEXT) == EVENT["eventTime"]
    assert moment_of(b"[1]") == ""


def test_gzip_is_taken_whole_or_not_at_all() -> None:
    packed = gzip.compress(TEXT)
    assert unpacked(packed + packed) == TEXT + TEXT
    assert unpacked(TEXT) == TEXT
    for spoilt in (packed[:-4], packed + b"more", packed[:20]):
        with pytest.raises(ValueError, match=r"."):
            unpacked(spoilt)
