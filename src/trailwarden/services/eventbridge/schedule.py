"""Schedule expressions: `rate(5 minutes)`, `cron(0 18 ? * MON-FRI *)`, in UTC.

https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-scheduled-rule-pattern.html
"""

import calendar
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

__all__ = ["Cron", "Rate", "Schedule", "read_schedule"]

_RATE = re.compile(r"rate\((\d{1,9}) (minute|minutes|hour|hours|day|days)\)\Z")
_CRON = re.compile(r"cron\(([^()]+)\)\Z")
_UNITS: Mapping[str, float] = {"minute": 60.0, "hour": 3_600.0, "day": 86_400.0}
_FIELDS = 6
_FIRST_YEAR, _LAST_YEAR = 1970, 2199
_MONTHS = {name.upper(): number for number, name in enumerate(calendar.month_abbr) if name}
_DAYS = {name: number for number, name in enumerate(("SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT"), 1)}
_WEEK = 7
_FRIDAY = 5
_SEARCH = 366 * 8
_NTH = re.compile(r"([1-7]|SUN|MON|TUE|WED|THU|FRI|SAT)#([1-5])\Z")
_LAST_OF = re.compile(r"([1-7]|SUN|MON|TUE|WED|THU|FRI|SAT)L\Z")
_NEAREST = re.compile(r"(\d{1,2})W\Z")
_PART = re.compile(r"(\*|\w+)(?:-(\w+))?(?:/(\d+))?\Z")

Day = Callable[[date], bool]


@dataclass(frozen=True, slots=True)
class Rate:
    """Every so many seconds."""

    seconds: float

    def after(self, time: float) -> float:
        """When it is due again."""
        return time + self.seconds


@dataclass(frozen=True, slots=True, kw_only=True)
class Cron:
    """At minutes of hours of days. Of the days of the month and of the week one is always free."""

    minutes: tuple[int, ...]
    hours: tuple[int, ...]
    day: Day
    months: frozenset[int]
    years: frozenset[int]

    def after(self, time: float) -> float | None:
        """The next minute that fits; None where there is none within some years."""
        start = datetime.fromtimestamp(time, UTC).replace(second=0, microsecond=0) + timedelta(minutes=1)
        for offset in range(_SEARCH):
            today = start.date() + timedelta(days=offset)
            if today.year in self.years and today.month in self.months and self.day(today):
                found = self._within(today, start)
                if found is not None:
                    return found.timestamp()
        return None

    def _within(self, today: date, start: datetime) -> datetime | None:
        moments = (
            datetime(today.year, today.month, today.day, hour, minute, tzinfo=UTC)
            for hour in self.hours
            for minute in self.minutes
        )
        return next((moment for moment in moments if moment >= start), None)


Schedule = Rate | Cron


def read_schedule(text: str) -> Schedule:
    """The schedule of an expression. ValueError."""
    rate = _RATE.match(text)
    if rate is not None:
        count, unit = int(rate[1]), rate[2]
        if not count or (count == 1) is unit.endswith("s"):
            raise ValueError(text)
        return Rate(count * _UNITS[unit.removesuffix("s")])
    cron = _CRON.match(text)
    fields = cron[1].split() if cron else []
    if len(fields) != _FIELDS:
        raise ValueError(text)
    return _cron(fields)


def _cron(fields: list[str]) -> Cron:
    minute, hour, of_month, month, of_week, year = (field.upper() for field in fields)
    if (of_month == "?") is (of_week == "?"):
        raise ValueError(fields)
    return Cron(
        minutes=tuple(sorted(_numbers(minute, 0, 59))),
        hours=tuple(sorted(_numbers(hour, 0, 23))),
        day=_of_week(of_week) if of_month == "?" else _of_month(of_month),
        months=_numbers(month, 1, 12, _MONTHS),
        years=_numbers(year, _FIRST_YEAR, _LAST_YEAR),
    )


def _numbers(field: str, low: int, high: int, names: Mapping[str, int] | None = None) -> frozenset[int]:
    """The numbers of a field: lists of numbers, ranges, steps. ValueError."""
    found: set[int] = set()
    for part in field.split(","):
        match = _PART.match(part)
        if match is None:
            raise ValueError(field)
        step = int(match[3] or 1)
        start = low if match[1] == "*" else _number(match[1], names)
        end = _number(match[2], names) if match[2] else (high if match[3] or match[1] == "*" else start)
        if not step or not low <= start <= high or not low <= end <= high:
            raise ValueError(field)
        found.update(range(start, end + 1, step) if start <= end else (*range(start, high + 1), *range(low, end + 1)))
    return frozenset(found)


def _number(text: str, names: Mapping[str, int] | None) -> int:
    return (names or {}).get(text) or int(text)


def _of_month(field: str) -> Day:
    """Days of the month, `L` for its last one, `15W` for the weekday nearest to a day."""
    if field == "L":
        return lambda today: today.day == calendar.monthrange(today.year, today.month)[1]
    nearest = _NEAREST.match(field)
    if nearest is not None:
        wanted = int(nearest[1])
        if not 1 <= wanted <= 31:  # noqa: PLR2004 — days of a month
            raise ValueError(field)
        return lambda today: today.day == _weekday_nearest(today.year, today.month, wanted)
    days = _numbers(field, 1, 31)
    return lambda today: today.day in days


def _weekday_nearest(year: int, month: int, day: int) -> int:
    last = calendar.monthrange(year, month)[1]
    if day > last:
        return 0
    weekday = date(year, month, day).isoweekday()
    if weekday <= _FRIDAY:
        return day
    if weekday == _WEEK:
        return day + 1 if day < last else day - 2
    return day - 1 if day > 1 else day + 2


def _of_week(field: str) -> Day:
    """Days of the week, 1 is Sunday; `3#2` is the second Tuesday of the month, `6L` its last Friday, `L` is Saturday."""
    nth, last_of = _NTH.match(field), _LAST_OF.match(field)
    if nth is not None:
        wanted, number = _DAYS.get(nth[1]) or int(nth[1]), int(nth[2])
        return lambda today: _week_day(today) == wanted and (today.day - 1) // _WEEK + 1 == number
    if last_of is not None:
        wanted = _DAYS.get(last_of[1]) or int(last_of[1])
        return lambda today: (
            _week_day(today) == wanted and today.day + _WEEK > calendar.monthrange(today.year, today.month)[1]
        )
    days = frozenset({_WEEK}) if field == "L" else _numbers(field, 1, _WEEK, _DAYS)
    return lambda today: _week_day(today) in days


def _week_day(today: date) -> int:
    return today.isoweekday() % _WEEK + 1
