"""What DuckDB is taught before it sees a statement; `macros.sql` has it, each macro once."""

import re
from pathlib import Path

__all__ = ["LENIENT", "MACROS", "PYTHON", "STRICT"]

STRICT = "trino_"
"""How the macros begin that raise an error where Trino does."""

LENIENT = "tryno_"
"""How their twins begin that give NULL instead, for what stands within TRY."""

_ERROR = re.compile(r"error\((?:[^()']|'(?:[^']|'')*'|\([^()]*\))*\)")


def _macros() -> tuple[str, ...]:
    text = re.sub(r"(?m)^--.*$", "", Path(__file__).with_name("macros.sql").read_text(encoding="utf-8"))
    strict = tuple(macro.strip() for macro in text.split(";\n") if macro.strip())
    return (*strict, *(_ERROR.sub("NULL", macro).replace(STRICT, LENIENT) for macro in strict))


MACROS = _macros()
"""The heads and bodies of `CREATE MACRO`."""

PYTHON = (f"{STRICT}py_", f"{LENIENT}py_")
"""How the functions begin that Python computes; see `trailwarden.lake.python_functions`."""
