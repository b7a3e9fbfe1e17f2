"""CloudTrail events in whatever holds them: log files, buses, queues, log groups, streams, query results, Security Lake.

https://docs.aws.amazon.com/awscloudtrail/latest/userguide/cloudtrail-event-reference.html
"""

import base64
import csv
import io
import json
import re
from collections.abc import Iterator, Mapping
from typing import Any

from trailwarden.diagnose.unpacking import parts_of

__all__ = ["events_in"]

_DEPTH_MAX = 12
_HOLDERS = (
    *(
        "Records",
        "records",
        "Events",
        "events",
        "detail",
        "event",
        "_source",
        "CloudTrailEvent",
        "logEvents",
        "awslogs",
    ),
    *("kinesis", "Sns", "eventData", "results", "QueryResultRows", "Messages", "hits", "Items"),
)
"""A log file's records, LookupEvents' list, EventBridge's detail, search engines' wrappers, what functions and clients get."""

_WRITTEN = (
    "CloudTrailEvent",
    "original",
    "message",
    "eventJson",
    "eventData",
    "body",
    "Body",
    "Message",
    "data",
    "Data",
)
"""Members that hold an event as text, plain or in base64."""

_COLUMNS = {
    name.lower(): name
    for name in (
        *("eventVersion", "userIdentity", "eventTime", "eventSource", "eventName", "awsRegion", "sourceIPAddress"),
        *("userAgent", "errorCode", "errorMessage", "requestParameters", "responseElements", "additionalEventData"),
        *("requestID", "eventID", "eventType", "apiVersion", "recipientAccountId", "sharedEventID", "vpcEndpointId"),
    )
}
_STRUCT_ARN = re.compile(r"\barn=(?P<arn>arn:[^,}\s]+)")
_BASE64 = re.compile(r"[A-Za-z0-9+/\s]{40,}={0,2}\s*\Z")
_GZIP_IN_BASE64 = "H4sI"


class OtherFile(ValueError):
    """A file of CloudTrail's that holds no events of calls."""


def events_in(text: str) -> list[Mapping[str, Any]] | None:
    """The events in a text, whatever holds them; None where it holds none. ValueError for CloudTrail's other files."""
    if text.startswith(_GZIP_IN_BASE64):
        return list(_of_text(text, _DEPTH_MAX)) or None
    if not text.startswith(("{", "[")):
        return list(_rows(text)) or None
    try:
        return list(_events(json.loads(text), _DEPTH_MAX)) or None
    except OtherFile:
        raise
    except (ValueError, RecursionError):
        return _lines(text)


def _lines(text: str) -> list[Mapping[str, Any]] | None:
    found: list[Mapping[str, Any]] = []
    for line in text.splitlines():
        if line.strip():
            try:
                found.extend(_events(json.loads(line), _DEPTH_MAX))
            except OtherFile:
                raise
            except (ValueError, RecursionError):
                return None
    return found or None


def _events(value: Any, depth: int) -> Iterator[Mapping[str, Any]]:
    if isinstance(value, list):
        pairs = _row(value)
        for each in value if depth and pairs is None else ():
            yield from _events(each, depth - 1)
        if pairs is not None:
            yield from _events(pairs, depth - 1)
    elif isinstance(value, str) and depth:
        yield from _of_text(value, depth)
    elif isinstance(value, Mapping) and depth:
        yield from _of_object(value, depth)


def _of_object(value: Mapping[str, Any], depth: int) -> Iterator[Mapping[str, Any]]:
    _refuse_other_files(value)
    if "eventName" in value and "eventSource" in value:
        yield value
        return
    if isinstance(value.get("api"), Mapping) and isinstance(value.get("metadata"), Mapping):
        yield _of_security_lake(value)
        return
    found: list[Mapping[str, Any]] = []
    for name in (*_WRITTEN, "@message", "value"):
        written = value.get(name)
        if isinstance(written, str) and not found:
            found = list(_of_text(written, depth))
    for name in _HOLDERS if not found else ():
        if value.get(name) and not found:
            found = list(_events(value[name], depth - 1))
    yield from found


def _of_text(text: str, depth: int) -> Iterator[Mapping[str, Any]]:
    """An event written as text; nothing where the text is none."""
    bare = text.strip()
    if bare.startswith(("{", "[")):
        try:
            yield from _events(json.loads(bare), depth - 1)
        except OtherFile:
            raise
        except (ValueError, RecursionError):
            return
    elif _BASE64.match(bare) and depth > 1:
        yield from _of_base64(bare, depth)


def _of_base64(text: str, depth: int) -> Iterator[Mapping[str, Any]]:
    """What Kinesis and subscriptions of CloudWatch Logs carry, mostly packed."""
    try:
        for part in parts_of(base64.b64decode(text)):
            yield from _of_text(part.decode("utf-8-sig"), depth - 1)
    except OtherFile:
        raise
    except ValueError:
        return


def _row(value: list[Any]) -> dict[str, Any] | None:
    """A row of GetQueryResults, a list of one-member objects, or of Logs Insights, whose objects have field and value."""
    if not value or not all(isinstance(each, Mapping) for each in value):
        return None
    if all(set(each) == {"field", "value"} for each in value):
        return {str(each["field"]): each["value"] for each in value}
    if all(len(each) == 1 for each in value) and {"eventName", "eventSource"} <= {
        name for each in value for name in each
    }:
        return {name: content for each in value for name, content in each.items()}
    return None


def _rows(text: str) -> Iterator[Mapping[str, Any]]:
    """The rows of a result of Athena or of the lake as CSV; none where the first line is no heading of events."""
    heading = {name.strip().strip('"').lower() for name in text.partition("\n")[0].split(",")}
    if not {"eventname", "eventsource"} <= heading:
        return
    try:
        for row in csv.DictReader(io.StringIO(text)):
            yield _of_columns(row)
    except csv.Error as error:
        raise ValueError(f"the table of events cannot be read: {error}") from error


def _of_columns(row: Mapping[str | None, Any]) -> Mapping[str, Any]:
    """A row as an event: names in CloudTrail's spelling, JSON and Athena's structs opened."""
    event: dict[str, Any] = {}
    for column, cell in row.items():
        name = _COLUMNS.get((column or "").strip().lower(), column or "")
        event[name] = _cell(cell) if name in {"userIdentity", "requestParameters", "responseElements"} else cell
    arn = row.get("useridentity.arn") or row.get("userIdentity.arn") or row.get("useridentity_arn")
    return {**event, "userIdentity": {"arn": arn}} if arn else event


def _cell(cell: Any) -> Any:
    if not isinstance(cell, str):
        return cell
    try:
        return json.loads(cell)
    except (ValueError, RecursionError):
        struct = _STRUCT_ARN.search(cell)
        return {"arn": struct["arn"]} if struct else cell


def _of_security_lake(value: Mapping[str, Any]) -> Mapping[str, Any]:
    """An event of class API Activity of the Open Cybersecurity Schema, as Security Lake writes CloudTrail's.

    https://docs.aws.amazon.com/security-lake/latest/userguide/open-cybersecurity-schema-framework.html
    """
    api, actor, cloud = (_mapping(value.get(name)) for name in ("api", "actor", "cloud"))
    response, user = _mapping(api.get("response")), _mapping(actor.get("user"))
    arn = next((each for each in user.values() if isinstance(each, str) and each.startswith("arn:")), "")
    return {
        "eventName": api.get("operation"),
        "eventSource": _mapping(api.get("service")).get("name"),
        "errorCode": response.get("error"),
        "errorMessage": response.get("message") or response.get("error_message"),
        "awsRegion": cloud.get("region"),
        "eventTime": value.get("time_dt") or value.get("time"),
        "eventID": _mapping(value.get("metadata")).get("uid"),
        "requestID": _mapping(api.get("request")).get("uid"),
        "sourceIPAddress": _mapping(value.get("src_endpoint")).get("ip"),
        "userIdentity": {"arn": arn, "accountId": _mapping(user.get("account")).get("uid")},
        "requestParameters": _cell(_mapping(api.get("request")).get("data")),
    }


def _refuse_other_files(value: Mapping[str, Any]) -> None:
    if "digestStartTime" in value and "logFiles" in value:
        raise OtherFile("this is a digest file: it proves log files and holds no events; give one of its log files")
    if "configurationItems" in value or "configSnapshotId" in value:
        raise OtherFile("this is a file of AWS Config, not of CloudTrail")


def _mapping(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, Mapping) else {}
