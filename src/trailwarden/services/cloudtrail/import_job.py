"""An import as it is stored and shown: log files of a bucket on their way into an event data store.

https://docs.aws.amazon.com/awscloudtrail/latest/userguide/cloudtrail-copy-trail-to-lake.html
"""

from typing import Any, Literal

import msgspec

from trailwarden.arn import Arn
from trailwarden.storage.ports import Kind, Reader

__all__ = [
    "FAILURE",
    "IMPORT",
    "OPEN",
    "Failure",
    "Import",
    "Open",
    "failure_name",
    "has_ongoing_import",
    "shown_failure",
    "shown_import",
    "shown_statistics",
    "store_key",
]

Status = Literal["INITIALIZING", "IN_PROGRESS", "FAILED", "STOPPED", "COMPLETED"]


class Import(msgspec.Struct, frozen=True, kw_only=True):
    """An import. Key: (account, region, id). Times are seconds since the epoch.

    `store` is the ARN of the event data store. Only objects that stood when it was `created` are read, in the order of
    their keys; `cursor` is the last key that was read, `folder` that key's folder. `failed` counts failures that have not
    been mended.
    """

    account: str
    region: str
    id: str
    store: str
    uri: str
    bucket_region: str
    role: str
    created: float
    updated: float
    start: float | None = None
    end: float | None = None
    status: Status = "INITIALIZING"
    cursor: str = ""
    folder: str = ""
    prefixes_found: int = 0
    prefixes_completed: int = 0
    files: int = 0
    events: int = 0
    failed: int = 0

    @property
    def bucket(self) -> str:
        """The bucket's name."""
        return self.uri.removeprefix("s3://").partition("/")[0]

    @property
    def prefix(self) -> str:
        """The beginning of the keys."""
        return self.uri.removeprefix("s3://").partition("/")[2]


class Failure(msgspec.Struct, frozen=True, kw_only=True):
    """An object that could not be imported, or not all of it. Key: (account, region, `failure_name`).

    `key` is "" where nothing of the source could be read.
    """

    key: str
    type: str
    message: str
    updated: float
    status: Literal["FAILED", "RETRY", "SUCCEEDED"] = "FAILED"


class Open(msgspec.Struct, frozen=True, kw_only=True):
    """An import that is not done with. Key as the import's."""


IMPORT = Kind("cloudtrail.import", Import)
FAILURE = Kind("cloudtrail.import-failure", Failure)
OPEN = Kind("cloudtrail.import-open", Open)


def failure_name(job: Import, key: str) -> str:
    """The name of the document of an object's failure."""
    return f"{job.id}/{key}"


def has_ongoing_import(reader: Reader, account: str, store: str = "") -> bool:
    """Whether an import of the account is not done with, into that store or into any."""
    for each in reader.list(OPEN, account):
        found = reader.get(IMPORT, each.account, each.region, each.name)
        if found is not None and store in ("", found.body.store):
            return True
    return False


def shown_import(job: Import) -> dict[str, Any]:
    """What the operations on one import have in common.

    https://docs.aws.amazon.com/awscloudtrail/latest/APIReference/API_StartImport.html#API_StartImport_ResponseSyntax
    """
    source = {
        "S3LocationUri": job.uri,
        "S3BucketRegion": job.bucket_region,
        "S3BucketAccessRoleArn": job.role,
    }
    times = {"StartEventTime": job.start, "EndEventTime": job.end}
    return {
        "ImportId": job.id,
        "Destinations": [job.store],
        "ImportSource": {"S3": source},
        "ImportStatus": job.status,
        "CreatedTimestamp": job.created,
        "UpdatedTimestamp": job.updated,
        **{member: value for member, value in times.items() if value is not None},
    }


def shown_statistics(job: Import) -> dict[str, int]:
    """https://docs.aws.amazon.com/awscloudtrail/latest/APIReference/API_ImportStatistics.html."""
    return {
        "PrefixesFound": job.prefixes_found,
        "PrefixesCompleted": job.prefixes_completed,
        "FilesCompleted": job.files,
        "EventsCompleted": job.events,
        "FailedEntries": job.failed,
    }


def shown_failure(job: Import, failure: Failure) -> dict[str, Any]:
    """https://docs.aws.amazon.com/awscloudtrail/latest/APIReference/API_ImportFailureListItem.html."""
    return {
        "Location": f"s3://{job.bucket}/{failure.key}" if failure.key else job.uri,
        "Status": failure.status,
        "ErrorType": failure.type,
        "ErrorMessage": failure.message,
        "LastUpdatedTime": failure.updated,
    }


def store_key(job: Import) -> tuple[str, str, str]:
    """The key of the store's document."""
    arn = Arn.parse(job.store)
    return (arn.account, arn.region, arn.name) if arn is not None else ("", "", "")
