"""A log group: what is stored of it, and how calls name it."""

from collections.abc import Mapping
from typing import Any

import msgspec

from trailwarden.arn import Arn
from trailwarden.services.call import Call
from trailwarden.services.logs.errors import (
    InvalidParameterException,
    LogGroupNotFound,
    ResourceNotFoundException,
    ValidationException,
)
from trailwarden.services.world import World
from trailwarden.storage.ports import Kind

__all__ = [
    "GROUP",
    "LogGroup",
    "MetricFilter",
    "ResourcePolicy",
    "find_group",
    "group_of_arn",
    "keep_group",
    "milliseconds",
    "shown",
]

_PREFIX = "log-group:"


class MetricFilter(msgspec.Struct, frozen=True, kw_only=True):
    """How log events become metric data. `transformations` are as they came.

    https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_MetricFilter.html
    """

    name: str
    pattern: str
    created: float
    transformations: tuple[dict[str, Any], ...]
    extra: dict[str, Any] = {}


class ResourcePolicy(msgspec.Struct, frozen=True, kw_only=True):
    """A policy of an account and Region, or of one log group (then with a revision)."""

    name: str
    document: str
    updated: float
    revision: str = ""


class LogGroup(msgspec.Struct, frozen=True, kw_only=True):
    """A log group. Key: (account, region, name). Times are seconds since the epoch; `retention` is in days, 0 is for ever.

    https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_LogGroup.html
    """

    account: str
    region: str
    name: str
    created: float
    kms_key_id: str = ""
    retention: int = 0
    group_class: str = "STANDARD"
    protected: bool = False
    tags: dict[str, str] = {}
    filters: tuple[MetricFilter, ...] = ()
    policy: ResourcePolicy | None = None

    @property
    def arn(self) -> str:
        """`arn:aws:logs:us-east-1:123456789012:log-group:name`, without the `:*` that policies need."""
        return str(Arn(service="logs", region=self.region, account=self.account, resource=f"{_PREFIX}{self.name}"))


GROUP = Kind("logs.group", LogGroup)


def milliseconds(seconds: float) -> int:
    """Times on the wire are milliseconds since the epoch."""
    return round(seconds * 1000)


def find_group(call: Call, world: World) -> LogGroup:
    """The log group that the call names by `logGroupName` or `logGroupIdentifier` (a name or an ARN).

    LogGroupNotFound; ValidationException for both, InvalidParameterException for neither.
    """
    name: str = call.params.get("logGroupName", "")
    identifier: str = call.params.get("logGroupIdentifier", "")
    if name and identifier:
        raise ValidationException(reason="LogGroup name and LogGroup ARN are mutually exclusive parameters.")
    if not name and not identifier:
        raise InvalidParameterException(reason="Either logGroupName or logGroupIdentifier must be specified.")
    given = name or identifier
    if given.startswith("arn:"):
        return group_of_arn(world, given)
    return _found(world, call.account, call.region, given)


def group_of_arn(world: World, text: str) -> LogGroup:
    """The log group of an ARN, which may end in `:*`. ResourceNotFoundException, InvalidParameterException."""
    arn = Arn.parse(text)
    if arn is None or arn.service != "logs":
        raise InvalidParameterException(reason=f"Invalid resource ARN: {text[:256]}")
    if not arn.resource.startswith(_PREFIX):
        raise ResourceNotFoundException(reason="The specified resource does not exist.")
    return _found(world, arn.account, arn.region, arn.resource.removeprefix(_PREFIX).removesuffix(":*"))


def keep_group(world: World, group: LogGroup, **changes: Any) -> None:
    """Write the log group with changes."""
    world.put(GROUP, group.account, group.region, group.name, msgspec.structs.replace(group, **changes))


def _found(world: World, account: str, region: str, name: str) -> LogGroup:
    group = world.find(GROUP, account, region, name)
    if group is None:
        raise LogGroupNotFound
    return group


def shown(group: LogGroup, *, stored: int) -> Mapping[str, Any]:
    """The structure LogGroup."""
    told: dict[str, Any] = {
        "logGroupName": group.name,
        "creationTime": milliseconds(group.created),
        "metricFilterCount": len(group.filters),
        "arn": f"{group.arn}:*",
        "logGroupArn": group.arn,
        "logGroupClass": group.group_class,
        "storedBytes": stored,
        "deletionProtectionEnabled": group.protected,
    }
    if group.retention:
        told["retentionInDays"] = group.retention
    if group.kms_key_id:
        told["kmsKeyId"] = group.kms_key_id
    return told
