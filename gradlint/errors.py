"""The errors of gradlint itself: each is one line for the user, with a hint."""

from __future__ import annotations

import difflib
from collections.abc import Iterable


class GradlintError(Exception):
    """Something gradlint could not do: what, and what the user can do about it."""

    def __init__(self, message: str, hint: str = "") -> None:
        super().__init__(message, hint)
        self.message = message
        self.hint = hint

    def __str__(self) -> str:
        return self.message


class DefinitionsError(GradlintError):
    """A definition raises that a model needs."""


class NotBuilt(GradlintError):
    """The model cannot be constructed."""


class NotRun(GradlintError):
    """The model is built, but no inputs for it were found, or it raises when it runs."""


def did_you_mean(word: str, known: Iterable[str], otherwise: str = "") -> str:
    """The hint for a word that is not known."""
    known = list(known)
    close = difflib.get_close_matches(word, known, n=1)
    if close:
        return f"did you mean '{close[0]}'?"
    return otherwise or f"known are: {', '.join(known)}"
