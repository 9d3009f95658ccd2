"""Small questions about expressions: their free names, and what they are without a device."""

from __future__ import annotations

import ast
import copy
from typing import TypeVar

from gradlint.discovery.outline import Outline, blocks

Node = TypeVar("Node", bound=ast.AST)
MOVES = {"cuda", "cpu", "to", "xpu", "mps", "share_memory"}
MODES = {"eval", "train", "half", "bfloat16"}
CHAINED = {"apply", "double", "float", "requires_grad_"}  # they change the model and return it
WRAPPERS = {
    "torch.compile",
    "torch.jit.script",
    "torch.nn.DataParallel",
    "torch.nn.parallel.DataParallel",
    "torch.nn.parallel.DistributedDataParallel",
    "torch.nn.SyncBatchNorm.convert_sync_batchnorm",
}
ZOO = "torchvision.models."
DTYPES = {"float", "double", "long", "int", "half", "bool", "bfloat16", "dtype"}


def free_names(node: ast.AST) -> list[str]:
    """The names that code reads and does not bind in a comprehension or lambda, in order."""
    bound = {argument.arg for argument in ast.walk(node) if isinstance(argument, ast.arg)}
    for inner in ast.walk(node):
        if isinstance(inner, ast.comprehension):
            bound |= stored_names(inner.target)
    loads = (n for n in ast.walk(node) if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Load))
    return list(dict.fromkeys(name.id for name in loads if name.id not in bound))


def needed_names(statement: ast.stmt) -> list[str]:
    """The names that a statement reads before it binds them itself, in order."""
    needed: dict[str, None] = {}
    _read(statement, set(), needed)
    return list(needed)


def _read(statement: ast.stmt, bound: set[str], needed: dict[str, None]) -> None:
    if isinstance(statement, ast.FunctionDef | ast.ClassDef):
        bound = bound | stored_names(statement)
    parts: list[ast.AST] = [statement]
    if inner := [s for block in blocks(statement) for s in block]:
        held = {id(s) for s in inner}
        parts = [n for n in ast.iter_child_nodes(statement) if id(n) not in held]
    for part in parts:
        needed.update(dict.fromkeys(n for n in free_names(part) if n not in bound))
        bound |= stored_names(part)
    for nested in inner:
        _read(nested, bound, needed)


def stored_names(node: ast.AST) -> set[str]:
    """The names that code binds."""
    names = {
        n.id for n in ast.walk(node) if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Store)
    }
    for inner in ast.walk(node):
        if isinstance(inner, ast.Import | ast.ImportFrom):
            names |= {(alias.asname or alias.name).split(".")[0] for alias in inner.names}
        elif isinstance(inner, ast.FunctionDef | ast.ClassDef):
            names.add(inner.name)
    return names


def settled(made: Node, place: ast.AST) -> Node:
    """What was made, standing at a place; what was found keeps its own."""
    for node in ast.walk(made):
        if isinstance(node, ast.expr | ast.keyword) and not hasattr(node, "lineno"):
            ast.copy_location(node, place)
    return ast.fix_missing_locations(made)


def placed(text: str, place: ast.AST) -> ast.expr:
    """The expression that a text is, standing at a place."""
    made = ast.parse(text, mode="eval").body
    for node in ast.walk(made):
        ast.copy_location(node, place)
    return made


def root_name(node: ast.AST) -> str:
    """The name that a chain of attributes, subscripts and calls starts from."""
    while isinstance(node, ast.Attribute | ast.Subscript | ast.Call):
        node = node.func if isinstance(node, ast.Call) else node.value
    return node.id if isinstance(node, ast.Name) else ""


def unwrapped(outline: Outline, node: ast.expr) -> ast.expr:
    """The construction inside `torch.compile(Net().to(device))`: here `Net()`."""
    while isinstance(node, ast.Call):
        if outline.qualified(node.func) in WRAPPERS and node.args:
            node = node.args[0]
        elif isinstance(node.func, ast.Attribute) and (
            _moves(outline, node) or node.func.attr in MODES | CHAINED
        ):
            node = node.func.value
        else:
            break
    return node


def _moves(outline: Outline, call: ast.Call) -> bool:
    if not isinstance(call.func, ast.Attribute) or call.func.attr not in MOVES:
        return False
    if outline.qualified(call.func).startswith("torch."):
        return False
    names = [outline.qualified(value) for value in call.args]
    return not any(
        name.startswith("torch.") and name.rstrip("0123456789").split(".")[-1] in DTYPES
        for name in names
    )


def portable(outline: Outline, node: Node) -> Node:
    """The same code without moves to a device or trained weights; positions are kept."""
    stationary: Node = _Stationary(outline).visit(copy.deepcopy(node))
    return stationary


class _Stationary(ast.NodeTransformer):
    def __init__(self, outline: Outline) -> None:
        self.outline = outline

    def visit_Call(self, node: ast.Call) -> ast.AST:
        self.generic_visit(node)
        if isinstance(node.func, ast.Attribute) and (
            _moves(self.outline, node) or node.func.attr in MODES
        ):
            return node.func.value
        name = self.outline.qualified(node.func)
        if name in WRAPPERS and node.args:
            return node.args[0]
        node.keywords = [_untrained(name, keyword) for keyword in node.keywords]
        if name.startswith("torch.") and name != "torch.device":
            node.keywords = [keyword for keyword in node.keywords if keyword.arg != "device"]
        return node


def _untrained(name: str, keyword: ast.keyword) -> ast.keyword:
    """`pretrained=True` as `pretrained=False`, and weights of torchvision as none."""
    value = keyword.value
    instead: bool | None = None
    if keyword.arg == "pretrained" and isinstance(value, ast.Constant) and value.value is True:
        instead = False
    elif keyword.arg not in ("weights", "weights_backbone") or not name.startswith(ZOO):
        return keyword
    made = ast.copy_location(ast.Constant(instead), value)
    return ast.copy_location(ast.keyword(keyword.arg, made), keyword)
