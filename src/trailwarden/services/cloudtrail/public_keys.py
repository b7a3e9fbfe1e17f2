"""The public keys that digest files are signed with."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from trailwarden.delivery.keys import public_keys
from trailwarden.errors import AwsError
from trailwarden.services.call import Call
from trailwarden.services.registry import operation
from trailwarden.services.world import World

__all__ = ["InvalidTimeRangeException", "list_public_keys"]


class InvalidTimeRangeException(AwsError):
    """The start is behind the end, or outside what is kept.

    https://docs.aws.amazon.com/awscloudtrail/latest/APIReference/API_ListPublicKeys.html
    """

    message = "The specified time range is not valid: the start time must be before the end time."


@operation("cloudtrail:ListPublicKeys")
def list_public_keys(call: Call, world: World) -> Mapping[str, Any]:
    """The keys whose digests fall into a range of time (both ends default to now), of this Region, old ones included.

    https://docs.aws.amazon.com/awscloudtrail/latest/APIReference/API_ListPublicKeys.html
    """
    start, end = _seconds(call, "StartTime"), _seconds(call, "EndTime")
    if start > end:
        raise InvalidTimeRangeException
    return {
        "PublicKeyList": [
            {
                "Value": key.value,
                "ValidityStartTime": datetime.fromtimestamp(key.start, UTC),
                "ValidityEndTime": datetime.fromtimestamp(key.end, UTC),
                "Fingerprint": key.fingerprint,
            }
            for key in public_keys(world.transaction, region=call.region, start=start, end=end)
        ]
    }


def _seconds(call: Call, member: str) -> float:
    given: datetime | None = call.params.get(member)
    return given.timestamp() if given is not None else call.now
