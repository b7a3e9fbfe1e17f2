"""Event selectors as values: which events a trail or an event data store takes.

https://docs.aws.amazon.com/awscloudtrail/latest/userguide/logging-data-events-with-cloudtrail.html
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

import msgspec

__all__ = ["AdvancedSelector", "DataResource", "EventSelector", "FieldSelector", "Scope", "refusal"]

Scope = Literal["trail", "store"]
"""Whose selectors: a trail's or an event data store's."""


_MOST_SELECTORS = 5
_MOST_RESOURCES = 250
_MOST_VALUES = 500
_LONGEST_NAME = 1_000
_LONGEST_VALUE = 2_048
_FIELD = re.compile(r"[\w|.]{1,1000}\Z")
_OPERATORS = ("equals", "starts_with", "ends_with", "not_equals", "not_starts_with", "not_ends_with")
_BASIC_TYPES: Mapping[str, str] = {
    "AWS::S3::Object": "arn:aws:s3",
    "AWS::Lambda::Function": "arn:aws:lambda",
    "AWS::DynamoDB::Table": "arn:aws:dynamodb",
}
_EXCLUDABLE = frozenset({"kms.amazonaws.com", "rdsdata.amazonaws.com"})
_READ_WRITE = frozenset({"All", "ReadOnly", "WriteOnly"})
_ANY = frozenset(_OPERATORS)
_EQUALS = frozenset({"equals"})
_EITHER = frozenset({"equals", "not_equals"})


class DataResource(msgspec.Struct, frozen=True, kw_only=True):
    """Resources of one type whose data events a basic selector admits: ARNs, or ARN prefixes for S3."""

    type: str
    values: tuple[str, ...] = ()


class EventSelector(msgspec.Struct, frozen=True, kw_only=True):
    """A basic event selector.

    https://docs.aws.amazon.com/awscloudtrail/latest/APIReference/API_EventSelector.html
    """

    read_write_type: str = "All"
    include_management_events: bool = True
    data_resources: tuple[DataResource, ...] = ()
    exclude_management_event_sources: tuple[str, ...] = ()


class FieldSelector(msgspec.Struct, frozen=True, kw_only=True):
    """One condition of an advanced event selector: a field and the values of each operator.

    https://docs.aws.amazon.com/awscloudtrail/latest/APIReference/API_AdvancedFieldSelector.html
    """

    field: str
    equals: tuple[str, ...] = ()
    starts_with: tuple[str, ...] = ()
    ends_with: tuple[str, ...] = ()
    not_equals: tuple[str, ...] = ()
    not_starts_with: tuple[str, ...] = ()
    not_ends_with: tuple[str, ...] = ()


class AdvancedSelector(msgspec.Struct, frozen=True, kw_only=True):
    """An advanced event selector; all its field selectors must hold.

    https://docs.aws.amazon.com/awscloudtrail/latest/APIReference/API_AdvancedEventSelector.html
    """

    name: str = ""
    field_selectors: tuple[FieldSelector, ...]


@dataclass(frozen=True, slots=True)
class Category:
    """What advanced selectors of one event category may say: operators by field, and which fields they must have."""

    fields: Mapping[str, frozenset[str]]
    required: tuple[str, ...] = ()


_TRAIL_MANAGEMENT = Category({"readOnly": _EQUALS, "eventSource": frozenset({"not_equals"})})
_STORE_MANAGEMENT = Category(
    {
        "readOnly": _EQUALS,
        "eventSource": _ANY,
        "eventName": _ANY,
        "eventType": _ANY,
        "sessionCredentialFromConsole": _EITHER,
        "userIdentity.arn": _ANY,
    }
)
_DATA = Category(
    {
        "resources.type": _EQUALS,
        "readOnly": _EQUALS,
        "eventName": _ANY,
        "resources.ARN": _ANY,
        "eventSource": _ANY,
        "eventType": _ANY,
        "sessionCredentialFromConsole": _EITHER,
        "userIdentity.arn": _ANY,
    },
    ("resources.type",),
)
_NETWORK = Category(
    {"eventSource": _EQUALS, "eventName": _ANY, "errorCode": _EQUALS, "vpcEndpointId": _ANY}, ("eventSource",)
)
_ALONE = Category({})
_TRAIL: Mapping[str, Category] = {"Management": _TRAIL_MANAGEMENT, "Data": _DATA, "NetworkActivity": _NETWORK}
_STORE: Mapping[str, Category] = {
    "Management": _STORE_MANAGEMENT,
    "Data": _DATA,
    "NetworkActivity": _NETWORK,
    "Insight": _ALONE,
    "ConfigurationItem": _ALONE,
    "Evidence": _ALONE,
    "ActivityAuditLog": _ALONE,
}
_FIXED: Mapping[str, frozenset[str]] = {
    "readOnly": frozenset({"true", "false"}),
    "sessionCredentialFromConsole": frozenset({"true"}),
    "errorCode": frozenset({"VpceAccessDenied"}),
}


def refusal(
    basic: Sequence[EventSelector] = (), advanced: Sequence[AdvancedSelector] = (), *, scope: Scope = "trail"
) -> str:
    """Why the selectors are not valid (the text of InvalidEventSelectorsException), "" where they are.

    https://docs.aws.amazon.com/awscloudtrail/latest/APIReference/API_PutEventSelectors.html
    https://docs.aws.amazon.com/awscloudtrail/latest/APIReference/API_AdvancedFieldSelector.html
    """
    if bool(basic) == bool(advanced):
        return "Specify either EventSelectors or AdvancedEventSelectors, but not both."
    if basic:
        return _first(_basic(basic))
    return _first(_advanced(advanced, _TRAIL if scope == "trail" else _STORE))


def _first(reasons: Iterable[str]) -> str:
    return next(iter(reasons), "")


def _basic(selectors: Sequence[EventSelector]) -> Iterable[str]:
    if len(selectors) > _MOST_SELECTORS:
        yield f"The number of event selectors exceeds the limit of {_MOST_SELECTORS}."
    if sum(len(each.values) for selector in selectors for each in selector.data_resources) > _MOST_RESOURCES:
        yield f"The number of data resources exceeds the limit of {_MOST_RESOURCES} across all event selectors."
    for selector in selectors:
        yield from _one_basic(selector)


def _one_basic(selector: EventSelector) -> Iterable[str]:
    if selector.read_write_type not in _READ_WRITE:
        yield f"The ReadWriteType {selector.read_write_type[:50]} is not valid."
    for source in selector.exclude_management_event_sources:
        if source not in _EXCLUDABLE:
            yield f"The event source {source[:100]} cannot be excluded."
    if selector.exclude_management_event_sources and not selector.include_management_events:
        yield "ExcludeManagementEventSources requires that IncludeManagementEvents is true."
    if not selector.include_management_events and not selector.data_resources:
        yield "An event selector must include management events or data resources."
    for resource in selector.data_resources:
        yield from _data_resource(resource)


def _data_resource(resource: DataResource) -> Iterable[str]:
    prefix = _BASIC_TYPES.get(resource.type)
    if prefix is None:
        yield f"The data resource type {resource.type[:100]} is not valid for an event selector."
        return
    for value in resource.values:
        if value != prefix and not value.startswith(prefix + ":"):
            yield f"Value {value[:_LONGEST_VALUE]} for DataResources.Values is not valid for {resource.type}."


def _advanced(selectors: Sequence[AdvancedSelector], categories: Mapping[str, Category]) -> Iterable[str]:
    total = sum(
        len(getattr(field, operator))
        for selector in selectors
        for field in selector.field_selectors
        for operator in _OPERATORS
    )
    if total > _MOST_VALUES:
        yield f"The number of values exceeds the limit of {_MOST_VALUES} across all advanced event selectors."
    for selector in selectors:
        yield from _one_advanced(selector, categories)


def _one_advanced(selector: AdvancedSelector, categories: Mapping[str, Category]) -> Iterable[str]:
    if len(selector.name) > _LONGEST_NAME:
        yield f"The selector name exceeds {_LONGEST_NAME} characters."
    fields = [field.field for field in selector.field_selectors]
    repeated = next((field for field in fields if fields.count(field) > 1), None)
    if repeated is not None:
        yield f"The field {repeated[:100]} is given more than once in an advanced event selector."
    stated = next((field for field in selector.field_selectors if field.field == "eventCategory"), None)
    if stated is None or len(stated.equals) != 1 or _used(stated) != _EQUALS:
        yield "An advanced event selector must have exactly one eventCategory with the Equals operator."
        return
    category = categories.get(stated.equals[0])
    if category is None:
        yield f"The eventCategory {stated.equals[0][:100]} is not valid."
        return
    for missing in sorted(set(category.required) - set(fields)):
        yield f"The field {missing} is required for eventCategory {stated.equals[0]}."
    for field in selector.field_selectors:
        if field.field != "eventCategory":
            yield from _field(field, category, management=category is _TRAIL_MANAGEMENT)


def _field(field: FieldSelector, category: Category, *, management: bool) -> Iterable[str]:
    allowed = category.fields.get(field.field)
    if not _FIELD.match(field.field) or allowed is None:
        yield f"The field {field.field[:100]} is not valid for this eventCategory."
        return
    used = _used(field)
    if not used:
        yield f"The field {field.field} has no operator with a value."
    for operator in sorted(used - allowed):
        yield f"The operator {_wire(operator)} is not valid for the field {field.field}."
    values = [value for operator in _OPERATORS for value in getattr(field, operator)]
    fixed = _EXCLUDABLE if management and field.field == "eventSource" else _FIXED.get(field.field)
    for value in values:
        if not 1 <= len(value) <= _LONGEST_VALUE or (fixed is not None and value not in fixed):
            yield f"Value {value[:_LONGEST_VALUE]} is not valid for the field {field.field}."
    if field.field == "resources.type" and len(field.equals) > 1:
        yield "The field resources.type takes exactly one value."


def _used(field: FieldSelector) -> frozenset[str]:
    return frozenset(operator for operator in _OPERATORS if getattr(field, operator))


def _wire(operator: str) -> str:
    return "".join(word.capitalize() for word in operator.split("_"))
