"""Queries over event data stores: start, describe, read the results, list, cancel.

https://docs.aws.amazon.com/awscloudtrail/latest/userguide/query-run-query.html
"""

from collections.abc import Mapping
from datetime import datetime
from typing import TYPE_CHECKING, Any

import msgspec

from trailwarden.errors import AwsError
from trailwarden.lake.query import BLOCK, ENDED, KEPT, QUERY, TEMPLATE, Query, result_rows
from trailwarden.services.call import Call
from trailwarden.services.cloudtrail.errors import InvalidParameterException
from trailwarden.services.cloudtrail.event_data_store import find_store
from trailwarden.services.cloudtrail.history import InvalidNextTokenException
from trailwarden.services.cloudtrail.paging import page
from trailwarden.services.cloudtrail.query import (
    QueryIdNotFoundException,
    check_delivery,
    find_alias,
    find_query,
    new_query,
    start,
)
from trailwarden.services.paging import NotOurs, offset_of, token_of
from trailwarden.services.registry import operation
from trailwarden.services.world import World

if TYPE_CHECKING:
    from types_boto3_cloudtrail.type_defs import StartQueryRequestTypeDef

__all__ = ["cancel_query", "describe_query", "get_query_results", "list_queries", "start_query"]


class InactiveQueryException(AwsError):
    """The query has ended: it cannot be cancelled.

    https://docs.aws.amazon.com/awscloudtrail/latest/APIReference/API_CancelQuery.html
    """

    message = "The specified query cannot be canceled because it is in the {status} state."


class InvalidDateRangeException(AwsError):
    """The range of dates ends before it starts.

    https://docs.aws.amazon.com/awscloudtrail/latest/APIReference/API_ListQueries.html
    """

    message = "A date range for the query was specified that is not valid. Be sure that the start time is chronologically before the end time."


@operation("cloudtrail:StartQuery")
def start_query(call: Call, world: World) -> Mapping[str, Any]:
    """Run a statement, or the one that an alias stands for.

    https://docs.aws.amazon.com/awscloudtrail/latest/APIReference/API_StartQuery.html
    """
    asked: StartQueryRequestTypeDef = call.params  # type: ignore[assignment]  # the parser holds params to the model
    alias = asked.get("QueryAlias", "")
    if bool(alias) == bool(asked.get("QueryStatement")):
        raise InvalidParameterException(reason="Specify either QueryStatement or QueryAlias.")
    text = asked.get("QueryStatement") or _template(call, world, alias)
    delivery = asked.get("DeliveryS3Uri", "")
    query = new_query(call, world, text, asked.get("QueryParameters", ()), alias=alias, delivery=delivery)
    if delivery:
        check_delivery(world, query)
    start(world, query)
    return {"QueryId": query.id, **_owner(call, query)}


@operation("cloudtrail:DescribeQuery")
def describe_query(call: Call, world: World) -> Mapping[str, Any]:
    """What became of a query: its statement, its status, what it read, whether its results were delivered.

    https://docs.aws.amazon.com/awscloudtrail/latest/APIReference/API_DescribeQuery.html
    """
    query = _named(call, world)
    shown = {
        "QueryId": query.id,
        "QueryString": query.statement,
        "QueryStatus": query.status,
        "QueryStatistics": {
            "EventsMatched": query.events_matched,
            "EventsScanned": query.events_scanned,
            "BytesScanned": query.bytes_scanned,
            "ExecutionTimeInMillis": query.milliseconds,
            "CreationTime": query.created,
        },
    }
    told = {
        "ErrorMessage": query.error,
        "DeliveryS3Uri": query.delivery,
        "DeliveryStatus": query.delivery_status,
        "Prompt": query.prompt,
    }
    return {**shown, **{member: value for member, value in told.items() if value}, **_owner(call, query)}


@operation("cloudtrail:GetQueryResults")
def get_query_results(call: Call, world: World) -> Mapping[str, Any]:
    """A page of the results; a NULL is an empty text, as the API has no other sign for it.

    https://docs.aws.amazon.com/awscloudtrail/latest/APIReference/API_GetQueryResults.html
    """
    query = find_query(call, world, call.params["QueryId"])
    size = call.params.get("MaxQueryResults") or BLOCK
    try:
        first = offset_of(call.params.get("NextToken") or "")
    except NotOurs:
        raise InvalidNextTokenException from None
    if first > query.rows:
        raise InvalidNextTokenException
    rows = result_rows(world.storage, query, first, size)
    last = first + len(rows)
    shown = {
        "QueryStatus": query.status,
        "QueryStatistics": {
            "ResultsCount": len(rows),
            "TotalResultsCount": query.rows,
            "BytesScanned": query.bytes_scanned,
        },
        "QueryResultRows": [
            [{name: value or ""} for name, value in zip(query.columns, row, strict=True)] for row in rows
        ],
    }
    told = {"NextToken": token_of(str(last)) if last < query.rows else "", "ErrorMessage": query.error}
    return {**shown, **{member: value for member, value in told.items() if value}}


@operation("cloudtrail:ListQueries")
def list_queries(call: Call, world: World) -> Mapping[str, Any]:
    """The queries of the last seven days over an event data store.

    https://docs.aws.amazon.com/awscloudtrail/latest/APIReference/API_ListQueries.html
    """
    store = find_store(call, world, call.params["EventDataStore"])
    begin: datetime | None = call.params.get("StartTime")
    close: datetime | None = call.params.get("EndTime")
    oldest = max(begin.timestamp() if begin else 0.0, call.now - KEPT)
    newest = close.timestamp() if close else call.now
    if begin is not None and begin.timestamp() > newest:
        raise InvalidDateRangeException
    status = call.params.get("QueryStatus")
    found = [
        query
        for query in (document.body for document in world.list(QUERY, store.account, store.region))
        if store.arn in query.stores.values() and oldest <= query.created <= newest and status in {None, query.status}
    ]
    return page(
        call,
        "Queries",
        found,
        key=lambda query: f"{_BACKWARDS - query.created:020.6f}/{query.id}",
        shown=lambda query: {
            "QueryId": query.id,
            "QueryStatus": query.status,
            "CreationTime": query.created,
        },
    )


@operation("cloudtrail:CancelQuery")
def cancel_query(call: Call, world: World) -> Mapping[str, Any]:
    """End a query that has not ended yet.

    https://docs.aws.amazon.com/awscloudtrail/latest/APIReference/API_CancelQuery.html
    """
    query = find_query(call, world, call.params["QueryId"])
    if query.status in ENDED:
        raise InactiveQueryException(status=query.status)
    delivery = "CANCELLED" if query.delivery else ""
    ended = msgspec.structs.replace(query, status="CANCELLED", ended=call.now, delivery_status=delivery)
    world.put(QUERY, query.account, query.region, query.id, ended)
    return {"QueryId": query.id, "QueryStatus": "CANCELLED", **_owner(call, query)}


_BACKWARDS = 1e12


def _template(call: Call, world: World, alias: str) -> str:
    template = world.find(TEMPLATE, call.account, call.region, alias)
    if template is None:
        raise InvalidParameterException(reason=f"There is no query with the alias {alias[:256]}.")
    return template.statement


def _named(call: Call, world: World) -> Query:
    """By id, or by alias and refresh. QueryIdNotFoundException."""
    given, alias = call.params.get("QueryId", ""), call.params.get("QueryAlias", "")
    if not given and not alias:
        raise InvalidParameterException(reason="Specify either QueryId or QueryAlias.")
    if not given:
        return find_alias(call, world, alias, call.params.get("RefreshId", ""))
    query = find_query(call, world, given)
    if alias not in ("", query.alias):
        raise QueryIdNotFoundException(given=given)
    return query


def _owner(call: Call, query: Query) -> dict[str, str]:
    """Named where it is another account."""
    return {"EventDataStoreOwnerAccountId": query.account} if query.account != call.account else {}
