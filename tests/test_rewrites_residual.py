"""Skip connections are written where a layer keeps its shape."""

from __future__ import annotations

from dataclasses import replace

import pytest
from rewrite_marks import Marked, marked, model, op, written

from gradlint.graph import Op
from gradlint.model import Model
from gradlint.rewrites import residual
from gradlint.rule import Checkpoint

IMPORTS = "import torch\nfrom torch import nn\nimport torch.nn.functional as F\n"
HEAD = IMPORTS + "\n\n"
SHAPE = (8, 4)


def layer(
    marks: Marked, index: int, built: str, called: str, shape: tuple[int, ...] = SHAPE, **more: str
) -> Op:
    return op(index, "linear", built, called, marks=marks, shape=shape, input_shape=SHAPE, **more)


def act(marks: Marked, index: int, built: str, called: str, **more: str) -> Op:
    return op(index, "tanh", built, called, marks=marks, shape=SHAPE, input_shape=SHAPE, **more)


STATEMENTS = {
    "loop": (
        "        for layer in self.layers:\n            x = «a:F.relu(«c:layer(x)»)»\n",
        "        for layer in self.layers:\n            x = x + F.relu(layer(x))\n",
    ),
    "nested": (
        "        x = self.drop(«a:torch.relu(«c:self.fc3(x)»)»)  # third\n",
        "        x = x + self.drop(torch.relu(self.fc3(x)))  # third\n",
    ),
    "method": (
        "        h2 = «a:«c:self.fc3(h1)».tanh()»\n",
        "        h2 = h1 + self.fc3(h1).tanh()\n",
    ),
    "alone": ("        x = «c:self.fc3(x)»\n", "        x = x + self.fc3(x)\n"),
}


@pytest.mark.parametrize("name", STATEMENTS)
def test_a_statement_that_keeps_the_shape_is_skipped(name: str) -> None:
    before, after = STATEMENTS[name]
    head = HEAD + "class Net(nn.Module):\n    def forward(self, x):\n"
    marks = marked(head + before + "        return self.head(x)\n")
    layers = [layer(marks, i, "", "c", module=f"layers.{i}") for i in (0, 1)]
    acts = [act(marks, 2, "", "a")] if "a" in marks.spans else []
    fixed = residual.skip(model(marks, *layers, *acts), layers)
    assert written(marks, fixed) == head + after + "        return self.head(x)\n"
    assert fixed is not None
    assert fixed.checkpoint is Checkpoint.KEEPS


@pytest.mark.parametrize(
    "statement",
    [
        "x = torch.cat([«c:self.fc(x)», x])",
        "x = self.bn(y) + «c:self.fc(x)»",
        "x += «c:self.fc(x)»",
    ],
)
def test_a_statement_that_is_not_understood_is_not_touched(statement: str) -> None:
    marks = marked(HEAD + "class Net(nn.Module):\n    def forward(self, x):\n        " + statement)
    only = layer(marks, 0, "", "c")
    assert residual.skip(model(marks, only), [only]) is None


LOOP = """class Net(nn.Module):
    def forward(self, x):
        for f in self.fs:
            {statement}
        return x
"""
SOMETIMES = "x + out if x.shape == out.shape else out"


def test_a_loop_in_which_one_layer_changes_the_shape_compares_shapes() -> None:
    marks = marked(HEAD + LOOP.format(statement="x = torch.relu(«c:f(x)»)  # deep"))
    layers = [layer(marks, 0, "", "c", (8, 3)), layer(marks, 1, "", "c"), layer(marks, 2, "", "c")]
    after = f"out = torch.relu(f(x))  # deep\n            x = {SOMETIMES}"
    fixed = written(marks, residual.skip(model(marks, *layers), layers))
    assert fixed == HEAD + LOOP.format(statement=after)


def test_a_loop_in_which_most_layers_change_the_shape_is_not_touched() -> None:
    marks = marked(HEAD + LOOP.format(statement="x = «c:f(x)»"))
    layers = [layer(marks, 0, "", "c"), *(layer(marks, i, "", "c", (8, i)) for i in (1, 2))]
    assert residual.skip(model(marks, *layers), layers) is None


BLOCK = """class Block(nn.Module):
    def forward(self, x):
{body}
"""
BODIES = {
    "expression": (
        "        return «a:self.act(«c:self.fc(x)»)»",
        "        return x + self.act(self.fc(x))",
    ),
    "docstring and rebinding": (
        '        """One."""\n        x = «c:self.fc(x)»\n        return «a:self.act(x)»  # end',
        (
            '        """One."""\n        identity = x\n        x = self.fc(x)\n'
            "        return identity + self.act(x)  # end"
        ),
    ),
    "another name": (
        "        out = «c:self.fc(x)»\n        out = «a:self.act(out)»\n        return out",
        "        out = self.fc(x)\n        out = self.act(out)\n        return x + out",
    ),
}


def blocks(marks: Marked, first: tuple[int, ...] = SHAPE) -> tuple[Model, list[Op]]:
    ops = []
    for i in range(3):
        shape = SHAPE if i else first
        ops.append(layer(marks, 2 * i, "", "c", shape, owner=f"body.{i}"))
        ops.append(replace(act(marks, 2 * i + 1, "", "a", owner=f"body.{i}"), shape=shape))
    return model(marks, *ops), ops[::2]


@pytest.mark.parametrize("name", BODIES)
def test_a_block_adds_its_input(name: str) -> None:
    before, after = BODIES[name]
    marks = marked(HEAD + BLOCK.format(body=before))
    assert written(marks, residual.skip(*blocks(marks))) == HEAD + BLOCK.format(body=after)


UNEQUAL = {
    "expression": (
        "        return «a:self.act(«c:self.fc(x)»)»  # end",
        f"        out = self.act(self.fc(x))  # end\n        return {SOMETIMES}",
    ),
    "name": (
        "        y = «a:self.act(«c:self.fc(x)»)»\n        return y",
        "        y = self.act(self.fc(x))\n        return x + y if x.shape == y.shape else y",
    ),
}


@pytest.mark.parametrize("name", UNEQUAL)
def test_blocks_of_which_one_changes_the_shape_compare_shapes(name: str) -> None:
    before, after = UNEQUAL[name]
    marks = marked(HEAD + BLOCK.format(body=before))
    fixed = written(marks, residual.skip(*blocks(marks, first=(8, 3))))
    assert fixed == HEAD + BLOCK.format(body=after)


@pytest.mark.parametrize(
    "body",
    [
        "        y = «a:self.act(«c:self.fc(x)»)»\n        return y, x",
        "        if x is None:\n            return x\n        return «a:self.act(«c:self.fc(x)»)»",
    ],
)
def test_a_block_that_is_not_understood_is_not_touched(body: str) -> None:
    marks = marked(HEAD + BLOCK.format(body=body).replace("x = ", "z = "))
    fixed = written(marks, residual.skip(*blocks(marks))) or ""
    assert "return x +" not in fixed


CLASS = """

class Residual(nn.Sequential):
    def forward(self, x):
        return x + super().forward(x)
"""
LISTS = {
    "literal": (
        "m = nn.Sequential(stem, «l:nn.Linear(4, 4)», «a:nn.Tanh()», nn.Linear(4, 1))\n",
        "m = nn.Sequential(stem, Residual(nn.Linear(4, 4), nn.Tanh()), nn.Linear(4, 1))\n",
    ),
    "lines": (
        "m = nn.Sequential(\n    «l:nn.Linear(4, 4)»,\n    «a:nn.Tanh()»,\n    head,\n)\n",
        "m = nn.Sequential(\n    Residual(nn.Linear(4, 4), nn.Tanh()),\n    head,\n)\n",
    ),
    "comments": (
        "m = nn.Sequential(\n    stem,\n    «l:nn.Linear(4, 4)»,  # mix\n    «a:nn.Tanh()»,\n)\n",
        "m = nn.Sequential(\n    stem,\n    Residual(nn.Linear(4, 4),  # mix\n    nn.Tanh()),\n)\n",
    ),
    "comprehension": (
        "m = nn.Sequential(*[m for _ in range(9) for m in («l:nn.Linear(4, 4)», «a:nn.Tanh()»)])\n",
        "m = nn.Sequential(*[Residual(nn.Linear(4, 4), nn.Tanh()) for _ in range(9)])\n",
    ),
    "extended": (
        "layers += [«l:nn.Linear(4, 4)», «a:nn.Tanh()»]\n",
        "layers += [Residual(nn.Linear(4, 4), nn.Tanh())]\n",
    ),
}


@pytest.mark.parametrize("name", LISTS)
def test_a_group_of_modules_is_wrapped(name: str) -> None:
    before, after = LISTS[name]
    marks = marked(HEAD + before)
    ops = [layer(marks, 0, "l", ""), act(marks, 1, "a", "")]
    fixed = residual.skip(model(marks, *ops), ops[:1])
    assert written(marks, fixed) == IMPORTS + CLASS + "\n\n" + after
    assert fixed is not None
    assert fixed.checkpoint is Checkpoint.CHANGES


APPENDS = """def make(n):
    layers = [nn.Linear(2, 4)]
    for _ in range(n):
        layers.append({one})
        layers.append({two})
    return nn.Sequential(*layers)
"""


def test_appended_modules_are_wrapped_together() -> None:
    marks = marked(HEAD + APPENDS.format(one="«l:nn.Linear(4, 4)»", two="«a:nn.Tanh()»"))
    ops = [layer(marks, 0, "l", ""), act(marks, 1, "a", ""), layer(marks, 2, "l", "", (8, 2))]
    fixed = written(marks, residual.skip(model(marks, *ops), ops[:1])) or ""
    assert f"        out = super().forward(x)\n        return {SOMETIMES}\n\n\ndef make" in fixed
    assert "        layers.append(Residual(nn.Linear(4, 4), nn.Tanh()))\n    return" in fixed


def test_a_sequential_of_its_own_becomes_the_residual_module() -> None:
    code = "m = nn.Sequential(*[{}(«l:nn.Linear(4, 4)», «a:nn.Tanh()») for _ in range(9)])\n"
    marks = marked(HEAD + code.format("nn.Sequential"))
    ops = [layer(marks, 0, "l", ""), act(marks, 1, "a", "")]
    fixed = residual.skip(model(marks, *ops), ops[:1])
    after = marked(code.format("Residual")).source.text
    assert written(marks, fixed) == IMPORTS + CLASS + "\n\n" + after
    assert fixed is not None
    assert fixed.checkpoint is Checkpoint.KEEPS


def test_a_residual_class_is_written_once() -> None:
    code = CLASS.lstrip().replace("Residual", "Plus") + "\n\n"
    marks = marked(HEAD + code + "m = nn.Sequential(stem, «l:nn.Linear(4, 4)», «a:nn.Tanh()»)\n")
    ops = [layer(marks, 0, "l", ""), act(marks, 1, "a", "")]
    fixed = written(marks, residual.skip(model(marks, *ops), ops[:1]))
    assert fixed == HEAD + code + "m = nn.Sequential(stem, Plus(nn.Linear(4, 4), nn.Tanh()))\n"


def test_the_class_stands_before_the_class_that_uses_it() -> None:
    net = """# The net.
@final
class Net(nn.Module):
    def __init__(self, d: int) -> None:
        self.body = nn.Sequential(stem, {inner})
"""
    marks = marked(HEAD + net.format(inner="«l:nn.Linear(4, 4)», «a:nn.Tanh()»"))
    ops = [layer(marks, 0, "l", ""), act(marks, 1, "a", "")]
    fixed = written(marks, residual.skip(model(marks, *ops), ops[:1]))
    annotated = CLASS.lstrip().replace("(self, x)", "(self, x: torch.Tensor) -> torch.Tensor")
    assert fixed == HEAD + annotated + "\n\n" + net.format(
        inner="Residual(nn.Linear(4, 4), nn.Tanh())"
    )
