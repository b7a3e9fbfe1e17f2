"""Access control lists of buckets and objects.

https://docs.aws.amazon.com/AmazonS3/latest/userguide/acl-overview.html
"""

from collections.abc import Mapping
from typing import Any

import msgspec

from trailwarden.services.call import Call
from trailwarden.services.registry import operation
from trailwarden.services.s3.bucket import find_bucket, keep_bucket
from trailwarden.services.s3.grants import described, given_acl, permitted
from trailwarden.services.s3.objects import find_object, version_members
from trailwarden.services.s3.stored import keep
from trailwarden.services.world import World

__all__ = ["get_bucket_acl", "get_object_acl", "put_bucket_acl", "put_object_acl"]


@operation("s3:GetBucketAcl")
def get_bucket_acl(call: Call, world: World) -> Mapping[str, Any]:
    """The bucket's owner and grants; with ACLs off, the owner's full control.

    https://docs.aws.amazon.com/AmazonS3/latest/API/API_GetBucketAcl.html
    """
    bucket = find_bucket(call, world)
    return described(bucket.acl if bucket.acls_on else None, bucket.account)


@operation("s3:PutBucketAcl")
def put_bucket_acl(call: Call, world: World) -> None:
    """Set the bucket's list by canned ACL, grant headers or body. AccessControlListNotSupported, AccessDenied.

    https://docs.aws.amazon.com/AmazonS3/latest/API/API_PutBucketAcl.html
    """
    bucket = find_bucket(call, world)
    asked = given_acl(call.params, owner=bucket.account, bucket_owner=bucket.account)
    caller = call.caller.principal.arn
    grants = permitted(bucket, asked, caller=caller, action="s3:PutBucketAcl", resource=bucket.arn)
    keep_bucket(world, bucket, acl=grants)


@operation("s3:GetObjectAcl")
def get_object_acl(call: Call, world: World) -> Mapping[str, Any]:
    """The object's owner and grants.

    https://docs.aws.amazon.com/AmazonS3/latest/API/API_GetObjectAcl.html
    """
    bucket = find_bucket(call, world)
    stored = find_object(call, world, bucket)
    owner = (stored.owner if bucket.acls_on else "") or bucket.account
    return described(stored.acl if bucket.acls_on else None, owner)


@operation("s3:PutObjectAcl")
def put_object_acl(call: Call, world: World) -> Mapping[str, Any]:
    """Set the object's list. AccessControlListNotSupported, AccessDenied.

    https://docs.aws.amazon.com/AmazonS3/latest/API/API_PutObjectAcl.html
    """
    bucket = find_bucket(call, world)
    stored = find_object(call, world, bucket)
    asked = given_acl(call.params, owner=stored.owner or bucket.account, bucket_owner=bucket.account)
    resource, caller = f"{bucket.arn}/{stored.key}", call.caller.principal.arn
    grants = permitted(bucket, asked, caller=caller, action="s3:PutObjectAcl", resource=resource)
    keep(world.transaction, bucket, msgspec.structs.replace(stored, acl=grants))
    return version_members(bucket, stored)
