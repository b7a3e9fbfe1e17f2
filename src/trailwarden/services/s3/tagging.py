"""Tags of buckets and objects.

https://docs.aws.amazon.com/AmazonS3/latest/userguide/object-tagging.html
"""

from collections.abc import Mapping
from typing import Any

import msgspec

from trailwarden.errors import AwsError
from trailwarden.services.call import Call
from trailwarden.services.registry import operation
from trailwarden.services.s3.bucket import find_bucket, keep_bucket
from trailwarden.services.s3.objects import find_object, version_members
from trailwarden.services.s3.stored import keep
from trailwarden.services.s3.tags import BUCKET_LIMIT, OBJECT_LIMIT, checked_tag_set, tag_set
from trailwarden.services.world import World

__all__ = [
    "delete_bucket_tagging",
    "delete_object_tagging",
    "get_bucket_tagging",
    "get_object_tagging",
    "put_bucket_tagging",
    "put_object_tagging",
]


class NoSuchTagSet(AwsError):
    """The bucket has no tags."""

    message = "The TagSet does not exist"
    status = 404


@operation("s3:PutBucketTagging")
def put_bucket_tagging(call: Call, world: World) -> None:
    """Set the bucket's tags, in place of those before.

    https://docs.aws.amazon.com/AmazonS3/latest/API/API_PutBucketTagging.html
    """
    tags = checked_tag_set(call.params["Tagging"]["TagSet"], limit=BUCKET_LIMIT)
    keep_bucket(world, find_bucket(call, world), tags=tags)


@operation("s3:GetBucketTagging")
def get_bucket_tagging(call: Call, world: World) -> Mapping[str, Any]:
    """The bucket's tags, or NoSuchTagSet.

    https://docs.aws.amazon.com/AmazonS3/latest/API/API_GetBucketTagging.html
    """
    bucket = find_bucket(call, world)
    if not bucket.tags:
        raise NoSuchTagSet(members={"BucketName": bucket.name})
    return {"TagSet": tag_set(bucket.tags)}


@operation("s3:DeleteBucketTagging")
def delete_bucket_tagging(call: Call, world: World) -> None:
    """Take the bucket's tags off.

    https://docs.aws.amazon.com/AmazonS3/latest/API/API_DeleteBucketTagging.html
    """
    keep_bucket(world, find_bucket(call, world), tags={})


@operation("s3:PutObjectTagging")
def put_object_tagging(call: Call, world: World) -> Mapping[str, Any]:
    """Set the tags of an object or of one of its versions.

    https://docs.aws.amazon.com/AmazonS3/latest/API/API_PutObjectTagging.html
    """
    return _tag(call, world, checked_tag_set(call.params["Tagging"]["TagSet"], limit=OBJECT_LIMIT))


@operation("s3:GetObjectTagging")
def get_object_tagging(call: Call, world: World) -> Mapping[str, Any]:
    """The object's tags, of which there may be none.

    https://docs.aws.amazon.com/AmazonS3/latest/API/API_GetObjectTagging.html
    """
    bucket = find_bucket(call, world)
    stored = find_object(call, world, bucket)
    return {"TagSet": tag_set(stored.tags), **version_members(bucket, stored)}


@operation("s3:DeleteObjectTagging")
def delete_object_tagging(call: Call, world: World) -> Mapping[str, Any]:
    """Take the object's tags off.

    https://docs.aws.amazon.com/AmazonS3/latest/API/API_DeleteObjectTagging.html
    """
    return _tag(call, world, {})


def _tag(call: Call, world: World, tags: dict[str, str]) -> Mapping[str, Any]:
    bucket = find_bucket(call, world)
    stored = find_object(call, world, bucket)
    keep(world.transaction, bucket, msgspec.structs.replace(stored, tags=tags))
    return version_members(bucket, stored)
