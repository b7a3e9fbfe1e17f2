"""What the names of delivered files say.

https://docs.aws.amazon.com/awscloudtrail/latest/userguide/get-and-view-cloudtrail-log-files.html
https://docs.aws.amazon.com/awscloudtrail/latest/userguide/cloudtrail-log-file-validation-digest-file-structure.html
"""

import re
from dataclasses import dataclass
from datetime import datetime

__all__ = ["DIGESTS", "ROOT", "Chain", "DigestName", "LogName", "digest_name", "log_name", "tail"]

ROOT, DIGESTS = "AWSLogs/", "CloudTrail-Digest"

_PATH = (
    r"(?P<path>(?:.*/)?AWSLogs/(?:o-[a-z0-9]+/)?(?P<account>\d{12}))/(?P<kind>CloudTrail[A-Za-z-]*)/"
    r"(?P<region>[a-z0-9-]+)/\d{4}/\d{2}/\d{2}/(?P=account)_(?P=kind)_(?P=region)_"
)
_DIGEST = re.compile(
    _PATH + r"(?P<trail>.+)_(?P<home>[a-z0-9-]+)_(?P<end>\d{8}T\d{6}Z)(?P<late>_backfill)?\.json\.gz", re.ASCII
)
_LOG = re.compile(_PATH + r"(?P<time>\d{8}T\d{4}Z)_[A-Za-z0-9]+\.json\.gz", re.ASCII)


@dataclass(frozen=True, slots=True, order=True)
class Chain:
    """What one chain of digests is about; `path` is everything before the kind of file."""

    path: str
    account: str
    region: str
    trail: str
    home: str


@dataclass(frozen=True, slots=True)
class DigestName:
    """A digest's chain, the end of its time in seconds, and whether it is for files that came late (`_backfill`)."""

    chain: Chain
    end: float
    late: bool


@dataclass(frozen=True, slots=True)
class LogName:
    """Where a log file belongs, and the minute it was delivered in, in seconds."""

    path: str
    region: str
    time: float


def digest_name(key: str) -> DigestName | None:
    """What the name of a digest says; None for any other file."""
    found = _DIGEST.fullmatch(key)
    if found is None or found["kind"] != DIGESTS:
        return None
    end = _seconds(found["end"])
    chain = Chain(
        path=found["path"], account=found["account"], region=found["region"], trail=found["trail"], home=found["home"]
    )
    return None if end is None else DigestName(chain=chain, end=end, late=found["late"] is not None)


def log_name(key: str) -> LogName | None:
    """What the name of a log file says; None for any other file."""
    found = _LOG.fullmatch(key)
    if found is None or found["kind"] == DIGESTS:
        return None
    time = _seconds(found["time"])
    return None if time is None else LogName(path=found["path"], region=found["region"], time=time)


def tail(key: str) -> str:
    """The key without its trail's prefix: all that a copy in a folder is sure to keep."""
    at = key.rfind(ROOT)
    return key if at < 0 else key[at:]


def _seconds(text: str) -> float | None:
    try:
        return datetime.fromisoformat(text).timestamp()
    except ValueError:
        return None
