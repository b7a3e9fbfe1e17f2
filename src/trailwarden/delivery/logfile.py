"""Log files: their names and their bytes.

https://docs.aws.amazon.com/awscloudtrail/latest/userguide/cloudtrail-log-file-examples.html
https://docs.aws.amazon.com/awscloudtrail/latest/userguide/get-and-view-cloudtrail-log-files.html
"""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from isal import igzip

from trailwarden.clock import Chance
from trailwarden.delivery.trail import Trail
from trailwarden.storage.ports import Entry

__all__ = ["LARGEST", "Packed", "file_name", "folder", "log_file", "packed", "prefixed"]

LARGEST = 50 * 1024 * 1024
"""The largest log file before gzip, in bytes."""

_HEAD, _TAIL = b'{"Records":[', b"]}"
_LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"
_RANDOM = 16
_LEVEL = 2


@dataclass(frozen=True, slots=True)
class Packed:
    """Content in gzip, and the SHA-256 of what it was before (hexadecimal)."""

    data: bytes
    hash: str


def packed(content: bytes) -> Packed:
    """The content as it is delivered."""
    return Packed(igzip.compress(content, compresslevel=_LEVEL, mtime=0), hashlib.sha256(content).hexdigest())


def log_file(entries: Sequence[Entry]) -> Packed:
    """One file of these events, by event time."""
    ordered = sorted(entries, key=lambda entry: entry.time)
    return packed(_HEAD + b",".join(entry.record for entry in ordered) + _TAIL)


def file_name(trail: Trail, *, kind: str, account: str, region: str, now: float, chance: Chance) -> str:
    """`AWSLogs/[o-id/]account/kind/region/YYYY/MM/DD/account_kind_region_YYYYMMDDTHHmmZ_16 random.json.gz`."""
    moment = datetime.fromtimestamp(now, UTC)
    random = "".join(_LETTERS[byte % len(_LETTERS)] for byte in chance.bytes(_RANDOM))
    name = f"{account}_{kind}_{region}_{moment:%Y%m%dT%H%MZ}_{random}.json.gz"
    return f"{folder(trail, account)}/{kind}/{region}/{moment:%Y/%m/%d}/{name}"


def folder(trail: Trail, account: str) -> str:
    """Where an account's files lie below the trail's prefix."""
    return f"AWSLogs/{trail.organization}/{account}" if trail.organization else f"AWSLogs/{account}"


def prefixed(trail: Trail, name: str) -> str:
    """The whole key of a name."""
    return f"{trail.prefix}/{name}" if trail.prefix else name
