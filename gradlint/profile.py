"""What the probe measured, and the quantities that verdicts are made of. It imports no torch.

With z_l the output of the l-th station from input to output (`Graph.stations`),
G_l = rms(dL/dz_l) and log = log10:

- vanishing: max log G - min log G, where the first station has less gradient than the last;
- exploding: log G_first - log G_last, where log G falls along the path by more than
  `EXPLODING_SLOPE` decades a station;
- scale: log rms(output);
- collapse: log(between-sample standard deviation of the output / rms of the output);
- symmetry: over hidden weights the smallest max(spread between rows of W, the same of its
  gradient), not logarithmic;
- decay: log of the rms of the input's gradient per time step, first tenth against last tenth.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from statistics import median

from gradlint.graph import Op
from gradlint.rule import Cause, State, Verdict

EXPLODING_SLOPE = -0.2  # decades a station
CERTAIN = 8.0  # decades: where more is lost than this, no network was seen to train
LEARNT = 0.9  # of the best constant's loss: at or below it, the trial's model has learnt


@dataclass(frozen=True)
class Decay:
    """The gradient along one recurrence: per-step rms in float64, first step first."""

    length: int
    decades: float  # log of first tenth over last tenth
    survives: int  # steps back from the end until the gradient has lost three decades


@dataclass(frozen=True)
class Reading:
    """One run of one copy of the model. Logarithms are of base 10; a zero reads -inf."""

    seed: int
    step: int  # how many updates the copy had seen
    finite: bool
    scale: float
    collapse: float
    gradient: dict[int, float]  # log rms of dL/d(result), by op index
    symmetry: dict[str, float]  # by weight name
    gain: dict[str, float]  # std(W) * sqrt(fan_in), by weight name
    decay: dict[int, Decay] = field(default_factory=dict)  # by op index of the recurrence


@dataclass(frozen=True)
class Profile:
    """Readings of all seeds, at initialisation and after the updates."""

    stations: tuple[int, ...]  # op indices, input first
    head: int | None  # the last station if it is the output layer
    readings: tuple[Reading, ...]
    trained: bool = False  # weights come from a checkpoint: initialisation says nothing
    length_known: bool = False  # the length of its sequences comes from the file or the user
    trial: float = math.nan  # lowest loss that any copy reached in the trial, see `trial.py`

    @property
    def seeds(self) -> int:
        """How many copies were measured."""
        return len({reading.seed for reading in self.readings})

    def above(self, quantity: str, limit: float, sentence: str) -> Verdict:
        """Confirmed where `quantity` exceeds `limit` in every reading, cleared where in none.

        `sentence` may hold `{measured}`, the median over the readings at initialisation.
        """
        measure = QUANTITIES[quantity]
        values = [measure(self, reading) for reading in self.readings]
        over = [value > limit for value in values]
        state = (
            State.UNPROVEN
            if any(over) != all(over)
            else State.CONFIRMED
            if over and all(over)
            else State.CLEARED
        )
        measured = self.measured(quantity)
        return Verdict(state, quantity, measured, limit, sentence.format(measured=show(measured)))

    def lost(self, max_decades: float, max_collapse: float) -> Verdict:
        """The gradient vanishes, or the output no longer depends on the input.

        A loss of `CERTAIN` decades or less is confirmed only where the model does not learn
        in the trial: sixteen ReLU layers at PyTorch's default lose 6.7 decades, and train.
        """
        vanished = self.above(
            "vanishing",
            max_decades,
            "the gradient's rms falls by {measured} decades from the last layer to the first",
        )
        collapsed = self.above(
            "collapse",
            max_collapse,
            "what depends on the input is {measured} decades smaller than the output",
        )
        verdict = vanished.or_else(collapsed)
        if self.in_doubt and self.trial <= LEARNT and verdict.state is State.CONFIRMED:
            sentence = f"{verdict.sentence}, but it learns in the trial"
            return replace(verdict, state=State.UNPROVEN, sentence=sentence)
        return verdict

    @property
    def in_doubt(self) -> bool:
        """Whether something is lost, but less than what no network survives."""
        lost = any(self.measured(name) > LIMITS[name] for name in ("vanishing", "collapse"))
        return lost and self.measured("vanishing") <= CERTAIN

    def blown_up(self, max_growth: float, max_scale: float) -> Verdict:
        """The gradient explodes, or the output is far out of scale."""
        exploded = self.above(
            "exploding",
            max_growth,
            "the gradient's rms grows by {measured} decades from the last layer to the first",
        )
        return exploded.or_else(
            self.above("scale", max_scale, "the output's rms is {measured} decades above one")
        )

    def forgotten(self, index: int, max_decades: float) -> Verdict:
        """The gradient is lost along the recurrence that the operation `index` runs."""
        decays = [reading.decay[index] for reading in self.readings if index in reading.decay]
        if not decays:
            return Verdict(State.UNPROVEN, "forgetting", 0.0, max_decades, "it was not measured")
        middle = sorted(decays, key=lambda decay: decay.decades)[len(decays) // 2]
        over = [-decay.decades > max_decades for decay in decays]
        state = State.CONFIRMED if all(over) else State.UNPROVEN if any(over) else State.CLEARED
        if state is State.CONFIRMED and not self.length_known:
            state = State.UNPROVEN
        lost = -middle.decades
        sentence = (
            f"the gradient's rms falls by {show(lost)} decades over {middle.length} time steps, "
            f"and survives the last {middle.survives}"
        )
        return Verdict(state, "forgetting", lost, max_decades, sentence)

    def gain_of(self, ops: Sequence[Op]) -> float:
        """The median gain of the weights that these operations read, at initialisation."""
        gains = [
            reading.gain[name]
            for reading in self.readings
            if reading.step == 0
            for op in ops
            for name in op.weights
            if name in reading.gain
        ]
        return median(gains) if gains else math.nan

    def cleared(self, quantity: str, measured: float, limit: float) -> Verdict:
        """A verdict that needs no reading of the gradient."""
        return Verdict(
            State.CLEARED, quantity, measured, limit, f"the {quantity} is {measured:.2g}"
        )

    def measured(self, quantity: str) -> float:
        """The median of a quantity over the seeds, at initialisation."""
        measure = QUANTITIES[quantity]
        values = [measure(self, reading) for reading in self.readings if reading.step == 0]
        return median(values) if values else math.nan

    def station_gradients(self, reading: Reading) -> list[float]:
        """log G of the stations that receive a gradient record, input first."""
        return [reading.gradient[index] for index in self.stations if index in reading.gradient]


def show(value: float) -> str:
    """A quantity as people read it: one decimal, infinity in words."""
    return "infinitely many" if math.isinf(value) else f"{value:.1f}"


def vanishing(profile: Profile, reading: Reading) -> float:
    """Decades that the gradient loses; infinite where the first station receives exactly none."""
    gradients = profile.station_gradients(reading)
    if len(gradients) < 2 or not reading.finite:
        return 0.0
    if math.isinf(gradients[0]):
        return math.inf if any(not math.isinf(value) for value in gradients) else 0.0
    alive = [value for value in gradients if not math.isinf(value)]
    return max(alive) - min(alive) if gradients[0] < gradients[-1] else 0.0


def exploding(profile: Profile, reading: Reading) -> float:
    """Decades that the gradient gains towards the input; infinite where it is not finite."""
    if not reading.finite:
        return math.inf
    gradients = profile.station_gradients(reading)
    alive = [value for value in gradients if not math.isinf(value)]
    if len(alive) < 3:
        return 0.0
    body = alive[:-1] if profile.head is not None else alive
    return alive[0] - alive[-1] if slope(body) < EXPLODING_SLOPE else 0.0


def growth(profile: Profile, reading: Reading) -> float:
    """Decades from the last station to the first, however gently they are gained."""
    gradients = [v for v in profile.station_gradients(reading) if not math.isinf(v)]
    return gradients[0] - gradients[-1] if len(gradients) > 1 else 0.0


def slope(values: list[float]) -> float:
    """Least-squares slope of values over their index."""
    count = len(values)
    if count < 2:
        return 0.0
    centre = (count - 1) / 2
    mean = sum(values) / count
    products = sum((index - centre) * (value - mean) for index, value in enumerate(values))
    return products / sum((index - centre) ** 2 for index in range(count))


def collapse(profile: Profile, reading: Reading) -> float:
    """Decades between the output's size and what of it depends on the sample."""
    return -reading.collapse if reading.finite else 0.0


def scale(profile: Profile, reading: Reading) -> float:
    """log rms of the output."""
    return reading.scale if reading.finite else math.inf


def evenness(profile: Profile, reading: Reading) -> float:
    """To how many digits the rows of the most even hidden weight, and of its gradient, agree."""
    least = min(reading.symmetry.values(), default=1.0)
    return -math.log10(max(least, 1e-16))


def forgetting(profile: Profile, reading: Reading) -> float:
    """Decades that the gradient loses along the worst recurrence."""
    return max((-decay.decades for decay in reading.decay.values()), default=0.0)


QUANTITIES: dict[str, Callable[[Profile, Reading], float]] = {
    "vanishing": vanishing,
    "exploding": exploding,
    "growth": growth,
    "collapse": collapse,
    "scale": scale,
    "evenness": evenness,
    "forgetting": forgetting,
}


LIMITS = {"vanishing": 5.0, "exploding": 1.0, "scale": 3.0, "collapse": 5.0}


def sickness(profile: Profile) -> str:
    """The first quantity beyond its limit in any reading, in words; "" for a healthy profile."""
    for quantity, limit in LIMITS.items():
        measure = QUANTITIES[quantity]
        worst = max((measure(profile, reading) for reading in profile.readings), default=0.0)
        if worst > limit:
            return f"{quantity} {show(worst)} decades (limit {limit:g})"
    return ""


def share(profile: Profile, roles: dict[int, Cause]) -> dict[Cause, float]:
    """How much of the gradient's loss (or growth) each cause explains, as a part of the whole.

    `roles` names the cause of each operation of the path, in order. Backward through an
    operation the gradient changes by log G(before it) - log G(after it).
    """
    totals = dict.fromkeys(Cause, 0.0)
    path = list(roles)
    for reading in profile.readings:
        if reading.step:
            continue
        for before, op in zip(path, path[1:], strict=False):
            change = reading.gradient.get(before, math.nan) - reading.gradient.get(op, math.nan)
            if math.isfinite(change):
                totals[roles[op]] += change
    whole = sum(totals.values())
    return {cause: total / whole if whole else 0.0 for cause, total in totals.items()}
