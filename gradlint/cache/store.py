"""The folder of earlier results: one file a model, which holds its last."""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import time
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from gradlint.cache.fingerprint import content, fingerprint
from gradlint.cache.serial import plain, restored
from gradlint.finding import ModelReport
from gradlint.job import Job
from gradlint.writing import write_whole

_KEPT = 30 * 24 * 3600  # seconds that a result is kept which nobody asks for
_MARKS = {
    ".gitignore": "*\n",
    "CACHEDIR.TAG": "Signature: 8a477f597d28d172789f06886806bc55\n# Made by gradlint.\n",
}


class Cache:
    """Results by model. What cannot be read or written is measured, and no error."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def look_up(self, job: Job) -> list[ModelReport]:
        """The last result of a job, where all is as it was; empty otherwise."""
        file = self._file(job)
        try:
            found = json.loads(file.read_text(encoding="utf-8"))
            if not self._is_current(found, job):
                return []
            kept = [restored(ModelReport, data) for data in found["reports"]]
            os.utime(file)
        except (OSError, ValueError, TypeError, KeyError, AttributeError):
            return []
        return [replace(each, cached=True) for each in kept]

    def keep(self, job: Job, reports: Sequence[ModelReport]) -> None:
        """Keep the result of a job."""
        read = {_portable(path): content(path) for each in reports for path in each.read}
        found = {
            "fingerprint": fingerprint(job),
            "read": read,
            "reports": [plain(each) for each in reports],
        }
        with contextlib.suppress(OSError):
            self._made()
            write_whole(self._file(job), json.dumps(found).encode())

    def prune(self) -> None:
        """Forget what nobody asked for since long."""
        oldest = time.time() - _KEPT
        with contextlib.suppress(OSError):
            for file in self.folder.glob("*.json"):
                if file.stat().st_mtime < oldest:
                    file.unlink()

    @staticmethod
    def _is_current(found: dict[str, Any], job: Job) -> bool:
        unchanged = all(content(path) == known for path, known in found["read"].items())
        return unchanged and bool(found["fingerprint"] == fingerprint(job))

    def _file(self, job: Job) -> Path:
        parts = (job.source.path, job.target.name, str(job.search_fixes))
        name = hashlib.sha256("\0".join(parts).encode(errors="surrogateescape")).hexdigest()
        return self.folder / f"{name[:32]}.json"

    def _made(self) -> None:
        if not self.folder.is_dir():
            self.folder.mkdir(parents=True)
            for name, text in _MARKS.items():
                (self.folder / name).write_text(text, encoding="utf-8")


def _portable(path: str) -> str:
    """A path below this folder as seen from it: a project may lie elsewhere the next time."""
    here = f"{os.getcwd()}{os.sep}"
    return path.removeprefix(here)
