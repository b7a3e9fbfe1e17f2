"""Templates that AWS or its partners keep, here kept by whoever runs the server: JSON files in folders.

`DIR/templates/delegation/*.json` are the policies that partners may ask for (`delegation_templates`),
`DIR/templates/role/*.json` the versions of role templates (`role_templates`). Parameters stand in them as `@{name}`.
"""

import re
from collections.abc import Iterator, Mapping
from itertools import islice
from pathlib import Path
from typing import Any

import msgspec

__all__ = ["Parameters", "filled", "missing", "written_in"]

_MOST_FILES = 1_000
_LARGEST = 256 * 1_024
_PLACE = re.compile(r"@\{([^{}]{1,256})\}")

Parameters = Mapping[str, tuple[str, ...]]
"""The values of each parameter; one stands for itself, several for the elements of a list."""


def written_in(folder: str, kind: str) -> Iterator[Mapping[str, Any]]:
    """The JSON objects in a folder of templates, by file name. What is too large or no object is none."""
    if not folder:
        return
    for path in islice(sorted(Path(folder, kind).glob("*.json")), _MOST_FILES):
        found = _read(path)
        if isinstance(found, dict):
            yield found


def filled(value: Any, given: Parameters) -> Any:
    """The template with its parameters' values. A text that is one parameter becomes its list inside a list."""
    if isinstance(value, dict):
        return {_text(key, given): filled(each, given) for key, each in value.items()}
    if isinstance(value, list):
        return [one for each in value for one in _elements(each, given)]
    return _text(value, given) if isinstance(value, str) else value


def missing(value: Any, given: Parameters) -> list[str]:
    """The parameters that a template asks for and nobody gave, each once."""
    text = msgspec.json.encode(value).decode()
    return list(dict.fromkeys(name for name in _PLACE.findall(text) if name not in given))


def _elements(value: Any, given: Parameters) -> Iterator[Any]:
    whole = _PLACE.fullmatch(value) if isinstance(value, str) else None
    if whole is not None and whole[1] in given:
        yield from given[whole[1]]
    else:
        yield filled(value, given)


def _text(text: str, given: Parameters) -> str:
    return _PLACE.sub(lambda place: ",".join(given[place[1]]) if place[1] in given else place[0], text)


def _read(path: Path) -> object:
    try:
        with path.open("rb") as file:
            data = file.read(_LARGEST + 1)
        return msgspec.json.decode(data) if len(data) <= _LARGEST else None
    except (OSError, msgspec.DecodeError, RecursionError):
        return None
