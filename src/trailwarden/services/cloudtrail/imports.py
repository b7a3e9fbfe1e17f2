"""Imports: start, retry, show, stop, list; and what failed.

https://docs.aws.amazon.com/awscloudtrail/latest/userguide/cloudtrail-copy-trail-to-lake.html
"""

import re
from collections.abc import Mapping
from datetime import datetime
from typing import Any

import msgspec

from trailwarden.errors import AwsError
from trailwarden.services.call import Call
from trailwarden.services.cloudtrail.errors import InvalidParameterException, OperationNotPermittedException
from trailwarden.services.cloudtrail.event_data_store import check_active, find_store
from trailwarden.services.cloudtrail.event_data_stores import InvalidEventDataStoreCategoryException
from trailwarden.services.cloudtrail.import_job import (
    FAILURE,
    IMPORT,
    OPEN,
    Import,
    Open,
    failure_name,
    has_ongoing_import,
    shown_failure,
    shown_import,
    shown_statistics,
)
from trailwarden.services.cloudtrail.import_source import Unreadable, source_bucket
from trailwarden.services.cloudtrail.paging import page
from trailwarden.services.registry import operation
from trailwarden.services.world import World

__all__ = ["get_import", "list_import_failures", "list_imports", "start_import", "stop_import"]

_URI = re.compile(r"s3://[a-z0-9][a-z0-9.-]{1,61}[a-z0-9](?:/.{0,1000})?\Z", re.DOTALL)
_EVENTS = frozenset({"Management", "Data", "NetworkActivity"})
_ENDLESS = 1e12


class AccountHasOngoingImportException(AwsError):
    """An account imports one thing at a time.

    https://docs.aws.amazon.com/awscloudtrail/latest/APIReference/API_StartImport.html
    """

    message = "The account already has an ongoing import. Wait until it is finished, or stop it."


class InvalidImportSourceException(AwsError):
    """The source is not valid for an import; the message says why.

    https://docs.aws.amazon.com/awscloudtrail/latest/APIReference/API_StartImport.html
    """

    message = "The provided source S3 bucket is not valid for import. {reason}"


class ImportNotFoundException(AwsError):
    """There is no such import.

    https://docs.aws.amazon.com/awscloudtrail/latest/APIReference/API_GetImport.html
    """

    message = "The specified import was not found: {given}"


@operation("cloudtrail:StartImport")
def start_import(call: Call, world: World) -> Mapping[str, Any]:
    """Begin an import or, by its id, try again what failed of one and go on with one that was stopped.

    https://docs.aws.amazon.com/awscloudtrail/latest/APIReference/API_StartImport.html
    """
    job = _again(call, world) if "ImportId" in call.params else _new(call, world)
    if has_ongoing_import(world.transaction, job.account):
        raise AccountHasOngoingImportException
    try:
        source_bucket(world, job)
    except Unreadable as error:
        raise InvalidImportSourceException(reason=error) from None
    world.put(IMPORT, job.account, job.region, job.id, job)
    world.put(OPEN, job.account, job.region, job.id, Open())
    return shown_import(job)


@operation("cloudtrail:GetImport")
def get_import(call: Call, world: World) -> Mapping[str, Any]:
    """Show an import and how far it is.

    https://docs.aws.amazon.com/awscloudtrail/latest/APIReference/API_GetImport.html
    """
    job = _find(call, world)
    return {**shown_import(job), "ImportStatistics": shown_statistics(job)}


@operation("cloudtrail:StopImport")
def stop_import(call: Call, world: World) -> Mapping[str, Any]:
    """End an import where it is; what it has imported stays.

    https://docs.aws.amazon.com/awscloudtrail/latest/APIReference/API_StopImport.html
    """
    job = _find(call, world)
    if world.find(OPEN, job.account, job.region, job.id) is None:
        raise InvalidParameterException(reason=f"The import cannot be stopped: its status is {job.status}.")
    job = msgspec.structs.replace(job, status="STOPPED", updated=call.now)
    world.put(IMPORT, job.account, job.region, job.id, job)
    world.delete(OPEN, job.account, job.region, job.id)
    return {**shown_import(job), "ImportStatistics": shown_statistics(job)}


@operation("cloudtrail:ListImports")
def list_imports(call: Call, world: World) -> Mapping[str, Any]:
    """The imports of this Region, newest first, by status and by destination.

    https://docs.aws.amazon.com/awscloudtrail/latest/APIReference/API_ListImports.html
    """
    status, given = call.params.get("ImportStatus"), call.params.get("Destination")
    store = find_store(call, world, given).arn if given else None
    found = [document.body for document in world.list(IMPORT, call.account, call.region)]
    members = ("ImportId", "ImportStatus", "Destinations", "CreatedTimestamp", "UpdatedTimestamp")
    return page(
        call,
        "Imports",
        [job for job in found if status in (None, job.status) and store in (None, job.store)],
        key=lambda job: f"{_ENDLESS - job.created:020.6f}/{job.id}",
        shown=lambda job: {member: value for member, value in shown_import(job).items() if member in members},
    )


@operation("cloudtrail:ListImportFailures")
def list_import_failures(call: Call, world: World) -> Mapping[str, Any]:
    """What could not be imported, and what of it has been since.

    https://docs.aws.amazon.com/awscloudtrail/latest/APIReference/API_ListImportFailures.html
    """
    job = world.find(IMPORT, call.account, call.region, call.params["ImportId"])
    if job is None:
        raise InvalidParameterException(reason=f"The specified import was not found: {call.params['ImportId']}")
    found = world.list(FAILURE, job.account, job.region, prefix=failure_name(job, ""))
    return page(
        call,
        "Failures",
        [document.body for document in found],
        key=lambda failure: f"{job.id}/{failure.key}",
        shown=lambda failure: shown_failure(job, failure),
    )


def _find(call: Call, world: World) -> Import:
    given: str = call.params["ImportId"]
    job = world.find(IMPORT, call.account, call.region, given)
    if job is None:
        raise ImportNotFoundException(given=given)
    return job


def _new(call: Call, world: World) -> Import:
    """InvalidParameterException, InvalidImportSourceException, and those of the destination."""
    asked = call.params
    if "Destinations" not in asked or "ImportSource" not in asked:
        raise InvalidParameterException(reason="A new import needs Destinations and ImportSource.")
    source = asked["ImportSource"]["S3"]
    if not _URI.match(source["S3LocationUri"]):
        raise InvalidImportSourceException(reason="The location must be an S3 URI.")
    begin: datetime | None = asked.get("StartEventTime")
    close: datetime | None = asked.get("EndEventTime")
    if begin is not None and close is not None and begin > close:
        raise InvalidParameterException(reason="StartEventTime must not be after EndEventTime.")
    return Import(
        account=call.account,
        region=call.region,
        id=world.chance.uuid(),
        store=_destination(call, world),
        uri=source["S3LocationUri"],
        bucket_region=source["S3BucketRegion"],
        role=source["S3BucketAccessRoleArn"],
        created=call.now,
        updated=call.now,
        start=begin.timestamp() if begin else None,
        end=close.timestamp() if close else None,
    )


def _destination(call: Call, world: World) -> str:
    """Of CloudTrail's own events, an organization's for its management account alone; started or stopped."""
    store = find_store(call, world, call.params["Destinations"][0])
    check_active(store)
    if store.account != call.account:
        raise OperationNotPermittedException(
            reason="Only the account that owns the event data store can import into it."
        )
    if not store.categories <= _EVENTS:
        raise InvalidEventDataStoreCategoryException(categories=", ".join(sorted(store.categories)))
    return store.arn


def _again(call: Call, world: World) -> Import:
    """InvalidParameterException for one that is going on or has nothing left to do."""
    if set(call.params) - {"ImportId"}:
        raise InvalidParameterException(reason="To retry an import, specify its ImportId alone.")
    job = _find(call, world)
    if job.status not in ("FAILED", "STOPPED"):
        raise InvalidParameterException(reason=f"The import cannot be retried: its status is {job.status}.")
    for each in world.list(FAILURE, job.account, job.region, prefix=failure_name(job, "")):
        if each.body.status == "FAILED":
            retried = msgspec.structs.replace(each.body, status="RETRY", updated=call.now)
            world.put(FAILURE, job.account, job.region, each.name, retried)
    return msgspec.structs.replace(job, status="INITIALIZING", updated=call.now)
