"""The models that a file can build, found in its syntax tree."""

from __future__ import annotations

import ast
import difflib
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from itertools import islice
from typing import Any

from gradlint.discovery.assembly import Assembly, Recipe
from gradlint.discovery.constructions import Construction, Constructions
from gradlint.discovery.elsewhere import Elsewhere
from gradlint.discovery.examples import Examples
from gradlint.discovery.lengths import Lengths
from gradlint.discovery.options import Options
from gradlint.discovery.origins import Origins
from gradlint.discovery.outline import Function, Outline
from gradlint.discovery.preparation import Preparation
from gradlint.discovery.purity import pretrained
from gradlint.discovery.repository import repository_of, repository_root
from gradlint.discovery.roots import Roots
from gradlint.discovery.slicing import Slicer
from gradlint.errors import GradlintError
from gradlint.source import Source
from gradlint.span import Span
from gradlint.target import Example, Target

EXPLICIT = "gradlint_model"
MOST_WAYS = 3  # call sites that are tried before a model is put together by guesses


def has_model(source: Source) -> bool:
    """Whether the file builds or defines a model; cheap where it does not mention torch."""
    if "torch" not in source.text and EXPLICIT not in source.text:
        return False
    outline = Outline(source)
    if outline.modules or EXPLICIT in outline.functions:
        return True
    constructions = Constructions(outline)
    return bool(constructions.factories or constructions.all)


def discover(
    source: Source,
    names: Sequence[str] = (),
    inputs: str | None = None,
    init: Mapping[str, Any] | None = None,
) -> list[Target]:
    """The targets of a file, in order: those named, or those that stand for themselves.

    Raises GradlintError for a name that the file does not define, and for an argument in
    `init` that the model does not take.
    """
    discovery = _Discovery(source, inputs, init or {})
    if names:
        return [discovery.named(name) for name in dict.fromkeys(names)]
    if EXPLICIT in discovery.outline.functions:
        return [discovery.function(EXPLICIT)]
    return sorted(discovery.all(), key=lambda target: target.span)


class _Discovery:
    def __init__(self, source: Source, inputs: str | None, init: Mapping[str, Any]) -> None:
        self.source = source
        self.inputs = inputs
        self.init = init
        self.repository = repository_of(repository_root(source.filename))
        self.outline = Outline(source, self.repository)
        self.slicer = Slicer(self.outline)
        self.constructions = Constructions(self.outline)
        self.roots = Roots(self.outline, self.constructions)
        self.preparation = Preparation(self.outline, self.slicer)
        origins = Origins(self.outline, self.repository)
        options = Options(self.outline, self.repository)
        self.assembly = Assembly(self.outline, self.slicer, origins, options)
        self.elsewhere = Elsewhere(self.outline, self.repository)
        self.foreign: dict[ast.ClassDef | Function, list[Construction]] = {}
        self.examples = Examples(self.outline, self.slicer, self.repository)
        self.lengths = Lengths(self.outline, self.slicer).all()

    def all(self) -> Iterable[Target]:
        """The targets that stand for themselves."""
        for name in self.roots.classes():
            target = self.of_class(name)
            if not self._block(name, target):
                yield target
        for name, product in self.constructions.factories.items():
            if not product and name not in self.constructions.makers:
                target = self.function(name)
                called = any(site.product == name for site in self.constructions.all)
                if (called or target.construct is not None) and not self._part(name):
                    yield target
        yield from self._variables()

    def _block(self, name: str, target: Target) -> bool:
        """Whether a class is a part of models in other files, none of which says how it is built.

        What is measured of a part with guessed arguments says nothing of the models.
        """
        guessed = target.construct is None or any(a.guessed for a in target.arguments)
        foreign = self._elsewhere(self.outline.modules[name]) if guessed else []
        return not self._sites(name, self.outline.modules[name]) and self.elsewhere.only_parts(
            foreign
        )

    def _part(self, factory: str) -> bool:
        sites = [c for c in self.constructions.all if c.product == factory]
        return bool(sites) and all(self.roots.is_part(site) for site in sites)

    def _variables(self) -> Iterable[Target]:
        """Models of torch.nn itself that a script binds to a variable."""
        seen: set[str] = set()
        for construction in self.constructions.all:
            if construction.product or self.roots.is_part(construction):
                continue
            scope = getattr(self.outline.scope(construction.call), "name", "")
            name = construction.bound_as
            if name in seen and scope:
                name = f"{scope}.{name}"
            if name not in seen:
                seen.add(name)
                yield self._built(name, self.source.span(construction.call), [construction])

    def named(self, name: str) -> Target:
        """The target that the user asked for."""
        if name in self.outline.modules:
            return self.of_class(name, named=True)
        if name in self.outline.functions:
            return self.function(name, named=True)
        bound = [c for c in self.constructions.all if c.bound_as == name.split(".")[-1]]
        if "." in name:
            scope = name.rpartition(".")[0]
            bound = [c for c in bound if getattr(self.outline.scope(c.call), "name", "") == scope]
        if not bound:
            raise self._unknown(name)
        return self._built(name, self.source.span(bound[0].call), bound, named=True)

    def _unknown(self, name: str) -> GradlintError:
        known = [*self.outline.modules, *self.outline.functions]
        known += [c.bound_as for c in self.constructions.all if c.bound_as]
        close = difflib.get_close_matches(name, known, 1)
        models = [*self.outline.modules, *self.constructions.factories]
        hint = f"did you mean '{close[0]}'?" if close else "it defines no model"
        if not close and models:
            hint = f"it defines {', '.join(models[:5])}"
        return GradlintError(f"no model '{name}' in {self.source.path}", hint)

    def of_class(self, name: str, named: bool = False) -> Target:
        """The target of a model class."""
        node = self.outline.modules[name]
        sites = self._sites(name, node)
        sites.sort(key=lambda site: self.constructions.within_factory(site.call))
        return self._built(name, self._name_span(node), sites, node, named)

    def _sites(self, name: str, node: ast.ClassDef) -> list[Construction]:
        """Where a class is constructed; above its last definition that was another of its name."""
        sites = [c for c in self.constructions.all if c.product == name]
        body = self.outline.tree.body
        if not any(s.name == name and s is not node for s in body if isinstance(s, ast.ClassDef)):
            return sites
        top = self.outline.tree
        return [c for c in sites if self.outline.scope(c.call) is not top or _after(c, node)]

    def function(self, name: str, named: bool = False) -> Target:
        """The target of a factory function."""
        node = self.outline.functions[name]
        sites = [c for c in self.constructions.all if c.product == name]
        return self._built(name, self._name_span(node), sites, node, named)

    def _built(
        self,
        name: str,
        span: Span,
        sites: list[Construction],
        node: ast.ClassDef | Function | None = None,
        named: bool = False,
    ) -> Target:
        foreign = self._elsewhere(node) if node is not None else []
        ways = self._ways(name, sites, foreign, node)
        text = ast.unparse(node) if node is not None else self.source.text
        examples = self.examples.all(sites, foreign, text)
        told = [self._target(name, span, sites, node, named, way, examples) for way in ways]
        return _chained([told[0], *(target for target in told[1:] if target.construct)])

    def _ways(
        self,
        name: str,
        sites: list[Construction],
        foreign: list[Construction],
        node: ast.ClassDef | Function | None,
    ) -> list[Recipe]:
        """How it can be built, in the order of trust: what another file does may not work here."""
        if self.init or name == EXPLICIT:
            recipe = self.assembly.recipe(sites, node, self.init)
            guessed = tuple(a.name for a in recipe.arguments if a.guessed)
            return [Recipe((), None, guessed) if name == EXPLICIT and guessed else recipe]
        ways = list(islice(self.assembly.whole([*sites, *foreign]), MOST_WAYS))
        if ways and ways[0].site in sites:
            return ways[:1]
        ways.append(self.assembly.recipe(sites if ways else [*sites, *foreign], node))
        pieced = ways[-1].site is not None and node is not None
        return [*ways, self.assembly.recipe([], node)] if pieced else ways

    def _elsewhere(self, node: ast.ClassDef | Function) -> list[Construction]:
        """The constructions of a class or factory in the other files of the repository."""
        if node not in self.foreign:
            makers = [n for n, of in self.constructions.factories.items() if of == node.name]
            self.foreign[node] = self.elsewhere.sites([node.name, *makers], node.name)
        return self.foreign[node]

    def _target(
        self,
        name: str,
        span: Span,
        sites: list[Construction],
        node: ast.ClassDef | Function | None,
        named: bool,
        recipe: Recipe,
        examples: tuple[Example, ...],
    ) -> Target:
        bound = [site for site in (recipe.site, *sites) if site is not None and site.bound_as]
        home = recipe.site.outline if recipe.site is not None else self.outline
        preparation = self._preparation(home)
        return Target(
            path=self.source.path,
            name=name,
            span=span,
            setup=recipe.setup,
            construct=recipe.construct,
            missing=recipe.missing,
            unknown=recipe.unknown,
            after=preparation.after(bound[0]) if bound else (),
            bound_as=bound[0].bound_as if bound else "model",
            loads_weights=self._loads(sites, node, recipe),
            examples=examples,
            lengths=self._lengths(home),
            named=named,
            input=self.inputs,
            arguments=recipe.arguments,
            init=self.init,
            home=replace(home.source) if home is not self.outline else None,
        )

    def _lengths(self, home: Outline) -> tuple[int, ...]:
        """The lengths that this file names, then those of the file that builds the model."""
        foreign = () if home is self.outline else Lengths(home, self.assembly.slicer(home)).all()
        return tuple(dict.fromkeys((*self.lengths, *foreign)))

    def _preparation(self, outline: Outline) -> Preparation:
        if outline is self.outline:
            return self.preparation
        return Preparation(outline, self.assembly.slicer(outline))

    def _loads(self, sites: list[Construction], node: ast.AST | None, recipe: Recipe) -> bool:
        chosen = [] if recipe.site is None or recipe.site in sites else [recipe.site]
        if any(self._preparation(site.outline).loads(site) for site in [*sites, *chosen]):
            return True
        init = self.outline.method(node, "__init__") if isinstance(node, ast.ClassDef) else node
        written = recipe.site.expression if recipe.site is not None else recipe.construct
        return any(part is not None and pretrained(part) for part in (init, written))

    def _name_span(self, node: ast.ClassDef | Function) -> Span:
        """Where the name of a class or function stands."""
        text = self.source.line(node.lineno)
        found = re.compile(rf"\b(?:class|def)\s+({re.escape(node.name)})\b").search(text)
        if found is None:
            return self.source.span(node)
        return Span(
            self.source.path, node.lineno, found.start(1) + 1, node.lineno, found.end(1) + 1
        )


def _after(construction: Construction, node: ast.ClassDef) -> bool:
    return construction.call.lineno > node.lineno


def _chained(targets: list[Target]) -> Target:
    """The first target; each goes on to the next where it cannot be built."""
    chain: Target | None = None
    for target in reversed(targets):
        chain = replace(target, otherwise=chain)
    assert chain is not None
    return chain
