"""Log groups: create, delete, show, and their settings."""

from collections.abc import Iterator, Mapping
from typing import Any

from trailwarden.arn import Arn
from trailwarden.policy import ContextValue
from trailwarden.services.call import Call
from trailwarden.services.logs.errors import (
    AccessDeniedException,
    InvalidParameterException,
    LogGroupNotFound,
    ResourceAlreadyExistsException,
    ValidationException,
)
from trailwarden.services.logs.group import GROUP, LogGroup, find_group, group_of_arn, keep_group, shown
from trailwarden.services.logs.paging import position
from trailwarden.services.logs.stream import STREAM, drop_stream
from trailwarden.services.logs.tags import checked_tags
from trailwarden.services.paging import token_of
from trailwarden.services.registry import operation
from trailwarden.services.world import World

__all__ = [
    "associate_kms_key",
    "create_log_group",
    "delete_log_group",
    "delete_retention_policy",
    "describe_log_groups",
    "disassociate_kms_key",
    "list_log_groups",
    "put_log_group_deletion_protection",
    "put_retention_policy",
]

_RETENTIONS = (
    1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922, 3288, 3653,
)  # fmt: skip
"""https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_PutRetentionPolicy.html."""

_PAGE = 50


@operation("logs:CreateLogGroup")
def create_log_group(call: Call, world: World) -> None:
    """Create a log group; its events do not expire unless a retention is put.

    https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_CreateLogGroup.html
    """
    asked = call.params
    name = asked["logGroupName"]
    if name.lower().startswith("aws/"):
        raise InvalidParameterException(reason="Log groups starting with AWS/ are reserved for AWS.")
    if world.find(GROUP, call.account, call.region, name) is not None:
        raise ResourceAlreadyExistsException(noun="log group")
    group = LogGroup(
        account=call.account,
        region=call.region,
        name=name,
        created=call.now,
        group_class=asked.get("logGroupClass", "STANDARD"),
        protected=asked.get("deletionProtectionEnabled", False),
        tags=checked_tags({}, asked.get("tags", {})),
    )
    if asked.get("kmsKeyId"):
        _check_key(world, group, asked["kmsKeyId"])
    keep_group(world, group, kms_key_id=asked.get("kmsKeyId", ""))


@operation("logs:DeleteLogGroup")
def delete_log_group(call: Call, world: World) -> None:
    """Delete a log group with its streams and events.

    https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_DeleteLogGroup.html
    """
    group = find_group(call, world)
    if group.protected:
        raise ValidationException(
            reason="The specified log group is protected from deletion. Disable deletion protection and try again."
        )
    for stream in world.list(STREAM, group.account, group.region, prefix=f"{group.name}:"):
        drop_stream(world.transaction, group, stream.body)
    world.delete(GROUP, group.account, group.region, group.name)


@operation("logs:DescribeLogGroups")
def describe_log_groups(call: Call, world: World) -> Mapping[str, Any]:
    """Show the account's log groups by name: with a prefix, with a part of the name, or of a list.

    https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_DescribeLogGroups.html
    """
    asked = call.params
    prefix, part = asked.get("logGroupNamePrefix", ""), asked.get("logGroupNamePattern", "")
    if prefix and part:
        raise InvalidParameterException(
            reason="LogGroup name prefix and LogGroup name pattern are mutually exclusive parameters."
        )
    wanted = {_name_of(given) for given in asked.get("logGroupIdentifiers", ())}
    kind = asked.get("logGroupClass", "")
    found = (
        group
        for group in _walk(call, world, prefix)
        if part in group.name and (not wanted or group.name in wanted) and kind in {"", group.group_class}
    )
    return _page(call, found, lambda group: shown(group, stored=_stored(world, group)))


@operation("logs:ListLogGroups")
def list_log_groups(call: Call, world: World) -> Mapping[str, Any]:
    """List the account's log groups; a pattern is up to five parts of names, `^` before one that must begin them.

    https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_ListLogGroups.html
    """
    parts = call.params.get("logGroupNamePattern", "").split("|")
    kind = call.params.get("logGroupClass", "")
    found = (
        group
        for group in _walk(call, world, "")
        if any(_matches(group.name, part) for part in parts) and kind in {"", group.group_class}
    )
    return _page(
        call,
        found,
        lambda group: {"logGroupName": group.name, "logGroupArn": group.arn, "logGroupClass": group.group_class},
    )


@operation("logs:PutRetentionPolicy")
def put_retention_policy(call: Call, world: World) -> None:
    """Let the group's events expire after some days.

    https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_PutRetentionPolicy.html
    """
    days = call.params["retentionInDays"]
    if days not in _RETENTIONS:
        allowed = ", ".join(map(str, _RETENTIONS))
        raise InvalidParameterException(
            reason=f"1 validation error detected: Value '{days}' at 'retentionInDays' failed to satisfy constraint: "
            f"Member must satisfy enum value set: [{allowed}]"
        )
    keep_group(world, find_group(call, world), retention=days)


@operation("logs:DeleteRetentionPolicy")
def delete_retention_policy(call: Call, world: World) -> None:
    """Keep the group's events for ever.

    https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_DeleteRetentionPolicy.html
    """
    keep_group(world, find_group(call, world), retention=0)


@operation("logs:PutLogGroupDeletionProtection")
def put_log_group_deletion_protection(call: Call, world: World) -> None:
    """Keep a log group from being deleted, or no longer.

    https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_PutLogGroupDeletionProtection.html
    """
    keep_group(world, find_group(call, world), protected=call.params["deletionProtectionEnabled"])


@operation("logs:AssociateKmsKey")
def associate_kms_key(call: Call, world: World) -> None:
    """Encrypt what is ingested from now on with a key that lets Logs use it.

    https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_AssociateKmsKey.html
    """
    group = _of_key(call, world)
    _check_key(world, group, call.params["kmsKeyId"])
    keep_group(world, group, kms_key_id=call.params["kmsKeyId"])


@operation("logs:DisassociateKmsKey")
def disassociate_kms_key(call: Call, world: World) -> None:
    """Encrypt with the service's own key again.

    https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_DisassociateKmsKey.html
    """
    keep_group(world, _of_key(call, world), kms_key_id="")


def _of_key(call: Call, world: World) -> LogGroup:
    """The log group by name, or by `resourceIdentifier`."""
    resource = call.params.get("resourceIdentifier")
    if resource and call.params.get("logGroupName"):
        raise InvalidParameterException(reason="logGroupName and resourceIdentifier are mutually exclusive parameters.")
    return group_of_arn(world, resource) if resource else find_group(call, world)


def _check_key(world: World, group: LogGroup, given: str) -> None:
    """The key must exist and its policy let Logs make data keys for this group.

    https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/encrypt-log-data-kms.html
    """
    arn = Arn.parse(given)
    if arn is None or arn.service != "kms" or arn.type != "key":
        raise InvalidParameterException(reason="The specified KMS Key Id could not be found.")
    service = f"logs.{group.region}.amazonaws.com"
    context: dict[str, ContextValue] = {
        "kms:EncryptionContext:aws:logs:arn": group.arn,
        "kms:EncryptionContextKeys": ("aws:logs:arn",),
    }
    usable = world.resource(arn) is not None and all(
        world.service_may(service, action, given, context) for action in ("kms:GenerateDataKey", "kms:Decrypt")
    )
    if not usable:
        raise AccessDeniedException(
            reason=f"The specified KMS key does not exist or is not allowed to be used with LogGroup '{group.arn}'"
        )


def _name_of(identifier: str) -> str:
    arn = Arn.parse(identifier)
    if arn is None:
        return identifier
    if not arn.resource.startswith("log-group:"):
        raise LogGroupNotFound
    return arn.resource.removeprefix("log-group:").removesuffix(":*")


def _matches(name: str, part: str) -> bool:
    return name.startswith(part[1:]) if part.startswith("^") else part in name


def _walk(call: Call, world: World, prefix: str) -> Iterator[LogGroup]:
    """The account's log groups behind the call's position, read as far as they are asked for."""
    after = position(call)
    while True:
        read = world.list(GROUP, call.account, call.region, prefix=prefix, after=after, limit=_PAGE)
        yield from (document.body for document in read)
        if len(read) < _PAGE:
            return
        after = read[-1].name


def _page(call: Call, found: Iterator[LogGroup], show: Any) -> Mapping[str, Any]:
    size = call.params.get("limit") or _PAGE
    groups = [group for _, group in zip(range(size + 1), found, strict=False)]
    answer: dict[str, Any] = {"logGroups": [show(group) for group in groups[:size]]}
    if len(groups) > size:
        answer["nextToken"] = token_of(groups[size - 1].name)
    return answer


def _stored(world: World, group: LogGroup) -> int:
    return sum(each.body.size for each in world.list(STREAM, group.account, group.region, prefix=f"{group.name}:"))
