"""What authorization must know of an organization's parts."""

from trailwarden.arn import Arn
from trailwarden.auth.facts import ResourceFacts
from trailwarden.auth.organization import ORGANIZATION, part_of
from trailwarden.storage.ports import Reader

__all__ = ["organizations_facts"]


def organizations_facts(arn: Arn, reader: Reader) -> ResourceFacts | None:
    """The management account owns every part, and members are asked by their own policies; what they may is told later.

    https://docs.aws.amazon.com/organizations/latest/userguide/orgs_permissions_overview.html
    """
    _, _, rest = arn.resource.partition("/")
    organization_id, _, part = rest.partition("/")
    document = reader.get(ORGANIZATION, "", "", organization_id)
    if document is None or document.body.management_account != arn.account:
        return None
    found = part_of(organization_id, part.rpartition("/")[2], reader) if part else None
    return ResourceFacts(account=arn.account, tags=dict(found.tags) if found else {}, organization=organization_id)
