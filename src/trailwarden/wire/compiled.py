"""One function per shape, made when first needed."""

from collections.abc import Callable, Hashable
from typing import Any

from trailwarden.wire.model import Shape

__all__ = ["Compiler"]

Function = Callable[..., Any]


class Compiler:
    """Makes functions from shapes by a table of makers, one per type, and remembers them.

    A shape that contains itself finds a function that looks up the finished one.
    """

    def __init__(self, makers: "dict[str, Callable[[Shape, Compiler], Function]]", default: Function) -> None:
        self._makers = makers
        self._default = default
        self._made: dict[Hashable, Function] = {}

    def of(self, shape: Shape) -> Function:
        """The function for this shape."""
        made = self._made.get(shape.kind)
        if made is not None:
            return made
        finished: list[Function] = []
        self._made[shape.kind] = lambda *args: finished[0](*args)  # noqa: PLW0108 — not finished yet
        maker = self._makers.get(shape.type)
        finished.append(maker(shape, self) if maker else self._default)
        self._made[shape.kind] = finished[0]
        return finished[0]
