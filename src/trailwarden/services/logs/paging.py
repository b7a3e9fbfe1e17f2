"""Pages by nextToken and limit.

https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_DescribeLogGroups.html (nextToken, limit)
"""

from trailwarden.services.logs.errors import InvalidParameterException
from trailwarden.services.paging import Pages

__all__ = ["page", "position"]

_PAGES = Pages(
    carried="nextToken",
    limit="limit",
    size=50,
    foreign=lambda: InvalidParameterException(reason="The specified nextToken is invalid."),
)
page, position = _PAGES.page, _PAGES.position
