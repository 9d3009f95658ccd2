"""What to try for a parameter that is data: tensors, tokens, labels, times, series."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

from torch import nn

from gradlint.feeding.backwards import BATCH, LENGTH, SIDE, Pattern
from gradlint.feeding.facts import Fact, reads_one_sample
from gradlint.feeding.guesses import Guess
from gradlint.feeding.needs import registered
from gradlint.feeding.recipes import Plain, Recipe
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


def by_use(question: Question) -> Iterator[Recipe]:
    """A parameter whose name tells nothing."""
    fact = question.fact
    yield from _chosen(question)
    yield from (Plain(word) for word in fact.words)
    if fact.chance:
        yield Plain(0.5)
    elif fact.annotation == "bool" or (fact.condition and not question.traced):
        yield from flags(question)
    elif fact.annotation in {"int", "float"} or (fact.number and not question.traced):
        yield Plain(1.0 if fact.annotation == "float" else 1)
    else:
        yield from tensors(question)


def _chosen(question: Question) -> Iterator[Recipe]:
    """The keys of the table of layers that the parameter picks from."""
    table = getattr(question.module, question.fact.chosen_from, None)
    if isinstance(table, nn.ModuleDict):
        yield from (Plain(key) for key in table)
    elif isinstance(table, nn.ModuleList):
        yield Plain(0)


def tensors(question: Question) -> Iterator[Recipe]:
    """Tensors: what the layers ask for, then what its rank and the widths of the model allow."""
    for guess in question.traced:
        yield guess
        yield replace(guess, pattern=_turned(guess.pattern))
    known = widths(question.module)
    patterns: list[Pattern] = [(BATCH, width) for width in known]
    sequences: list[Pattern] = [(BATCH, LENGTH, width) for width in known]
    ordered = [*sequences, *patterns] if question.fact.rank == 3 else [*patterns, *sequences]
    for pattern in ordered:
        yield Guess(pattern, "the widths of its layers")
    yield Guess((BATCH, 3, SIDE, SIDE), "the commonest input")


def _turned(pattern: Pattern) -> Pattern:
    """Samples and steps the other way round."""
    return (LENGTH, BATCH, *pattern[2:]) if pattern[:2] == (BATCH, LENGTH) else pattern


def widths(module: nn.Module) -> list[int]:
    """The numbers of features that a model's layers read, and those that it keeps by name."""
    read = [need.size for need in registered(module) if need.kind is not Kind.EMBEDDING]
    return list(dict.fromkeys([*read, *kept_sizes(module, _WIDTHS)]))[:_FEW_WIDTHS]


def contexts(question: Question) -> Iterator[Recipe]:
    """What is attended to: sequences."""
    traced = [guess.pattern[-1] for guess in question.traced if guess.dtype != "int64"]
    kept = [size for size in traced if isinstance(size, int)]
    for width in dict.fromkeys([*_hidden(question.module), *kept, *widths(question.module)]):
        yield Guess((BATCH, LENGTH, width), "its name")
        yield Guess((LENGTH, BATCH, width), "its name")
    yield from question.traced
    if reads_one_sample(question.module):
        yield from (Guess((LENGTH, width), "its name") for width in _hidden(question.module))


def _hidden(module: nn.Module) -> list[int]:
    """The widths of a decoder's states, which are those of what its encoder gives."""
    recurrent = (nn.RNNBase, nn.RNNCellBase)
    return [int(part.hidden_size) for part in module.modules() if isinstance(part, recurrent)]


def times(question: Question) -> Iterator[Recipe]:
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


def labels(question: Question) -> Iterator[Recipe]:
    """One class for each sample, unless the layers ask for something else."""
    for guess in question.traced:
        if guess.dtype == "int64":
            yield replace(guess, pattern=(BATCH,))
    yield from question.traced
    classes = kept_sizes(question.module, ("num_classes", "n_classes", "class_num", "y_dim"))
    words = [n.size for n in registered(question.module) if n.kind is Kind.EMBEDDING]
    for count in classes or [2]:
        yield Guess((BATCH,), "its name", dtype="int64", high=count)
        for size in words[:1] if not question.traced else ():  # the words that come next
            yield Guess((BATCH, LENGTH), "its name", dtype="int64", high=size, length=16)
        yield Guess((BATCH, count), "its name")
    yield from tensors(question)


def entities(question: Question) -> Iterator[Recipe]:
    """One user or item for each sample."""
    yield from (replace(g, pattern=(BATCH,)) for g in question.traced if g.dtype == "int64")
    yield from tokens(question)


def pictures(question: Question) -> Iterator[Recipe]:
    """Images, or one row of features for each."""
    traced = sorted(question.traced, key=lambda guess: LENGTH in guess.pattern)
    yield from tensors(replace(question, traced=tuple(traced)))


def tokens(question: Question) -> Iterator[Recipe]:
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
    yield from tensors(question)


def marks(question: Question) -> Iterator[Recipe]:
    """The month, day, weekday and hour of each step of a time series."""
    lengths = _ahead(question)
    for length in lengths or [32]:
        known = length in lengths
        guess = Guess((BATCH, LENGTH, 4), "its name", length=length, length_known=known)
        yield guess
        yield replace(guess, fill="whole", high=7)
    yield Plain(None)


def series(question: Question) -> Iterator[Recipe]:
    """A multivariate time series, of the length that the model was built for."""
    lengths = _ahead(question)
    known = kept_sizes(question.module, _VARIABLES)
    traced = [g.pattern[-1] for g in question.traced if g.pattern[-1] not in lengths]
    read = [size for size in (*traced, *widths(question.module)) if isinstance(size, int)]
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
    return [*together, *forecast, *history] if decoder else [*history, *together]


def shares(question: Question) -> Iterator[Recipe]:
    """A probability."""
    yield Plain(0.5)
    yield from question.traced


def flags(question: Question) -> Iterator[Recipe]:
    """What training sets, and what returns the least."""
    training = "train" in question.name or "norm" in question.name
    yield Plain(training)
    yield Plain(not training)
