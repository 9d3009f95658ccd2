"""Examine one model: build it, feed it, record it, match, measure, decide."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, replace

import torch

from gradlint.diagnosis import Suspicion, diseases, finding, suspicions
from gradlint.errors import NotBuilt, NotRun
from gradlint.feeding.inputs import Inputs, find_inputs
from gradlint.feeding.runs import untouched
from gradlint.finding import Finding
from gradlint.model import Model
from gradlint.probing.cost import of_sample, samples
from gradlint.probing.probe import at_rest, measure
from gradlint.probing.trial import trial
from gradlint.profile import LEARNT, Profile
from gradlint.rule import Rule, State
from gradlint.target import Target
from gradlint.tracing.build import Builder, Built, initialise, reason
from gradlint.tracing.containers import containers, named_parameters
from gradlint.tracing.cuts import cuts
from gradlint.tracing.idle import idle, unreached
from gradlint.tracing.record import Recording, record
from gradlint.tracing.squashes import squashes
from gradlint.tracing.trace import trace

FEWEST = 4
LARGEST = 1e10  # multiplications of a forward pass: of larger models less is measured


@dataclass(frozen=True)
class Patient:
    """A model that can be built again and again, and what to feed it."""

    target: Target
    build: Callable[[int], Built]
    inputs: Inputs
    first: Built | None = None  # a copy that nothing was run in; an examination uses it up

    @classmethod
    def of(cls, builder: Builder, inputs: Inputs, first: Built | None = None) -> Patient:
        """A model that `builder` builds, on the device of its inputs."""

        def ready(built: Built) -> Built:
            once = inputs.on("cpu").copied()
            initialise(built, once.args, once.kwargs)
            built.module.to(inputs.device)
            return built

        def build(seed: int) -> Built:
            return ready(builder.build(seed))

        return cls(builder.target, build, inputs, first and ready(first))


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
    return Patient.of(builder, inputs.on(device), built)


def examine(
    patient: Patient, rules: tuple[Rule, ...], seed: int, candidate: bool = False
) -> Examination:
    """Run, match, measure where something matches, decide.

    A `candidate` for a fix is measured in any case, and gets no second opinion.
    Raises NotRun where the model raises.
    """
    inputs = patient.inputs
    built = patient.first or patient.build(seed)
    built.module.train()
    try:
        with untouched(built.module):  # so that it can be the first copy that is measured
            torch.manual_seed(seed)
            recording = record(built, inputs.fresh(seed, inputs.few))
            model = _model(patient, built, recording)
        profile: Profile | None
        if candidate:
            build = _after(built, patient.build)
            profile = measure(build, inputs, model, seed)
        else:
            profile = _measured(patient, built, rules, model, seed)
    except Exception as error:
        if isinstance(error, MemoryError | NotBuilt):
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


def _measured(
    patient: Patient, built: Built, rules: tuple[Rule, ...], model: Model, seed: int
) -> Profile | None:
    """As little as decides: nothing without a match, and no run where the weights clear it."""
    matches = [(rule, match) for rule in rules for match in rule.match(model)]
    if not matches:
        return None
    profile = at_rest(built, model, [op for _, match in matches for op in match.ops])
    if all(rule.cleared_at_rest(match, profile) for rule, match in matches):
        return profile
    inputs = _affordable(patient.inputs, model, seed)
    small = of_sample(model.graph, patient.inputs.few) * inputs.batch <= LARGEST
    profile = measure(_after(built, patient.build), inputs, model, seed, thorough=small)
    if not profile.in_doubt:
        return profile
    worst = replace(profile, trial=math.inf)
    verdicts = [suspicion.verdict for suspicion in suspicions(rules, model, worst)]
    if not any(verdict and verdict.state is State.CONFIRMED for verdict in verdicts):
        return worst
    return replace(profile, trial=_second_opinion(patient, model, profile, seed))


def _after(built: Built, build: Callable[[int], Built]) -> Callable[[int], Built]:
    """The copy that is there, then new ones: large models take long to build."""
    copies = [built]
    return lambda seed: copies.pop() if copies else build(seed)


def _affordable(inputs: Inputs, model: Model, seed: int) -> Inputs:
    """Fewer images for a large model: its normalisation counts their pixels as well.

    Of what is no image, fewer samples would make batch normalisation look worse than it is.
    """
    image = inputs.source is not None and inputs.source.dim() > 3
    if inputs.given or not image:
        return inputs
    return inputs.fresh(seed, samples(model.graph, inputs.few, inputs.batch, FEWEST, LARGEST))


def _second_opinion(patient: Patient, model: Model, profile: Profile, seed: int) -> float:
    """How well a model that measures sick learns in the trial: the best of the copies."""
    trials: list[float] = []
    for number in range(seed, seed + profile.seeds):
        trials.append(trial(patient.build, patient.inputs, model.graph, number, enough=LEARNT))
        if not trials[-1] > LEARNT:  # it learnt, or no trial is defined
            break
    return trials[-1] if math.isnan(trials[-1]) else min(trials)


def structure(built: Built, target: Target, rules: tuple[Rule, ...]) -> Examination:
    """What the structure alone shows of a model that could not be run: suspicions."""
    model = Model(target, trace(built), built.sites.sources, False)
    return Examination(model, None, None, tuple(suspicions(rules, model, None)))
