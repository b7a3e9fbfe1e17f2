"""Whether the members keep the model's constraints, in AWS's words where they do not.

https://docs.aws.amazon.com/awscloudtrail/latest/APIReference/CommonErrors.html (ValidationError)
The texts are those of recorded answers of IAM, KMS, Logs, EventBridge and SNS.
"""

import re
from collections.abc import Callable, Mapping
from typing import Any

from trailwarden.errors import ValidationException
from trailwarden.wire import library
from trailwarden.wire.errors import (
    InvalidInputException,
    InvalidParameterException,
    MalformedXML,
    MissingParameter,
    MissingRequiredParameter,
    SerializationException,
)
from trailwarden.wire.form import ec2_name
from trailwarden.wire.model import Shape
from trailwarden.wire.parsed import Parsed
from trailwarden.wire.patterns import compiled

__all__ = ["REQUIRED_ONLY", "validate"]

REQUIRED_ONLY = frozenset({"cloudtrail", "ec2", "s3", "sqs"})
"""Services that judge their members themselves, with errors of their own; the model only says what must be there."""

_VALUELESS = frozenset({"iam"})
"""Services that name the member alone, neither its value nor the values it may have."""

_MOST_PROBLEMS = 100
_LONGEST_VALUE = 4096
_LONGEST_SEARCH = 8192
"""Longer texts are held to break a pattern that takes long to search."""

_LOGS_NAME = re.compile(r"at 'log(Group|Stream)Name' failed to satisfy constraint: Member must have length less")
_LOGS_NAME_TOO_LONG = "Invalid LogGroup or LogStream, both must have length less than or equal to 512."

_ORGANIZATIONS = {
    "must not be null": ("INPUT_REQUIRED", "You must include a value for all required parameters."),
    "regular expression pattern": ("INVALID_PATTERN", "You provided a value that does not match the required pattern."),
    "enum value set": ("INVALID_ENUM", "You specified an invalid value."),
    "length less than": ("MAX_LENGTH_EXCEEDED", "You provided a value that is longer than allowed."),
    "length greater than": ("MIN_LENGTH_EXCEEDED", "You provided a value that is shorter than required."),
    "value less than": ("MAX_VALUE_EXCEEDED", "You provided a value that is larger than allowed."),
    "": ("MIN_VALUE_EXCEEDED", "You provided a value that is smaller than required."),
}
"""Words of a broken constraint, and what Organizations says of it: its Reason, and the message.

https://docs.aws.amazon.com/organizations/latest/APIReference/API_DescribePolicy.html#API_DescribePolicy_Errors
"""

Problems = list[str]
Check = Callable[[Any, str, Problems], None]


def validate(parsed: Parsed) -> None:
    """ValidationException naming every broken constraint; EC2 and SQS say MissingParameter, S3 MalformedXML."""
    route = parsed.route
    checker = _CHECKERS.get((route.service, route.operation))
    if checker is None:
        shape = library.model(route.service).operations[route.operation].input
        checker = _Checks(strict=route.service not in REQUIRED_ONLY).of(shape) or _fine if shape else _fine
        _CHECKERS[route.service, route.operation] = checker
    problems: Problems = []
    try:
        checker(parsed.params, "", problems)
    except RecursionError:
        raise SerializationException(reason="The request body is nested too deeply.") from None
    if problems:
        _refuse(route.service, route.operation, problems)


_CHECKERS: dict[tuple[str, str], Check] = {}


def _fine(_: Any, __: str, ___: Problems) -> None:
    """Nothing to check."""


def _ec2_parameter(operation: str, problem: str) -> str:
    """The missing member as EC2's clients spell it."""
    path = problem.partition(" at '")[2].partition("'")[0].split(".")
    shape = library.model("ec2").operations[operation].input
    for name, member in shape.members.items() if shape else ():
        if _lowered(name) == path[0]:
            path[0] = ec2_name(name, member)
    return ".".join(part[:1].upper() + part[1:] for part in path if part != "member")


def _parameter(operation: str, problem: str) -> str:
    """The missing member by the model's name, as SQS tells it."""
    path = problem.partition(" at '")[2].partition("'")[0].split(".")
    shape = library.model("sqs").operations[operation].input
    names = {_lowered(name): name for name in (shape.members if shape else ())}
    return names.get(path[-1], path[-1][:1].upper() + path[-1][1:])


def _refuse(service: str, operation: str, problems: Problems) -> None:
    if service == "s3":
        raise MalformedXML
    if service == "ec2":
        raise MissingParameter(name=_ec2_parameter(operation, problems[0]))
    if service == "sqs":
        raise MissingRequiredParameter(name=_parameter(operation, problems[0]))
    count = len(problems)
    head = f"{count} validation error{'' if count == 1 else 's'} detected: "
    if service == "logs":
        name_too_long = any(_LOGS_NAME.search(problem) for problem in problems)
        raise InvalidParameterException(
            reason=_LOGS_NAME_TOO_LONG if name_too_long else head + "; ".join(problems[:_MOST_PROBLEMS])
        )
    if service == "organizations":
        raise InvalidInputException(*_organizations_reason(problems[0]))
    raise ValidationException(reason=head + "; ".join(problems[:_MOST_PROBLEMS]))


def _organizations_reason(problem: str) -> tuple[str, str]:
    constraint = problem.rpartition("constraint: ")[2]
    return next(told for words, told in _ORGANIZATIONS.items() if words in constraint)


class _Checks:
    """Makes the check of each shape; None where a shape has nothing to check."""

    def __init__(self, *, strict: bool) -> None:
        self._strict = strict
        self._made: dict[object, Check | None] = {}

    def of(self, shape: Shape) -> Check | None:
        """The check of this shape, with those of what it holds."""
        key = (shape.kind, shape.ref.enum)
        if key in self._made:
            return self._made[key]
        finished: list[Check | None] = []
        self._made[key] = lambda value, path, problems: (finished[0] or _fine)(value, path, problems)  # noqa: PLW0108
        finished.append(_all(self._own(shape), _MAKERS.get(shape.type, _nothing_inside)(shape, self)))
        self._made[key] = finished[0]
        return finished[0]

    def _own(self, shape: Shape) -> Check | None:
        constraints = _constraints(shape) if self._strict else []
        if not constraints:
            return None

        def check(value: Any, path: str, problems: Problems) -> None:
            for broken, text in constraints:
                if broken(value):
                    problems.append(_problem(shape, value, path, text))

        return check

    def several(self, shape: Shape) -> Callable[[Any], list[str]] | None:
        """For scalars in lists and maps, which AWS judges together: which of their constraints a value breaks."""
        if not self._strict or shape.type in ("structure", "list", "map"):
            return None
        constraints = _constraints(shape)
        if not constraints:
            return None
        return lambda values: [text for broken, text in constraints if any(broken(value) for value in values)]


def _all(*checks: Check | None) -> Check | None:
    real = [check for check in checks if check is not None]
    if len(real) <= 1:
        return real[0] if real else None

    def check(value: Any, path: str, problems: Problems) -> None:
        for each in real:
            each(value, path, problems)

    return check


Broken = Callable[[Any], bool]


def _constraints(shape: Shape) -> list[tuple[Broken, str]]:
    return [*_pattern(shape), *_bounds(shape), *_enum(shape)]


def _pattern(shape: Shape) -> list[tuple[Broken, str]]:
    pattern = compiled(shape.raw.pattern) if shape.raw.pattern and shape.type == "string" else None
    if pattern is None:
        return []
    text = f"Member must satisfy regular expression pattern: {shape.raw.pattern}"
    if isinstance(pattern, re.Pattern):
        return [(lambda value: pattern.fullmatch(value) is None, text)]
    longest = min(shape.raw.max or _LONGEST_SEARCH, _LONGEST_SEARCH)
    return [(lambda value: len(value) > longest or pattern.fullmatch(value) is None, text)]


def _enum(shape: Shape) -> list[tuple[Broken, str]]:
    values = shape.ref.enum or shape.raw.enum
    if not values or shape.type != "string":
        return []
    allowed = frozenset(values)
    listed = "" if shape.model.service in _VALUELESS else f": [{', '.join(values)}]"
    return [(lambda value: value not in allowed, f"Member must satisfy enum value set{listed}")]


def _bounds(shape: Shape) -> list[tuple[Broken, str]]:
    if shape.type in ("integer", "long", "float", "double"):
        measure: Callable[[Any], Any] = _itself
        noun = "value"
    elif shape.type in ("string", "blob", "list", "map"):
        measure, noun = len, "length"
    else:
        return []
    found: list[tuple[Broken, str]] = []
    low, high = shape.raw.min, shape.raw.max
    if high is not None:
        found.append((_above(measure, high), f"Member must have {noun} less than or equal to {_bound(high)}"))
    if low is not None and not (low == 0 and noun == "length"):
        found.append((_below(measure, low), f"Member must have {noun} greater than or equal to {_bound(low)}"))
    return found


def _itself(value: Any) -> Any:
    return value


def _above(measure: Callable[[Any], Any], bound: float) -> Broken:
    return lambda value: measure(value) > bound


def _below(measure: Callable[[Any], Any], bound: float) -> Broken:
    return lambda value: measure(value) < bound


def _bound(number: float) -> str:
    return str(int(number)) if number == int(number) else str(number)


def _problem(shape: Shape, value: Any, path: str, text: str) -> str:
    bare = shape.raw.sensitive or shape.model.service in _VALUELESS
    shown = "" if bare else f"'{_shown(shape, value)[:_LONGEST_VALUE]}' "
    return f"Value {shown}at '{path}' failed to satisfy constraint: {text}"


def _lowered(name: str) -> str:
    return name[:1].lower() + name[1:]


def _nothing_inside(_: Shape, __: _Checks) -> Check | None:
    return None


def _structure(shape: Shape, checks: _Checks) -> Check | None:
    if shape.raw.document:
        return None
    required = [(name, _lowered(name)) for name in shape.raw.required if name in shape.members]
    inner = {
        name: (_lowered(name), made)
        for name, member in shape.members.items()
        if (made := checks.of(member)) is not None and not member.streaming
    }
    if not required and not inner:
        return None

    def check(value: Any, path: str, problems: Problems) -> None:
        prefix = f"{path}." if path else ""
        for name, lowered in required:
            if name not in value:
                problems.append(
                    f"Value null at '{prefix}{lowered}' failed to satisfy constraint: Member must not be null"
                )
        for name, item in value.items():
            known = inner.get(name)
            if known is not None and item is not None:
                known[1](item, prefix + known[0], problems)

    return check


def _list(shape: Shape, checks: _Checks) -> Check | None:
    together = checks.several(shape.member)
    if together is not None:
        return _together(
            shape, lambda value: together(item for item in value if item is not None), "Member must satisfy"
        )
    made = checks.of(shape.member)
    if made is None:
        return None

    def check(value: Any, path: str, problems: Problems) -> None:
        for number, item in enumerate(value, 1):
            if item is not None:
                made(item, f"{path}.{number}.member", problems)

    return check


def _together(shape: Shape, broken: Callable[[Any], list[str]], subject: str) -> Check:
    def check(value: Any, path: str, problems: Problems) -> None:
        texts = broken(value)
        if texts:
            problems.append(_problem(shape, value, path, f"{subject} constraint: [{', '.join(texts)}]"))

    return check


def _map(shape: Shape, checks: _Checks) -> Check | None:
    keys, values = checks.several(shape.key), checks.several(shape.value)
    parts = [
        _together(shape, keys, "Map keys must satisfy") if keys else None,
        _together(shape, lambda value: values(value.values()), "Map value must satisfy") if values else None,
        None if values else _map_values(checks.of(shape.value)),
    ]
    return _all(*parts)


def _map_values(made: Check | None) -> Check | None:
    if made is None:
        return None

    def check(value: Any, path: str, problems: Problems) -> None:
        for key, item in value.items():
            if item is not None:
                made(item, f"{path}.{key}.member", problems)

    return check


_MAKERS: Mapping[str, Callable[[Shape, _Checks], Check | None]] = {"structure": _structure, "list": _list, "map": _map}


def _shown(shape: Shape, value: Any) -> str:
    """A value as AWS's texts show it: lists in brackets, maps with equal signs, structures by name with all members."""
    if value is None:
        return "null"
    if shape.raw.sensitive:
        return "***"
    if shape.type == "list":
        return f"[{', '.join(_shown(shape.member, item) for item in value)}]"
    if shape.type == "map":
        return f"{{{', '.join(f'{key}={_shown(shape.value, item)}' for key, item in value.items())}}}"
    if shape.type == "structure" and not shape.raw.document:
        inside = (f"{_lowered(name)}={_shown(member, value.get(name))}" for name, member in shape.members.items())
        return f"{shape.name}({', '.join(inside)})"
    if shape.type == "blob":
        return f"java.nio.HeapByteBuffer[pos=0 lim={len(value)} cap={len(value)}]"
    return str(value)
