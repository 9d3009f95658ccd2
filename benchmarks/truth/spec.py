"""What a network of the benchmark is, in a few words, and which half it belongs to."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

HALVES = ("choose", "held")
LONG, DEEP_CONV = 200, 16


@dataclass(frozen=True)
class Spec:
    """One network. `cause` is what would make it sick, whether it is or not; "" for nothing."""

    family: str
    variant: str  # what the family calls it: "plain", "lstm", "pre"
    task: str  # what it is trained on
    depth: int
    width: int
    activation: str = "relu"
    norm: str = "none"
    skip: str = "none"
    init: str = "default"
    length: int = 0  # of sequences
    head: str = ""  # how a sequence is read
    cause: str = ""

    @property
    def name(self) -> str:
        """Unique, and the same for ever: the labels and the halves hang on it."""
        size = f"d{self.depth}-w{self.width}" + (f"-t{self.length}" if self.length else "")
        rest = (self.activation, self.norm, self.skip, self.init, self.head)
        known = [part for part in rest if part not in ("none", "default", "")]
        return "-".join([self.family, self.variant, size, *known])

    @property
    def half(self) -> str:
        """Thresholds are chosen on one half; the other is looked at once, at the end."""
        return HALVES[self.drawn("half") % 2]

    def drawn(self, purpose: str) -> int:
        """A number that looks random, and is the same for ever."""
        return int.from_bytes(hashlib.sha256(f"{purpose}:{self.name}".encode()).digest()[:4])

    @property
    def demanding(self) -> bool:
        """One of those that other benchmarks leave out since they cost."""
        deep = self.family in ("conv", "se") and self.depth >= DEEP_CONV
        return deep or self.family == "transformer" or self.length >= LONG
