"""What a target is sent: the event, a part of it, a constant, or a template with parts of it.

https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-transform-target-input.html
"""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from trailwarden.clock import iso
from trailwarden.services.eventbridge.errors import Invalid

__all__ = ["Told", "check_inputs", "input_of"]

_HOLDER = re.compile(r"<([A-Za-z0-9_.\-]+)>")
_STEP = re.compile(r"\.([^.\[\]]+)|\[(\d{1,6})\]|\['([^']+)'\]")
_PREDEFINED = frozenset(
    {
        "aws.events.rule-arn",
        "aws.events.rule-name",
        "aws.events.event",
        "aws.events.event.json",
        "aws.events.event.ingestion-time",
    }
)
_WITHOUT_DETAIL = ("version", "id", "source", "account", "time", "region", "resources")
_WAYS = ("Input", "InputPath", "InputTransformer")


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """An event on its way to a target of a rule; `ingested` is when it came."""

    event: Mapping[str, Any]
    rule_arn: str
    rule_name: str
    ingested: float


def check_inputs(target: Mapping[str, Any]) -> None:
    """Invalid for a target that says more than one way, or a template that names what there is not."""
    given = [name for name in _WAYS if target.get(name)]
    if len(given) > 1:
        raise Invalid(
            reason=f"Only one of Input, InputPath, or InputTransformer must be provided for target {target['Id']}."
        )
    if target.get("Input"):
        _check_json(target)
    path = target.get("InputPath")
    if path and _steps(path) is None:
        raise Invalid(reason=f"Invalid InputPath for target {target['Id']}.")
    transformer = target.get("InputTransformer")
    if transformer:
        paths = transformer.get("InputPathsMap") or {}
        for name in _HOLDER.findall(transformer["InputTemplate"]):
            if name not in paths and name not in _PREDEFINED:
                raise Invalid(reason=f"InputTemplate for target {target['Id']} contains invalid placeholder {name}.")


def input_of(target: Mapping[str, Any], told: Told) -> str | None:
    """The text that the target is sent; None where the template makes no JSON, so that nothing is."""
    if target.get("Input"):
        return str(target["Input"])
    if target.get("InputPath"):
        return _compact(_at(told.event, target["InputPath"]))
    if target.get("InputTransformer"):
        return _transformed(target["InputTransformer"], told)
    return _compact(told.event)


def _check_json(target: Mapping[str, Any]) -> None:
    try:
        json.loads(target["Input"])
    except (ValueError, RecursionError):
        raise Invalid(reason=f"JSON syntax error in input for target {target['Id']}.") from None


def _compact(value: Any) -> str:
    return json.dumps(value, separators=(",", ":"), ensure_ascii=False)


def _steps(path: str) -> list[str | int] | None:
    """The steps of `$.detail.items[0]`; None where it is no such path."""
    if not path.startswith("$"):
        return None
    found: list[str | int] = []
    at = 1
    while at < len(path):
        step = _STEP.match(path, at)
        if step is None:
            return None
        found.append(int(step[2]) if step[2] is not None else step[1] or step[3])
        at = step.end()
    return found


def _at(event: Any, path: str) -> Any:
    """What stands at a path, None where nothing does."""
    found = event
    for step in _steps(path) or ():
        if isinstance(step, int):
            found = found[step] if isinstance(found, list) and step < len(found) else None
        else:
            found = found.get(step) if isinstance(found, dict) else None
    return found


def _transformed(transformer: Mapping[str, Any], told: Told) -> str | None:
    """A template is JSON with holes, or text in quotes; into quotes goes text, elsewhere JSON."""
    template, paths = transformer["InputTemplate"], transformer.get("InputPathsMap") or {}
    as_json = template.lstrip()[:1] in ("{", "[")
    parts, end = [], 0
    for hole in _HOLDER.finditer(template):
        parts.append(template[end : hole.start()])
        value = _value(hole[1], paths, told)
        quoted = not as_json or _in_quotes(template, hole.start())
        parts.append(_as_text(value, bare=not as_json) if quoted else _compact("" if value is None else value))
        end = hole.end()
    made = "".join([*parts, template[end:]])
    return made if _is_sendable(made, as_json=as_json) else None


def _is_sendable(made: str, *, as_json: bool) -> bool:
    if not as_json:
        return made.lstrip().startswith('"')
    try:
        json.loads(made)
    except (ValueError, RecursionError):
        return False
    return True


def _value(name: str, paths: Mapping[str, str], told: Told) -> Any:
    if name not in _PREDEFINED:
        return _at(told.event, paths[name])
    ingested = iso(told.ingested)
    bare = {key: told.event.get(key) for key in _WITHOUT_DETAIL}
    return {
        "aws.events.rule-arn": told.rule_arn,
        "aws.events.rule-name": told.rule_name,
        "aws.events.event.ingestion-time": ingested,
        "aws.events.event.json": told.event,
        "aws.events.event": {**bare, "detailType": told.event.get("detail-type"), "time": ingested},
    }[name]


def _as_text(value: Any, *, bare: bool) -> str:
    """Within quotes: text as it is, anything else as JSON, which in a template of text loses its own quotes."""
    if value is None:
        return ""
    if isinstance(value, str):
        return value
    text = _compact(value)
    return text.replace('"', "") if bare else text


def _in_quotes(template: str, at: int) -> bool:
    """Whether a place lies within a string of the template."""
    inside = escaped = False
    for character in template[:at]:
        if escaped:
            escaped = False
        elif character == "\\":
            escaped = True
        elif character == '"':
            inside = not inside
    return inside
