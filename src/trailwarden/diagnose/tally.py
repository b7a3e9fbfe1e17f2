"""What replay counts: calls by what becomes of them, grouped, each group with an example."""

from dataclasses import dataclass, field

from trailwarden.diagnose.history import Event
from trailwarden.diagnose.shift import Reason, ShiftKind

__all__ = ["Fate", "Seen", "Tally"]

_RESOURCES_MAX = 5


@dataclass(frozen=True, slots=True)
class Fate:
    """Calls with one fate. `resource` is one call's; groups that differ in it alone are counted as one."""

    kind: ShiftKind
    principal: str
    action: str
    reason: Reason
    resource: str = field(default="", compare=False)


@dataclass(slots=True)
class Seen:
    """How many calls, the first of them as (time, event id), and a few of the resources."""

    count: int
    first: tuple[str, str]
    resources: frozenset[str]

    def add(self, count: int, first: tuple[str, str], resources: frozenset[str]) -> None:
        """Count more. The same however calls are divided and ordered."""
        self.count += count
        self.first = min(self.first, first)
        if not resources <= self.resources:
            self.resources = frozenset(sorted(self.resources | resources)[:_RESOURCES_MAX])


@dataclass(slots=True)
class Tally:
    """The count. `others` failed for other reasons than permissions, or are no calls; `wrong` are records that are no events."""

    judged: int = 0
    others: int = 0
    wrong: int = 0
    groups: dict[Fate, Seen] = field(default_factory=dict)

    @property
    def events(self) -> int:
        """All of them."""
        return self.judged + self.others + self.wrong

    def count(self, group: Fate | None, event: Event) -> None:
        """Count one call; None for one of which nothing changes."""
        self.judged += 1
        if group is None:
            return
        resources = frozenset((group.resource,)) if group.resource else frozenset()
        self._add(group, 1, (event.event_time, event.event_id), resources)

    def _add(self, group: Fate, count: int, first: tuple[str, str], resources: frozenset[str]) -> None:
        seen = self.groups.get(group)
        if seen is None:
            self.groups[group] = Seen(count, first, resources)
        else:
            seen.add(count, first, resources)

    def add(self, other: "Tally") -> None:
        """Count another's calls as well."""
        self.judged += other.judged
        self.others += other.others
        self.wrong += other.wrong
        for group, seen in other.groups.items():
            self._add(group, seen.count, seen.first, seen.resources)

    def of(self, kind: ShiftKind) -> tuple[tuple[Fate, Seen], ...]:
        """The groups of one fate, most calls first."""
        found = [(group, seen) for group, seen in self.groups.items() if group.kind == kind]
        return tuple(
            sorted(found, key=lambda pair: (-pair[1].count, pair[0].principal, pair[0].action, pair[0].reason.text))
        )

    def total(self, kind: ShiftKind) -> int:
        """How many calls have that fate."""
        return sum(seen.count for group, seen in self.groups.items() if group.kind == kind)
