"""How a class or factory can be called: by its call sites, defaults, configuration classes."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from gradlint.discovery import fields
from gradlint.discovery.bindings import argument, default, parameters
from gradlint.discovery.constructions import Construction
from gradlint.discovery.datafiles import Known
from gradlint.discovery.expressions import portable, settled
from gradlint.discovery.folding import written
from gradlint.discovery.guesses import ANSWERS, Guesses
from gradlint.discovery.options import Options
from gradlint.discovery.origins import Origins
from gradlint.discovery.outline import HOLDERS, Function, Outline, flat, is_torch_layer
from gradlint.discovery.purity import Purity
from gradlint.discovery.slicing import Slicer
from gradlint.discovery.uses import Uses, roles
from gradlint.errors import GradlintError, did_you_mean
from gradlint.target import Argument

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
    def lack(self) -> tuple[bool, int, int]:
        """Sorts the recipe that says most first."""
        guessed = sum(argument.guessed for argument in self.arguments)
        return (self.construct is None, len(self.unknown), guessed)

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
    """Finds recipes for the models of one file; sites may stand in others of its repository."""

    def __init__(
        self, outline: Outline, slicer: Slicer, origins: Origins, options: Options
    ) -> None:
        self.outline = outline
        self.options = options
        self.origins = origins
        self.guesses = Guesses(outline)
        self._slicers = {outline: slicer}

    def recipe(
        self,
        sites: list[Construction],
        node: ast.ClassDef | Function | None,
        init: Mapping[str, object] | None = None,
    ) -> Recipe:
        """The first call site that folds, else the one that lacks the least.

        What the user gives in `init` goes before what any site gives.
        """
        if node is None and init:
            message = "init is for a class or a function, and this model is a variable"
            raise GradlintError(message, "change the values where it is built")
        whole = None if init else next(self.whole(sites), None)
        if whole is not None or node is None:
            return whole or self._supposed(sites)
        direct = [site for site in sites if site.calls(node.name)]
        recipes = [self._pieced(node, site, init or {}) for site in [*direct, None]]
        return min(recipes, key=lambda recipe: recipe.lack)

    def whole(self, sites: list[Construction]) -> Iterator[Recipe]:
        """The call sites that fold as they are."""
        for site in sites:
            construct = portable(site.outline, site.expression)
            setup = self._slicer_of(site).slice(construct, site.call)
            if setup is not None:
                told = self.origins.of(site, self._slicer_of(site))
                named = portable(site.outline, site.named)
                yield Recipe(setup, named, site=site, arguments=told)

    def _supposed(self, sites: list[Construction]) -> Recipe:
        """The first call whose unknown names can be guessed: `nn.Linear(input_size, 10)`."""
        for site in sites:
            construct, slicer = portable(site.outline, site.expression), self._slicer_of(site)
            values: dict[str, str] = {}
            setup = slicer.slice(construct, site.call, supposed=values)
            if setup is not None:
                told = [Argument(n, v, "its name", True, free=True) for n, v in values.items()]
                known = self.origins.of(site, slicer)
                return Recipe(setup, construct, site=site, arguments=(*known, *told))
        return Recipe((), None)

    def slicer(self, outline: Outline) -> Slicer:
        """The slicer of a file that a site stands in, or of the model's own."""
        if outline not in self._slicers:
            self._slicers[outline] = Slicer(outline)
        return self._slicers[outline]

    def _slicer_of(self, site: Construction | None) -> Slicer:
        """The slicer of the file that a site stands in."""
        return self.slicer(site.outline if site is not None else self.outline)

    def _function(self, node: ast.ClassDef | Function | None) -> Function | None:
        """What takes the arguments: the constructor of a class, or the function itself."""
        return self.outline.method(node, "__init__") if isinstance(node, ast.ClassDef) else node

    def _pieced(
        self, node: ast.ClassDef | Function, site: Construction | None, init: Mapping[str, object]
    ) -> Recipe:
        """A call put together: what the user gives, what the site gives, then guesses."""
        method = isinstance(node, ast.ClassDef)
        function = self._function(node)
        parts = _Parts()
        if function is None:
            parts.given |= {name: literal(value) for name, value in init.items()}
            if self._wants_more(node) and not init:
                return self._layer(node, parts)
            return self._call(node, parts, None)
        names = [parameter.arg for parameter in parameters(function, method)]
        for name in init:
            if name not in names and function.args.kwarg is None:
                known = did_you_mean(name, names)
                raise GradlintError(f"{node.name} has no argument '{name}' to give in init", known)
        parts.given |= {name: literal(v) for name, v in init.items() if name not in names}
        for parameter in parameters(function, method):
            self._fill(parts, node, function, site, parameter, init)
        return self._call(node, parts, site)

    def _fill(
        self,
        parts: _Parts,
        node: ast.ClassDef | Function,
        function: Function,
        site: Construction | None,
        parameter: ast.arg,
        init: Mapping[str, object],
    ) -> None:
        """Find the value of one parameter."""
        name, method = parameter.arg, isinstance(node, ast.ClassDef)
        value = self._given(function, method, site, name)
        known = self._read(function, method, site, name)
        if name in init:
            parts.add(name, self._told(name, init[name]), "the configuration")
        elif known is not None and site is not None:
            origin = known.file or self.origins.where(site, site.call)
            parts.add(name, written(known.value, site.call), origin)
        elif value is not None and site is not None:
            parts.add(name, value, self.origins.where(site, value))
        elif default(function, name) is None:
            call = self._configuration(node, parameter)
            if call is not None and not call.keywords:
                parts.add(name, call, f"the class {ast.unparse(call.func)}")
                return
            if call is not None:
                parts.guess(name, ast.unparse(call), f"the class {ast.unparse(call.func)}")
                return
            if found := self.options.given(function, name):
                parts.guessed[name] = found[0]
                parts.arguments.append(found[1])
                return
            needed = [p for p in parameters(function, method) if default(function, p.arg) is None]
            guess = self.guesses.of(node, parameter, [p.arg for p in needed])
            if guess is None:
                parts.unknown.append(name)
            else:
                parts.guess(name, guess.text, guess.origin)

    def _told(self, name: str, value: object) -> ast.expr:
        """What the user gives; a table for a configuration is an object that has its fields."""
        if isinstance(value, dict) and fields.is_configuration(name):
            return _parsed(f"{ANSWERS}({name!r}, {value!r})")
        return literal(value)

    def _given(
        self, function: Function, method: bool, site: Construction | None, name: str
    ) -> ast.expr | None:
        """What a call site gives for a parameter, where that folds."""
        value = argument(function, site.call, name, method) if site is not None else None
        if site is None or value is None:
            return None
        value = portable(site.outline, value)
        return value if self._slicer_of(site).slice(value, site.call) is not None else None

    def _read(
        self, function: Function, method: bool, site: Construction | None, name: str
    ) -> Known | None:
        """What a data file says of an argument, or what `**` passes for it."""
        if site is None:
            return None
        folding = self._slicer_of(site).folding
        value = argument(function, site.call, name, method)
        if value is None:
            return folding.spread(site.call, site.call).get(name)
        known = folding.known(value, site.call)
        return known if known is not None and known.file and known.is_whole else None

    def _call(
        self, node: ast.ClassDef | Function, parts: _Parts, site: Construction | None
    ) -> Recipe:
        if parts.unknown:
            return Recipe((), None, tuple(parts.unknown), arguments=tuple(parts.arguments))
        place: ast.expr | ast.stmt = site.call if site is not None else node
        function = site.call.func if site is not None else ast.Name(node.name, ast.Load())
        setup = self._slicer_of(site).slice(_called(function, parts.given, place), place)
        named = site.function if site is not None else function
        whole = _called(named, parts.given | parts.guessed, place)
        return Recipe(setup or (), whole, site=site, arguments=tuple(parts.arguments))

    def _layer(self, node: ast.ClassDef | Function, parts: _Parts) -> Recipe:
        """A class that takes the arguments of a layer of torch.nn."""
        bases = self.outline.foreign_bases(node) if isinstance(node, ast.ClassDef) else []
        names = next((r for base in bases if (r := roles(base.rpartition(".")[2]))), [])
        for name in names:
            parts.guess(name, fields.value(name, names) or str(fields.WIDTH), "its name")
        return self._call(node, parts, None) if names else Recipe((), None)

    def _wants_more(self, node: ast.ClassDef | Function) -> bool:
        """Whether a class takes the arguments of a layer of torch.nn."""
        bases = self.outline.foreign_bases(node) if isinstance(node, ast.ClassDef) else []
        return any(is_torch_layer(name) and name not in HOLDERS for name in bases)

    def _configuration(self, owner: ast.ClassDef | Function, parameter: ast.arg) -> ast.Call | None:
        """An object of a configuration class of this file, where the parameter asks for one."""
        purity = Purity(self.outline, models=False)
        wanted = ast.unparse(parameter.annotation).strip("'") if parameter.annotation else ""
        for name, node in self.outline.classes.items():
            alike = fields.is_configuration(name) and fields.is_configuration(parameter.arg)
            if name in self.outline.modules or not (alike or name == wanted):
                continue
            if not Uses(self.outline, owner).of(parameter.arg).attributes <= self._members(node):
                continue
            text = self._completed(node)
            call = _parsed(text) if text else None
            if isinstance(call, ast.Call) and purity.callee(call):
                return call
        return None

    def _members(self, node: ast.ClassDef) -> set[str]:
        """The names of what a class and its objects hold."""
        inner = [part for member in self.outline.lineage(node) for part in ast.walk(member)]
        names = {getattr(n, "id", getattr(n, "attr", getattr(n, "name", ""))) for n in inner}
        return {str(name) for name in names}

    def _completed(self, node: ast.ClassDef) -> str:
        """A construction of a class that is no module, with guesses for what has no value."""
        init = self.outline.method(node, "__init__")
        if init is not None:
            return self.guesses.call(node)
        found = []
        members = (s for member in self.outline.lineage(node) for s in flat(member.body))
        for statement in members:
            if not isinstance(statement, ast.AnnAssign):
                continue
            if statement.value is not None and ast.unparse(statement.value) != "None":
                continue
            name = ast.unparse(statement.target)
            text = fields.value(name)
            if text is not None:
                found.append(f"{name}={text}")
            elif statement.value is None:
                return ""
        return f"{node.name}({', '.join(found)})"


@dataclass
class _Parts:
    """The arguments of a call as they are found."""

    given: dict[str, ast.expr] = field(default_factory=dict)
    guessed: dict[str, ast.expr] = field(default_factory=dict)
    unknown: list[str] = field(default_factory=list)
    arguments: list[Argument] = field(default_factory=list)

    def add(self, name: str, value: ast.expr, origin: str) -> None:
        """What the source or the user says."""
        self.given[name] = value
        self.arguments.append(Argument(name, ast.unparse(value), origin, False))

    def guess(self, name: str, text: str, origin: str) -> None:
        """What nothing says."""
        self.guessed[name] = _parsed(text)
        self.arguments.append(Argument(name, text, origin, True))


def literal(value: object) -> ast.expr:
    """A value of a TOML file, as an expression. Raises GradlintError for dates and infinities."""
    try:
        ast.literal_eval(repr(value))
    except ValueError as error:
        message = f"init cannot give {value}"
        raise GradlintError(message, "numbers, texts, lists and tables can be given") from error
    return _parsed(repr(value))


def _parsed(text: str) -> ast.expr:
    return ast.parse(text, mode="eval").body


def _called(
    function: ast.expr, given: Mapping[str, ast.expr], place: ast.expr | ast.stmt
) -> ast.Call:
    """A call; what was made for it stands at `place`."""
    call = ast.Call(function, [], [ast.keyword(key, value) for key, value in given.items()])
    return settled(call, place)
