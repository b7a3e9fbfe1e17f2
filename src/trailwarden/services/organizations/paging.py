"""Pages by NextToken and MaxResults.

https://docs.aws.amazon.com/organizations/latest/APIReference/API_ListAccounts.html (NextToken, MaxResults)
"""

from trailwarden.services.organizations.errors import InvalidInputException
from trailwarden.services.paging import Pages

__all__ = ["page"]

page = Pages(
    carried="NextToken", limit="MaxResults", size=20, foreign=lambda: InvalidInputException("INVALID_NEXT_TOKEN")
).page
