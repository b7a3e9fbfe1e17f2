"""Events into their targets: queues, topics, log groups, other buses. Each time the target says whether it lets them in.

https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-targets.html
https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-use-resource-based.html
"""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from trailwarden.arn import Arn
from trailwarden.auth.stages import Caller
from trailwarden.catalog.checks import Check
from trailwarden.policy import ContextValue, Principal, PrincipalKind
from trailwarden.services.eventbridge.bus import bus_at, place_of_bus
from trailwarden.services.eventbridge.delivery import Delivery
from trailwarden.services.eventbridge.inputs import Told, input_of
from trailwarden.services.eventbridge.routing import route
from trailwarden.services.logs.events import accepted
from trailwarden.services.logs.group import GROUP, milliseconds
from trailwarden.services.logs.stream import STREAM, add_events, new_stream
from trailwarden.services.sns.encryption import service_may_encrypt
from trailwarden.services.sns.message import Message, publish
from trailwarden.services.sns.topic import TOPIC
from trailwarden.services.sqs.posting import Posted, post
from trailwarden.services.world import World

__all__ = ["send", "to_dead_letters"]

_SERVICE = "events.amazonaws.com"
_LOGS_SERVICES = ("events.amazonaws.com", "delivery.logs.amazonaws.com")
_NO_RESOURCE, _NO_PERMISSIONS, _INVALID = "NO_RESOURCE", "NO_PERMISSIONS", "INVALID_PARAMETER"
_THIRD_HOP = "THIRD_ACCOUNT_HOP_DETECTED"
_MOST_HOPS = 5
_MOST_ACCOUNTS = 2
_FROM_SQS = {"QUEUE_NOT_FOUND": _NO_RESOURCE}


@dataclass(frozen=True, slots=True, kw_only=True)
class _Sent:
    """What is to be brought where: the target as it came, its ARN, and the text that it is sent."""

    world: World
    delivery: Delivery
    account: str
    arn: Arn
    text: str

    @property
    def target(self) -> Mapping[str, Any]:
        return self.delivery.target

    @property
    def context(self) -> dict[str, ContextValue]:
        return {"aws:SourceArn": self.delivery.rule_arn, "aws:SourceAccount": self.account}

    def may(self, action: str, resource: str) -> bool:
        """Whether the target's role may do this, or else the target lets the service."""
        role = self.target.get("RoleArn") or ""
        if role:
            return self.world.role_serves(role, _SERVICE, action, resource, self.context)
        return self.world.service_may(_SERVICE, action, resource, self.context)


def send(world: World, delivery: Delivery, account: str) -> str:
    """Bring the event into its target: "" where that was done, else the error code of a dead letter.

    https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-rule-dlq.html
    """
    arn = Arn.parse(delivery.target["Arn"])
    told = Told(
        event=json.loads(delivery.event),
        rule_arn=delivery.rule_arn,
        rule_name=delivery.rule_name,
        ingested=delivery.created,
    )
    text = input_of(delivery.target, told)
    if text is None:
        return ""  # a template that makes no JSON sends nothing, and AWS tells nobody
    carry = _TARGETS.get(arn.service) if arn else None
    if arn is None or carry is None:
        return _NO_RESOURCE
    return carry(_Sent(world=world, delivery=delivery, account=account, arn=arn, text=text))


def to_dead_letters(world: World, delivery: Delivery, account: str, code: str, condition: str) -> None:
    """What could not be delivered goes to the target's dead-letter queue, where it has one that takes it.

    https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-rule-dlq.html#eb-dlq-considerations
    """
    queue = (delivery.target.get("DeadLetterConfig") or {}).get("Arn", "")
    if not queue:
        return
    told = {
        "RULE_ARN": delivery.rule_arn,
        "TARGET_ARN": delivery.target["Arn"],
        "ERROR_CODE": code,
        "ERROR_MESSAGE": _MESSAGES.get(code, code),
        "EXHAUSTED_RETRY_CONDITION": condition,
        "RETRY_ATTEMPTS": str(delivery.attempts),
    }
    posted = Posted(
        queue_arn=queue,
        body=delivery.event,
        service=_SERVICE,
        source_arn=delivery.rule_arn,
        source_account=account,
        attributes={name: ("String", value) for name, value in told.items() if value},
    )
    post(world, posted)


_MESSAGES: Mapping[str, str] = {
    _NO_RESOURCE: "The target resource does not exist.",
    _NO_PERMISSIONS: "EventBridge does not have permissions on the target.",
    _INVALID: "The target does not accept the event.",
    _THIRD_HOP: "The event has come through another account's bus already.",
    "INTERNAL_ERROR": "The event could not be delivered for a reason of the server.",
}


def _to_queue(sent: _Sent) -> str:
    """https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-use-resource-based.html#eb-sqs-permissions."""
    posted = Posted(
        queue_arn=str(sent.arn),
        body=sent.text,
        service=_SERVICE,
        source_arn=sent.delivery.rule_arn,
        source_account=sent.account,
        role=sent.target.get("RoleArn") or "",
        group=(sent.target.get("SqsParameters") or {}).get("MessageGroupId", ""),
    )
    code = post(sent.world, posted)
    return _FROM_SQS.get(code, code)


def _to_topic(sent: _Sent) -> str:
    """https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-use-resource-based.html#eb-sns-permissions."""
    world, arn = sent.world, sent.arn
    topic = world.find(TOPIC, arn.account, arn.region, arn.resource)
    if topic is None:
        return _NO_RESOURCE
    if topic.fifo:
        return _INVALID
    if not sent.may("sns:Publish", topic.arn) or not service_may_encrypt(world, topic, _SERVICE, sent.context):
        return _NO_PERMISSIONS
    message = Message(id=world.chance.uuid(), topic_arn=topic.arn, body=sent.text, published=world.now)
    publish(world.transaction, topic, message)
    return ""


def _to_log_group(sent: _Sent) -> str:
    """A stream of its own for each event, named by it.

    https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-use-resource-based.html#eb-cloudwatchlogs-permissions
    """
    world, arn = sent.world, sent.arn
    name = arn.resource.removeprefix("log-group:").removesuffix(":*")
    group = world.find(GROUP, arn.account, arn.region, name)
    if group is None:
        return _NO_RESOURCE
    stream_name = str(json.loads(sent.delivery.event)["id"])
    place = f"{group.arn}:log-stream:{stream_name}"
    for action in ("logs:CreateLogStream", "logs:PutLogEvents"):
        if not any(world.service_may(service, action, place, sent.context) for service in _LOGS_SERVICES):
            return _NO_PERMISSIONS
    key = (group.account, group.region, f"{group.name}:{stream_name}")
    stream = world.find(STREAM, *key) or new_stream(world.transaction, group, stream_name, now=world.now)
    moment = milliseconds(world.now)
    events, _ = accepted(group, [(moment, sent.text)], moment)
    if not events:
        return _INVALID
    add_events(world.transaction, group, stream, events, fetch=world.storage.fetch, now=moment)
    return ""


def _to_bus(sent: _Sent) -> str:
    """Another bus, of this account or, if its policy lets this one in, of another; through no third account.

    https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-cross-account.html
    https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-bus-to-bus.html
    """
    if not sent.arn.resource.startswith("event-bus/"):
        return _NO_RESOURCE
    bus = bus_at(sent.world.transaction, *place_of_bus(str(sent.arn), account="", region=""))
    if bus is None:
        return _NO_RESOURCE
    hops = (*sent.delivery.hops, bus.arn)
    accounts = {hop.split(":")[4] for hop in hops}
    if len(accounts) > _MOST_ACCOUNTS or len(hops) > _MOST_HOPS:
        return _THIRD_HOP
    if not _bus_lets_in(sent, bus.arn, bus.account):
        return _NO_PERMISSIONS
    event = json.loads(sent.text)
    if not isinstance(event, dict) or "id" not in event:
        event = {**json.loads(sent.delivery.event), "detail": event}
    route(sent.world, bus, event, hops=hops)
    return ""


def _bus_lets_in(sent: _Sent, bus_arn: str, owner: str) -> bool:
    """The role of the target, or this account as a whole, must be let in by the bus of another account."""
    if sent.target.get("RoleArn"):
        return sent.may("events:PutEvents", bus_arn)
    return owner == sent.account or _account_may(sent, "events:PutEvents", bus_arn)


def _account_may(sent: _Sent, action: str, resource: str) -> bool:
    world, root = sent.world, f"arn:aws:iam::{sent.account}:root"
    principal = Principal(
        kind=PrincipalKind.ROOT, account=sent.account, arn=root, issuer_arn=root, unique_id=sent.account
    )
    judged = world.authorizer.judge(
        Caller(principal=principal),
        Check(action=action, resource=resource),
        world.transaction,
        now=world.now,
        region=sent.arn.region,
        context=sent.context,
    )
    return judged.decision.allowed


_TARGETS: Mapping[str, Callable[[_Sent], str]] = {
    "sqs": _to_queue,
    "sns": _to_topic,
    "logs": _to_log_group,
    "events": _to_bus,
}
