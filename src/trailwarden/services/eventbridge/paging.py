"""Pages of EventBridge's listings."""

from trailwarden.services.eventbridge.errors import Invalid
from trailwarden.services.paging import Pages

__all__ = ["PAGES"]

PAGES = Pages(
    carried="NextToken", limit="Limit", size=100, foreign=lambda: Invalid(reason="Parameter NextToken is not valid.")
)
"""https://docs.aws.amazon.com/eventbridge/latest/APIReference/API_ListRules.html."""
