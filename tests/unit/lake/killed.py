"""Seals and tidies the lake below a folder, and is killed at a step: `python -m tests.unit.lake.killed FOLDER STEP before|after`."""

import os
import signal
import sys
from importlib import import_module
from pathlib import Path
from typing import Any

from tests.unit.lake.house import DAY, NOW, house

from trailwarden.lake import STORE


def _cut(step: str, *, after: bool) -> None:
    """Die at the first call of that name, before or after what it does."""
    holder, name = step.rsplit(".", 1)
    try:
        owner: Any = import_module(holder)
    except ImportError:
        module, kind = holder.rsplit(".", 1)
        owner = getattr(import_module(module), kind)
    real = getattr(owner, name)

    def deadly(*given: Any, **named: Any) -> Any:
        if after:
            real(*given, **named)
        os.kill(os.getpid(), signal.SIGKILL)

    setattr(owner, name, deadly)


def main(folder: str, step: str, when: str) -> None:
    with house(Path(folder)) as made:
        (store,) = [document.body for document in made.storage.begin().list(STORE)]
        made.lake.holding.warehouse.pin(store.id)
        _cut(step, after=when == "after")
        made.lake.holding.seal(store)
        made.now[0] = NOW + DAY
        made.keeper.compact(store, NOW + DAY)
        made.lake.holding.warehouse.expire(store.id, __import__("datetime").datetime.now(__import__("datetime").UTC))
        made.keeper.spared = 0.0
        made.keeper.sweep(store.id, NOW + DAY)


main(*sys.argv[1:])
