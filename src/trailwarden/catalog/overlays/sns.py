"""SNS: https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazonsns.html."""

from collections.abc import Iterator, Mapping

from trailwarden.catalog.asking import Ask, Target, tag_context
from trailwarden.catalog.checks import Check
from trailwarden.catalog.overlay import Overlay

__all__ = ["TABLES"]

_SUBSCRIPTION_PARTS = 7


def _topics(ask: Ask) -> Iterator[Target]:
    for member in ("TopicArn", "TargetArn", "ResourceArn"):
        yield from (Target(given) for given in ask.texts(member))
    for given in ask.texts("SubscriptionArn"):
        parts = given.split(":")
        yield Target(":".join(parts[: _SUBSCRIPTION_PARTS - 1]))


def _made(ask: Ask) -> tuple[Target, ...]:
    return (Target(ask.arn(ask.text("Name"))),)


def _account(ask: Ask) -> tuple[Target, ...]:
    return (Target(ask.arn("*")),)


def _published(ask: Ask) -> tuple[Target, ...]:
    """A topic or an endpoint; a text message to a number has none."""
    return tuple(_topics(ask)) or (Target("*"),)


def _tagged(ask: Ask) -> Iterator[Check]:
    """https://docs.aws.amazon.com/sns/latest/dg/sns-tags.html."""
    context = tag_context(ask.params.get("Tags"))
    if context:
        yield Check(action="sns:TagResource", resource=ask.arn(ask.text("Name")), context=context)


TABLES: Mapping[str, Overlay] = {
    "sns": Overlay(
        types={"topic": _topics},
        actions={"PublishBatch": "sns:Publish"},
        targets={
            "CreateTopic": _made,
            "ListTopics": _account,
            "ListSubscriptions": _account,
            "Publish": _published,
            "PublishBatch": _published,
        },
        keys={
            "sns:Protocol": lambda ask: ask.value("Protocol"),
            "sns:Endpoint": lambda ask: ask.value("Endpoint"),
        },
        more={"CreateTopic": _tagged},
    )
}
