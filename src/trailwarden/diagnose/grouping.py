"""Many denials: those alike are diagnosed once, and those of one cause stand together, the most frequent first."""

import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from trailwarden.arn import Arn
from trailwarden.diagnose.data import AccountData
from trailwarden.diagnose.diagnosis import Diagnosis, diagnose
from trailwarden.diagnose.intake import read_denials
from trailwarden.diagnose.refusal import Refusal

__all__ = ["Group", "Tally", "count_denials", "group_denials", "log_files"]

_SUFFIXES = (".json", ".json.gz", ".jsonl", ".jsonl.gz", ".ndjson", ".gz", ".zip")
_NOT_LOGS = ("CloudTrail-Digest", "CloudTrail-Insight")
_FILE_MAX = 256 * 1024 * 1024
_CHANGING = re.compile(r"[0-9a-f]{8}-[0-9a-f-]{27}|\d{6,}|Encoded .*", re.DOTALL)


@dataclass(slots=True, kw_only=True)
class Tally:
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


def log_files(folder: Path) -> tuple[tuple[Path, ...], tuple[Path, ...]]:
    """The files that may hold events, and the digest and Insight files beside them, in order of name."""
    found = sorted(path for path in folder.rglob("*") if path.is_file() and path.name.endswith(_SUFFIXES))
    other = tuple(path for path in found if any(name in str(path) for name in _NOT_LOGS))
    return tuple(path for path in found if path not in set(other)), other


def count_denials(paths: Iterable[Path], unread: Callable[[Path, str], None]) -> dict[object, Tally]:
    """The denials in the files, alike ones together; `unread` is told of each file that cannot be read, and why."""
    found: dict[object, Tally] = {}
    for path in paths:
        for refusal in _denials(path, unread):
            found.setdefault(_likeness(refusal), Tally(example=refusal)).add(refusal)
    return found


def _denials(path: Path, unread: Callable[[Path, str], None]) -> Iterator[Refusal]:
    try:
        if path.stat().st_size > _FILE_MAX:
            unread(path, f"it is larger than {_FILE_MAX >> 20} MiB")
            return
        yield from read_denials(path.read_bytes())
    except (OSError, ValueError) as error:
        unread(path, str(error))


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


def group_denials(tallies: Iterable[Tally], data: AccountData, done: Callable[[], None]) -> tuple[Group, ...]:
    """The groups, most frequent first; `done` is called for each tally that is diagnosed."""
    found: dict[str, list[tuple[Tally, Diagnosis]]] = {}
    for each in tallies:
        diagnosis = diagnose(each.example, data)
        found.setdefault(diagnosis.cause or "; ".join(diagnosis.needed), []).append((each, diagnosis))
        done()
    return tuple(sorted(map(_group, found.values()), key=lambda each: (-each.count, each.cause)))


def _group(members: list[tuple[Tally, Diagnosis]]) -> Group:
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
