"""The guessed arguments of a model that is being built: put in, and changed after an error."""

from __future__ import annotations

import ast
import copy
from collections.abc import Iterable, Mapping
from dataclasses import replace
from traceback import walk_tb
from types import SimpleNamespace
from typing import TypeVar

import torch

from gradlint.discovery import fields
from gradlint.discovery.answers import Readings
from gradlint.discovery.expressions import placed
from gradlint.discovery.guesses import ANSWERS, Guess
from gradlint.discovery.outline import Outline
from gradlint.errors import GradlintError
from gradlint.source import Source
from gradlint.target import Argument
from gradlint.tracing.learning import proposals
from gradlint.tracing.pretrained import completed

_OPTIONS = "options."
Node = TypeVar("Node", bound=ast.AST)


class Guessed:
    """What one target is built with, as far as it is told."""

    def __init__(self, source: Source, arguments: Iterable[Argument]) -> None:
        self._arguments = {a.name: a for a in arguments if "." not in a.name and not a.free}
        self._free = {a.name: a for a in arguments if a.free}
        names = {"torch": torch}
        self._readings = Readings(source, arguments, names)
        self.names = names | {ANSWERS: self._readings.object}
        self._tried: set[tuple[tuple[str, str], ...]] = set()

    @property
    def arguments(self) -> tuple[Argument, ...]:
        """All of them; for a configuration, what was read of it."""
        read = self._readings.arguments
        held = {argument.name.partition(".")[0] for argument in read}
        plain = (a for a in self._arguments.values() if not (a.guessed and a.name in held))
        return (*plain, *read, *self._free.values())

    def bind(self, namespace: dict[str, object]) -> None:
        """Give the names that nothing binds their values."""
        for name, argument in self._free.items():
            namespace[name] = eval(argument.value, dict(self.names))

    def complete(self, namespace: Mapping[str, object]) -> None:
        """Give the configurations of installed packages small sizes."""
        for name, argument in self._arguments.items():
            if argument.guessed:
                text = completed(argument.value, namespace)
                self._arguments[name] = replace(argument, value=text)

    def into(self, construct: ast.expr) -> ast.expr:
        """A construction with the guesses as they are now."""
        if not isinstance(construct, ast.Call):
            return construct
        construct = self.with_options(construct)
        left = {name: a.value for name, a in self._arguments.items() if a.guessed}
        for keyword in construct.keywords:
            if keyword.arg in left:
                keyword.value = placed(left.pop(keyword.arg), construct)
        for name, text in left.items():
            added = ast.keyword(name, placed(text, construct))
            construct.keywords.append(ast.copy_location(added, construct))
        return construct

    def correct(self, arguments: Iterable[Argument]) -> None:
        """Other values than the source says."""
        self._arguments |= {argument.name: argument for argument in arguments}

    def with_options(self, node: Node) -> Node:
        """Code that makes a namespace of options, with those that were found to be lacking."""
        node = copy.deepcopy(node)
        found = self._readings.guesses.items()
        lacking = {n.removeprefix(_OPTIONS): g.text for n, g in found if n.startswith(_OPTIONS)}
        for call in ast.walk(node) if lacking else ():
            if isinstance(call, ast.Call) and getattr(call.func, "attr", "") == "SimpleNamespace":
                given = {keyword.arg for keyword in call.keywords}
                call.keywords += [
                    ast.copy_location(ast.keyword(name, placed(text, call)), call)
                    for name, text in lacking.items()
                    if name not in given
                ]
        return node

    def learn(self, error: BaseException) -> bool:
        """Whether the error speaks for other guesses; they are taken."""
        if isinstance(error, NameError) and self._suppose(error.name or ""):
            return True
        if isinstance(error, AttributeError) and self._supply(error):
            return True
        guesses = {name: a.value for name, a in self._arguments.items() if a.guessed}
        guesses |= {path: guess.text for path, guess in self._readings.guesses.items()}
        guesses = {n: text for n, text in guesses.items() if not text.startswith(ANSWERS)}
        for change in proposals(error, guesses, self._outline):
            after = tuple(sorted((guesses | change).items()))
            if change and after not in self._tried and not self._known(change):
                self._tried |= {after, tuple(sorted(guesses.items()))}
                self._take(change)
                return True
        return False

    def _suppose(self, name: str) -> bool:
        """Guess a global that only the script binds; whether its name says enough."""
        text = fields.value(name) if name not in self._free else None
        if text is not None:
            self._free[name] = Argument(name, text, "its name", True, free=True)
        return text is not None

    def _supply(self, error: AttributeError) -> bool:
        """Guess an option that has no default; whether its name or its use says enough."""
        if not isinstance(error.obj, SimpleNamespace) or error.__traceback__ is None:
            return False
        *_, (frame, _) = walk_tb(error.__traceback__)
        name = str(error.name)
        path = f"{_OPTIONS}{name}"
        if path in self._readings.guesses and hasattr(error.obj, name):
            return False
        try:
            setattr(error.obj, name, self._readings.answer(path, frame))
        except GradlintError:
            return False
        return path in self._readings.guesses

    def _known(self, names: Iterable[str]) -> bool:
        """Whether the source or the user gives one of these: that is never changed."""
        return any(name in self._arguments and not self._arguments[name].guessed for name in names)

    def _take(self, change: dict[str, str]) -> None:
        origin = "what its constructor raised"
        for name, text in change.items():
            if "." in name:
                self._readings.guesses[name] = Guess(text, origin)
            elif name in self._arguments:
                self._arguments[name] = replace(self._arguments[name], value=text, origin=origin)
            else:
                self._arguments[name] = Argument(name, text, "its name", True)

    def _outline(self, filename: str) -> Outline | None:
        uses = self._readings.of(filename)
        return uses.outline if uses else None
