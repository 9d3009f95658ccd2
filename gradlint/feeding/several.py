"""Looking for the inputs of a forward that needs more than one value."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import TypeGuard

from gradlint.feeding.attempts import Attempts
from gradlint.feeding.backwards import BATCH, LENGTH, SIDE
from gradlint.feeding.guesses import Guess
from gradlint.feeding.recipes import Recipe, sized
from gradlint.feeding.repairs import channels, mismatch, repair, unmatched
from gradlint.feeding.sizes import (
    LENGTH_NAMES,
    LENGTHS,
    SIDE_NAMES,
    SIDES,
    Sample,
    kept_sizes,
    pointed,
    shortened,
)

Choice = tuple[Recipe, ...]  # one recipe for each slot
_MORE = 150  # attempts: each is a run of a few samples


@dataclass
class Climb:
    """A search that goes on from the choice with which the forward came furthest."""

    attempts: Attempts
    lengths: tuple[int, ...]

    def find(self) -> Choice | None:
        """Recipes that the model runs with together."""
        attempts = self.attempts
        attempts.allowed = max(attempts.allowed, len(attempts.tried) + _MORE)
        if not all(slot.options for slot in attempts.call.slots):
            return None
        choice = self._first()
        if attempts.accepts(*choice):
            return choice
        while not attempts.spent:
            furthest, error = attempts.progress, attempts.error
            for other in self._others(choice, error):
                if other in attempts.tried:
                    continue
                if attempts.accepts(*other):
                    return other
                if attempts.progress > furthest:
                    choice = other
                    break
                if attempts.spent:
                    return None
            else:
                return None
        return None

    def _first(self) -> Choice:
        """The likeliest of each, of one length and side."""
        choice = tuple(slot.options[0] for slot in self.attempts.call.slots)
        module = self.attempts.module
        free = [r.length for r in choice if _has(r, LENGTH) and isinstance(r, Guess)]
        limits = kept_sizes(module, LENGTH_NAMES)
        shown = (length for length, _ in shortened(module, self.lengths))
        length = next(shown, min([*free, *limits], default=32))
        side = next(iter(kept_sizes(module, SIDE_NAMES)), SIDES[0])
        return tuple(sized(recipe, length=length, side=side) for recipe in choice)

    def _others(self, choice: Choice, error: str) -> Iterator[Choice]:
        """Choices that differ in one thing: what the error tells, an option, the sizes."""
        yield from _mended(choice, error, self.attempts.few)
        yield from self._alike(choice)
        flattened = mismatch(error, self.attempts.few) and any(_has(r, SIDE) for r in choice)
        if flattened:
            yield from self._resized(choice, error)
        yield from self._replaced(choice)
        if not flattened:
            yield from self._resized(choice, error)

    def _alike(self, choice: Choice) -> Iterator[Choice]:
        """The parts of a tuple alike, as the states of a cell are."""
        slots = self.attempts.call.slots
        firsts = {s.name: r for s, r in reversed([*zip(slots, choice, strict=True)])}
        if any(slot.key == 1 for slot in slots):
            yield tuple(firsts[s.name] if s.key else r for s, r in zip(slots, choice, strict=True))

    def _replaced(self, choice: Choice) -> Iterator[Choice]:
        slots = self.attempts.call.slots
        guesses = [recipe for recipe in choice if isinstance(recipe, Guess)]
        length = next((g.length for g in guesses if _has(g, LENGTH)), 32)
        side = next((g.side for g in guesses if _has(g, SIDE)), SIDES[0])
        for rank in range(max(len(slot.options) for slot in slots)):
            for place, slot in enumerate(slots):
                if rank < len(slot.options):
                    option = sized(slot.options[rank], length=length, side=side)
                    yield (*choice[:place], option, *choice[place + 1 :])

    def _resized(self, choice: Choice, error: str) -> Iterator[Choice]:
        module = self.attempts.module
        sides = {recipe.side for recipe in choice if _has(recipe, SIDE)}
        if len(sides) == 1:
            yield from self._sized(choice, SIDE, sides.pop(), SIDES, error)
        elif sides:
            yield from (tuple(_scaled(recipe, n) for recipe in choice) for n in (2, 4, 8))
        lengths = [recipe.length for recipe in choice if _has(recipe, LENGTH)]
        if lengths:
            others = (*self.lengths, *kept_sizes(module, LENGTH_NAMES), *LENGTHS[:-1])
            yield from self._sized(choice, LENGTH, lengths[0], others, error)

    def _sized(
        self, choice: Choice, name: str, size: int, others: tuple[int, ...], error: str
    ) -> Iterator[Choice]:
        """Other sizes; two failures that tell how far off they were lead to the right one."""
        queue = list(dict.fromkeys(others))
        samples: list[Sample] = []
        while True:
            lacking = mismatch(error, self.attempts.few)
            if lacking is not None:
                rank = 2 if name == SIDE else 1
                queue = pointed(queue, samples, (size, *lacking), rank)
            if name == SIDE:
                queue = [side for side in queue if self.attempts.affords((side / size) ** 2)]
            if not queue:
                return
            size = queue.pop(0)
            yield tuple(sized(recipe, **{name: size}) for recipe in choice)
            error = self.attempts.error


def _scaled(recipe: Recipe, factor: int) -> Recipe:
    return replace(recipe, side=recipe.side * factor) if _has(recipe, SIDE) else recipe


def _has(recipe: Recipe, size: str) -> TypeGuard[Guess]:
    return isinstance(recipe, Guess) and size in recipe.pattern


def _mended(choice: Choice, error: str, batch: int) -> Iterator[Choice]:
    """What an error says about the sizes of what was joined, or of a single input."""
    lacking = mismatch(error, batch) or channels(error)
    places = [n for n, r in enumerate(choice) if isinstance(r, Guess) and not r.fill]
    guesses = tuple(recipe for recipe in choice if isinstance(recipe, Guess) and not recipe.fill)
    if lacking and any(_has(guess, LENGTH) and guess.length == lacking[0] for guess in guesses):
        longer = [replace(guess, length=lacking[1]) for guess in guesses]
        yield _put(choice, dict(zip(places, longer, strict=True)))
    joined = channels(error) is not None
    shared = _shared(guesses, *lacking, joined) if lacking else None
    if shared is not None:
        yield _put(choice, dict(zip(places, shared, strict=True)))
    wanted, got = unmatched(error) or (0, 0)
    for place, guess in zip(places, guesses, strict=True):
        if _has(guess, SIDE) and guess.side == got:
            yield _put(choice, {place: replace(guess, side=wanted)})
        if _has(guess, LENGTH) and guess.length == got:
            yield _put(choice, {place: replace(guess, length=wanted)})
        other = repair(guess, error, batch)
        if other is not None:
            yield _put(choice, {place: other})


def _put(choice: Choice, changed: dict[int, Guess]) -> Choice:
    return tuple(changed.get(place, recipe) for place, recipe in enumerate(choice))


def _shared(
    guesses: tuple[Guess, ...], got: int, wanted: int, images: bool
) -> tuple[Guess, ...] | None:
    """The features of joined inputs: divided among equals, or taken from the largest.

    Without `images`, those are left alone: their features depend on their sides.
    """
    sizes = [_features(guess) if images or SIDE not in guess.pattern else None for guess in guesses]
    known = [size for size in sizes if size is not None]
    if not known:
        return None
    for size in dict.fromkeys(known):
        times, rest = divmod(got, size)
        if 1 < times <= known.count(size) and not rest and not wanted % times:
            return tuple(
                _with(g, wanted // times) if n == size else g
                for g, n in zip(guesses, sizes, strict=True)
            )
    total = sum(known) + wanted - got
    if len(known) > 1 and len(set(known)) == 1 and total >= len(known):
        shares = iter(_divided(total, len(known)))
        return tuple(
            g if n is None else _with(g, next(shares)) for g, n in zip(guesses, sizes, strict=True)
        )
    place = sizes.index(max(known))
    size = max(known) + wanted - got
    if size < 1:
        return None
    return (*guesses[:place], _with(guesses[place], size), *guesses[place + 1 :])


def _divided(total: int, parts: int) -> list[int]:
    """As evenly as whole numbers allow, the larger ones first."""
    share, rest = divmod(total, parts)
    return [share + (place < rest) for place in range(parts)]


def _features(guess: Guess) -> int | None:
    """The size that joining adds up: channels of images, else the last dimension."""
    size = guess.pattern[_place(guess)]
    return size if isinstance(size, int) and guess.pattern[0] == BATCH else None


def _place(guess: Guess) -> int:
    return 1 if SIDE in guess.pattern else -1


def _with(guess: Guess, size: int) -> Guess:
    if _features(guess) is None:
        return guess
    sizes = list(guess.pattern)
    sizes[_place(guess)] = size
    return replace(guess, pattern=tuple(sizes))
