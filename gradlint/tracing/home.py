"""The namespace of the file that shows how a model is built, where that is another file."""

from __future__ import annotations

import ast
import sys
from collections.abc import Sequence
from importlib.abc import Loader, MetaPathFinder
from importlib.machinery import ModuleSpec, PathFinder
from importlib.util import spec_from_loader
from types import ModuleType

from gradlint.discovery.definitions import execute_beside
from gradlint.discovery.expressions import stored_names
from gradlint.discovery.reduction import definitions
from gradlint.source import Source
from gradlint.target import Target


def namespace_of(home: Source, target: Target, module: ModuleType) -> dict[str, object]:
    """What the file at home defines, and under it the target's own `module`, already run.

    What fails there is left out: the target may not need it.
    """
    namespace: dict[str, object] = {}
    finder = _Run(module)
    sys.meta_path.insert(0, finder)
    try:
        execute_beside(home, namespace, _wanted(home, target))
    finally:
        sys.meta_path.remove(finder)
    for name, value in vars(module).items():
        namespace.setdefault(name, value)
    return namespace


def _wanted(home: Source, target: Target) -> set[str]:
    """The names of the file at home that building the target needs."""
    assert target.construct is not None
    wanted = _read([*target.setup, target.construct, *target.after])
    body = definitions(home)
    before = 0
    while len(wanted) != before:
        before = len(wanted)
        wanted |= _read([s for s in body if stored_names(s) & wanted])
    return wanted


def _read(nodes: Sequence[ast.AST]) -> set[str]:
    found = (inner for node in nodes for inner in ast.walk(node))
    return {node.id for node in found if isinstance(node, ast.Name)}


class _Run(MetaPathFinder, Loader):
    """Gives those who import a file that was run already the module that it is."""

    def __init__(self, module: ModuleType) -> None:
        self.module = module

    def find_spec(
        self, name: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        """The module's spec, where a name leads to its file."""
        spec = PathFinder.find_spec(name, path, target)
        if spec is None or spec.origin != self.module.__dict__["__file__"]:
            return None
        return spec_from_loader(name, self)

    def create_module(self, spec: ModuleSpec) -> ModuleType:
        """The module that was run."""
        return self.module

    def exec_module(self, module: ModuleType) -> None:
        """Nothing: it was run."""
