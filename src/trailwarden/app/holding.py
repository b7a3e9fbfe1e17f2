"""One process at a time works on a data folder."""

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from trailwarden.app.founding import Unusable

__all__ = ["hold"]


@contextmanager
def hold(data: Path) -> Iterator[None]:
    """Hold the data folder, made where there is none; Unusable where another process does.

    The lock ends with the process, however that ends, so that a crash leaves nothing to clean up.
    """
    data.mkdir(mode=0o700, parents=True, exist_ok=True)
    file = os.open(data / "server.lock", os.O_RDWR | os.O_CREAT, 0o600)
    try:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            raise Unusable(f"{data} is in use by a running server") from None
        yield
    finally:
        os.close(file)
