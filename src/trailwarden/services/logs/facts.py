"""What authorization must know of log groups and streams."""

from trailwarden.arn import Arn
from trailwarden.auth.facts import ResourceFacts
from trailwarden.services.logs.group import GROUP
from trailwarden.services.logs.resource_policies import POLICY
from trailwarden.storage.ports import Reader

__all__ = ["logs_facts"]


def logs_facts(arn: Arn, reader: Reader) -> ResourceFacts | None:
    """A log group's owner, tags and policies; its streams have the same. None where there is no such group.

    The account's resource policies hang on every one of its log groups; each names those that it means.

    https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/iam-access-control-overview-cwl.html
    """
    kind, _, rest = arn.resource.partition(":")
    document = reader.get(GROUP, arn.account, arn.region, rest.partition(":")[0]) if kind == "log-group" else None
    if document is None:
        return None
    group = document.body
    policies = [each.body.document for each in reader.list(POLICY, arn.account, arn.region)]
    if group.policy is not None:
        policies.append(group.policy.document)
    return ResourceFacts(
        account=group.account, policies=tuple((group.arn, policy) for policy in policies), tags=group.tags
    )
