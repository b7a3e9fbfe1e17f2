"""Server access logging: the configuration.

https://docs.aws.amazon.com/AmazonS3/latest/userguide/ServerLogs.html
"""

from collections.abc import Mapping
from typing import Any

from trailwarden.errors import AwsError
from trailwarden.services.call import Call
from trailwarden.services.registry import operation
from trailwarden.services.s3.bucket import BUCKET, find_bucket
from trailwarden.services.s3.configurations import configured, drop, keep_configuration
from trailwarden.services.world import World

__all__ = ["get_bucket_logging", "put_bucket_logging"]

_NOUN = "Logging"


class InvalidTargetBucketForLogging(AwsError):
    """The bucket for the logs does not exist, or is another account's."""

    message = "The target bucket for logging does not exist"


class CrossLocationLoggingProhibitted(AwsError):
    """The bucket for the logs is in another Region. The name is spelt as AWS spells it."""

    message = "Cross S3 location logging not allowed. "
    status = 403


@operation("s3:PutBucketLogging")
def put_bucket_logging(call: Call, world: World) -> None:
    """Say where access logs go; an empty status turns logging off.

    https://docs.aws.amazon.com/AmazonS3/latest/API/API_PutBucketLogging.html
    """
    bucket = find_bucket(call, world)
    asked = call.params["BucketLoggingStatus"].get("LoggingEnabled")
    if asked is None:
        drop(world, bucket, _NOUN)
        return
    target = world.find(BUCKET, "", "", asked["TargetBucket"])
    if target is None or target.account != bucket.account:
        raise InvalidTargetBucketForLogging(members={"TargetBucket": asked["TargetBucket"]})
    if target.region != bucket.region:
        members = {"TargetBucketLocation": target.region}
        if bucket.region != "us-east-1":
            members["SourceBucketLocation"] = bucket.region
        raise CrossLocationLoggingProhibitted(members=members)
    keep_configuration(world, bucket, _NOUN, {"LoggingEnabled": asked})


@operation("s3:GetBucketLogging")
def get_bucket_logging(call: Call, world: World) -> Mapping[str, Any]:
    """Where access logs go; nothing where they go nowhere.

    https://docs.aws.amazon.com/AmazonS3/latest/API/API_GetBucketLogging.html
    """
    return configured(find_bucket(call, world), _NOUN) or {}
