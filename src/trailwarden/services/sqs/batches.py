"""Batches of up to ten entries, each of which succeeds or fails by itself.

https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-batch-api-actions.html
"""

import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from trailwarden.errors import AwsError
from trailwarden.services.call import Call
from trailwarden.services.sqs.errors import (
    BatchEntryIdsNotDistinct,
    EmptyBatchRequest,
    InvalidBatchEntryId,
    TooManyEntriesInBatchRequest,
)

__all__ = ["each_entry", "entries_of"]

_MOST = 10
_ID = re.compile(r"[A-Za-z0-9_-]{1,80}\Z")


def entries_of(call: Call, entry: str) -> Sequence[Mapping[str, Any]]:
    """The entries of the call. EmptyBatchRequest, TooManyEntriesInBatchRequest, InvalidBatchEntryId, BatchEntryIdsNotDistinct."""
    entries: Sequence[Mapping[str, Any]] = call.params["Entries"]
    if not entries:
        raise EmptyBatchRequest(entry=entry)
    if len(entries) > _MOST:
        raise TooManyEntriesInBatchRequest(count=len(entries))
    seen: set[str] = set()
    for each in entries:
        if not _ID.match(each["Id"]):
            raise InvalidBatchEntryId
        if each["Id"] in seen:
            raise BatchEntryIdsNotDistinct(id=each["Id"])
        seen.add(each["Id"])
    return entries


def each_entry(
    entries: Sequence[Mapping[str, Any]], do: Callable[[Mapping[str, Any]], Mapping[str, Any]]
) -> dict[str, list[dict[str, Any]]]:
    """What came of each entry: Successful with the entry's answer, or Failed with its error."""
    told: dict[str, list[dict[str, Any]]] = {"Successful": [], "Failed": []}
    for entry in entries:
        try:
            told["Successful"].append({"Id": entry["Id"], **do(entry)})
        except AwsError as error:
            code = error.code_in("query")
            told["Failed"].append({"Id": entry["Id"], "SenderFault": True, "Code": code, "Message": error.text})
    return {name: found for name, found in told.items() if found}
