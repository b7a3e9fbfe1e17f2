"""A channel as it is stored and shown."""

from typing import Any

import msgspec

from trailwarden.arn import Arn
from trailwarden.errors import AwsError
from trailwarden.storage.ports import Kind

__all__ = [
    "CHANNEL",
    "INGESTION",
    "Channel",
    "ChannelNotFoundException",
    "Ingestion",
    "shown_channel",
    "shown_ingestion",
]


class ChannelNotFoundException(AwsError):
    """There is no such channel.

    https://docs.aws.amazon.com/awscloudtrail/latest/APIReference/API_GetChannel.html
    """

    message = "The specified channel was not found: {given}"


class Channel(msgspec.Struct, frozen=True, kw_only=True):
    """A channel through which events from outside of AWS come. Key: (account, region, id).

    `destinations` are ARNs of event data stores; `policy` is its resource-based policy or "".
    """

    account: str
    region: str
    id: str
    name: str
    source: str
    destinations: tuple[str, ...]
    tags: dict[str, str] = {}
    policy: str = ""

    @property
    def arn(self) -> str:
        """`arn:aws:cloudtrail:us-east-1:123456789012:channel/EXAMPLE-…`."""
        resource = f"channel/{self.id}"
        return str(Arn(service="cloudtrail", region=self.region, account=self.account, resource=resource))


class Ingestion(msgspec.Struct, frozen=True, kw_only=True):
    """What became of the latest events of a channel. Key as the channel's. Times are seconds since the epoch, 0 for never."""

    succeeded: float = 0.0
    success: str = ""
    attempted: float = 0.0
    attempt: str = ""
    error: str = ""


CHANNEL = Kind("cloudtrail.channel", Channel)
INGESTION = Kind("cloudtrail.channel-ingestion", Ingestion)


def shown_channel(channel: Channel) -> dict[str, Any]:
    """What the operations on one channel answer.

    https://docs.aws.amazon.com/awscloudtrail/latest/APIReference/API_GetChannel.html#API_GetChannel_ResponseSyntax
    """
    return {
        "ChannelArn": channel.arn,
        "Name": channel.name,
        "Source": channel.source,
        "Destinations": [{"Type": "EVENT_DATA_STORE", "Location": each} for each in channel.destinations],
    }


def shown_ingestion(status: Ingestion) -> dict[str, Any]:
    """Where the channel has been used.

    https://docs.aws.amazon.com/awscloudtrail/latest/APIReference/API_IngestionStatus.html
    """
    told = {
        "LatestIngestionSuccessTime": status.succeeded,
        "LatestIngestionSuccessEventID": status.success,
        "LatestIngestionErrorCode": status.error,
        "LatestIngestionAttemptTime": status.attempted,
        "LatestIngestionAttemptEventID": status.attempt,
    }
    return {member: value for member, value in told.items() if value}
