"""Inferring the inputs of a model from the model."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace

from torch import nn

from gradlint.errors import NotRun
from gradlint.feeding.attempts import Attempts
from gradlint.feeding.calls import Call, Slot
from gradlint.feeding.candidates import stream
from gradlint.feeding.facts import reads_one_sample
from gradlint.feeding.guesses import Guess
from gradlint.feeding.recipes import Plain, Recipe, counted, shapes
from gradlint.feeding.runs import MANY
from gradlint.feeding.search import Search
from gradlint.feeding.several import Climb
from gradlint.feeding.sizes import kept_sizes
from gradlint.feeding.slots import slots_of
from gradlint.feeding.specification import Shape, specification
from gradlint.feeding.symbols import parameters_of

_SINGLE = 2.0  # seconds for a search of another kind
_BATCHES = ("batch_size", "batchsize", "bsz", "bs", "batch")
_TOLD = 120  # characters of an error that are shown
_ABSENT = r"NoneType|NoneTypes|None of|got None"


def infer(module: nn.Module, lengths: tuple[int, ...]) -> tuple[Attempts, tuple[Recipe, ...]]:
    """What to call the model with, one recipe for each value, and how that was tried.

    Raises NotRun where nothing is found.
    """
    names, defaults = parameters_of(module)
    if not names:
        raise NotRun("forward reads no input", "gradlint probes models that read one")
    attempts = Attempts(module, Call.of(module, names))
    found = _found(attempts, names, defaults, lengths)
    for batch in _batches(module) if found is None else ():
        call = Call.of(module, names)
        fixed = Attempts(module, call, few=batch, some=batch, seconds=_SINGLE)
        found = _found(fixed, names, defaults, lengths)
        if found is not None:
            return fixed, tuple(counted(recipe, batch) for recipe in found)
    found = found or _solved(attempts, names, defaults, lengths)
    if found is None:
        raise _not_found(attempts, names, defaults)
    return attempts, found


def _solved(
    attempts: Attempts, names: list[str], defaults: dict[str, object], lengths: tuple[int, ...]
) -> tuple[Recipe, ...] | None:
    """What is found by shapes alone, where sizes are too dear to be tried, and then runs."""
    if not attempts.dear:
        return None
    call = Call.of(attempts.module, names)
    shapes_only = Attempts(attempts.module, call, fake=True, seconds=_SINGLE)
    found = _found(shapes_only, names, defaults, lengths)
    if found is None:
        return None
    attempts.call = shapes_only.call
    return found if attempts.accepts(*found) else None


def _batches(module: nn.Module) -> list[int]:
    """The one number of samples that a model is written for, where it seems to be."""
    kept = kept_sizes(module, _BATCHES)[:1]
    return [*kept, *([1] if reads_one_sample(module) and 1 not in kept else [])]


def _found(
    attempts: Attempts, names: list[str], defaults: dict[str, object], lengths: tuple[int, ...]
) -> tuple[Recipe, ...] | None:
    call = slots_of(attempts.module)
    if len(call.slots) == 1 and call.slots[0].key is None:
        guess = Search(attempts, names[0], lengths).find(defaults)
        if guess is not None:
            return (guess,)
    attempts.call = call
    found = Climb(attempts, lengths).find()
    if found is None and re.search(_ABSENT, attempts.furthest[1]):
        attempts.call = slots_of(attempts.module, _left_out(names, defaults))
        found = Climb(attempts, lengths).find()
    return found


def _left_out(names: Sequence[str], defaults: dict[str, object]) -> list[str]:
    """The parameters that are None where nobody gives them."""
    return [name for name, value in defaults.items() if value is None and name not in names]


def _not_found(attempts: Attempts, names: list[str], defaults: dict[str, object]) -> NotRun:
    slots = attempts.call.slots
    if len(slots) == 1:
        shape = next(stream(attempts.module, names[0], defaults)).shape(MANY)
        return NotRun(
            f"no input was found that forward runs with: {shortened(attempts.first_error)}",
            f"give the shape of {names[0]}, for example: --input {specification((shape,))}",
        )
    told = tuple(_likely(slot) for slot in slots)
    *first, last = dict.fromkeys(slot.name for slot in slots)
    what = f"{', '.join(first)} and {last}" if first else f"the parts of {last}"
    return NotRun(
        f"forward needs {what}: {shortened(attempts.furthest[1])}",
        f"give them, for example: --input {specification(told)}",
    )


def _likely(slot: Slot) -> Shape:
    """The best shape of a value, to be corrected by who knows it."""
    first = next(iter(slot.options), None)
    if isinstance(first, Plain) and (literal := _literal(first.value)):
        return Shape((), name=str(slot), literal=literal)
    for option in slot.options:
        if isinstance(option, Guess):
            return replace(shapes(option, MANY)[0], name=str(slot))
    return Shape((MANY, 32), name=str(slot))


def _literal(value: object) -> str:
    """A flag or a number as `--input` says it."""
    if isinstance(value, bool):
        return str(value).lower()
    return f"{type(value).__name__}({value})" if isinstance(value, int | float) else ""


def shortened(error: str) -> str:
    """An error that fits a line."""
    return error if len(error) <= _TOLD else f"{error[: _TOLD - 3]}..."
