"""From what was asked for to the report: find the models, have each examined, collect.

This is the parent's side. It imports no torch; a file without a model costs a look at its text.
"""

from __future__ import annotations

import itertools
import os
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor, wait
from dataclasses import replace
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from types import MappingProxyType

from gradlint import large, registry
from gradlint.cache.store import Cache
from gradlint.command.config import Request, Settings
from gradlint.discovery.targets import discover, has_model
from gradlint.errors import GradlintError, NotBuilt
from gradlint.finding import ModelReport, Problem, Report, Status
from gradlint.job import Job, remedy, work
from gradlint.progress import Progress
from gradlint.sandbox import Outcome, Sandbox
from gradlint.source import Source

_WAKE = 0.5  # seconds


def check(
    requests: Sequence[Request],
    settings: Settings,
    sources: Mapping[str, Source] = MappingProxyType({}),
) -> Report:
    """Examine every model of every request; `sources` stand for files, by their paths.

    Raises GradlintError for rules that do not exist.
    """
    problems: list[Problem] = []
    jobs: list[Job] = []
    unchanged = 0
    for request in requests:
        try:
            source = sources.get(request.path) or Source.read(request.path)
            found, left_out = _jobs(source, request, settings)
            jobs += found
            unchanged += left_out
        except GradlintError as error:
            problems.append(Problem(request.path, error.message, error.hint))
    models: list[ModelReport] = []
    examined = _examined(jobs, settings) if settings.probe else _read(jobs)
    for result in itertools.chain.from_iterable(examined):
        if isinstance(result, Problem):
            problems.append(result)
        else:
            models.append(result)
    return Report(
        models=tuple(models),
        problems=tuple(dict.fromkeys(problems)),
        torch=_torch() if jobs else "",
        files=len(requests),
        unchanged=unchanged,
        sources={job.source.path: job.source for job in jobs},
    )


def _torch() -> str:
    try:
        return version("torch")
    except PackageNotFoundError:  # without a probe it is not needed
        return ""


def _jobs(source: Source, request: Request, settings: Settings) -> tuple[list[Job], int]:
    """The models to examine, and how many are left out since they did not change."""
    if not request.names and not has_model(source):
        return [], 0
    found = discover(source, request.names, request.input, request.init)
    targets = [each for each in found if settings.concerns is None or settings.concerns(each)]
    rules = registry.active(settings, request.path) if targets else ()
    jobs = [
        Job(
            source=source,
            target=target,
            rules=rules,
            seed=settings.seed,
            device=settings.device,
            search_fixes=settings.search_fixes,
            fix_budget=settings.fix_budget,
            timeout=settings.timeout,
            memory=settings.memory,
        )
        for target in targets
    ]
    return jobs, len(found) - len(jobs)


def _examined(jobs: Sequence[Job], settings: Settings) -> Iterator[list[ModelReport | Problem]]:
    """The results of each job, in order; jobs run side by side."""
    if not jobs:
        return

    def run(job: Job) -> list[ModelReport | Problem]:
        progress = Progress(job, settings.on_progress)
        if job.target.construct is None:
            why = NotBuilt(job.target.missing, remedy(job.target))
            return _read([job], why)[0]
        if cache and (known := cache.look_up(job)):
            return [*known]
        outcome = sandbox.run(work, job, job.timeout, progress.heard)
        results = list(_results(job, outcome))
        reports = [each for each in results if isinstance(each, ModelReport)]
        if cache and len(reports) == len(results) and not outcome.died:
            cache.keep(job, reports)
        return results

    cache = Cache(Path(settings.cache_dir)) if settings.cached else None
    large.announce({job.source.text for job in jobs})
    sandbox = Sandbox(preload=("gradlint.worker", "gradlint.cli", "gradlint.warm"))
    with ThreadPoolExecutor(settings.jobs or os.cpu_count() or 1) as pool:
        try:
            for future in [pool.submit(run, job) for job in jobs]:
                while not wait([future], _WAKE).done:
                    pass  # an interruption that another thread takes is seen only when awake
                yield future.result()
        finally:
            sandbox.close()
    if cache:
        cache.prune()


def _read(
    jobs: Sequence[Job], why: GradlintError | None = None
) -> list[list[ModelReport | Problem]]:
    """The reports of models that are not built: what their source shows."""
    from gradlint.reading.report import read_report  # it is not needed in most runs

    otherwise = Status.NOT_PROBED if why is None else Status.NOT_BUILT
    return [[read_report(job, otherwise, why)] for job in jobs]


def _was_read(report: ModelReport | Problem) -> bool:
    return isinstance(report, ModelReport) and report.status is Status.TRACED


def _results(job: Job, outcome: Outcome) -> Iterator[ModelReport | Problem]:
    """What a child said: what failed, and its last report, even if it died after that."""
    path = job.target.path
    failed = [message for message in outcome.sent if isinstance(message, GradlintError)]
    for error in failed:
        yield Problem(path, error.message, error.hint)
    reports = [message for message in outcome.sent if isinstance(message, ModelReport)]
    if reports and outcome.died:
        why = f"the search for fixes {outcome.died}"
        yield replace(reports[-1], reason=why, hint=outcome.hint)
    elif reports:
        yield reports[-1]
    else:
        if not failed:
            yield Problem(path, f"{job.target.name} {outcome.died}", outcome.hint)
        error = next(iter(failed), GradlintError(f"it {outcome.died}", outcome.hint))
        yield from (r for [r] in _read([job], error) if _was_read(r))
