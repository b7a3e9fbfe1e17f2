"""A way out of a denial, as data."""

from dataclasses import dataclass

from trailwarden.diagnose.document import statements_of
from trailwarden.diagnose.edits import Act, Edit, SetDocument
from trailwarden.diagnose.remedy import Remedy

__all__ = ["Mend"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Mend:
    """One way out. `edits` is empty where no policy is to be changed: then the `title` says what to do instead.

    `guardrail`: it loosens what somebody put there to hold. `approver` is who must agree. `remainder` lists what else
    becomes allowed to the caller, `others` who else gains by it (see `Remainder`). `proved`: the request, evaluated with the edits, is allowed, and it is not with
    any one of them left out. `told` is the remedy where the edits do not tell it.
    """

    title: str
    edits: tuple[Edit, ...] = ()
    guardrail: bool = False
    approver: str = ""
    remainder: tuple[str, ...] = ()
    others: tuple[str, ...] = ()
    proved: bool = False
    told: Remedy | None = None

    @property
    def remedy(self) -> Remedy:
        """The kind of way out."""
        if self.told is not None:
            return self.told
        if not self.edits:
            return Remedy.REQUEST
        if all(isinstance(edit, Act) for edit in self.edits):
            return Remedy.SETTING
        corrected = all(isinstance(edit, SetDocument) and _corrects(edit) for edit in self.edits)
        return Remedy.CORRECT if corrected else Remedy.ALLOW


def _corrects(edit: SetDocument) -> bool:
    """Whether the document keeps its number of statements."""
    if not edit.before:
        return False
    return len(statements_of(edit.before)) == len(statements_of(edit.after))
