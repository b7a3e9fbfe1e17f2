"""Frozen values with slots, written as dataclasses and taken for such by everybody, but made with less.

The standard decorator compiles six methods for each class and brings `inspect` in, which is half of what importing this
package would cost; here a class compiles its `__init__` when it is first called, and the other methods are shared.
Setting attributes through the slots makes instances in two thirds of the time besides. `dataclasses.replace`, `fields`
and `asdict` work as ever.
"""

from collections.abc import Callable, Mapping
from operator import attrgetter
from typing import TYPE_CHECKING, Any, Never

__all__ = ["dataclass", "field", "replace"]

if TYPE_CHECKING:
    from dataclasses import dataclass, field, replace
else:

    def field(**told: Any) -> "_Field":
        """What `dataclasses.field` is for `default`, `default_factory`, `compare` and `repr`."""
        return _Field(**told)

    def replace(value: Any, /, **changes: Any) -> Any:
        """What `dataclasses.replace` is."""
        made = type(value)
        return made(**{name: getattr(value, name) for name in _PLANS[made].fields} | changes)

    def dataclass(*, frozen: bool, slots: bool, kw_only: bool = False) -> Callable[[type], type]:
        """What `dataclasses.dataclass` is for frozen classes with slots and without bases."""
        if not (frozen and slots):
            raise TypeError("values are frozen and have slots")
        return lambda written: _made(written, kw_only=kw_only)


_ABSENT: Any = object()


class _Field:
    """How one attribute is made, compared and shown."""

    def __init__(
        self,
        *,
        default: Any = _ABSENT,
        default_factory: Callable[[], Any] = _ABSENT,
        compare: bool = True,
        repr: bool = True,  # noqa: A002 — as `dataclasses` calls it
    ) -> None:
        self.default = default
        self.factory = default_factory
        self.compare = compare
        self.shown = repr


class _Plan:
    """The attributes of one class, in order."""

    def __init__(self, written: type, *, kw_only: bool) -> None:
        self.annotations: Mapping[str, Any] = written.__annotations__
        self.kw_only = kw_only
        self.fields = {name: _field(written.__dict__.get(name, _ABSENT)) for name in self.annotations}
        compared = [name for name, each in self.fields.items() if each.compare]
        self.key: Callable[[Any], Any] = attrgetter(*compared)


def _field(told: Any) -> _Field:
    return told if isinstance(told, _Field) else _Field(default=told)


_PLANS: dict[type, _Plan] = {}


def _made(written: type, *, kw_only: bool) -> type:
    plan = _Plan(written, kw_only=kw_only)
    dropped = {*plan.fields, "__dict__", "__weakref__"}
    members = {name: each for name, each in written.__dict__.items() if name not in dropped}
    made = type(written)(
        written.__name__,
        (),
        {
            **_METHODS,
            **members,
            "__slots__": tuple(plan.fields),
            "__match_args__": () if kw_only else tuple(plan.fields),
            "__qualname__": written.__qualname__,
        },
    )
    _PLANS[made] = plan
    return made


def _first_init(self: Any, *given: Any, **named: Any) -> None:
    """Stands for `__init__` until the first instance is made."""
    made = type(self)
    made.__init__ = _init_of(made, _PLANS[made])
    made.__init__(self, *given, **named)


def _init_of(made: type, plan: _Plan) -> Callable[..., None]:
    """The constructor, as `namedtuple` and `dataclasses` make theirs: as text, which is what runs fastest."""
    names: dict[str, Any] = {"_absent": _ABSENT}
    parameters, lines = [], []
    for name, each in plan.fields.items():
        names[f"_set_{name}"] = made.__dict__[name].__set__
        parameter, value = name, name
        if each.factory is not _ABSENT:
            names[f"_make_{name}"] = each.factory
            parameter, value = f"{name}=_absent", f"_make_{name}() if {name} is _absent else {name}"
        elif each.default is not _ABSENT:
            names[f"_default_{name}"] = each.default
            parameter = f"{name}=_default_{name}"
        parameters.append(parameter)
        lines.append(f"    _set_{name}(self, {value})")
    star = "*, " if plan.kw_only else ""
    text = f"def __init__(self, {star}{', '.join(parameters)}):\n" + "\n".join(lines)
    exec(text, names)  # noqa: S102 — the text is made of the class's own attribute names
    init: Callable[..., None] = names["__init__"]
    init.__qualname__ = f"{made.__qualname__}.__init__"
    return init


def _equal(self: Any, other: Any) -> Any:
    if type(other) is not type(self):
        return NotImplemented
    key = _PLANS[type(self)].key
    return key(self) == key(other)


def _hash(self: Any) -> int:
    return hash(_PLANS[type(self)].key(self))


def _repr(self: Any) -> str:
    shown = (f"{name}={getattr(self, name)!r}" for name, each in _PLANS[type(self)].fields.items() if each.shown)
    return f"{type(self).__qualname__}({', '.join(shown)})"


def _refuse(self: Any, name: str, _value: Any = None) -> Never:
    raise AttributeError(f"{type(self).__qualname__}.{name} is frozen")


def _state(self: Any) -> list[Any]:
    return [getattr(self, name) for name in _PLANS[type(self)].fields]


def _restore(self: Any, state: list[Any]) -> None:
    for name, value in zip(_PLANS[type(self)].fields, state, strict=True):
        object.__setattr__(self, name, value)


class _Fields:
    """`__dataclass_fields__`, made when somebody asks: what `dataclasses` and `msgspec` know a dataclass by."""

    def __get__(self, _instance: Any, owner: type) -> dict[str, Any]:
        from dataclasses import field as standard, make_dataclass  # noqa: I001, PLC0415 — half of this package's import

        plan = _PLANS[owner]
        written: list[tuple[str, Any, Any]] = []
        for name, each in plan.fields.items():
            told = {"default": each.default, "default_factory": each.factory}
            more = {key: value for key, value in told.items() if value is not _ABSENT}
            made = standard(compare=each.compare, repr=each.shown, kw_only=plan.kw_only, **more)
            written.append((name, plan.annotations[name], made))
        found: dict[str, Any] = make_dataclass(owner.__name__, written).__dict__["__dataclass_fields__"]
        owner.__dataclass_fields__ = found  # type: ignore[attr-defined]
        return found


_METHODS: Mapping[str, Any] = {
    "__init__": _first_init,
    "__eq__": _equal,
    "__hash__": _hash,
    "__repr__": _repr,
    "__setattr__": _refuse,
    "__delattr__": _refuse,
    "__getstate__": _state,
    "__setstate__": _restore,
    "__dataclass_fields__": _Fields(),
}
