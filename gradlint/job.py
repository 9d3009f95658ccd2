"""What is handed to a child process, and what comes back. It imports no torch."""

from __future__ import annotations

import os
from dataclasses import dataclass
from multiprocessing.connection import Connection

from gradlint.command.config import Settings
from gradlint.discovery.fields import is_module
from gradlint.discovery.targets import EXPLICIT
from gradlint.errors import GradlintError
from gradlint.finding import Finding, ModelReport, Status
from gradlint.rule import Rule
from gradlint.source import Source
from gradlint.target import Target


@dataclass(frozen=True)
class Job:
    """One model to examine."""

    source: Source
    target: Target
    rules: tuple[Rule, ...]
    seed: int
    device: str
    search_fixes: bool
    timeout: float  # seconds until something must have been sent
    memory: int  # GiB
    fix_budget: int = Settings.fix_budget  # candidates that are built and probed for one model


def work(connection: Connection, job: Job) -> None:
    """Runs in the child, where torch may be imported."""
    from gradlint.worker import send_reports

    send_reports(connection, job)


def remedy(target: Target) -> str:
    """What to write where a model cannot be built."""
    if target.name == EXPLICIT:
        return "it must take no arguments and give the model, or the model and its inputs"
    known = [f"{a.name}={a.value}" for a in target.arguments if "." not in a.name]
    if target.unknown and not any(map(is_module, target.unknown)):
        given = ", ".join(f"{name} = ..." for name in target.unknown)
        model = f"{target.path}:{target.name}"
        return (
            f'write in [tool.gradlint]: targets = [{{ model = "{model}", init = {{ {given} }} }}]'
        )
    given = ", ".join([*known, *(f"{name}=..." for name in target.unknown)]) or "..."
    file = os.path.basename(target.path)
    return f"add to {file}: def {EXPLICIT}(): return {target.name}({given})"


def model_report(
    target: Target,
    status: Status,
    why: GradlintError | None = None,
    inputs: str = "",
    seconds: float = 0.0,
    found: tuple[Finding, ...] = (),
    input_spec: str = "",
    built: bool = True,
) -> ModelReport:
    """The report of one model."""
    return ModelReport(
        path=target.path,
        target=target.name,
        status=status,
        reason=why.message if why else "",
        hint=why.hint if why else "",
        inputs=inputs,
        seconds=seconds,
        findings=found,
        named=target.named,
        span=target.span,
        built=built and status is not Status.NOT_BUILT,
        arguments=target.arguments,
        unknown=target.unknown,
        input_spec=input_spec,
    )
