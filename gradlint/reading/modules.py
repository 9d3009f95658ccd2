"""The methods of modules and containers that torch defines."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from gradlint.reading.python import items_of, representative
from gradlint.reading.values import UNKNOWN, Object, Parameter, Tensor, Value

if TYPE_CHECKING:
    from gradlint.reading.calls import Reader

_Method = Callable[["Reader", Object, list[Value], dict[str, Value]], Value]


def _apply(reader: Reader, this: Object, args: list[Value], _: dict[str, Value]) -> Value:
    """The function is applied to the children first."""
    for child in this.children().values():
        _apply(reader, child, args, {})
    if args:
        reader.call(args[0], [this], {})
    return this


def _itself(_: Reader, this: Object, __: list[Value], ___: dict[str, Value]) -> Value:
    return this


def _frozen(_: Reader, this: Object, args: list[Value], kwargs: dict[str, Value]) -> Value:
    if [*args, *kwargs.values()][:1] == [False]:
        for _name, parameter in this.named_parameters():
            parameter.trainable = False
    return this


def _register(_: Reader, this: Object, args: list[Value], kwargs: dict[str, Value]) -> Value:
    name, value = [*args, *kwargs.values(), UNKNOWN, UNKNOWN][:2]
    this.attributes[str(name) if isinstance(name, str) else f"_{len(this.attributes)}"] = value
    return None


def _append(_: Reader, this: Object, args: list[Value], __: dict[str, Value]) -> Value:
    this.attributes[str(len(this.attributes))] = args[0] if args else UNKNOWN
    return this


def _extend(_: Reader, this: Object, args: list[Value], __: dict[str, Value]) -> Value:
    items = items_of(args[0]) if args else []
    for item in [representative(args[0])] if items is None else items:
        this.attributes[str(len(this.attributes))] = item
    return this


def _insert(_: Reader, this: Object, args: list[Value], __: dict[str, Value]) -> Value:
    items = list(this.attributes.values())
    if len(args) == 2 and isinstance(args[0], int):
        items.insert(args[0], args[1])
    this.attributes = {str(index): item for index, item in enumerate(items)}
    return None


def _update(_: Reader, this: Object, args: list[Value], __: dict[str, Value]) -> Value:
    if args and isinstance(args[0], dict):
        this.attributes |= {str(key): value for key, value in args[0].items()}
    return None


def _item(reader: Reader, this: Object, args: list[Value], _: dict[str, Value]) -> Value:
    """An element of a container, by number or name; of an unknown number the first."""
    key = args[0] if args else UNKNOWN
    held = this.attributes
    if this.torch == "ModuleDict" or isinstance(key, str):
        first = next(iter(held.values()), UNKNOWN)
        return held.get(key, UNKNOWN) if isinstance(key, str) else first
    items = list(held.values())
    if isinstance(key, slice):
        kept = {str(n): item for n, item in enumerate(items[key])}
        return Object(this.torch, None, this.torch, attributes=dict(kept), built=this.built)
    if isinstance(key, int) and -len(items) <= key < len(items):
        return items[key]
    return items[0] if items else UNKNOWN


def _set(_: Reader, this: Object, args: list[Value], __: dict[str, Value]) -> Value:
    if len(args) == 2 and isinstance(args[0], str):
        this.attributes[args[0]] = args[1]
    return None


def _get(reader: Reader, this: Object, args: list[Value], _: dict[str, Value]) -> Value:
    name = args[0] if args else UNKNOWN
    return reader.attribute(this, name) if isinstance(name, str) else UNKNOWN


def _pop(_: Reader, this: Object, args: list[Value], __: dict[str, Value]) -> Value:
    return this.attributes.pop(str(args[0]), UNKNOWN) if args else UNKNOWN


CONTAINERS = frozenset({"Sequential", "ModuleList", "ModuleDict", "ParameterList", "ParameterDict"})
_PASSING = "train eval to cuda cpu float half double bfloat16 type share_memory".split()
METHODS: dict[str, _Method] = {
    "apply": _apply,
    "requires_grad_": _frozen,
    "register_parameter": _register,
    "register_buffer": _register,
    "register_module": _register,
    "add_module": _register,
    "append": _append,
    "extend": _extend,
    "insert": _insert,
    "update": _update,
    "pop": _pop,
    "__getitem__": _item,
    "__setattr__": _set,
    "__getattr__": _get,
    "get_submodule": _get,
    "modules": lambda _, this, *__: [module for _name, module in this.named_modules()],
    "named_modules": lambda _, this, *__: list(this.named_modules()),
    "children": lambda _, this, *__: list(this.children().values()),
    "named_children": lambda _, this, *__: list(this.children().items()),
    "parameters": lambda _, this, *__: [p for _name, p in this.named_parameters()],
    "named_parameters": lambda _, this, *__: list(this.named_parameters()),
    "items": lambda _, this, *__: list(this.attributes.items()),
    "keys": lambda _, this, *__: list(this.attributes),
    "values": lambda _, this, *__: list(this.attributes.values()),
    "__len__": lambda _, this, *__: len(this.attributes),
    "_get_name": lambda _, this, *__: this.type,
    **dict.fromkeys(_PASSING, _itself),
}


def contain(made: Object, args: list[Value], kwargs: dict[str, Value]) -> None:
    """The elements of a container: `nn.Sequential(a, b)`, `nn.ModuleList([a, b])`."""
    given: Any = args[0] if len(args) == 1 else kwargs.get("modules", args)
    if made.torch == "Sequential" and not isinstance(given, dict):
        given = args
    if isinstance(given, dict):
        made.attributes |= {str(key): value for key, value in given.items()}
        return
    items = items_of(given)
    for item in [representative(given)] if items is None else items:
        if made.torch == "ModuleDict" and isinstance(item, tuple) and len(item) == 2:
            made.attributes[str(item[0])] = item[1]
        elif item is not None:
            if made.torch == "ParameterList" and type(item) is Tensor:
                item = Parameter(shape=item.shape, init=item.init)
            made.attributes[str(len(made.attributes))] = item
