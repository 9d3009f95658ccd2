"""From suspicions and measurements to findings: one disease, one finding."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, replace

from gradlint.checkout import in_checkout
from gradlint.finding import Evidence, Finding, Related
from gradlint.kinds import ACTIVATIONS, LAYERS
from gradlint.model import Model
from gradlint.profile import Profile, share
from gradlint.rule import Cause, Match, Rule, State, Verdict

# Where two causes explain the loss equally well: what is broken, what the author wrote,
# what is absent.
_ORDER = (Cause.BROKEN, Cause.SLOPE, Cause.GAIN, Cause.TIME, Cause.ABSENCE, Cause.APART)
_ALONE = (Cause.TIME, Cause.APART)
_CLOSE = 0.05  # of the whole loss: shares nearer than this are equal


@dataclass(frozen=True)
class Suspicion:
    """A match of a rule, and what the probe says of it."""

    rule: Rule
    match: Match
    verdict: Verdict | None  # None where nothing was measured


def suspicions(rules: Sequence[Rule], model: Model, profile: Profile | None) -> list[Suspicion]:
    """All matches of all rules, each with its verdict where there is a profile."""
    found = []
    for rule in rules:
        for match in rule.match(model):
            verdict = rule.confirm(match, profile) if profile else None
            if verdict and profile and verdict.state is State.CONFIRMED:
                verdict = _settled(verdict, rule, match, profile)
            found.append(Suspicion(rule, match, verdict))
    return found


def _settled(verdict: Verdict, rule: Rule, match: Match, profile: Profile) -> Verdict:
    """What is confirmed of trained weights, or of a guessed depth or length, is unproven.

    So is what may be meant.
    """
    if match.doubt:
        sentence = f"{verdict.sentence}, but {match.doubt}"
        return replace(verdict, state=State.UNPROVEN, sentence=sentence)
    if rule.structural:
        return verdict
    if profile.assumed:
        sentence = f"{verdict.sentence}, but {profile.assumed} is a guess: give it with init"
        return replace(verdict, state=State.UNPROVEN, sentence=sentence)
    return replace(verdict, state=State.UNPROVEN) if profile.trained else verdict


def diseases(
    found: Sequence[Suspicion], model: Model, profile: Profile | None
) -> list[list[Suspicion]]:
    """Suspicions that are one sick network together, the headline first.

    Confirmed suspicions about the path's gradient are one disease; each recurrence is its own.
    All others stand alone.
    """
    depth = [s for s in found if _confirmed(s) and s.rule.cause not in _ALONE]
    rest = [s for s in found if s not in depth]
    together = [sorted(depth, key=lambda s: _rank(s, model, profile))] if depth else []
    return together + [[suspicion] for suspicion in rest]


def _confirmed(suspicion: Suspicion) -> bool:
    return suspicion.verdict is not None and suspicion.verdict.state is State.CONFIRMED


def _rank(suspicion: Suspicion, model: Model, profile: Profile | None) -> tuple[object, ...]:
    """Sorts the cause that explains most first; what is broken leads in any case."""
    rule, graph = suspicion.rule, model.graph
    if rule.cause is Cause.BROKEN or profile is None:
        return (0, 0, _ORDER.index(rule.cause), False, rule.code)
    explained = share(profile, _roles(model)).get(rule.cause, 0.0)
    written = any(
        weight.init is not None and not weight.init.default
        for op in suspicion.match.ops
        for weight in graph.weights_of(op)
    )
    return (1, -round(explained / _CLOSE), _ORDER.index(rule.cause), not written, rule.code)


def _roles(model: Model) -> dict[int, Cause]:
    """What each operation of the path would be blamed for."""
    roles = {}
    for op in model.graph.path:
        if op.kind in ACTIVATIONS:
            roles[op.index] = Cause.SLOPE
        elif op.kind in LAYERS:
            roles[op.index] = Cause.GAIN
        else:
            roles[op.index] = Cause.ABSENCE
    return roles


def finding(disease: Sequence[Suspicion], model: Model, profile: Profile | None) -> Finding:
    """The finding of one disease: its headline, with the other suspicions listed under it."""
    head, *others = disease
    rule, match, verdict = head.rule, head.match, head.verdict
    state = verdict.state if verdict else State.SUSPECTED
    return Finding(
        code=rule.code,
        name=rule.name,
        severity=rule.severity,
        state=state,
        span=match.span,
        target=".".join(part for part in (model.target.name, _owner(match)) if part),
        message=match.message,
        label=match.label,
        signature=signature(rule, match, model),
        related=tuple(
            Related(s.match.span, f"{s.rule.code} {s.rule.name}: {s.match.message}", s.rule.code)
            for s in others
        ),
        evidence=Evidence(
            verdict.quantity,
            verdict.measured,
            verdict.limit,
            profile.seeds if profile else 0,
            verdict.sentence,
        )
        if verdict
        else None,
        fixes=(),
    )


def signature(rule: Rule, match: Match, model: Model) -> str:
    """What names a finding while lines move: rule, file, model, and the layer's own path."""
    source = model.sources.get(model.target.path)
    path = in_checkout(source.filename if source else model.target.path)
    parts = [rule.code, path, model.target.name]
    for op in match.ops[:1]:
        parts += [op.module or op.owner, op.name]
    parts += match.parameters[:1]
    return hashlib.sha256("\0".join(parts).encode()).hexdigest()


def _owner(match: Match) -> str:
    """The path of the module that a match is about."""
    return match.ops[0].owner if match.ops else match.parameters[0].rpartition(".")[0]
