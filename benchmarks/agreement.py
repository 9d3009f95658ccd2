"""Whether the inputs that gradlint infers are those that repositories really use.

    python benchmarks/agreement.py reference/ beginner/ --pairs 30

For every model whose repository shows an input that it runs with (a call, a summary, a data
set), the input is inferred as well, as if nothing were shown. The two agree where they have as
many tensors, of the same ranks, types and channels (or features), and lengths or sides that
differ by less than a factor of ten.
"""

from __future__ import annotations

import argparse
import random
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from multiprocessing.connection import Connection
from pathlib import Path

from gradlint.command.paths import python_files
from gradlint.discovery.targets import discover, has_model
from gradlint.errors import GradlintError
from gradlint.sandbox import Sandbox
from gradlint.source import Source
from gradlint.target import Target

FACTOR = 10  # lengths and sides of the same order
TIMEOUT = 60.0

Tensors = list[tuple[tuple[int, ...], bool]]  # shapes without the batch; whether of integers


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
    from gradlint.tracing.build import Builder

    torch.set_num_threads(1)
    builder = Builder(*job)
    built = builder.build(0)
    shown = find_inputs(built.module, replace(job[1], lengths=()), built.namespace)
    if not shown.description.rpartition(", from ")[2].startswith("the "):
        return
    try:
        blind = replace(job[1], examples=(), lengths=())
        guessed, error = _tensors(find_inputs(built.module, blind, built.namespace)), ""
    except GradlintError as failure:
        guessed, error = [], failure.message
    connection.send(Pair(_tensors(shown), shown.description, guessed, error))


def _tensors(inputs) -> Tensors:
    import torch

    place = inputs.batch_dim or 0
    values = [*inputs.args, *inputs.kwargs.values()]
    found = [value for value in values if isinstance(value, torch.Tensor)]
    return [
        (tuple(n for d, n in enumerate(value.shape) if d != place), value.dtype is torch.int64)
        for value in found
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


def targets(folders: Sequence[Path]) -> Iterator[tuple[Source, Target]]:
    """Every model of the folders for which its repository shows an input."""
    for folder in folders:
        for file in python_files(str(folder), lambda error: None):
            try:
                source = Source.read(file)
                found = discover(source) if has_model(source) else []
            except GradlintError:
                continue
            yield from ((source, t) for t in found if t.construct is not None and t.examples)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folders", nargs="+", type=Path, metavar="DIR")
    parser.add_argument("--pairs", type=int, default=30, help="so many are printed, at random")
    options = parser.parse_args()
    sandbox = Sandbox(preload=("gradlint.worker",))
    pairs: list[tuple[str, Pair]] = []
    for source, target in targets(options.folders):
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
