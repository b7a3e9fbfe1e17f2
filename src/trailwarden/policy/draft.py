"""A policy document taken apart and checked for shape alone; what it may say is `grammar`'s affair.

https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_grammar.html
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from enum import Enum
from typing import Any

from trailwarden.policy.value import dataclass

__all__ = ["Draft", "DraftStatement", "Flaw", "Malformed", "read_draft"]

_VERSIONS = frozenset({"2008-10-17", "2012-10-17"})
_PRINCIPAL_TYPES = frozenset({"AWS", "Service", "Federated", "CanonicalUser"})


class Flaw(Enum):
    """What is wrong with a document's shape, as far as AWS's messages tell it apart."""

    SHAPE = "shape"
    UNKNOWN = "unknown"
    MISSING = "missing"
    EFFECT = "effect"


class Malformed(Exception):
    """The document does not have the shape of a policy: `path` is the JSON path, `reason` says what is wrong.

    `word` is the element or value that the flaw is about.
    """

    def __init__(self, path: str, reason: str, flaw: Flaw = Flaw.SHAPE, word: str = "") -> None:
        self.path = path
        self.reason = reason
        self.flaw = flaw
        self.word = word
        super().__init__(f"{path}: {reason}")


@dataclass(frozen=True, slots=True, kw_only=True)
class DraftStatement:
    """One statement as written. An element that is not there is None.

    `effect` keeps its case. `principal` maps types to names, `{"*": ("*",)}` for a bare `*`. `conditions` are
    (operator, key, values).
    """

    path: str
    sid: str | None
    effect: str
    action: tuple[str, ...] | None
    not_action: tuple[str, ...] | None
    resource: tuple[str, ...] | None
    not_resource: tuple[str, ...] | None
    principal: Mapping[str, tuple[str, ...]] | None
    not_principal: Mapping[str, tuple[str, ...]] | None
    conditions: tuple[tuple[str, str, tuple[str, ...]], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """A document as written; `version` is None where it names none."""

    version: str | None
    id: str | None
    statements: tuple[DraftStatement, ...]


def read_draft(document: Any) -> Draft:
    """The document taken apart. Raises Malformed."""
    fields = _fields(document, "$", _DOCUMENT)
    version = fields["Version"]
    if version is not None and version not in _VERSIONS:
        raise Malformed("$.Version", "there is no such version")
    if fields["Statement"] is None:
        raise Malformed("$.Statement", "there is no statement", Flaw.MISSING, "Statement")
    return Draft(version=version, id=fields["Id"], statements=fields["Statement"])


def _fields(value: Any, path: str, readers: "Mapping[str, _Reader]") -> dict[str, Any]:
    """An object's members, each through its reader; None for those that are not there."""
    if not isinstance(value, Mapping):
        raise Malformed(path, "an object is wanted")
    for name in value:
        if name not in readers:
            raise Malformed(f"{path}.{name}", "there is no such element", Flaw.UNKNOWN, str(name))
    return {name: read(value[name], f"{path}.{name}") if name in value else None for name, read in readers.items()}


_Reader = Callable[[Any, str], Any]


def _text(value: Any, path: str) -> str:
    if not isinstance(value, str):
        raise Malformed(path, "a string is wanted")
    return value


def _texts(value: Any, path: str) -> tuple[str, ...]:
    if isinstance(value, str):
        return (value,)
    return tuple(_text(each, place) for each, place in _members(value, path))


def _members(value: Any, path: str) -> Iterator[tuple[Any, str]]:
    if isinstance(value, (str, bytes)) or not isinstance(value, Sequence):
        raise Malformed(path, "a string or a list is wanted")
    for index, each in enumerate(value):
        yield each, f"{path}[{index}]"


def _scalar(value: Any, path: str) -> str:
    """A condition's value: text, a number or a boolean, as text."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, (int, float)):
        return str(value)
    return _text(value, path)


def _scalars(value: Any, path: str) -> tuple[str, ...]:
    if isinstance(value, (str, int, float)):
        return (_scalar(value, path),)
    return tuple(_scalar(each, place) for each, place in _members(value, path))


def _conditions(value: Any, path: str) -> tuple[tuple[str, str, tuple[str, ...]], ...]:
    if not isinstance(value, Mapping):
        raise Malformed(path, "an object is wanted")
    found: list[tuple[str, str, tuple[str, ...]]] = []
    for operator, keys in value.items():
        if not isinstance(keys, Mapping):
            raise Malformed(f"{path}.{operator}", "an object is wanted")
        found.extend((operator, key, _scalars(wanted, f"{path}.{operator}.{key}")) for key, wanted in keys.items())
    return tuple(found)


def _principal(value: Any, path: str) -> Mapping[str, tuple[str, ...]]:
    if value == "*":
        return {"*": ("*",)}
    if not isinstance(value, Mapping) or not value:
        raise Malformed(path, "* or an object is wanted")
    for kind in value:
        if kind not in _PRINCIPAL_TYPES:
            raise Malformed(f"{path}.{kind}", "there is no such type of principal")
    return {kind: _texts(names, f"{path}.{kind}") for kind, names in value.items()}


_STATEMENT: Mapping[str, _Reader] = {
    "Sid": _text,
    "Effect": _text,
    "Principal": _principal,
    "NotPrincipal": _principal,
    "Action": _texts,
    "NotAction": _texts,
    "Resource": _texts,
    "NotResource": _texts,
    "Condition": _conditions,
}
_EXCLUSIVE = ("Action", "Resource", "Principal")


def _statement(value: Any, path: str) -> DraftStatement:
    fields = _fields(value, path, _STATEMENT)
    for name in _EXCLUSIVE:
        if fields[name] is not None and fields[f"Not{name}"] is not None:
            raise Malformed(f"{path}.Not{name}", f"{name} and Not{name} exclude each other")
    effect = fields["Effect"]
    if effect is None:
        raise Malformed(f"{path}.Effect", "there is no effect", Flaw.MISSING, "Effect")
    if effect.lower() not in {"allow", "deny"}:
        raise Malformed(f"{path}.Effect", "the effect is Allow or Deny", Flaw.EFFECT, effect)
    return DraftStatement(
        path=path,
        sid=fields["Sid"],
        effect=effect,
        action=fields["Action"],
        not_action=fields["NotAction"],
        resource=fields["Resource"],
        not_resource=fields["NotResource"],
        principal=fields["Principal"],
        not_principal=fields["NotPrincipal"],
        conditions=fields["Condition"] or (),
    )


def _statements(value: Any, path: str) -> tuple[DraftStatement, ...]:
    if isinstance(value, Mapping):
        return (_statement(value, path),)
    found = tuple(_statement(each, place) for each, place in _members(value, path))
    if not found:
        raise Malformed(path, "there is no statement")
    return found


_DOCUMENT: Mapping[str, _Reader] = {"Version": _text, "Id": _text, "Statement": _statements}
