"""Buckets: create, delete, head, list, and where they are."""

import re
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from trailwarden.auth.callers import canonical_id
from trailwarden.errors import AwsError
from trailwarden.services.call import Call
from trailwarden.services.registry import operation
from trailwarden.services.s3.bucket import BUCKET, Bucket, Grant, find_bucket
from trailwarden.services.s3.errors import InvalidBucketAclWithObjectOwnership, InvalidTag, argument
from trailwarden.services.s3.grants import asked_grants, is_public
from trailwarden.services.s3.stored import OBJECT, UPLOAD, VERSION
from trailwarden.services.s3.tags import BUCKET_LIMIT, checked_tag_set
from trailwarden.services.world import World
from trailwarden.storage.ports import Document

if TYPE_CHECKING:
    from types_boto3_s3.type_defs import CreateBucketRequestTypeDef

__all__ = [
    "BucketAlreadyExists",
    "BucketAlreadyOwnedByYou",
    "BucketNotEmpty",
    "IllegalLocationConstraintException",
    "InvalidBucketName",
    "InvalidLocationConstraint",
    "check_bucket_name",
    "create_bucket",
    "delete_bucket",
    "get_bucket_location",
    "head_bucket",
    "list_buckets",
]

_NAME = re.compile(r"[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]\Z")
_ADDRESS = re.compile(r"[0-9]+\.[0-9]+\.[0-9]+\.[0-9]+\Z")
_RESERVED_PREFIXES = ("xn--", "sthree-")
_RESERVED_SUFFIXES = ("-s3alias", "--ol-s3", ".mrap", "--x-s3", "--table-s3")
_FIRST_REGION = "us-east-1"
_EUROPE = "EU"
_OWNERSHIPS = frozenset({"BucketOwnerEnforced", "BucketOwnerPreferred", "ObjectWriter"})
_PAGE_MAX = 10_000


class BucketAlreadyExists(AwsError):
    """The name belongs to another account."""

    message = (
        "The requested bucket name is not available. The bucket namespace is shared by all users of the system. "
        "Please select a different name and try again."
    )
    status = 409


class BucketAlreadyOwnedByYou(AwsError):
    """The caller has a bucket of that name; in us-east-1 creating it again succeeds instead."""

    message = "Your previous request to create the named bucket succeeded and you already own it."
    status = 409


class BucketNotEmpty(AwsError):
    """Only an empty bucket can be deleted, one without any versions."""

    message = "The bucket you tried to delete is not empty{more}"
    status = 409


class IllegalLocationConstraintException(AwsError):
    """The location constraint names another Region than the endpoint's.

    https://docs.aws.amazon.com/AmazonS3/latest/API/API_CreateBucket.html
    """

    message = (
        "The {location} location constraint is incompatible for the region specific endpoint this request was sent to."
    )


class InvalidBucketAclWithBlockPublicAccessError(AwsError):
    """A new bucket blocks public access, so it cannot be made with a public ACL.

    https://docs.aws.amazon.com/AmazonS3/latest/userguide/create-bucket-faq.html
    """

    message = "Bucket cannot have public ACLs set with BlockPublicAccess enabled"


class InvalidBucketName(AwsError):
    """The name breaks the naming rules.

    https://docs.aws.amazon.com/AmazonS3/latest/userguide/bucketnamingrules.html
    """

    message = "The specified bucket is not valid."


class InvalidLocationConstraint(AwsError):
    """No such Region."""

    message = "The specified location-constraint is not valid"


def check_bucket_name(name: str) -> None:
    """InvalidBucketName for a name that no bucket can have.

    https://docs.aws.amazon.com/AmazonS3/latest/userguide/bucketnamingrules.html
    """
    if (
        not _NAME.match(name)
        or ".." in name
        or _ADDRESS.match(name)
        or name.startswith(_RESERVED_PREFIXES)
        or name.endswith(_RESERVED_SUFFIXES)
    ):
        raise InvalidBucketName(members={"BucketName": name})


@operation("s3:CreateBucket")
def create_bucket(call: Call, world: World) -> Mapping[str, Any]:
    """Create a bucket in the Region of the endpoint, with ACLs off and Block Public Access on.

    https://docs.aws.amazon.com/AmazonS3/latest/API/API_CreateBucket.html
    https://docs.aws.amazon.com/AmazonS3/latest/userguide/create-bucket-faq.html
    """
    asked: CreateBucketRequestTypeDef = call.params  # type: ignore[assignment]  # the parser holds params to the model
    name = asked["Bucket"]
    check_bucket_name(name)
    configuration = asked.get("CreateBucketConfiguration") or {}
    region = _region(call, world, configuration.get("LocationConstraint"))
    location = {"Location": f"/{name}" if region == _FIRST_REGION else f"http://{name}.s3.amazonaws.com/"}
    answer = {**location, "BucketArn": f"arn:aws:s3:::{name}"}
    if _stands(call, world, name, region):
        return answer
    ownership = _ownership(asked.get("ObjectOwnership"))
    locked = bool(asked.get("ObjectLockEnabledForBucket"))
    bucket = Bucket(
        name=name,
        account=call.account,
        region=region,
        created=call.now,
        ownership=ownership,
        acl=_grants(call, ownership),
        object_lock=locked,
        versioning="Enabled" if locked else "",
        tags=_tags(configuration.get("Tags") or ()),
    )
    world.put(BUCKET, "", "", name, bucket)
    return answer


def _region(call: Call, world: World, location: str | None) -> str:
    """The Region that the constraint and the endpoint agree on.

    The endpoint of us-east-1 takes every Region's constraint, every other endpoint only its own.
    """
    if location is None:
        if call.region != _FIRST_REGION:
            raise IllegalLocationConstraintException(location="unspecified")
        return _FIRST_REGION
    region = "eu-west-1" if location == _EUROPE else location
    if call.region != _FIRST_REGION:
        if region != call.region:
            raise IllegalLocationConstraintException(location=location)
        return region
    if region == _FIRST_REGION or region not in world.settings.regions:
        raise InvalidLocationConstraint(members={"LocationConstraint": location})
    return region


def _stands(call: Call, world: World, name: str, region: str) -> bool:
    """Whether the caller has that bucket already and may "create" it once more, as in us-east-1."""
    standing = world.find(BUCKET, "", "", name)
    if standing is None:
        return False
    if standing.account != call.account:
        raise BucketAlreadyExists(members={"BucketName": name})
    if standing.region != _FIRST_REGION or region != _FIRST_REGION:
        raise BucketAlreadyOwnedByYou(members={"BucketName": name})
    return True


def _ownership(asked: str | None) -> str:
    if asked is None:
        return "BucketOwnerEnforced"
    if asked not in _OWNERSHIPS:
        raise argument("x-amz-object-ownership", None, f"Invalid x-amz-object-ownership header: {asked}")
    return asked


def _grants(call: Call, ownership: str) -> tuple[Grant, ...] | None:
    """The ACL asked for. With ACLs off any but a private one is refused; a public one is, as Block Public Access is on."""
    grants = asked_grants(call.params, owner=call.account, bucket_owner=call.account)
    if grants is None:
        return None
    private = grants == (Grant(id=canonical_id(call.account), permission="FULL_CONTROL"),)
    if ownership == "BucketOwnerEnforced" and not private:
        raise InvalidBucketAclWithObjectOwnership
    if is_public(grants):
        raise InvalidBucketAclWithBlockPublicAccessError
    return None if private else grants


def _tags(given: Any) -> dict[str, str]:
    if any(tag["Key"].startswith("aws:") for tag in given):
        raise InvalidTag(
            reason='User-defined tag keys can\'t start with "aws:". This prefix is reserved for system tags. '
            'Remove "aws:" from your tag keys and try again.'
        )
    return checked_tag_set(given, limit=BUCKET_LIMIT)


@operation("s3:DeleteBucket")
def delete_bucket(call: Call, world: World) -> None:
    """Delete an empty bucket.

    https://docs.aws.amazon.com/AmazonS3/latest/API/API_DeleteBucket.html
    """
    bucket = find_bucket(call, world)
    kinds = (OBJECT, VERSION)
    if any(world.list(kind, bucket.account, bucket.name, limit=1) for kind in kinds):
        more = ". You must delete all versions in the bucket." if bucket.versioning else ""
        raise BucketNotEmpty(members={"BucketName": bucket.name}, more=more)
    if world.list(UPLOAD, bucket.account, bucket.name, limit=1):
        raise BucketNotEmpty(members={"BucketName": bucket.name}, more="")
    world.delete(BUCKET, "", "", bucket.name)


@operation("s3:HeadBucket")
def head_bucket(call: Call, world: World) -> Mapping[str, Any]:
    """Whether the bucket exists, and in which Region.

    https://docs.aws.amazon.com/AmazonS3/latest/API/API_HeadBucket.html
    """
    bucket = find_bucket(call, world)
    return {"BucketRegion": bucket.region, "BucketArn": bucket.arn, "AccessPointAlias": False}


@operation("s3:GetBucketLocation")
def get_bucket_location(call: Call, world: World) -> Mapping[str, Any]:
    """The bucket's location constraint, none for us-east-1.

    https://docs.aws.amazon.com/AmazonS3/latest/API/API_GetBucketLocation.html
    """
    bucket = find_bucket(call, world)
    return {"LocationConstraint": None if bucket.region == _FIRST_REGION else bucket.region}


@operation("s3:ListBuckets")
def list_buckets(call: Call, world: World) -> Mapping[str, Any]:
    """The caller's buckets in order of their names, by prefix and Region, in pages where a size is given.

    https://docs.aws.amazon.com/AmazonS3/latest/API/API_ListBuckets.html
    """
    prefix, region = call.params.get("Prefix") or "", call.params.get("BucketRegion")
    if region is not None and region not in world.settings.regions:
        raise argument("bucket-region", None, f"Argument value {region} is not a valid AWS Region")
    limit = min(call.params.get("MaxBuckets") or _PAGE_MAX, _PAGE_MAX)
    own = [
        document
        for document in world.list(BUCKET, "", "", prefix=prefix, after=call.params.get("ContinuationToken") or "")
        if document.body.account == call.account and region in {None, document.body.region}
    ]
    answer: dict[str, Any] = {
        "Buckets": [_listed(document) for document in own[:limit]],
        "Owner": {"ID": canonical_id(call.account)},
    }
    if prefix:
        answer["Prefix"] = prefix
    if len(own) > limit:
        answer["ContinuationToken"] = own[limit - 1].name
    return answer


def _listed(document: Document[Bucket]) -> dict[str, Any]:
    bucket = document.body
    return {
        "Name": bucket.name,
        "CreationDate": datetime.fromtimestamp(int(bucket.created), UTC),
        "BucketRegion": bucket.region,
        "BucketArn": bucket.arn,
    }
