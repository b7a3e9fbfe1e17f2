"""Event data stores: create, show, list, change, delete, restore; start and stop taking events in.

https://docs.aws.amazon.com/awscloudtrail/latest/userguide/cloudtrail-lake.html
"""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import msgspec

from trailwarden.auth.organization import membership
from trailwarden.errors import AwsError
from trailwarden.events.selectors import AdvancedSelector, FieldSelector, refusal
from trailwarden.lake.store import STORE, EventDataStore, closed, is_gone, reopened
from trailwarden.services.call import Call
from trailwarden.services.cloudtrail.channel import CHANNEL
from trailwarden.services.cloudtrail.destinations import check_key, key_arn
from trailwarden.services.cloudtrail.errors import (
    InsufficientEncryptionPolicyException,
    InvalidEventSelectorsException,
    InvalidParameterException,
)
from trailwarden.services.cloudtrail.event_data_store import (
    active_store,
    administered_store,
    find_store,
    keep_store,
    shown_store,
)
from trailwarden.services.cloudtrail.federation import check_not_federated, shown_federation
from trailwarden.services.cloudtrail.import_job import has_ongoing_import
from trailwarden.services.cloudtrail.insights import check_insights_fit
from trailwarden.services.cloudtrail.organization import (
    NotOrganizationMasterAccountException,
    administers,
    demand_organization,
)
from trailwarden.services.cloudtrail.paging import page
from trailwarden.services.cloudtrail.requirements import SERVICE
from trailwarden.services.cloudtrail.selectors import advanced_selector
from trailwarden.services.cloudtrail.tags import checked_tags
from trailwarden.services.registry import operation
from trailwarden.services.world import World

if TYPE_CHECKING:
    from types_boto3_cloudtrail.type_defs import CreateEventDataStoreRequestTypeDef

__all__ = [
    "create_event_data_store",
    "delete_event_data_store",
    "get_event_data_store",
    "list_event_data_stores",
    "restore_event_data_store",
    "start_event_data_store_ingestion",
    "stop_event_data_store_ingestion",
    "update_event_data_store",
]

_DAY = 86_400.0
_KEPT_DAYS = 7
_PER_REGION = 10
_EXTENDABLE, _FIXED = "EXTENDABLE_RETENTION_PRICING", "FIXED_RETENTION_PRICING"
_RETENTION: Mapping[str, tuple[int, int]] = {_EXTENDABLE: (366, 3_653), _FIXED: (2_557, 2_557)}
"""Default and longest retention in days.

https://docs.aws.amazon.com/awscloudtrail/latest/userguide/cloudtrail-lake-manage-costs.html
"""

_MANAGEMENT = AdvancedSelector(
    name="Default management events",
    field_selectors=(FieldSelector(field="eventCategory", equals=("Management",)),),
)
_SWITCHED = frozenset({"Management", "Data", "NetworkActivity", "ConfigurationItem"})
"""Categories whose ingestion can be started and stopped.

https://docs.aws.amazon.com/awscloudtrail/latest/APIReference/API_StartEventDataStoreIngestion.html
"""

_TOGETHER = frozenset({"Management", "Data", "NetworkActivity"})


class EventDataStoreAlreadyExistsException(AwsError):
    """Names are unique in an account and Region.

    https://docs.aws.amazon.com/awscloudtrail/latest/APIReference/API_CreateEventDataStore.html
    """

    message = "An event data store with that name already exists: {name}"


class EventDataStoreMaxLimitExceededException(AwsError):
    """An account has at most ten event data stores in a Region, in whichever state.

    https://docs.aws.amazon.com/awscloudtrail/latest/userguide/WhatIsCloudTrail-Limits.html
    """

    message = "Your account has used the maximum number of event data stores."


class EventDataStoreTerminationProtectedException(AwsError):
    """Termination protection is on.

    https://docs.aws.amazon.com/awscloudtrail/latest/APIReference/API_DeleteEventDataStore.html
    """

    message = "The event data store cannot be deleted because termination protection is enabled for it."


class ChannelExistsForEDSException(AwsError):
    """A channel still brings events to the store.

    https://docs.aws.amazon.com/awscloudtrail/latest/APIReference/API_DeleteEventDataStore.html
    """

    message = "This exception is thrown when the specified event data store cannot yet be deleted because it is in use by a channel."


class EventDataStoreHasOngoingImportException(AwsError):
    """Something is being imported into the store.

    https://docs.aws.amazon.com/awscloudtrail/latest/APIReference/API_DeleteEventDataStore.html
    """

    message = "The event data store has an ongoing import: {arn}"


class InvalidEventDataStoreStatusException(AwsError):
    """The status does not admit the operation.

    https://docs.aws.amazon.com/awscloudtrail/latest/APIReference/API_RestoreEventDataStore.html
    """

    message = "The event data store is not in a status that supports the operation. Current status: {status}"


class InvalidEventDataStoreCategoryException(AwsError):
    """The events of the store are not of the kind that the operation is for.

    https://docs.aws.amazon.com/awscloudtrail/latest/APIReference/API_StartEventDataStoreIngestion.html
    """

    message = "The event category of the event data store is not valid for this operation: {categories}"


class InsufficientKeyPolicy(InsufficientEncryptionPolicyException):
    """The policy of the store's key does not let CloudTrail encrypt and decrypt; no bucket is involved.

    https://docs.aws.amazon.com/awscloudtrail/latest/userguide/create-kms-key-policy-for-cloudtrail.html
    """

    code = "InsufficientEncryptionPolicyException"
    message = "Insufficient permissions to access KMS key {key}."


@operation("cloudtrail:CreateEventDataStore")
def create_event_data_store(call: Call, world: World) -> Mapping[str, Any]:
    """Create an event data store, which takes events in at once unless told otherwise.

    https://docs.aws.amazon.com/awscloudtrail/latest/APIReference/API_CreateEventDataStore.html
    """
    asked: CreateEventDataStoreRequestTypeDef = call.params  # type: ignore[assignment]  # the parser holds params to the model
    tags = checked_tags({}, asked.get("TagsList", ()))
    owner, organization = call.account, ""
    if asked.get("OrganizationEnabled"):
        place = demand_organization(call, world)
        owner, organization = place.management_account, place.id
    billing = asked.get("BillingMode", _EXTENDABLE)
    store = EventDataStore(
        account=owner,
        region=call.region,
        id=world.chance.uuid(),
        name=asked["Name"],
        created=call.now,
        updated=call.now,
        selectors=_selectors(call.params) or (_MANAGEMENT,),
        multi_region=asked.get("MultiRegionEnabled", True),
        organization=organization,
        retention_days=_retention(billing, asked.get("RetentionPeriod")),
        protected=asked.get("TerminationProtectionEnabled", True),
        kms_key_id=_key(call, world, asked.get("KmsKeyId", "")),
        billing=billing,
        status="ENABLED" if asked.get("StartIngestion", True) else "STOPPED_INGESTION",
        tags=tags,
        position=world.storage.journal.newest(),
    )
    _check_room(call, world, store)
    keep_store(world, store)
    status = "CREATED" if store.status == "ENABLED" else store.status
    shown = [{"Key": key, "Value": value} for key, value in tags.items()]
    return {**shown_store(store), "Status": status, "TagsList": shown}


@operation("cloudtrail:GetEventDataStore")
def get_event_data_store(call: Call, world: World) -> Mapping[str, Any]:
    """Show an event data store, of another account too where its policy lets the caller in.

    https://docs.aws.amazon.com/awscloudtrail/latest/APIReference/API_GetEventDataStore.html
    """
    store = find_store(call, world, call.params["EventDataStore"])
    keys = [{"Name": "calendarday", "Type": "string"}]
    return {**shown_store(store), **shown_federation(world, store), "PartitionKeys": keys}


@operation("cloudtrail:ListEventDataStores")
def list_event_data_stores(call: Call, world: World) -> Mapping[str, Any]:
    """The event data stores of this Region, with those of the organization that the caller administers.

    https://docs.aws.amazon.com/awscloudtrail/latest/APIReference/API_ListEventDataStores.html
    """
    return page(
        call,
        "EventDataStores",
        [store for store in _visible(call, world) if not is_gone(store, call.now)],
        key=lambda store: store.arn,
        shown=lambda store: {"EventDataStoreArn": store.arn, "Name": store.name},
    )


@operation("cloudtrail:UpdateEventDataStore")
def update_event_data_store(call: Call, world: World) -> Mapping[str, Any]:
    """Change the settings given; extendable pricing is for good, and so is a key.

    https://docs.aws.amazon.com/awscloudtrail/latest/APIReference/API_UpdateEventDataStore.html
    """
    asked = call.params
    if not set(asked) - {"EventDataStore"}:
        raise InvalidParameterException(reason="At least one optional parameter must be specified.")
    standing = active_store(call, world, asked["EventDataStore"])
    _check_no_import(world, standing)
    store = _converted(call, world, standing)
    billing = asked.get("BillingMode", store.billing)
    if (store.billing, billing) == (_EXTENDABLE, _FIXED):
        raise InvalidParameterException(
            reason=f"The billing mode of an event data store cannot be changed from {_EXTENDABLE} to {_FIXED}."
        )
    changed = msgspec.structs.replace(
        store,
        name=asked.get("Name", store.name),
        updated=call.now,
        selectors=_selectors(asked) or store.selectors,
        multi_region=asked.get("MultiRegionEnabled", store.multi_region),
        retention_days=_retention(billing, asked.get("RetentionPeriod", store.retention_days)),
        protected=asked.get("TerminationProtectionEnabled", store.protected),
        kms_key_id=_new_key(call, world, store),
        billing=billing,
    )
    check_insights_fit(changed)
    if changed.name != standing.name:
        _check_name(world, changed)
    changed = _windowed(world, standing, changed)
    keep_store(world, changed)
    return {**shown_store(changed), **shown_federation(world, changed)}


@operation("cloudtrail:DeleteEventDataStore")
def delete_event_data_store(call: Call, world: World) -> None:
    """Have the store deleted in seven days.

    https://docs.aws.amazon.com/awscloudtrail/latest/APIReference/API_DeleteEventDataStore.html
    """
    store = active_store(call, world, call.params["EventDataStore"])
    if store.protected:
        raise EventDataStoreTerminationProtectedException
    if any(store.arn in document.body.destinations for document in world.list(CHANNEL, store.account, store.region)):
        raise ChannelExistsForEDSException
    _check_no_import(world, store)
    check_not_federated(world, store)
    deletion = call.now + _KEPT_DAYS * _DAY
    store = closed(store, world.storage.journal.newest())
    keep_store(world, msgspec.structs.replace(store, status="PENDING_DELETION", deletion=deletion, updated=call.now))


@operation("cloudtrail:RestoreEventDataStore")
def restore_event_data_store(call: Call, world: World) -> Mapping[str, Any]:
    """Keep a store that was to be deleted.

    https://docs.aws.amazon.com/awscloudtrail/latest/APIReference/API_RestoreEventDataStore.html
    """
    store = administered_store(call, world, call.params["EventDataStore"])
    if store.deletion is None:
        raise InvalidEventDataStoreStatusException(status=store.status)
    if store.organization:
        demand_organization(call, world)
    store = msgspec.structs.replace(store, deletion=None, updated=call.now)
    store = reopened(store, world.storage.journal.newest())
    keep_store(world, store)
    return shown_store(store)


@operation("cloudtrail:StartEventDataStoreIngestion")
def start_event_data_store_ingestion(call: Call, world: World) -> None:
    """Take events in again.

    https://docs.aws.amazon.com/awscloudtrail/latest/APIReference/API_StartEventDataStoreIngestion.html
    """
    store = _switched(call, world, "STOPPED_INGESTION")
    store = reopened(store, world.storage.journal.newest())
    keep_store(world, msgspec.structs.replace(store, updated=call.now))


@operation("cloudtrail:StopEventDataStoreIngestion")
def stop_event_data_store_ingestion(call: Call, world: World) -> None:
    """Take no more events in.

    https://docs.aws.amazon.com/awscloudtrail/latest/APIReference/API_StopEventDataStoreIngestion.html
    """
    store = closed(_switched(call, world, "ENABLED"), world.storage.journal.newest())
    keep_store(world, msgspec.structs.replace(store, status="STOPPED_INGESTION", updated=call.now))


def _check_no_import(world: World, store: EventDataStore) -> None:
    """EventDataStoreHasOngoingImportException."""
    if has_ongoing_import(world.transaction, store.account, store.arn):
        raise EventDataStoreHasOngoingImportException(arn=store.arn)


def _windowed(world: World, standing: EventDataStore, changed: EventDataStore) -> EventDataStore:
    """What was recorded until now stays taken in under the settings until now."""
    before = (standing.selectors, standing.multi_region, standing.organization)
    if before == (changed.selectors, changed.multi_region, changed.organization):
        return changed
    past = closed(standing, world.storage.journal.newest())
    return msgspec.structs.replace(changed, earlier=past.earlier, position=past.position)


def _visible(call: Call, world: World) -> list[EventDataStore]:
    found = [document.body for document in world.list(STORE, call.account, call.region)]
    place = membership(call.account, world.transaction)
    if place is None or not administers(world, place.organization, call.account):
        return found
    manager = place.organization.management_account
    if manager == call.account:
        return found
    others = [document.body for document in world.list(STORE, manager, call.region)]
    return [*found, *(store for store in others if store.organization == place.organization.id)]


def _converted(call: Call, world: World, store: EventDataStore) -> EventDataStore:
    """The store made the organization's or the account's own, which only the management account does.

    https://docs.aws.amazon.com/awscloudtrail/latest/userguide/cloudtrail-lake-organizations.html
    """
    wanted = call.params.get("OrganizationEnabled", bool(store.organization))
    if wanted:
        organization = demand_organization(call, world)
        if not store.organization and call.account != organization.management_account:
            raise NotOrganizationMasterAccountException
        return msgspec.structs.replace(store, organization=organization.id)
    if store.organization and call.account != store.account:
        raise NotOrganizationMasterAccountException
    return msgspec.structs.replace(store, organization="")


def _switched(call: Call, world: World, status: str) -> EventDataStore:
    """InvalidEventDataStoreCategoryException, InvalidEventDataStoreStatusException."""
    store = administered_store(call, world, call.params["EventDataStore"])
    if not store.categories <= _SWITCHED:
        raise InvalidEventDataStoreCategoryException(categories=", ".join(sorted(store.categories)))
    if store.status != status:
        raise InvalidEventDataStoreStatusException(status=store.status)
    return store


def _selectors(asked: Mapping[str, Any]) -> tuple[AdvancedSelector, ...]:
    """The selectors given, () where none are. InvalidEventSelectorsException.

    https://docs.aws.amazon.com/awscloudtrail/latest/APIReference/API_AdvancedEventSelector.html
    """
    selectors = tuple(map(advanced_selector, asked.get("AdvancedEventSelectors", ())))
    if not selectors:
        return ()
    reason = refusal((), selectors, scope="store")
    if reason:
        raise InvalidEventSelectorsException(reason=reason)
    categories = {
        value
        for selector in selectors
        for field in selector.field_selectors
        if field.field == "eventCategory"
        for value in field.equals
    }
    if len(categories) > 1 and not categories <= _TOGETHER:
        raise InvalidEventSelectorsException(
            reason=f"An event data store cannot take events of these categories together: {', '.join(sorted(categories))}."
        )
    return selectors


def _retention(billing: str, days: int | None) -> int:
    default, longest = _RETENTION[billing]
    if days is not None and days > longest:
        raise InvalidParameterException(
            reason=f"The retention period of an event data store with {billing} is at most {longest} days."
        )
    return days or default


def _key(call: Call, world: World, given: str) -> str:
    """The key's ARN, if CloudTrail may use it. Its policy must not ask for aws:SourceArn or aws:SourceAccount.

    InvalidKmsKeyIdException, KmsKeyNotFoundException, KmsException, InsufficientEncryptionPolicyException.

    https://docs.aws.amazon.com/awscloudtrail/latest/userguide/create-kms-key-policy-for-cloudtrail.html
    """
    key = key_arn(call, world, given)
    if not key:
        return ""
    check_key(world, key, region=call.region)
    if not all(world.service_may(SERVICE, action, key, {}) for action in ("kms:GenerateDataKey", "kms:Decrypt")):
        raise InsufficientKeyPolicy(key=key)
    return key


def _new_key(call: Call, world: World, store: EventDataStore) -> str:
    """The key after an update; one that stands stays.

    https://docs.aws.amazon.com/awscloudtrail/latest/APIReference/API_UpdateEventDataStore.html (KmsKeyId)
    """
    given = call.params.get("KmsKeyId", "")
    if not given:
        return store.kms_key_id
    key = _key(call, world, given)
    if store.kms_key_id not in ("", key):
        raise InvalidParameterException(reason="The KMS key of an event data store cannot be removed or changed.")
    return key


def _check_room(call: Call, world: World, store: EventDataStore) -> None:
    """EventDataStoreAlreadyExistsException, EventDataStoreMaxLimitExceededException."""
    _check_name(world, store)
    standing = [document.body for document in world.list(STORE, store.account, store.region)]
    if sum(not is_gone(other, call.now) for other in standing) >= _PER_REGION:
        raise EventDataStoreMaxLimitExceededException


def _check_name(world: World, store: EventDataStore) -> None:
    standing = [document.body for document in world.list(STORE, store.account, store.region)]
    if any(other.name == store.name and other.id != store.id and not is_gone(other, world.now) for other in standing):
        raise EventDataStoreAlreadyExistsException(name=store.name)
