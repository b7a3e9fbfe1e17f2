"""A thread that does something again and again until it is told to end."""

import logging
import threading
from collections.abc import Callable
from dataclasses import dataclass, field

__all__ = ["Ticking"]

_log = logging.getLogger(__name__)


@dataclass(slots=True)
class Ticking:
    """Runs `run` every `tick` seconds on a thread named `name`, and `last` once when it ends.

    The thread outlives whatever a run raises: that is logged, and the next run tries again.
    """

    name: str
    run: Callable[[], None]
    tick: float
    farewell: float
    last: Callable[[], None] | None = None
    _ended: threading.Event = field(init=False, default_factory=threading.Event, repr=False)
    _thread: threading.Thread | None = field(init=False, default=None, repr=False)

    @property
    def ended(self) -> bool:
        """Whether it has been told to end."""
        return self._ended.is_set()

    def start(self) -> None:
        """Begin, if it does not run yet. Once stopped, it may be started again."""
        if self._thread is None:
            self._ended.clear()
            self._thread = threading.Thread(target=self._run, name=self.name, daemon=True)
            self._thread.start()

    def stop(self) -> None:
        """Tell it to end, and wait `farewell` seconds for that."""
        thread, self._thread = self._thread, None
        if thread is None:
            return
        self._ended.set()
        thread.join(self.farewell)
        if thread.is_alive():
            _log.warning("%s did not end in time; what is left is done after the next start", self.name)

    def _run(self) -> None:
        while not self._ended.wait(self.tick):
            self._guarded(self.run)
        if self.last is not None:
            self._guarded(self.last)

    def _guarded(self, run: Callable[[], None]) -> None:
        try:
            run()
        except Exception:  # noqa: BLE001 — the next run tries again
            _log.exception("a run of %s failed", self.name)
