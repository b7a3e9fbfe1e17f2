"""SearchSampleQueries: samples of SQL by what they are for.

https://docs.aws.amazon.com/awscloudtrail/latest/userguide/lake-console-queries.html
"""

from collections.abc import Mapping
from typing import Any

from trailwarden.services.call import Call
from trailwarden.services.cloudtrail.errors import InvalidParameterException
from trailwarden.services.cloudtrail.sample_query import nearest
from trailwarden.services.paging import NotOurs, offset_of, token_of
from trailwarden.services.registry import operation
from trailwarden.services.world import World

__all__ = ["search_sample_queries"]

_SIZE = 10


@operation("cloudtrail:SearchSampleQueries")
def search_sample_queries(call: Call, _world: World) -> Mapping[str, Any]:
    """The samples that are near to a phrase, nearest first.

    https://docs.aws.amazon.com/awscloudtrail/latest/APIReference/API_SearchSampleQueries.html
    """
    found = nearest(call.params["SearchPhrase"])
    try:
        first = offset_of(call.params.get("NextToken") or "")
    except NotOurs:
        raise InvalidParameterException(reason="The NextToken is not valid.") from None
    last = first + call.params.get("MaxResults", _SIZE)
    shown = [
        {"Name": sample.name, "Description": sample.about, "SQL": sample.sql, "Relevance": relevance}
        for sample, relevance in found[first:last]
    ]
    return {"SearchResults": shown, **({"NextToken": token_of(str(last))} if last < len(found) else {})}
