"""An event data store as it is stored and shown, and from what a client gives to the store it means."""

import re
from collections.abc import Mapping
from typing import Any

from trailwarden.arn import Arn
from trailwarden.auth.organization import Organization, membership
from trailwarden.errors import AwsError
from trailwarden.lake.store import STORE, EventDataStore, is_gone
from trailwarden.services.call import Call
from trailwarden.services.cloudtrail.organization import NotOrganizationMasterAccountException, administers
from trailwarden.services.cloudtrail.selectors import shown_advanced
from trailwarden.services.world import World

__all__ = [
    "STORE",
    "EventDataStore",
    "EventDataStoreARNInvalidException",
    "EventDataStoreNotFoundException",
    "InactiveEventDataStoreException",
    "active_store",
    "administered_store",
    "check_active",
    "find_store",
    "is_gone",
    "keep_store",
    "shown_store",
]

_ID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}\Z")


class EventDataStoreARNInvalidException(AwsError):
    """The ARN is not that of an event data store.

    https://docs.aws.amazon.com/awscloudtrail/latest/APIReference/API_GetEventDataStore.html
    """

    message = "The specified event data store ARN is not valid or does not map to an event data store in your account: {given}"


class EventDataStoreNotFoundException(AwsError):
    """There is no such event data store.

    https://docs.aws.amazon.com/awscloudtrail/latest/APIReference/API_GetEventDataStore.html
    """

    message = "The specified event data store was not found: {given}"


class InactiveEventDataStoreException(AwsError):
    """The event data store is about to be deleted.

    https://docs.aws.amazon.com/awscloudtrail/latest/APIReference/API_UpdateEventDataStore.html
    """

    message = "The event data store is inactive: {arn}"


def keep_store(world: World, store: EventDataStore) -> None:
    """Write the store."""
    world.put(STORE, store.account, store.region, store.id, store)


def find_store(call: Call, world: World, given: str) -> EventDataStore:
    """The store that an ARN or the id at its end means.

    An id means a store of the caller's account or, for a delegated administrator, of its organization; an ARN one of any
    account whose policy lets the caller in. EventDataStoreARNInvalidException, EventDataStoreNotFoundException.

    https://docs.aws.amazon.com/awscloudtrail/latest/APIReference/API_GetEventDataStore.html (EventDataStore)
    """
    arn = Arn.parse(given)
    if arn is None:
        arn = Arn(service="cloudtrail", region=call.region, account=call.account, resource=f"eventdatastore/{given}")
    name = arn.resource.removeprefix("eventdatastore/")
    if arn.service != "cloudtrail" or arn.type != "eventdatastore" or not _ID.match(name):
        raise EventDataStoreARNInvalidException(given=given)
    found = None
    for owner in (arn.account, _administered(call, world, arn)):
        found = found or (world.find(STORE, owner, arn.region, name) if owner else None)
    if found is None or arn.region != call.region or is_gone(found, call.now):
        raise EventDataStoreNotFoundException(given=given)
    return found


def _administered(call: Call, world: World, arn: Arn) -> str:
    """The management account of an organization that the caller administers from another one, else ""."""
    place = membership(call.account, world.transaction) if arn.account == call.account else None
    if place is None or not administers(world, place.organization, call.account):
        return ""
    return place.organization.management_account


def administered_store(call: Call, world: World, given: str) -> EventDataStore:
    """`find_store`, for changing it: an organization's store is its administrators' alone.

    NotOrganizationMasterAccountException.

    https://docs.aws.amazon.com/awscloudtrail/latest/userguide/cloudtrail-lake-organizations.html
    """
    store = find_store(call, world, given)
    if store.organization and not _administers(call, world):
        raise NotOrganizationMasterAccountException
    return store


def _administers(call: Call, world: World) -> bool:
    organization = _organization(call, world)
    return organization is not None and administers(world, organization, call.account)


def _organization(call: Call, world: World) -> Organization | None:
    place = membership(call.account, world.transaction)
    return place.organization if place is not None else None


def active_store(call: Call, world: World, given: str) -> EventDataStore:
    """`administered_store`, if it is not about to be deleted. InactiveEventDataStoreException."""
    store = administered_store(call, world, given)
    check_active(store)
    return store


def check_active(store: EventDataStore) -> None:
    """InactiveEventDataStoreException for a store pending deletion."""
    if store.deletion is not None:
        raise InactiveEventDataStoreException(arn=store.arn)


def shown_store(store: EventDataStore) -> dict[str, Any]:
    """What the operations on one event data store answer.

    https://docs.aws.amazon.com/awscloudtrail/latest/APIReference/API_GetEventDataStore.html#API_GetEventDataStore_ResponseSyntax
    """
    shown: Mapping[str, Any] = {
        "EventDataStoreArn": store.arn,
        "Name": store.name,
        "Status": store.status,
        "AdvancedEventSelectors": [shown_advanced(each) for each in store.selectors],
        "MultiRegionEnabled": store.multi_region,
        "OrganizationEnabled": bool(store.organization),
        "RetentionPeriod": store.retention_days,
        "TerminationProtectionEnabled": store.protected,
        "CreatedTimestamp": store.created,
        "UpdatedTimestamp": store.updated,
        "BillingMode": store.billing,
    }
    return {**shown, "KmsKeyId": store.kms_key_id} if store.kms_key_id else dict(shown)
