"""Event history: management and Insights events of the last 90 days, newest first.

https://docs.aws.amazon.com/awscloudtrail/latest/APIReference/API_LookupEvents.html
"""

import base64
import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import msgspec

from trailwarden.storage.ports import Entry, Journal, Lookup

__all__ = ["RETENTION", "InvalidToken", "Page", "Question", "lookup_events"]

RETENTION = 90 * 86_400.0
"""How far back the history goes, in seconds."""

_MOST = 50


class InvalidToken(Exception):
    """The token is none of ours, or belongs to another question."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """What is looked up; times are seconds since the epoch. `attribute` is a LookupAttribute key, "" for none."""

    account: str
    region: str
    start: float
    end: float
    category: str = "Management"
    attribute: str = ""
    value: str = ""


@dataclass(frozen=True, slots=True)
class Page:
    """Events as LookupEvents answers them, and where the next page starts ("" after the last)."""

    events: Sequence[dict[str, Any]]
    next_token: str = ""


class _Token(msgspec.Struct, frozen=True, array_like=True):
    """Where a page ended: the range of time (fixed by the first page), the last event, and whose question it is."""

    start: float
    end: float
    time: float
    seq: int
    question: str


def lookup_events(journal: Journal, question: Question, *, limit: int = _MOST, token: str = "", now: float) -> Page:
    """One page of the answer. Raises InvalidToken.

    The range of time of the first page holds for all: with ends that default to now, a later page would else differ.
    """
    before = None
    start, end = max(question.start, now - RETENTION), question.end
    if token:
        after = _opened(token, question)
        start, end, before = max(after.start, now - RETENTION), after.end, (after.time, after.seq)
    limit = max(1, min(limit, _MOST))
    found = journal.lookup(
        Lookup(
            account=question.account,
            region=question.region,
            start=start,
            end=end,
            limit=limit + 1,
            category=question.category,
            attribute=question.attribute,
            value=question.value,
            before=before,
        )
    )
    shown = found[:limit]
    if len(found) <= limit:
        return Page([_event(entry) for _, entry in shown])
    seq, last = shown[-1]
    next_token = _sealed(_Token(start, end, last.time, seq, _mark(question)))
    return Page([_event(entry) for _, entry in shown], next_token)


def _event(entry: Entry) -> dict[str, Any]:
    """https://docs.aws.amazon.com/awscloudtrail/latest/APIReference/API_Event.html."""
    told = {"Username": entry.username, "AccessKeyId": entry.access_key}
    return {
        "EventId": entry.event_id,
        "EventName": entry.name,
        "ReadOnly": "true" if entry.read_only else "false",
        "EventTime": datetime.fromtimestamp(int(entry.time), UTC),
        "EventSource": entry.source,
        **{member: value for member, value in told.items() if value},
        "Resources": [{"ResourceType": kind, "ResourceName": name} for kind, name in entry.resources],
        "CloudTrailEvent": entry.record.decode(),
    }


def _mark(question: Question) -> str:
    """What a question is known by: everything but its range of time, which may move with the clock."""
    parts = (question.account, question.region, question.category, question.attribute, question.value)
    return hashlib.sha256(msgspec.json.encode(parts)).hexdigest()[:32]


def _sealed(token: _Token) -> str:
    return base64.urlsafe_b64encode(msgspec.json.encode(token)).decode()


def _opened(token: str, question: Question) -> _Token:
    try:
        opened = msgspec.json.decode(base64.urlsafe_b64decode(token.encode()), type=_Token)
    except (ValueError, msgspec.DecodeError) as error:
        raise InvalidToken from error
    if opened.question != _mark(question):
        raise InvalidToken
    return opened
