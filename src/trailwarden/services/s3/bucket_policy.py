"""Bucket policies.

https://docs.aws.amazon.com/AmazonS3/latest/userguide/bucket-policies.html
"""

from collections.abc import Mapping
from typing import Any

from trailwarden.errors import AwsError
from trailwarden.policy import Layer, Source, compile_policy
from trailwarden.policy import MalformedPolicy as Refused
from trailwarden.policy.grammar import BUCKET as GRAMMAR
from trailwarden.services.call import Call
from trailwarden.services.registry import operation
from trailwarden.services.s3.bucket import Bucket, find_bucket, keep_bucket
from trailwarden.services.s3.errors import AccessDenied
from trailwarden.services.s3.grants import blocked
from trailwarden.services.s3.policy_checks import MalformedPolicy, check_bucket_policy
from trailwarden.services.s3.public import is_public_policy
from trailwarden.services.world import World

__all__ = ["delete_bucket_policy", "get_bucket_policy", "get_bucket_policy_status", "put_bucket_policy"]


class NoSuchBucketPolicy(AwsError):
    """The bucket has no policy."""

    message = "The bucket policy does not exist"
    status = 404


@operation("s3:PutBucketPolicy")
def put_bucket_policy(call: Call, world: World) -> None:
    """Hang a policy on the bucket. MalformedPolicy; AccessDenied where BlockPublicPolicy is on and it is public.

    https://docs.aws.amazon.com/AmazonS3/latest/API/API_PutBucketPolicy.html
    """
    bucket = find_bucket(call, world)
    text = call.params["Policy"]
    try:
        policy = compile_policy(
            text, Source(layer=Layer.RESOURCE, id=bucket.arn, attached_to=bucket.arn), grammar=GRAMMAR
        )
    except Refused as refused:
        raise MalformedPolicy(reason=refused.text) from None
    check_bucket_policy(world, bucket, policy)
    if bucket.blocks("BlockPublicPolicy") and is_public_policy(text):
        caller = call.caller.principal.arn
        raise AccessDenied(
            reason=blocked(caller, "s3:PutBucketPolicy", bucket.arn, "public policies", "BlockPublicPolicy")
        )
    keep_bucket(world, bucket, policy=text)


@operation("s3:GetBucketPolicy")
def get_bucket_policy(call: Call, world: World) -> Mapping[str, Any]:
    """The policy's text as it came.

    https://docs.aws.amazon.com/AmazonS3/latest/API/API_GetBucketPolicy.html
    """
    return {"Policy": _policy_of(find_bucket(call, world))}


@operation("s3:GetBucketPolicyStatus")
def get_bucket_policy_status(call: Call, world: World) -> Mapping[str, Any]:
    """Whether the policy is public.

    https://docs.aws.amazon.com/AmazonS3/latest/API/API_GetBucketPolicyStatus.html
    """
    return {"PolicyStatus": {"IsPublic": is_public_policy(_policy_of(find_bucket(call, world)))}}


@operation("s3:DeleteBucketPolicy")
def delete_bucket_policy(call: Call, world: World) -> None:
    """Take the policy off; none is no error.

    https://docs.aws.amazon.com/AmazonS3/latest/API/API_DeleteBucketPolicy.html
    """
    bucket = find_bucket(call, world)
    if bucket.policy:
        keep_bucket(world, bucket, policy="")


def _policy_of(bucket: Bucket) -> str:
    if not bucket.policy:
        raise NoSuchBucketPolicy(members={"BucketName": bucket.name})
    return bucket.policy
