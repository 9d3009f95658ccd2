"""What a forward's parameter is likely to be, by its name and by how the source uses it."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace

from torch import nn

from gradlint.feeding.backwards import BATCH, LENGTH, SIDE, Pattern
from gradlint.feeding.facts import Fact, keeps_where_true
from gradlint.feeding.guesses import Guess
from gradlint.feeding.needs import registered
from gradlint.feeding.recipes import Pair, Plain, Recipe
from gradlint.feeding.sizes import kept_sizes
from gradlint.kinds import Kind

_WIDTHS = (
    "hidden_size", "hidden_dim", "d_model", "embed_dim", "embedding_dim", "n_embd", "emb_dim",
    "embed_size", "input_dim", "input_size", "dim", "n_hidden", "hidden", "nhid", "num_classes",
)  # fmt: skip
_VARIABLES = ("enc_in", "dec_in", "c_in", "channels", "n_features", "n_vars", "num_series")
_FEW_WIDTHS = 6
_COORDINATES = 4


@dataclass(frozen=True)
class Question:
    """A parameter that wants a value, and all that is known about it."""

    module: nn.Module
    name: str
    fact: Fact
    traced: tuple[Guess, ...]  # what the layers that read it ask for


def options(question: Question) -> list[Recipe]:
    """What to try for a parameter, most likely first."""
    for words, offer in _ROLES:
        if re.fullmatch(words, question.name, re.IGNORECASE):
            return _unique(offer(question))
    return _unique(_by_use(question))


def is_structure(name: str) -> bool:
    """Whether the name is of what only accompanies data: masks, states, lengths, flags."""
    return any(
        re.fullmatch(words, name, re.IGNORECASE)
        for words, offer in _ROLES
        if offer in _ACCOMPANYING
    )


def _unique(recipes: Iterator[Recipe]) -> list[Recipe]:
    return list(dict.fromkeys(recipes))


def _by_use(question: Question) -> Iterator[Recipe]:
    """A parameter whose name tells nothing."""
    fact = question.fact
    yield from _chosen(question)
    yield from (Plain(word) for word in fact.words)
    if fact.chance:
        yield Plain(0.5)
    elif fact.annotation == "bool" or (fact.condition and not question.traced):
        yield from _flag(question)
    elif fact.annotation in {"int", "float"} or (fact.number and not question.traced):
        yield Plain(1.0 if fact.annotation == "float" else 1)
    else:
        yield from _data(question)


def _chosen(question: Question) -> Iterator[Recipe]:
    """The keys of the table of layers that the parameter picks from."""
    table = getattr(question.module, question.fact.chosen_from, None)
    if isinstance(table, nn.ModuleDict):
        yield from (Plain(key) for key in table)
    elif isinstance(table, nn.ModuleList):
        yield Plain(0)


def _data(question: Question) -> Iterator[Recipe]:
    """Tensors: what the layers ask for, then what its rank and the widths of the model allow."""
    for guess in question.traced:
        yield guess
        yield replace(guess, pattern=_turned(guess.pattern))
    widths = _widths(question.module)
    patterns: list[Pattern] = [(BATCH, width) for width in widths]
    sequences: list[Pattern] = [(BATCH, LENGTH, width) for width in widths]
    ordered = [*sequences, *patterns] if question.fact.rank == 3 else [*patterns, *sequences]
    for pattern in ordered:
        yield Guess(pattern, "the widths of its layers")
    yield Guess((BATCH, 3, SIDE, SIDE), "the commonest input")


def _turned(pattern: Pattern) -> Pattern:
    """Samples and steps the other way round."""
    return (LENGTH, BATCH, *pattern[2:]) if pattern[:2] == (BATCH, LENGTH) else pattern


def _widths(module: nn.Module) -> list[int]:
    """The numbers of features that a model's layers read, and those that it keeps by name."""
    read = [need.size for need in registered(module) if need.kind is not Kind.EMBEDDING]
    return list(dict.fromkeys([*read, *kept_sizes(module, _WIDTHS)]))[:_FEW_WIDTHS]


def _masks(question: Question) -> Iterator[Recipe]:
    """None where that will do, else a mask that hides nothing."""
    yield Plain(None)
    torchs = any(isinstance(part, nn.MultiheadAttention) for part in question.module.modules())
    keeps = keeps_where_true(question.module) and not torchs
    plain: list[Pattern] = [
        (BATCH, LENGTH), (BATCH, 1, LENGTH), (BATCH, 1, 1, LENGTH), (BATCH, LENGTH, LENGTH),
        (BATCH, 1, LENGTH, LENGTH), (LENGTH, LENGTH), (BATCH, LENGTH, 1),
    ]  # fmt: skip
    square = torchs and not re.search("pad", question.name)
    for pattern in plain[5:6] if square else plain:
        guess = Guess(pattern, "its name", dtype="bool", fill="ones" if keeps else "zeros")
        yield guess
        yield replace(guess, dtype="float32")


def _states(question: Question) -> Iterator[Recipe]:
    """None where that starts from nothing, else small random states."""
    yield Plain(None)
    for layer in question.module.modules():
        if isinstance(layer, nn.RNNBase):
            count = layer.num_layers * (2 if layer.bidirectional else 1)
            state = _state((count, BATCH, layer.proj_size or layer.hidden_size))
            cell = _state((count, BATCH, layer.hidden_size))
            yield Pair(state, cell) if isinstance(layer, nn.LSTM) else state
        if isinstance(layer, nn.RNNCellBase):
            state = _state((BATCH, layer.hidden_size))
            yield Pair(state, state) if isinstance(layer, nn.LSTMCell) else state
    kept = kept_sizes(question.module, ("hidden_size", "hidden_dim", "n_hidden", "hidden"))
    sizes = dict.fromkeys([*kept, *_widths(question.module)])
    yield from (_state((BATCH, size)) for size in sizes)
    yield from (_state((1, BATCH, size)) for size in sizes)
    yield from (Pair(_state((BATCH, size)), _state((BATCH, size))) for size in sizes)


def _observations(question: Question) -> Iterator[Recipe]:
    """The state of a recurrence where there is one, else of an environment."""
    recurrent = (nn.RNNBase, nn.RNNCellBase)
    found = any(isinstance(layer, recurrent) for layer in question.module.modules())
    if not found:
        yield from _data(question)
    yield from _states(question)


def _contexts(question: Question) -> Iterator[Recipe]:
    """What is attended to: sequences."""
    traced = [guess.pattern[-1] for guess in question.traced if guess.dtype != "int64"]
    kept = [size for size in traced if isinstance(size, int)]
    for width in dict.fromkeys([*kept, *_widths(question.module)]):
        yield Guess((BATCH, LENGTH, width), "its name")
        yield Guess((LENGTH, BATCH, width), "its name")
    yield from question.traced


def _state(pattern: Pattern) -> Guess:
    return Guess(pattern, "its recurrent layers", fill="state")


def _lengths(question: Question) -> Iterator[Recipe]:
    yield Guess((BATCH,), "its name", dtype="int64", fill="lengths")
    yield Plain(None)


def _times(question: Question) -> Iterator[Recipe]:
    """A diffusion's step, or a coordinate of time where one feature is read."""
    yield from (guess for guess in question.traced if _is_point(guess))
    steps = kept_sizes(question.module, ("num_timesteps", "timesteps", "n_steps", "T"))
    yield Guess((BATCH,), "its name", dtype="int64", high=min([1000, *steps]))
    yield from (guess for guess in question.traced if guess.dtype == "int64")
    yield Guess((BATCH,), "its name")
    yield Guess((BATCH, 1), "its name")
    yield Plain(1)
    yield from question.traced


def _is_point(guess: Guess) -> bool:
    """Whether the guess is of a few coordinates, as a network that solves an equation reads."""
    size = guess.pattern[-1]
    return len(guess.pattern) == 2 and isinstance(size, int) and size <= _COORDINATES


def _labels(question: Question) -> Iterator[Recipe]:
    """One class for each sample, unless the layers ask for something else."""
    for guess in question.traced:
        if guess.dtype == "int64":
            yield replace(guess, pattern=(BATCH,))
    yield from question.traced
    classes = kept_sizes(question.module, ("num_classes", "n_classes", "class_num", "y_dim"))
    for count in classes or [2]:
        yield Guess((BATCH,), "its name", dtype="int64", high=count)
        yield Guess((BATCH, count), "its name")
    yield from _data(question)


def _tokens(question: Question) -> Iterator[Recipe]:
    """Integers below the size of the embedding that reads them."""
    for guess in question.traced:
        if guess.dtype == "int64":
            yield guess
            yield replace(guess, pattern=_turned(guess.pattern))
    sizes = [n.size for n in registered(question.module) if n.kind is Kind.EMBEDDING]
    if not question.traced:
        for size in dict.fromkeys(sizes):
            guess = Guess((BATCH, LENGTH), "its embedding", dtype="int64", high=size, length=16)
            yield guess
            yield replace(guess, pattern=_turned(guess.pattern))
            yield replace(guess, pattern=(BATCH,))
    yield from _data(question)


def _segments(question: Question) -> Iterator[Recipe]:
    bound = next((g.high for g in question.traced if g.dtype == "int64"), 2)
    yield Guess((BATCH, LENGTH), "its name", dtype="int64", high=bound, length=16)
    yield Plain(None)


def _positions(question: Question) -> Iterator[Recipe]:
    yield Plain(None)
    yield Guess((BATCH, LENGTH), "its name", dtype="int64", fill="positions", length=16)
    yield Guess((LENGTH,), "its name", dtype="int64", fill="positions", length=16)
    yield from question.traced


def _adjacency(question: Question) -> Iterator[Recipe]:
    """The nodes are the samples, or each sample is a graph."""
    yield Guess((BATCH, BATCH), "its name", fill="ring")
    yield Guess((BATCH, LENGTH, LENGTH), "its name", fill="ring")


def _edges(question: Question) -> Iterator[Recipe]:
    yield Guess((2, BATCH), "its name", dtype="int64", fill="edges")


def _flag(question: Question) -> Iterator[Recipe]:
    """What training sets, and what returns the least."""
    training = "train" in question.name or "norm" in question.name
    yield Plain(training)
    yield Plain(not training)


def _share(question: Question) -> Iterator[Recipe]:
    yield Plain(0.5)
    yield from question.traced


def _marks(question: Question) -> Iterator[Recipe]:
    """The month, day, weekday and hour of each step of a time series."""
    lengths = _ahead(question)
    for length in lengths or [32]:
        known = length in lengths
        guess = Guess((BATCH, LENGTH, 4), "its name", length=length, length_known=known)
        yield guess
        yield replace(guess, fill="whole", high=7)
    yield Plain(None)


def _series(question: Question) -> Iterator[Recipe]:
    """A multivariate time series, of the length that the model was built for."""
    lengths = _ahead(question)
    known = kept_sizes(question.module, _VARIABLES)
    traced = [g.pattern[-1] for g in question.traced if g.pattern[-1] not in lengths]
    read = [size for size in (*traced, *_widths(question.module)) if isinstance(size, int)]
    for length in lengths or [32]:
        for size in dict.fromkeys([*known, *read]):
            guess = Guess((BATCH, LENGTH, size), "its name", length=length)
            yield replace(guess, length_known=length in lengths)


def _ahead(question: Question) -> list[int]:
    """The lengths that a series may have: of the history, or of what is forecast."""
    history = kept_sizes(question.module, ("seq_len", "lookback", "input_len"))
    label = kept_sizes(question.module, ("label_len",))
    forecast = kept_sizes(question.module, ("pred_len", "horizon", "output_len"))
    together = [a + b for a, b in zip(label[:1], forecast[:1], strict=False)]
    decoder = "dec" in question.name or question.name.startswith("batch_y")
    ordered = [*together, *forecast, *history] if decoder else [*history, *together]
    return ordered


_Offer = Callable[[Question], Iterator[Recipe]]
_ROLES: tuple[tuple[str, _Offer], ...] = (
    (r"x_mark\w*|batch_\w_mark|\w+_mark_(enc|dec)", _marks),
    (r"x_(enc|dec)|batch_[xy]|history_input", _series),
    (r"(.*_)?masks?|masked|.*_is_pad|attn_bias", _masks),
    (r"enc(oder)?_(out\w*|hiddens)|memory|context|cross|quer(y|ies)|keys?|values?", _contexts),
    (r"(\w+_)?(hidden|hiddens|hidden_state|h_state|lstm_state|state_h|states?_0)", _states),
    (r"hx|h0|h_0|hc|hprev|h_prev|c0|c_0|cell|prev_state|initial_state", _states),
    (r"h|states?|obs|observations?", _observations),
    (r"(\w+_)?(lengths?|lens?)|seq_lengths?|x_lens?|valid_lens?", _lengths),
    (r"t|ts|timesteps?|time|time_?steps?|noise_level|sigma", _times),
    (r"y|labels?|class_labels?|categor(y|ies)|classes|c|cond|condition", _labels),
    (r"targets?|tgt_y|gt|labels_?\w*", _labels),
    (r"(\w+_)?(ids|tokens?|captions?|seqs?|sequences?|words?|text|indices|idx)", _tokens),
    (r"src|tgt|trg|source|enc_inputs?|dec_inputs?|word_inputs?|input_seqs?", _tokens),
    (r"(token_type|segment)(_ids)?|seg", _segments),
    (r"(position|pos)(_ids|itions)?|pos_idx", _positions),
    (r"adj|adj_mat|adjacency|a_hat|adj_t|adjacency_matrix|(?-i:A)", _adjacency),
    (r"edge_index|edges|edge_list", _edges),
    (r"(is_|do_|use_|with_|return_|output_)\w+|training|train|verbose|debug", _flag),
    (r"(\w+_)?teacher_forcing(_ratio)?|tf_ratio|\w+_(ratio|prob)", _share),
)
_ACCOMPANYING = (_masks, _states, _lengths, _positions, _flag, _share, _marks, _adjacency, _edges)
