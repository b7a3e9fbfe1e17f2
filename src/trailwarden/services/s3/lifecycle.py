"""Life cycle configurations.

https://docs.aws.amazon.com/AmazonS3/latest/userguide/object-lifecycle-mgmt.html
"""

from collections.abc import Iterator, Mapping
from datetime import datetime, time
from typing import Any

from trailwarden.errors import AwsError
from trailwarden.services.call import Call
from trailwarden.services.registry import operation
from trailwarden.services.s3.bucket import find_bucket
from trailwarden.services.s3.configurations import configured, drop, keep_configuration
from trailwarden.services.s3.errors import InvalidRequest, MalformedXML, argument
from trailwarden.services.world import World

__all__ = [
    "delete_bucket_lifecycle",
    "get_bucket_lifecycle_configuration",
    "put_bucket_lifecycle_configuration",
]

_NOUN = "Lifecycle"
_RULES_MAX = 1000
_DEFAULT_SIZE = "all_storage_classes_128K"
_SIZES = frozenset({_DEFAULT_SIZE, "varies_by_storage_class"})
_ACTIONS = (
    "Expiration",
    "Transitions",
    "NoncurrentVersionTransitions",
    "NoncurrentVersionExpiration",
    "AbortIncompleteMultipartUpload",
)


class NoSuchLifecycleConfiguration(AwsError):
    """The bucket has no life cycle configuration."""

    message = "The lifecycle configuration does not exist"
    status = 404


@operation("s3:PutBucketLifecycleConfiguration")
def put_bucket_lifecycle_configuration(call: Call, world: World) -> Mapping[str, Any]:
    """Set the rules. MalformedXML, InvalidArgument, InvalidRequest.

    https://docs.aws.amazon.com/AmazonS3/latest/API/API_PutBucketLifecycleConfiguration.html
    """
    bucket = find_bucket(call, world)
    size = call.params.get("TransitionDefaultMinimumObjectSize") or _DEFAULT_SIZE
    if size not in _SIZES:
        raise InvalidRequest(reason=f"Invalid TransitionDefaultMinimumObjectSize found: {size}")
    rules = (call.params.get("LifecycleConfiguration") or {}).get("Rules") or ()
    if not 0 < len(rules) <= _RULES_MAX:
        raise MalformedXML
    for rule in rules:
        _check_rule(rule)
    named = [{**rule, "ID": rule.get("ID") or world.chance.letters(32)} for rule in rules]
    if len({rule["ID"] for rule in named}) != len(named):
        raise argument("ID", None, "Rule ID must be unique. Found same ID for more than one rule")
    keep_configuration(world, bucket, _NOUN, {"Rules": named, "TransitionDefaultMinimumObjectSize": size})
    return {"TransitionDefaultMinimumObjectSize": size}


def _check_rule(rule: Mapping[str, Any]) -> None:
    """A rule has a status, does something, and says to which objects in one way."""
    if rule.get("Status") not in {"Enabled", "Disabled"} or not any(rule.get(action) for action in _ACTIONS):
        raise MalformedXML
    _check_filter(rule)
    _check_expiration(rule)
    for date in _dates(rule):
        if date.timetz().replace(tzinfo=None) != time():
            raise argument("Date", date, "'Date' must be at midnight GMT")


def _check_filter(rule: Mapping[str, Any]) -> None:
    where = rule.get("Filter")
    if (where is None) == (rule.get("Prefix") is None) or len(where or ()) > 1:
        raise MalformedXML
    tags = ((where or {}).get("And") or {}).get("Tags") or ()
    if len({tag["Key"] for tag in tags}) != len(tags):
        raise InvalidRequest(reason="Duplicate Tag Keys are not allowed.")


def _check_expiration(rule: Mapping[str, Any]) -> None:
    expiration, noncurrent = rule.get("Expiration"), rule.get("NoncurrentVersionExpiration")
    if expiration is not None and len(expiration) != 1:
        raise MalformedXML
    if noncurrent is not None and noncurrent.get("NoncurrentDays") is None:
        raise MalformedXML


def _dates(rule: Mapping[str, Any]) -> Iterator[datetime]:
    for part in (rule.get("Expiration") or {}, *(rule.get("Transitions") or ())):
        if part.get("Date") is not None:
            yield part["Date"]


@operation("s3:GetBucketLifecycleConfiguration")
def get_bucket_lifecycle_configuration(call: Call, world: World) -> Mapping[str, Any]:
    """The rules.

    https://docs.aws.amazon.com/AmazonS3/latest/API/API_GetBucketLifecycleConfiguration.html
    """
    bucket = find_bucket(call, world)
    found = configured(bucket, _NOUN)
    if found is None:
        raise NoSuchLifecycleConfiguration(members={"BucketName": bucket.name})
    return found


@operation("s3:DeleteBucketLifecycle")
def delete_bucket_lifecycle(call: Call, world: World) -> None:
    """Delete the rules.

    https://docs.aws.amazon.com/AmazonS3/latest/API/API_DeleteBucketLifecycle.html
    """
    drop(world, find_bucket(call, world), _NOUN)
