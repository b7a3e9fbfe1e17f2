"""Opens the lake when it is first asked for: its libraries take a second or two to load, which no call and no start waits for."""

from dataclasses import dataclass, field
from importlib import import_module
from pathlib import Path
from threading import Lock
from typing import TYPE_CHECKING

from trailwarden.clock import Chance, Clock
from trailwarden.storage.ports import Storage

if TYPE_CHECKING:
    from trailwarden.lake.holding import Holding

__all__ = ["Lake"]


@dataclass(slots=True)
class Lake:
    """The lake over the journal of `storage`. `folder` holds the tables, `catalog` is the URL of their catalog (SQLAlchemy's)."""

    storage: Storage
    folder: Path
    catalog: str
    clock: Clock
    chance: Chance
    _holding: "Holding | None" = field(default=None, init=False, repr=False)
    _guard: Lock = field(default_factory=Lock, init=False, repr=False)

    @property
    def alone(self) -> bool:
        """Whether this is the only process that works on the database."""
        return self.catalog.startswith("sqlite")

    @property
    def holding(self) -> "Holding":
        """The stores and their tables."""
        with self._guard:
            if self._holding is None:
                self._holding = self._open()
            return self._holding

    def close(self) -> None:
        """Release what was opened."""
        with self._guard:
            if self._holding is not None:
                self._holding.warehouse.close()
            self._holding = None

    def _open(self) -> "Holding":
        holding, warehouse = (import_module(f"trailwarden.lake.{name}") for name in ("holding", "warehouse"))
        tables = warehouse.Warehouse(self.catalog, self.folder)
        opened: Holding = holding.Holding(self.storage, tables, self.clock, self.chance)
        return opened
