"""PutAuditEvents: any application's events, through a channel into event data stores.

https://docs.aws.amazon.com/awscloudtraildata/latest/APIReference/API_PutAuditEvents.html
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

import msgspec

from trailwarden.arn import Arn
from trailwarden.errors import AwsError, ValidationException
from trailwarden.lake.store import STORE, EventDataStore, is_gone
from trailwarden.services.call import Call
from trailwarden.services.cloudtrail.audit_event import CATEGORY, Refusal, event_id, opened, record
from trailwarden.services.cloudtrail.channel import CHANNEL, INGESTION, Channel, Ingestion
from trailwarden.services.registry import operation
from trailwarden.services.world import World
from trailwarden.storage.ports import Entry

__all__ = [
    "ChannelNotFound",
    "ChannelUnsupportedSchema",
    "DuplicatedAuditEventId",
    "InvalidChannelARN",
    "put_audit_events",
]

_LARGEST = 1024 * 1024


class ChannelNotFound(AwsError):
    """There is no such channel."""

    message = "The channel could not be found."


class InvalidChannelARN(AwsError):
    """The ARN is not that of a channel."""

    message = "The specified channel ARN is not a valid channel ARN."


class ChannelUnsupportedSchema(AwsError):
    """No event of the request has the form of an event: none of them is a JSON object."""

    message = "The schema type of the event is not supported."


class DuplicatedAuditEventId(AwsError):
    """Two or more entries in the request have the same event ID."""

    message = "Two or more entries in the request have the same event ID."


@operation("cloudtrail-data:PutAuditEvents")
def put_audit_events(call: Call, world: World) -> Mapping[str, Any]:
    """Take up to 100 events in; each is answered for itself. An event whose UID came before is not stored again.

    https://docs.aws.amazon.com/awscloudtraildata/latest/APIReference/API_PutAuditEvents.html
    """
    given: Sequence[Mapping[str, Any]] = call.params["auditEvents"]
    channel = _find(call, world)
    _check_request(given)
    status = world.find(INGESTION, channel.account, channel.region, channel.id) or Ingestion()
    stores = _stores(world, channel)
    successful, failed, known = [], [], set[str]()
    for each in given:
        try:
            data = _taken(each, channel, stores)
        except Refusal as refusal:
            failed.append({"id": each["id"], "errorCode": refusal.code, "errorMessage": str(refusal)})
            continue
        found = event_id(channel, data)
        if found not in known and world.storage.journal.find(found) is None:
            world.transaction.append(_entry(channel, stores, data, now=call.now))
        known.add(found)
        successful.append({"id": each["id"], "eventID": found})
    world.put(INGESTION, channel.account, channel.region, channel.id, _told(status, call.now, successful, failed))
    return {"successful": successful, "failed": failed}


def _find(call: Call, world: World) -> Channel:
    given: str = call.params["channelArn"]
    arn = Arn.parse(given)
    if arn is None or arn.service != "cloudtrail" or arn.type != "channel":
        raise InvalidChannelARN
    found = world.find(CHANNEL, arn.account, arn.region, arn.resource.removeprefix("channel/"))
    if found is None or found.region != call.region:
        raise ChannelNotFound
    return found


def _check_request(given: Sequence[Mapping[str, Any]]) -> None:
    """DuplicatedAuditEventId, ValidationException, ChannelUnsupportedSchema."""
    if max(Counter(each["id"] for each in given).values()) > 1:
        raise DuplicatedAuditEventId
    if sum(len(each["eventData"].encode()) for each in given) > _LARGEST:
        raise ValidationException(reason="The events of a request have at most 1 MB together.")
    if not any(each["eventData"].lstrip().startswith("{") for each in given):
        raise ChannelUnsupportedSchema


def _stores(world: World, channel: Channel) -> Sequence[EventDataStore]:
    """The destinations that take events in now."""
    arns = filter(None, map(Arn.parse, channel.destinations))
    found = (world.find(STORE, arn.account, arn.region, arn.resource.removeprefix("eventdatastore/")) for arn in arns)
    return [store for store in found if store and store.deletion is None and not is_gone(store, world.now)]


def _taken(each: Mapping[str, Any], channel: Channel, stores: Sequence[EventDataStore]) -> Mapping[str, Any]:
    """Raises Refusal."""
    data = opened(each["eventData"], each.get("eventDataChecksum", ""), channel)
    if not stores:
        raise Refusal("AccountNotSubscribed", "No event data store takes the events of the channel.")
    return data


def _entry(channel: Channel, stores: Sequence[EventDataStore], data: Mapping[str, Any], *, now: float) -> Entry:
    """For the journal, whose time is that of arrival: an event may be older than what the journal keeps."""
    return Entry(
        event_id=event_id(channel, data),
        time=now,
        account=channel.account,
        region=channel.region,
        category=CATEGORY,
        source=data["eventSource"],
        name=data["eventName"],
        read_only=False,
        record=record(channel, data, now=now),
        resources=tuple(("AWS::CloudTrail::EventDataStore", store.arn) for store in stores),
    )


def _told(
    status: Ingestion, now: float, successful: Sequence[Mapping[str, str]], failed: Sequence[Mapping[str, str]]
) -> Ingestion:
    """What GetChannel tells of the ingestion. Every call writes it, so that of two with one event the later sees the first."""
    if successful:
        status = msgspec.structs.replace(status, succeeded=now, success=successful[-1]["eventID"])
    last = failed[-1] if failed else {"id": successful[-1]["eventID"], "errorCode": ""}
    return msgspec.structs.replace(status, attempted=now, attempt=last["id"], error=last["errorCode"])
