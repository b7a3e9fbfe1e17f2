"""Object Lock: what a request asks for, and what a lock forbids.

https://docs.aws.amazon.com/AmazonS3/latest/userguide/object-lock.html
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from trailwarden.services.s3.bucket import Bucket
from trailwarden.services.s3.errors import AccessDenied, InvalidRequest, argument
from trailwarden.services.s3.stored import Stored

__all__ = ["MODES", "Lock", "asked_lock", "check_unlocked"]

MODES = frozenset({"GOVERNANCE", "COMPLIANCE"})
_DAY = 86_400.0
_YEAR_DAYS = 365


@dataclass(frozen=True, slots=True, kw_only=True)
class Lock:
    """A retention mode with its end, and a legal hold; empty where there is none."""

    mode: str = ""
    until: float = 0.0
    legal_hold: str = ""


def asked_lock(params: Mapping[str, Any], bucket: Bucket, now: float) -> Lock:
    """The lock that a write asks for, else the bucket's default retention. InvalidRequest, InvalidArgument."""
    mode, until = params.get("ObjectLockMode"), params.get("ObjectLockRetainUntilDate")
    hold = params.get("ObjectLockLegalHoldStatus")
    if not bucket.object_lock:
        if mode or until or hold:
            raise InvalidRequest(reason="Bucket is missing Object Lock Configuration")
        return Lock()
    if (mode is None) != (until is None):
        missing = "x-amz-object-lock-mode" if mode is None else "x-amz-object-lock-retain-until-date"
        raise argument(
            missing, None, "x-amz-object-lock-retain-until-date and x-amz-object-lock-mode must both be supplied"
        )
    legal_hold = hold or ""
    if mode is None or until is None:
        return _default(bucket, now, legal_hold)
    if mode not in MODES:
        raise argument("x-amz-object-lock-mode", mode, "Unknown wormMode directive.")
    if until.timestamp() <= now:
        raise argument("x-amz-object-lock-retain-until-date", until, "The retain until date must be in the future!")
    return Lock(mode=mode, until=until.timestamp(), legal_hold=legal_hold)


def _default(bucket: Bucket, now: float, legal_hold: str) -> Lock:
    rule = bucket.configurations.get("ObjectLock", {}).get("Rule") or {}
    retention = rule.get("DefaultRetention") or {}
    if not retention.get("Mode"):
        return Lock(legal_hold=legal_hold)
    days = retention.get("Days") or retention.get("Years", 0) * _YEAR_DAYS
    return Lock(mode=retention["Mode"], until=now + days * _DAY, legal_hold=legal_hold)


def check_unlocked(stored: Stored, now: float, *, bypass: bool) -> None:
    """AccessDenied where a legal hold or a retention protects the version; `bypass` sets governance mode aside."""
    retained = stored.lock_mode and stored.lock_until > now
    if stored.legal_hold == "ON" or (retained and not (bypass and stored.lock_mode == "GOVERNANCE")):
        raise AccessDenied(reason="Access Denied because object protected by object lock.")
