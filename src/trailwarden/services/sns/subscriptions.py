"""Subscriptions: subscribe, confirm, list, their attributes, unsubscribe."""

import hmac
import json
import re
from collections.abc import Mapping, Sequence
from typing import Any

import msgspec

from trailwarden.arn import Arn
from trailwarden.services.call import Call
from trailwarden.services.patterns import JsonFault, check_json
from trailwarden.services.registry import operation
from trailwarden.services.sns.errors import InvalidParameter, InvalidToken, SubscriptionNotFound
from trailwarden.services.sns.filter_policy import SCOPES, check_filter_policy
from trailwarden.services.sns.message import Message, publish
from trailwarden.services.sns.subscription import (
    SUBSCRIPTION,
    Subscription,
    find_subscription,
    keep_subscription,
    subscriptions_of,
)
from trailwarden.services.sns.topic import Topic, find_topic, keep_topic, page, parsed_arn
from trailwarden.services.world import World
from trailwarden.storage.ports import Document

__all__ = [
    "confirm_subscription",
    "get_subscription_attributes",
    "list_subscriptions",
    "list_subscriptions_by_topic",
    "set_subscription_attributes",
    "subscribe",
    "unsubscribe",
]

_PENDING = "pending confirmation"
_TOKEN_BYTES = 128
_TOKEN = re.compile(r"[0-9a-f]{256}\Z")

_ENDPOINTS: Mapping[str, tuple[re.Pattern[str], str]] = {
    "http": (re.compile(r"http://[^\s/]+\S*\Z"), "Invalid parameter: Endpoint must match the specified protocol"),
    "https": (re.compile(r"https://[^\s/]+\S*\Z"), "Invalid parameter: Endpoint must match the specified protocol"),
    "email": (re.compile(r"[^@\s]+@[^@\s]+\.[^@\s]+\Z"), "Invalid parameter: Email address"),
    "email-json": (re.compile(r"[^@\s]+@[^@\s]+\.[^@\s]+\Z"), "Invalid parameter: Email address"),
}
"""Protocols whose endpoints confirm themselves.

https://docs.aws.amazon.com/sns/latest/api/API_Subscribe.html
"""

_OTHER_PROTOCOLS = frozenset({"sms", "sqs", "application", "lambda", "firehose"})
_SETTABLE = frozenset({"DeliveryPolicy", "FilterPolicy", "FilterPolicyScope", "RawMessageDelivery", "RedrivePolicy"})
_FIFO = ".fifo"
_DOCUMENTS = frozenset({"DeliveryPolicy", "RedrivePolicy"})


class InvalidEndpoint(InvalidParameter):
    """The endpoint is not one of its protocol, or nothing here that could be reached."""

    code = "InvalidParameter"
    message = "{reason}"


@operation("sns:Subscribe")
def subscribe(call: Call, world: World) -> Mapping[str, Any]:
    """Subscribe an endpoint; it is sent a token and gets messages once that is confirmed. A queue of the caller's account is at once.

    https://docs.aws.amazon.com/sns/latest/api/API_Subscribe.html
    """
    asked = call.params
    topic = find_topic(world, asked["TopicArn"])
    protocol, endpoint = asked["Protocol"], asked.get("Endpoint") or ""
    _check_endpoint(topic, protocol, endpoint)
    attributes = {name: value for name, value in (asked.get("Attributes") or {}).items() if value}
    for name, value in attributes.items():
        _check_attribute(name, value, new=True, scope=attributes.get("FilterPolicyScope", ""))
    standing = _standing(subscriptions_of(world.transaction, topic), protocol, endpoint)
    if standing is not None and not standing.token:
        if attributes and standing.attributes != attributes:
            raise InvalidParameter(reason="Attributes Reason: Subscription already exists with different attributes")
        return {"SubscriptionArn": standing.arn}
    made = standing or Subscription(
        id=world.chance.uuid(),
        topic_arn=topic.arn,
        protocol=protocol,
        endpoint=endpoint,
        owner=call.account,
        principal=call.caller.principal.arn,
        created=call.now,
    )
    if protocol == "sqs" and call.account == _account_of(endpoint):
        kept = msgspec.structs.replace(made, attributes=attributes)
        keep_subscription(world, topic.arn, kept)
        return {"SubscriptionArn": kept.arn}
    made = msgspec.structs.replace(
        made, token=world.chance.bytes(_TOKEN_BYTES).hex(), authenticated=False, attributes=attributes
    )
    keep_subscription(world, topic.arn, made)
    publish(world.transaction, topic, _confirmation(call, world, topic, made))
    return {"SubscriptionArn": made.arn if asked.get("ReturnSubscriptionArn") else _PENDING}


@operation("sns:ConfirmSubscription")
def confirm_subscription(call: Call, world: World) -> Mapping[str, Any]:
    """Confirm a subscription by the token that its endpoint was sent.

    https://docs.aws.amazon.com/sns/latest/api/API_ConfirmSubscription.html
    """
    token = call.params["Token"]
    if not _TOKEN.match(token):
        raise InvalidToken
    topic = find_topic(world, call.params["TopicArn"])
    for document in subscriptions_of(world.transaction, topic):
        if document.body.token and hmac.compare_digest(document.body.token, token):
            authenticated = call.params.get("AuthenticateOnUnsubscribe") == "true"
            confirmed = msgspec.structs.replace(document.body, token="", authenticated=authenticated)
            keep_subscription(world, topic.arn, confirmed)
            return {"SubscriptionArn": confirmed.arn}
    raise InvalidParameter(reason="Token")


@operation("sns:Unsubscribe")
def unsubscribe(call: Call, world: World) -> None:
    """End a subscription; one that is gone already is no error.

    https://docs.aws.amazon.com/sns/latest/api/API_Unsubscribe.html
    """
    try:
        gone = find_subscription(world, call.params["SubscriptionArn"])
    except SubscriptionNotFound:
        return
    arn = parsed_arn(gone.topic_arn)
    world.delete(SUBSCRIPTION, arn.account, arn.region, f"{arn.resource}:{gone.id}")
    topic = find_topic(world, gone.topic_arn)
    keep_topic(world, topic, deleted_subscriptions=topic.deleted_subscriptions + 1)


@operation("sns:ListSubscriptions")
def list_subscriptions(call: Call, world: World) -> Mapping[str, Any]:
    """The account's subscriptions in this Region, 100 a page.

    https://docs.aws.amazon.com/sns/latest/api/API_ListSubscriptions.html
    """
    found = world.list(SUBSCRIPTION, None, call.region)
    return _listed(call, [each for each in found if each.body.owner == call.account])


@operation("sns:ListSubscriptionsByTopic")
def list_subscriptions_by_topic(call: Call, world: World) -> Mapping[str, Any]:
    """A topic's subscriptions, 100 a page.

    https://docs.aws.amazon.com/sns/latest/api/API_ListSubscriptionsByTopic.html
    """
    return _listed(call, subscriptions_of(world.transaction, find_topic(world, call.params["TopicArn"])))


@operation("sns:GetSubscriptionAttributes")
def get_subscription_attributes(call: Call, world: World) -> Mapping[str, Any]:
    """https://docs.aws.amazon.com/sns/latest/api/API_GetSubscriptionAttributes.html."""
    found = find_subscription(world, call.params["SubscriptionArn"])
    return {
        "Attributes": {
            "RawMessageDelivery": "false",
            **({"FilterPolicyScope": "MessageAttributes"} if "FilterPolicy" in found.attributes else {}),
            **{name: value for name, value in found.attributes.items() if _is_shown(name, found)},
            "ConfirmationWasAuthenticated": _boolean(found.authenticated),
            "Endpoint": found.endpoint,
            "Owner": found.owner,
            "PendingConfirmation": _boolean(bool(found.token)),
            "Protocol": found.protocol,
            "SubscriptionArn": found.arn,
            "SubscriptionPrincipal": found.principal,
            "TopicArn": found.topic_arn,
        }
    }


@operation("sns:SetSubscriptionAttributes")
def set_subscription_attributes(call: Call, world: World) -> None:
    """https://docs.aws.amazon.com/sns/latest/api/API_SetSubscriptionAttributes.html."""
    found = find_subscription(world, call.params["SubscriptionArn"])
    name, value = call.params["AttributeName"], call.params.get("AttributeValue") or ""
    _check_attribute(name, value, scope=found.attributes.get("FilterPolicyScope", ""))
    attributes = {**found.attributes, name: value}
    if not value:
        del attributes[name]
    keep_subscription(world, found.topic_arn, msgspec.structs.replace(found, attributes=attributes))


def _is_shown(name: str, subscription: Subscription) -> bool:
    """The scope of a filter policy is told only beside one."""
    return name != "FilterPolicyScope" or "FilterPolicy" in subscription.attributes


def _account_of(text: str) -> str:
    arn = Arn.parse(text)
    return arn.account if arn else ""


def _check_endpoint(topic: Topic, protocol: str, endpoint: str) -> None:
    """Endpoints of this server's own services can be reached only where those are built: queues are."""
    form = _ENDPOINTS.get(protocol)
    if form is not None:
        if not form[0].match(endpoint):
            raise InvalidEndpoint(reason=form[1])
        return
    if protocol not in _OTHER_PROTOCOLS:
        raise InvalidParameter(reason=f"Amazon SNS does not support this protocol string: {protocol[:64]}")
    if protocol == "sms":
        raise InvalidEndpoint(reason=f"Invalid SMS endpoint: {endpoint[:64]}")
    arn = Arn.parse(endpoint)
    if arn is None or (protocol == "sqs" and (arn.service != "sqs" or not arn.resource)):
        raise InvalidParameter(reason=f"{protocol.upper() if protocol == 'sqs' else protocol} endpoint ARN")
    if protocol == "sqs":
        if endpoint.endswith(_FIFO) and not topic.fifo:
            raise InvalidParameter(
                reason="Invalid parameter: Endpoint Reason: FIFO SQS Queues can not be subscribed to standard SNS topics"
            )
        return
    raise InvalidParameter(reason=f"Endpoint Reason: Endpoint does not exist for endpoint {endpoint[:256]}")


def _check_attribute(name: str, value: str, *, new: bool = False, scope: str = "") -> None:
    if name not in _SETTABLE:
        raise InvalidParameter(reason="Attributes" if new else "AttributeName")
    where = f"Attributes Reason: {name}" if new else name
    if name == "RawMessageDelivery" and value not in {"true", "false"}:
        raise InvalidParameter(reason=f"{where}: Invalid value [{value}]. Must be true or false.")
    if name == "FilterPolicyScope" and value not in SCOPES:
        raise InvalidParameter(
            reason=f"{where}: Invalid value [{value}]. Please use either MessageBody or MessageAttributes"
        )
    if name == "FilterPolicy" and value:
        check_filter_policy(value, scope, where)
    if name in _DOCUMENTS and value:
        _check_document(name, value, where)


def _check_document(name: str, value: str, where: str) -> None:
    try:
        check_json(value)
    except JsonFault as fault:
        raise InvalidParameter(reason=f"{where}: failed to parse JSON. {fault.redacted}") from None
    document = json.loads(value)
    target = document.get("deadLetterTargetArn") if isinstance(document, dict) else None
    arn = Arn.parse(str(target))
    if name == "RedrivePolicy" and (arn is None or arn.service != "sqs"):
        raise InvalidParameter(reason=f"{where}: deadLetterTargetArn is an invalid arn")


def _standing(found: Sequence[Document[Subscription]], protocol: str, endpoint: str) -> Subscription | None:
    return next((each.body for each in found if (each.body.protocol, each.body.endpoint) == (protocol, endpoint)), None)


def _confirmation(call: Call, world: World, topic: Topic, made: Subscription) -> Message:
    """https://docs.aws.amazon.com/sns/latest/dg/http-subscription-confirmation-json.html."""
    return Message(
        id=world.chance.uuid(),
        topic_arn=topic.arn,
        body=f"You have chosen to subscribe to the topic {topic.arn}.\n"
        "To confirm the subscription, visit the SubscribeURL included in this message.",
        published=call.now,
        only=made.id,
        token=made.token,
    )


def _listed(call: Call, found: Sequence[Document[Subscription]]) -> Mapping[str, Any]:
    bodies = {f"{each.account}:{each.name}": each.body for each in found}
    names, rest = page(call, sorted(bodies))
    return {"Subscriptions": [_shown(bodies[name]) for name in names], **rest}


def _shown(subscription: Subscription) -> Mapping[str, Any]:
    return {
        "SubscriptionArn": "PendingConfirmation" if subscription.token else subscription.arn,
        "Owner": subscription.owner,
        "Protocol": subscription.protocol,
        "Endpoint": subscription.endpoint,
        "TopicArn": subscription.topic_arn,
    }


def _boolean(value: bool) -> str:  # noqa: FBT001 — it is the value
    return "true" if value else "false"
