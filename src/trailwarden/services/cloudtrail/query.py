"""From what a client gives to the query it means, and a new query from a statement.

https://docs.aws.amazon.com/awscloudtrail/latest/APIReference/API_StartQuery.html
"""

import re
from collections.abc import Mapping, Sequence
from importlib import import_module
from typing import TYPE_CHECKING, Any

from trailwarden.arn import Arn
from trailwarden.auth.lookup import Answer
from trailwarden.auth.organization import membership
from trailwarden.auth.stages import Authenticated
from trailwarden.errors import AwsError
from trailwarden.lake.query import ENDED, OPEN, QUERY, TEMPLATE, Open, Query, Template
from trailwarden.lake.store import EventDataStore
from trailwarden.services.call import Call
from trailwarden.services.cloudtrail.errors import (
    InsufficientS3BucketPolicyException,
    InvalidS3BucketNameException,
    InvalidS3PrefixException,
    S3BucketDoesNotExistException,
)
from trailwarden.services.cloudtrail.event_data_store import check_active, find_store
from trailwarden.services.cloudtrail.organization import administers
from trailwarden.services.cloudtrail.requirements import SERVICE
from trailwarden.services.world import World
from trailwarden.storage.ports import Reader

if TYPE_CHECKING:
    from trailwarden.lake.sql import Statement

__all__ = [
    "CLOUDTRAIL_LOOKUPS",
    "InvalidQueryStatementException",
    "MaxConcurrentQueriesException",
    "QueryIdNotFoundException",
    "check_delivery",
    "find_alias",
    "find_query",
    "keep_template",
    "new_query",
    "read_statement",
    "start",
    "store_of_query",
]

_AT_ONCE = 10
_BUCKET = re.compile(r"[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]\Z")
_LONGEST_PREFIX = 200
_ID = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")


class InvalidQueryStatementException(AwsError):
    """The statement has errors, or uses what is not supported; the message says what.

    https://docs.aws.amazon.com/awscloudtrail/latest/APIReference/API_StartQuery.html
    """

    message = "{reason}"


class MaxConcurrentQueriesException(AwsError):
    """An account has at most ten queries at once.

    https://docs.aws.amazon.com/awscloudtrail/latest/userguide/WhatIsCloudTrail-Limits.html
    """

    message = "You are already running the maximum number of concurrent queries. Wait for some queries to complete, and then run the query again."


class QueryIdNotFoundException(AwsError):
    """The query does not exist, or does not map to a query.

    https://docs.aws.amazon.com/awscloudtrail/latest/APIReference/API_DescribeQuery.html
    """

    message = "The query ID does not exist or does not map to a query: {given}"


def read_statement(text: str, parameters: Sequence[str] = ()) -> "Statement":
    """The statement, if it may be run. InvalidQueryStatementException.

    The parser is loaded when it is first needed.
    """
    sql = import_module("trailwarden.lake.sql")
    try:
        statement: Statement = sql.read(text, tuple(parameters))
    except sql.InvalidStatement as error:
        raise InvalidQueryStatementException(reason=str(error)) from None
    return statement


def new_query(  # noqa: PLR0913 — the fields of a query
    call: Call,
    world: World,
    text: str,
    parameters: Sequence[str] = (),
    *,
    alias: str = "",
    refresh_id: str = "",
    delivery: str = "",
    prompt: str = "",
) -> Query:
    """A query of the caller's over the stores that the statement names.

    InvalidQueryStatementException, EventDataStoreNotFoundException, InactiveEventDataStoreException.
    """
    statement = read_statement(text, parameters)
    stores = {name: _store(call, world, name) for name in statement.stores}
    for store in stores.values():
        _check_authorized(call, store)
        check_active(store)
    account = next(iter(stores.values())).account
    return Query(
        account=account,
        region=call.region,
        id=world.chance.uuid(),
        statement=text,
        parameters=tuple(parameters),
        stores={name: store.arn for name, store in stores.items()},
        created=call.now,
        alias=alias,
        refresh_id=refresh_id,
        delivery=delivery,
        delivery_status="PENDING" if delivery else "",
        prompt=prompt,
    )


def start(world: World, query: Query) -> None:
    """Have the query run, and its results delivered where that is asked for. MaxConcurrentQueriesException."""
    running = (world.find(QUERY, query.account, query.region, each.name) for each in _open(world, query))
    if sum(each is not None and each.status not in ENDED for each in running) >= _AT_ONCE:
        raise MaxConcurrentQueriesException
    world.put(QUERY, query.account, query.region, query.id, query)
    world.put(OPEN, query.account, query.region, query.id, Open())


def check_delivery(world: World, query: Query) -> None:
    """Whether CloudTrail may write the results into the bucket.

    InvalidS3BucketNameException, InvalidS3PrefixException, S3BucketDoesNotExistException,
    InsufficientS3BucketPolicyException.

    https://docs.aws.amazon.com/awscloudtrail/latest/userguide/s3-bucket-policy-lake-query-results.html
    """
    scheme, _, rest = query.delivery.partition("://")
    bucket, _, prefix = rest.partition("/")
    if scheme != "s3" or not _BUCKET.match(bucket):
        raise InvalidS3BucketNameException(bucket=bucket[:255])
    if len(prefix) > _LONGEST_PREFIX:
        raise InvalidS3PrefixException(prefix=prefix[:255])
    arn = Arn(service="s3", resource=bucket)
    if world.resource(arn) is None:
        raise S3BucketDoesNotExistException(bucket=bucket)
    context = {"aws:SourceArn": next(iter(query.stores.values())), "aws:SourceAccount": query.account}
    written = {**context, "s3:x-amz-acl": "bucket-owner-full-control"}
    file = f"{arn}/{prefix.strip('/') + '/' if prefix.strip('/') else ''}AWSLogs/{query.account}/CloudTrail-Lake/Query/file"
    if not world.service_may(SERVICE, "s3:PutObject", file, written):
        raise InsufficientS3BucketPolicyException(bucket=bucket)


def find_query(call: Call, world: World, given: str) -> Query:
    """The query of that id: of the caller, of the account it names, or of the organization it administers.

    QueryIdNotFoundException.
    """
    for account in _accounts(call, world):
        found = world.find(QUERY, account, call.region, given)
        if found is not None:
            return found
    raise QueryIdNotFoundException(given=given)


def find_alias(call: Call, world: World, alias: str, refresh_id: str = "") -> Query:
    """The newest query that was started by that alias, or by that refresh of a dashboard. QueryIdNotFoundException."""
    found = [
        document.body
        for account in _accounts(call, world)
        for document in world.list(QUERY, account, call.region)
        if document.body.alias == alias and refresh_id in ("", document.body.refresh_id)
    ]
    if not found:
        raise QueryIdNotFoundException(given=alias)
    return max(found, key=lambda query: query.created)


def keep_template(world: World, account: str, region: str, alias: str, statement: str) -> None:
    """Have a QueryAlias stand for a statement."""
    world.put(TEMPLATE, account, region, alias, Template(statement=statement))


def store_of_query(given: str, call: Authenticated, reader: Reader) -> str | None:
    """The ARN of the event data store that a query reads, by the query's id or alias: what authorization asks about."""
    for account in {call.account, str(call.parsed.params.get("EventDataStoreOwnerAccountId") or call.account)}:
        found = reader.get(QUERY, account, call.region, given)
        if found is not None:
            return next(iter(found.body.stores.values()))
        template = reader.get(TEMPLATE, account, call.region, given)
        if template is not None:
            named = _ID.search(template.body.statement)
            return f"arn:aws:cloudtrail:{call.region}:{account}:eventdatastore/{named[0]}" if named else None
    return None


def _store(call: Call, world: World, name: str) -> EventDataStore:
    owner = call.params.get("EventDataStoreOwnerAccountId")
    if owner and not name.startswith("arn:"):
        name = str(
            Arn(service="cloudtrail", region=call.region, account=owner, resource=f"eventdatastore/{name.lower()}")
        )
    return find_store(call, world, name if name.startswith("arn:") else name.lower())


def _check_authorized(call: Call, store: EventDataStore) -> None:
    """No store is read that authorization did not ask about: what names one hides it from nobody."""
    checks = [check for check in call.authorized.resolved.checks if check.action == "cloudtrail:StartQuery"]
    if checks and store.id not in {check.resource.rpartition("/")[2].lower() for check in checks}:
        raise InvalidQueryStatementException(
            reason=f"The event data store {store.id} cannot be read as it is named here."
        )


def _open(world: World, query: Query) -> Sequence[Any]:
    return world.list(OPEN, query.account, query.region)


def _accounts(call: Call, world: World) -> list[str]:
    found = [call.account, str(call.params.get("EventDataStoreOwnerAccountId") or call.account)]
    place = membership(call.account, world.transaction)
    if place is not None and administers(world, place.organization, call.account):
        found.append(place.organization.management_account)
    return list(dict.fromkeys(found))


CLOUDTRAIL_LOOKUPS: Mapping[str, Answer] = {"cloudtrail.query": store_of_query}
"""What only stored queries tell of a call (`catalog.asking.Lookup`)."""
