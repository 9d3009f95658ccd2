"""Normalisations are written between layers and their activations."""

from __future__ import annotations

import pytest
from rewrite_marks import Marked, marked, model, op, written

from gradlint.graph import Op
from gradlint.rewrites import normalisation, residual
from gradlint.rule import Checkpoint

HEAD = "from torch import nn\n\n\n"


def linear(marks: Marked, index: int, built: str, called: str = "", rank: int = 2) -> Op:
    shape = (8, 5, 4)[-rank:]
    return op(
        index, "linear", built, called, marks=marks, module_type="Linear",
        shape=shape, input_shape=shape,
    )  # fmt: skip


def act(marks: Marked, index: int) -> Op:
    built = "a" if "a" in marks.spans else ""
    return op(index, "tanh", built, marks=marks, shape=(8, 4), input_shape=(8, 4))


LISTS = {
    "literal": (
        "m = nn.Sequential(«l:nn.Linear(2, d * 2)», «a:nn.Tanh()»)\n",
        "m = nn.Sequential(nn.Linear(2, d * 2), nn.BatchNorm1d(d * 2), nn.Tanh())\n",
    ),
    "lines": (
        "m = nn.Sequential(\n  «l:nn.Linear(2, out_features=d)»,\n  «a:act»,\n)\n",
        "m = nn.Sequential(\n  nn.Linear(2, out_features=d),\n  nn.BatchNorm1d(d),\n  act,\n)\n",
    ),
    "comment": (
        "m = nn.Sequential(\n  «l:nn.Linear(2, 4)»,  # mix\n  «a:nn.Tanh()»,\n)\n",
        "m = nn.Sequential(\n  nn.Linear(2, 4),  # mix\n  nn.BatchNorm1d(4),\n  nn.Tanh(),\n)\n",
    ),
    "comprehension": (
        "m = f(*[m for d in y for m in («l:nn.Linear(2, d)», «a:nn.Tanh()»)])\n",
        "m = f(*[m for d in y for m in (nn.Linear(2, d), nn.BatchNorm1d(d), nn.Tanh())])\n",
    ),
    "extended": (
        "layers += [«l:nn.Linear(2, 4)», «a:nn.Tanh()»]\n",
        "layers += [nn.Linear(2, 4), nn.BatchNorm1d(4), nn.Tanh()]\n",
    ),
    "module list": (
        "ls = nn.ModuleList([«l:nn.Linear(2, 4)» for _ in x])\n",
        "ls = nn.ModuleList([nn.Sequential(nn.Linear(2, 4), nn.BatchNorm1d(4)) for _ in x])\n",
    ),
    "setattr": (
        "setattr(self, name, «l:nn.Linear(2, 4)»)\n",
        "setattr(self, name, nn.Sequential(nn.Linear(2, 4), nn.BatchNorm1d(4)))\n",
    ),
    "subclass": (
        (
            "class B(nn.Sequential):\n    def __init__(self, d):\n"
            "        super().__init__(«l:nn.Linear(d, d)», «a:nn.Tanh()»)\n"
        ),
        (
            "class B(nn.Sequential):\n    def __init__(self, d):\n"
            "        super().__init__(nn.Linear(d, d), nn.BatchNorm1d(d), nn.Tanh())\n"
        ),
    ),
    "appended": (
        (
            "def make(ds):\n    layers = []\n    for d in ds:\n"
            "        layers.append(«l:nn.Linear(2, d)»)  # mix\n"
            "        layers.append(«a:nn.Tanh()»)\n"
            "    return nn.Sequential(*layers)\n"
        ),
        (
            "def make(ds):\n    layers = []\n    for d in ds:\n"
            "        layers.append(nn.Linear(2, d))  # mix\n"
            "        layers.append(nn.BatchNorm1d(d))\n"
            "        layers.append(nn.Tanh())\n    return nn.Sequential(*layers)\n"
        ),
    ),
}


@pytest.mark.parametrize("name", LISTS)
def test_a_normalisation_follows_the_layer(name: str) -> None:
    before, after = LISTS[name]
    marks = marked(HEAD + before)
    ops = [linear(marks, 0, "l"), act(marks, 1)]
    fixed = normalisation.normalise(model(marks, *ops), ops[:1])
    assert written(marks, fixed) == HEAD + after
    assert fixed is not None
    assert fixed.checkpoint is Checkpoint.CHANGES


def test_a_named_normalisation_leaves_the_other_names_alone() -> None:
    code = "m = nn.Sequential(OrderedDict([\n    {one},\n    ('act', {two}),\n]))\n"
    marks = marked(HEAD + code.format(one="('fc', «l:nn.Linear(2, 4)»)", two="«a:nn.Tanh()»"))
    ops = [linear(marks, 0, "l"), act(marks, 1)]
    fixed = normalisation.normalise(model(marks, *ops), ops[:1])
    pair = "('fc', nn.Linear(2, 4)),\n    ('fc_norm', nn.BatchNorm1d(4))"
    assert written(marks, fixed) == HEAD + code.format(one=pair, two="nn.Tanh()")
    assert fixed is not None
    assert fixed.checkpoint is Checkpoint.ADDS


NET = """class Net(nn.Module):
    def __init__(self, d):
        self.fc1 = {one}  # first
        self.fc2 = {two}

    def forward(self, x):
        return {out}
"""


def attributes(rank: int = 2) -> tuple[Marked, list[Op]]:
    out = "«d:self.fc2(self.act(«c:self.fc1(x)»))»"
    code = NET.format(one="«a:nn.Linear(2, d)»", two="«b:nn.Linear(d, 3)»", out=out)
    marks = marked(HEAD + code)
    return marks, [linear(marks, 0, "a", "c", rank), linear(marks, 1, "b", "d", rank)]


@pytest.mark.parametrize(("rank", "norm"), [(2, "nn.BatchNorm1d"), (3, "nn.LayerNorm")])
def test_an_attribute_gets_a_normalisation_and_its_call_goes_through_it(
    rank: int, norm: str
) -> None:
    marks, ops = attributes(rank)
    fixed = normalisation.normalise(model(marks, *ops), ops[:1])
    assert written(marks, fixed) == HEAD + NET.format(
        one="nn.Linear(2, d)",
        two="nn.Linear(d, 3)",
        out="self.fc2(self.act(self.fc1_norm(self.fc1(x))))",
    ).replace("# first", f"# first\n        self.fc1_norm = {norm}(d)")


def test_the_output_layer_is_not_normalised() -> None:
    marks, ops = attributes()
    assert normalisation.normalise(model(marks, *ops), ops) is None


def test_convolutions_get_the_normalisation_of_their_dimensions() -> None:
    marks = marked(HEAD + "m = nn.Sequential(«l:nn.Conv2d(3, 8, 3)», nn.Tanh())\n")
    ops = [op(0, "conv2d", "l", marks=marks, module_type="Conv2d"), op(1, "tanh", marks=marks)]
    fixed = written(marks, normalisation.normalise(model(marks, *ops), ops[:1])) or ""
    assert "nn.Conv2d(3, 8, 3), nn.BatchNorm2d(8), nn.Tanh()" in fixed


def test_a_layer_with_a_normalisation_gets_no_other() -> None:
    marks = marked(HEAD + "m = nn.Sequential(«l:nn.Linear(3, 8)», nn.BatchNorm1d(8))\n")
    ops = [linear(marks, 0, "l"), op(1, "batch_norm", marks=marks)]
    assert normalisation.normalise(model(marks, *ops), ops[:1]) is None


@pytest.mark.parametrize(
    "code",
    [
        "m = nn.Sequential(«l:nn.Linear(2, next(widths))», nn.Tanh())\n",
        "m = nn.Sequential(«l:layer(2, 2)», nn.Tanh())\n",
        "fc = «l:nn.Linear(2, 2)»\nprint(fc.weight)\n",
        "m = nn.Sequential(«l:nn.Linear(*sizes)», nn.Tanh())\n",
    ],
)
def test_what_is_not_understood_is_not_touched(code: str) -> None:
    marks = marked(HEAD + code)
    ops = [linear(marks, 0, "l"), op(1, "tanh", marks=marks)]
    assert normalisation.normalise(model(marks, *ops), ops[:1]) is None


def test_normalisation_and_skip_connections_go_together() -> None:
    marks = marked(HEAD + LISTS["literal"][0].replace("2, d * 2", "4, 4"))
    ops = [linear(marks, 0, "l"), act(marks, 1), op(2, "linear", marks=marks)]
    whole = model(marks, *ops)
    first, second = normalisation.normalise(whole, ops[:1]), residual.skip(whole, ops[:1])
    assert first is not None
    assert second is not None
    text = marks.source.edited((*first.edits, *second.edits)).text
    assert "Residual(nn.Linear(4, 4), nn.BatchNorm1d(4), nn.Tanh())" in text
