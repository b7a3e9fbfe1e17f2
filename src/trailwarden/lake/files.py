"""How the tables' own files are written: each outlives a power cut before the catalog may name it."""

import os
from pathlib import Path
from types import TracebackType
from typing import Any, Self
from urllib.parse import unquote, urlsplit

from pyiceberg.io.pyarrow import PyArrowFile, PyArrowFileIO

__all__ = ["SyncedFileIO", "path_of", "synced"]


def path_of(url: str) -> Path:
    """The path of a file's URL."""
    return Path(unquote(urlsplit(url).path))


def synced(path: Path) -> None:
    """Have a file and its name outlive a power cut."""
    for part in (path, path.parent):
        descriptor = os.open(part, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)


class SyncedFileIO(PyArrowFileIO):
    """pyiceberg's files, synced when they are closed. Only local ones are: an object store keeps what it has taken."""

    def new_output(self, location: str) -> PyArrowFile:
        """A file to write."""
        file = super().new_output(location)
        return _SyncedFile(file) if urlsplit(location).scheme in {"", "file"} else file


class _SyncedFile(PyArrowFile):
    """A file whose streams are synced."""

    def __init__(self, file: PyArrowFile) -> None:
        super().__init__(location=file.location, path=file._path, fs=file._filesystem)  # noqa: SLF001 — it has no other way

    def create(self, overwrite: bool = False) -> Any:  # noqa: FBT001, FBT002 — pyiceberg's own signature
        """A stream into it."""
        return _Synced(super().create(overwrite), path_of(self.location))


class _Synced:
    """A stream that syncs what it wrote when it is closed."""

    def __init__(self, stream: Any, path: Path) -> None:
        self._stream, self._path = stream, path

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stream, name)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Close and sync."""
        self._stream.close()
        synced(self._path)
