"""Event notifications: the configuration.

https://docs.aws.amazon.com/AmazonS3/latest/userguide/EventNotifications.html
"""

from collections.abc import Mapping
from typing import Any

from trailwarden.services.call import Call
from trailwarden.services.registry import operation
from trailwarden.services.s3.bucket import find_bucket
from trailwarden.services.s3.configurations import configured, keep_configuration
from trailwarden.services.s3.errors import MalformedXML, argument
from trailwarden.services.world import World

__all__ = ["get_bucket_notification_configuration", "put_bucket_notification_configuration"]

_NOUN = "Notification"
_LISTS = ("TopicConfigurations", "QueueConfigurations", "LambdaFunctionConfigurations")


@operation("s3:PutBucketNotificationConfiguration")
def put_bucket_notification_configuration(call: Call, world: World) -> None:
    """Set whom object events are told; an empty configuration turns notifications off.

    https://docs.aws.amazon.com/AmazonS3/latest/API/API_PutBucketNotificationConfiguration.html
    """
    bucket = find_bucket(call, world)
    asked = call.params["NotificationConfiguration"]
    kept: dict[str, Any] = {name: [_named(world, one) for one in asked[name]] for name in _LISTS if asked.get(name)}
    if "EventBridgeConfiguration" in asked:
        kept["EventBridgeConfiguration"] = {}
    keep_configuration(world, bucket, _NOUN, kept)


def _named(world: World, one: Mapping[str, Any]) -> dict[str, Any]:
    """A configuration with an id, its filter rules checked."""
    for rule in ((one.get("Filter") or {}).get("Key") or {}).get("FilterRules") or ():
        if "Name" not in rule or "Value" not in rule:
            raise MalformedXML
        if rule["Name"].lower() not in {"prefix", "suffix"}:
            raise argument("FilterRule.Name", rule["Name"], "filter rule name must be either prefix or suffix")
    return {**one, "Id": one.get("Id") or world.chance.uuid()}


@operation("s3:GetBucketNotificationConfiguration")
def get_bucket_notification_configuration(call: Call, world: World) -> Mapping[str, Any]:
    """Whom object events are told; nothing where nobody is.

    https://docs.aws.amazon.com/AmazonS3/latest/API/API_GetBucketNotificationConfiguration.html
    """
    return configured(find_bucket(call, world), _NOUN) or {}
