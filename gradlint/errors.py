"""The errors of gradlint itself: each is one line for the user, with a hint."""

from __future__ import annotations


class GradlintError(Exception):
    """Something gradlint could not do: what, and what the user can do about it."""

    def __init__(self, message: str, hint: str = "") -> None:
        super().__init__(message, hint)
        self.message = message
        self.hint = hint

    def __str__(self) -> str:
        return self.message


class DefinitionsError(GradlintError):
    """The file's own definitions raise: nothing of it can be checked."""


class NotBuilt(GradlintError):
    """The model cannot be constructed."""


class NotRun(GradlintError):
    """The model is built, but no inputs for it were found, or it raises when it runs."""
