"""What the probe measured of a model, and the verdicts that rest on it. It imports no torch."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from statistics import median

from gradlint.graph import Op
from gradlint.quantities import QUANTITIES, Reading
from gradlint.rule import Cause, State, Verdict

LIMITS = {"vanishing": 5.0, "exploding": 1.0, "scale": 3.0, "collapse": 5.0}  # decades
CERTAIN = 8.0  # decades: of what loses more, nothing in benchmarks/depth_limits.txt learns well
_NEAR = 0.7  # of a limit: what stays below in one copy is not measured in others
LEARNT = 0.9  # of the best constant's loss: at or below it, the trial's model has learnt


@dataclass(frozen=True)
class Profile:
    """Readings of all seeds, at initialisation and after the updates."""

    stations: tuple[int, ...]  # op indices, input first
    head: int | None  # the last station if it is the output layer
    readings: tuple[Reading, ...]
    trained: bool = False  # weights come from a checkpoint: initialisation says nothing
    length_known: bool = False  # the length of its sequences comes from the file or the user
    assumed: str = ""  # "depth = 2": a guess that could itself make the model sick
    trial: float = math.nan  # lowest loss that any copy reached in the trial, see `trial.py`
    at_rest: dict[str, float] = field(default_factory=dict)  # the gains, where nothing was run
    # Whether any output changes with a parameter that a suspicion is about.
    effects: dict[str, bool] = field(default_factory=dict)
    floor: float = 0.0  # the lowest loss that is left behind a squashed output, in nats
    dimming: float = 1.0  # how many times smaller the gradient at the logits is for it

    @property
    def seeds(self) -> int:
        """How many copies were measured."""
        return len({reading.seed for reading in self.readings}) or int(bool(self.at_rest))

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

    def counted(self, quantity: str, sentence: str) -> Verdict:
        """Confirmed where anything at all is counted, in every reading."""
        verdict = self.above(quantity, 0.0, "")
        return replace(verdict, sentence=sentence.format(measured=f"{verdict.measured:,.0f}"))

    def unused(self, names: Sequence[str]) -> Verdict:
        """No gradient reaches these parameters, and no output changes with them."""
        return self._unreached("unused", names, changes=False)

    def cut_off(self, names: Sequence[str]) -> Verdict:
        """No gradient reaches these parameters, and yet an output changes with them."""
        return self._unreached("cut", names, changes=True)

    def _unreached(self, quantity: str, names: Sequence[str], *, changes: bool) -> Verdict:
        silent = [len(reading.without_gradient.intersection(names)) for reading in self.readings]
        count = f"{len(names)} parameter{'s' if len(names) > 1 else ''}"
        if not silent or max(silent) < len(names):
            return Verdict(State.CLEARED, quantity, 0.0, 0.0, "a gradient reaches them")
        said = f"no gradient reaches {count}"
        known = [self.effects.get(name) for name in names]
        if min(silent) < len(names) or any(each is not changes for each in known):
            state, said = State.UNPROVEN, f"{said} at first, but that is not all"
        else:
            state = State.CONFIRMED
            said += ", and an output changes with them" if changes else " and no output needs them"
        return Verdict(state, quantity, float(len(names)), 0.0, said)

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
        if self.in_doubt and not self.trial > LEARNT and verdict.state is State.CONFIRMED:
            why = "no trial is defined" if math.isnan(self.trial) else "it learns in the trial"
            sentence = f"{verdict.sentence}, but {why}"
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

    def oversized(
        self, ops: Sequence[Op], min_gain: float, max_growth: float, max_scale: float
    ) -> Verdict:
        """The weights of these operations are large, and the gradient or the output explodes."""
        gain = self.gain_of(ops)
        if gain < min_gain:
            return self.cleared("gain", gain, min_gain)
        return self.blown_up(max_growth, max_scale)

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
        copies = [reading.gain for reading in self.readings if reading.step == 0] or [self.at_rest]
        names = [name for op in ops for name in op.weights]
        gains = [gain[name] for gain in copies for name in names if name in gain]
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


def sickness(profile: Profile) -> str:
    """The first quantity beyond its limit in any reading, in words; "" for a healthy profile."""
    for quantity, limit in LIMITS.items():
        measure = QUANTITIES[quantity]
        worst = max((measure(profile, reading) for reading in profile.readings), default=0.0)
        if worst > limit:
            return f"{quantity} {show(worst)} decades (limit {limit:g})"
    return ""


def near_sickness(profile: Profile) -> bool:
    """Whether any quantity of any reading comes near the limit of any rule."""
    limits = LIMITS | {"growth": 3.5, "evenness": 4.0, "forgetting": 4.0}
    return any(
        QUANTITIES[quantity](profile, reading) > _NEAR * limit
        for quantity, limit in limits.items()
        for reading in profile.readings
    )


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
