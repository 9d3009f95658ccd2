"""What a run found: the last stage before the formats. It imports no torch."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from enum import StrEnum

from gradlint.rule import Checkpoint, Severity, State
from gradlint.source import Source
from gradlint.span import Edit, Span
from gradlint.target import Argument


class Status(StrEnum):
    """How far a model came."""

    PROBED = "probed"
    TRACED = "traced"  # its structure is known, but it was not run
    NOT_BUILT = "not-built"
    NOT_PROBED = "not-probed"  # it was built, but could not be fed or failed when it ran


@dataclass(frozen=True)
class Evidence:
    """The number behind a verdict: the median over seeds, beside the limit it is held against."""

    quantity: str
    measured: float
    limit: float
    seeds: int
    sentence: str


@dataclass(frozen=True)
class Fix:
    """An offer, or (where `verified` is false) what was tried and why it was withdrawn."""

    title: str
    checkpoint: Checkpoint
    verified: bool
    why_not: str
    before: float
    after: float
    trial_before: float
    trial_after: float
    edits: tuple[Edit, ...]
    unsafe: bool = False  # offered without a proof, since the user wants such, too


@dataclass(frozen=True)
class Related:
    """Another place or another suspicion that belongs to a finding."""

    span: Span
    message: str
    code: str = ""  # of its rule


@dataclass(frozen=True)
class Suppression:
    """Why a finding is not shown and fails nothing."""

    kind: str  # "in-source" or "baseline"
    reason: str


@dataclass(frozen=True)
class Finding:
    """One disease of one model; or what is wrong with a comment, then without evidence."""

    code: str
    name: str
    severity: Severity
    state: State
    span: Span
    target: str  # the model's qualified name, and the layer: "Net.body.3"; "" of a comment
    message: str
    label: str
    signature: str
    related: tuple[Related, ...]
    evidence: Evidence | None
    fixes: tuple[Fix, ...]  # the offer first, then what was tried
    suppressed: Suppression | None = None

    @property
    def fix(self) -> Fix | None:
        """The offer: the verified fix, or one that is unsafe, where there is one."""
        return next((fix for fix in self.fixes if fix.verified or fix.unsafe), None)

    @property
    def proven(self) -> bool:
        """Whether the offer is known to heal."""
        return self.fix is not None and self.fix.verified


@dataclass(frozen=True)
class ModelReport:
    """What became of one model."""

    path: str
    target: str
    status: Status
    reason: str  # "" where it was probed
    hint: str
    inputs: str  # "image 8x3x32x32 (from the first convolution)"
    seconds: float
    findings: tuple[Finding, ...]
    named: bool  # the user asked for this very model
    span: Span | None  # where it is defined
    built: bool = True  # otherwise only its source was read
    arguments: tuple[Argument, ...] = ()  # what it was built with
    unknown: tuple[str, ...] = ()  # what it could not be built without
    input_spec: str = ""  # what to write for --input to have it fed like this
    read: tuple[str, ...] = ()  # the user's files and folders that were read for it
    cached: bool = False  # an earlier run found this


@dataclass(frozen=True)
class Problem:
    """A file, an option or a definition that could not be done."""

    path: str
    message: str
    hint: str


@dataclass(frozen=True)
class Report:
    """Everything a run found."""

    models: tuple[ModelReport, ...]
    problems: tuple[Problem, ...]
    torch: str  # version, "" where torch was not needed
    files: int = 0
    sources: dict[str, Source] = field(default_factory=dict)  # as they were checked, by path
    unchanged: int = 0  # models that were left out, since they did not change

    def shown(self, span: Span) -> tuple[int | None, Span]:
        """A span as people count it: the number of the notebook's cell, and the span in it."""
        source = self.sources.get(span.path)
        return source.shown(span) if source is not None else (None, span)

    def shown_edit(self, edit: Edit) -> tuple[int | None, Edit]:
        """An edit as it is made by hand: the number of the notebook's cell, and the edit in it."""
        source = self.sources.get(edit.span.path)
        return source.shown_edit(edit) if source is not None else (None, edit)

    def line(self, span: Span) -> str:
        """The line of a span, as it is printed: "net.py:7", or "net.ipynb:cell 3:7"."""
        cell, shown = self.shown(span)
        return f"{span.path}:{'' if cell is None else f'cell {cell}:'}{shown.line}"

    def place(self, span: Span) -> str:
        """The line and the column of a span."""
        return f"{self.line(span)}:{span.column}"

    def of_model(self, model: ModelReport) -> str:
        """Where a model is defined."""
        return self.line(model.span) if model.span else model.path

    @property
    def findings(self) -> Iterator[Finding]:
        """All findings, by file and place."""
        found = [finding for model in self.models for finding in model.findings]
        return iter(sorted(found, key=lambda finding: (finding.span, finding.code)))
