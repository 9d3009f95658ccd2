"""Frozen dataclasses to plain data and back. What is kept is JSON: reading it runs nothing."""

from __future__ import annotations

import types
from dataclasses import asdict, is_dataclass
from enum import Enum
from functools import cache
from typing import Any, TypeVar, Union, get_args, get_origin, get_type_hints

T = TypeVar("T")


def plain(value: Any) -> dict[str, Any]:
    """A dataclass as JSON can hold it."""
    return asdict(value)


def restored(kind: type[T], data: Any) -> T:
    """The dataclass that `plain` made the data of. Raises ValueError, TypeError or KeyError."""
    found: T = _value(kind, data)
    return found


def _value(kind: Any, data: Any) -> Any:
    if get_origin(kind) in (types.UnionType, Union):
        return None if data is None else _value(get_args(kind)[0], data)
    if get_origin(kind) is tuple:
        return tuple(_value(get_args(kind)[0], item) for item in data)
    if isinstance(kind, type) and is_dataclass(kind):
        return kind(**{name: _value(each, data[name]) for name, each in _fields(kind).items()})
    if isinstance(kind, type) and issubclass(kind, Enum):
        return kind(data)
    if not isinstance(data, (int, float) if kind is float else kind):
        raise TypeError(f"{data!r} is not of the type {kind}")
    return data


@cache
def _fields(kind: type) -> dict[str, Any]:
    return get_type_hints(kind)
