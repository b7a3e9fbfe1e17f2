"""Federation of an event data store: other engines read its table, and while they may it is not deleted.

The tables are Apache Iceberg's, which engines open by the lake's own catalog rather than by AWS Glue; what is kept here is
that an account wants it, and by which role.

https://docs.aws.amazon.com/awscloudtrail/latest/userguide/query-federation.html
"""

from collections.abc import Mapping
from typing import Any

import msgspec

from trailwarden.arn import Arn
from trailwarden.errors import AwsError
from trailwarden.lake.store import EventDataStore
from trailwarden.services.call import Call
from trailwarden.services.cloudtrail.errors import InvalidParameterException
from trailwarden.services.cloudtrail.event_data_store import active_store
from trailwarden.services.registry import operation
from trailwarden.services.world import World
from trailwarden.storage.ports import Kind

__all__ = [
    "EventDataStoreFederationEnabledException",
    "check_not_federated",
    "disable_federation",
    "enable_federation",
    "shown_federation",
]

_READER = "lakeformation.amazonaws.com"
_READS = "cloudtrail:GetEventDataStoreData"


class Federation(msgspec.Struct, frozen=True, kw_only=True):
    """A store that is federated. Key as the store's."""

    role: str


FEDERATION = Kind("cloudtrail.federation", Federation)


class EventDataStoreFederationEnabledException(AwsError):
    """Federation is enabled: the store cannot be deleted, and federation not enabled again.

    https://docs.aws.amazon.com/awscloudtrail/latest/APIReference/API_DeleteEventDataStore.html
    """

    message = "You cannot delete the event data store because Lake query federation is enabled: {arn}"


class FederationAlreadyEnabled(EventDataStoreFederationEnabledException):
    """The same, where federation is asked for again."""

    code = "EventDataStoreFederationEnabledException"
    message = "Lake query federation is already enabled for the event data store: {arn}"


class AccessDeniedException(AwsError):
    """The federation role does not let the reader in, or may not read the store.

    https://docs.aws.amazon.com/awscloudtrail/latest/userguide/query-federation.html#query-federation-permissions-role
    """

    message = "You do not have sufficient access to perform this action. {reason}"


@operation("cloudtrail:EnableFederation")
def enable_federation(call: Call, world: World) -> Mapping[str, Any]:
    """Federate a store by a role of the account that lets AWS Lake Formation read it.

    https://docs.aws.amazon.com/awscloudtrail/latest/APIReference/API_EnableFederation.html
    """
    store = active_store(call, world, call.params["EventDataStore"])
    if _standing(world, store) is not None:
        raise FederationAlreadyEnabled(arn=store.arn)
    given: str = call.params["FederationRoleArn"]
    role = Arn.parse(given)
    if role is None or role.type != "role" or role.account != call.account or world.resource(role) is None:
        raise InvalidParameterException(reason=f"The federation role does not exist in the account: {given}")
    if not world.role_serves(given, _READER, _READS, store.arn, {"aws:SourceAccount": call.account}):
        raise AccessDeniedException(reason=f"{_READER} must be able to assume {given}, and the role to {_READS}.")
    world.put(FEDERATION, store.account, store.region, store.id, Federation(role=given))
    return {"EventDataStoreArn": store.arn, "FederationStatus": "ENABLED", "FederationRoleArn": given}


@operation("cloudtrail:DisableFederation")
def disable_federation(call: Call, world: World) -> Mapping[str, Any]:
    """End federation, where there is any; the store and its events stay.

    https://docs.aws.amazon.com/awscloudtrail/latest/APIReference/API_DisableFederation.html
    """
    store = active_store(call, world, call.params["EventDataStore"])
    world.delete(FEDERATION, store.account, store.region, store.id)
    return {"EventDataStoreArn": store.arn, "FederationStatus": "DISABLED"}


def check_not_federated(world: World, store: EventDataStore) -> None:
    """EventDataStoreFederationEnabledException."""
    if _standing(world, store) is not None:
        raise EventDataStoreFederationEnabledException(arn=store.arn)


def shown_federation(world: World, store: EventDataStore) -> Mapping[str, str]:
    """What GetEventDataStore and UpdateEventDataStore tell of it."""
    standing = _standing(world, store)
    if standing is None:
        return {"FederationStatus": "DISABLED"}
    return {"FederationStatus": "ENABLED", "FederationRoleArn": standing.role}


def _standing(world: World, store: EventDataStore) -> Federation | None:
    return world.find(FEDERATION, store.account, store.region, store.id)
