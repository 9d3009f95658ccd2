"""Preloaded by the process that forks: large packages of the files to check, once for all models.

What fails here fails again, and is told, where a model needs it.
"""

from __future__ import annotations

import contextlib
import importlib
import io
import os
import re
import warnings
from collections.abc import Iterable

PACKAGES = (
    "torchvision", "timm", "transformers", "matplotlib.pyplot", "pandas", "sklearn", "scipy",
)  # fmt: skip
_VARIABLE = "GRADLINT_LARGE"


def announce(texts: Iterable[str]) -> None:
    """Tell the process that will fork which of the packages these files import."""
    tops = {package.partition(".")[0] for package in PACKAGES}
    pattern = re.compile(rf"^[ \t]*(?:import|from)[ \t]+({'|'.join(tops)})\b", re.MULTILINE)
    used = {name for text in texts for name in pattern.findall(text)}
    os.environ[_VARIABLE] = " ".join(p for p in PACKAGES if p.partition(".")[0] in used)


def load() -> None:
    """Import what was announced, without a word."""
    with warnings.catch_warnings(), contextlib.redirect_stdout(io.StringIO()):
        warnings.simplefilter("ignore")
        for name in os.environ.get(_VARIABLE, "").split():
            with contextlib.suppress(Exception):
                importlib.import_module(name)
