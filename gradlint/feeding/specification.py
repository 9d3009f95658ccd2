"""Input specifications: `8x3x32x32`, `8x128:int64<30000`, `ids=8x16:int64<100`. No torch.

`batch.image=8x3x32x32` is an entry of a mapping, `pair.0=8x5` a part of a tuple or list;
`train=true`, `mask=none`, `step=int(3)` and `rate=float(0.5)` are no tensors.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from gradlint.errors import GradlintError

DTYPES = ("float32", "float64", "int64", "bool")
_ALIASES = {"float": "float32", "double": "float64", "int": "int64", "long": "int64"}
_NAME = r"(?P<name>[A-Za-z_]\w*(?:\.\w+)?)"
_LITERAL = re.compile(_NAME + r"\s*=\s*(?P<value>true|false|none|int\(-?\d+\)|float\([-.\de]+\))")
_PATTERN = re.compile(
    rf"(?:{_NAME}\s*=\s*)?"
    r"(?P<dims>\d+(?:\s*[x×]\s*\d+)*)"
    r"(?:\s*:\s*(?P<dtype>\w+))?"
    r"(?:\s*<\s*(?P<high>\d+))?"
)
_EXAMPLE = "write --input 8x3x32x32, --input '8x128:int64<30000' or --input 'ids=8x16:int64<100'"


@dataclass(frozen=True)
class Shape:
    """One input: its dimensions, what fills it, and the parameter it is for."""

    dims: tuple[int, ...]
    dtype: str = "float32"
    high: int | None = None  # integers lie in [0, high)
    name: str | None = None  # None where it is given by position
    literal: str = ""  # what is given in place of a tensor: "true", "int(3)"

    def __str__(self) -> str:
        """The specification that parses to this shape."""
        if self.literal:
            return f"{self.name}={self.literal}"
        name = "" if self.name is None else f"{self.name}="
        dtype = "" if self.dtype == "float32" else f":{self.dtype}"
        high = "" if self.high is None else f"<{self.high}"
        return name + "x".join(map(str, self.dims)) + dtype + high


def parse_shapes(text: str) -> tuple[Shape, ...]:
    """The inputs of one `--input`: positional ones first, then those by name."""
    parts = [part.strip() for part in re.split(r"[,;]", text)]
    shapes = tuple(_parse(part) for part in parts if part)
    if not shapes:
        raise GradlintError("the input specification is empty", _EXAMPLE)
    names = [shape.name for shape in shapes]
    named = [name for name in names if name is not None]
    if None in names[len(names) - len(named) :]:
        raise GradlintError(
            f"in {text!r} an input without a name follows a named one",
            "name the later ones too: --input 'x=8x32,mask=8x32:bool'",
        )
    for name in named:
        if named.count(name) > 1:
            raise GradlintError(f"the input {name!r} is given twice", "give each input once")
    return shapes


def specification(shapes: tuple[Shape, ...]) -> str:
    """The shapes as one argument for `--input`, quoted where a shell needs it."""
    text = ",".join(map(str, shapes))
    return f"'{text}'" if set(text) & set("<;(") else text


def _parse(part: str) -> Shape:
    literal = _LITERAL.fullmatch(part)
    if literal is not None:
        return Shape((), name=literal["name"], literal=literal["value"])
    found = _PATTERN.fullmatch(part)
    if found is None:
        raise GradlintError(f"cannot read the input {part!r}", _EXAMPLE)
    dims = tuple(int(size) for size in re.split(r"\s*[x×]\s*", found["dims"]))
    if 0 in dims:
        raise GradlintError(f"the input {part!r} has a dimension of 0", _EXAMPLE)
    high = None if found["high"] is None else int(found["high"])
    dtype = found["dtype"] or ("float32" if high is None else "int64")
    dtype = _ALIASES.get(dtype, dtype)
    _check(part, dtype, high)
    return Shape(dims, dtype, high, found["name"])


def _check(part: str, dtype: str, high: int | None) -> None:
    if dtype not in DTYPES:
        raise GradlintError(
            f"the input {part!r} has the unknown type {dtype!r}", f"use one of {', '.join(DTYPES)}"
        )
    if high is not None and dtype != "int64":
        raise GradlintError(
            f"the input {part!r} bounds {dtype} values, and only integers can be bounded",
            "write int64 for integers below a bound: --input '8x128:int64<30000'",
        )
    if high == 0:
        raise GradlintError(f"the input {part!r} leaves no integer below 0", _EXAMPLE)
