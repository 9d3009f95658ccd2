"""Command-line options of a repository, for a model that is handed them whole: `Net(args)`."""

from __future__ import annotations

import ast
import re
from pathlib import Path

from gradlint.discovery.arguments import ADDS, defaults, simple_namespace
from gradlint.discovery.expressions import free_names, settled
from gradlint.discovery.outline import Function, Outline
from gradlint.discovery.repository import Repository
from gradlint.target import Argument

CARRIES = re.compile(r"(configs?|cfg|args|params|options|settings|opts?|hparams|hps|flags)$", re.I)
ENOUGH = 2 / 3
SCRIPTS = re.compile(r"train|main|run|opt|arg|conf", re.I)


class Options:
    """The options that the scripts around a file define."""

    def __init__(self, outline: Outline, repository: Repository) -> None:
        self.outline = outline
        self.repository = repository

    def given(self, function: Function, name: str) -> tuple[ast.expr, Argument] | None:
        """A namespace of defaults that has most of what the function reads of a parameter.

        The rest may be set by the script, or read on a way that is not taken.
        """
        read = _attributes(function, name)
        if not CARRIES.search(name) or not read:
            return None
        for file in sorted(self.repository.mentioning(ADDS), key=self._trust):
            outline = self.repository.outline(file)
            known = _literal(defaults(outline)) if outline is not None else {}
            if len(read & set(known)) >= ENOUGH * len(read):
                where = self.repository.relative(file)
                told = Argument(name, "the defaults of the options", where, False)
                return settled(simple_namespace(known), function), told
        return None

    def _trust(self, file: str) -> tuple[object, ...]:
        """Sorts the scripts nearest to the file first."""
        inside = Path(file).parent in Path(self.outline.source.filename).parents
        depth = len(Path(file).parts)
        return (not inside, -depth if inside else depth, not SCRIPTS.search(Path(file).stem), file)


def _attributes(function: Function, name: str) -> set[str]:
    """The attributes of a parameter that a function reads."""
    return {
        node.attr
        for node in ast.walk(function)
        if isinstance(node, ast.Attribute)
        and isinstance(node.value, ast.Name)
        and node.value.id == name
        and isinstance(node.ctx, ast.Load)
    }


def _literal(options: dict[str, ast.expr]) -> dict[str, ast.expr]:
    return {name: value for name, value in options.items() if not free_names(value)}
