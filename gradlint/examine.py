"""Examine one model: build it, feed it, record it, match, measure, decide."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, replace

import torch

from gradlint.diagnosis import Suspicion, diseases, finding, suspicions
from gradlint.errors import NotRun
from gradlint.feeding.inputs import Inputs, find_inputs
from gradlint.finding import Finding
from gradlint.model import Model
from gradlint.probing.probe import measure
from gradlint.probing.trial import trial
from gradlint.profile import LEARNT, Profile, sickness
from gradlint.rule import Rule, State
from gradlint.target import Target
from gradlint.tracing.build import Builder, Built, initialise, reason
from gradlint.tracing.containers import containers, named_parameters
from gradlint.tracing.cuts import cuts
from gradlint.tracing.idle import idle, unreached
from gradlint.tracing.record import Recording, record
from gradlint.tracing.squashes import squashes
from gradlint.tracing.trace import trace


@dataclass(frozen=True)
class Patient:
    """A model that can be built again and again, and what to feed it."""

    target: Target
    build: Callable[[int], Built]
    inputs: Inputs

    @classmethod
    def of(cls, builder: Builder, inputs: Inputs) -> Patient:
        """A model that `builder` builds, on the device of its inputs."""

        def build(seed: int) -> Built:
            built = builder.build(seed)
            once = inputs.on("cpu").copied()
            initialise(built, once.args, once.kwargs)
            built.module.to(inputs.device)
            return built

        return cls(builder.target, build, inputs)


@dataclass(frozen=True)
class Examination:
    """Everything known of one model: its graph, what was measured, what is suspected."""

    model: Model
    output: object  # of the recorded run; None where it was not run
    profile: Profile | None
    suspicions: tuple[Suspicion, ...]

    @property
    def confirmed(self) -> list[Suspicion]:
        """The suspicions that the probe confirmed."""
        return [s for s in self.suspicions if s.verdict and s.verdict.state is State.CONFIRMED]

    def findings(self) -> list[Finding]:
        """The findings of the model, one a disease."""
        found = diseases(self.suspicions, self.model, self.profile)
        return [finding(disease, self.model, self.profile) for disease in found]


def admit(builder: Builder, built: Built, seed: int, device: str) -> Patient:
    """Find the inputs of a model. Raises NotRun."""
    if not any(p.requires_grad for p in named_parameters(built.module).values()):
        raise NotRun("it has no parameters to train")
    torch.manual_seed(seed)
    inputs = find_inputs(built.module, builder.target, built.namespace, built.example)
    return Patient.of(builder, inputs.on(device))


def examine(
    patient: Patient, rules: tuple[Rule, ...], seed: int, candidate: bool = False
) -> Examination:
    """Run, match, measure where something matches, decide.

    A `candidate` for a fix is measured in any case, and gets no second opinion.
    Raises NotRun where the model raises.
    """
    built = patient.build(seed)
    built.module.train()
    try:
        torch.manual_seed(seed)
        recording = record(built, patient.inputs.fresh(seed))
        model = _model(patient, built, recording)
        profile = None
        if candidate or any(True for rule in rules for _ in rule.match(model)):
            profile = measure(patient.build, patient.inputs, model, seed)
            if not candidate:
                profile = replace(profile, trial=_second_opinion(patient, model, profile, seed))
    except Exception as error:
        if isinstance(error, MemoryError):
            raise
        why = reason(error, built.sites.checked)
        raise NotRun(f"it raised {why} when it ran", "give its inputs with --input") from error
    found = suspicions(rules, model, profile)
    return Examination(model, recording.output, profile, tuple(found))


def _model(patient: Patient, built: Built, recording: Recording) -> Model:
    """What ran, and what of the model it leaves out."""
    lost = unreached(built.module, recording.output)
    cut = cuts(built, recording, lost)
    behind = {name for each in cut for name in each.parameters}
    unused = {name: p for name, p in lost.items() if name not in behind}
    return Model(
        patient.target,
        recording.graph,
        built.sites.sources,
        patient.inputs.length_known,
        containers(built),
        idle(built, recording, unused),
        cut,
        squashes(patient.target, built, recording),
    )


def _second_opinion(patient: Patient, model: Model, profile: Profile, seed: int) -> float:
    """How well a model that measures sick learns in the trial; in doubt, the best of the copies."""
    if not sickness(profile):
        return math.nan
    trials: list[float] = []
    for number in range(seed, seed + profile.seeds if profile.in_doubt else seed + 1):
        trials.append(trial(patient.build, patient.inputs, model.graph, number))
        if not trials[-1] > LEARNT:  # it learnt, or no trial is defined
            break
    return trials[-1] if math.isnan(trials[-1]) else min(trials)


def structure(built: Built, target: Target, rules: tuple[Rule, ...]) -> Examination:
    """What the structure alone shows of a model that could not be run: suspicions."""
    model = Model(target, trace(built), built.sites.sources, False)
    return Examination(model, None, None, tuple(suspicions(rules, model, None)))
