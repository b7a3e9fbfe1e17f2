"""Delivery channels."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from trailwarden.arn import Arn
from trailwarden.policy import ContextValue
from trailwarden.services.call import Call
from trailwarden.services.config.errors import (
    InsufficientDeliveryPolicyException,
    InvalidDeliveryChannelNameException,
    InvalidS3KeyPrefixException,
    InvalidSNSTopicARNException,
    LastDeliveryChannelDeleteFailedException,
    MaxNumberOfDeliveryChannelsExceededException,
    NoAvailableConfigurationRecorderException,
    NoSuchBucketException,
    NoSuchDeliveryChannelException,
)
from trailwarden.services.config.recorder import CHANNEL, Channel, Recorder, only_recorder
from trailwarden.services.registry import operation
from trailwarden.services.world import World

__all__ = [
    "delete_delivery_channel",
    "describe_delivery_channel_status",
    "describe_delivery_channels",
    "put_delivery_channel",
]

_SERVICE = "config.amazonaws.com"
_DEFAULT = "default"
_ACL = "bucket-owner-full-control"


@operation("config:PutDeliveryChannel")
def put_delivery_channel(call: Call, world: World) -> None:
    """Make the account's channel in this Region, or change it; the bucket must let AWS Config in.

    https://docs.aws.amazon.com/config/latest/APIReference/API_PutDeliveryChannel.html
    """
    asked = dict(call.params["DeliveryChannel"])
    name = asked.setdefault("name", _DEFAULT)
    if not name:
        raise InvalidDeliveryChannelNameException(name=name)
    recorder = only_recorder(world.transaction, call.account, call.region)
    if recorder is None:
        raise NoAvailableConfigurationRecorderException(
            reason="Configuration recorder is not available to put delivery channel."
        )
    standing = world.list(CHANNEL, call.account, call.region)
    if any(document.name != name for document in standing):
        raise MaxNumberOfDeliveryChannelsExceededException(name=name)
    if standing:
        asked = {**standing[0].body.settings, **asked}
    _check_bucket(call, world, recorder, asked)
    _check_topic(world, asked.get("snsTopicARN"))
    world.put(CHANNEL, call.account, call.region, name, Channel(name=name, changed=call.now, settings=asked))


@operation("config:DescribeDeliveryChannels")
def describe_delivery_channels(call: Call, world: World) -> Mapping[str, Any]:
    """https://docs.aws.amazon.com/config/latest/APIReference/API_DescribeDeliveryChannels.html."""
    return {"DeliveryChannels": [channel.settings for channel in _named(call, world)]}


@operation("config:DescribeDeliveryChannelStatus")
def describe_delivery_channel_status(call: Call, world: World) -> Mapping[str, Any]:
    """Nothing but the stream of changes goes through a channel so far; it stands since the channel was set.

    https://docs.aws.amazon.com/config/latest/APIReference/API_DescribeDeliveryChannelStatus.html
    """
    return {
        "DeliveryChannelsStatus": [
            {
                "name": channel.name,
                "configSnapshotDeliveryInfo": {},
                "configHistoryDeliveryInfo": {},
                "configStreamDeliveryInfo": {
                    "lastStatus": "Not_Applicable",
                    "lastStatusChangeTime": datetime.fromtimestamp(channel.changed, UTC),
                },
            }
            for channel in _named(call, world)
        ]
    }


@operation("config:DeleteDeliveryChannel")
def delete_delivery_channel(call: Call, world: World) -> None:
    """Delete the channel, once the recorder is stopped.

    https://docs.aws.amazon.com/config/latest/APIReference/API_DeleteDeliveryChannel.html
    """
    name = call.params["DeliveryChannelName"]
    _found(call, world, name)
    recorder = only_recorder(world.transaction, call.account, call.region)
    if recorder is not None and recorder.recording:
        raise LastDeliveryChannelDeleteFailedException(name=name)
    world.delete(CHANNEL, call.account, call.region, name)


def _found(call: Call, world: World, name: str) -> Channel:
    channel = world.find(CHANNEL, call.account, call.region, name)
    if channel is None:
        raise NoSuchDeliveryChannelException(name=name)
    return channel


def _named(call: Call, world: World) -> list[Channel]:
    names = call.params.get("DeliveryChannelNames")
    if names:
        return [_found(call, world, name) for name in names]
    return [document.body for document in world.list(CHANNEL, call.account, call.region)]


def _check_bucket(call: Call, world: World, recorder: Recorder, asked: Mapping[str, Any]) -> None:
    """The recorder's role may write, or the bucket's policy lets the service itself in.

    https://docs.aws.amazon.com/config/latest/developerguide/s3-bucket-policy.html
    """
    bucket, prefix = asked.get("s3BucketName") or "", asked.get("s3KeyPrefix")
    if prefix is not None and (not prefix or "AWSLogs" in prefix.split("/")):
        raise InvalidS3KeyPrefixException(prefix=prefix)
    if not bucket or world.resource(Arn(service="s3", resource=bucket)) is None:
        raise NoSuchBucketException(bucket=bucket)
    folder = f"{prefix}/" if prefix else ""
    file = f"arn:aws:s3:::{bucket}/{folder}AWSLogs/{call.account}/Config/ConfigWritabilityCheckFile"
    context: dict[str, ContextValue] = {"aws:SourceAccount": call.account}
    wanted = (
        ("s3:GetBucketAcl", f"arn:aws:s3:::{bucket}", context),
        ("s3:PutObject", file, {**context, "s3:x-amz-acl": _ACL}),
    )
    by_role = all(world.role_may(recorder.role, action, resource) for action, resource, _ in wanted)
    if not by_role and not all(world.service_may(_SERVICE, *each) for each in wanted):
        raise InsufficientDeliveryPolicyException(bucket=bucket, prefix=prefix or "null")


def _check_topic(world: World, given: str | None) -> None:
    if given is None:
        return
    arn = Arn.parse(given)
    if arn is None or arn.service != "sns" or world.resource(arn) is None:
        raise InvalidSNSTopicARNException(arn=given[:256])
