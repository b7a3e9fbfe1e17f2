"""A topic: what is stored of it, how calls name it, and the policy it begins with."""

import json
from collections.abc import Sequence
from typing import Any

import msgspec

from trailwarden.arn import Arn
from trailwarden.services.call import Call
from trailwarden.services.sns.errors import InvalidParameter, NotFound
from trailwarden.services.world import World
from trailwarden.storage.ports import Kind

__all__ = ["TOPIC", "Topic", "default_policy", "find_topic", "keep_topic", "page", "parsed_arn"]

_ARN_PARTS = 6
_PAGE = 100


class Topic(msgspec.Struct, frozen=True, kw_only=True):
    """A topic. Key: (account, region, name). `attributes` are those that were set, without the policy.

    https://docs.aws.amazon.com/sns/latest/api/API_GetTopicAttributes.html
    """

    account: str
    region: str
    name: str
    created: float
    policy: str
    attributes: dict[str, str] = {}
    tags: dict[str, str] = {}
    sequence: int = 0
    deleted_subscriptions: int = 0

    @property
    def arn(self) -> str:
        """`arn:aws:sns:us-east-1:123456789012:name`."""
        return str(Arn(service="sns", region=self.region, account=self.account, resource=self.name))

    @property
    def fifo(self) -> bool:
        """Whether messages keep their order."""
        return self.name.endswith(".fifo")


TOPIC = Kind("sns.topic", Topic)

_OWN_ACTIONS = (
    "GetTopicAttributes", "SetTopicAttributes", "AddPermission", "RemovePermission", "DeleteTopic", "Subscribe",
    "ListSubscriptionsByTopic", "Publish",
)  # fmt: skip


def default_policy(arn: str, account: str) -> str:
    """The policy of a new topic: its owner's account.

    https://docs.aws.amazon.com/sns/latest/dg/sns-access-policy-use-cases.html
    """
    statement = {
        "Sid": "__default_statement_ID",
        "Effect": "Allow",
        "Principal": {"AWS": "*"},
        "Action": [f"SNS:{action}" for action in _OWN_ACTIONS],
        "Resource": arn,
        "Condition": {"StringEquals": {"AWS:SourceOwner": account}},
    }
    document = {"Version": "2008-10-17", "Id": "__default_policy_ID", "Statement": [statement]}
    return json.dumps(document, separators=(",", ":"))


def parsed_arn(text: str, member: str = "TopicArn") -> Arn:
    """The ARN of a topic. InvalidParameter."""
    count = len(text.split(":"))
    if count < _ARN_PARTS:
        raise InvalidParameter(reason=f"{member} Reason: An ARN must have at least {_ARN_PARTS} elements, not {count}")
    arn = Arn.parse(text)
    if arn is None or arn.service != "sns" or not arn.resource:
        raise InvalidParameter(reason=member)
    return arn


def find_topic(world: World, text: str, member: str = "TopicArn") -> Topic:
    """The topic of an ARN. InvalidParameter, NotFound."""
    arn = parsed_arn(text, member)
    topic = world.find(TOPIC, arn.account, arn.region, arn.resource)
    if topic is None:
        raise NotFound
    return topic


def keep_topic(world: World, topic: Topic, **changes: Any) -> None:
    """Write the topic with changes."""
    world.put(TOPIC, topic.account, topic.region, topic.name, msgspec.structs.replace(topic, **changes))


def page(call: Call, names: Sequence[str]) -> tuple[Sequence[str], dict[str, str]]:
    """The call's page of 100 sorted names, and NextToken where more follow.

    https://docs.aws.amazon.com/sns/latest/api/API_ListTopics.html
    """
    after = _position(call.params.get("NextToken") or "")
    behind = [name for name in names if name > after]
    here = behind[:_PAGE]
    return here, {"NextToken": here[-1].encode().hex()} if len(behind) > _PAGE else {}


def _position(token: str) -> str:
    try:
        return bytes.fromhex(token).decode()
    except ValueError:
        raise InvalidParameter(reason="NextToken") from None
