"""What Python's own functions and methods give, where their arguments are partly unknown."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from gradlint.reading.python import PLAIN, folded, items_of, representative, truth
from gradlint.reading.values import (
    UNKNOWN,
    Builtin,
    Class,
    External,
    Function,
    Many,
    Object,
    Parameter,
    Partial,
    Super,
    Tensor,
    Value,
    tensors_of,
)

if TYPE_CHECKING:
    from gradlint.reading.calls import Reader

_FAMILIES = {  # the classes that torch's layers are derived from, by what their names begin with
    "_ConvNd": ("Conv",),
    "_ConvTransposeNd": ("ConvTranspose",),
    "_BatchNorm": ("BatchNorm", "SyncBatchNorm"),
    "_InstanceNorm": ("InstanceNorm",),
    "_NormBase": ("BatchNorm", "InstanceNorm"),
    "_DropoutNd": ("Dropout",),
    "RNNBase": ("LSTM", "GRU", "RNN"),
}
_TYPES: dict[str, tuple[type, ...]] = {
    "int": (int,),
    "float": (float,),
    "bool": (bool,),
    "str": (str,),
    "list": (list,),
    "tuple": (tuple,),
    "dict": (dict,),
    "set": (set,),
    "range": (range,),
}


def builtin(reader: Reader, name: str, args: list[Value], kwargs: dict[str, Value]) -> Value:
    """What a function of Python gives."""
    if name in _FUNCTIONS:
        return _FUNCTIONS[name](reader, args, kwargs)
    if name in ("sum", "max", "min", "abs", "pow") and any(tensors_of(args)):
        word = {"sum": "add", "max": "maximum", "min": "minimum"}.get(name, name)
        return reader.note(word, tensors_of(args))
    if name in PLAIN:
        return folded(PLAIN[name], *args, **kwargs)
    return reader.unknown(name, args, kwargs) if any(tensors_of(args)) else UNKNOWN


def _range(_: Reader, args: list[Value], __: dict[str, Value]) -> Value:
    found = folded(range, *args)
    if found is not UNKNOWN:
        return found
    return Many(args[0] if len(args) > 1 and isinstance(args[0], int) else 0)


def _len(reader: Reader, args: list[Value], _: dict[str, Value]) -> Value:
    value = args[0] if args else UNKNOWN
    items = items_of(value)
    if items is None and isinstance(value, Tensor) and value.shape:
        return value.shape[0]
    if isinstance(value, Object) and not value.torch:
        return reader.call(reader.attribute(value, "__len__", True), [], {})
    return UNKNOWN if items is None else len(items)


def _enumerate(_: Reader, args: list[Value], kwargs: dict[str, Value]) -> Value:
    start = [*args[1:], *kwargs.values(), 0][0]
    items = items_of(args[0]) if args else []
    if items is None:
        return Many((start, representative(args[0])))
    return list(enumerate(items, start if isinstance(start, int) else 0))


def _zip(_: Reader, args: list[Value], __: dict[str, Value]) -> Value:
    columns = [items_of(arg) for arg in args]
    lengths = [len(column) for column in columns if column is not None]
    filled = [
        [representative(arg)] * min(lengths, default=1) if column is None else column
        for arg, column in zip(args, columns, strict=True)
    ]
    rows = list(zip(*filled, strict=False))
    return rows if lengths or not rows else Many(rows[0])


def _map(reader: Reader, args: list[Value], _: dict[str, Value]) -> Value:
    function, *rest = args or [UNKNOWN]
    rows = _zip(reader, rest, {})
    if isinstance(rows, Many):
        return Many(reader.call(function, list(rows.item), {}))
    return [reader.call(function, list(row), {}) for row in rows]


def _filter(reader: Reader, args: list[Value], _: dict[str, Value]) -> Value:
    function, value = [*args, UNKNOWN, UNKNOWN][:2]
    items = items_of(value)
    if items is None:
        return value
    if function is None:
        return [item for item in items if truth(item) is not False]
    return [item for item in items if truth(reader.call(function, [item], {})) is not False]


def _list(_: Reader, args: list[Value], __: dict[str, Value]) -> Value:
    items = items_of(args[0]) if args else []
    return args[0] if items is None else items


def _tuple(_: Reader, args: list[Value], __: dict[str, Value]) -> Value:
    items = items_of(args[0]) if args else []
    return args[0] if items is None else tuple(items)


def _dict(_: Reader, args: list[Value], kwargs: dict[str, Value]) -> Value:
    first = args[0] if args else {}
    if isinstance(first, dict):
        return {**first, **kwargs}
    pairs = items_of(first) or []
    named = [pair for pair in pairs if isinstance(pair, tuple) and len(pair) == 2]
    return {key: value for key, value in named if isinstance(key, (str, int))} | kwargs


def _reversed(_: Reader, args: list[Value], __: dict[str, Value]) -> Value:
    items = items_of(args[0]) if args else []
    return args[0] if items is None else items[::-1]


def _next(_: Reader, args: list[Value], __: dict[str, Value]) -> Value:
    items = items_of(args[0]) if args else None
    return items[0] if items else representative(args[0]) if args else UNKNOWN


def _isinstance(reader: Reader, args: list[Value], _: dict[str, Value]) -> Value:
    if len(args) != 2 or args[0] is UNKNOWN:
        return UNKNOWN
    wanted = args[1] if isinstance(args[1], (tuple, list)) else (args[1],)
    answers = [_is_of(reader, args[0], each) for each in wanted]
    return True if True in answers else UNKNOWN if UNKNOWN in answers else False


def _is_of(reader: Reader, value: Value, wanted: Value) -> Value:
    match wanted:
        case Builtin(name):
            return isinstance(value, _TYPES[name]) if name in _TYPES else UNKNOWN
        case Class():
            if not isinstance(value, Object) or value.cls is None:
                return isinstance(value, Object) and value.foreign and UNKNOWN
            nodes = [m.node for m in reader.lineage(value.cls) if isinstance(m, Class)]
            return wanted.node in nodes
        case External():
            return _is_external(reader, value, wanted)
    return UNKNOWN


def _is_external(reader: Reader, value: Value, wanted: External) -> Value:
    last = wanted.last
    if isinstance(value, Tensor):
        return last == "Parameter" if isinstance(value, Parameter) else last == "Tensor"
    if not isinstance(value, Object):
        return UNKNOWN if isinstance(value, (Function, External, Class)) else False
    if last in (value.torch, value.type) or (last == "Module" and bool(value.torch)):
        return True
    if last in _FAMILIES:
        return value.torch.startswith(_FAMILIES[last])
    bases = reader.lineage(value.cls) if value.cls is not None else []
    return any(isinstance(b, External) and b.last == last for b in bases)


def _hasattr(reader: Reader, args: list[Value], _: dict[str, Value]) -> Value:
    owner, name = [*args, UNKNOWN, UNKNOWN][:2]
    if isinstance(owner, Object) and isinstance(name, str) and not owner.foreign:
        return name in owner.attributes or reader.attribute(owner, name) is not UNKNOWN
    return UNKNOWN


def _getattr(reader: Reader, args: list[Value], _: dict[str, Value]) -> Value:
    owner, name = [*args, UNKNOWN, UNKNOWN][:2]
    if not isinstance(name, str):  # one of its layers, by a name that nobody knows
        children = owner.children() if isinstance(owner, Object) else {}
        return next(iter(children.values()), UNKNOWN)
    found = reader.attribute(owner, name)
    return args[2] if found is UNKNOWN and len(args) > 2 and owner is not UNKNOWN else found


def _setattr(reader: Reader, args: list[Value], _: dict[str, Value]) -> Value:
    if len(args) == 3 and isinstance(args[1], str) and isinstance(args[0], Object):
        args[0].attributes[args[1]] = args[2]
    return None


def _delattr(_: Reader, args: list[Value], __: dict[str, Value]) -> Value:
    if len(args) == 2 and isinstance(args[1], str) and isinstance(args[0], Object):
        args[0].attributes.pop(args[1], None)
    return None


def _type(_: Reader, args: list[Value], __: dict[str, Value]) -> Value:
    value = args[0] if args else UNKNOWN
    if isinstance(value, Object):
        return value.cls or External(f"torch.nn.{value.type}")
    word = type(value).__name__
    return Builtin(word) if word in _TYPES else UNKNOWN


def _super(_: Reader, args: list[Value], __: dict[str, Value]) -> Value:
    if len(args) == 2 and isinstance(args[0], Class):
        return Super(args[1], args[0])
    return UNKNOWN


def _callable(_: Reader, args: list[Value], __: dict[str, Value]) -> Value:
    callables = (Function, Class, Object, External, Builtin, Partial)
    return UNKNOWN if not args or args[0] is UNKNOWN else isinstance(args[0], callables)


def _import(_: Reader, args: list[Value], __: dict[str, Value]) -> Value:
    return External(args[0]) if args and isinstance(args[0], str) else UNKNOWN


_FUNCTIONS: dict[str, Callable[[Reader, list[Value], dict[str, Value]], Value]] = {
    "range": _range,
    "len": _len,
    "enumerate": _enumerate,
    "zip": _zip,
    "map": _map,
    "filter": _filter,
    "list": _list,
    "set": _list,
    "iter": _list,
    "tuple": _tuple,
    "dict": _dict,
    "reversed": _reversed,
    "next": _next,
    "isinstance": _isinstance,
    "hasattr": _hasattr,
    "getattr": _getattr,
    "setattr": _setattr,
    "delattr": _delattr,
    "type": _type,
    "super": _super,
    "callable": _callable,
    "__import__": _import,
    "print": lambda *_: None,
}


def plain_method(
    reader: Reader, this: Value, name: str, args: list[Value], kwargs: dict[str, Value]
) -> Value:
    """What a method of a list, dictionary or text gives."""
    if isinstance(this, Class):  # of torch.autograd.Function
        return reader.note(this.node.name, tensors_of(args))
    if isinstance(this, list) and name in ("extend", "append", "insert"):
        return _grown(this, name, args)
    if isinstance(this, (list, dict)):
        return _held(this, name, args)
    return folded(getattr(this, name, _nothing), *args, **kwargs)


def _nothing(*_: Any) -> Value:
    return UNKNOWN


def _grown(this: list[Value], name: str, args: list[Value]) -> None:
    if name == "append":
        this.append(args[0] if args else UNKNOWN)
    elif name == "insert" and len(args) == 2 and isinstance(args[0], int):
        this.insert(args[0], args[1])
    elif name == "extend" and args:
        items = items_of(args[0])
        this.extend([representative(args[0])] if items is None else items)


def _held(this: list[Value] | dict[Value, Value], name: str, args: list[Value]) -> Value:
    if isinstance(this, dict) and name == "get":
        key, otherwise = [*args, None, None][:2]
        return this.get(key, otherwise) if isinstance(key, (str, int)) else UNKNOWN
    method: Callable[..., Any] = getattr(this, name, _nothing)
    try:
        found = method(*args)
    except Exception:
        return UNKNOWN
    return list(found) if name in ("items", "keys", "values") else found
