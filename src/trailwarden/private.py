"""Files for the owner's eyes alone."""

import os
from pathlib import Path

__all__ = ["write_private"]


def write_private(path: Path, content: bytes) -> None:
    """Write a file that nobody else can read, whole or not at all: it is complete on disk before it takes its name. OSError."""
    fresh = path.with_name(f"{path.name}.new")
    with os.fdopen(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW, 0o600), "wb") as file:
        os.fchmod(file.fileno(), 0o600)  # one that was left there may be open to others
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    fresh.replace(path)
