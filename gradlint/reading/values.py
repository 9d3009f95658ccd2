"""What an expression of the source may stand for while it is read.

Numbers, texts, lists, tuples and dictionaries stand for themselves.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, TypeAlias

from gradlint.discovery.outline import Outline
from gradlint.graph import Init
from gradlint.span import Span

Value: TypeAlias = Any
Shape: TypeAlias = tuple[Any, ...]  # of numbers and UNKNOWN

INPUT = -1  # in place of an operation's index: an input of the model


class Unknown:
    """What cannot be known from the source."""

    def __deepcopy__(self, _: object) -> Unknown:
        return self


UNKNOWN = Unknown()


@dataclass(eq=False)
class Tensor:
    """A tensor: the operations that it comes from, the parameters that it is made of."""

    sources: frozenset[int] = frozenset()
    weights: frozenset[Tensor] = frozenset()
    carries: bool = True  # whether a gradient can pass: not through indices and masks
    shape: Shape | None = None
    init: Init | None = None  # of what is no data: who wrote its values
    name: str = ""  # of a parameter, once the model is built
    trainable: bool = True

    @property
    def many_dimensions(self) -> bool:
        """Whether it has two or more dimensions, or may have."""
        return self.shape is None or len(self.shape) > 1


@dataclass(eq=False)
class Parameter(Tensor):
    """An `nn.Parameter`."""


@dataclass(frozen=True, eq=False)
class Many:
    """So many values of one sort that nobody knows how many."""

    item: Value


@dataclass(frozen=True)
class External:
    """What is imported from elsewhere, by its dotted name: "torch.nn.Linear"."""

    name: str

    @property
    def last(self) -> str:
        """The name without what it is in."""
        return self.name.rpartition(".")[2]


@dataclass(frozen=True)
class Builtin:
    """A name of Python itself: `len`."""

    name: str


@dataclass(eq=False)
class Scope:
    """The names of one function, module or class body, and the scope around it."""

    outline: Outline
    names: dict[str, Value]
    outer: Scope | None = None
    owner: Class | None = None  # the class whose method runs here
    this: Value = None  # the first argument of that method
    waiting: dict[str, ast.stmt] = field(default_factory=dict)  # read when asked for

    def __deepcopy__(self, _: object) -> Scope:
        return self


@dataclass(frozen=True, eq=False)
class Class:
    """A class of the source."""

    node: ast.ClassDef
    scope: Scope
    names: dict[str, Value] = field(default_factory=dict)  # class attributes read so far

    def __deepcopy__(self, _: object) -> Class:
        return self


@dataclass(frozen=True, eq=False)
class Function:
    """A function or lambda of the source, with the object that it is bound to."""

    node: ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda
    scope: Scope
    owner: Class | None = None
    this: Value = None
    bound: bool = False


@dataclass(frozen=True, eq=False)
class Method:
    """A method that the source does not define, of an object: `layers.append`."""

    this: Value
    name: str


@dataclass(frozen=True, eq=False)
class Partial:
    """A callable with some of its arguments."""

    function: Value
    args: tuple[Value, ...]
    kwargs: dict[str, Value]


@dataclass(frozen=True, eq=False)
class Super:
    """`super()` in a method of `owner`."""

    this: Value
    owner: Class


@dataclass(eq=False)
class Object:
    """An instance: of a class of the source, or of a layer of torch."""

    type: str  # class name
    cls: Class | None  # None for what torch defines
    torch: str  # the class of torch.nn that it is or is derived from; "" where it is no module
    foreign: bool = False  # a base of it is defined elsewhere
    attributes: dict[str, Value] = field(default_factory=dict)
    built: tuple[Span, ...] = ()

    def children(self) -> dict[str, Object]:
        """The modules directly inside this one."""
        return {
            name: value
            for name, value in self.attributes.items()
            if isinstance(value, Object) and value.torch
        }

    def parameters(self) -> dict[str, Parameter]:
        """The parameters of the module itself."""
        found = self.attributes.items()
        return {name: value for name, value in found if isinstance(value, Parameter)}

    def named_modules(
        self, prefix: str = "", seen: set[int] | None = None
    ) -> Iterator[tuple[str, Object]]:
        """The module and those inside it, each once, by path."""
        seen = set() if seen is None else seen
        if id(self) in seen:
            return
        seen.add(id(self))
        yield prefix, self
        for name, child in self.children().items():
            yield from child.named_modules(f"{prefix}.{name}" if prefix else name, seen)

    def named_parameters(self) -> Iterator[tuple[str, Parameter]]:
        """The parameters of the module and of those inside it, each once."""
        seen: set[int] = set()
        for path, module in self.named_modules():
            for name, parameter in module.parameters().items():
                if id(parameter) not in seen:
                    seen.add(id(parameter))
                    yield f"{path}.{name}" if path else name, parameter


def tensors_of(value: Value, depth: int = 0) -> Iterator[Tensor]:
    """The tensors inside a value."""
    if isinstance(value, Tensor):
        yield value
    elif depth > 8:
        return
    elif isinstance(value, Many):
        yield from tensors_of(value.item, depth + 1)
    elif isinstance(value, (list, tuple, set)):
        for item in value:
            yield from tensors_of(item, depth + 1)
    elif isinstance(value, dict):
        yield from tensors_of(list(value.values()), depth + 1)
    elif isinstance(value, Object) and not value.torch:
        yield from tensors_of(list(value.attributes.values()), depth + 1)


def known(*values: Value) -> bool:
    """Whether values are plain numbers, texts or collections of such."""
    for value in values:
        if isinstance(value, (list, tuple)):
            if not known(*value):
                return False
        elif isinstance(value, dict):
            if not known(*value.values()):
                return False
        elif not (value is None or isinstance(value, (bool, int, float, str, range, slice))):
            return False
    return True
