"""Amazon Resource Names as values.

https://docs.aws.amazon.com/IAM/latest/UserGuide/reference-arns.html
"""

from dataclasses import dataclass

__all__ = ["Arn"]

_PARTS = 6


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
        parts = text.split(":", _PARTS - 1)
        if len(parts) != _PARTS or parts[0] != "arn":
            return None
        return cls(partition=parts[1], service=parts[2], region=parts[3], account=parts[4], resource=parts[5])

    @property
    def type(self) -> str:
        """The resource type: the word before the first slash or colon, or "" for a bare resource."""
        for index, char in enumerate(self.resource):
            if char in "/:":
                return self.resource[:index]
        return ""

    @property
    def name(self) -> str:
        """The resource without its type; for a path, its last segment."""
        return self.resource.replace(":", "/").rpartition("/")[2]

    def __str__(self) -> str:
        return f"arn:{self.partition}:{self.service}:{self.region}:{self.account}:{self.resource}"
