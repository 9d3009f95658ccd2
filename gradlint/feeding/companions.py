"""What to try for a parameter that accompanies data: masks, states, lengths, graphs."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace

from torch import nn

from gradlint.feeding.backwards import BATCH, LENGTH, SIDE, Pattern
from gradlint.feeding.data import Question, tensors, widths
from gradlint.feeding.facts import facts_of, keeps_where_true
from gradlint.feeding.guesses import Guess
from gradlint.feeding.recipes import Pair, Plain, Recipe
from gradlint.feeding.sizes import kept_sizes

_CELL = re.compile(r"c|c_?0|c_?(t|prev|n|x|in)|(prev_)?cell(_state)?|state_c|mem(ory)?", re.I)
_PART = re.compile(
    rf"{_CELL.pattern}|h|h_?0|h_?(t|prev|n|x|in)|(prev_)?hidden(_state)?|state_h", re.I
)


def masks(question: Question) -> Iterator[Recipe]:
    """None where that will do, else a mask that hides nothing."""
    yield Plain(None)
    torchs = any(isinstance(part, nn.MultiheadAttention) for part in question.module.modules())
    tokens = re.fullmatch(r"attention_mask|input_mask|attn_masks?|masks?", question.name)
    keeps = keeps_where_true(question.module) and (not torchs or bool(tokens))
    plain: list[Pattern] = [
        (BATCH, LENGTH), (BATCH, 1, LENGTH), (BATCH, 1, 1, LENGTH), (BATCH, LENGTH, LENGTH),
        (BATCH, 1, LENGTH, LENGTH), (LENGTH, LENGTH), (BATCH, LENGTH, 1),
    ]  # fmt: skip
    square = torchs and not re.search("pad", question.name)
    likely = plain[5:6] if square and not tokens else [plain[5], *plain] if square else plain
    for pattern in likely:
        guess = Guess(pattern, "its name", dtype="bool", fill="ones" if keeps else "zeros")
        yield guess
        yield replace(guess, dtype="float32")


def states(question: Question) -> Iterator[Recipe]:
    """None where that starts from nothing, else small random states."""
    yield Plain(None)
    for layer in question.module.modules():
        if isinstance(layer, nn.RNNBase):
            count = layer.num_layers * (2 if layer.bidirectional else 1)
            state = _state((count, BATCH, layer.proj_size or layer.hidden_size))
            cell = _state((count, BATCH, layer.hidden_size))
            yield from _of_layer(question, state, cell, isinstance(layer, nn.LSTM))
        if isinstance(layer, nn.RNNCellBase):
            state = _state((BATCH, layer.hidden_size))
            yield from _of_layer(question, state, state, isinstance(layer, nn.LSTMCell))
    kept = kept_sizes(question.module, ("hidden_size", "hidden_dim", "n_hidden", "hidden"))
    sizes = dict.fromkeys([*kept, *widths(question.module)])
    if any(isinstance(layer, nn.Conv2d) for layer in question.module.modules()):
        maps = [_state((BATCH, size, SIDE, SIDE)) for size in sizes]
        yield from (Pair(state, state) for state in maps)
        yield from maps
    yield from (_state((BATCH, size)) for size in sizes)
    yield from (_state((1, BATCH, size)) for size in sizes)
    yield from (Pair(_state((BATCH, size)), _state((BATCH, size))) for size in sizes)


def _of_layer(question: Question, state: Guess, cell: Guess, pair: bool) -> Iterator[Recipe]:
    """The state of a layer, or its part that the name says where both are handed over singly."""
    apart = sum(_PART.fullmatch(name) is not None for name in facts_of(question.module)) > 1
    if pair and _CELL.fullmatch(question.name):
        yield cell
    elif pair and not apart:
        yield Pair(state, cell)
    yield state


def _state(pattern: Pattern) -> Guess:
    return Guess(pattern, "its recurrent layers", fill="state")


def lengths(question: Question) -> Iterator[Recipe]:
    """Every sample has the full length."""
    yield Guess((BATCH,), "its name", dtype="int64", fill="lengths")
    yield Plain(None)


def segments(question: Question) -> Iterator[Recipe]:
    """Integers beside the tokens."""
    bound = next((g.high for g in question.traced if g.dtype == "int64"), 2)
    yield Guess((BATCH, LENGTH), "its name", dtype="int64", high=bound, length=16)
    yield Plain(None)


def positions(question: Question) -> Iterator[Recipe]:
    """None where the model counts for itself, else places in order."""
    yield Plain(None)
    yield Guess((BATCH, LENGTH), "its name", dtype="int64", fill="positions", length=16)
    yield Guess((LENGTH,), "its name", dtype="int64", fill="positions", length=16)
    yield from question.traced


def adjacency(question: Question) -> Iterator[Recipe]:
    """The nodes are the samples, or each sample is a graph."""
    yield Guess((BATCH, BATCH), "its name", fill="ring")
    yield Guess((BATCH, LENGTH, LENGTH), "its name", fill="ring")


def edge_lists(question: Question) -> Iterator[Recipe]:
    """From which node to which, the samples being the nodes."""
    yield Guess((2, BATCH), "its name", dtype="int64", fill="edges")


def observations(question: Question) -> Iterator[Recipe]:
    """The state of a recurrence where there is one, else of an environment."""
    recurrent = (nn.RNNBase, nn.RNNCellBase)
    found = any(isinstance(layer, recurrent) for layer in question.module.modules())
    if not found:
        yield from tensors(question)
    yield from states(question)
