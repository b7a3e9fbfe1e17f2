"""What authorization must know of buses and rules."""

from trailwarden.arn import Arn
from trailwarden.auth.facts import ResourceFacts
from trailwarden.services.eventbridge.bus import DEFAULT, bus_at
from trailwarden.services.eventbridge.rule import RULE
from trailwarden.storage.ports import Reader

__all__ = ["events_facts"]


def events_facts(arn: Arn, reader: Reader) -> ResourceFacts | None:
    """A bus's owner, policy and tags; a rule's owner and tags. The policy of a bus holds for its rules, too.

    https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-use-resource-based.html
    """
    names = arn.resource.partition("/")[2].rsplit("/", 1)
    bus = bus_at(reader, arn.account, arn.region, names[0] if arn.type == "event-bus" or len(names) > 1 else DEFAULT)
    if bus is None:
        return None
    policies = ((bus.arn, bus.policy),) if bus.policy else ()
    if arn.type == "event-bus":
        return ResourceFacts(account=bus.account, policies=policies, tags=bus.tags)
    if arn.type != "rule":
        return None
    rule = reader.get(RULE, bus.account, bus.region, f"{bus.name}/{names[-1]}")
    if rule is None:
        return None
    hung = ((rule.body.arn, bus.policy),) if bus.policy else ()
    return ResourceFacts(account=bus.account, policies=hung, tags=rule.body.tags)
