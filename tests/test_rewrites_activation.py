"""Activations are replaced however they are written."""

from __future__ import annotations

import pytest
from rewrite_marks import marked, model, op, written

from gradlint.kinds import Kind
from gradlint.rewrites import activation

HEAD = "import torch\nimport torch.nn as nn\nimport torch.nn.functional as F\n"

MODULES = {
    "literal": (
        "m = nn.Sequential(nn.Linear(2, 2), «a:nn.Sigmoid()», nn.Linear(2, 1))\n",
        "m = nn.Sequential(nn.Linear(2, 2), nn.ReLU(), nn.Linear(2, 1))\n",
    ),
    "comment": (
        "m = nn.Sequential(\n    nn.Linear(2, 2),\n    «a:nn.Sigmoid()»,  # squash\n)\n",
        "m = nn.Sequential(\n    nn.Linear(2, 2),\n    nn.ReLU(),  # squash\n)\n",
    ),
    "full name": ("m = [«a:torch.nn.Sigmoid()»]\n", "m = [torch.nn.ReLU()]\n"),
    "arguments": (
        "m = [«a:nn.Sigmoid(  # why\n    inplace=True)»]\n",
        "m = [nn.ReLU(  # why\n    )]\n",
    ),
    "comprehension": (
        "m = [m for _ in range(4) for m in (nn.Linear(2, 2), «a:nn.Sigmoid()»)]\n",
        "m = [m for _ in range(4) for m in (nn.Linear(2, 2), nn.ReLU())]\n",
    ),
    "ordered": ("m = [('act', «a:nn.Sigmoid()»)]\n", "m = [('act', nn.ReLU())]\n"),
    "append": ("layers.append(«a:nn.Sigmoid()»)\n", "layers.append(nn.ReLU())\n"),
    "getattr": ("m = «a:getattr(nn, 'Sigmoid')()»\n", "m = getattr(nn, 'ReLU')()\n"),
    "inline dictionary of classes": (
        'm = «a:{"sigmoid": nn.Sigmoid, "relu": nn.ReLU}["sigmoid"]()»\n',
        'm = {"sigmoid": nn.Sigmoid, "relu": nn.ReLU}["relu"]()\n',
    ),
    "inline dictionary of instances": (
        'm = {"sigmoid": «a:nn.Sigmoid()», "relu": nn.ReLU()}["sigmoid"]\n',
        'm = {"sigmoid": nn.Sigmoid(), "relu": nn.ReLU()}["relu"]\n',
    ),
    "dictionary without relu": (
        "ACTS = {'tanh': nn.Tanh, 'sigmoid': nn.Sigmoid}\nm = «a:ACTS['sigmoid']()»\n",
        "ACTS = {'tanh': nn.Tanh, 'sigmoid': nn.ReLU}\nm = ACTS['sigmoid']()\n",
    ),
    "local variable": ("act = nn.Sigmoid\nm = «a:act()»\n", "act = nn.ReLU\nm = act()\n"),
}


@pytest.mark.parametrize("name", MODULES)
def test_a_module_is_replaced(name: str) -> None:
    before, after = MODULES[name]
    marks = marked(HEAD + before)
    each = op(0, "sigmoid", "a", marks=marks, module_type="Sigmoid")
    assert written(marks, activation.replace(model(marks, each), [each])) == HEAD + after


BLOCK = """
class Block(nn.Module):
    def __init__(self, d, act{default}):
        super().__init__()
        self.fc = nn.Linear(d, d)
        self.act = {make}


class Net(nn.Module):
    def __init__(self, d=4{extra}):
        super().__init__()
        self.body = «outer:nn.Sequential(*[«block:{call}» for _ in range(3)])»


model = «net:{net}»
"""
PASSED = {
    "default": (
        {"default": "=nn.Sigmoid", "make": "«a:act()»", "call": "Block(d)"},
        {"default": "=nn.ReLU", "make": "act()", "call": "Block(d)"},
    ),
    "argument": (
        {"make": "«a:act()»", "call": "Block(d, nn.Sigmoid)"},
        {"make": "act()", "call": "Block(d, nn.ReLU)"},
    ),
    "keyword": (
        {"default": "=nn.ReLU", "make": "«a:act()»", "call": "Block(d, act=nn.Sigmoid)"},
        {"default": "=nn.ReLU", "make": "act()", "call": "Block(d, act=nn.ReLU)"},
    ),
    "two frames out, default": (
        {"make": "«a:act()»", "call": "Block(d, act)", "extra": ", act=nn.Sigmoid"},
        {"make": "act()", "call": "Block(d, act)", "extra": ", act=nn.ReLU"},
    ),
    "two frames out, argument": (
        {
            "make": "«a:act()»",
            "call": "Block(d, act)",
            "extra": ", *, act",
            "net": "Net(act=nn.Sigmoid)",
        },
        {"make": "act()", "call": "Block(d, act)", "extra": ", *, act", "net": "Net(act=nn.ReLU)"},
    ),
    "name from far": (
        {"make": "«a:getattr(nn, act)()»", "call": "Block(d, act)", "extra": ", act='Sigmoid'"},
        {"make": "getattr(nn, act)()", "call": "Block(d, act)", "extra": ", act='ReLU'"},
    ),
    "key from far": (
        {"make": "«a:{'sig': nn.Sigmoid, 'rec': nn.ReLU}[act]()»", "call": "Block(d, act='sig')"},
        {"make": "{'sig': nn.Sigmoid, 'rec': nn.ReLU}[act]()", "call": "Block(d, act='rec')"},
    ),
}


@pytest.mark.parametrize("name", PASSED)
def test_an_activation_that_is_handed_over_is_replaced_where_it_is_chosen(name: str) -> None:
    empty = {"default": "", "extra": "", "net": "Net()"}

    def text(parts: dict[str, str]) -> str:
        found = BLOCK
        for key, value in {**empty, **parts}.items():
            found = found.replace("{" + key + "}", value)
        return HEAD + found

    before, after = PASSED[name]
    marks = marked(text(before))
    ops = [
        op(i, "sigmoid", "a block outer net", marks=marks, module_type="Sigmoid") for i in (0, 1)
    ]
    fixed = written(marks, activation.replace(model(marks, *ops), ops))
    assert fixed == marked(text(after)).source.text


FUNCTIONS = {
    "torch": ("sigmoid", "y = «a:torch.sigmoid(x)»\n", "y = torch.relu(x)\n"),
    "functional": ("tanh", "y = «a:F.tanh(x)»\n", "y = F.relu(x)\n"),
    "nn.functional": ("tanh", "y = «a:nn.functional.tanh(x)»\n", "y = nn.functional.relu(x)\n"),
    "method": ("sigmoid", "y = «a:x.sigmoid()»\n", "y = x.relu()\n"),
    "in place": ("sigmoid", "y = «a:(x + 1).sigmoid_()»\n", "y = (x + 1).relu_()\n"),
    "arguments": ("hardtanh", "y = «a:F.hardtanh(x, -2, 2)»\n", "y = F.relu(x)\n"),
    "getattr": ("tanh", "y = «a:getattr(torch, 'tanh')(x)»\n", "y = getattr(torch, 'relu')(x)\n"),
    "nested": (
        "tanh",
        "y = «a:torch.tanh(f(«b:torch.tanh(f(x))»))»\n",
        "y = torch.relu(f(torch.relu(f(x))))\n",
    ),
}


@pytest.mark.parametrize("name", FUNCTIONS)
def test_a_function_call_is_replaced(name: str) -> None:
    kind, before, after = FUNCTIONS[name]
    marks = marked(HEAD + before)
    ops = [op(i, kind, "", mark, marks=marks) for i, mark in enumerate(marks.spans)]
    assert written(marks, activation.replace(model(marks, *ops), ops)) == HEAD + after


def test_a_method_becomes_a_function_where_tensors_have_no_such_method() -> None:
    marks = marked(HEAD + "y = «a:(x + 1).tanh()»\n")
    each = op(0, "tanh", "", "a", marks=marks)
    fixed = written(marks, activation.replace(model(marks, each), [each], "gelu"))
    assert fixed == HEAD + "y = F.gelu((x + 1))\n"


def test_the_end_finds_a_chain_over_several_lines() -> None:
    marks = marked(HEAD + "y = (self.fc(x)\n     .«a:tanh()»)\n")
    each = op(0, "tanh", "", "a", marks=marks)
    fixed = written(marks, activation.replace(model(marks, each), [each]))
    assert fixed == HEAD + "y = (self.fc(x)\n     .relu())\n"


def test_a_function_kept_in_an_attribute_is_replaced_where_it_is_set() -> None:
    code = """
class Net(nn.Module):
    def __init__(self, act=torch.tanh):
        self.act = act

    def forward(self, x):
        return «a:self.act(self.fc(x))»


net = Net()
"""
    marks = marked(HEAD + code)
    each = op(0, "tanh", "", "a", marks=marks)
    fixed = written(marks, activation.replace(model(marks, each), [each]))
    assert fixed == marks.source.text.replace("act=torch.tanh", "act=torch.relu")


def test_a_function_from_a_dictionary_is_replaced_by_its_key() -> None:
    code = """
ACTS = {"relu": torch.relu, "sigmoid": torch.sigmoid}


def get(name):
    return ACTS[name]


class Net(nn.Module):
    def __init__(self, activation="sigmoid"):
        self.act = get(activation)

    def forward(self, x):
        return «a:self.act(self.fc(x))»
"""
    marks = marked(HEAD + code)
    each = op(0, "sigmoid", "", "a", marks=marks)
    fixed = written(marks, activation.replace(model(marks, each), [each]))
    assert fixed == marks.source.text.replace('activation="sigmoid"', 'activation="relu"')


def test_a_bare_name_is_imported() -> None:
    marks = marked("from torch.nn import Linear, Sigmoid\nm = [Linear(2, 2), «a:Sigmoid()»]\n")
    each = op(0, "sigmoid", "a", marks=marks, module_type="Sigmoid")
    fixed = written(marks, activation.replace(model(marks, each), [each]))
    assert fixed == "from torch.nn import Linear, ReLU\nm = [Linear(2, 2), ReLU()]\n"


def test_an_import_that_others_need_stays() -> None:
    marks = marked("from torch.nn import Sigmoid\nm = [«a:Sigmoid()», Sigmoid()]\n")
    each = op(0, "sigmoid", "a", marks=marks, module_type="Sigmoid")
    fixed = written(marks, activation.replace(model(marks, each), [each]))
    assert fixed == "from torch.nn import Sigmoid, ReLU\nm = [ReLU(), Sigmoid()]\n"


SHARED = """
class Net(nn.Module):
    def __init__(self):
        self.act = «a:nn.Sigmoid()»

    def forward(self, x):
        x = «c1:self.act(self.fc1(x))»
        x = «c2:self.act(self.fc2(x))»
        return «c3:self.act(self.fc3(x))»
"""


@pytest.mark.parametrize(
    ("head", "spelled"),
    [
        (HEAD, "torch.relu"),
        ("from torch import nn\n", "nn.functional.relu"),
        ("from torch import nn\nimport torch.nn.functional as F\n", "F.relu"),
    ],
)
def test_hidden_calls_are_edited_where_the_output_shares_the_module(
    head: str, spelled: str
) -> None:
    marks = marked(head + SHARED)
    hidden = [
        op(i, "sigmoid", "a", f"c{i + 1}", marks=marks, module="act", module_type="Sigmoid")
        for i in (0, 1)
    ]
    last = op(2, "sigmoid", "a", "c3", marks=marks, module="act", kind=Kind.HEAD)
    fixed = written(marks, activation.replace(model(marks, *hidden, last), hidden))
    expected = marks.source.text
    for layer in ("fc1", "fc2"):
        expected = expected.replace(f"self.act(self.{layer}", f"{spelled}(self.{layer}")
    assert fixed == expected


def test_a_place_that_a_gate_shares_is_left_alone() -> None:
    marks = marked(HEAD + "m = [«a:nn.Sigmoid()» for _ in range(3)]\n")
    ops = [op(i, "sigmoid", "a", marks=marks, module_type="Sigmoid") for i in (0, 1)]
    gate = op(2, "sigmoid", "a", marks=marks, module_type="Sigmoid", kind=Kind.GATE)
    assert activation.replace(model(marks, *ops, gate), ops) is None


def test_an_activation_chosen_by_a_chain_of_ifs_is_chosen_by_its_name() -> None:
    code = """
def get_act(name):
    if name == "sigmoid":
        return «a:nn.Sigmoid()»
    elif name == "relu":
        return nn.ReLU(inplace=True)
    raise ValueError(name)


m = [«c:get_act("sigmoid")»]
"""
    marks = marked(HEAD + code)
    each = op(0, "sigmoid", "a c", marks=marks, module_type="Sigmoid")
    fixed = written(marks, activation.replace(model(marks, each), [each]))
    assert fixed == marks.source.text.replace('get_act("sigmoid")', 'get_act("relu")')


@pytest.mark.parametrize(
    "code",
    [
        "m = «a:make()»\n",
        "m = «a:acts[0]()»\n",
        "act = nn.Sigmoid if deep else nn.ReLU\nm = «a:act()»\n",
        "def f(act=nn.Sigmoid):\n    return «a:act()»\nf = partial(f, act=g)\nm = «c:f(*more)»\n",
    ],
)
def test_what_is_not_understood_is_not_touched(code: str) -> None:
    marks = marked(HEAD + code)
    each = op(0, "sigmoid", " ".join(marks.spans), marks=marks, module_type="Sigmoid")
    assert activation.replace(model(marks, each), [each]) is None
