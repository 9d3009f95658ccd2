"""From what the first layer wants to the shape that the model's input must have."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

from gradlint.feeding.backwards import BATCH, FLAT, LENGTH, SIDE, Pattern, before
from gradlint.feeding.consumers import Clues
from gradlint.feeding.needs import Need
from gradlint.feeding.specification import Shape
from gradlint.kinds import Kind

PICTURES = {
    784: 1, 1024: 1, 2352: 3, 3072: 3, 4096: 1, 12288: 3, 16384: 1, 49152: 3, 150528: 3
}  # fmt: skip
_NAMES = {
    Kind.LINEAR: "linear layer",
    Kind.CONV: "convolution",
    Kind.EMBEDDING: "embedding",
    Kind.RECURRENT: "recurrent layer",
    Kind.ATTENTION: "attention layer",
    Kind.NORM: "normalisation",
}
_FILLED = {
    "ones": "mask of ones",
    "zeros": "mask of zeros",
    "lengths": "lengths",
    "positions": "positions",
    "state": "state",
    "whole": "whole numbers",
    "ring": "adjacency",
    "edges": "edges",
}


@dataclass(frozen=True)
class Guess:
    """An input that a model may accept: its dimensions, some of them still free."""

    pattern: Pattern
    why: str
    dtype: str = "float32"
    high: int | None = None
    length: int = 32
    side: int = 32
    batch: int | None = None  # set where the model works with one batch size only
    length_known: bool = False
    fill: str = ""  # how its values are made, where they are not random

    def shape(self, batch: int) -> Shape:
        """The shape with this many samples."""
        values = {BATCH: self.batch or batch, LENGTH: self.length, SIDE: self.side}
        dims = tuple(values[d] if isinstance(d, str) else d for d in self.pattern)
        return Shape(dims, self.dtype, self.high)

    @property
    def batch_dim(self) -> int:
        """Where the samples are counted."""
        return self.pattern.index(BATCH)

    @property
    def free(self) -> bool:
        """Whether the model leaves a size open, apart from the batch."""
        return LENGTH in self.pattern or SIDE in self.pattern

    @property
    def what(self) -> str:
        """What a person would call it."""
        if self.fill:
            return _FILLED[self.fill]
        if self.dtype == "int64":
            return "tokens" if len(self.pattern) > 1 else "integers"
        if LENGTH in self.pattern:
            return "sequence"
        return {2: "vector", 3: "sequence", 4: "image", 5: "volume"}.get(len(self.pattern), "input")


GENERIC = (
    Guess((BATCH, 3, SIDE, SIDE), "the commonest input"),
    Guess((BATCH, 1, SIDE, SIDE), "the commonest input"),
    Guess((BATCH,), "the commonest input"),
)


def guesses(clues: Clues) -> Iterator[Guess]:
    """What the layers that read the input ask for, most telling first."""
    layers = [need for need in clues.needs if need.kind is not Kind.NORM]
    for need in (*layers[:2], *clues.needs[:1]):
        for pattern in _wanted(need, clues.sequential):
            guess = Guess(pattern, f"the first {_NAMES[need.kind]}")
            if need.kind is Kind.EMBEDDING:
                guess = replace(guess, dtype="int64", high=need.size, length=16)
            if need.then is not None and _time_first(need.then):
                yield from _before(replace(guess, pattern=_swapped(pattern)), need, clues)
            yield from _before(guess, need, clues)


def _wanted(need: Need, sequential: bool) -> list[Pattern]:
    """The shapes that the layer itself accepts."""
    if need.kind is Kind.CONV:
        free = LENGTH if need.rank == 1 else SIDE
        sides: Pattern = (free,) * need.rank
        tip: list[Pattern] = [(BATCH, need.size, *(1,) * need.rank)] if need.transposed else []
        return [*tip, (BATCH, need.size, *sides)]
    if need.kind is Kind.EMBEDDING:
        return [(BATCH, LENGTH), (BATCH,)]
    if need.cell:
        return [(BATCH, need.size)]
    if need.kind in {Kind.RECURRENT, Kind.ATTENTION}:
        usual: Pattern = (BATCH, LENGTH, need.size)
        return [usual] if need.batch_first else [_swapped(usual), usual]
    vector: Pattern = (BATCH, need.size)
    sequence: Pattern = (BATCH, LENGTH, need.size)
    return [sequence, vector] if sequential else [vector, sequence]


def _time_first(need: Need) -> bool:
    """Whether the data that becomes a layer's sequence counts its steps first."""
    pattern = before(need.steps, _wanted(need, True)[0])
    return pattern is not None and pattern[:2] == (LENGTH, BATCH)


def _swapped(pattern: Pattern) -> Pattern:
    """Steps before samples."""
    return (LENGTH, BATCH, *pattern[2:]) if pattern[:2] == (BATCH, LENGTH) else pattern


def _before(guess: Guess, need: Need, clues: Clues) -> Iterator[Guess]:
    """The shapes at the model's input that become the wanted one."""
    pattern = before(need.steps, guess.pattern)
    if pattern is None or BATCH not in pattern:
        return
    if any(step.name in FLAT for step in need.steps):
        yield from _pictures(guess, need) if need.kind is Kind.LINEAR else _rows(guess, pattern)
    dims = clues.dims or len(pattern)
    if dims == len(pattern) + 1:
        place = pattern.index(BATCH) + 1
        pattern = (*pattern[:place], LENGTH, *pattern[place:])
    elif dims == 4 and need.kind is Kind.LINEAR:
        pattern = (BATCH, SIDE, SIDE, need.size)
    if any(step.name == "one_hot" for step in need.steps):
        guess = replace(guess, dtype="int64", high=need.size)
    yield replace(guess, pattern=pattern)


def _rows(guess: Guess, pattern: Pattern) -> Iterator[Guess]:
    """Images of one channel, of which a view makes sequences: `x.view(-1, 28, 28)`."""
    if len(pattern) == 3 and isinstance(pattern[1], int) and pattern[1] == pattern[2]:
        yield replace(guess, pattern=(pattern[0], 1, *pattern[1:]))


def _pictures(guess: Guess, need: Need) -> Iterator[Guess]:
    channels = PICTURES.get(need.size)
    if channels is not None:
        side = round((need.size / channels) ** 0.5)
        why = f"the {need.size} features of the first linear layer"
        yield replace(guess, pattern=(BATCH, channels, side, side), why=why)
