"""The values that a forward wants: one for each parameter, or for each part of one."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

from torch import nn
from torch.fx._symbolic_trace import PH

from gradlint.feeding.calls import Call, Slot, positional
from gradlint.feeding.candidates import traced
from gradlint.feeding.data import Question
from gradlint.feeding.facts import Fact, facts_of, named_freely
from gradlint.feeding.recipes import Plain
from gradlint.feeding.roles import is_structure, options
from gradlint.feeding.symbols import parameters_of

_LISTED = 2  # how many tensors a list is given


def slots_of(module: nn.Module, also: Sequence[str] = ()) -> Call:
    """The slots of a forward's required parameters, with what to try for each.

    `also` names parameters with a default that turned out to be needed.
    """
    names, defaults = parameters_of(module)
    names = [*names, *also, *named_freely(module)]
    facts = facts_of(module)
    known: dict[str, object] = {k: v for k, v in defaults.items() if k not in names}
    slots = [slot for name in names for slot in _parts(name, facts.get(name, Fact()))]
    known.update(_nested(slots))
    flags = _flags(module, slots, facts)
    asked = [_asked(module, slot, facts, (known, {**known, **flags})) for slot in slots]
    return Call(
        tuple(_optional(s) if s.name in also else s for s in asked), positional(module, names)
    )


def _optional(slot: Slot) -> Slot:
    rest = tuple(option for option in slot.options if option != Plain(None))
    return replace(slot, options=(Plain(None), *rest))


def _parts(name: str, fact: Fact) -> Iterator[Slot]:
    if fact.keys:
        yield from (Slot(name, key) for key in fact.keys)
    elif len(fact.parts) > 1 and not is_structure(name):
        yield from (Slot(name, place) for place in range(len(fact.parts)))
    elif fact.listed or fact.annotation.lower().startswith("list[tensor"):
        yield from (Slot(name, place) for place in range(_LISTED))
    else:
        yield Slot(name)


def _nested(slots: Sequence[Slot]) -> dict[str, object]:
    """What stands for the parameters with several slots in a symbolic trace."""
    slots = [slot for slot in slots if slot.key is not None]
    return Call(tuple(slots), ()).arguments([PH] * len(slots))[1]


def _flags(module: nn.Module, slots: Sequence[Slot], facts: dict[str, Fact]) -> dict[str, object]:
    """The values of the parameters that are flags, words and numbers, as far as is known."""
    firsts: dict[str, object] = {}
    for slot in slots[1:]:
        fact = facts.get(slot.name, Fact())
        if slot.key is None:
            first = next(iter(options(Question(module, slot.name, fact, ()))), None)
            if isinstance(first, Plain):
                firsts[slot.name] = first.value
    return firsts


def _asked(
    module: nn.Module,
    slot: Slot,
    facts: dict[str, Fact],
    assumed: tuple[dict[str, object], ...],
) -> Slot:
    fact = facts.get(slot.name, Fact())
    name, source = slot.name, slot.name
    if slot.key is not None:
        keys = list(fact.keys or range(len(fact.parts) or _LISTED))
        source = f"{slot.name}_{keys.index(slot.key) + 1}"
        name = slot.key if isinstance(slot.key, str) else (*fact.parts, *[name] * _LISTED)[slot.key]
        fact = Fact()
    found = next(filter(None, (tuple(traced(module, source, known)) for known in assumed)), ())
    return replace(slot, options=tuple(options(Question(module, name, fact, found))))
