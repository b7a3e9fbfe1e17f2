"""Resource-based policies that are given in files."""

from collections.abc import Iterable
from pathlib import Path

from trailwarden.diagnose import Unreadable

__all__ = ["policy_files"]


def policy_files(given: Iterable[str] | None, option: str = "--resource-policy") -> dict[str, Path]:
    """The files of an option that takes ARN=FILE, by ARN. Raises Unreadable."""
    found: dict[str, Path] = {}
    for each in given or ():
        arn, equals, path = each.rpartition("=")
        if not equals or not arn.startswith("arn:"):
            raise Unreadable(f"{option} {each}: it takes ARN=FILE")
        found[arn] = Path(path)
    return found
