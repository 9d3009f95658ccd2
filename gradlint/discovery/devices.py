"""Code that names an accelerator, made to run where there is none: `.to("cuda:0")`."""

from __future__ import annotations

import ast
import copy
import re
from typing import TypeVar

_ACCELERATOR = re.compile(r"(cuda|mps|xpu)(?=$|:)(:\d+$)?")
_UNCHANGED = re.compile(r"autocast|amp|scaler", re.IGNORECASE)
Node = TypeVar("Node", bound=ast.AST)


class _State:
    processor_only = False


def stay_on_processor() -> None:
    """From now on, code of others that names an accelerator means the processor."""
    _State.processor_only = True


def on_processor(node: Node) -> Node:
    """The code with each accelerator's name replaced, where there is none; else as it is."""
    if not _State.processor_only or not any(map(_renamed, ast.walk(node))):
        return node
    replaced: Node = _Replacing().visit(copy.deepcopy(node))
    return replaced


def _renamed(node: ast.AST) -> str | None:
    """The text of a constant with the processor in place of the accelerator that it names."""
    if not isinstance(node, ast.Constant) or not isinstance(node.value, str):
        return None
    return _ACCELERATOR.sub("cpu", node.value) if _ACCELERATOR.match(node.value) else None


class _Replacing(ast.NodeTransformer):
    def visit_Constant(self, node: ast.Constant) -> ast.Constant:
        text = _renamed(node)
        return node if text is None else ast.copy_location(ast.Constant(text), node)

    def visit_Compare(self, node: ast.Compare) -> ast.Compare:
        """`x.device.type == "cuda"` stays a question."""
        return node

    def visit_Call(self, node: ast.Call) -> ast.AST:
        """`torch.autocast("cuda")` stays off."""
        return node if _UNCHANGED.search(ast.unparse(node.func)) else self.generic_visit(node)
