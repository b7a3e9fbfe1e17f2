"""Pages by NextToken and MaxResults, where they are long.

https://docs.aws.amazon.com/awscloudtrail/latest/APIReference/API_ListEventDataStores.html (NextToken, MaxResults)
"""

from trailwarden.services.cloudtrail.history import InvalidNextTokenException
from trailwarden.services.paging import Pages

__all__ = ["page"]

page = Pages(carried="NextToken", limit="MaxResults", size=1_000, foreign=InvalidNextTokenException).page
