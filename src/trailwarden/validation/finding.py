"""What is found of one file, in the words of `aws cloudtrail validate-logs` where it has words for it.

https://docs.aws.amazon.com/awscloudtrail/latest/userguide/cloudtrail-log-file-validation-cli.html
"""

from dataclasses import dataclass
from enum import StrEnum

from trailwarden.validation.place import Spot

__all__ = ["ALTERED", "GONE", "MALFORMED", "MOVED", "UNSIGNED", "Finding", "Verdict"]

ALTERED = "hash value doesn't match"
MALFORMED = "invalid format"
GONE = "not found"
MOVED = "has been moved from its original location"
UNSIGNED = "signature verification failed"


class Verdict(StrEnum):
    """`UNPROVED`: nothing speaks against the file, but the place keeps no signature that would prove it."""

    VALID = "valid"
    INVALID = "INVALID"
    UNPROVED = "unproved"


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One file, and what is wrong with it. `kind` is "Digest file" or "Log file"; `late` marks backfill digests."""

    kind: str
    spot: Spot
    verdict: Verdict
    reason: str = ""
    late: bool = False

    @property
    def fault(self) -> bool:
        """Whether the file is not what was delivered."""
        return self.verdict is Verdict.INVALID
