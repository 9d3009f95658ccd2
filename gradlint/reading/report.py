"""What the source alone says of a model: a report whose findings are suspicions."""

from __future__ import annotations

import time

from gradlint.diagnosis import diseases, finding, suspicions
from gradlint.errors import GradlintError, NotRun
from gradlint.finding import Finding, ModelReport, Status
from gradlint.job import Job, model_report
from gradlint.reading.reader import read


def read_report(
    job: Job, otherwise: Status = Status.NOT_PROBED, why: GradlintError | None = None
) -> ModelReport:
    """The report of a model that was read and not run; `otherwise` where it cannot be read.

    `why` says why it was not run, where it should have been.
    """
    started = time.perf_counter()
    try:
        found = _findings(job)
    except NotRun as error:
        return model_report(job.target, otherwise, why or error)
    except Exception as error:  # one model that gradlint stumbles over must not cost the others
        message = f"reading it made gradlint fail: {type(error).__name__}: {error}"
        return model_report(job.target, otherwise, why or NotRun(message, "report it"))
    return model_report(
        job.target,
        Status.TRACED,
        why,
        seconds=round(time.perf_counter() - started, 3),
        found=found,
        built=otherwise is Status.NOT_PROBED and why is not None,
    )


def _findings(job: Job) -> tuple[Finding, ...]:
    model = read(job.source, job.target)
    found = diseases(suspicions(job.rules, model, None), model, None)
    return tuple(finding(disease, model, None) for disease in found)
