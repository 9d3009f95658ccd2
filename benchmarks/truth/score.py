"""How often gradlint is right about networks that were really trained.

    python benchmarks/truth/score.py                   # the half that thresholds are chosen on
    python benchmarks/truth/score.py --half held       # the other one: at the end, once
    python benchmarks/truth/score.py --part 1/4        # check every fourth network, print nothing

Only networks with a label are counted. README.md says what counts as right.
"""

from __future__ import annotations

import argparse
import random
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from math import ceil
from statistics import median

from label import labels
from networks import specs
from spec import HALVES, Spec
from verdicts import Verdict, verdicts

DRAWS = 1000


@dataclass(frozen=True)
class Case:
    """A network, what became of it in training, and what gradlint says of it."""

    spec: Spec
    label: str
    still: bool  # a parameter was never moved by any training
    verdict: Verdict

    @property
    def sick(self) -> bool:
        """Whether an alarm is right: it does not learn, or a part of it cannot."""
        return self.label == "untrainable" or self.still

    @property
    def healthy(self) -> bool:
        """Whether an alarm is wrong. Slow networks are neither sick nor healthy."""
        return self.label == "trainable" and not self.still


@dataclass(frozen=True)
class Share:
    """A share of some cases, with its interval."""

    hits: int
    of: int
    low: float
    high: float

    def __str__(self) -> str:
        if not self.of:
            return "none".center(26)
        return f"{self.hits / self.of:.3f} [{self.low:.3f}, {self.high:.3f}] {self.hits}/{self.of}"


def share(cases: Sequence[Case], is_hit: Callable[[Case], bool]) -> Share:
    """The share of hits, with the 95 % interval of resampled cases."""
    hits = [is_hit(case) for case in cases]
    if not hits:
        return Share(0, 0, 0.0, 0.0)
    draw = random.Random(0)
    means = sorted(sum(draw.choices(hits, k=len(hits))) / len(hits) for _ in range(DRAWS))
    return Share(sum(hits), len(hits), means[DRAWS // 40], means[-DRAWS // 40 - 1])


def precision(cases: Sequence[Case], alarm: Callable[[Case], bool]) -> Share:
    """Of the alarms about networks that are sick or healthy: those about sick ones."""
    return share([c for c in cases if alarm(c) and (c.sick or c.healthy)], lambda c: c.sick)


def recall(cases: Sequence[Case], alarm: Callable[[Case], bool]) -> Share:
    """Of the sick networks: those with an alarm."""
    return share([c for c in cases if c.sick], alarm)


def false_alarms(cases: Sequence[Case], alarm: Callable[[Case], bool]) -> Share:
    """Of the healthy networks: those with an alarm."""
    return share([c for c in cases if c.healthy], alarm)


def measured(case: Case) -> bool:
    """An alarm of the whole of gradlint: something is confirmed."""
    return bool(case.verdict.rules())


def suspected(case: Case) -> bool:
    """An alarm of the static part alone: something is suspected."""
    return bool(case.verdict.rules(static=True))


def table(cases: Sequence[Case]) -> Iterator[str]:
    """The score, line by line."""
    slow = [c for c in cases if not c.sick and not c.healthy]
    sick, healthy = sum(c.sick for c in cases), sum(c.healthy for c in cases)
    yield f"{len(cases)} networks: {sick} sick, {len(slow)} slow, {healthy} healthy"
    for title, alarm in (("static alone", suspected), ("static and probe", measured)):
        yield f"\n{title}"
        yield f"  precision          {precision(cases, alarm)}"
        yield f"  recall             {recall(cases, alarm)}"
        yield f"  false-alarm rate   {false_alarms(cases, alarm)}"
        yield f"  alarms about slow  {share(slow, alarm)}"
    yield f"\nwithout a verdict    {share(cases, lambda c: c.verdict.unproven)}"
    yield f"never probed         {share(cases, lambda c: not c.verdict.probed)}"
    seconds = sorted(c.verdict.seconds for c in cases) or [0.0]
    worst = seconds[ceil(0.95 * len(seconds)) - 1]
    yield f"CPU seconds a verdict: median {median(seconds):.2f}, 95th percentile {worst:.2f}"


def by_rule(cases: Sequence[Case]) -> Iterator[str]:
    """A row for each rule: how good its alarms are, and what it finds of its own disease."""
    names = {c.spec.cause for c in cases} | {r for c in cases for r in c.verdict.rules(static=True)}
    yield f"{'rule':28} {'precision':36} {'its own sick, found by it':36} found by any"
    for name in sorted(names - {""}):
        own = [c for c in cases if c.spec.cause == name]
        by_it = _raised(name)
        right, own_found = precision(cases, by_it), recall(own, by_it)
        yield f"{name:28} {right!s:36} {own_found!s:36} {recall(own, measured)}"


def _raised(rule: str) -> Callable[[Case], bool]:
    return lambda case: rule in case.verdict.rules()


def by_family(cases: Sequence[Case]) -> Iterator[str]:
    """A row for each family."""
    yield f"{'family':28} {'precision':36} {'recall':36} false alarms"
    for name in sorted({c.spec.family for c in cases}):
        own = [c for c in cases if c.spec.family == name]
        right, found = precision(own, measured), recall(own, measured)
        yield f"{name:28} {right!s:36} {found!s:36} {false_alarms(own, measured)}"


def mistakes(cases: Sequence[Case]) -> Iterator[str]:
    """Every false alarm and every miss, with what was measured."""
    for title, wrong in (
        ("false alarms", [c for c in cases if c.healthy and measured(c)]),
        ("misses", [c for c in cases if c.sick and not measured(c)]),
        ("never probed", [c for c in cases if not c.verdict.probed]),
    ):
        yield f"\n{title}: {len(wrong)}"
        for case in wrong:
            said = [
                f"{s.rule} {s.state} {s.measured:.2g} (limit {s.limit:g})"
                for s in case.verdict.suspects
            ]
            reason = case.verdict.why_not or ", ".join(said) or "nothing is suspected"
            yield f"  {case.spec.name} ({case.spec.cause or 'no cause'}; {case.label}): {reason}"


def main() -> None:
    """Print the score of one half."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--half", choices=HALVES, default="choose")
    parser.add_argument("--part", help="K/N: only check every N-th network from the K-th on")
    parser.add_argument("--seed", type=int, default=0, help="gradlint's")
    options = parser.parse_args()
    known = labels()
    wanted = [spec for spec in specs() if spec.half == options.half and spec.name in known]
    found = verdicts(wanted, options.seed, options.part or "1/1")
    if options.part:
        return
    cases = [
        Case(spec, known[spec.name]["label"], bool(known[spec.name]["still"]), found[spec.name])
        for spec in wanted
    ]
    for part in (table(cases), by_rule(cases), by_family(cases), mistakes(cases)):
        print("\n".join(part), end="\n\n")


if __name__ == "__main__":
    main()
