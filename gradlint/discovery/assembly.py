"""How a class or factory can be called: by its call sites, defaults, configuration classes."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from dataclasses import dataclass

from gradlint.discovery.bindings import argument, default
from gradlint.discovery.constructions import Construction
from gradlint.discovery.expressions import portable
from gradlint.discovery.outline import HOLDERS, Function, Outline, flat, is_torch_layer
from gradlint.discovery.purity import Purity
from gradlint.discovery.slicing import Slicer
from gradlint.target import Argument

CONFIGURATION = re.compile(r"(config|cfg|args|params|options|settings)$", re.IGNORECASE)
Setup = tuple[ast.stmt, ...]


@dataclass(frozen=True)
class Recipe:
    """A way to build a model, or what is missing for one."""

    setup: Setup
    construct: ast.expr | None
    unknown: tuple[str, ...] = ()
    site: Construction | None = None
    arguments: tuple[Argument, ...] = ()

    @property
    def missing(self) -> str:
        """Why there is no way, as a sentence."""
        if self.construct is not None:
            return ""
        if not self.unknown:
            return "the arguments of its constructor have no known value"
        *others, last = self.unknown
        names = f"{', '.join(others)} and {last}" if others else last
        return f"{names} {'have' if others else 'has'} no known value"


class Assembly:
    """Finds recipes in one file."""

    def __init__(self, outline: Outline, slicer: Slicer) -> None:
        self.outline = outline
        self.slicer = slicer
        self._slicers = {outline: slicer}

    def recipe(self, sites: list[Construction], node: ast.ClassDef | Function | None) -> Recipe:
        """The first call site that folds, else the one that lacks the least."""
        whole = next(self.whole(sites), None)
        if whole is not None or node is None:
            return whole or Recipe((), None)
        recipes = [self._pieced(node, site) for site in [*sites, None]]
        return min(recipes, key=lambda recipe: (recipe.construct is None, len(recipe.unknown)))

    def whole(self, sites: list[Construction]) -> Iterator[Recipe]:
        """The call sites that fold as they are."""
        for site in sites:
            construct = portable(site.outline, site.expression)
            setup = self.slicer_of(site).slice(construct, site.call)
            if setup is not None:
                yield Recipe(setup, construct, site=site)

    def slicer_of(self, site: Construction | None) -> Slicer:
        """The slicer of the file that a site stands in."""
        outline = site.outline if site is not None else self.outline
        if outline not in self._slicers:
            self._slicers[outline] = Slicer(outline)
        return self._slicers[outline]

    def _pieced(self, node: ast.ClassDef | Function, site: Construction | None) -> Recipe:
        """A call put together from what folds: arguments, defaults, configuration classes."""
        method = isinstance(node, ast.ClassDef)
        function = self.outline.method(node, "__init__") if isinstance(node, ast.ClassDef) else node
        if function is None:
            return Recipe((), None) if self._wants_more(node) else self._call(node, [], None)
        unknown, keywords = [], []
        for parameter in _parameters(function, method):
            value = self._given(function, method, site, parameter.arg)
            needed = default(function, parameter.arg) is None
            if value is None and needed and (site is None or site.outline is self.outline):
                value = self._configuration(parameter)
            if value is not None:
                keywords.append(ast.keyword(parameter.arg, value))
            elif needed:
                unknown.append(parameter.arg)
        if unknown:
            return Recipe((), None, tuple(unknown))
        return self._call(node, keywords, site)

    def _given(
        self, function: Function, method: bool, site: Construction | None, name: str
    ) -> ast.expr | None:
        """What a call site gives for a parameter, where that folds."""
        value = argument(function, site.call, name, method) if site is not None else None
        if site is None or value is None:
            return None
        value = portable(site.outline, value)
        return value if self.slicer_of(site).slice(value, site.call) is not None else None

    def _call(
        self,
        node: ast.ClassDef | Function,
        keywords: list[ast.keyword],
        site: Construction | None,
    ) -> Recipe:
        place: ast.expr | ast.stmt = site.call if site is not None else node
        called = site.call.func if site is not None else ast.Name(node.name, ast.Load())
        call = ast.Call(called, [], keywords)
        for inner in ast.walk(call):
            if isinstance(inner, ast.expr | ast.keyword) and not hasattr(inner, "lineno"):
                ast.copy_location(inner, place)
        setup = self.slicer_of(site).slice(call, place)
        return Recipe(setup or (), call, site=site)

    def _wants_more(self, node: ast.ClassDef | Function) -> bool:
        """Whether a class takes the arguments of a layer of torch.nn."""
        bases = self.outline.foreign_bases(node) if isinstance(node, ast.ClassDef) else []
        return any(is_torch_layer(name) and name not in HOLDERS for name in bases)

    def _configuration(self, parameter: ast.arg) -> ast.expr | None:
        """An object of a configuration class of this file, where the parameter asks for one."""
        purity = Purity(self.outline, models=False)
        wanted = parameter.annotation.id if isinstance(parameter.annotation, ast.Name) else ""
        for name, node in self.outline.classes.items():
            alike = CONFIGURATION.search(name) and CONFIGURATION.search(parameter.arg)
            if name in self.outline.modules or not (alike or name == wanted):
                continue
            call = ast.Call(ast.Name(name, ast.Load()), [], [])
            if self._complete(node) and purity.callee(call):
                return call
        return None

    def _complete(self, node: ast.ClassDef) -> bool:
        """Whether a class that is no module can be built without arguments."""
        init = self.outline.method(node, "__init__")
        if init is not None:
            return all(default(init, p.arg) is not None for p in _parameters(init, True))
        fields = (f for member in self.outline.lineage(node) for f in flat(member.body))
        return all(f.value is not None for f in fields if isinstance(f, ast.AnnAssign))


def _parameters(function: Function, method: bool) -> Iterator[ast.arg]:
    given = function.args
    yield from [*given.posonlyargs, *given.args][1 if method else 0 :]
    yield from given.kwonlyargs
