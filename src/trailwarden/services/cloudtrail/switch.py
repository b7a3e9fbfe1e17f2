"""Logging on and off, and how delivery fares."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from trailwarden.clock import iso
from trailwarden.delivery.trail import TRAIL, start_logging, status_of, stop_logging
from trailwarden.services.call import Call
from trailwarden.services.cloudtrail.finding import find_trail, home_trail
from trailwarden.services.cloudtrail.organization import NotOrganizationMasterAccountException
from trailwarden.services.registry import operation
from trailwarden.services.world import World

__all__ = ["begin_logging", "end_logging", "get_trail_status"]


@operation("cloudtrail:StartLogging")
def begin_logging(call: Call, world: World) -> None:
    """Start recording and log file delivery for a trail, in its home Region.

    https://docs.aws.amazon.com/awscloudtrail/latest/APIReference/API_StartLogging.html
    """
    trail = home_trail(call, world, call.params["Name"], _shadow("start"))
    logging = start_logging(trail, now=call.now, position=world.storage.journal.newest())
    world.put(TRAIL, trail.account, trail.home_region, trail.name, logging)


@operation("cloudtrail:StopLogging")
def end_logging(call: Call, world: World) -> None:
    """Suspend recording and log file delivery; a last digest closes the chain.

    https://docs.aws.amazon.com/awscloudtrail/latest/APIReference/API_StopLogging.html
    """
    trail = home_trail(call, world, call.params["Name"], _shadow("stop"))
    world.put(TRAIL, trail.account, trail.home_region, trail.name, stop_logging(trail, now=call.now))


@operation("cloudtrail:GetTrailStatus")
def get_trail_status(call: Call, world: World) -> Mapping[str, Any]:
    """Tell whether a trail logs, and how its deliveries in this Region fare. The older text members are still answered.

    https://docs.aws.amazon.com/awscloudtrail/latest/APIReference/API_GetTrailStatus.html
    """
    trail = find_trail(call, world, call.params["Name"])
    status = status_of(world.transaction, trail, region=call.region, account=call.account)
    times = {
        "LatestDeliveryTime": status.latest_delivery_time,
        "LatestNotificationTime": status.latest_notification_time,
        "LatestCloudWatchLogsDeliveryTime": status.latest_logs_delivery_time,
        "LatestDigestDeliveryTime": status.latest_digest_delivery_time,
        "StartLoggingTime": trail.started,
        "StopLoggingTime": trail.stopped,
    }
    errors = {
        "LatestDeliveryError": status.latest_delivery_error,
        "LatestNotificationError": status.latest_notification_error,
        "LatestCloudWatchLogsDeliveryError": status.latest_logs_delivery_error,
        "LatestDigestDeliveryError": status.latest_digest_delivery_error,
    }
    return {
        "IsLogging": trail.logging,
        **{member: datetime.fromtimestamp(time, UTC) for member, time in times.items() if time is not None},
        **{member: error for member, error in errors.items() if error},
        "LatestDeliveryAttemptTime": _text(status.latest_delivery_attempt_time),
        "LatestNotificationAttemptTime": _text(status.latest_notification_attempt_time),
        "LatestNotificationAttemptSucceeded": _text(status.latest_notification_time),
        "LatestDeliveryAttemptSucceeded": _text(status.latest_delivery_time),
        "TimeLoggingStarted": _text(trail.started),
        "TimeLoggingStopped": _text(trail.stopped),
    }


def _shadow(verb: str) -> NotOrganizationMasterAccountException:
    """https://docs.aws.amazon.com/awscloudtrail/latest/APIReference/API_StopLogging.html#API_StopLogging_Errors."""
    return NotOrganizationMasterAccountException(f"Cannot {verb} trail, not master trail.")


def _text(time: float | None) -> str:
    return "" if time is None else iso(time)
