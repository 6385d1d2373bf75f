"""Frozen values on hot paths: made, and copied with some fields changed, in a fifth of the time.

A frozen dataclass sets each field through `object.__setattr__`, which looks the name up in the
class each time. Here a value is born as an instance of an open twin, which has the same slots and
takes plain stores, and is given its own class at the end. Nobody sees it before that.
"""

import dataclasses
from collections.abc import Callable
from typing import Any

_FACTORY = object()
"""Stands for a field that was not given, and that a factory makes."""
_COPIERS: dict[type, Callable[[Any], Any]] = {}


def quick[Value](cls: type[Value]) -> type[Value]:
    """Have values of a frozen, slotted dataclass made quickly. For a class that has no subclasses.

    Raises TypeError for a class of another kind.
    """
    params = getattr(cls, "__dataclass_params__", None)
    if params is None or not params.frozen or "__slots__" not in vars(cls):
        raise TypeError(f"{cls.__name__} is no frozen, slotted dataclass")
    fields: tuple[dataclasses.Field[Any], ...] = dataclasses.fields(cls)  # type: ignore[arg-type]
    if not all(one.init for one in fields):
        raise TypeError(f"{cls.__name__} has fields that nobody gives")
    names = {f"default_{one.name}": _default(one) for one in fields}
    names |= {f"make_{one.name}": one.default_factory for one in fields}
    lines = ["thaw(self, '__class__', twin)", *map(_stored, fields), "self.__class__ = frozen"]
    if hasattr(cls, "__post_init__"):
        lines.append("self.__post_init__()")
    made = _function(f"self, {_parameters(fields)}", lines, names | _around(cls))
    made.__annotations__, made.__qualname__ = (
        cls.__init__.__annotations__,
        cls.__init__.__qualname__,
    )
    made.__name__, made.__module__ = "__init__", cls.__module__
    cls.__init__ = made  # type: ignore[method-assign]
    _pickle_quickly(cls, fields)
    return cls


def _pickle_quickly(cls: type, fields: "tuple[dataclasses.Field[Any], ...]") -> None:
    """Have the state of a value, as it is pickled and copied, read and set field by field without
    asking which those are.
    """
    told = "".join(f"self.{one.name}, " for one in fields)
    cls.__getstate__ = _function("self", [f"return ({told})"], {})  # type: ignore[method-assign]
    given = "".join(f"{one.name}, " for one in fields)
    lines = [f"({given}) = state", "thaw(self, '__class__', twin)"]
    lines += [f"self.{one.name} = {one.name}" for one in fields]
    lines.append("self.__class__ = frozen")
    cls.__setstate__ = _function("self, state", lines, _around(cls))  # type: ignore[attr-defined]


def changed[Value](value: Value, **fields: Any) -> Value:
    """Return a copy of a slotted dataclass with these fields changed: no `__init__` runs.

    Raises AttributeError for a field that it does not have.
    """
    cls = type(value)
    copy = (_COPIERS.get(cls) or _copier(cls))(value)
    for name in fields:
        setattr(copy, name, fields[name])
    copy.__class__ = cls
    return copy  # type: ignore[no-any-return]


def _copier(cls: type) -> Callable[[Any], Any]:
    """Return what makes an open copy of a value of this class."""
    stores = [f"copy.{one.name} = value.{one.name}" for one in dataclasses.fields(cls)]
    lines = ["copy = twin()", *stores, "return copy"]
    _COPIERS[cls] = _function("value", lines, _around(cls))
    return _COPIERS[cls]


def _around(cls: type) -> dict[str, Any]:
    open_ = {"__slots__": vars(cls)["__slots__"], "__setattr__": object.__setattr__}
    twin = type(cls.__name__, cls.__bases__, open_)
    return {"twin": twin, "frozen": cls, "thaw": object.__setattr__, "factory": _FACTORY}


def _default(field: "dataclasses.Field[Any]") -> Any:
    return _FACTORY if field.default is dataclasses.MISSING else field.default


def _parameters(fields: "tuple[dataclasses.Field[Any], ...]") -> str:
    placed = [_parameter(one) for one in fields if not one.kw_only]
    named = [_parameter(one) for one in fields if one.kw_only]
    return ", ".join([*placed, *(["*", *named] if named else [])])


def _parameter(field: "dataclasses.Field[Any]") -> str:
    missing = dataclasses.MISSING
    given = field.default is not missing or field.default_factory is not missing
    return f"{field.name}=default_{field.name}" if given else field.name


def _stored(field: "dataclasses.Field[Any]") -> str:
    name = field.name
    if field.default_factory is dataclasses.MISSING:
        return f"self.{name} = {name}"
    return f"self.{name} = make_{name}() if {name} is factory else {name}"


def _function(parameters: str, lines: list[str], names: dict[str, Any]) -> Callable[..., Any]:
    """Return a function with this body. All that is in it are names of fields of our own
    classes: dataclasses themselves are made so.
    """
    made: dict[str, Any] = {}
    body = "".join(f"\n {line}" for line in lines)
    exec(f"def made({parameters}):{body}", names, made)  # noqa: S102 - see above
    return made["made"]  # type: ignore[no-any-return]
