"""Many denials: those alike are diagnosed once, and those of one cause stand together, the most frequent first."""

import re
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

from trailwarden.arn import Arn
from trailwarden.diagnose.data import AccountData
from trailwarden.diagnose.diagnosis import Diagnosis, diagnose
from trailwarden.diagnose.intake import read_denials
from trailwarden.diagnose.logs import LogFile, LogFiles
from trailwarden.diagnose.refusal import Refusal

__all__ = ["Group", "Recurrence", "count_denials", "group_denials"]

_CHANGING = re.compile(r"[0-9a-f]{8}-[0-9a-f-]{27}|\d{6,}|Encoded .*", re.DOTALL)


@dataclass(slots=True, kw_only=True)
class Recurrence:
    """Denials that are alike: one of them, their number, and when the first and the last were."""

    example: Refusal
    count: int = 0
    first: str = ""
    last: str = ""
    callers: Counter[str] = field(default_factory=Counter)

    def add(self, refusal: Refusal) -> None:
        """One more."""
        when = str(refusal.event.get("eventTime", ""))
        self.count += 1
        self.first = min(filter(None, (self.first, when)), default="")
        self.last = max(self.last, when)
        self.callers[refusal.principal or "(unknown)"] += 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Group:
    """Denials of one cause. `diagnosis` is that of the most frequent among them; `actions` are counted."""

    diagnosis: Diagnosis
    count: int
    first: str
    last: str
    callers: Counter[str]
    actions: Counter[str]

    @property
    def cause(self) -> str:
        """The cause, or what is needed to find it."""
        return self.diagnosis.cause or f"not found; needed: {'; '.join(self.diagnosis.needed)}"


def count_denials(files: LogFiles, done: Callable[[LogFile, str], None]) -> dict[object, Recurrence]:
    """The denials in the files, alike ones together; `done` is told of each file that is read, and why one cannot be, or ""."""
    found: dict[object, Recurrence] = {}
    for file, content in files.contents():
        why = content if isinstance(content, str) else ""
        try:
            for refusal in read_denials(content) if isinstance(content, bytes) else ():
                found.setdefault(_likeness(refusal), Recurrence(example=refusal)).add(refusal)
        except ValueError as error:
            why = str(error)
        done(file, why)
    return found


def _likeness(refusal: Refusal) -> object:
    """What makes two denials alike: role, action, resource, reason; sessions and ids do not."""
    arn = Arn.parse(refusal.principal)
    who = arn.resource.rpartition("/")[0] if arn is not None and arn.type == "assumed-role" else refusal.principal
    words = "" if refusal.layer else _CHANGING.sub("#", refusal.text.replace(refusal.principal, ""))
    account = arn.account if arn else ""
    region = refusal.event.get("awsRegion")
    return (
        account,
        who,
        refusal.action,
        refusal.resource,
        refusal.code,
        refusal.layer,
        refusal.explicit,
        words,
        region,
    )


def group_denials(recurrences: Iterable[Recurrence], data: AccountData, done: Callable[[], None]) -> tuple[Group, ...]:
    """The groups, most frequent first; `done` is called for each of them that is diagnosed."""
    found: dict[str, list[tuple[Recurrence, Diagnosis]]] = {}
    for each in recurrences:
        diagnosis = diagnose(each.example, data)
        found.setdefault(diagnosis.cause or "; ".join(diagnosis.needed), []).append((each, diagnosis))
        done()
    return tuple(sorted(map(_group, found.values()), key=lambda each: (-each.count, each.cause)))


def _group(members: list[tuple[Recurrence, Diagnosis]]) -> Group:
    most = max(members, key=lambda member: member[0].count)
    actions: Counter[str] = Counter()
    for each, diagnosis in members:
        actions[diagnosis.refusal.action or each.example.code] += each.count
    return Group(
        diagnosis=most[1],
        count=sum(each.count for each, _ in members),
        first=min((each.first for each, _ in members if each.first), default=""),
        last=max(each.last for each, _ in members),
        callers=sum((each.callers for each, _ in members), Counter()),
        actions=actions,
    )
