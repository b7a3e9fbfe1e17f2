"""Configurations that a bucket has one of: kept, checked for form, and told again.

Website hosting, CORS answers, log delivery, replication, acceleration and life cycles themselves are not carried out.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from trailwarden.services.s3.bucket import Bucket, keep_bucket
from trailwarden.services.world import World

__all__ = ["configured", "drop", "keep_configuration", "thawed"]


def configured(bucket: Bucket, noun: str) -> dict[str, Any] | None:
    """The bucket's configuration of that noun with the model's member names, or None."""
    found = bucket.configurations.get(noun)
    return None if found is None else thawed(found)


def keep_configuration(world: World, bucket: Bucket, noun: str, value: Any) -> None:
    """Set the bucket's configuration of that noun."""
    keep_bucket(world, bucket, configurations={**bucket.configurations, noun: value})


def drop(world: World, bucket: Bucket, noun: str) -> None:
    """Delete the configuration; none is no error."""
    if noun in bucket.configurations:
        kept = {name: value for name, value in bucket.configurations.items() if name != noun}
        keep_bucket(world, bucket, configurations=kept)


def thawed(value: Any, name: str = "") -> Any:
    """A kept configuration with its dates as times again; JSON knows only text."""
    if isinstance(value, Mapping):
        return {key: thawed(each, key) for key, each in value.items()}
    if isinstance(value, Sequence) and not isinstance(value, str):
        return [thawed(each, name) for each in value]
    if name == "Date" and isinstance(value, str):
        return datetime.fromisoformat(value)
    return value
