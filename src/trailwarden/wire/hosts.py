"""S3's host style: `bucket.s3.amazonaws.com` and what stands for it on one's own machine.

https://docs.aws.amazon.com/AmazonS3/latest/userguide/VirtualHosting.html
"""

import re
from functools import lru_cache

from trailwarden.wire.http import HttpRequest

__all__ = ["bucket_in_host", "s3_path"]

_HOSTS = (
    re.compile(r"(?P<bucket>.+)\.s3(?:[.-][a-z0-9-]+)*\.amazonaws\.com(?:\.cn)?"),
    re.compile(r"(?P<bucket>.+)\.s3(?:[.-][a-z0-9-]+)*\.localhost(?:\.[a-z.]+)?"),
    re.compile(r"(?P<bucket>.+)\.s3\.\d+\.\d+\.\d+\.\d+(?:\.[a-z.]+)?"),
    re.compile(r"(?!s3(?:[.-]|\.localhost)|\d{12}\.)(?P<bucket>[a-z0-9][a-z0-9._-]+)\.localhost"),
)
_LONGEST = 255


@lru_cache(1024)
def bucket_in_host(host: str) -> str:
    """The bucket that a Host header names, or "" where buckets stand in the path."""
    name = host.rpartition(":")[0] if host.rpartition(":")[2].isdigit() else host
    if len(name) > _LONGEST:
        return ""
    for form in _HOSTS:
        match = form.fullmatch(name.lower())
        if match is not None:
            return match["bucket"]
    return ""


def s3_path(request: HttpRequest) -> str:
    """The request's raw path as it would be in path style."""
    bucket = bucket_in_host(request.header("host") or "")
    return f"/{bucket}{request.raw_path}" if bucket else request.raw_path
