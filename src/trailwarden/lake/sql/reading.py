"""From a statement's text to its tree: ids of event data stores become names, parameters become values, one SELECT is let in.

https://docs.aws.amazon.com/awscloudtrail/latest/userguide/query-limitations.html
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from sqlglot import exp, parse
from sqlglot.dialects import Trino
from sqlglot.errors import SqlglotError

__all__ = ["InvalidStatement", "parsed", "store_id"]

_LONGEST = 10_000
_MOST_NODES = 5_000
_ID = r"[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}"
_ARN = rf"arn:aws[a-z-]*:cloudtrail:[a-z0-9-]+:\d{{12}}:eventdatastore/{_ID}"
_STORE = re.compile(rf"(?:{_ARN}|{_ID})(?![\w-])")
_WHOLE = re.compile(rf"(?:arn:aws[a-z-]*:cloudtrail:[a-z0-9-]+:\d{{12}}:eventdatastore/)?({_ID})\Z")
_PIECES = re.compile(
    r"(?P<text>'(?:[^']|'')*')|(?P<name>\"(?:[^\"]|\"\")*\")|(?P<comment>--[^\n]*|/\*.*?\*/)"
    rf"|(?P<store>{_STORE.pattern})|(?P<word>\w+)|(?P<asked>\?)|(?P<other>.)",
    re.DOTALL,
)
_BEFORE_TABLE = frozenset({"from", "join"})


class InvalidStatement(Exception):
    """The statement is not one that may be run; the text says why."""


class _Lake(Trino):  # type: ignore[misc]  # sqlglot's dialects are made at run time
    """Trino, with every function left under its own name: our table says which there are and what they mean."""

    INDEX_OFFSET = 0

    class Parser(Trino.Parser):  # type: ignore[misc]  # likewise
        FUNCTIONS: dict[str, Any] = {}  # noqa: RUF012 — sqlglot's own form
        FUNCTION_PARSERS = {  # noqa: RUF012 — likewise
            name: parser
            for name, parser in Trino.Parser.FUNCTION_PARSERS.items()
            if name in {"CAST", "TRY_CAST", "EXTRACT", "TRIM", "POSITION", "SUBSTRING"}
        }
        NO_PAREN_FUNCTION_PARSERS = {  # noqa: RUF012 — likewise
            name: parser
            for name, parser in Trino.Parser.NO_PAREN_FUNCTION_PARSERS.items()
            if name in {"CASE", "ANY", "IF"}
        }


def store_id(name: str) -> str:
    """The id of the event data store that an id or an ARN names, "" where it is neither."""
    found = _WHOLE.match(name)
    return found[1].lower() if found else ""


def parsed(text: str, parameters: Sequence[str] = (), names: Mapping[str, str] | None = None) -> exp.Query:
    """The tree of the one SELECT that the text is; `names` stand for stores' ids behind FROM. Raises InvalidStatement."""
    if len(text) > _LONGEST:
        raise InvalidStatement(f"The query statement is longer than {_LONGEST} characters.")
    prepared = "".join(_prepared(text, list(parameters), names or {}))
    try:
        found = [each for each in parse(prepared, dialect=_Lake) if each is not None]
    except SqlglotError as error:
        raise InvalidStatement(_told(error)) from None
    except RecursionError:
        raise InvalidStatement("The query statement is nested too deeply.") from None
    if len(found) != 1:
        raise InvalidStatement("Only one SELECT statement can be run at a time.")
    (tree,) = found
    if not isinstance(tree, exp.Query):
        raise InvalidStatement("Only SELECT statements are supported.")
    if sum(1 for _ in tree.walk()) > _MOST_NODES:
        raise InvalidStatement("The query statement is too complex.")
    return tree


def _prepared(text: str, parameters: list[str], names: Mapping[str, str]) -> Iterator[str]:
    """The text with the ids of stores quoted and with values for its question marks."""
    before = ""
    for piece in _PIECES.finditer(text):
        kind, found = piece.lastgroup, piece[0]
        if kind == "comment":
            yield " "
        elif kind == "store":
            yield f'"{found}"'
        elif kind == "asked":
            yield _value(parameters, before)
        elif kind in {"word", "name"} and before in _BEFORE_TABLE and found.strip('"') in names:
            yield f'"{names[found.strip(chr(34))]}"'
        else:
            yield found
        if kind in {"word", "name", "store"}:
            before = found.lower()
    if parameters:
        raise InvalidStatement("The query statement has fewer placeholders than there are parameters.")


def _value(parameters: list[str], before: str) -> str:
    if not parameters:
        raise InvalidStatement("The query statement has more placeholders than there are parameters.")
    value = parameters.pop(0)
    if before in _BEFORE_TABLE:
        if not store_id(value):
            raise InvalidStatement("A placeholder behind FROM must be an event data store.")
        return f'"{value}"'
    escaped = value.replace("'", "''")
    return f"'{escaped}'"


def _told(error: SqlglotError) -> str:
    """As Trino tells where a statement is wrong: `line 1:8: mismatched input 'x'`."""
    told = getattr(error, "errors", None) or [{}]
    first = told[0]
    if not first.get("line"):
        return "The query statement cannot be read."
    return f"line {first['line']}:{first['col']}: mismatched input '{first.get('highlight') or '<EOF>'}'"
