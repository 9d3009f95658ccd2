"""Inferring the inputs of a model from the model."""

from __future__ import annotations

from dataclasses import replace

from torch import nn

from gradlint.errors import NotRun
from gradlint.feeding.attempts import Attempts
from gradlint.feeding.guesses import Guess
from gradlint.feeding.runs import MANY
from gradlint.feeding.search import Search, stream, traced
from gradlint.feeding.several import find_several
from gradlint.feeding.specification import Shape, specification
from gradlint.feeding.symbols import parameters_of

_TOLD = 120  # characters of an error that are shown
_SPARE = {"mask", "masks", "hidden", "hx", "h", "h0", "hc", "state", "states"}  # may be None


def infer(module: nn.Module, lengths: tuple[int, ...]) -> tuple[Attempts, tuple[Guess, ...]]:
    """Guesses, one for each required input, that the model runs with, and how they were tried.

    Raises NotRun where none are found.
    """
    names, defaults = parameters_of(module)
    if not names:
        raise NotRun("forward reads no input", "gradlint probes models that read one")
    spare = tuple(name for name in names[1:] if set(name.lower().split("_")) & _SPARE)
    needed = [name for name in names if name not in spare]
    attempts = Attempts(module, spare)
    known = {**defaults, **attempts.kwargs}
    found = _found(attempts, needed, known, lengths)
    if found is None or len({guess.batch_dim for guess in found}) > 1:
        raise _not_found(attempts, names, known)
    return attempts, found


def _found(
    attempts: Attempts, needed: list[str], known: dict[str, object], lengths: tuple[int, ...]
) -> tuple[Guess, ...] | None:
    if len(needed) == 1:
        guess = Search(attempts, needed[0], lengths).find(known)
        return None if guess is None else (guess,)
    options = [traced(attempts.module, name, known) for name in needed]
    return find_several(attempts, options, lengths) if all(options) else None


def _not_found(attempts: Attempts, names: list[str], known: dict[str, object]) -> NotRun:
    if len(names) == 1:
        shape = next(stream(attempts.module, names[0], known)).shape(MANY)
        return NotRun(
            f"no input was found that forward runs with: {shortened(attempts.first_error)}",
            f"give the shape of {names[0]}, for example: --input {specification((shape,))}",
        )
    shapes = []
    for name in names:
        guesses = traced(attempts.module, name, known)
        plain = Shape((MANY, 32), "bool" if "mask" in name else "float32")
        shapes.append(replace(guesses[0].shape(MANY) if guesses else plain, name=name))
    return NotRun(
        f"forward needs {', '.join(names[:-1])} and {names[-1]}",
        f"give them, for example: --input {specification(tuple(shapes))}",
    )


def shortened(error: str) -> str:
    """An error that fits a line."""
    return error if len(error) <= _TOLD else f"{error[: _TOLD - 3]}..."
