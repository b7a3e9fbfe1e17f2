"""What authorization must know of CloudTrail's resources."""

from trailwarden.arn import Arn
from trailwarden.auth.facts import ResourceFacts
from trailwarden.auth.organization import DELEGATED_ADMINISTRATOR
from trailwarden.delivery.trail import Trail
from trailwarden.lake.store import EventDataStore
from trailwarden.services.cloudtrail.delegated_policy import delegated_policy
from trailwarden.services.cloudtrail.resources import resource_of
from trailwarden.storage.ports import Reader

__all__ = ["cloudtrail_facts"]


def cloudtrail_facts(arn: Arn, reader: Reader) -> ResourceFacts | None:
    """Owner, tags and policies. Trails have no resource-based policies, but parts in all accounts of their organization.

    https://docs.aws.amazon.com/service-authorization/latest/reference/list_awscloudtrail.html
    """
    resource = resource_of(reader, arn)
    if resource is None:
        return None
    if isinstance(resource, Trail):
        return ResourceFacts(
            account=resource.account, arn=resource.arn, tags=resource.tags, organization=resource.organization
        )
    policies = [resource.policy]
    if isinstance(resource, EventDataStore) and resource.organization:
        administrators = reader.list(DELEGATED_ADMINISTRATOR, resource.organization, "")
        policies.append(delegated_policy(resource, administrators))
    return ResourceFacts(
        account=resource.account,
        arn=resource.arn,
        tags=resource.tags,
        policies=tuple((resource.arn, text) for text in policies if text),
    )
