"""The KMS key of an encrypted topic: that it is there, and that whoever publishes may use it.

https://docs.aws.amazon.com/sns/latest/dg/sns-key-management.html
"""

from collections.abc import Mapping

from trailwarden.errors import AwsError
from trailwarden.policy import ContextValue
from trailwarden.services.call import Call
from trailwarden.services.message_keys import MessageKey
from trailwarden.services.sns.topic import Topic
from trailwarden.services.world import World

__all__ = ["KMSAccessDenied", "KMSNotFound", "demand_key", "service_may_encrypt"]

_ACTIONS = ("kms:GenerateDataKey", "kms:Decrypt")


class KMSAccessDenied(AwsError):
    """The publisher may not use the topic's key.

    https://docs.aws.amazon.com/sns/latest/api/API_Publish.html#API_Publish_Errors
    """

    message = "User: {caller} is not authorized to perform: {action} on resource: {key}"


class KMSNotFound(AwsError):
    """The topic's key does not exist.

    https://docs.aws.amazon.com/sns/latest/api/API_Publish.html#API_Publish_Errors
    """

    message = "Invalid keyId {key}"


def demand_key(call: Call, world: World, topic: Topic) -> None:
    """KMSNotFound, KMSAccessDenied. The key that AWS manages for SNS serves everybody in the account."""
    key = _key(topic)
    if key.optional:
        return
    arn = key.arn(world)
    if arn is None:
        raise KMSNotFound(key=key.given)
    action = key.refused(call, world, _ACTIONS)
    if action:
        raise KMSAccessDenied(caller=call.caller.principal.arn, action=action, key=arn)


def service_may_encrypt(world: World, topic: Topic, service: str, context: Mapping[str, ContextValue]) -> bool:
    """Whether an AWS service that publishes may use the topic's key."""
    return _key(topic).service_may(world, service, _ACTIONS, context)


def _key(topic: Topic) -> MessageKey:
    return MessageKey(
        given=topic.attributes.get("KmsMasterKeyId", ""),
        service="sns",
        account=topic.account,
        region=topic.region,
        encryption={"aws:sns:topicArn": topic.arn},
    )
