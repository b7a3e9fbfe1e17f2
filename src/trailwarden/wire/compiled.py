"""One function per shape, made when first needed."""

from collections.abc import Callable, Hashable, Mapping
from threading import RLock
from typing import Any

from trailwarden.wire.model import Shape

__all__ = ["Compiler"]

Function = Callable[..., Any]


class Compiler:
    """Makes functions from shapes by a table of makers, one per type, and remembers them.

    A shape that contains itself finds a function that looks up the finished one. What a thread is making, others do not
    see before all of it is made.
    """

    def __init__(self, makers: "Mapping[str, Callable[[Shape, Compiler], Function]]", default: Function) -> None:
        self._makers = makers
        self._default = default
        self._made: dict[Hashable, Function] = {}
        self._making: dict[Hashable, Function] = {}
        self._lock = RLock()
        self._depth = 0

    def of(self, shape: Shape) -> Function:
        """The function for this shape."""
        made = self._made.get(shape.kind)
        if made is not None:
            return made
        with self._lock:
            return self._made.get(shape.kind) or self._making.get(shape.kind) or self._make(shape)

    def _make(self, shape: Shape) -> Function:
        finished: list[Function] = []
        self._making[shape.kind] = lambda *args: finished[0](*args)  # noqa: PLW0108 — not finished yet
        self._depth += 1
        try:
            maker = self._makers.get(shape.type)
            finished.append(maker(shape, self) if maker else self._default)
        finally:
            self._depth -= 1
        self._making[shape.kind] = finished[0]
        if not self._depth:
            self._made.update(self._making)
            self._making.clear()
        return finished[0]
