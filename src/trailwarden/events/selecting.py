"""Event selectors at work: one function from a record to whether it is taken.

https://docs.aws.amazon.com/awscloudtrail/latest/userguide/filtering-data-events.html
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from trailwarden.events.selectors import AdvancedSelector, DataResource, EventSelector, FieldSelector

__all__ = ["Takes", "can_take", "compile_selectors"]

Takes = Callable[[Mapping[str, Any]], bool]

_WHOLE_SERVICE = frozenset({"arn:aws:s3", "arn:aws:s3:::", "arn:aws:lambda", "arn:aws:dynamodb"})
"""Values of a basic selector that stand for every resource of the type."""

_READ_ONLY: Mapping[str, bool | None] = {"All": None, "ReadOnly": True, "WriteOnly": False}


def compile_selectors(basic: Sequence[EventSelector] = (), advanced: Sequence[AdvancedSelector] = ()) -> Takes:
    """Whether a record is taken by any of the selectors. With none at all, every management event is.

    Shapes: the record as decoded JSON. Insights events are not for selectors and never taken here.
    """
    if advanced:
        return _any([_advanced(selector) for selector in advanced])
    return _any([_basic(selector) for selector in basic or (EventSelector(),)])


def can_take(
    basic: Sequence[EventSelector] = (),
    advanced: Sequence[AdvancedSelector] = (),
    *,
    category: str,
    only_writes: bool = False,
) -> bool:
    """Whether the selectors could take any event of a category (`only_writes`: any that writes)."""
    if advanced:
        return any(_admits(selector, category, only_writes=only_writes) for selector in advanced)
    for selector in basic or (EventSelector(),):
        logs = selector.include_management_events if category == "Management" else bool(selector.data_resources)
        if logs and not (only_writes and selector.read_write_type == "ReadOnly"):
            return True
    return False


def _admits(selector: AdvancedSelector, category: str, *, only_writes: bool) -> bool:
    conditions = {field.field: _values(field) for field in selector.field_selectors}
    given = {"eventCategory": category, **({"readOnly": "false"} if only_writes else {})}
    return all(conditions[field](value) for field, value in given.items() if field in conditions)


def _any(parts: Sequence[Takes]) -> Takes:
    if len(parts) == 1:
        return parts[0]
    return lambda record: any(part(record) for part in parts)


def _basic(selector: EventSelector) -> Takes:
    wanted = _READ_ONLY.get(selector.read_write_type)
    left_out = frozenset(selector.exclude_management_event_sources)
    resources = tuple(map(_data_resource, selector.data_resources))

    def takes(record: Mapping[str, Any]) -> bool:
        if wanted is not None and record.get("readOnly") is not wanted:
            return False
        category = record.get("eventCategory")
        if category == "Management":
            return selector.include_management_events and record.get("eventSource") not in left_out
        return category == "Data" and any(takes(record) for takes in resources)

    return takes


def _data_resource(wanted: DataResource) -> Takes:
    every = any(value in _WHOLE_SERVICE for value in wanted.values)
    exact = frozenset(wanted.values)
    prefixes = wanted.values if wanted.type == "AWS::S3::Object" else ()

    def takes(record: Mapping[str, Any]) -> bool:
        return any(
            every or arn in exact or arn.startswith(prefixes) for kind, arn in _resources(record) if kind == wanted.type
        )

    return takes


def _advanced(selector: AdvancedSelector) -> Takes:
    types = frozenset(
        value for field in selector.field_selectors if field.field == "resources.type" for value in field.equals
    )
    parts = [_field(field, types) for field in selector.field_selectors]
    return lambda record: all(part(record) for part in parts)


def _field(selector: FieldSelector, types: frozenset[str]) -> Takes:
    """One condition. Of resources.ARN only resources of the selected types count: an S3 record names its bucket too."""
    holds = _values(selector)
    if selector.field == "resources.ARN":
        return lambda record: any(holds(arn) for kind, arn in _resources(record) if not types or kind in types)
    if selector.field == "resources.type":
        return lambda record: any(holds(kind) for kind, _ in _resources(record))
    if selector.field == "userIdentity.arn":
        return lambda record: holds(_text((record.get("userIdentity") or {}).get("arn")))
    name = selector.field
    return lambda record: holds(_text(record.get(name)))


def _values(selector: FieldSelector) -> Callable[[str | None], bool]:
    """Any of the positive values and none of the negative ones; what is absent equals nothing."""
    positive = bool(selector.equals or selector.starts_with or selector.ends_with)
    equals, not_equals = frozenset(selector.equals), frozenset(selector.not_equals)

    def holds(value: str | None) -> bool:
        if value is None:
            return not positive
        if positive and not (
            value in equals or value.startswith(selector.starts_with) or value.endswith(selector.ends_with)
        ):
            return False
        return not (
            value in not_equals or value.startswith(selector.not_starts_with) or value.endswith(selector.not_ends_with)
        )

    return holds


def _resources(record: Mapping[str, Any]) -> Iterable[tuple[str, str]]:
    """Type and ARN of each resource; a listing of objects names the prefix that it lists instead of an ARN."""
    for resource in record.get("resources") or ():
        yield resource.get("type", ""), resource.get("ARN") or resource.get("ARNPrefix") or ""


def _text(value: object) -> str | None:
    if isinstance(value, bool):
        return "true" if value else "false"
    return None if value is None else str(value)
