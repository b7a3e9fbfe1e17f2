"""A bucket as a stored document, and how a call finds the one it names."""

import re
from typing import Any

import msgspec

from trailwarden.errors import AwsError
from trailwarden.services.call import Call
from trailwarden.services.s3.errors import AccessDenied, NoSuchBucket
from trailwarden.services.world import World
from trailwarden.storage.ports import Kind, Reader

__all__ = ["BUCKET", "PUBLIC_ACCESS_SWITCHES", "Bucket", "Grant", "bucket_of", "find_bucket", "keep_bucket"]

PUBLIC_ACCESS_SWITCHES = ("BlockPublicAcls", "IgnorePublicAcls", "BlockPublicPolicy", "RestrictPublicBuckets")
_ACCOUNT = re.compile(r"[0-9]{12}\Z")


class Grant(msgspec.Struct, frozen=True, kw_only=True):
    """One entry of an access control list: a canonical user id or a predefined group's URI, and what it may do."""

    id: str = ""
    uri: str = ""
    permission: str


class Bucket(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A bucket. Key: ("", "", its name), since names are unique over all accounts. Times are seconds since the epoch.

    `acl` None stands for the owner's full control alone. `public_access_block` lists the switches that are on, None where
    the configuration was deleted. `versioning` is "", "Enabled" or "Suspended". `configurations` maps the operation's
    noun (`Lifecycle`, `Cors`, `Website` …) to the configuration with the model's member names, times as seconds.
    """

    name: str
    account: str
    region: str
    created: float
    ownership: str = "BucketOwnerEnforced"
    acl: tuple[Grant, ...] | None = None
    public_access_block: tuple[str, ...] | None = PUBLIC_ACCESS_SWITCHES
    policy: str = ""
    versioning: str = ""
    object_lock: bool = False
    tags: dict[str, str] = {}
    abac: bool = False
    encryption: str = "AES256"
    kms_key: str = ""
    bucket_key: bool = False
    blocked_encryption: tuple[str, ...] = ()
    configurations: dict[str, Any] = {}

    @property
    def arn(self) -> str:
        """`arn:aws:s3:::amzn-s3-demo-bucket`."""
        return f"arn:aws:s3:::{self.name}"

    @property
    def acls_on(self) -> bool:
        """Whether access control lists count.

        https://docs.aws.amazon.com/AmazonS3/latest/userguide/about-object-ownership.html
        """
        return self.ownership != "BucketOwnerEnforced"

    def blocks(self, switch: str) -> bool:
        """Whether a Block Public Access switch is on.

        https://docs.aws.amazon.com/AmazonS3/latest/userguide/access-control-block-public-access.html
        """
        return self.public_access_block is not None and switch in self.public_access_block


BUCKET = Kind("s3.bucket", Bucket)


class InvalidBucketOwnerAWSAccountID(AwsError):
    """x-amz-expected-bucket-owner is no account id.

    https://docs.aws.amazon.com/AmazonS3/latest/userguide/bucket-owner-condition.html
    """

    message = "The value of the expected bucket owner parameter must be an AWS Account ID... [{owner}]"


def bucket_of(reader: Reader, name: str) -> Bucket:
    """The bucket of that name, or NoSuchBucket."""
    document = reader.get(BUCKET, "", "", name)
    if document is None:
        raise NoSuchBucket(members={"BucketName": name})
    return document.body


def find_bucket(call: Call, world: World) -> Bucket:
    """The bucket that the call names.

    NoSuchBucket; AccessDenied where ExpectedBucketOwner is another account, InvalidBucketOwnerAWSAccountID where it is none.

    https://docs.aws.amazon.com/AmazonS3/latest/userguide/bucket-owner-condition.html
    """
    expected = call.params.get("ExpectedBucketOwner")
    if expected is not None and not _ACCOUNT.match(expected):
        raise InvalidBucketOwnerAWSAccountID(owner=expected)
    bucket = bucket_of(world.transaction, call.params["Bucket"])
    if expected is not None and expected != bucket.account:
        raise AccessDenied(reason="Access Denied")
    return bucket


def keep_bucket(world: World, bucket: Bucket, **changes: Any) -> None:
    """Write the bucket with these fields changed."""
    world.put(BUCKET, "", "", bucket.name, msgspec.structs.replace(bucket, **changes))
