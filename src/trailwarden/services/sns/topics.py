"""Topics: create, delete, list, and their attributes, tags and permissions."""

import json
import re
from collections.abc import Iterable, Mapping
from typing import Any

from trailwarden.arn import Arn
from trailwarden.policy import RESOURCE, Layer, MalformedPolicy, Source, compile_policy
from trailwarden.services.call import Call
from trailwarden.services.registry import operation
from trailwarden.services.sns.errors import InvalidParameter, NotFound, ResourceNotFound, TagLimitExceeded
from trailwarden.services.sns.subscription import SUBSCRIPTION, subscriptions_of
from trailwarden.services.sns.topic import TOPIC, Topic, default_policy, find_topic, keep_topic, page
from trailwarden.services.world import World

__all__ = [
    "add_permission",
    "create_topic",
    "delete_topic",
    "get_topic_attributes",
    "list_tags_for_resource",
    "list_topics",
    "remove_permission",
    "set_topic_attributes",
    "tag_resource",
    "untag_resource",
]

_NAME = re.compile(r"[A-Za-z0-9_-]{1,256}\Z|[A-Za-z0-9_-]{1,251}\.fifo\Z")
_ACTIONS = frozenset(
    [
        "AddPermission",
        "DeleteTopic",
        "GetDataProtectionPolicy",
        "GetTopicAttributes",
        "ListSubscriptionsByTopic",
        "ListTagsForResource",
        "Publish",
        "PutDataProtectionPolicy",
        "RemovePermission",
        "SetTopicAttributes",
        "Subscribe",
    ]
)
_TAGS = 50
_DISPLAY_NAME_MAX = 100
_BOOLEANS = frozenset({"true", "false"})

_RETRY = {
    "minDelayTarget": 20, "maxDelayTarget": 20, "numRetries": 3, "numMaxDelayRetries": 0, "numNoDelayRetries": 0,
    "numMinDelayRetries": 0, "backoffFunction": "linear",
}  # fmt: skip
_DELIVERY = {
    "http": {
        "defaultHealthyRetryPolicy": _RETRY,
        "disableSubscriptionOverrides": False,
        "defaultRequestPolicy": {"headerContentType": "text/plain; charset=UTF-8"},
    }
}
"""https://docs.aws.amazon.com/sns/latest/dg/creating-delivery-policy.html."""

_FEEDBACK = tuple(
    f"{protocol}{rest}"
    for protocol in ("HTTP", "Firehose", "Lambda", "Application", "SQS")
    for rest in ("SuccessFeedbackRoleArn", "SuccessFeedbackSampleRate", "FailureFeedbackRoleArn")
)
_SETTABLE = frozenset(
    {"Policy", "DisplayName", "KmsMasterKeyId", "SignatureVersion", "TracingConfig", "DeliveryPolicy", *_FEEDBACK}
)
_ONLY_FIFO = frozenset({"ContentBasedDeduplication", "FifoThroughputScope"})
_ONLY_NEW = frozenset({"FifoTopic"})
"""https://docs.aws.amazon.com/sns/latest/api/API_SetTopicAttributes.html."""


@operation("sns:CreateTopic")
def create_topic(call: Call, world: World) -> Mapping[str, Any]:
    """Create a topic, or find the one of that name if nothing about it differs.

    https://docs.aws.amazon.com/sns/latest/api/API_CreateTopic.html
    """
    asked = call.params
    name, given = asked["Name"], dict(asked.get("Attributes") or {})
    fifo = name.endswith(".fifo")
    if not _NAME.match(name):
        raise InvalidParameter(reason="Topic Name")
    if (given.get("FifoTopic") == "true") is not fifo:
        raise InvalidParameter(
            reason="Fifo Topic names must end with .fifo and must be made up of only uppercase and lowercase ASCII "
            "letters, numbers, underscores, and hyphens, and must be between 1 and 256 characters long."
            if given.get("FifoTopic") == "true"
            else "Topic Name"
        )
    tags = _added({}, asked.get("Tags") or ())
    standing = world.find(TOPIC, call.account, call.region, name)
    if standing is not None:
        _check_same(standing, given, tags, tagged="Tags" in asked)
        return {"TopicArn": standing.arn}
    topic = Topic(account=call.account, region=call.region, name=name, created=call.now, policy="")
    policy = given.pop("Policy", "") or default_policy(topic.arn, call.account)
    for attribute, value in given.items():
        _check_attribute(topic, attribute, value, new=True)
    _check_policy(policy)
    if fifo:
        given = {"ContentBasedDeduplication": "false", **given}
    keep_topic(world, topic, policy=policy, attributes=given, tags=tags)
    return {"TopicArn": topic.arn}


@operation("sns:DeleteTopic")
def delete_topic(call: Call, world: World) -> None:
    """Delete a topic with its subscriptions; one that is gone already is no error.

    https://docs.aws.amazon.com/sns/latest/api/API_DeleteTopic.html
    """
    try:
        topic = find_topic(world, call.params["TopicArn"])
    except NotFound:
        return
    for document in subscriptions_of(world.transaction, topic):
        world.delete(SUBSCRIPTION, document.account, document.region, document.name)
    world.delete(TOPIC, topic.account, topic.region, topic.name)


@operation("sns:ListTopics")
def list_topics(call: Call, world: World) -> Mapping[str, Any]:
    """The account's topics in this Region, 100 a page.

    https://docs.aws.amazon.com/sns/latest/api/API_ListTopics.html
    """
    found = {each.name: each.body.arn for each in world.list(TOPIC, call.account, call.region)}
    names, rest = page(call, list(found))
    return {"Topics": [{"TopicArn": found[name]} for name in names], **rest}


@operation("sns:GetTopicAttributes")
def get_topic_attributes(call: Call, world: World) -> Mapping[str, Any]:
    """The topic's settings, its policy, and how many subscriptions it has.

    https://docs.aws.amazon.com/sns/latest/api/API_GetTopicAttributes.html
    """
    topic = find_topic(world, call.params["TopicArn"])
    bodies = [document.body for document in subscriptions_of(world.transaction, topic)]
    pending = sum(bool(each.token) for each in bodies)
    return {
        "Attributes": {
            "DisplayName": "",
            "EffectiveDeliveryPolicy": topic.attributes.get("DeliveryPolicy")
            or json.dumps(_DELIVERY, separators=(",", ":")),
            **topic.attributes,
            "Owner": topic.account,
            "Policy": topic.policy,
            "SubscriptionsConfirmed": str(len(bodies) - pending),
            "SubscriptionsDeleted": str(topic.deleted_subscriptions),
            "SubscriptionsPending": str(pending),
            "TopicArn": topic.arn,
        }
    }


@operation("sns:SetTopicAttributes")
def set_topic_attributes(call: Call, world: World) -> None:
    """Set one attribute; an empty policy brings the default one back.

    https://docs.aws.amazon.com/sns/latest/api/API_SetTopicAttributes.html
    """
    topic = find_topic(world, call.params["TopicArn"])
    name, value = call.params["AttributeName"], call.params.get("AttributeValue") or ""
    _check_attribute(topic, name, value)
    if name == "Policy":
        policy = value or default_policy(topic.arn, topic.account)
        _check_policy(policy)
        keep_topic(world, topic, policy=policy)
        return
    attributes = {**topic.attributes, name: value}
    if not value and name != "DisplayName":
        del attributes[name]
    keep_topic(world, topic, attributes=attributes)


@operation("sns:AddPermission")
def add_permission(call: Call, world: World) -> None:
    """Add a statement to the policy that lets accounts use some of the topic's actions.

    https://docs.aws.amazon.com/sns/latest/api/API_AddPermission.html
    """
    topic, asked = find_topic(world, call.params["TopicArn"]), call.params
    if not set(asked["ActionName"]) <= _ACTIONS:
        raise InvalidParameter(reason="Policy statement action out of service scope!")
    document = json.loads(topic.policy)
    statements = _statements(document)
    if any(statement.get("Sid") == asked["Label"] for statement in statements):
        raise InvalidParameter(reason="Statement already exists")
    accounts = [given if given.startswith("arn:") else f"arn:aws:iam::{given}:root" for given in asked["AWSAccountId"]]
    actions = [f"SNS:{action}" for action in asked["ActionName"]]
    statement = {
        "Sid": asked["Label"],
        "Effect": "Allow",
        "Principal": {"AWS": _single(accounts)},
        "Action": _single(actions),
        "Resource": topic.arn,
    }
    _keep_policy(world, topic, {**document, "Statement": [*statements, statement]})


@operation("sns:RemovePermission")
def remove_permission(call: Call, world: World) -> None:
    """Take a statement out of the policy; a label that is not there is no error.

    https://docs.aws.amazon.com/sns/latest/api/API_RemovePermission.html
    """
    topic = find_topic(world, call.params["TopicArn"])
    document = json.loads(topic.policy)
    rest = [statement for statement in _statements(document) if statement.get("Sid") != call.params["Label"]]
    if len(rest) == len(_statements(document)):
        return
    if rest:
        _keep_policy(world, topic, {**document, "Statement": rest})
    else:
        keep_topic(world, topic, policy=default_policy(topic.arn, topic.account))


@operation("sns:TagResource")
def tag_resource(call: Call, world: World) -> None:
    """Add tags to a topic, up to 50.

    https://docs.aws.amazon.com/sns/latest/api/API_TagResource.html
    """
    topic = _tagged(call, world)
    keep_topic(world, topic, tags=_added(topic.tags, call.params["Tags"]))


@operation("sns:UntagResource")
def untag_resource(call: Call, world: World) -> None:
    """Remove tags by key.

    https://docs.aws.amazon.com/sns/latest/api/API_UntagResource.html
    """
    topic, gone = _tagged(call, world), set(call.params["TagKeys"])
    keep_topic(world, topic, tags={key: value for key, value in topic.tags.items() if key not in gone})


@operation("sns:ListTagsForResource")
def list_tags_for_resource(call: Call, world: World) -> Mapping[str, Any]:
    """The topic's tags.

    https://docs.aws.amazon.com/sns/latest/api/API_ListTagsForResource.html
    """
    return {"Tags": [{"Key": key, "Value": value} for key, value in _tagged(call, world).tags.items()]}


def _tagged(call: Call, world: World) -> Topic:
    try:
        return find_topic(world, call.params["ResourceArn"], "ResourceArn")
    except NotFound:
        raise ResourceNotFound from None


def _added(standing: Mapping[str, str], given: Iterable[Mapping[str, str]]) -> dict[str, str]:
    """The tags after adding the given ones. InvalidParameter, TagLimitExceeded."""
    keys = [tag["Key"] for tag in given]
    if len(set(keys)) != len(keys):
        raise InvalidParameter(reason="Duplicated keys are not allowed.")
    if any(key.lower().startswith("aws:") for key in keys):
        raise InvalidParameter(reason="System tags cannot be added/updated by requester")
    tags = {**standing, **{tag["Key"]: tag["Value"] for tag in given}}
    if len(tags) > _TAGS:
        raise TagLimitExceeded
    return tags


def _check_same(standing: Topic, given: Mapping[str, str], tags: Mapping[str, str], *, tagged: bool) -> None:
    """A topic is found again only by what it was created with; what is not told does not count."""
    here = {**standing.attributes, "Policy": standing.policy}
    if any(here.get(name) != value for name, value in given.items()):
        raise InvalidParameter(reason="Attributes Reason: Topic already exists with different attributes")
    if tagged and tags != standing.tags:
        raise InvalidParameter(reason="Tags Reason: Topic already exists with different tags")


def _check_attribute(topic: Topic, name: str, value: str, *, new: bool = False) -> None:
    if name not in _SETTABLE and not (topic.fifo and name in _ONLY_FIFO) and not (new and name in _ONLY_NEW):
        raise InvalidParameter(reason=f"Attributes Reason: Unknown attribute {name}" if new else "AttributeName")
    where = f"Attributes Reason: {name}" if new else name
    if name in {"FifoTopic", "ContentBasedDeduplication"} and value not in _BOOLEANS:
        raise InvalidParameter(reason=f"{where}: Invalid value [{value}]. Must be true or false.")
    if name == "DisplayName" and len(value) > _DISPLAY_NAME_MAX:
        raise InvalidParameter(reason=where)
    if name == "SignatureVersion" and value not in {"1", "2"}:
        raise InvalidParameter(reason=f"{where}: Invalid value [{value}].")
    if name == "DeliveryPolicy" and value:
        _check_json(where, value)
    if name.endswith("RoleArn") and value and Arn.parse(value) is None:
        raise InvalidParameter(reason=where)


def _check_json(where: str, value: str) -> None:
    try:
        json.loads(value)
    except (ValueError, RecursionError):
        raise InvalidParameter(reason=f"{where}: failed to parse JSON.") from None


def _check_policy(text: str) -> None:
    try:
        compile_policy(text, Source(layer=Layer.RESOURCE, id=""), grammar=RESOURCE)
    except MalformedPolicy as fault:
        raise InvalidParameter(reason=f"Policy Error: {fault.text}") from None


def _keep_policy(world: World, topic: Topic, document: Mapping[str, Any]) -> None:
    text = json.dumps(document, separators=(",", ":"))
    _check_policy(text)
    keep_topic(world, topic, policy=text)


def _statements(document: Mapping[str, Any]) -> list[dict[str, Any]]:
    found = document["Statement"]
    return found if isinstance(found, list) else [found]


def _single(values: list[str]) -> str | list[str]:
    return values[0] if len(values) == 1 else values
