"""The contract of a rule: one class in one file of `rules/`. It imports no torch."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator
from dataclasses import dataclass
from enum import IntEnum, StrEnum
from typing import TYPE_CHECKING, ClassVar

from gradlint.graph import Op
from gradlint.span import Edit, Span

if TYPE_CHECKING:
    from gradlint.model import Model
    from gradlint.profile import Profile


class Severity(StrEnum):
    """What a confirmed finding does to a run: an error fails it, a warning is reported."""

    ERROR = "error"
    WARNING = "warning"


class State(StrEnum):
    """What is known about a suspicion."""

    SUSPECTED = "suspected"  # the structure matches, nothing was measured
    CONFIRMED = "confirmed"
    CLEARED = "cleared"
    UNPROVEN = "unproven"  # measured, but the measurements do not agree, or do not apply


class Cause(StrEnum):
    """What a rule blames. The rule whose cause explains most of the measured loss leads."""

    BROKEN = "broken"  # cut, unregistered, symmetric: nothing else matters until it is mended
    SLOPE = "slope"  # of the activations
    GAIN = "gain"  # of the weights
    ABSENCE = "absence"  # of normalisation or of skip connections: what slope and gain leave over
    TIME = "time"  # along a sequence
    APART = "apart"  # nothing that another rule's measurements show: a finding of its own


class Rung(IntEnum):
    """The ladder of remedies, gentlest first."""

    CONNECTION = 0
    INITIALISATION = 1
    ACTIVATION = 2
    NORMALISATION = 3
    RESIDUAL = 4
    LAYER = 5


class Checkpoint(StrEnum):
    """What a rewrite does to checkpoints saved before it."""

    KEEPS = "keeps"  # they load
    ADDS = "adds"  # they load except for new parameters
    CHANGES = "changes"  # they do not load


@dataclass(frozen=True)
class Match:
    """A suspicion: where, which operations, and a sentence that says what looks wrong."""

    span: Span
    ops: tuple[Op, ...]
    message: str
    label: str = ""  # a few words beside the caret: "first of 12"
    parameters: tuple[str, ...] = ()  # what it is about, where no operation need read it
    doubt: str = ""  # why it may be meant: then it is never confirmed


@dataclass(frozen=True)
class Verdict:
    """What the probe says of a suspicion. `measured` and `limit` are of `quantity`."""

    state: State
    quantity: str
    measured: float
    limit: float
    sentence: str  # "gradient rms falls by 9.1 decades from the last layer to the first"

    def or_else(self, other: Verdict) -> Verdict:
        """This verdict or another of the same suspicion: the one that says more."""
        order = [State.CONFIRMED, State.UNPROVEN, State.CLEARED]
        return min(self, other, key=lambda verdict: order.index(verdict.state))


@dataclass(frozen=True)
class Rewrite:
    """What could be written instead: edits made together or not at all."""

    title: str
    rung: Rung
    checkpoint: Checkpoint
    edits: tuple[Edit, ...]


@dataclass(frozen=True)
class Good:
    """A healthy model: not confirmed. With `matches`, it is matched and cleared by the probe."""

    code: str
    input: str | None = None  # as for --input: "8x3x32x32"
    matches: bool = False


@dataclass(frozen=True)
class Bad:
    """A sick model: confirmed on the expression between the marks «»; `fixed` is the offer."""

    code: str  # with one «expression» marked
    fixed: str
    input: str | None = None


class Documented:
    """What has a code and a name. The class docstring is its documentation.

    The docstring holds, in this order: one sentence, the reason, and the sections
    `References:`, `Fix safety:` and `Known limits:`.
    """

    code: ClassVar[str]
    name: ClassVar[str]
    summary: ClassVar[str]
    severity: ClassVar[Severity]
    examples: ClassVar[tuple[Good | Bad, ...]]


class Rule(Documented, ABC):
    """One disease of a model.

    A rule never prints, never opens a file and never imports another rule.
    """

    cause: ClassVar[Cause]
    structural: ClassVar[bool] = False  # it holds whatever values the weights have

    @abstractmethod
    def match(self, model: Model) -> Iterator[Match]:
        """Does it look wrong? Structure, no numbers."""

    @abstractmethod
    def confirm(self, match: Match, profile: Profile) -> Verdict:
        """Does it measure wrong? Numbers, no source."""

    def cleared_at_rest(self, match: Match, profile: Profile) -> bool:
        """Whether the weights as they start already clear it: the profile has no readings yet."""
        return False

    @abstractmethod
    def rewrites(self, match: Match, model: Model) -> Iterator[Rewrite]:
        """What could be written instead, gentlest first."""
