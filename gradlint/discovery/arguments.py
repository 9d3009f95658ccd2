"""Command-line defaults, read from `add_argument` calls without running the parser."""

from __future__ import annotations

import ast
import builtins
from collections.abc import Iterator, Mapping
from functools import lru_cache

from gradlint.discovery.expressions import free_names, settled
from gradlint.discovery.outline import Definition, Outline
from gradlint.discovery.purity import Purity

PARSES = {"parse_args", "parse_known_args"}
CONVERTERS = {"int", "float"}
ADDS = "add_argument"


def parses_arguments(outline: Outline, value: ast.expr | None) -> bool:
    """Whether an expression gives parsed arguments: `parser.parse_args()` or `get_args()`."""
    if not isinstance(value, ast.Call):
        return False
    function = value.func
    if isinstance(function, ast.Attribute) and function.attr in PARSES:
        return True
    if isinstance(function, ast.Attribute) and isinstance(function.value, ast.Call):
        owner = _definition(outline, function.value.func)  # `TrainOptions().parse()`
        return owner is not None and function.attr.startswith("parse") and _has_options(owner)
    found = _definition(outline, function)
    return found is not None and _returns_arguments(found.node)


def _definition(outline: Outline, function: ast.expr) -> Definition | None:
    """What is called, where this file or another of the repository defines it."""
    name = outline.qualified(function)
    if name in outline.definitions:
        return Definition(outline, outline.definitions[name])
    return outline.imported(name)


def _has_options(definition: Definition) -> bool:
    return any(ADDS in outline.source.text for outline in _files(definition))


def _files(definition: Definition) -> Iterator[Outline]:
    """The file of a function, or those of a class and its bases."""
    yield definition.outline
    bases = definition.node.bases if isinstance(definition.node, ast.ClassDef) else []
    for base in bases:
        found = definition.outline.imported(definition.outline.qualified(base))
        if found is not None:
            yield from _files(found)


def _returns_arguments(function: ast.AST) -> bool:
    parsed: set[str] = set()
    for node in ast.walk(function):
        if isinstance(node, ast.Assign) and _is_parse(node.value):
            parsed |= {target.id for target in node.targets if isinstance(target, ast.Name)}
    return any(
        isinstance(node, ast.Return)
        and (
            _is_parse(node.value) or (isinstance(node.value, ast.Name) and node.value.id in parsed)
        )
        for node in ast.walk(function)
    )


def _is_parse(node: ast.expr | None) -> bool:
    return (
        isinstance(node, ast.Call)
        and isinstance(node.func, ast.Attribute)
        and node.func.attr in PARSES
    )


@lru_cache(maxsize=256)
def defaults(outline: Outline) -> dict[str, ast.expr]:
    """The default of every option of the file, and of the files it gets its options from."""
    found: dict[str, ast.expr] = {}
    for other in _providers(outline):
        found |= {name: value for name, value in _own(other).items() if _stands_alone(value)}
    return found | _own(outline)


def _providers(outline: Outline) -> list[Outline]:
    """The files whose functions or classes add options to what this file parses."""
    found: dict[Outline, None] = {}
    if not any(mark in outline.source.text for mark in ("pars", "arg", "opt", "conf")):
        return []
    for call in outline.calls:
        definition = outline.imported(outline.qualified(call.func))
        if definition is not None:
            files = (file for file in _files(definition) if ADDS in file.source.text)
            found |= dict.fromkeys(files)
    return [other for other in found if other is not outline]


def _stands_alone(value: ast.expr) -> bool:
    return all(hasattr(builtins, name) for name in free_names(value))


def _own(outline: Outline) -> dict[str, ast.expr]:
    """The defaults of the options that a file adds itself."""
    found: dict[str, ast.expr] = {}
    for call in outline.calls:
        method = call.func.attr if isinstance(call.func, ast.Attribute) else ""
        if method == "set_defaults":
            found |= {keyword.arg: keyword.value for keyword in call.keywords if keyword.arg}
        elif method == "add_argument" and (name := _destination(call)):
            value = _default(call)
            if value is not None:
                found[name] = ast.copy_location(value, call)
    return found


def _destination(call: ast.Call) -> str:
    for keyword in call.keywords:
        if keyword.arg == "dest" and isinstance(keyword.value, ast.Constant):
            return str(keyword.value.value)
    flags = [a.value for a in call.args if isinstance(a, ast.Constant) and isinstance(a.value, str)]
    flags.sort(key=lambda flag: not flag.startswith("--"))
    return flags[0].lstrip("-").replace("-", "_") if flags else ""


def _default(call: ast.Call) -> ast.expr | None:
    given = {keyword.arg: keyword.value for keyword in call.keywords}
    if (value := given.get("default")) is not None:
        converter = given.get("type")
        text = isinstance(value, ast.Constant) and isinstance(value.value, str)
        if text and isinstance(converter, ast.Name) and converter.id in CONVERTERS:
            return ast.copy_location(ast.Call(converter, [value], []), value)
        return value
    action = given.get("action")
    if isinstance(action, ast.Constant) and action.value in ("store_true", "store_false"):
        return ast.Constant(action.value == "store_false")
    positional = call.args and not str(getattr(call.args[0], "value", "")).startswith("-")
    required = isinstance(mark := given.get("required"), ast.Constant) and mark.value is True
    return None if positional or required else ast.Constant(None)


def namespace(purity: Purity, statement: ast.Assign) -> ast.Assign:
    """`args = parser.parse_args()` rewritten to a namespace of the defaults.

    Options without a default are left out, so that a use of them fails by name.
    """
    known = defaults(purity.outline).items()
    simple = simple_namespace({name: value for name, value in known if purity.expression(value)})
    value: ast.expr = simple
    if isinstance(statement.targets[0], ast.Tuple):
        value = ast.Tuple([simple, ast.List([], ast.Load())], ast.Load())
    copied = ast.Assign(statement.targets, settled(value, statement.value))
    return ast.copy_location(copied, statement)


def simple_namespace(known: Mapping[str, ast.expr]) -> ast.Call:
    """`types.SimpleNamespace` with these values, whatever the file imports."""
    module = ast.Call(ast.Name("__import__", ast.Load()), [ast.Constant("types")], [])
    keywords = [ast.keyword(name, value) for name, value in known.items()]
    return ast.Call(ast.Attribute(module, "SimpleNamespace", ast.Load()), [], keywords)
