"""What else a trail's events lead to: log groups that they are written into, topics that are told of files.

The services stand behind these ports. Both work on the transaction that notes the delivery: so what is written and what
is noted of it become durable together, and nothing is written twice. A refusal is noted, and never holds up a file.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from trailwarden.storage.ports import Transaction

__all__ = ["LogBatch", "LogGroups", "Notice", "Notices"]


@dataclass(frozen=True, slots=True, kw_only=True)
class LogBatch:
    """Events for one stream of a trail's log group, by time: (milliseconds since the epoch, the record's JSON).

    `account` owns the trail, `source_arn` is the trail's ARN, `role` the role that is assumed for it.
    """

    group_arn: str
    role: str
    stream: str
    account: str
    source_arn: str
    events: Sequence[tuple[int, str]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Notice:
    """A delivered file, of which a trail's topic is told."""

    topic_arn: str
    bucket: str
    key: str
    account: str
    source_arn: str


class LogGroups(Protocol):
    """Takes events."""

    def write(self, batch: LogBatch, transaction: Transaction, *, now: float) -> None:
        """Write them. Raises DeliveryFailed where the group is missing or the role may not."""


class Notices(Protocol):
    """Tells topics."""

    def publish(self, notice: Notice, transaction: Transaction, *, now: float) -> None:
        """Publish the notice. Raises DeliveryFailed where the topic is missing or does not let CloudTrail publish."""
