"""What is left of a statement when a call in it becomes its argument."""

from __future__ import annotations

import libcst as cst
import pytest

from gradlint.rewrites.leftover import without_leftover
from gradlint.rewrites.place import Tree
from gradlint.source import Source
from gradlint.span import Edit


@pytest.mark.parametrize(
    ("code", "left"),
    [
        ("def f(x):\n    x = g(x)\n    return x\n", "def f(x):\n    return x\n"),
        ("def f(s):\n    s.x = g(s.x)\n    return s\n", "def f(s):\n    return s\n"),
        ("def f(x):\n    x = g(\n        x\n    )\n    return x\n", "def f(x):\n    return x\n"),
        ("def f(x):\n    y = g(x)\n    return y\n", "def f(x):\n    y = x\n    return y\n"),
        ("def f(x):\n    x = 1 + g(x)\n    return x\n", "def f(x):\n    x = 1 + x\n    return x\n"),
        ("if a:\n    x = g(x); y = 1\n", "if a:\n    x = x; y = 1\n"),
        ("if a:\n    x = g(x)\n", "if a:\n    x = x\n"),
        ("def f(x):\n    return g(x)\n", "def f(x):\n    return x\n"),
    ],
)  # fmt: skip
def test_no_name_is_given_to_itself(code, left):
    source = Source("net.py", code)
    tree = Tree(source)
    (call,) = tree.nodes(cst.Call)
    edit = Edit(tree.span(call), tree.text(call.args[0].value))
    assert source.edited([without_leftover(tree, call, edit)]).text == left
