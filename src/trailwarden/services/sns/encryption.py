"""The KMS key of an encrypted topic: that it is there, and that whoever publishes may use it.

https://docs.aws.amazon.com/sns/latest/dg/sns-key-management.html
"""

from collections.abc import Mapping

from trailwarden.arn import Arn
from trailwarden.catalog.checks import Check
from trailwarden.errors import AwsError
from trailwarden.policy import ContextValue
from trailwarden.services.call import Call
from trailwarden.services.sns.topic import Topic
from trailwarden.services.world import World

__all__ = ["KMSAccessDenied", "KMSNotFound", "demand_key", "service_may_encrypt"]

_MANAGED = "alias/aws/sns"
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
    given = topic.attributes.get("KmsMasterKeyId", "")
    if not given or given.endswith(_MANAGED):
        return
    key = _key(world, topic, given)
    if key is None:
        raise KMSNotFound(key=given)
    for action in _ACTIONS:
        check = Check(action=action, resource=key, context=_context(topic))
        if not world.caller_may(call, check, via="sns.amazonaws.com"):
            raise KMSAccessDenied(caller=call.caller.principal.arn, action=action, key=key)


def service_may_encrypt(world: World, topic: Topic, service: str, context: Mapping[str, ContextValue]) -> bool:
    """Whether an AWS service that publishes may use the topic's key; one that AWS manages lets no service in.

    https://docs.aws.amazon.com/sns/latest/dg/sns-key-management.html#compatibility-with-aws-services
    """
    given = topic.attributes.get("KmsMasterKeyId", "")
    if not given:
        return True
    key = None if given.endswith(_MANAGED) else _key(world, topic, given)
    told = {**context, **_context(topic)}
    return key is not None and all(world.service_may(service, action, key, told) for action in _ACTIONS)


def _key(world: World, topic: Topic, given: str) -> str | None:
    """The ARN of the key that an id, an alias or an ARN means; None where there is none."""
    place = given if given.startswith("alias/") else f"key/{given}"
    text = given if given.startswith("arn:") else f"arn:aws:kms:{topic.region}:{topic.account}:{place}"
    arn = Arn.parse(text)
    facts = world.resource(arn) if arn is not None and arn.service == "kms" else None
    return None if facts is None else facts.arn or text


def _context(topic: Topic) -> dict[str, str | tuple[str, ...]]:
    return {
        "kms:EncryptionContext:aws:sns:topicArn": topic.arn,
        "kms:EncryptionContextKeys": ("aws:sns:topicArn",),
        "kms:ViaService": f"sns.{topic.region}.amazonaws.com",
    }
