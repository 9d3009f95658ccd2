"""What gradlint is tested on. `.ci/run` reads it, and `gradlint --version` prints it."""

from __future__ import annotations

PYTHON = ("3.11",)
TORCH = ("2.4.1", "2.13.0", "2.15.0")  # the second is that of constraints.txt
