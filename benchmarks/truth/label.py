"""Train every network for real, and write down whether it learns.

    python benchmarks/truth/label.py                  # all that have no label yet
    python benchmarks/truth/label.py --part 1/4       # every fourth of them
    python benchmarks/truth/label.py conv se          # those of some families
    python benchmarks/truth/label.py --only NAME      # print one, and write nothing

README.md has the protocol. A label is one line of labels.jsonl.
"""

from __future__ import annotations

import argparse
import json
import time
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path
from typing import Any

import torch
from networks import named, specs
from spec import Spec
from training import Run, train

LABELS = Path(__file__).parent / "labels.jsonl"
TRAINABLE, SLOW = 0.9, 0.5
NEAR = ((0.35, 0.65), (0.8, 0.92))
ADAM, DEEP_ADAM, SGD = (1e-3, 3e-3, 1e-2), (1e-3, 3e-4, 3e-3), (0.1, 0.01)
DEEP = 16  # layers from which the smaller rates are the better ones


def rates(spec: Spec) -> Iterator[tuple[str, tuple[float, ...]]]:
    """The learning rates by optimizer."""
    deep = spec.family == "transformer" or spec.depth >= DEEP
    yield "adam", DEEP_ADAM if deep else ADAM
    yield "sgd", SGD


def label(spec: Spec) -> dict[str, Any]:
    """Everything that is known of one network."""
    started = time.process_time()
    runs: list[Run] = []
    moved: list[set[str]] = []
    for optimizer, tried in rates(spec):
        for rate in tried:
            run, still = train(spec, optimizer, rate, 0)
            runs.append(run)
            moved.append(set(still))
            if run.learnt >= TRAINABLE:
                break
    best = max(runs, key=lambda run: run.learnt)
    learnt, near = best.learnt, any(low <= best.learnt < high for low, high in NEAR)
    if near:
        again, _ = train(spec, best.optimizer, best.rate, 1)
        runs.append(again)
        learnt = (best.learnt + again.learnt) / 2
    return {
        "name": spec.name,
        "half": spec.half,
        "label": verdict(learnt),
        "learnt": round(learnt, 4),
        "near": near,
        **{key: max(r.learnt for r in runs if r.optimizer == key) for key, _ in rates(spec)},
        "still": sorted(set.intersection(*moved)),
        "runs": [asdict(run) for run in runs],
        "seconds": round(time.process_time() - started, 1),
        "torch": torch.__version__,
    }


def verdict(learnt: float) -> str:
    """The label for the share that was learnt."""
    if learnt >= TRAINABLE:
        return "trainable"
    return "slow" if learnt >= SLOW else "untrainable"


def labels() -> dict[str, dict[str, Any]]:
    """The labels so far, by name."""
    if not LABELS.exists():
        return {}
    lines = LABELS.read_text(encoding="utf-8").splitlines()
    return {entry["name"]: entry for entry in map(json.loads, lines)}


def main() -> None:
    """Label what has no label."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("family", nargs="*", help="only these; all where none is named")
    parser.add_argument("--part", default="1/1", help="K/N: every N-th network from the K-th on")
    parser.add_argument("--only", help="the name of one network: print its label")
    options = parser.parse_args()
    torch.set_num_threads(1)
    if options.only:
        print(json.dumps(label(named(options.only)), indent=1))
        return
    part, parts = map(int, options.part.split("/"))
    known = labels()
    # in the order of a hash, so that what is done first is a sample of all
    for spec in sorted(specs(), key=lambda spec: spec.drawn("order"))[part - 1 :: parts]:
        wanted = not options.family or spec.family in options.family
        if wanted and spec.name not in known:
            line = json.dumps(label(spec))
            with LABELS.open("a", encoding="utf-8") as file:
                file.write(line + "\n")


if __name__ == "__main__":
    main()
