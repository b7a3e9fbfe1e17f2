"""Object Lock: the bucket's configuration, and retention and legal hold of versions.

https://docs.aws.amazon.com/AmazonS3/latest/userguide/object-lock.html
"""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

import msgspec

from trailwarden.errors import AwsError
from trailwarden.services.call import Call
from trailwarden.services.registry import operation
from trailwarden.services.s3.bucket import Bucket, find_bucket, keep_bucket
from trailwarden.services.s3.errors import AccessDenied, InvalidBucketState, InvalidRequest, MalformedXML, argument
from trailwarden.services.s3.locks import MODES
from trailwarden.services.s3.objects import find_object
from trailwarden.services.s3.stored import Stored, keep
from trailwarden.services.world import World

__all__ = [
    "get_object_legal_hold",
    "get_object_lock_configuration",
    "get_object_retention",
    "put_object_legal_hold",
    "put_object_lock_configuration",
    "put_object_retention",
]


class ObjectLockConfigurationNotFoundError(AwsError):
    """The bucket has no Object Lock."""

    message = "Object Lock configuration does not exist for this bucket"
    status = 404


class NoSuchObjectLockConfiguration(AwsError):
    """The version has no retention or legal hold."""

    message = "The specified object does not have a ObjectLock configuration"
    status = 404


@operation("s3:PutObjectLockConfiguration")
def put_object_lock_configuration(call: Call, world: World) -> None:
    """Turn Object Lock on, or set its default retention. InvalidBucketState without versioning.

    https://docs.aws.amazon.com/AmazonS3/latest/API/API_PutObjectLockConfiguration.html
    """
    bucket = find_bucket(call, world)
    asked = call.params.get("ObjectLockConfiguration") or {}
    if asked.get("ObjectLockEnabled") != "Enabled":
        raise MalformedXML
    if bucket.versioning != "Enabled":
        raise InvalidBucketState(
            reason="Versioning must be 'Enabled' on the bucket to apply a Object Lock configuration"
        )
    _check_rule(asked.get("Rule"))
    kept = {name: value for name, value in asked.items() if name == "Rule"}
    keep_bucket(world, bucket, object_lock=True, configurations={**bucket.configurations, "ObjectLock": kept})


def _check_rule(rule: Mapping[str, Any] | None) -> None:
    if rule is None:
        return
    retention = rule.get("DefaultRetention") or {}
    days: Any = retention.get("Days")
    years: Any = retention.get("Years")
    if retention.get("Mode") not in MODES or (days is None) == (years is None):
        raise MalformedXML
    if (days if days is not None else years) <= 0:
        raise argument(
            "Days" if days is not None else "Years", None, "Default retention period must be a positive integer value."
        )


@operation("s3:GetObjectLockConfiguration")
def get_object_lock_configuration(call: Call, world: World) -> Mapping[str, Any]:
    """Whether Object Lock is on, and the default retention.

    https://docs.aws.amazon.com/AmazonS3/latest/API/API_GetObjectLockConfiguration.html
    """
    bucket = find_bucket(call, world)
    if not bucket.object_lock:
        raise ObjectLockConfigurationNotFoundError(members={"BucketName": bucket.name})
    return {"ObjectLockConfiguration": {"ObjectLockEnabled": "Enabled", **bucket.configurations.get("ObjectLock", {})}}


def _locked(call: Call, world: World) -> tuple[Bucket, Stored]:
    bucket = find_bucket(call, world)
    stored = find_object(call, world, bucket)
    if not bucket.object_lock:
        raise InvalidRequest(reason="Bucket is missing Object Lock Configuration")
    return bucket, stored


@operation("s3:PutObjectRetention")
def put_object_retention(call: Call, world: World) -> None:
    """Set until when a version is protected. A stricter setting always goes; a laxer one where the mode lets it.

    https://docs.aws.amazon.com/AmazonS3/latest/API/API_PutObjectRetention.html
    """
    bucket, stored = _locked(call, world)
    asked = call.params.get("Retention") or {}
    mode, until = asked.get("Mode"), asked.get("RetainUntilDate")
    if (mode is None) != (until is None) or mode not in {None, *MODES}:
        raise MalformedXML
    end = until.timestamp() if until is not None else 0.0
    if until is not None and end <= call.now:
        raise argument("RetainUntilDate", until, "The retain until date must be in the future!")
    if stored.lock_mode and stored.lock_until > call.now and _is_laxer(call, stored, mode, end):
        raise AccessDenied(reason="Access Denied because object protected by object lock.")
    keep(world.transaction, bucket, msgspec.structs.replace(stored, lock_mode=mode or "", lock_until=end))


def _is_laxer(call: Call, stored: Stored, mode: str | None, end: float) -> bool:
    """Whether the change takes protection away that the caller may not set aside."""
    if stored.lock_mode == "GOVERNANCE" and call.params.get("BypassGovernanceRetention"):
        return False
    return end < stored.lock_until or (stored.lock_mode == "COMPLIANCE" and mode != "COMPLIANCE")


@operation("s3:GetObjectRetention")
def get_object_retention(call: Call, world: World) -> Mapping[str, Any]:
    """Until when a version is protected.

    https://docs.aws.amazon.com/AmazonS3/latest/API/API_GetObjectRetention.html
    """
    _, stored = _locked(call, world)
    if not stored.lock_mode:
        raise NoSuchObjectLockConfiguration
    until = datetime.fromtimestamp(stored.lock_until, UTC)
    return {"Retention": {"Mode": stored.lock_mode, "RetainUntilDate": until}}


@operation("s3:PutObjectLegalHold")
def put_object_legal_hold(call: Call, world: World) -> None:
    """Put a legal hold on a version, or take it off.

    https://docs.aws.amazon.com/AmazonS3/latest/API/API_PutObjectLegalHold.html
    """
    bucket, stored = _locked(call, world)
    status = (call.params.get("LegalHold") or {}).get("Status")
    if status not in {"ON", "OFF"}:
        raise MalformedXML
    keep(world.transaction, bucket, msgspec.structs.replace(stored, legal_hold=status))


@operation("s3:GetObjectLegalHold")
def get_object_legal_hold(call: Call, world: World) -> Mapping[str, Any]:
    """Whether a legal hold is on a version.

    https://docs.aws.amazon.com/AmazonS3/latest/API/API_GetObjectLegalHold.html
    """
    _, stored = _locked(call, world)
    if not stored.legal_hold:
        raise NoSuchObjectLockConfiguration
    return {"LegalHold": {"Status": stored.legal_hold}}
