"""A rule with its targets: what is stored of it, and how calls name it."""

from collections.abc import Mapping, Sequence
from typing import Any

import msgspec

from trailwarden.arn import Arn
from trailwarden.services.eventbridge.bus import DEFAULT, Bus
from trailwarden.services.eventbridge.errors import ResourceNotFound
from trailwarden.services.world import World
from trailwarden.storage.ports import Document, Kind, Reader

__all__ = ["ALL_READS", "RULE", "Rule", "find_rule", "keep_rule", "rules_of", "shown"]

ALL_READS = "ENABLED_WITH_ALL_CLOUDTRAIL_MANAGEMENT_EVENTS"


class Rule(msgspec.Struct, frozen=True, kw_only=True):
    """A rule. Key: (account, region, `bus/name`). `targets` are as they came; `since` is when it began to hold as it is.

    https://docs.aws.amazon.com/eventbridge/latest/APIReference/API_Rule.html
    """

    account: str
    region: str
    bus: str
    name: str
    created: float
    since: float
    creator: str
    pattern: str = ""
    schedule: str = ""
    state: str = "ENABLED"
    description: str = ""
    role: str = ""
    tags: dict[str, str] = {}
    targets: tuple[dict[str, Any], ...] = ()

    @property
    def key(self) -> str:
        """Its name in the store."""
        return f"{self.bus}/{self.name}"

    @property
    def arn(self) -> str:
        """The bus stands in the ARN, save for the default one."""
        resource = f"rule/{self.name}" if self.bus == DEFAULT else f"rule/{self.key}"
        return str(Arn(service="events", region=self.region, account=self.account, resource=resource))


RULE = Kind("events.rule", Rule)


def rules_of(reader: Reader, bus: Bus) -> Sequence[Document[Rule]]:
    """The rules of a bus by name."""
    return reader.list(RULE, bus.account, bus.region, prefix=f"{bus.name}/")


def find_rule(world: World, bus: Bus, name: str) -> Rule:
    """ResourceNotFound."""
    rule = world.find(RULE, bus.account, bus.region, f"{bus.name}/{name}")
    if rule is None:
        raise ResourceNotFound(reason=f"Rule {name} does not exist on EventBus {bus.name}.")
    return rule


def keep_rule(world: World, rule: Rule, **changes: Any) -> None:
    """Write the rule with changes."""
    world.put(RULE, rule.account, rule.region, rule.key, msgspec.structs.replace(rule, **changes))


def shown(rule: Rule) -> Mapping[str, Any]:
    """The structure Rule."""
    told = {
        "Name": rule.name,
        "Arn": rule.arn,
        "State": rule.state,
        "EventBusName": rule.bus,
        "EventPattern": rule.pattern,
        "ScheduleExpression": rule.schedule,
        "Description": rule.description,
        "RoleArn": rule.role,
    }
    return {name: value for name, value in told.items() if value}
