"""The shape before an operation, from the shape after it."""

from __future__ import annotations

from collections.abc import Iterable
from math import prod

from gradlint.feeding.needs import Step

BATCH, LENGTH, SIDE = "batch", "length", "side"  # sizes that are free
FLAT = frozenset({"flatten", "view", "reshape"})
Pattern = tuple[int | str, ...]

_REDUCE = frozenset({"mean", "sum", "amax", "logsumexp", "max", "select"})


def before(steps: Iterable[Step], pattern: Pattern) -> Pattern | None:
    """The shape before all steps, None where one cannot be undone."""
    found: Pattern | None = pattern
    for step in reversed(tuple(steps)):
        found = _undo(step, found) if found else None
    return found


def _undo(step: Step, pattern: Pattern) -> Pattern | None:
    """The shape before an operation, from the shape after it."""
    numbers = _numbers(step)
    rank = len(pattern)
    if step.name == "permute" and sorted(n % rank for n in numbers) == list(range(rank)):
        before = dict(zip((n % rank for n in numbers), pattern, strict=True))
        return tuple(before[place] for place in range(rank))
    if step.name in {"transpose", "swapaxes"} and len(numbers) == 2:
        return _swapped(pattern, numbers[0] % rank, numbers[1] % rank)
    if step.name == "unsqueeze" and len(numbers) == 1:
        place = numbers[0] % rank
        return (*pattern[:place], *pattern[place + 1 :])
    if step.name == "one_hot":
        return pattern[:-1]
    if step.name in {"chunk", "split", "unbind"}:
        return _joined(step, pattern)
    if step.name == "getitem":
        return _unindexed(step.args[0], pattern)
    if step.name in _REDUCE and numbers and step.kwargs.get("keepdim") is not True:
        return _inserted(pattern, numbers[0] % (rank + 1), LENGTH if rank < 3 else SIDE)
    if step.name == "squeeze" and len(numbers) == 1:
        return _inserted(pattern, numbers[0] % (rank + 1), 1)
    if step.name in FLAT:
        return _unviewed(step, pattern)
    return pattern


def _numbers(step: Step) -> list[int]:
    """The whole numbers among an operation's arguments, those in one tuple or list too."""
    values = [*step.args, *(step.kwargs.get(key) for key in ("dim", "dims"))]
    flat = [v for value in values for v in (value if isinstance(value, (tuple, list)) else [value])]
    return [v for v in flat if isinstance(v, int) and not isinstance(v, bool)]


def _swapped(pattern: Pattern, first: int, second: int) -> Pattern:
    sizes = list(pattern)
    sizes[first], sizes[second] = sizes[second], sizes[first]
    return tuple(sizes)


def _inserted(pattern: Pattern, place: int, size: int | str) -> Pattern:
    return (*pattern[:place], size, *pattern[place:])


def _unindexed(index: object, pattern: Pattern) -> Pattern:
    """Before `x[:, t]` or `x[t]`: the picked dimension is a length."""
    for place, part in enumerate(index if isinstance(index, tuple) else (index,)):
        if part is None and not isinstance(index, tuple):
            return _inserted(pattern, place, LENGTH)
        if isinstance(part, int) or (part is None and place):
            return _inserted(pattern, min(place, len(pattern)), LENGTH)
    return pattern


def _joined(step: Step, pattern: Pattern) -> Pattern:
    """Before an input was taken apart, from the shape of one part."""
    numbers = _numbers(step)
    if step.name == "unbind":
        return _inserted(pattern, (numbers or [0])[0] % (len(pattern) + 1), LENGTH)
    count, place = [*numbers, 0][:2] if numbers else (1, 0)
    place %= len(pattern)
    size = pattern[place]
    if step.name == "split":
        size = LENGTH if size == count == 1 else size
    elif isinstance(size, int):
        size *= count
    return (*pattern[:place], size, *pattern[place + 1 :])


def _unviewed(step: Step, pattern: Pattern) -> Pattern:
    """Before a view: its literal sizes are taken over, ones at the end dropped."""
    sizes = [*step.args]
    if len(sizes) == 1 and isinstance(sizes[0], (tuple, list)):
        sizes = [*sizes[0]]
    if step.name == "flatten" or len(sizes) != len(pattern):
        return pattern
    filled: list[int | str] = []
    for size, wanted in zip(sizes, pattern, strict=True):
        literal = isinstance(size, int) and size > 0 and wanted != BATCH
        filled.append(size if literal and isinstance(size, int) else wanted)
    while len(filled) > 2 and filled[-1] == 1:
        filled.pop()
    known = [size for size in filled[1:] if isinstance(size, int)]
    flat = filled[-1] == 1 and len(known) + 1 == len(filled)
    return (BATCH, prod(known)) if flat else tuple(filled)
