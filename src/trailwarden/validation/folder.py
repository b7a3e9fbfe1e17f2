"""Delivered files as they were copied into a folder, with `aws s3 sync` or by hand."""

from collections.abc import Iterator
from pathlib import Path

from trailwarden.validation.naming import ROOT, digest_name, log_name, tail
from trailwarden.validation.place import Spot, Stored

__all__ = ["Folder", "Mistaken"]


class Mistaken(Exception):
    """The place holds nothing that can be validated, or not in one piece; the text says what."""


class Folder:
    """A copy of one bucket; a file is known by its path from AWSLogs/ on. It keeps no metadata, so no signatures."""

    def __init__(self, root: Path) -> None:
        self._paths: dict[str, Path] = {}
        for path in root.rglob("*.json.gz"):
            name = path.as_posix()
            if ROOT not in name or not path.is_file():
                continue
            other = self._paths.setdefault(tail(name), path)
            if other is not path:
                raise Mistaken(f"{other} and {path} are copies of one file: name the folder of one of them")
        if not self._paths:
            raise Mistaken(f"below {root} is no AWSLogs folder with log files or digest files")

    def spots(self, since: float, until: float) -> Iterator[Spot]:
        """As Place.spots."""
        for key in self._paths:
            named = digest_name(key) or log_name(key)
            if named is not None and since <= _time(key) <= until:
                yield Spot("", key)

    def read(self, spot: Spot) -> Stored | None:
        """As Place.read."""
        path = self._paths.get(spot.key)
        try:
            return None if path is None else Stored(path.read_bytes())
        except FileNotFoundError:
            return None

    def spot(self, _bucket: str, key: str) -> Spot:
        """As Place.spot."""
        return Spot("", tail(key))

    def shown(self, spot: Spot) -> str:
        """As Place.shown."""
        return str(self._paths.get(spot.key, spot.key))


def _time(key: str) -> float:
    digest = digest_name(key)
    if digest is not None:
        return digest.end
    log = log_name(key)
    return log.time if log is not None else 0.0
