"""Initialisations are replaced where they are written, and added where there are none."""

from __future__ import annotations

from dataclasses import replace

import pytest
from rewrite_marks import Marked, marked, model, op, written

from gradlint.graph import Init, Op
from gradlint.model import Model
from gradlint.rewrites import initialisation

HEAD = "import torch\nfrom torch import nn\nfrom torch.nn import init\n"

WRITTEN = {
    "function": (
        "nn.init.normal_(m.weight, std=1e-4)",
        'nn.init.kaiming_normal_(m.weight, nonlinearity="relu")',
    ),
    "short prefix": (
        "init.uniform_(self.fc.weight, -5, 5)",
        'init.kaiming_normal_(self.fc.weight, nonlinearity="relu")',
    ),
    "long prefix": (
        "torch.nn.init.constant_(self.fc.weight.data, 0.5)",
        'torch.nn.init.kaiming_normal_(self.fc.weight, nonlinearity="relu")',
    ),
    "method": (
        "m.weight.data.fill_(0.01)",
        'init.kaiming_normal_(m.weight, nonlinearity="relu")',
    ),
    "keyword": (
        "nn.init.normal_(tensor=m.weight, std=9)",
        'nn.init.kaiming_normal_(m.weight, nonlinearity="relu")',
    ),
}


def written_model(marks: Marked, *, norm: bool = False) -> tuple[Model, list[Op]]:
    layer = op(0, "linear", marks=marks, weights=("fc.weight",), module_type="Linear")
    inits = {"fc.weight": Init("normal_", marks.spans["i"], default=False)}
    ops = [layer, op(1, "batch_norm", marks=marks)] if norm else [layer]
    return model(marks, *ops, inits=inits), [layer]


@pytest.mark.parametrize("name", WRITTEN)
def test_a_written_initialisation_is_replaced(name: str) -> None:
    before, after = WRITTEN[name]
    marks = marked(f"{HEAD}if True:\n    «i:{before}»  # small\n")
    fixed = written(marks, initialisation.initialise(*written_model(marks)))
    assert fixed == f"{HEAD}if True:\n    {after}  # small\n"


def test_the_quotes_of_the_file_are_used() -> None:
    marks = marked(HEAD + "a = ['b', 'c']\n«i:nn.init.ones_(m.weight)»\n")
    fixed = written(marks, initialisation.initialise(*written_model(marks))) or ""
    assert fixed.endswith("nn.init.kaiming_normal_(m.weight, nonlinearity='relu')\n")


@pytest.mark.parametrize(
    ("scheme", "gain", "call"),
    [
        ("xavier", None, "nn.init.xavier_uniform_(w)"),
        ("xavier", 4.0, "nn.init.xavier_uniform_(w, gain=4)"),
        ("default", None, "nn.init.kaiming_uniform_(w, a=5**0.5)"),
    ],
)
def test_other_schemes_are_written(scheme: str, gain: float | None, call: str) -> None:
    marks = marked(HEAD + "«i:nn.init.ones_(w)»\n")
    fixed = initialisation.initialise(*written_model(marks), scheme=scheme, gain=gain)
    assert written(marks, fixed) == f"{HEAD}{call}\n"


def test_a_bare_function_is_imported() -> None:
    marks = marked("from torch.nn.init import normal_\n«i:normal_(m.weight)»\n")
    fixed = written(marks, initialisation.initialise(*written_model(marks)))
    assert fixed == (
        "from torch.nn.init import normal_, kaiming_normal_\n"
        'kaiming_normal_(m.weight, nonlinearity="relu")\n'
    )


LOOPS = {
    "every parameter": (
        "for p in model.parameters():\n    «i:nn.init.normal_(p, std=1e-4)»\n",
        (
            "for p in model.parameters():\n"
            "    if p.dim() > 1:\n"
            '        nn.init.kaiming_normal_(p, nonlinearity="relu")\n'
            "    else:\n"
            "        nn.init.zeros_(p)\n"
        ),
    ),
    "method in a block": (
        "with torch.no_grad():\n\tfor n, p in net.named_parameters():\n\t\t«i:p.normal_(0, 5)»\n",
        (
            "with torch.no_grad():\n\tfor n, p in net.named_parameters():\n"
            "\t\tif p.dim() > 1:\n"
            '\t\t\tinit.kaiming_normal_(p, nonlinearity="relu")\n'
            "\t\telse:\n"
            "\t\t\tinit.zeros_(p)\n"
        ),
    ),
    "one line": (
        "for p in model.parameters(): «i:nn.init.ones_(p)»  # bad\n",
        (
            "for p in model.parameters():\n"
            "    if p.dim() > 1:\n"
            '        nn.init.kaiming_normal_(p, nonlinearity="relu")\n'
            "    else:\n"
            "        nn.init.zeros_(p)  # bad\n"
        ),
    ),
    "tested already": (
        "for p in model.parameters():\n    if p.dim() > 1:\n        «i:nn.init.ones_(p)»\n",
        (
            "for p in model.parameters():\n    if p.dim() > 1:\n"
            '        nn.init.kaiming_normal_(p, nonlinearity="relu")\n'
        ),
    ),
}


@pytest.mark.parametrize("name", LOOPS)
def test_parameters_of_one_dimension_are_told_apart(name: str) -> None:
    before, after = LOOPS[name]
    marks = marked(HEAD + before)
    fixed = written(marks, initialisation.initialise(*written_model(marks)))
    assert fixed == HEAD + after


def test_the_scale_of_a_norm_is_never_set_to_zero() -> None:
    marks = marked(HEAD + LOOPS["every parameter"][0])
    fixed = written(marks, initialisation.initialise(*written_model(marks, norm=True))) or ""
    assert "if p.dim() > 1:" in fixed
    assert "zeros_" not in fixed


def test_a_replaced_initialisation_is_not_replaced_again() -> None:
    code = '«i:nn.init.kaiming_normal_(w, nonlinearity="relu")»\n'
    marks = marked(HEAD + code)
    assert initialisation.initialise(*written_model(marks)) is None


def built_model(marks: Marked, *chains: str, types: str = "Linear") -> tuple[Model, list[Op]]:
    kinds = types.split() * len(chains)
    ops = [
        op(i, "linear", chain, marks=marks, module_type=kinds[i]) for i, chain in enumerate(chains)
    ]
    return model(marks, *ops), ops


METHOD = """        self.apply(self._init_weights)

    @staticmethod
    def _init_weights(module):
        if isinstance(module, nn.Linear):
            nn.init.kaiming_normal_(module.weight, nonlinearity="relu")
            if module.bias is not None:
                nn.init.zeros_(module.bias)
"""
NET = """
class Block(nn.Module):
    def __init__(self, d):
        super().__init__()
        self.fc = «b:nn.Linear(d, d)»


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.first = «a:nn.Linear(2, 4)»
        self.body = nn.Sequential(*[«c:Block(4)» for _ in range(9)])  # deep
        # self.more = None
#METHOD
    def forward(self, x):
        return self.body(self.first(x))


def main():
    model = «m:Net()»
"""


def test_the_root_class_initialises_its_layers() -> None:
    marks = marked("from torch import nn\n\n" + NET.replace("#METHOD", ""))
    fixed = written(marks, initialisation.initialise(*built_model(marks, "a m", "b c m", "b c m")))
    expected = marked(NET.replace("#METHOD\n", METHOD + "\n")).source.text
    assert fixed == "from torch import nn\n\n" + expected


def test_the_method_is_annotated_as_the_file_is() -> None:
    marks = marked(
        "import torch.nn as nn\n"
        "class Net(nn.Module):\n"
        "  def __init__(self) -> None:\n"
        "    self.a = «a:nn.Linear(2, 4)»\n"
        "    self.b = «b:nn.Conv2d(2, 4, 3)»"
    )
    fixed = initialisation.initialise(*built_model(marks, "a", "b", types="Linear Conv2d"))
    assert written(marks, fixed) == marks.source.text + (
        "\n"
        "    self.apply(self._init_weights)\n"
        "\n"
        "  @staticmethod\n"
        "  def _init_weights(module: nn.Module) -> None:\n"
        "    if isinstance(module, (nn.Linear, nn.Conv2d)):\n"
        '      nn.init.kaiming_normal_(module.weight, nonlinearity="relu")\n'
        "      if module.bias is not None:\n"
        "        nn.init.zeros_(module.bias)"
    )


def test_line_endings_survive() -> None:
    code = "from torch import nn\n" + NET.replace("#METHOD", "")
    marks = marked(code)
    wide = Marked(
        type(marks.source)("model.py", marks.source.text.replace("\n", "\r\n")), marks.spans
    )
    fixed = written(wide, initialisation.initialise(*built_model(wide, "a m", "b c m"))) or ""
    assert fixed.count("\n") == fixed.count("\r\n") == marks.source.text.count("\n") + 8


LOOP = """for module in model.modules():
    if isinstance(module, nn.Linear):
        nn.init.kaiming_normal_(module.weight, nonlinearity="relu")
        if module.bias is not None:
            nn.init.zeros_(module.bias)
"""


def test_a_model_of_the_module_is_initialised_behind_its_statement() -> None:
    code = "model = nn.Sequential(\n    «a:nn.Linear(2, 2)»,\n    «b:nn.Linear(2, 1)»,\n)\nx = 1\n"
    marks = marked("from torch import nn\n" + code)
    fixed = written(marks, initialisation.initialise(*built_model(marks, "a", "b")))
    assert fixed == marks.source.text.replace("x = 1\n", LOOP + "x = 1\n")


def test_a_model_made_of_a_list_is_initialised_by_its_name() -> None:
    marks = marked("from torch import nn\nls = [«a:nn.Linear(2, 2)»]\nmodel = nn.Sequential(*ls)\n")
    whole, ops = built_model(marks, "a")
    named = replace(whole, target=replace(whole.target, name="model"))
    fixed = written(marks, initialisation.initialise(named, ops))
    assert fixed == marks.source.text + LOOP


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (
            "    return nn.Sequential(*layers)\n",
            "    model = nn.Sequential(*layers)\n#    return model\n",
        ),
        (
            "    model = nn.Sequential(*layers)\n    return model\n",
            "    model = nn.Sequential(*layers)\n#    return model\n",
        ),
    ],
)
def test_a_factory_initialises_what_it_returns(before: str, after: str) -> None:
    head = "from torch import nn\n\ndef make(n):\n    layers = []\n    layers.append("
    marks = marked(f"{head}«a:nn.Linear(2, 2)»)\n{before}\nnet = «n:make(3)»\n")
    fixed = written(marks, initialisation.initialise(*built_model(marks, "a n")))
    loop = "".join("    " + line + "\n" for line in LOOP.splitlines())
    assert fixed == f"{head}nn.Linear(2, 2))\n{after.replace('#', loop)}\nnet = make(3)\n"


EARLY = """
class Net(nn.Module):
    def __init__(self, deep=False):
        self.fc = «a:nn.Linear(2, 2)»
        if not deep:
            return
"""
TAKEN = """
class Net(nn.Module):
    def __init__(self):
        self.fc = «a:nn.Linear(2, 2)»

    def _init_weights(self):
        pass
"""


@pytest.mark.parametrize("code", [EARLY, TAKEN, "layers = [«a:nn.Linear(2, 2)»]\n"])
def test_what_is_not_understood_is_not_touched(code: str) -> None:
    marks = marked(HEAD + code)
    assert initialisation.initialise(*built_model(marks, "a")) is None


def test_an_initialisation_of_somebody_else_is_not_overwritten() -> None:
    code = (
        "\nclass Net(nn.Module):\n    def __init__(self):\n        self.a = «a:nn.Linear(2, 2)»\n"
    )
    marks = marked(HEAD + code + "        «i:nn.init.zeros_(self.b.weight)»\n")
    first = op(0, "linear", "a", marks=marks, module_type="Linear")
    last = op(1, "linear", "a", marks=marks, module_type="Linear", weights=("b.weight",))
    inits = {"b.weight": Init("zeros_", marks.spans["i"], default=False)}
    assert initialisation.initialise(model(marks, first, last, inits=inits), [first]) is None
