"""What authorization must know of AWS Config's resources."""

from trailwarden.arn import Arn
from trailwarden.auth.facts import ResourceFacts
from trailwarden.services.config.recorder import RECORDER
from trailwarden.storage.ports import Reader

__all__ = ["config_facts"]


def config_facts(arn: Arn, reader: Reader) -> ResourceFacts | None:
    """A recorder's owner and tags. Recorders have no resource-based policies.

    https://docs.aws.amazon.com/service-authorization/latest/reference/list_awsconfig.html
    """
    kind, _, rest = arn.resource.partition("/")
    name = rest.partition("/")[0]
    document = reader.get(RECORDER, arn.account, arn.region, name) if kind == "configuration-recorder" else None
    if document is None:
        return None
    return ResourceFacts(account=document.body.account, arn=document.body.arn, tags=document.body.tags)
