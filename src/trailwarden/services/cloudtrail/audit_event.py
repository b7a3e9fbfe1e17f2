"""An event from outside of AWS: what it must look like, and the record that is made of it.

https://docs.aws.amazon.com/awscloudtrail/latest/userguide/query-integration-event-schema.html
"""

import base64
import hashlib
import hmac
import re
import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import msgspec

from trailwarden.clock import iso
from trailwarden.services.cloudtrail.channel import Channel

__all__ = ["CATEGORY", "Refusal", "event_id", "opened", "record"]

CATEGORY = "ActivityAuditLog"

_KIB = 1024


@dataclass(frozen=True, slots=True, kw_only=True)
class _Field:
    """A member of eventData: its type, whether it must be there, the most characters of a text or bytes of an object."""

    type: type
    most: int
    required: bool = False


_FIELDS: Mapping[tuple[str, ...], _Field] = {
    ("version",): _Field(type=str, most=256, required=True),
    ("userIdentity",): _Field(type=dict, most=100 * _KIB, required=True),
    ("userIdentity", "type"): _Field(type=str, most=128, required=True),
    ("userIdentity", "principalId"): _Field(type=str, most=1024, required=True),
    ("userIdentity", "details"): _Field(type=dict, most=100 * _KIB),
    ("userAgent",): _Field(type=str, most=1024),
    ("eventSource",): _Field(type=str, most=1024, required=True),
    ("eventName",): _Field(type=str, most=1024, required=True),
    ("eventTime",): _Field(type=str, most=64, required=True),
    ("UID",): _Field(type=str, most=1024, required=True),
    ("requestParameters",): _Field(type=dict, most=100 * _KIB),
    ("responseElements",): _Field(type=dict, most=100 * _KIB),
    ("errorCode",): _Field(type=str, most=256),
    ("errorMessage",): _Field(type=str, most=256),
    ("sourceIPAddress",): _Field(type=str, most=1024),
    ("recipientAccountId",): _Field(type=str, most=12, required=True),
    ("additionalEventData",): _Field(type=dict, most=28 * _KIB),
}
_TIME = re.compile(r"(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)(?:\.\d{1,9})?Z?\Z")


class Refusal(Exception):
    """An event that is not taken; `code` is the errorCode of its entry.

    https://docs.aws.amazon.com/awscloudtraildata/latest/APIReference/API_ResultErrorEntry.html
    """

    def __init__(self, code: str, reason: str) -> None:
        self.code = code
        super().__init__(reason)


def opened(text: str, checksum: str, channel: Channel) -> Mapping[str, Any]:
    """The eventData, if CloudTrail takes it: its checksum first, then its form, then whom it is for. Raises Refusal."""
    if checksum and not _is_whole(text, checksum):
        raise Refusal("InvalidChecksum", "The checksum does not match the event data.")
    data = _decoded(text)
    for path, field in _FIELDS.items():
        _check(data, path, field)
    if _moment(data["eventTime"]) is None:
        raise Refusal("InvalidData", "The eventTime must have the format yyyy-MM-DDTHH:mm:ss, in UTC.")
    if data["recipientAccountId"] != channel.account:
        raise Refusal("InvalidRecipient", "The recipientAccountId must be the account that owns the channel.")
    return data


def event_id(channel: Channel, data: Mapping[str, Any]) -> str:
    """The event's id: the same for the same UID, so that however often an event is sent, it is one."""
    return str(uuid.uuid5(uuid.NAMESPACE_URL, f"{channel.arn}#{data['UID']}"))


def record(channel: Channel, data: Mapping[str, Any], *, now: float) -> bytes:
    """The record as event data stores have it; fields beside eventData are CloudTrail's own."""
    moment = _moment(data["eventTime"])
    return msgspec.json.encode(
        {
            "eventVersion": "1.08",
            "eventCategory": CATEGORY,
            "eventType": "ActivityLog",
            "eventID": event_id(channel, data),
            "eventTime": iso(moment if moment is not None else now),
            "awsRegion": channel.region,
            "recipientAccountId": channel.account,
            "metadata": {"ingestionTime": iso(now), "channelARN": channel.arn},
            "eventData": data,
        }
    )


def _is_whole(text: str, checksum: str) -> bool:
    found = base64.b64encode(hashlib.sha256(text.encode()).digest())
    return hmac.compare_digest(found, checksum.encode())


def _decoded(text: str) -> Mapping[str, Any]:
    try:
        data = msgspec.json.decode(text)
    except (msgspec.DecodeError, RecursionError):
        raise Refusal("InvalidData", "The event data is not valid JSON.") from None
    if not isinstance(data, dict):
        raise Refusal("InvalidData", "The event data is not a JSON object.")
    return data


def _check(data: Mapping[str, Any], path: tuple[str, ...], field: _Field) -> None:
    """One member. A null is none."""
    found: Any = data
    for name in path:
        found = found.get(name) if isinstance(found, Mapping) else None
    name = ".".join(path)
    if found is None or found == "":
        if field.required:
            raise Refusal("FieldNotFound", f"The required field {name} is missing.")
        return
    if not isinstance(found, field.type):
        kind = "a string" if field.type is str else "a JSON object"
        raise Refusal("InvalidData", f"The field {name} must be {kind}.")
    size = len(found) if isinstance(found, str) else len(msgspec.json.encode(found))
    if size > field.most:
        raise Refusal("FieldTooLong", f"The field {name} is longer than {field.most}.")


def _moment(text: str) -> float | None:
    found = _TIME.match(text)
    try:
        return datetime.fromisoformat(found[1]).replace(tzinfo=UTC).timestamp() if found else None
    except ValueError:
        return None
