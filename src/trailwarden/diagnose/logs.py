"""Log files wherever they lie: single files, folders, and what has a prefix in a bucket, found and read as they are asked for.

https://docs.aws.amazon.com/AmazonS3/latest/API/API_ListObjectsV2.html
https://docs.aws.amazon.com/AmazonS3/latest/API/API_GetObject.html
"""

import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from trailwarden.diagnose.data import Clients, Unreadable
from trailwarden.diagnose.unpacking import UNPACKED_MAX

__all__ = ["LogFile", "LogFiles"]

_ENDINGS = (".json", ".jsonl", ".ndjson", ".gz", ".zip")
_BESIDE = frozenset({"CloudTrail-Digest", "CloudTrail-Insight"})
"""Folders of CloudTrail's other files, which hold no calls.

https://docs.aws.amazon.com/awscloudtrail/latest/userguide/cloudtrail-find-log-files.html
"""

_S3 = "s3://"
_PIECE = 1024 * 1024
_READERS, _AHEAD = 4, 8
"""Objects that are fetched at once, and that wait to be used, so that a long history never stands in memory."""

_TRIES = 5
_LONGEST_PAUSE = 8.0
_SERVER_ERROR = 500


@dataclass(frozen=True, slots=True, kw_only=True)
class LogFile:
    """One file. `name` is its path or URL; `bucket` and `key` where it is an object, `path` where it is a file."""

    name: str
    size: int
    path: Path | None = None
    bucket: str = ""
    key: str = ""
    etag: str = ""


@dataclass(slots=True, kw_only=True)
class LogFiles:
    """The log files among `given`: paths of files and folders, and `s3://bucket/prefix`, for which `clients` is needed.

    `beside` counts the digest and Insight files that were passed over so far.
    """

    given: tuple[str, ...]
    clients: Clients | None = None
    pause: Callable[[float], None] = time.sleep
    beside: int = 0
    _local: dict[str, tuple[LogFile, ...]] = field(default_factory=dict, repr=False)
    _client: Any = field(default=None, repr=False)

    def __post_init__(self) -> None:
        """Raises Unreadable for what is no place of log files."""
        for name in self.given:
            if not name.startswith(_S3):
                self._local[name] = tuple(self._of_path(Path(name)))
            elif self.clients is None:
                raise Unreadable(f"{name}: name a server with --data, or AWS with --aws, to read it from")
            elif not name.removeprefix(_S3).partition("/")[0]:
                raise Unreadable(f"{name} names no bucket: it takes s3://bucket/prefix")
        if len(self._local) == len(self.given) and not any(self._local.values()):
            raise Unreadable(f"{', '.join(self.given)}: there are no log files (.json, .jsonl, .gz or .zip)")

    @property
    def total(self) -> int | None:
        """How many there are; None where a bucket would have to be listed to the end for it."""
        return sum(map(len, self._local.values())) if len(self._local) == len(self.given) else None

    def __iter__(self) -> Iterator[LogFile]:
        """In order of name, objects as the bucket lists them. Raises Unreadable."""
        found = False
        for name in self.given:
            for each in self._local[name] if name in self._local else self._of_bucket(name):
                found = True
                yield each
        if not found:
            raise Unreadable(f"{', '.join(self.given)}: there are no log files (.json, .jsonl, .gz or .zip)")

    def contents(self) -> Iterator[tuple[LogFile, bytes | str]]:
        """Each file with its content, or with the reason why it cannot be read. Objects are fetched ahead."""
        if self.total is not None:
            yield from ((file, self._content(file)) for file in self)
            return
        waiting: deque[tuple[LogFile, Future[bytes | str]]] = deque()
        with ThreadPoolExecutor(_READERS) as pool:
            for file in self:
                waiting.append((file, pool.submit(self._content, file)))
                if len(waiting) >= _AHEAD:
                    first, reading = waiting.popleft()
                    yield first, reading.result()
            for first, reading in waiting:
                yield first, reading.result()

    def _content(self, file: LogFile) -> bytes | str:
        if file.size > UNPACKED_MAX:
            return f"it is larger than {UNPACKED_MAX >> 20} MiB"
        try:
            return file.path.read_bytes() if file.path is not None else self._fetched(file)
        except (OSError, ValueError, BotoCoreError, ClientError) as error:
            return str(error)

    def _of_path(self, path: Path) -> Iterator[LogFile]:
        if path.is_file():
            yield LogFile(name=str(path), size=path.stat().st_size, path=path)
            return
        if not path.is_dir():
            raise Unreadable(f"{path} is neither a log file nor a folder of them")
        for each in sorted(path.rglob("*")):
            if self._counts(each.name, each.parts) and each.is_file():
                yield LogFile(name=str(each), size=each.stat().st_size, path=each)

    def _counts(self, name: str, parts: Iterable[str]) -> bool:
        """Whether it is a log file by its name; those that lie beside them are counted."""
        if not name.endswith(_ENDINGS):
            return False
        beside = not _BESIDE.isdisjoint(parts) or any(each in name for each in _BESIDE)
        self.beside += beside
        return not beside

    @property
    def _s3(self) -> Any:
        if self._client is None and self.clients is not None:
            self._client = self.clients.client("s3")
        return self._client

    def _of_bucket(self, url: str) -> Iterator[LogFile]:
        """The objects with that prefix. A listing that breaks off goes on behind the last key."""
        bucket, _, prefix = url.removeprefix(_S3).partition("/")
        after, failed = "", 0
        while True:
            start = {"StartAfter": after} if after else {}
            try:
                pages = self._s3.get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix=prefix, **start)
                for each in (each for page in pages for each in page.get("Contents", ())):
                    after, failed = each["Key"], 0
                    if self._counts(after, after.split("/")):
                        yield _object(bucket, each)
            except (BotoCoreError, ClientError) as error:
                failed += 1
                if failed >= _TRIES or _final(error):
                    raise Unreadable(f"{url} cannot be listed: {error}") from error
                self.pause(min(2.0**failed, _LONGEST_PAUSE))
            else:
                return

    def _fetched(self, file: LogFile) -> bytes:
        """The object; a transfer that breaks off goes on where it stopped, if the object is still the same."""
        got, failed = bytearray(), 0
        while True:
            rest = {"Range": f"bytes={len(got)}-"} if got else {}
            try:
                answer = self._s3.get_object(Bucket=file.bucket, Key=file.key, IfMatch=file.etag, **rest)
                for piece in answer["Body"].iter_chunks(_PIECE):
                    got += piece
                    if len(got) > UNPACKED_MAX:
                        raise ValueError(f"it is larger than {UNPACKED_MAX >> 20} MiB")
                return bytes(got)
            except (BotoCoreError, ClientError) as error:
                failed += 1
                if failed >= _TRIES or _final(error):
                    raise
                self.pause(min(2.0**failed, _LONGEST_PAUSE))


def _object(bucket: str, listed: Mapping[str, Any]) -> LogFile:
    key = listed["Key"]
    return LogFile(name=f"{_S3}{bucket}/{key}", size=listed["Size"], bucket=bucket, key=key, etag=listed["ETag"])


def _final(error: BotoCoreError | ClientError) -> bool:
    """Whether trying again is in vain: the service said no, as against a trouble of it or of the network."""
    if not isinstance(error, ClientError):
        return False
    status = error.response["ResponseMetadata"].get("HTTPStatusCode", 0)
    return status < _SERVER_ERROR and error.response["Error"]["Code"] not in _SLOWER


_SLOWER = frozenset({"SlowDown", "Throttling", "ThrottlingException", "RequestLimitExceeded", "RequestTimeout"})
"""https://docs.aws.amazon.com/AmazonS3/latest/API/ErrorResponses.html#ErrorCodeList"""
