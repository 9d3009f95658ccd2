"""What a call site gives for each argument, and where that is written."""

from __future__ import annotations

import ast

from gradlint.discovery.arguments import defaults, parses_arguments
from gradlint.discovery.constructions import Construction
from gradlint.discovery.outline import Function, Outline
from gradlint.discovery.repository import Repository
from gradlint.discovery.slicing import Slicer
from gradlint.target import Argument

DEEPEST = 5


class Origins:
    """The arguments of the constructions of one file's models."""

    def __init__(self, outline: Outline, repository: Repository) -> None:
        self.outline = outline
        self.repository = repository

    def of(self, site: Construction, slicer: Slicer) -> tuple[Argument, ...]:
        """The arguments that a call gives, by the names of their parameters."""
        names = self._parameters(site)
        pairs = [*zip(names, site.call.args, strict=False)]
        pairs = [pair for pair in pairs if not isinstance(pair[1], ast.Starred)]
        pairs += [(k.arg, k.value) for k in site.call.keywords if k.arg]
        spread = slicer.folding.spread(site.call, site.call)
        return (
            *(self._argument(name, value, site, slicer) for name, value in pairs),
            *(
                Argument(name, repr(known.value), known.file or self.where(site, site.call), False)
                for name, known in spread.items()
            ),
        )

    def _argument(self, name: str, value: ast.expr, site: Construction, slicer: Slicer) -> Argument:
        """What is given for one argument; what a data file says is told as that."""
        known = slicer.folding.known(value, site.call)
        if known is not None and known.file:
            return Argument(name, repr(known.value), known.file, False)
        return Argument(name, _told(value, slicer), self.where(site, value), False)

    def where(self, site: Construction, value: ast.expr) -> str:
        """Where a value of a call is written."""
        if site.outline is self.outline:
            return self.outline.source.where(value.lineno)
        return f"{self.repository.relative(site.outline.source.filename)}:{value.lineno}"

    def _parameters(self, site: Construction) -> list[str]:
        """The names of the positional parameters of what is called."""
        called = site.call.func
        name = called.attr if isinstance(called, ast.Attribute) else getattr(called, "id", "")
        if isinstance(called, ast.Subscript):
            name = site.product
        elif site.outline is not self.outline:
            name = site.outline.aliases.get(name, name).rpartition(".")[2]
        node = self.outline.definitions.get(name)
        function = self.outline.method(node, "__init__") if isinstance(node, ast.ClassDef) else node
        if not isinstance(function, Function):
            return []
        names = [p.arg for p in (*function.args.posonlyargs, *function.args.args)]
        return names[1:] if isinstance(node, ast.ClassDef) else names


def _told(value: ast.expr, slicer: Slicer) -> str:
    """A value as the file writes it, or the literal that it stands for."""
    current: ast.expr | None = value
    at: ast.AST = value
    for _ in range(DEEPEST):
        if current is None or _is_literal(current):
            break
        current = _behind(current, at, slicer)
        at = current if current in slicer.outline.parents else at
    return ast.unparse(current if current is not None and _is_literal(current) else value)


def _behind(value: ast.expr, at: ast.AST, slicer: Slicer) -> ast.expr | None:
    """What a name or a command-line option stands for."""
    match value:
        case ast.Name(id=name):
            return slicer.value(name, at)
        case ast.Attribute(value=ast.Name(id=owner), attr=name):
            parsed = parses_arguments(slicer.outline, slicer.value(owner, at))
            return defaults(slicer.outline).get(name) if parsed else None
    return None


def _is_literal(value: ast.expr) -> bool:
    try:
        ast.literal_eval(value)
    except (ValueError, TypeError):
        return False
    return True
