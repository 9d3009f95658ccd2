"""Command-line defaults, read from `add_argument` calls without running the parser."""

from __future__ import annotations

import ast

from gradlint.discovery.outline import Outline
from gradlint.discovery.purity import Purity

PARSES = {"parse_args", "parse_known_args"}
CONVERTERS = {"int", "float"}


def parses_arguments(outline: Outline, value: ast.expr | None) -> bool:
    """Whether an expression gives parsed arguments: `parser.parse_args()` or `get_args()`."""
    if not isinstance(value, ast.Call):
        return False
    if isinstance(value.func, ast.Attribute):
        return value.func.attr in PARSES
    if isinstance(value.func, ast.Name):
        function = outline.functions.get(value.func.id)
        return function is not None and _returns_arguments(function)
    return False


def _returns_arguments(function: ast.FunctionDef) -> bool:
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


def defaults(outline: Outline) -> dict[str, ast.expr]:
    """The default of every option of the file that has one."""
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
    keywords = [ast.keyword(name, value) for name, value in known if purity.expression(value)]
    module = ast.Call(ast.Name("__import__", ast.Load()), [ast.Constant("types")], [])
    simple = ast.Call(ast.Attribute(module, "SimpleNamespace", ast.Load()), [], keywords)
    value: ast.expr = simple
    if isinstance(statement.targets[0], ast.Tuple):
        value = ast.Tuple([simple, ast.List([], ast.Load())], ast.Load())
    copied = ast.Assign(statement.targets, value)
    ast.copy_location(copied, statement)
    _settle(value, statement.value)
    return copied


def _settle(node: ast.AST, place: ast.expr) -> None:
    """Give the made nodes the place of the call that they replace; found ones keep theirs."""
    if isinstance(node, ast.expr) and not hasattr(node, "lineno"):
        ast.copy_location(node, place)
    if isinstance(node, ast.keyword):
        ast.copy_location(node, place)
    for child in ast.iter_child_nodes(node):
        _settle(child, place)
