"""Looking for the one input that a model runs with."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace

from gradlint.feeding.attempts import Attempts
from gradlint.feeding.backwards import LENGTH, SIDE
from gradlint.feeding.candidates import stream
from gradlint.feeding.guesses import Guess
from gradlint.feeding.repairs import mismatch, repair
from gradlint.feeding.sizes import (
    LENGTH_NAMES,
    LENGTHS,
    LONGER,
    RECTANGLES,
    SIDE_NAMES,
    SIDES,
    VIDEOS,
    VOLUMES,
    Sample,
    kept_sizes,
    narrowed,
    pointed,
    shortened,
)
from gradlint.feeding.values import vocabulary

_CHEAP = 10**9  # multiplications that a few samples of 64 x 64 may take
_MENDS = 3


@dataclass(frozen=True)
class Search:
    """The search for the input called `argument`."""

    attempts: Attempts
    argument: str
    lengths: tuple[int, ...]

    def find(self, defaults: dict[str, object]) -> Guess | None:
        """The first guess with which the model runs."""
        for guess in stream(self.attempts.module, self.argument, defaults):
            found = self._settled(guess)
            if found is not None or self.attempts.spent:
                return found
        return None

    def _settled(self, guess: Guess) -> Guess | None:
        """The guess with the free sizes that the model takes."""
        module = self.attempts.module
        if SIDE in guess.pattern:
            known = kept_sizes(module, SIDE_NAMES)
            volume = guess.pattern.count(SIDE) == 3
            found = self._sized(guess, SIDE, (*known, *(VOLUMES if volume else SIDES)))
            if found is None and guess.pattern.count(SIDE) > 1:
                return self._rectangular(guess)
            return found if found is None or known else self._larger(found)
        if LENGTH not in guess.pattern:
            return self._mended(guess)
        for length, whole in shortened(module, self.lengths):
            why = guess.why if whole else f"{guess.why}, shortened to save time"
            found = self._mended(replace(guess, length=length, length_known=whole, why=why))
            if found is not None:
                return found
        limits = kept_sizes(module, LENGTH_NAMES)
        return self._sized(guess, LENGTH, (min([guess.length, *limits]), *limits, *LENGTHS))

    def _rectangular(self, guess: Guess) -> Guess | None:
        """Images that are not square, where the layers count on their features."""
        if mismatch(self.attempts.error, self.attempts.few) is None:
            return None
        count = guess.pattern.count(SIDE)
        for sides in RECTANGLES if count == 2 else VIDEOS:
            trial = replace(guess, pattern=(*guess.pattern[:-count], *sides))
            if self.attempts.exhausted or self.attempts.accepts(trial):
                return None if self.attempts.exhausted else trial
        return None

    def _larger(self, found: Guess) -> Guess:
        """64 x 64 rather than 32 x 32 where the model takes any size and is cheap."""
        cheap = self.attempts.work * 4 < _CHEAP
        larger = replace(found, side=64)
        image = found.pattern.count(SIDE) == 2 and found.side == SIDES[0]
        return larger if image and cheap and self.attempts.accepts(larger) else found

    def _sized(self, guess: Guess, name: str, sizes: Iterable[int]) -> Guess | None:
        """Try sizes in turn; two failures that tell how far off they were lead to the size."""
        queue = list(dict.fromkeys(sizes))
        first = last = queue[0]
        samples: list[Sample] = []
        while queue and not self.attempts.spent:
            size = queue.pop(0)
            rank = guess.pattern.count(name)
            if size in SIDES and not self.attempts.affords((size / last) ** rank):
                continue
            last = size
            trial = _with_size(guess, name, size, known=size != first)
            found = self._mended(trial)
            if found is not None or self.attempts.broken:
                return found
            queue = narrowed(queue, size, self.attempts.error, LONGER if name == LENGTH else ())
            lacking = mismatch(self.attempts.error, guess.batch or self.attempts.few)
            if lacking is not None:
                queue = pointed(queue, samples, (size, *lacking), rank)
        return None

    def _mended(self, guess: Guess) -> Guess | None:
        """Try a guess, and what its errors make of it."""
        for _ in range(_MENDS):
            if (guess,) in self.attempts.tried:
                return None
            if self.attempts.accepts(guess):
                return guess
            mended = repair(guess, self.attempts.error, guess.batch or self.attempts.few)
            if mended is None:
                return None
            if mended.dtype == "int64" != guess.dtype:
                mended = replace(mended, high=vocabulary(self.attempts.module))
            guess = mended
        return None


def _with_size(guess: Guess, name: str, size: int, known: bool) -> Guess:
    """A length other than the first is one that the model insists on."""
    if name == SIDE:
        return replace(guess, side=size)
    return replace(guess, length=size, length_known=known)
