"""The quantities that verdicts are made of. It imports no torch.

With z_l the output of the l-th station from input to output (`Graph.stations`),
G_l = rms(dL/dz_l) and log = log10:

- vanishing: max log G - min log G, where the first station has less gradient than the last;
- exploding: log G_first - log G_last, where log G falls along the path by more than
  `EXPLODING_SLOPE` decades a station;
- growth: the same, however gently it is gained;
- scale: log rms(z_last), of the output where there is no station;
- collapse: log(rms(z_last) / between-sample standard deviation of z_last);
- evenness: digits to which the rows of the most even hidden weight, and of its gradient, agree;
- forgetting: log of the rms of the input's gradient per time step, last tenth over first tenth;
- unregistered: values that receive a gradient and that no optimizer sees: a count;
- unused: parameters that receive no gradient and whose change changes no output: a count;
- cut: parameters that receive no gradient although an output changes with them: a count;
- floor: the lowest loss that an activation before a loss of logits leaves, in nats.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from gradlint.profile import Profile

EXPLODING_SLOPE = -0.2  # decades a station


@dataclass(frozen=True)
class Decay:
    """The gradient along one recurrence, in float64."""

    length: int
    decades: float  # log of first tenth over last tenth
    survives: int  # steps back from the end until the gradient has lost three decades
    steps: tuple[float, ...] = ()  # its rms, first step first


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
    unregistered: int = 0  # values that the run trains and that `parameters()` lacks
    without_gradient: frozenset[str] = frozenset()  # parameters that could be trained


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


def unregistered(profile: Profile, reading: Reading) -> float:
    """How many values receive a gradient and are no parameters of the model."""
    return reading.unregistered


def unused(profile: Profile, reading: Reading) -> float:
    """How many parameters receive no gradient and change no output."""
    return sum(profile.effects.get(name) is False for name in reading.without_gradient)


def cut(profile: Profile, reading: Reading) -> float:
    """How many parameters receive no gradient although an output changes with them."""
    return sum(profile.effects.get(name) is True for name in reading.without_gradient)


def floor(profile: Profile, reading: Reading) -> float:
    """The lowest loss that a squashed output leaves, in nats."""
    return profile.floor


QUANTITIES: dict[str, Callable[[Profile, Reading], float]] = {
    "vanishing": vanishing,
    "exploding": exploding,
    "growth": growth,
    "collapse": collapse,
    "scale": scale,
    "evenness": evenness,
    "forgetting": forgetting,
    "unregistered": unregistered,
    "unused": unused,
    "cut": cut,
    "floor": floor,
}
