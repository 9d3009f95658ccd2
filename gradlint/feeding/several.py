"""Looking for the inputs of a forward that needs more than one."""

from __future__ import annotations

from dataclasses import replace
from itertools import islice, product

from gradlint.feeding.attempts import Attempts
from gradlint.feeding.backwards import BATCH, LENGTH, SIDE
from gradlint.feeding.guesses import Guess
from gradlint.feeding.repairs import channels, mismatch
from gradlint.feeding.runs import FEW
from gradlint.feeding.sizes import SIDES

_OPTIONS = 3  # guesses for one input
_MENDS = 3


def find_several(
    attempts: Attempts, options: list[list[Guess]], lengths: tuple[int, ...]
) -> tuple[Guess, ...] | None:
    """Guesses, one for each input, that the model runs with together."""
    for combination in product(*(islice(guesses, _OPTIONS) for guesses in options)):
        for sized in _sizes(combination, lengths):
            found = _mended(attempts, sized)
            if found is not None or attempts.spent:
                return found
            if attempts.broken:
                break
    return None


def _sizes(guesses: tuple[Guess, ...], lengths: tuple[int, ...]) -> list[tuple[Guess, ...]]:
    """The guesses with one length and one side for all of them."""
    if any(SIDE in guess.pattern for guess in guesses):
        return [tuple(replace(guess, side=side) for guess in guesses) for side in SIDES]
    if any(LENGTH in guess.pattern for guess in guesses):
        usual = min(guess.length for guess in guesses)
        known = [tuple(replace(g, length=n, length_known=True) for g in guesses) for n in lengths]
        return [*known, tuple(replace(guess, length=usual) for guess in guesses)]
    return [guesses]


def _mended(attempts: Attempts, guesses: tuple[Guess, ...]) -> tuple[Guess, ...] | None:
    for _ in range(_MENDS):
        if guesses in attempts.tried:
            return None
        if attempts.accepts(*guesses):
            return guesses
        lacking = mismatch(attempts.error, FEW) or channels(attempts.error)
        shared = _shared(guesses, *lacking) if lacking else None
        if shared is None:
            return None
        guesses = shared
    return None


def _shared(guesses: tuple[Guess, ...], got: int, wanted: int) -> tuple[Guess, ...] | None:
    """The features of joined inputs: divided among equals, or taken from the largest."""
    sizes = [_features(guess) for guess in guesses]
    known = [size for size in sizes if size is not None]
    if not known:
        return None
    if len(known) > 1 and len(set(known)) == 1 and known[0] * wanted % got == 0:
        return tuple(_with(guess, known[0] * wanted // got) for guess in guesses)
    place = sizes.index(max(known))
    size = max(known) + wanted - got
    if size < 1:
        return None
    return (*guesses[:place], _with(guesses[place], size), *guesses[place + 1 :])


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
