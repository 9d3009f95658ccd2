"""The child process: one model, from its target to its report. Imported once, before forking."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Iterator
from dataclasses import replace
from multiprocessing.connection import Connection

import libcst  # noqa: F401  (so that the fork has it)
import torch

from gradlint.cache.opened import Opened
from gradlint.discovery.definitions import is_exhaustion
from gradlint.discovery.missing import needed
from gradlint.errors import DefinitionsError, GradlintError, NotBuilt, NotRun
from gradlint.examine import admit, examine, structure
from gradlint.finding import ModelReport, Status
from gradlint.fixer import with_fixes
from gradlint.job import Job, model_report
from gradlint.reading.report import read_report
from gradlint.sandbox import OUT_OF_MEMORY, limit_memory
from gradlint.tracing.build import Builder, Built


def send_reports(connection: Connection, job: Job) -> None:
    """Send the model's report once it is diagnosed, and again with each fix that was tried.

    A definition that raises and that the model needs is sent as a DefinitionsError.
    """
    torch.set_num_threads(1)
    if job.device == "cpu":
        os.environ["CUDA_VISIBLE_DEVICES"] = ""
        limit_memory(job.memory)  # not with a GPU: its driver maps more than any limit
    sys.argv = [job.source.filename]
    opened = Opened()
    try:
        _check_device(job.device)
        for report in reports(job):
            if isinstance(report, ModelReport):
                report = replace(report, read=opened.files)
            connection.send(report)
    except GradlintError as error:
        connection.send(error)
    except (MemoryError, RuntimeError) as error:
        if not is_exhaustion(error):
            raise
        raise SystemExit(OUT_OF_MEMORY) from None


def _check_device(device: str) -> None:
    try:
        torch.empty(1, device=device)
    except (RuntimeError, AssertionError) as error:
        why = str(error).splitlines()[0]
        message = f"the device '{device}' cannot be used: {why}"
        raise GradlintError(message, "leave --device out for the CPU") from error


def reports(job: Job) -> Iterator[ModelReport | DefinitionsError]:
    """The report of one model as it grows; first what it needs and the file failed to define."""
    started = time.perf_counter()

    def seconds() -> float:
        return round(time.perf_counter() - started, 3)

    builder = Builder(job.source, job.target)
    try:
        builder, built = first_built(builder, job)
        job = replace(job, target=builder.target)
    except NotBuilt as error:
        if failure := needed():
            yield failure
            return
        job = replace(job, target=builder.target)
        yield replace(read_report(job, Status.NOT_BUILT, error), seconds=seconds())
        return
    try:
        patient = admit(builder, built, job.seed, job.device)
        examination = examine(patient, job.rules, job.seed)
    except (NotRun, NotBuilt, SystemExit) as error:
        if failure := needed():
            yield failure
        yield replace(_unfed(built, job, _not_run(error)), seconds=seconds())
        return
    diagnosed = model_report(
        job.target,
        Status.PROBED,
        inputs=patient.inputs.description,
        seconds=seconds(),
        found=tuple(examination.findings()),
        input_spec=patient.inputs.specification,
    )
    yield diagnosed
    if job.search_fixes and examination.confirmed:
        for found in with_fixes(diagnosed.findings, examination, patient, job):
            yield replace(diagnosed, findings=found, seconds=seconds())


def first_built(builder: Builder, job: Job) -> tuple[Builder, Built]:
    """The first way to build the model that works. Raises the NotBuilt of the first way."""
    first: NotBuilt | None = None
    for target in job.target.ways:
        builder = Builder(job.source, target) if first else builder
        try:
            return builder, builder.build(job.seed)
        except NotBuilt as error:
            first = first or error
    assert first is not None
    raise first


def _not_run(error: NotRun | NotBuilt | SystemExit) -> NotRun:
    """Why a model that was built could not be examined."""
    if isinstance(error, NotRun):
        return error
    if isinstance(error, NotBuilt):
        return NotRun(f"when it was built a second time, {error.message}", error.hint)
    return NotRun("its forward ends the process", "keep exits out of forward")


def _unfed(built: Built, job: Job, error: NotRun) -> ModelReport:
    """What can be said of a model that was built but not run: its structure."""
    try:
        suspected = tuple(structure(built, job.target, job.rules).findings())
    except (NotRun, SystemExit):
        return read_report(job, Status.NOT_PROBED, error)
    return model_report(job.target, Status.TRACED, error, found=suspected)
