"""Where delivered files go. The S3 service stands behind it; a test may put a dictionary there."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Protocol

__all__ = ["DeliveredFile", "DeliveryFailed", "Destination"]


class DeliveryFailed(Exception):
    """The destination refused a file; `code` is its own (`AccessDenied`, `NoSuchBucket`)."""

    def __init__(self, code: str) -> None:
        self.code = code
        super().__init__(code)


@dataclass(frozen=True, slots=True, kw_only=True)
class DeliveredFile:
    """A log or digest file for a trail's bucket.

    `account` owns the trail, `source_arn` is the trail's ARN (aws:SourceArn of the write), `kms_key` the trail's key or "".
    """

    bucket: str
    key: str
    data: bytes
    content_type: str = "application/json"
    content_encoding: str = "gzip"
    metadata: Mapping[str, str] = field(default_factory=dict)
    account: str
    region: str
    source_arn: str
    kms_key: str = ""


class Destination(Protocol):
    """Takes files. Putting the same file twice leaves one."""

    def put(self, file: DeliveredFile) -> None:
        """Write the file durably. Raises DeliveryFailed where the bucket is missing or does not let CloudTrail in."""
