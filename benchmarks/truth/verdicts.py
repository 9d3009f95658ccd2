"""What gradlint says of each network, kept until gradlint or the network changes."""

from __future__ import annotations

import hashlib
import json
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from functools import cache
from multiprocessing import forkserver
from os import sysconf
from pathlib import Path
from typing import Any

from networks import written
from spec import Spec

from gradlint.checker import check
from gradlint.command.config import Request, Settings
from gradlint.finding import Finding, Report, Status
from gradlint.rule import State

ROOT = Path(__file__).parents[2]
KEPT = Path(__file__).parent / "verdicts.jsonl"


@dataclass(frozen=True)
class Suspect:
    """One rule's word on a network."""

    rule: str
    state: str
    measured: float = 0.0
    limit: float = 0.0


@dataclass(frozen=True)
class Verdict:
    """All that gradlint said of a network."""

    name: str
    probed: bool  # every model of the file was built, fed and looked at
    why_not: str
    suspects: tuple[Suspect, ...]
    seconds: float  # of processor time

    def rules(self, static: bool = False) -> frozenset[str]:
        """The rules that raise an alarm: by measurement, or already by the structure."""
        return frozenset(
            s.rule for s in self.suspects if static or s.state == State.CONFIRMED.value
        )

    @property
    def unproven(self) -> bool:
        """Whether no verdict was reached: neither an alarm nor an all-clear."""
        states = {suspect.state for suspect in self.suspects}
        doubtful = states & {State.UNPROVEN.value, State.SUSPECTED.value}
        return not self.probed or (State.CONFIRMED.value not in states and bool(doubtful))


def verdicts(wanted: Sequence[Spec], seed: int = 0, part: str = "1/1") -> dict[str, Verdict]:
    """Those that are kept, and those of this part that are not, by name."""
    known = dict(_kept(seed))
    number, parts = map(int, part.split("/"))
    for spec in wanted[number - 1 :: parts]:
        if spec.name in known and known[spec.name][0] == _digest(spec):
            continue
        found = verdict(spec, seed)
        known[spec.name] = (_digest(spec), found)
        line = json.dumps({"digest": _digest(spec), "seed": seed, **asdict(found)})
        with KEPT.open("a", encoding="utf-8") as file:
            file.write(line + "\n")
    return {
        spec.name: known[spec.name][1]
        for spec in wanted
        if spec.name in known and known[spec.name][0] == _digest(spec)
    }


def _kept(seed: int) -> Iterator[tuple[str, tuple[str, Verdict]]]:
    if not KEPT.exists():
        return
    for line in KEPT.read_text(encoding="utf-8").splitlines():
        entry: dict[str, Any] = json.loads(line)
        digest = entry.pop("digest")
        if entry.pop("seed") == seed:
            suspects = tuple(Suspect(**suspect) for suspect in entry.pop("suspects"))
            yield entry["name"], (digest, Verdict(**entry, suspects=suspects))


@cache
def _code() -> bytes:
    files = sorted([*(ROOT / "gradlint").rglob("*.py"), *(ROOT / "rules").rglob("*.py")])
    return b"".join(file.read_bytes() for file in files)


def _digest(spec: Spec) -> str:
    return hashlib.sha256(_code() + written(spec).text.encode()).hexdigest()[:16]


def verdict(spec: Spec, seed: int = 0) -> Verdict:
    """Check one network as a user's file is checked, without the search for fixes."""
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "network.py"
        file.write_text(written(spec).text, encoding="utf-8")
        before = _spent()
        settings = Settings(search_fixes=False, jobs=1, seed=seed)
        report = check([Request(str(file))], settings)
    return read(spec.name, report, _spent() - before)


def read(name: str, report: Report, seconds: float) -> Verdict:
    """The verdict that a report holds."""
    probed = bool(report.models) and all(m.status is Status.PROBED for m in report.models)
    reasons = [*(p.message for p in report.problems), *(m.reason for m in report.models)]
    suspects = [suspect for finding in report.findings for suspect in _suspects(finding)]
    why_not = "" if probed else "; ".join(filter(None, reasons)) or "no model was found"
    return Verdict(name, probed, why_not, tuple(suspects), round(seconds, 3))


def _suspects(finding: Finding) -> Iterator[Suspect]:
    """The headline, and the rules that are listed under it."""
    evidence = finding.evidence
    numbers = (evidence.measured, evidence.limit) if evidence else (0.0, 0.0)
    yield Suspect(finding.name, finding.state.value, *numbers)
    for related in finding.related:
        head, colon, _ = related.message.partition(": ")
        if colon and head.startswith("GRD"):
            yield Suspect(head.split()[1], finding.state.value)


def _spent() -> float:
    """Processor seconds of all children so far: the fork server's, who has waited for them."""
    server = forkserver._forkserver._forkserver_pid  # type: ignore[attr-defined]
    if server is None:
        return 0.0
    fields = Path(f"/proc/{server}/stat").read_text().rpartition(")")[2].split()
    return sum(map(int, fields[13:15])) / sysconf("SC_CLK_TCK")
