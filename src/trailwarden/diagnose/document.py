"""Policy documents as JSON text: their statements, and a document with more of them."""

import json
from collections.abc import Iterable, Mapping
from typing import Any

__all__ = ["VERSION", "statements_of", "with_statements"]

VERSION = "2012-10-17"


def statements_of(text: str) -> list[Any]:
    """The statements of a document, one alone as a list of one; none where there is no document."""
    given = json.loads(text).get("Statement", []) if text else []
    return list(given) if isinstance(given, list) else [given]


def with_statements(text: str, statements: Iterable[Mapping[str, Any]]) -> str:
    """The document, a new one where there is none, with these in place of its statements."""
    document = json.loads(text) if text else {"Version": VERSION}
    return json.dumps({**document, "Statement": list(statements)})
