"""A bucket's switches: versioning, Object Ownership, Block Public Access, default encryption, tag-based access.

https://docs.aws.amazon.com/AmazonS3/latest/userguide/UsingBucket.html
"""

from collections.abc import Mapping
from typing import Any

from trailwarden.errors import AwsError
from trailwarden.services.call import Call
from trailwarden.services.registry import operation
from trailwarden.services.s3.bucket import PUBLIC_ACCESS_SWITCHES, find_bucket, keep_bucket
from trailwarden.services.s3.errors import (
    AccessDenied,
    InvalidBucketAclWithObjectOwnership,
    InvalidBucketState,
    MalformedXML,
    argument,
)
from trailwarden.services.world import World

__all__ = [
    "delete_bucket_encryption",
    "delete_bucket_ownership_controls",
    "delete_public_access_block",
    "get_bucket_abac",
    "get_bucket_encryption",
    "get_bucket_ownership_controls",
    "get_bucket_versioning",
    "get_public_access_block",
    "put_bucket_abac",
    "put_bucket_encryption",
    "put_bucket_ownership_controls",
    "put_bucket_versioning",
    "put_public_access_block",
]

_OWNERSHIPS = frozenset({"BucketOwnerEnforced", "BucketOwnerPreferred", "ObjectWriter"})
_KMS = frozenset({"aws:kms", "aws:kms:dsse"})


class OwnershipControlsNotFoundError(AwsError):
    """The bucket's ownership controls were deleted: objects belong to who writes them."""

    message = "The bucket ownership controls were not found"
    status = 404


class NoSuchPublicAccessBlockConfiguration(AwsError):
    """Nothing blocks public access to the bucket."""

    message = "The public access block configuration was not found"
    status = 404


@operation("s3:PutBucketVersioning")
def put_bucket_versioning(call: Call, world: World) -> None:
    """Enable or suspend versioning. InvalidBucketState where Object Lock needs it; MFA delete is not taken.

    https://docs.aws.amazon.com/AmazonS3/latest/API/API_PutBucketVersioning.html
    """
    bucket = find_bucket(call, world)
    asked = call.params["VersioningConfiguration"]
    status = asked.get("Status")
    if asked.get("MFADelete") == "Enabled":
        raise AccessDenied(reason="Mfa Authentication must be used for this request")
    if status not in {"Enabled", "Suspended"}:
        raise IllegalVersioningConfigurationException
    if status == "Suspended" and bucket.object_lock:
        raise InvalidBucketState(
            reason="An Object Lock configuration is present on this bucket, so the versioning state cannot be changed."
        )
    keep_bucket(world, bucket, versioning=status)


class IllegalVersioningConfigurationException(AwsError):
    """The configuration names no status."""

    message = "The Versioning element must be specified"


@operation("s3:GetBucketVersioning")
def get_bucket_versioning(call: Call, world: World) -> Mapping[str, Any]:
    """The status, not there where versioning never was on.

    https://docs.aws.amazon.com/AmazonS3/latest/API/API_GetBucketVersioning.html
    """
    bucket = find_bucket(call, world)
    return {"Status": bucket.versioning} if bucket.versioning else {}


@operation("s3:PutBucketOwnershipControls")
def put_bucket_ownership_controls(call: Call, world: World) -> None:
    """Set Object Ownership; ACLs cannot be turned off while the bucket's list grants others anything.

    https://docs.aws.amazon.com/AmazonS3/latest/API/API_PutBucketOwnershipControls.html
    """
    bucket = find_bucket(call, world)
    rules = call.params["OwnershipControls"].get("Rules") or []
    if len(rules) != 1 or rules[0].get("ObjectOwnership") not in _OWNERSHIPS:
        raise MalformedXML
    ownership = rules[0]["ObjectOwnership"]
    if ownership == "BucketOwnerEnforced" and bucket.acl is not None and len(bucket.acl) > 1:
        raise InvalidBucketAclWithObjectOwnership
    keep_bucket(world, bucket, ownership=ownership)


@operation("s3:GetBucketOwnershipControls")
def get_bucket_ownership_controls(call: Call, world: World) -> Mapping[str, Any]:
    """Object Ownership.

    https://docs.aws.amazon.com/AmazonS3/latest/API/API_GetBucketOwnershipControls.html
    """
    bucket = find_bucket(call, world)
    if not bucket.ownership:
        raise OwnershipControlsNotFoundError(members={"BucketName": bucket.name})
    return {"OwnershipControls": {"Rules": [{"ObjectOwnership": bucket.ownership}]}}


@operation("s3:DeleteBucketOwnershipControls")
def delete_bucket_ownership_controls(call: Call, world: World) -> None:
    """Delete the controls: what ObjectWriter does holds then.

    https://docs.aws.amazon.com/AmazonS3/latest/API/API_DeleteBucketOwnershipControls.html
    """
    keep_bucket(world, find_bucket(call, world), ownership="")


@operation("s3:PutPublicAccessBlock")
def put_public_access_block(call: Call, world: World) -> None:
    """Set the four switches; those that are not there are off.

    https://docs.aws.amazon.com/AmazonS3/latest/API/API_PutPublicAccessBlock.html
    """
    bucket = find_bucket(call, world)
    asked = call.params["PublicAccessBlockConfiguration"]
    if not asked:
        raise MalformedXML
    keep_bucket(
        world, bucket, public_access_block=tuple(switch for switch in PUBLIC_ACCESS_SWITCHES if asked.get(switch))
    )


@operation("s3:GetPublicAccessBlock")
def get_public_access_block(call: Call, world: World) -> Mapping[str, Any]:
    """The four switches.

    https://docs.aws.amazon.com/AmazonS3/latest/API/API_GetPublicAccessBlock.html
    """
    bucket = find_bucket(call, world)
    if bucket.public_access_block is None:
        raise NoSuchPublicAccessBlockConfiguration(members={"BucketName": bucket.name})
    return {"PublicAccessBlockConfiguration": {switch: bucket.blocks(switch) for switch in PUBLIC_ACCESS_SWITCHES}}


@operation("s3:DeletePublicAccessBlock")
def delete_public_access_block(call: Call, world: World) -> None:
    """Delete the configuration; nothing is blocked then.

    https://docs.aws.amazon.com/AmazonS3/latest/API/API_DeletePublicAccessBlock.html
    """
    keep_bucket(world, find_bucket(call, world), public_access_block=None)


@operation("s3:PutBucketEncryption")
def put_bucket_encryption(call: Call, world: World) -> None:
    """Set how objects are encrypted that do not say it themselves.

    https://docs.aws.amazon.com/AmazonS3/latest/API/API_PutBucketEncryption.html
    """
    bucket = find_bucket(call, world)
    rules = call.params["ServerSideEncryptionConfiguration"].get("Rules") or []
    if len(rules) != 1:
        raise MalformedXML
    rule = rules[0]
    default = rule.get("ApplyServerSideEncryptionByDefault") or {"SSEAlgorithm": bucket.encryption}
    algorithm, key = default.get("SSEAlgorithm"), default.get("KMSMasterKeyID") or ""
    if algorithm != "AES256" and algorithm not in _KMS:
        raise MalformedXML
    if key and algorithm not in _KMS:
        raise argument(
            "ApplyServerSideEncryptionByDefault",
            None,
            "a KMSMasterKeyID is not applicable if the default sse algorithm is not aws:kms or aws:kms:dsse",
        )
    blocked = (rule.get("BlockedEncryptionTypes") or {}).get("EncryptionType")
    keep_bucket(
        world,
        bucket,
        encryption=algorithm,
        kms_key=key,
        bucket_key=bool(rule.get("BucketKeyEnabled")),
        blocked_encryption=bucket.blocked_encryption if blocked is None else tuple(blocked),
    )


@operation("s3:GetBucketEncryption")
def get_bucket_encryption(call: Call, world: World) -> Mapping[str, Any]:
    """The default encryption; every bucket has one.

    https://docs.aws.amazon.com/AmazonS3/latest/API/API_GetBucketEncryption.html
    """
    bucket = find_bucket(call, world)
    default = {"SSEAlgorithm": bucket.encryption}
    if bucket.kms_key:
        default["KMSMasterKeyID"] = bucket.kms_key
    rule: dict[str, Any] = {"ApplyServerSideEncryptionByDefault": default, "BucketKeyEnabled": bucket.bucket_key}
    if bucket.blocked_encryption:
        rule["BlockedEncryptionTypes"] = {"EncryptionType": list(bucket.blocked_encryption)}
    return {"ServerSideEncryptionConfiguration": {"Rules": [rule]}}


@operation("s3:DeleteBucketEncryption")
def delete_bucket_encryption(call: Call, world: World) -> None:
    """Go back to AES256.

    https://docs.aws.amazon.com/AmazonS3/latest/API/API_DeleteBucketEncryption.html
    """
    keep_bucket(world, find_bucket(call, world), encryption="AES256", kms_key="", bucket_key=False)


@operation("s3:PutBucketAbac")
def put_bucket_abac(call: Call, world: World) -> None:
    """Let the bucket's tags count in policies, or not.

    https://docs.aws.amazon.com/AmazonS3/latest/API/API_PutBucketAbac.html
    """
    status = call.params["AbacStatus"].get("Status")
    if status not in {"Enabled", "Disabled"}:
        raise MalformedXML
    keep_bucket(world, find_bucket(call, world), abac=status == "Enabled")


@operation("s3:GetBucketAbac")
def get_bucket_abac(call: Call, world: World) -> Mapping[str, Any]:
    """Whether the bucket's tags count in policies.

    https://docs.aws.amazon.com/AmazonS3/latest/API/API_GetBucketAbac.html
    """
    return {"AbacStatus": {"Status": "Enabled" if find_bucket(call, world).abac else "Disabled"}}
