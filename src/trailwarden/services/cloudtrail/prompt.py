"""From an English prompt to a statement, by rule: every word must be understood, or there is none.

A prompt asks for a list, a number, or a ranking of events. It may tell a time, a service, an operation, a user, an outcome.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cache

from trailwarden import wire
from trailwarden.services.cloudtrail.sample_query import nearest, words_of

__all__ = ["statement_for"]

_NEAR = 0.55
_UNCLEAR = "unclear"
_LISTED = 100
_RANKED = 10
_MOST = 1_000
_DENIED = "(errorCode LIKE '%AccessDenied%' OR errorCode LIKE '%UnauthorizedOperation%')"
_SIGN_IN = "eventName = 'ConsoleLogin'"
_SIGN_IN_FAILED = f"{_SIGN_IN} AND element_at(responseElements, 'ConsoleLogin') = 'Failure'"
_NO_MFA = "element_at(additionalEventData, 'MFAUsed') = 'No'"

_DIMENSIONS: Mapping[str, tuple[str, str]] = {
    r"users?|callers?|principals?|identities|roles?|who|people": ("userIdentity.arn", "caller"),
    r"services?": ("eventSource", "eventSource"),
    r"errors?|error codes?|failures": ("errorCode", "errorCode"),
    r"regions?": ("awsRegion", "awsRegion"),
    r"(?:source )?(?:ip )?address(?:es)?|ips?": ("sourceIPAddress", "sourceIPAddress"),
    r"accounts?": ("recipientAccountId", "recipientAccountId"),
    r"user agents?|tools?": ("userAgent", "userAgent"),
    r"api calls|calls|events|actions|operations|apis": ("eventName", "eventName"),
}
_CONDITIONS: Mapping[str, str] = {
    r"(?:failed|unsuccessful) {login}": _SIGN_IN_FAILED,
    r"{login} (?:failures|failed)": _SIGN_IN_FAILED,
    r"{login} without (?:an )?mfa": f"{_SIGN_IN} AND {_NO_MFA}",
    r"{login}": _SIGN_IN,
    r"(?:by |of |from )?(?:the )?root(?: user)?(?: account)?": "userIdentity.type = 'Root'",
    r"(?:were |was |got |with )?(?:access[- ]denied|denied(?: access)?|unauthorized)(?: errors?| calls?| events?)?": _DENIED,
    r"(?:that |which )?failed|failing|with errors|errors only": "errorCode IS NOT NULL",
    r"successful|without errors|that succeeded": "errorCode IS NULL",
    r"read[- ]only|reads": "readOnly = true",
    r"writes?|changes|mutating|not read[- ]only": "readOnly = false",
}
_LOGIN = r"(?:console )?(?:sign[- ]?ins?|log[- ]?ins?|logons?)"
_PLAIN = frozenset(
    re.findall(
        r"\w+",
        "a all an and any are as at been by call calls did display do event events find for from give happened has have i in "
        "is list made make me my of on our please query recent show that the their there these this to used using was we were "
        "what when where which with activity latest get return select happen usage",
    )
)


@dataclass(slots=True)
class _Read:
    """What has been understood, and the words that are left."""

    rest: str
    conditions: list[str] = field(default_factory=list)
    limit: int = 0
    ranked: bool = False
    counted: bool = False

    def take(
        self, pattern: str, told: Callable[[re.Match[str]], str] | None = None, flags: int = re.IGNORECASE
    ) -> bool:
        """Take the first part that matches; `told` gives the condition that it means."""
        found = re.search(rf"(?<![\w.'-])(?:{pattern})(?![\w'-])", self.rest, flags)
        if found is None:
            return False
        condition = told(found) if told is not None else ""
        if condition:
            self.conditions.append(condition)
        self.rest = f"{self.rest[: found.start()]} ; {self.rest[found.end() :]}"
        return True


def statement_for(prompt: str, store: str) -> str:
    """The statement over the event data store, "" where the prompt is not understood as a whole."""
    read = _Read(rest=" ".join(prompt.split()).rstrip("?.! "))
    _read_names(read)
    _read_time(read)
    _read_form(read)
    for pattern, condition in _CONDITIONS.items():
        while read.take(pattern.replace("{login}", _LOGIN), _always(condition)):
            pass
    dimension = _dimension(read)
    if _is_understood(read.rest) and _UNCLEAR not in read.conditions:
        return _written(read, dimension, store)
    return _sample(prompt, store)


def _read_names(read: _Read) -> None:
    """Operations, services, users, Regions, addresses."""
    for name in re.findall(r"\b[A-Z][a-z]+(?:[A-Z][A-Za-z0-9]*)+\b", read.rest):
        if name in _operations():
            read.take(rf"(?:calls? (?:to|of) |called )?{name}", _always(f"eventName = '{name}'"), 0)
    read.take(r"(?:by|from|of|for|did|does|has) (?:the )?user '?([\w+=,.@-]+)'?", _user)
    read.take(
        r"(?:in |of |from )?(?:the )?(?:region )?((?:us|eu|ap|sa|ca|me|af|il|mx)-[a-z]+-\d)",
        lambda found: f"awsRegion = '{found[1]}'",
    )
    read.take(
        r"(?:from |of )?(?:the )?(?:ip )?(?:address )?(\d{1,3}(?:\.\d{1,3}){3})",
        lambda found: f"sourceIPAddress = '{found[1]}'",
    )
    for word in map(str.lower, re.findall(r"[A-Za-z0-9-]+", read.rest)):
        if word in _services():
            read.take(
                rf"(?:in |of |to |used |from |on )?(?:the )?(?:aws |amazon )?{word}(?: service)?",
                _always(f"eventSource = '{word}.amazonaws.com'"),
            )


def _always(condition: str) -> Callable[[re.Match[str]], str]:
    return lambda _: condition


def _user(found: re.Match[str]) -> str:
    """A word that means something else here is nobody's name."""
    name = found[1]
    if name.lower() in _PLAIN or nearest(name):
        return _UNCLEAR
    return f"(userIdentity.userName = '{name}' OR userIdentity.arn LIKE '%/{name}')"


def _read_time(read: _Read) -> None:
    read.take(
        r"(?:in|over|during|within|for|from)?(?: the)? ?(?:last|past) (\d{1,3})? ?(minute|hour|day|week|month|year)s?",
        _since,
    )
    read.take(r"(?:from )?today", lambda _: "eventTime >= date_trunc('day', now())")
    read.take(
        r"(?:from )?yesterday",
        lambda _: "eventTime >= date_add('day', -1, date_trunc('day', now())) AND eventTime < date_trunc('day', now())",
    )
    read.take(r"(?:since|after) (\d{4}-\d\d-\d\d)", lambda found: f"eventTime >= '{found[1]} 00:00:00'")
    read.take(r"before (\d{4}-\d\d-\d\d)", lambda found: f"eventTime < '{found[1]} 00:00:00'")


def _since(found: re.Match[str]) -> str:
    return f"eventTime >= date_add('{found[2].lower()}', -{int(found[1] or 1)}, now())"


def _read_form(read: _Read) -> None:
    """A ranking, a number, or a list; and how long."""

    def limited(found: re.Match[str]) -> str:
        read.limit = min(int(found[1]), _MOST)
        return ""

    ranking = r"most (?:active|used|frequent(?:ly)?|common|often)|top|busiest"
    read.ranked = read.take(rf"(?:{ranking}) (\d{{1,4}})", limited) or read.take(ranking) or read.take(r"the most|most")
    read.counted = read.take(r"how many|(?:the )?number of|(?:the )?count of|count")
    if not read.ranked:
        read.take(r"(?:the )?(?:last|latest|first|limit) (\d{1,4})", limited)


def _dimension(read: _Read) -> tuple[str, str]:
    """What a ranking ranks; for a count, what it is told by."""
    lead = r"(?:by |per |for each |each )" if read.counted else ""
    if not read.ranked and not read.counted:
        for pattern, dimension in _DIMENSIONS.items():
            if dimension[1] != "eventName" and read.take(rf"(?:list of|which|what) (?:the |my |all )?(?:{pattern})"):
                read.counted = True
                return dimension
        read.take(r"who|users?|callers?|people|roles?|services?")
        return "", ""
    for pattern, dimension in _DIMENSIONS.items():
        if read.take(rf"{lead}(?:{pattern})"):
            return dimension
    return "", ""


def _is_understood(rest: str) -> bool:
    return all(word.lower() in _PLAIN for word in re.findall(r"[\w'-]+", rest))


def _written(read: _Read, dimension: tuple[str, str], store: str) -> str:
    conditions = list(dict.fromkeys(read.conditions))
    if dimension[0] == "errorCode":
        conditions.append("errorCode IS NOT NULL")
    if read.ranked and not dimension[0]:
        return ""
    where = f"\nWHERE {' AND '.join(conditions)}" if conditions else ""
    if not read.ranked and not read.counted:
        if not conditions:
            return ""
        columns = "eventTime, userIdentity.arn AS caller, eventSource, eventName, awsRegion, sourceIPAddress, errorCode"
        return f"SELECT {columns}\nFROM {store}{where}\nORDER BY eventTime DESC\nLIMIT {read.limit or _LISTED}"
    if not dimension[0]:
        return f"SELECT count(*) AS events\nFROM {store}{where}"
    column = dimension[0] if dimension[0] == dimension[1] else f"{dimension[0]} AS {dimension[1]}"
    limit = read.limit or (_RANKED if read.ranked else _LISTED)
    return (
        f"SELECT {column}, count(*) AS events\nFROM {store}{where}\n"
        f"GROUP BY {dimension[0]}\nORDER BY events DESC\nLIMIT {limit}"
    )


def _sample(prompt: str, store: str) -> str:
    """A sample that is about each word of the prompt, and near to it as a whole."""
    wanted = frozenset(words_of(prompt))
    for sample, relevance in nearest(prompt):
        if relevance >= _NEAR and wanted <= frozenset(words_of(f"{sample.name} {sample.about}")):
            return sample.sql.replace("$EDS_ID", store)
    return ""


@cache
def _operations() -> frozenset[str]:
    return frozenset(operation for _, operation in wire.operations()) | {"ConsoleLogin"}


@cache
def _services() -> frozenset[str]:
    """Services by the first part of their eventSource, those left out whose name is a plain English word."""
    return frozenset(service for service, _ in wire.operations()) - _WORDS


_WORDS = frozenset({"access", "account", "events", "location", "logs", "support"})
