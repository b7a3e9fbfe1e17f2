"""Log streams: create, delete, show."""

from collections.abc import Mapping
from typing import Any

from trailwarden.services.call import Call
from trailwarden.services.logs.errors import (
    InvalidParameterException,
    LogStreamNotFound,
    ResourceAlreadyExistsException,
)
from trailwarden.services.logs.group import LogGroup, find_group, milliseconds
from trailwarden.services.logs.paging import position
from trailwarden.services.logs.stream import STREAM, LogStream, drop_stream, new_stream
from trailwarden.services.paging import token_of
from trailwarden.services.registry import operation
from trailwarden.services.world import World

__all__ = ["create_log_stream", "delete_log_stream", "describe_log_streams", "find_stream"]

_PAGE = 50


@operation("logs:CreateLogStream")
def create_log_stream(call: Call, world: World) -> None:
    """Create a stream in a log group.

    https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_CreateLogStream.html
    """
    group, name = find_group(call, world), call.params["logStreamName"]
    if world.find(STREAM, group.account, group.region, f"{group.name}:{name}") is not None:
        raise ResourceAlreadyExistsException(noun="log stream")
    new_stream(world.transaction, group, name, now=call.now)


@operation("logs:DeleteLogStream")
def delete_log_stream(call: Call, world: World) -> None:
    """Delete a stream with its events.

    https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_DeleteLogStream.html
    """
    group = find_group(call, world)
    drop_stream(world.transaction, group, find_stream(world, group, call.params["logStreamName"]))


@operation("logs:DescribeLogStreams")
def describe_log_streams(call: Call, world: World) -> Mapping[str, Any]:
    """Show a group's streams by name, or by the time of their last event.

    https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_DescribeLogStreams.html
    """
    asked = call.params
    group, prefix = find_group(call, world), asked.get("logStreamNamePrefix", "")
    by_time = asked.get("orderBy") == "LastEventTime"
    if by_time and prefix:
        raise InvalidParameterException(reason="Cannot order by LastEventTime with a logStreamNamePrefix.")
    read = world.list(STREAM, group.account, group.region, prefix=f"{group.name}:{prefix}")
    placed = sorted(((_place(each.body, by_time=by_time), each.body) for each in read), key=lambda pair: pair[0])
    after = position(call)
    if asked.get("descending"):
        placed = [pair for pair in reversed(placed) if not after or pair[0] < after]
    else:
        placed = [pair for pair in placed if pair[0] > after]
    size = asked.get("limit") or _PAGE
    answer: dict[str, Any] = {"logStreams": [_shown(group, stream) for _, stream in placed[:size]]}
    if len(placed) > size:
        answer["nextToken"] = token_of(placed[size - 1][0])
    return answer


def find_stream(world: World, group: LogGroup, name: str) -> LogStream:
    """The stream of that name. LogStreamNotFound."""
    stream = world.find(STREAM, group.account, group.region, f"{group.name}:{name}")
    if stream is None:
        raise LogStreamNotFound
    return stream


def _place(stream: LogStream, *, by_time: bool) -> str:
    return f"{stream.last or 0:016d}:{stream.name}" if by_time else stream.name


def _shown(group: LogGroup, stream: LogStream) -> Mapping[str, Any]:
    """The structure LogStream; AWS no longer counts the bytes of single streams."""
    told: dict[str, Any] = {
        "logStreamName": stream.name,
        "creationTime": milliseconds(stream.created),
        "arn": f"{group.arn}:log-stream:{stream.name}",
        "storedBytes": 0,
    }
    if stream.first is not None:
        told |= {
            "firstEventTimestamp": stream.first,
            "lastEventTimestamp": stream.last,
            "lastIngestionTime": stream.ingested,
            "uploadSequenceToken": f"{stream.sequence:056d}",
        }
    return told
