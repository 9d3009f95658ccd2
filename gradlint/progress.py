"""What a terminal is told while a model is examined: its name, and how many fixes were tried."""

from __future__ import annotations

from collections.abc import Callable

from gradlint.job import Job

_WIDTH = 16  # of the bar


class Progress:
    """One model's line. The first report of a child is the diagnosis, each other a fix tried."""

    def __init__(self, job: Job, tell: Callable[[str], None] | None) -> None:
        self._name = f"{job.target.path}:{job.target.name}"
        self._budget = job.fix_budget
        self._tried = -1
        self._tell = tell
        if tell:
            tell(self._name)

    def heard(self, _: object) -> None:
        """A child has sent something."""
        self._tried += 1
        if self._tell and self._tried:
            done = "#" * (_WIDTH * self._tried // self._budget)
            self._tell(
                f"{self._name}  [{done:-<{_WIDTH}}] {self._tried}/{self._budget} fixes tried"
            )
