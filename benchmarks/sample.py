"""Which files of a repository are measured: at random, but always the same."""

from __future__ import annotations

import random
from pathlib import Path

from gradlint.command.exclude import Exclusion
from gradlint.command.paths import python_files
from gradlint.discovery.targets import discover, has_model
from gradlint.errors import GradlintError
from gradlint.source import Source


def repositories(folder: Path) -> list[Path]:
    """The repositories that a folder holds, one a subfolder."""
    return sorted(path for path in folder.iterdir() if path.is_dir())


def chosen(repository: Path, most: int) -> list[str]:
    """At most so many files with models, from the root of the repository."""
    found = python_files(str(repository), Exclusion(), lambda error: None)
    files = [file for file in found if _models(file)]
    picked = random.Random(repository.name).sample(files, min(most, len(files)))
    return sorted(str(Path(file).resolve().relative_to(repository.resolve())) for file in picked)


def _models(file: str) -> bool:
    try:
        source = Source.read(file)
        return has_model(source) and bool(discover(source))
    except GradlintError:
        return False
