"""A bucket as an import reads it: as the role that the import names, whose trust and permissions are evaluated each time.

https://docs.aws.amazon.com/awscloudtrail/latest/userguide/cloudtrail-copy-trail-permissions.html
"""

import re
from collections.abc import Iterator
from datetime import UTC, datetime

from trailwarden.arn import Arn
from trailwarden.policy import ContextValue
from trailwarden.services.cloudtrail.import_job import Import
from trailwarden.services.cloudtrail.requirements import SERVICE
from trailwarden.services.s3.bucket import BUCKET, Bucket
from trailwarden.services.s3.kms import encryption_context
from trailwarden.services.s3.objects import read_bytes
from trailwarden.services.s3.stored import OBJECT, Stored, latest
from trailwarden.services.world import World

__all__ = ["Unreadable", "log_files", "object_of", "source_bucket"]

_PAGE = 1_000
_LARGEST = 256 * 1024 * 1024
_DAY = 86_400.0
_DATED = re.compile(r"(?:_|/)(\d{4})/?(\d\d)/?(\d\d)(?:T\d{4}Z_|/)")
_MANAGED = ":alias/aws/s3"


class Unreadable(Exception):
    """The bucket or the object cannot be read; `type` is the ErrorType of the failure."""

    def __init__(self, kind: str, reason: str) -> None:
        self.type = kind
        super().__init__(reason)


def source_bucket(world: World, job: Import) -> Bucket:
    """The bucket, if the role may be assumed and may list it. Raises Unreadable."""
    document = world.transaction.get(BUCKET, "", "", job.bucket)
    if document is None:
        raise Unreadable("NoSuchBucket", f"The bucket {job.bucket} does not exist.")
    bucket = document.body
    if bucket.region != job.bucket_region:
        raise Unreadable("InvalidRegion", f"The bucket {bucket.name} is not in the Region {job.bucket_region}.")
    if bucket.acls_on:
        raise Unreadable("InvalidBucket", f"Access control lists are enabled for the bucket {bucket.name}.")
    for action in ("s3:GetBucketAcl", "s3:ListBucket"):
        _demand(world, job, action, bucket.arn)
    return bucket


def log_files(world: World, job: Import, bucket: Bucket, *, after: str = "") -> Iterator[Stored]:
    """The log files behind a key that stood when the import was made, in the order of their keys.

    Those in the bucket's `CloudTrail` folders, packed with gzip; where a range of time is asked for, those alone whose
    folder or name has a day of it.
    """
    while True:
        page = world.list(OBJECT, bucket.account, bucket.name, prefix=job.prefix, after=after, limit=_PAGE)
        yield from (found.body for found in page if _is_wanted(job, found.body))
        if len(page) < _PAGE:
            return
        after = page[-1].name


def object_of(world: World, job: Import, bucket: Bucket, key: str) -> bytes:
    """The object's bytes. Raises Unreadable."""
    _demand(world, job, "s3:GetObject", f"{bucket.arn}/{key}")
    stored = latest(world.transaction, bucket, key)
    if stored is None or stored.marker:
        raise Unreadable("NoSuchKey", "The object does not exist any more.")
    if stored.size > _LARGEST:
        raise Unreadable("InvalidLogFile", f"The object is larger than {_LARGEST >> 20} MiB.")
    if stored.customer_key_md5:
        raise Unreadable("AccessDenied", "The object is encrypted with a key that only its writer has.")
    if stored.encryption and not stored.kms_key.endswith(_MANAGED):
        _demand_key(world, job, bucket, stored)
    try:
        return read_bytes(world, stored, 0, stored.size)
    except LookupError:
        raise Unreadable("NoSuchKey", "The object was replaced while it was read.") from None


def _demand(world: World, job: Import, action: str, resource: str) -> None:
    context = {"aws:SourceArn": job.store, "aws:SourceAccount": job.account}
    if not world.role_serves(job.role, SERVICE, action, resource, context):
        raise Unreadable("AccessDenied", f"The role {job.role} cannot be assumed, or may not {action} on {resource}.")


def _demand_key(world: World, job: Import, bucket: Bucket, stored: Stored) -> None:
    arn = Arn.parse(stored.kms_key)
    facts = world.resource(arn) if arn is not None else None
    if facts is None or facts.unusable:
        raise Unreadable("KmsException", f"The KMS key {stored.kms_key} cannot be used.")
    context: dict[str, ContextValue] = {
        "kms:CallerAccount": job.account,
        "kms:ViaService": f"s3.{bucket.region}.amazonaws.com",
        **encryption_context(bucket, stored),
    }
    if not world.role_may(job.role, "kms:Decrypt", facts.arn or stored.kms_key, context):
        raise Unreadable("AccessDenied", f"The role {job.role} may not decrypt with the KMS key {stored.kms_key}.")


def _is_wanted(job: Import, stored: Stored) -> bool:
    if stored.marker or stored.modified > job.created or not stored.key.endswith(".gz"):
        return False
    return "CloudTrail" in stored.key.split("/")[:-1] and _is_within(job, stored.key)


def _is_within(job: Import, key: str) -> bool:
    """By day; a file may come a day after its events."""
    if job.start is None and job.end is None:
        return True
    found = _DATED.search(key.rpartition("/")[2]) or _DATED.search(key)
    if found is None:
        return False
    try:
        day = datetime(int(found[1]), int(found[2]), int(found[3]), tzinfo=UTC).timestamp()
    except ValueError:
        return False
    after = job.start is None or day + _DAY > job.start
    return after and (job.end is None or day - _DAY <= job.end)
