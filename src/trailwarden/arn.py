"""Amazon Resource Names as values.

https://docs.aws.amazon.com/IAM/latest/UserGuide/reference-arns.html
"""

from dataclasses import dataclass
from functools import lru_cache

__all__ = ["Arn"]

_PARTS = 6
_LONGEST_KEPT = 512
"""Longer ARNs are parsed anew each time."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Arn:
    """The six parts of an ARN; `resource` keeps its own colons and slashes."""

    partition: str = "aws"
    service: str
    region: str = ""
    account: str = ""
    resource: str

    @classmethod
    def parse(cls, text: str) -> "Arn | None":
        """The ARN in `text`, or None where it is not one."""
        return _remembered(text) if len(text) <= _LONGEST_KEPT else _parsed(text)

    @property
    def type(self) -> str:
        """The resource type: the word before the first slash or colon, or "" for a bare resource."""
        resource = self.resource
        slash, colon = resource.find("/"), resource.find(":")
        if slash < 0 or 0 <= colon < slash:
            slash = colon
        return resource[:slash] if slash >= 0 else ""

    @property
    def name(self) -> str:
        """The resource without its type; for a path, its last segment."""
        return self.resource.replace(":", "/").rpartition("/")[2]

    def __str__(self) -> str:
        return f"arn:{self.partition}:{self.service}:{self.region}:{self.account}:{self.resource}"


def _parsed(text: str) -> Arn | None:
    parts = text.split(":", _PARTS - 1)
    if len(parts) != _PARTS or parts[0] != "arn":
        return None
    return Arn(partition=parts[1], service=parts[2], region=parts[3], account=parts[4], resource=parts[5])


_remembered = lru_cache(maxsize=4_096)(_parsed)
