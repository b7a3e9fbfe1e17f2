"""What authorization must know of CloudTrail's resources."""

from trailwarden.arn import Arn
from trailwarden.auth.facts import ResourceFacts
from trailwarden.delivery.trail import TRAIL
from trailwarden.storage.ports import Reader

__all__ = ["cloudtrail_facts"]


def cloudtrail_facts(arn: Arn, reader: Reader) -> ResourceFacts | None:
    """A trail's owner and tags. Trails have no resource-based policies.

    https://docs.aws.amazon.com/service-authorization/latest/reference/list_awscloudtrail.html
    """
    if arn.type != "trail":
        return None
    document = reader.get(TRAIL, arn.account, arn.region, arn.resource.removeprefix("trail/"))
    if document is None:
        return None
    trail = document.body
    return ResourceFacts(account=trail.account, arn=trail.arn, tags=trail.tags, organization=trail.organization)
