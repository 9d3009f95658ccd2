"""Search for the gentlest set of edits that heals a model, and prove it.

The rules propose, the probe disposes. A candidate is applied to a copy of the source, the
rewritten model is built and examined again, and put through the trial. It is offered only
where no quantity is sick any more, no rule is confirmed, the output keeps its shape, and
the model learns in the trial.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from gradlint.cache.opened import Opened
from gradlint.discovery.targets import discover
from gradlint.errors import GradlintError
from gradlint.examine import Examination, Patient, examine
from gradlint.finding import Finding, Fix
from gradlint.graph import Graph
from gradlint.job import Job
from gradlint.probing.trial import RATES, trial
from gradlint.profile import LEARNT, show, sickness
from gradlint.rule import Cause, Checkpoint, Rewrite, State
from gradlint.span import Edit
from gradlint.tracing.build import Builder
from gradlint.tracing.record import same_shape

_TOGETHER = 3  # rewrites in one candidate at most


@dataclass(frozen=True)
class Candidate:
    """Rewrites made together."""

    rewrites: tuple[Rewrite, ...]

    @property
    def title(self) -> str:
        """What they do, in one line."""
        first, *others = (rewrite.title for rewrite in self.rewrites)
        return " and ".join([first, *(title[0].lower() + title[1:] for title in others)])

    @property
    def checkpoint(self) -> Checkpoint:
        """The worst that any of them does to checkpoints."""
        order = list(Checkpoint)
        return max((rewrite.checkpoint for rewrite in self.rewrites), key=order.index)

    @property
    def edits(self) -> tuple[Edit, ...]:
        """All edits, each once."""
        return tuple(sorted({edit for rewrite in self.rewrites for edit in rewrite.edits}))


def with_fixes(
    findings: Sequence[Finding], examination: Examination, patient: Patient, job: Job
) -> Iterator[tuple[Finding, ...]]:
    """The findings with the fixes tried so far, again after each; the proven one ends it.

    What is a disease of its own is healed on its own, everything else together.
    """
    apart = [s.rule.code for s in examination.confirmed if s.rule.cause is Cause.APART]
    others = [s.rule.code for s in examination.confirmed if s.rule.cause is not Cause.APART]
    for codes in filter(None, (others, *([code] for code in dict.fromkeys(apart)))):
        search = _Search(examination, patient, job, frozenset(codes))
        fixes: list[Fix] = []
        for fix in search.fixes():
            fixes = [fix, *fixes] if fix.verified else [*fixes, fix]
            findings = tuple(
                replace(finding, fixes=tuple(search.seen_from(finding, fix) for fix in fixes))
                if finding.state is State.CONFIRMED and finding.code in codes
                else finding
                for finding in findings
            )
            yield findings


class _Search:
    """One model's search: candidates gentlest first, until one heals."""

    def __init__(
        self, examination: Examination, patient: Patient, job: Job, codes: frozenset[str]
    ) -> None:
        self._sick = examination
        self._codes = codes
        self._patient = patient
        self._job = job
        self._memory = any(s.rule.cause is Cause.TIME for s in examination.confirmed)
        known = examination.profile.trial if examination.profile else math.nan
        self._before = (
            self._trial(patient, examination.model.graph)
            if self._memory or math.isnan(known)
            else known
        )
        self._after: dict[tuple[Edit, ...], Examination] = {}

    def fixes(self) -> Iterator[Fix]:
        """What was tried, in order; the last is proven or the budget is spent."""
        for candidate in itertools.islice(candidates(self._rewrites()), self._job.fix_budget):
            fix = self._try(candidate)
            yield fix
            if fix.verified:
                return

    def seen_from(self, finding: Finding, fix: Fix) -> Fix:
        """A fix with the finding's own quantity before and after it."""
        assert finding.evidence is not None
        after = self._after.get(fix.edits)
        measured = math.nan
        if after is not None and after.profile is not None:
            measured = after.profile.measured(finding.evidence.quantity)
        return replace(fix, before=finding.evidence.measured, after=measured)

    def _rewrites(self) -> list[Rewrite]:
        """What the confirmed rules propose for this file, each set of edits once."""
        found: dict[tuple[Edit, ...], Rewrite] = {}
        ours = [s for s in self._sick.confirmed if s.rule.code in self._codes]
        # What mends the headline comes before what makes up for it.
        for suspicion in sorted(ours, key=lambda s: s.rule.cause is not Cause.BROKEN):
            for rewrite in suspicion.rule.rewrites(suspicion.match, self._sick.model):
                if all(edit.span.path == self._job.source.path for edit in rewrite.edits):
                    found.setdefault(rewrite.edits, rewrite)
        return list(found.values())

    def _try(self, candidate: Candidate) -> Fix:
        fix = Fix(
            title=candidate.title,
            checkpoint=candidate.checkpoint,
            verified=False,
            why_not="",
            before=math.nan,
            after=math.nan,
            trial_before=self._before,
            trial_after=math.nan,
            edits=candidate.edits,
        )
        try:
            patient = self._rewritten(candidate)
            after = examine(patient, self._job.rules, self._job.seed, candidate=True)
        except (GradlintError, ValueError, SyntaxError) as error:
            return replace(fix, why_not=f"the rewritten model fails: {error}")
        self._after[fix.edits] = after
        if why := self._worse(after):
            return replace(fix, why_not=why)
        for rate in RATES:
            learnt = self._trial(patient, after.model.graph, rate)
            if learnt <= LEARNT:
                break
        fix = replace(fix, trial_after=learnt)
        if not learnt <= LEARNT:
            return replace(fix, why_not=_did_not_learn(learnt))
        return replace(fix, verified=True)

    def _trial(self, patient: Patient, graph: Graph, rate: float = RATES[0]) -> float:
        return trial(patient.build, patient.inputs, graph, self._job.seed, self._memory, rate)

    def _rewritten(self, candidate: Candidate) -> Patient:
        """The patient after the edits. Raises GradlintError, ValueError where edits collide."""
        source = self._job.source.edited(candidate.edits)
        old = self._patient.target
        with Opened.asked_before():
            (first,) = discover(source, (old.name,), old.input, old.init)
        target = first.ways[-len(old.ways)]  # the way that worked
        builder = Builder(source, target, old.arguments)
        return Patient.of(builder, self._patient.inputs)

    def _worse(self, after: Examination) -> str:
        """Why the rewritten model cannot be offered; "" where nothing speaks against it."""
        if not same_shape(self._sick.output, after.output):
            return "the output changes its shape"
        assert after.profile is not None
        if sick := sickness(after.profile):
            return sick
        others = {s.rule.code for s in self._sick.confirmed} - self._codes
        for suspicion in after.confirmed:
            verdict = suspicion.verdict
            if verdict is not None and suspicion.rule.code not in others:
                return f"{suspicion.rule.name} remains: {verdict.quantity} {show(verdict.measured)}"
        return ""


def _compatible(group: Sequence[Rewrite]) -> bool:
    """Whether the edits can be made together."""
    edits = sorted({edit for rewrite in group for edit in rewrite.edits})
    return not any(
        first.span.overlaps(second.span) for first, second in zip(edits, edits[1:], strict=False)
    )


def _did_not_learn(share: float) -> str:
    if math.isnan(share):
        return "its effect on learning could not be tried"
    return f"it does not learn: the trial's loss stays at {share:.2f} of the best constant's"


def candidates(rewrites: Sequence[Rewrite]) -> Iterator[Candidate]:
    """Every combination with at most one rewrite a rung, gentlest first.

    The highest rung decides, then the number of rewrites.
    """
    groups: list[tuple[Rewrite, ...]] = []
    for count in range(1, _TOGETHER + 1):
        for group in itertools.combinations(rewrites, count):
            if len({rewrite.rung for rewrite in group}) == count and _compatible(group):
                groups.append(tuple(sorted(group, key=lambda rewrite: rewrite.rung)))
    groups.sort(key=lambda group: (max(r.rung for r in group), len(group)))
    return (Candidate(group) for group in groups)
