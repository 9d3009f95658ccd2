"""Whether the inputs that gradlint infers are those that repositories really use.

    python benchmarks/agreement.py reference/ beginner/ --files 12 --pairs 30

Each folder given holds repositories, one a subfolder. For every model whose repository shows an
input that it runs with (a call of the model, its summary, its data set), the input is inferred as
well, as if nothing were shown. The two agree where they have as many tensors, of the same ranks,
types and channels (or features), and lengths or sides that differ by less than a factor of ten.
With `--files 12`, at most so many files with models of each repository are looked at.
"""

from __future__ import annotations

import argparse
import random
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, replace
from multiprocessing.connection import Connection
from pathlib import Path
from typing import TYPE_CHECKING

from sample import chosen, repositories

from gradlint.discovery.targets import discover
from gradlint.errors import GradlintError
from gradlint.sandbox import Sandbox
from gradlint.source import Source
from gradlint.target import Example, Target

if TYPE_CHECKING:
    from gradlint.feeding.inputs import Inputs

FACTOR = 10  # lengths and sides of the same order
TIMEOUT = 60.0
MEMORY = 8  # GiB
ALL = 10**6  # files
OWN = ("the call", "the summary", "the dataset")  # of this model; a tensor may be for anything

Tensors = list[tuple[tuple[int, ...], bool]]  # shapes without the batch; whether of whole numbers


@dataclass(frozen=True)
class Pair:
    """What a repository shows for one model, and what is inferred without it."""

    shown: Tensors
    source: str
    guessed: Tensors
    error: str


def compare(connection: Connection, job: tuple[Source, Target]) -> None:
    """Runs in a child: feed the model both ways."""
    import torch

    from gradlint.feeding.inputs import find_inputs
    from gradlint.sandbox import limit_memory
    from gradlint.tracing.build import Builder

    torch.set_num_threads(1)
    limit_memory(MEMORY)
    source, target = job
    try:
        built = Builder(source, target).build(0)
        told = replace(target, examples=_own(target))
        shown = find_inputs(built.module, told, built.namespace)
    except GradlintError:
        return
    if not shown.description.rpartition(", from ")[2].startswith(OWN):
        return
    try:
        blind = replace(target, examples=(), lengths=())
        guessed, error = _tensors(find_inputs(built.module, blind, built.namespace)), ""
    except GradlintError as failure:
        guessed, error = [], failure.message
    connection.send(Pair(_tensors(shown), shown.description, guessed, error))


def _own(target: Target) -> tuple[Example, ...]:
    return tuple(example for example in target.examples if example.source.startswith(OWN))


def _tensors(inputs: Inputs) -> Tensors:
    from gradlint.outputs import tensors_of

    place = inputs.batch_dim or 0
    return [
        (
            tuple(size for dim, size in enumerate(value.shape) if dim != place),
            not value.is_floating_point(),
        )
        for value in tensors_of((inputs.args, inputs.kwargs))
    ]


def agree(shown: Tensors, guessed: Tensors) -> bool:
    """Whether a guess is as good as the real input."""
    if len(shown) != len(guessed):
        return False
    return all(
        ints == guessed_ints and len(real) == len(guess) and _alike(real, guess, ints)
        for (real, ints), (guess, guessed_ints) in zip(shown, guessed, strict=True)
    )


def _alike(real: tuple[int, ...], guess: tuple[int, ...], ints: bool) -> bool:
    ordered = all(max(a, b) < FACTOR * min(a, b) for a, b in zip(real, guess, strict=True))
    if ints or not real:
        return ordered
    if len(real) == 2:  # a sequence: its features stand first or last
        return ordered and (real[0] == guess[0] or real[1] == guess[1])
    return ordered and real[0] == guess[0]


def targets(repository: Path, most: int) -> Iterator[tuple[Source, Target]]:
    """The models of a repository's files for which it shows an input."""
    for file in chosen(repository, most):
        source = Source.read(str(repository / file))
        found = (target for target in discover(source) if target.construct is not None)
        yield from ((source, target) for target in found if _own(target))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folders", nargs="+", type=Path, metavar="DIR")
    parser.add_argument("--files", type=int, default=ALL, help="at most so many of a repository")
    parser.add_argument("--pairs", type=int, default=30, help="so many are printed, at random")
    options = parser.parse_args()
    sandbox = Sandbox(preload=("gradlint.worker",))
    pairs: list[tuple[str, Pair]] = []
    for repository in (path for folder in options.folders for path in repositories(folder)):
        for source, target in targets(repository, options.files):
            outcome = sandbox.run(compare, (source, target), TIMEOUT)
            pairs += [(f"{target.path}:{target.name}", sent) for sent in outcome.sent]
    sandbox.close()
    counts = Counter(_verdict(pair) for _, pair in pairs)
    for verdict, count in counts.most_common():
        print(f"{verdict}: {count} of {len(pairs)} ({100 * count / len(pairs):.1f} %)")
    print("\n| model | shown | inferred | |\n| --- | --- | --- | --- |")
    for name, pair in random.Random(0).sample(pairs, min(options.pairs, len(pairs))):
        guess = _told(pair.guessed) if pair.guessed else pair.error[:60]
        print(f"| {name} | {_told(pair.shown)} | {guess} | {_verdict(pair)} |")


def _verdict(pair: Pair) -> str:
    if not pair.guessed:
        return "nothing inferred"
    return "agrees" if agree(pair.shown, pair.guessed) else "differs"


def _told(tensors: Tensors) -> str:
    return ", ".join("x".join(map(str, dims)) + (" int" if i else "") for dims, i in tensors)


if __name__ == "__main__":
    main()
