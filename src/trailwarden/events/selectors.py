"""Event selectors as values: which events a trail or an event data store takes.

https://docs.aws.amazon.com/awscloudtrail/latest/userguide/logging-data-events-with-cloudtrail.html
"""

import msgspec

__all__ = ["AdvancedSelector", "DataResource", "EventSelector", "FieldSelector"]


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
