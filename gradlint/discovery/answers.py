"""An object that stands for a configuration nobody shows: it answers what is read of it.

It runs in the child, and imports no torch. What it answers is remembered, so that every copy
of the model is built alike and the report can say what was assumed.
"""

from __future__ import annotations

import ast
import inspect
import sys
from collections.abc import Iterable, Mapping
from itertools import islice
from pathlib import Path
from types import FrameType
from typing import Any

import gradlint
from gradlint.discovery import fields
from gradlint.discovery.guesses import Guess, guess, of_space
from gradlint.discovery.outline import Outline
from gradlint.discovery.uses import Uses
from gradlint.errors import GradlintError, NotBuilt
from gradlint.source import Source
from gradlint.target import Argument

_OURS = str(Path(gradlint.__file__).parent)


class Answers:
    """A configuration: whatever is read of it is there."""

    def __init__(self, path: str, known: Mapping[str, Any], readings: Readings) -> None:
        self._path, self._known, self._readings = path, known, readings

    def _answer(self, name: str, frame: FrameType) -> Any:
        if name not in self._known:
            return self._readings.answer(f"{self._path}.{name}", frame)
        known = self._known[name]
        return self._readings.object(name, known) if isinstance(known, dict) else known

    def __getattr__(self, name: str) -> Any:
        if name.startswith("_"):
            raise AttributeError(name)
        frame = sys._getframe(1)
        if name not in self._known and self._readings.optional(frame):
            raise AttributeError(name)
        return self._answer(name, frame)

    def __getitem__(self, name: str) -> Any:
        return self._answer(name, sys._getframe(1))

    def get(self, name: str, default: Any = None) -> Any:
        """As a dictionary would; without a default of its own, what is guessed."""
        if default is not None:
            return self._known.get(name, default)
        return self._answer(name, sys._getframe(1))

    def keys(self) -> list[str]:
        """The names that the call which unpacks it needs."""
        frame = sys._getframe(1)
        needed = _needed(self._readings.running(frame), frame)
        return list(dict.fromkeys([*self._known, *needed]))

    def __contains__(self, name: object) -> bool:
        return name in self._known

    def __deepcopy__(self, memory: object) -> Answers:
        return self


class Readings:
    """What was read of configurations, in order, as it would be written."""

    def __init__(
        self, source: Source, known: Iterable[Argument], namespace: Mapping[str, Any]
    ) -> None:
        self.guesses = {a.name: Guess(a.value, a.origin) for a in known if "." in a.name}
        self._namespace = dict(namespace)
        self._files: dict[str, Uses | None] = {source.filename: Uses(Outline(source))}

    def object(self, path: str, known: Mapping[str, Any] | None = None) -> Answers:
        """A configuration of this name, with what the user gives of it."""
        return Answers(path, known or {}, self)

    def answer(self, path: str, frame: FrameType) -> Any:
        """What is guessed for a field. Raises GradlintError where nothing is plausible."""
        if path not in self.guesses:
            found = self._guess(path, frame)
            if isinstance(found, Answers):
                return found
            self.guesses[path] = found
        return eval(self.guesses[path].text, frame.f_globals, self._namespace)

    def _guess(self, path: str, frame: FrameType) -> Guess | Answers:
        if text := of_space(path):
            return Guess(text, "its name")
        name = path.rpartition(".")[2]
        uses = self.of(frame.f_code.co_filename)
        use = uses.of(name, anywhere=True) if uses else None
        nested = use is not None and use.attributes and not use.options and not use.computes
        if fields.is_configuration(name) or nested:
            return self.object(path)
        found = guess(name, use) if use else None
        if found is None:
            raise NotBuilt(f"{path} has no known value", "")
        return found

    def of(self, filename: str) -> Uses | None:
        """The uses of names in a file of the user's; nothing for what is installed."""
        if filename.startswith(("<", _OURS)) or "site-packages" in filename:
            return None
        if filename not in self._files:
            try:
                self._files[filename] = Uses(Outline(Source.read(filename)))
            except GradlintError:
                self._files[filename] = None
        return self._files[filename]

    def running(self, frame: FrameType) -> ast.expr | None:
        """The expression that a frame is evaluating."""
        uses = self.of(frame.f_code.co_filename)
        places = islice(frame.f_code.co_positions(), frame.f_lasti // 2, None)
        place = next(places, (None,) * 4)
        for node in ast.walk(uses.outline.tree) if uses else ():
            if isinstance(node, ast.expr) and place == _place(node):
                return node
        return None

    def optional(self, frame: FrameType) -> bool:
        """Whether it is asked for by `getattr(config, name, default)` or by `hasattr`."""
        call = self.running(frame)
        if not isinstance(call, ast.Call) or not isinstance(call.func, ast.Name):
            return False
        return call.func.id == "hasattr" or (call.func.id == "getattr" and len(call.args) == 3)

    @property
    def arguments(self) -> tuple[Argument, ...]:
        """What was answered, for the report."""
        return tuple(
            Argument(path, found.text, found.origin, True) for path, found in self.guesses.items()
        )


def _place(node: ast.expr) -> tuple[int, int | None, int, int | None]:
    return node.lineno, node.end_lineno, node.col_offset, node.end_col_offset


def _needed(call: ast.expr | None, frame: FrameType) -> list[str]:
    """The required parameters of what a frame is calling."""
    if not isinstance(call, ast.Call) or not isinstance(call.func, ast.Name):
        return []
    callee = frame.f_locals.get(call.func.id, frame.f_globals.get(call.func.id))
    try:
        given = inspect.signature(callee).parameters.values()  # type: ignore[arg-type]
    except (TypeError, ValueError):
        return []
    named = {keyword.arg for keyword in call.keywords}
    plain = (p for p in given if p.default is p.empty and p.kind is p.POSITIONAL_OR_KEYWORD)
    return [p.name for p in plain if p.name not in named][len(call.args) :]
