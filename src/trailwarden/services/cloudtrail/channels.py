"""Channels: how events from outside of AWS come to event data stores.

https://docs.aws.amazon.com/awscloudtrail/latest/userguide/query-event-data-store-integration.html
"""

import re
from collections.abc import Iterable, Mapping
from typing import Any

import msgspec

from trailwarden.arn import Arn
from trailwarden.errors import AwsError
from trailwarden.services.call import Call
from trailwarden.services.cloudtrail.channel import (
    CHANNEL,
    INGESTION,
    Channel,
    ChannelNotFoundException,
    shown_channel,
    shown_ingestion,
)
from trailwarden.services.cloudtrail.errors import InvalidParameterException
from trailwarden.services.cloudtrail.event_data_store import check_active, find_store
from trailwarden.services.cloudtrail.event_data_stores import InvalidEventDataStoreCategoryException
from trailwarden.services.cloudtrail.paging import page
from trailwarden.services.cloudtrail.tags import checked_tags
from trailwarden.services.registry import operation
from trailwarden.services.world import World

__all__ = [
    "ChannelARNInvalidException",
    "create_channel",
    "delete_channel",
    "get_channel",
    "list_channels",
    "update_channel",
]

_ID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}\Z")
_PER_ACCOUNT = 25
_OWN = "ActivityAuditLog"
_SOURCES = frozenset(
    {
        "Custom",
        "CloudStorageSecurityConsole",
        "Clumio",
        "CrowdStrike",
        "CyberArk",
        "GitHub",
        "IBMMulticloud",
        "KongGatewayEnterprise",
        "LaunchDarkly",
        "MontyCloud",
        "NetskopeCloudExchange",
        "OktaSystemLogEvents",
        "OneLogin",
        "Shoreline",
        "Snyk",
        "WizAuditLogs",
    }
)
"""https://docs.aws.amazon.com/awscloudtrail/latest/userguide/query-event-data-store-integration.html#cloudtrail-lake-partner-information."""


class ChannelARNInvalidException(AwsError):
    """The ARN is not that of a channel.

    https://docs.aws.amazon.com/awscloudtrail/latest/APIReference/API_GetChannel.html
    """

    message = "The specified channel ARN is not valid: {given}"


class ChannelAlreadyExistsException(AwsError):
    """Names are unique in an account and Region.

    https://docs.aws.amazon.com/awscloudtrail/latest/APIReference/API_CreateChannel.html
    """

    message = "The channel already exists: {name}"


class ChannelMaxLimitExceededException(AwsError):
    """There is one channel a source, and at most 25.

    https://docs.aws.amazon.com/awscloudtrail/latest/APIReference/API_CreateChannel.html (Source)
    """

    message = "{reason}"


class InvalidSourceException(AwsError):
    """The source is neither Custom nor a partner.

    https://docs.aws.amazon.com/awscloudtrail/latest/APIReference/API_CreateChannel.html (Source)
    """

    message = "The specified source is not valid: {source}"


@operation("cloudtrail:CreateChannel")
def create_channel(call: Call, world: World) -> Mapping[str, Any]:
    """Create a channel for a source.

    https://docs.aws.amazon.com/awscloudtrail/latest/APIReference/API_CreateChannel.html
    """
    asked = call.params
    if asked["Source"] not in _SOURCES:
        raise InvalidSourceException(source=asked["Source"])
    channel = Channel(
        account=call.account,
        region=call.region,
        id=world.chance.uuid(),
        name=asked["Name"],
        source=asked["Source"],
        destinations=_destinations(call, world, asked["Destinations"]),
        tags=checked_tags({}, asked.get("Tags", ())),
    )
    standing = _standing(world, channel)
    if len(standing) >= _PER_ACCOUNT:
        raise ChannelMaxLimitExceededException(reason=f"The limit of {_PER_ACCOUNT} channels is exceeded.")
    if any(other.source == channel.source for other in standing):
        raise ChannelMaxLimitExceededException(reason=f"A channel already exists for the source {channel.source}.")
    _keep(world, channel)
    return {**shown_channel(channel), "Tags": [{"Key": key, "Value": value} for key, value in channel.tags.items()]}


@operation("cloudtrail:GetChannel")
def get_channel(call: Call, world: World) -> Mapping[str, Any]:
    """Show a channel, and what became of the latest events that came through it.

    https://docs.aws.amazon.com/awscloudtrail/latest/APIReference/API_GetChannel.html
    """
    channel = _find(call, world)
    status = world.find(INGESTION, channel.account, channel.region, channel.id)
    return {**shown_channel(channel), **({"IngestionStatus": shown_ingestion(status)} if status else {})}


@operation("cloudtrail:ListChannels")
def list_channels(call: Call, world: World) -> Mapping[str, Any]:
    """The channels of this Region.

    https://docs.aws.amazon.com/awscloudtrail/latest/APIReference/API_ListChannels.html
    """
    return page(
        call,
        "Channels",
        [document.body for document in world.list(CHANNEL, call.account, call.region)],
        key=lambda channel: channel.arn,
        shown=lambda channel: {"ChannelArn": channel.arn, "Name": channel.name},
    )


@operation("cloudtrail:UpdateChannel")
def update_channel(call: Call, world: World) -> Mapping[str, Any]:
    """Change a channel's name or destinations; its source stays.

    https://docs.aws.amazon.com/awscloudtrail/latest/APIReference/API_UpdateChannel.html
    """
    channel = _find(call, world)
    asked = call.params
    if not {"Name", "Destinations"} & set(asked):
        raise InvalidParameterException(reason="Specify a name, destinations, or both.")
    channel = msgspec.structs.replace(
        channel,
        name=asked.get("Name", channel.name),
        destinations=_destinations(call, world, asked["Destinations"])
        if "Destinations" in asked
        else channel.destinations,
    )
    _standing(world, channel)
    _keep(world, channel)
    return shown_channel(channel)


@operation("cloudtrail:DeleteChannel")
def delete_channel(call: Call, world: World) -> None:
    """Delete a channel; what it brought stays.

    https://docs.aws.amazon.com/awscloudtrail/latest/APIReference/API_DeleteChannel.html
    """
    channel = _find(call, world)
    world.delete(CHANNEL, channel.account, channel.region, channel.id)
    world.delete(INGESTION, channel.account, channel.region, channel.id)


def _find(call: Call, world: World) -> Channel:
    """ChannelARNInvalidException, ChannelNotFoundException."""
    given: str = call.params["Channel"]
    arn = Arn.parse(given)
    if arn is None:
        arn = Arn(service="cloudtrail", region=call.region, account=call.account, resource=f"channel/{given}")
    name = arn.resource.removeprefix("channel/")
    if arn.service != "cloudtrail" or arn.type != "channel" or not _ID.match(name):
        raise ChannelARNInvalidException(given=given)
    channel = world.find(CHANNEL, arn.account, arn.region, name)
    if channel is None or (channel.account, channel.region) != (call.account, call.region):
        raise ChannelNotFoundException(given=given)
    return channel


def _keep(world: World, channel: Channel) -> None:
    world.put(CHANNEL, channel.account, channel.region, channel.id, channel)


def _standing(world: World, channel: Channel) -> list[Channel]:
    """The other channels of the account and Region. ChannelAlreadyExistsException where one has the name."""
    found = [document.body for document in world.list(CHANNEL, channel.account, channel.region)]
    others = [other for other in found if other.id != channel.id]
    if any(other.name == channel.name for other in others):
        raise ChannelAlreadyExistsException(name=channel.name)
    return others


def _destinations(call: Call, world: World, given: Iterable[Mapping[str, Any]]) -> tuple[str, ...]:
    """ARNs of event data stores for events from outside of AWS.

    InvalidParameterException, EventDataStoreARNInvalidException, EventDataStoreNotFoundException,
    InactiveEventDataStoreException, InvalidEventDataStoreCategoryException.
    """
    found: dict[str, None] = {}
    for each in given:
        if each["Type"] != "EVENT_DATA_STORE":
            raise InvalidParameterException(reason="The destination type of a channel must be EVENT_DATA_STORE.")
        store = find_store(call, world, each["Location"])
        check_active(store)
        if store.categories != {_OWN}:
            raise InvalidEventDataStoreCategoryException(categories=", ".join(sorted(store.categories)))
        found[store.arn] = None
    return tuple(found)
