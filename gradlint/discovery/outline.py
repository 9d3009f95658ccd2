"""What a file defines and how its names read: imports, classes, functions, and who stands where."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Protocol

from gradlint.source import Source

Function = ast.FunctionDef | ast.AsyncFunctionDef
SCOPES = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef, ast.Lambda)
CONTAINERS = {"torch.nn.ModuleList", "torch.nn.ModuleDict"}
HOLDERS = CONTAINERS | {"torch.nn.Module", "torch.nn.ParameterList", "torch.nn.ParameterDict"}
LIGHTNING = {"LightningModule", "PreTrainedModel", "PyTorchModelHubMixin"}


@dataclass(frozen=True)
class Definition:
    """A class or function, and the file that it stands in."""

    outline: Outline
    node: ast.ClassDef | Function


class Neighbours(Protocol):
    """The other files of a repository, as far as their definitions are asked for."""

    def find(self, outline: Outline, dotted: str) -> Definition | None:
        """The class or function that a dotted name stands for in a file."""

    def table(self, outline: Outline, dotted: str) -> tuple[Outline, ast.Dict] | None:
        """The dictionary of another file that a dotted name stands for, and that file."""


class Outline:
    """The definitions of one file. Nothing is executed."""

    def __init__(self, source: Source, neighbours: Neighbours | None = None) -> None:
        self.source = source
        self.tree = source.tree
        self.neighbours = neighbours
        self._imported: dict[str, Definition | None] = {}

    @cached_property
    def parents(self) -> dict[ast.AST, ast.AST]:
        """The node that holds each node."""
        return {child: node for node in ast.walk(self.tree) for child in ast.iter_child_nodes(node)}

    @cached_property
    def calls(self) -> list[ast.Call]:
        """All calls of the file."""
        return list(calls(self.tree))

    @cached_property
    def loads(self) -> dict[str, list[ast.Name]]:
        """Where each name is read."""
        found: dict[str, list[ast.Name]] = {}
        for node in ast.walk(self.tree):
            if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load):
                found.setdefault(node.id, []).append(node)
        return found

    @cached_property
    def aliases(self) -> dict[str, str]:
        """What imported names stand for: {"nn": "torch.nn", "Linear": "torch.nn.Linear"}."""
        found: dict[str, str] = {}
        for node in ast.walk(self.tree):
            if isinstance(node, ast.Import):
                for name in node.names:
                    top = name.name.split(".")[0]
                    found[name.asname or top] = name.name if name.asname else top
            elif isinstance(node, ast.ImportFrom):
                prefix = "." * node.level + (node.module or "")
                joint = "." if node.module else ""
                for name in node.names:
                    found[name.asname or name.name] = f"{prefix}{joint}{name.name}"
        return found

    @cached_property
    def starred(self) -> list[str]:
        """The modules of which the file imports every name."""
        return [
            "." * node.level + (node.module or "")
            for node in ast.walk(self.tree)
            if isinstance(node, ast.ImportFrom) and any(name.name == "*" for name in node.names)
        ]

    def imported(self, dotted: str) -> Definition | None:
        """The class or function of another file of the repository that a dotted name stands for."""
        if self.neighbours is None or not dotted or dotted in self.definitions:
            return None
        if dotted not in self._imported:
            self._imported[dotted] = self.neighbours.find(self, dotted)
        return self._imported[dotted]

    def table(self, function: ast.expr) -> tuple[Outline, ast.Dict] | None:
        """The dictionary that `models[name](...)` picks from, of this file or of another."""
        if not isinstance(function, ast.Subscript):
            return None
        name = self.qualified(function.value)
        if name in self.tables:
            return self, self.tables[name]
        return self.neighbours.table(self, name) if self.neighbours is not None and name else None

    @cached_property
    def tables(self) -> dict[str, ast.Dict]:
        """The dictionaries that are written out, where a name stands for one alone."""
        found: dict[str, list[ast.expr]] = {}
        for node in ast.walk(self.tree):
            if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name):
                found.setdefault(node.targets[0].id, []).append(node.value)
        return {
            name: values[0]
            for name, values in found.items()
            if len(values) == 1 and isinstance(values[0], ast.Dict)
        }

    @cached_property
    def stars(self) -> bool:
        """Whether the file imports names that it does not spell out."""
        return "*" in self.aliases

    @cached_property
    def definitions(self) -> dict[str, ast.ClassDef | Function]:
        """The classes and functions of the module itself, the last of a name."""
        return {
            node.name: node
            for node in flat(self.tree.body)
            if isinstance(node, ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef)
        }

    @cached_property
    def conditional(self) -> set[str]:
        """The names that the module binds in a branch, a loop or the `__main__` block."""
        compound = [statement for statement in self.tree.body if any(blocks(statement))]
        return {
            node.id
            for statement in compound
            for node in ast.walk(statement)
            if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store)
        }

    @cached_property
    def classes(self) -> dict[str, ast.ClassDef]:
        """The classes of the module itself."""
        return {n: c for n, c in self.definitions.items() if isinstance(c, ast.ClassDef)}

    @cached_property
    def functions(self) -> dict[str, ast.FunctionDef]:
        """The functions of the module itself."""
        return {n: f for n, f in self.definitions.items() if isinstance(f, ast.FunctionDef)}

    def qualified(self, expression: ast.expr) -> str:
        """The dotted name an expression stands for, through the imports; "" where it has none."""
        if isinstance(expression, ast.Name):
            name = expression.id
            if name in self.aliases:
                return self.aliases[name]
            if name == "nn" and self.stars:
                return "torch.nn"
            if self.aliases.get("*") == "torch.nn.*" and name not in self.definitions:
                return f"torch.nn.{name}" if name[:1].isupper() else name
            return name
        if isinstance(expression, ast.Attribute):
            owner = self.qualified(expression.value)
            return f"{owner}.{expression.attr}" if owner else ""
        return ""

    def bases(self, node: ast.ClassDef) -> list[str]:
        """The dotted names of a class's bases."""
        return [self.qualified(base) for base in node.bases]

    def lineage(self, node: ast.ClassDef) -> list[ast.ClassDef]:
        """The class and its bases within this file, nearest first."""
        found = [node]
        for current in found:
            for name in self.bases(current):
                base = self.classes.get(name)
                if base is not None and base not in found:
                    found.append(base)
        return found

    def foreign_bases(self, node: ast.ClassDef) -> list[str]:
        """The dotted names of the bases that the file does not define."""
        names = [name for member in self.lineage(node) for name in self.bases(member)]
        return [name for name in names if name not in self.classes]

    @cached_property
    def modules(self) -> dict[str, ast.ClassDef]:
        """The classes of this file that are torch modules."""
        return {name: node for name, node in self.classes.items() if self._is_module(node)}

    def _is_module(self, node: ast.ClassDef) -> bool:
        foreign = self.foreign_bases(node)
        if any(is_torch_layer(name) or name.split(".")[-1] in LIGHTNING for name in foreign):
            return True
        imported = any(name.split(".")[0] not in ("torch", "object") for name in foreign if name)
        return imported and self._uses_torch and self.method(node, "forward") is not None

    @cached_property
    def _uses_torch(self) -> bool:
        return any(name.split(".")[0] == "torch" for name in self.aliases.values())

    def method(self, node: ast.ClassDef, name: str) -> ast.FunctionDef | None:
        """A method of a class, its own or inherited within the file."""
        for member in self.lineage(node):
            for statement in flat(member.body):
                if isinstance(statement, ast.FunctionDef) and statement.name == name:
                    return statement
        return None

    def enclosing(self, node: ast.AST) -> Iterator[ast.AST]:
        """The nodes around a node, inmost first."""
        current = self.parents.get(node)
        while current is not None:
            yield current
            current = self.parents.get(current)

    def statement(self, node: ast.AST) -> ast.stmt:
        """The statement that a node stands in, or is."""
        while not isinstance(node, ast.stmt):
            node = self.parents[node]
        return node

    def scope(self, node: ast.AST) -> ast.AST:
        """The function or module around a node."""
        for outer in self.enclosing(node):
            if isinstance(outer, ast.FunctionDef | ast.AsyncFunctionDef | ast.Module):
                return outer
        return self.tree


def is_torch_layer(name: str) -> bool:
    """Whether a dotted name is a class of torch.nn: "torch.nn.Linear"."""
    owner, _, last = name.rpartition(".")
    return last[:1].isupper() and (
        owner.startswith("torch.nn") or name in ("nn.Module", "torch.jit.ScriptModule")
    )


def is_main_guard(node: ast.AST) -> bool:
    """Whether a statement is `if __name__ == "__main__":`."""
    return (
        isinstance(node, ast.If)
        and isinstance(node.test, ast.Compare)
        and "__name__" in {n.id for n in ast.walk(node.test) if isinstance(n, ast.Name)}
    )


def blocks(statement: ast.stmt) -> Iterator[list[ast.stmt]]:
    """The lists of statements that a compound statement holds, functions and classes excepted."""
    if isinstance(statement, SCOPES):
        return
    for field in ("body", "orelse", "finalbody"):
        if block := getattr(statement, field, None):
            yield block
    for part in [*getattr(statement, "handlers", ()), *getattr(statement, "cases", ())]:
        yield part.body


def flat(body: list[ast.stmt]) -> Iterator[ast.stmt]:
    """All statements of a scope in order, also those inside ifs and loops."""
    for statement in body:
        yield statement
        for block in blocks(statement):
            yield from flat(block)


def calls(node: ast.AST) -> Iterator[ast.Call]:
    """All calls inside a node."""
    return (inner for inner in ast.walk(node) if isinstance(inner, ast.Call))
