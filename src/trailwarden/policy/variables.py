"""Policy variables: `${aws:username}`, `${aws:PrincipalTag/team, 'company-wide'}`, and `${*}`, `${?}`, `${$}`.

https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_variables.html
"""

from collections.abc import Iterable
from enum import Enum

from trailwarden.policy.asking import Asking
from trailwarden.policy.pattern import Piece, pieces_of
from trailwarden.policy.request import UNKNOWN, Unknown
from trailwarden.policy.value import dataclass

__all__ = ["Template", "Unresolved", "Variable", "parse_template"]

_LITERALS = frozenset("*?$")


class Unresolved(Enum):
    """The answer of a variable whose key is absent or has several values, and that has no default."""

    UNRESOLVED = "unresolved"


@dataclass(frozen=True, slots=True)
class Variable:
    """A place that a context key fills. `key` is in lower case; `default` is None where none is written."""

    key: str
    written: str
    default: str | None = None

    def resolve(self, asking: Asking) -> str | Unresolved | Unknown:
        """The key's value, read literally: wildcards in it match only themselves.

        A default stands in for an absent key alone; a multivalued key cannot be used as a variable.
        """
        value = asking.value(self.key)
        if isinstance(value, str) or value is UNKNOWN:
            return value
        if value is None and self.default is not None:
            return self.default
        return Unresolved.UNRESOLVED


@dataclass(frozen=True, slots=True)
class Template:
    """A value of a policy with its variables, for version 2012-10-17."""

    text: str
    parts: tuple[Piece | Variable, ...]

    @property
    def static(self) -> tuple[Piece, ...] | None:
        """The pieces, where no variable stands among them."""
        pieces = tuple(part for part in self.parts if not isinstance(part, Variable))
        return pieces if len(pieces) == len(self.parts) else None

    @property
    def variables(self) -> tuple[Variable, ...]:
        """The variables in order."""
        return tuple(part for part in self.parts if isinstance(part, Variable))

    def resolve(self, asking: Asking) -> tuple[Piece, ...] | Unresolved | Unknown:
        """The pieces with every variable replaced. One that cannot be resolved makes the whole value match nothing."""
        pieces: list[Piece] = []
        answer: Unresolved | Unknown | None = None
        for part in self.parts:
            found = part.resolve(asking) if isinstance(part, Variable) else part
            if isinstance(found, Unresolved):
                return found
            if isinstance(found, Unknown):
                answer = found
            else:
                pieces.append(found)
        return answer if answer is not None else tuple(pieces)


def parse_template(text: str, *, variables: bool, start: int = 0) -> Template:
    """`text` as a template. Without `variables` (version 2008-10-17), and before `start`, `${` is plain text."""
    if not variables or "${" not in text:
        return Template(text, pieces_of(text))
    parts: list[Piece | Variable] = []
    place, done = start, 0
    while (opening := text.find("${", place)) >= 0:
        closing = _closing(text, opening + 2)
        if closing < 0:
            break
        parts.extend(pieces_of(text[done:opening]))
        parts.extend(_inside(text[opening + 2 : closing]))
        place = done = closing + 1
    parts.extend(pieces_of(text[done:]))
    return Template(text, tuple(parts))


def _closing(text: str, start: int) -> int:
    """The place of the `}` that closes a variable, past a quoted default; -1 where it stays open."""
    brace = text.find("}", start)
    quote = text.find("'", start, brace) if brace >= 0 else -1
    if quote >= 0:
        end = text.find("'", quote + 1)
        return text.find("}", end) if end >= 0 else brace
    return brace


def _inside(inner: str) -> Iterable[Piece | Variable]:
    """What `${inner}` means."""
    if inner in _LITERALS:
        return (inner,)
    key, comma, default = inner.partition(",")
    quoted = default.strip()
    if comma and len(quoted) > 1 and quoted[0] == quoted[-1] == "'":
        return (Variable(key.strip().lower(), key.strip(), quoted[1:-1]),)
    return (Variable(inner.strip().lower(), inner.strip()),)
