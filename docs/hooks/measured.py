"""What the probe measures of the example of a rule, before the fix and after it."""

from __future__ import annotations

import math
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from statistics import median

import torch

from gradlint.discovery.targets import discover
from gradlint.examine import Examination, admit, examine
from gradlint.profile import Profile
from gradlint.quantities import Reading
from gradlint.registry import rules
from gradlint.rule import Bad, Rule
from gradlint.source import Source
from gradlint.tracing.build import Builder

FLOOR = -45.0  # decades: what float32 does not hold

Values = list[float]


@dataclass(frozen=True)
class Series:
    """Decades along the model, before and after."""

    what: str
    along: str
    before: Values
    after: Values


def measured(rule: Rule) -> Series:
    """The series that shows what a rule is about, of its first sick example."""
    example = next(each for each in rule.examples if isinstance(each, Bad))
    sick = _examined(example.code.replace("«", "").replace("»", ""))
    healed = _examined(example.fixed)
    if sick.profile is None or healed.profile is None:
        raise ValueError(f"the example of {rule.name} was not measured")
    (ours,) = (each for each in sick.confirmed if each.rule.code == rule.code)
    quantity = ours.verdict.quantity if ours.verdict else ""
    what, along, read = _VIEWS.get(quantity, _VIEWS["vanishing"])
    before, after = (_median(profile, read) for profile in (sick.profile, healed.profile))
    return Series(what, along, before, after)


def _examined(code: str) -> Examination:
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "model.py"
        file.write_text(code, encoding="utf-8")
        source = Source.read(str(file))
        (target,) = discover(source)
        builder = Builder(source, target)
        torch.manual_seed(0)
        patient = admit(builder, builder.build(0), 0, "cpu")
        return examine(patient, rules(), 0, candidate=True)


def _median(profile: Profile, read: Callable[[Profile, Reading], Values]) -> Values:
    """Over the copies, at initialisation."""
    found = [read(profile, reading) for reading in profile.readings if reading.step == 0]
    return [max(FLOOR, median(values)) for values in zip(*found, strict=True)]


def _log(values: Values | tuple[float, ...]) -> Values:
    return [math.log10(value) if value > 0 else FLOOR for value in values]


def _layers(profile: Profile, reading: Reading) -> Values:
    return profile.station_gradients(reading)


def _weights(_: Profile, reading: Reading) -> Values:
    return _log(list(reading.symmetry.values()))


def _steps(_: Profile, reading: Reading) -> Values:
    return _log(next(iter(reading.decay.values())).steps)


_VIEWS: dict[str, tuple[str, str, Callable[[Profile, Reading], Values]]] = {
    "vanishing": ("rms of the gradient", "layers, from the input to the output", _layers),
    "evenness": ("spread between the units", "hidden layers, from the input", _weights),
    "forgetting": ("rms of the gradient", "time steps, first to last", _steps),
}
