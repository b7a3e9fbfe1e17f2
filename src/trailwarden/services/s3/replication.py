"""Replication: the configuration.

https://docs.aws.amazon.com/AmazonS3/latest/userguide/replication.html
"""

from collections.abc import Mapping
from typing import Any

from trailwarden.errors import AwsError
from trailwarden.services.call import Call
from trailwarden.services.registry import operation
from trailwarden.services.s3.bucket import BUCKET, Bucket, find_bucket
from trailwarden.services.s3.configurations import configured, drop, keep_configuration
from trailwarden.services.s3.errors import InvalidRequest, MalformedXML
from trailwarden.services.world import World

__all__ = ["delete_bucket_replication", "get_bucket_replication", "put_bucket_replication"]

_NOUN = "Replication"
_RULES_MAX = 1000


class ReplicationConfigurationNotFoundError(AwsError):
    """The bucket is not replicated."""

    message = "The replication configuration was not found"
    status = 404


@operation("s3:PutBucketReplication")
def put_bucket_replication(call: Call, world: World) -> None:
    """Set the rules. Both buckets need versioning.

    https://docs.aws.amazon.com/AmazonS3/latest/API/API_PutBucketReplication.html
    """
    bucket = find_bucket(call, world)
    if bucket.versioning != "Enabled":
        raise InvalidRequest(reason="Versioning must be 'Enabled' on the bucket to apply a replication configuration")
    asked = call.params["ReplicationConfiguration"]
    rules = asked.get("Rules") or ()
    if not 0 < len(rules) <= _RULES_MAX:
        raise MalformedXML
    for rule in rules:
        target = _target(world, rule)
        if target is None or target.versioning != "Enabled":
            raise InvalidRequest(reason="Destination bucket must have versioning enabled.")
    named = [{**rule, "ID": rule.get("ID") or world.chance.letters(32)} for rule in rules]
    keep_configuration(world, bucket, _NOUN, {**asked, "Rules": named})


def _target(world: World, rule: Mapping[str, Any]) -> Bucket | None:
    arn = (rule.get("Destination") or {}).get("Bucket") or ""
    return world.find(BUCKET, "", "", arn.rpartition(":")[2])


@operation("s3:GetBucketReplication")
def get_bucket_replication(call: Call, world: World) -> Mapping[str, Any]:
    """The rules.

    https://docs.aws.amazon.com/AmazonS3/latest/API/API_GetBucketReplication.html
    """
    bucket = find_bucket(call, world)
    found = configured(bucket, _NOUN)
    if found is None:
        raise ReplicationConfigurationNotFoundError(members={"BucketName": bucket.name})
    return {"ReplicationConfiguration": found}


@operation("s3:DeleteBucketReplication")
def delete_bucket_replication(call: Call, world: World) -> None:
    """Delete the rules.

    https://docs.aws.amazon.com/AmazonS3/latest/API/API_DeleteBucketReplication.html
    """
    drop(world, find_bucket(call, world), _NOUN)
