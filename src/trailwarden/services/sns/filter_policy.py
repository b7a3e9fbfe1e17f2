"""Filter policies: which messages a subscription wants, by their attributes or by their bodies.

https://docs.aws.amazon.com/sns/latest/dg/sns-message-filtering.html
"""

import json
from collections.abc import Mapping
from functools import lru_cache
from typing import Any

from trailwarden.services.patterns import MESSAGES, Fields, JsonFault, Pattern, PatternFault, read_pattern
from trailwarden.services.sns.errors import InvalidParameter
from trailwarden.services.sns.message import Message
from trailwarden.services.sns.subscription import Subscription

__all__ = ["SCOPES", "NestedFilterPolicy", "check_filter_policy", "wanted"]

_BODY, _ATTRIBUTES = "MessageBody", "MessageAttributes"
SCOPES = frozenset({_BODY, _ATTRIBUTES})
_MOST_KEYS = 5
_MOST_COMBINATIONS = 150
_LONGEST = 262_144


class NestedFilterPolicy(InvalidParameter):
    """Attributes have no parts."""

    code = "InvalidParameter"
    message = "Invalid parameter: Filter policy scope MessageAttributes does not support nested filter policy"


def check_filter_policy(text: str, scope: str, where: str) -> None:
    """InvalidParameter, NestedFilterPolicy.

    https://docs.aws.amazon.com/sns/latest/dg/subscription-filter-policy-constraints.html
    """
    if len(text) > _LONGEST:
        raise InvalidParameter(reason=f"{where}: Filter policy is too large")
    try:
        pattern = _pattern(text)
    except JsonFault as fault:
        raise InvalidParameter(reason=f"{where}: failed to parse JSON. {fault.redacted}") from None
    except PatternFault as fault:
        raise InvalidParameter(reason=f"{where}: {fault.text}") from None
    if scope != _BODY and pattern.depth() > 1:
        raise NestedFilterPolicy
    if pattern.keys() > _MOST_KEYS:
        raise InvalidParameter(reason=f"{where}: Filter policy can not have more than 5 keys")
    if pattern.combinations() > _MOST_COMBINATIONS:
        raise InvalidParameter(reason=f"{where}: Filter policy is too complex")


def wanted(subscription: Subscription, message: Message) -> bool:
    """Whether the subscription's filter policy takes the message; without one it gets all."""
    text = subscription.attributes.get("FilterPolicy", "")
    if not text:
        return True
    pattern = _pattern(text)
    if subscription.attributes.get("FilterPolicyScope") == _BODY:
        body = _body(message.body)
        return body is not None and pattern.takes(body)
    return pattern.takes(_attributes(message))


@lru_cache(maxsize=512)
def _pattern(text: str) -> Pattern:
    return Fields(()) if text.strip() == "{}" else read_pattern(text, MESSAGES)


def _body(text: str) -> Mapping[str, Any] | None:
    """A body that is a JSON object; any other is wanted by nobody who filters by it."""
    try:
        body = json.loads(text)
    except (ValueError, RecursionError):
        return None
    return body if isinstance(body, dict) else None


def _attributes(message: Message) -> dict[str, Any]:
    """Numbers as numbers, arrays as their elements; binary attributes cannot be filtered by.

    https://docs.aws.amazon.com/sns/latest/dg/sns-message-attributes.html
    """
    told: dict[str, Any] = {}
    for name, (type_, value) in message.attributes.items():
        if type_ == "String.Array":
            told[name] = _array(value)
        elif type_.startswith("Number"):
            told[name] = _number(value)
        elif type_.startswith("String"):
            told[name] = value
    return told


def _array(text: str) -> Any:
    try:
        found = json.loads(text)
    except (ValueError, RecursionError):
        return text
    return found if isinstance(found, list) else text


def _number(text: str) -> float | str:
    try:
        return float(text)
    except ValueError:
        return text
