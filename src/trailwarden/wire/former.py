"""Names of the query protocol that a service's model has lost since the service moved to JSON: SQS.

https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-making-api-requests-xml.html
"""

from collections.abc import Mapping

from trailwarden.wire.model import Shape

__all__ = ["entry_names", "former_name"]

_NAMES: Mapping[str, str] = {
    "AWSAccountIds": "AWSAccountId",
    "Actions": "ActionName",
    "AttributeNames": "AttributeName",
    "Attributes": "Attribute",
    "BinaryListValues": "BinaryListValue",
    "MessageAttributeNames": "MessageAttributeName",
    "MessageAttributes": "MessageAttribute",
    "MessageSystemAttributeNames": "MessageSystemAttributeName",
    "MessageSystemAttributes": "MessageSystemAttribute",
    "QueueUrls": "QueueUrl",
    "StringListValues": "StringListValue",
    "TagKeys": "TagKey",
    "Tags": "Tag",
    "queueUrls": "QueueUrl",
    "tags": "Tag",
}


def former_name(name: str, member: Shape) -> str | None:
    """The element or field of a flattened member; a list of structures is named as its structures are."""
    if member.model.service != "sqs" or not member.flattened:
        return None
    return _NAMES.get(name) or (member.member.name if member.type == "list" else None)


def entry_names(shape: Shape) -> tuple[str, str]:
    """What a map calls its keys and its values."""
    if shape.model.service == "sqs":
        return ("Key" if shape.name == "TagMap" else "Name"), "Value"
    return shape.key.wire_name or "key", shape.value.wire_name or "value"
