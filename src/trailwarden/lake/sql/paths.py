"""JSON paths: Trino's `$.a["b"][0]` as DuckDB's, every key quoted, so that nothing in a key means anything."""

import re

from trailwarden.lake.sql.reading import InvalidStatement

__all__ = ["json_path"]

_STEP = re.compile(r'\.(\w[\w-]*)|\[\s*"((?:[^"\\]|\\.)*)"\s*\]|\[\s*(\d{1,9})\s*\]')


def json_path(path: str) -> str:
    """The path for DuckDB. InvalidStatement for one that Trino does not know, or with a wildcard.

    https://trino.io/docs/current/functions/json.html#json_extract
    """
    if not path.startswith("$"):
        raise InvalidStatement(f"Invalid JSON path: '{path[:100]}'")
    steps, end = ["$"], 1
    while end < len(path):
        found = _STEP.match(path, end)
        if found is None:
            raise InvalidStatement(f"Invalid JSON path: '{path[:100]}'")
        steps.append(_step(found))
        end = found.end()
    return "".join(steps)


def _step(found: re.Match[str]) -> str:
    if found[3] is not None:
        return f"[{found[3]}]"
    key = found[1] if found[1] is not None else re.sub(r"\\(.)", r"\1", found[2])
    if '"' in key:
        raise InvalidStatement("A key in a JSON path may not have quotation marks.")
    return f'."{key}"'
