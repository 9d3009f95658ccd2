"""Which models are found in a file, and how they are built, prepared and fed."""

from __future__ import annotations

import ast
import pickle
import subprocess
import sys
from textwrap import dedent

import pytest

from gradlint.discovery.targets import discover, has_model
from gradlint.errors import GradlintError
from gradlint.source import Source
from gradlint.target import Target

HEADER = """\
import argparse
import torch
import torch.nn as nn
import torch.nn.functional as F

"""
NET = """\
class Net(nn.Module):
    def __init__(self, width=8, depth=2):
        super().__init__()
        self.fc = nn.Linear(width, depth)

    def forward(self, x):
        return self.fc(x)

"""
NEEDY = NET.replace("width=8, depth=2", "width, depth")


def source(*parts: str) -> Source:
    return Source("model.py", HEADER + "".join(dedent(part) for part in parts))


def targets(*parts: str) -> list[Target]:
    return discover(source(*parts))


def one(*parts: str) -> Target:
    (target,) = targets(*parts)
    return target


def names(*parts: str) -> list[str]:
    return [target.name for target in targets(*parts)]


def built(target: Target) -> str:
    """The setup and the construction, as text."""
    assert target.construct is not None, target.missing
    return "; ".join(ast.unparse(node) for node in [*target.setup, target.construct])


def after(target: Target) -> list[str]:
    return [ast.unparse(statement) for statement in target.after]


def fed(target: Target) -> list[str]:
    return [
        "; ".join(ast.unparse(node) for node in [*example.setup, example.expression])
        for example in target.examples
    ]


# Is there a model?


@pytest.mark.parametrize(
    "text",
    [
        "from torch.nn import Module\nclass A(Module): pass",
        "import torch\nclass A(torch.nn.Module): pass",
        "from torch.nn import *\nclass A(Module): pass",
        "import torch, lightning as L\nclass A(L.LightningModule): pass",
        "from torch import nn\nclass A(nn.Sequential): pass",
        "from torch import nn\nmodel = nn.Sequential(nn.Linear(1, 1))",
        "from torch import nn\ndef make():\n    return nn.Sequential(nn.Linear(1, 1))",
        "import torch\ndef gradlint_model():\n    return load()",
    ],
)
def test_a_file_with_a_model_is_seen(text: str) -> None:
    assert has_model(Source("model.py", text))


@pytest.mark.parametrize(
    "text",
    [
        "x = 1",
        "this does not parse (",
        "import torch\nx = torch.randn(3)",
        "import torch.nn as nn\nclass A: pass",
        "# torch\nfrom flax import linen as nn\nclass A(nn.Module):\n    def forward(self): pass",
        "import torch\nclass F(torch.autograd.Function):\n    def forward(ctx, x): return x",
    ],
)
def test_a_file_without_a_model_is_not(text: str) -> None:
    assert not has_model(Source("model.py", text))


def test_looking_for_models_imports_no_torch() -> None:
    code = (
        "import sys, gradlint.discovery.targets, gradlint.discovery.definitions\n"
        "print('torch' in sys.modules)"
    )
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert result.stdout == "False\n"


# How it is built


@pytest.mark.parametrize(
    ("script", "expected"),
    [
        ("", "Net()"),
        ("model = Net(4)", "Net(4)"),
        ("width = 4\nmodel = Net(width)", "width = 4; Net(width)"),
        ("w, d = 4, 5\nm = Net(w, d)", "w, d = (4, 5); Net(w, d)"),
        ("w: int = 4\nm = Net(w)", "w: int = 4; Net(w)"),
        ("w = 4\nw *= 2\nm = Net(w)", "w = 4; w *= 2; Net(w)"),
        ("w = 4\nw = 5\nm = Net(w)\nw = 6", "w = 5; Net(w)"),
        ("a = 4\nb = a + 1\nprint(b)\nm = Net(b, a)", "a = 4; b = a + 1; Net(b, a)"),
        ("d = {'w': 3}\nm = Net(**d)", "d = {'w': 3}; Net(**d)"),
        ("if __name__ == '__main__':\n    w = 3\n    m = Net(w)", "w = 3; Net(w)"),
        ("def main():\n    w = 3\n    m = Net(w)\nmain()", "w = 3; Net(w)"),
        ("W = 3\ndef main():\n    m = Net(W)\nmain()", "W = 3; Net(W)"),
        ("def main(w=3):\n    m = Net(w)", "w = 3; Net(w)"),
        ("def main(w):\n    m = Net(w)\nmain(7)", "w = 7; Net(w)"),
        ("def main(w, d=1):\n    m = Net(w, d)\nmain(7, d=2)", "d = 2; w = 7; Net(w, d)"),
        ("def main(**kw):\n    m = Net(3, **kw)", "kw = {}; Net(3, **kw)"),
        ("model = Net(4).to(device)", "Net(4)"),
        ("model = torch.compile(Net(4).cuda())", "Net(4)"),
        ("model = nn.DataParallel(Net(4))", "Net(4)"),
        ("model = Net(4).double().cuda()", "Net(4).double()"),
        ("trainer = Trainer(Net(4), 3)", "Net(4)"),
        ("class T:\n    def __init__(self):\n        self.net = Net(4)", "Net(4)"),
        ("if torch.cuda.is_available():\n    m = Net(4)\nelse:\n    m = Net(5)", "Net(4)"),
        ("with open('f') as f:\n    w = 3\n    m = Net(w)", "w = 3; Net(w)"),
        ("def make():\n    return Net(4)", "Net(4)"),
        ("def make(w=4):\n    net = Net(w)\n    return net", "w = 4; Net(w)"),
        ("def make(w):\n    return Net(w)\nm = make(5)", "make(5)"),
        ("def make():\n    return Net(1)\nm = Net(2)", "Net(2)"),
        ("def load():\n    open('f')\n    return Net(1)\nm = load()", "Net(1)"),
    ],
)
def test_a_class_is_built_as_the_file_builds_it(script: str, expected: str) -> None:
    target = one(NET, script)
    assert (target.name, built(target)) == ("Net", expected)


@pytest.mark.parametrize(
    "script",
    [
        "m = Net(len(open('f').read()), 3)",
        "for w in range(3):\n    m = Net(w, 3)",
        "with open('f') as w:\n    m = Net(w, 3)",
        "def main(w):\n    m = Net(w, 3)",
        "frame = pandas.read_csv('f')\nm = Net(frame.shape[1], 3)",
        "w = 3\nfor x in data():\n    w = x\nm = Net(w, 3)",
        "w = 3\nfor x in data():\n    w = x\nw += 1\nm = Net(w, 3)",
        (
            "parser = argparse.ArgumentParser()\nparser.add_argument('--w', required=True)\n"
            "args = parser.parse_args()\nm = Net(args.w, 3)"
        ),
    ],
)
def test_only_what_has_no_known_value_is_guessed(script: str) -> None:
    target = one(NEEDY, script)
    assert [argument.name for argument in target.arguments if argument.guessed] == ["width"]
    assert built(target) == "Net(depth=3, width=64)"


def test_all_that_is_missing_is_named() -> None:
    assert one(NEEDY.replace("width", "gain, width")).missing == "gain has no known value"
    missing = one(NEEDY.replace("width", "std, gain, width")).missing
    assert missing == "std and gain have no known value"


def test_an_optional_argument_of_unknown_value_keeps_its_default() -> None:
    assert built(one(NET, "m = Net(width=4, depth=read())")) == "Net(width=4)"


@pytest.mark.parametrize(
    "parse",
    [
        "args = parser.parse_args()",
        "args, rest = parser.parse_known_args()",
        "def get():\n    return parser.parse_args()\nargs = get()",
        "if __name__ == '__main__':\n    args = parser.parse_args()",
    ],
)
def test_command_line_options_fold_to_their_defaults(parse: str) -> None:
    script = "parser = argparse.ArgumentParser()\n"
    script += "parser.add_argument('--net-width', type=int, default=64)\n" + parse
    script += "\ndef main(args):\n    m = Net(args.net_width)\n" + "main(args)\n"
    setup = built(one(NET, script))
    assert "types').SimpleNamespace(net_width=64)" in setup
    assert setup.endswith("Net(args.net_width)")


def test_a_configuration_class_of_the_file_is_used() -> None:
    config = "class NetConfig:\n    width: int = 8\n\n"
    net = NEEDY.replace("width, depth", "config").replace("(width, depth)", "(config.width, 3)")
    assert built(one(config, net)) == "Net(config=NetConfig())"
    assert built(one(config.replace(" = 8", ""), net)) == "Net(config=NetConfig(width=64))"


def test_a_loop_that_only_builds_is_part_of_the_setup() -> None:
    script = """
    layers = []
    for i in range(3):
        layers += [nn.Linear(4, 4), nn.Sigmoid()]
    layers.append(nn.Linear(4, 1))
    model = nn.Sequential(*layers)
    """
    target = one(script)
    assert target.name == "model"
    assert [type(s) for s in target.setup] == [ast.Assign, ast.For, ast.Expr]


def test_a_dictionary_of_classes_gives_an_argument() -> None:
    script = "ACTS = {'relu': nn.ReLU}\nname = 'relu'\nm = Net(ACTS[name]())"
    assert built(one(NET, script)).endswith("name = 'relu'; Net(ACTS[name]())")


def test_names_that_only_the_script_binds_are_bound_for_the_class() -> None:
    net = NET.replace("nn.Linear(width, depth)", "nn.Linear(WIDTH, depth)")
    target = one(net, "if __name__ == '__main__':\n    WIDTH = 5\n    m = Net()\n")
    assert built(target) == "WIDTH = 5; Net()"


# Which classes stand for themselves


def test_parts_of_other_classes_are_not_targets() -> None:
    block = NEEDY.replace("Net", "Block")
    net = NET.replace("nn.Linear(width, depth)", "nn.Sequential(Block(1, 2))")
    assert names(block, net) == ["Net"]


@pytest.mark.parametrize(
    "use",
    [
        "def make(block, n):\n    return nn.Sequential(*[block(1, 2) for _ in range(n)])\n"
        + NET.replace("nn.Linear(width, depth)", "make(Block, 3)"),
        NET.replace("width=8, depth=2", "block=None") + "def net18():\n    return Net(Block)\n",
        NET.replace("Net", "Sub").replace("nn.Module", "Block"),
        "def conv(a):\n    return Block(a, a)\n" + NET.replace("nn.Linear", "conv"),
        NET + "a = Block(1, 2)\nmodel = Net(a)\n",
        NET + "model = Net(Block(1, 2))\n",
        NET + "layers = nn.Sequential(Block(1, 2))\nmodel = Net(layers)\n",
    ],
)
def test_a_block_is_reported_through_its_root(use: str) -> None:
    assert "Block" not in names(NEEDY.replace("Net", "Block"), use)


def test_a_block_that_the_script_builds_is_a_target_too() -> None:
    block = NEEDY.replace("Net", "Block")
    net = NET.replace("nn.Linear(width, depth)", "nn.Sequential(Block(1, 2))")
    assert names(block, net, "b = Block(3, 4)\nb(torch.randn(2, 3))\n") == ["Block", "Net"]


@pytest.mark.parametrize(
    "text",
    [
        NET.replace("Net", "FocalLoss"),
        NET.replace("self.fc = nn.Linear(width, depth)", "self.w = width"),
        NET.replace("nn.Linear(width, depth)", "nn.ReLU()"),
        NET.replace("def forward", "def run"),
    ],
)
def test_losses_and_bare_functions_are_not_models(text: str) -> None:
    assert names(text) == []


def test_several_factories_of_one_class_are_one_target() -> None:
    script = "def small():\n    return Net(1, 2)\ndef large():\n    return Net(3, 4)\n"
    target = one(NEEDY, script)
    assert (target.name, built(target)) == ("Net", "Net(1, 2)")


def test_inherited_forward_and_constructor_count() -> None:
    target = targets(NEEDY, "class Sub(Net):\n    pass\nm = Sub(1, 2)\n")[0]
    assert (target.name, built(target)) == ("Sub", "Sub(1, 2)")


# Factories and variables


def test_a_factory_of_a_plain_sequence_is_named_for_itself() -> None:
    target = one("def make(n=3):\n    return nn.Sequential(*[nn.Linear(4, 4)] * n)\n")
    assert (target.name, built(target), target.span.column) == ("make", "make()", 5)


@pytest.mark.parametrize(
    "text",
    [
        "model = nn.Sequential(nn.Linear(1, 2))",
        "if __name__ == '__main__':\n    model = nn.Sequential(nn.Linear(1, 2)).cuda()",
        "def main():\n    model = nn.Sequential(nn.Linear(1, 2))\n    train(model)",
        "rnn = nn.RNN(3, 4)".replace("rnn =", "model ="),
        "model = nn.Linear(3, 1)",
    ],
)
def test_a_variable_that_holds_a_model_is_a_target(text: str) -> None:
    assert names(text) == ["model"]


def test_variables_of_one_name_are_told_apart() -> None:
    text = "def {}():\n    model = nn.Sequential(nn.Linear(1, 2))\n"
    assert names(text.format("a"), text.format("b")) == ["model", "b.model"]


def test_a_sequence_that_goes_into_a_model_is_not_a_target() -> None:
    script = "body = nn.Sequential(nn.Linear(1, 2))\nm = Net(body)"
    assert names(NET, script) == ["Net"]


def test_gradlint_model_is_the_only_target() -> None:
    target = one(NET, "def gradlint_model():\n    return Net(5), torch.randn(2, 5)\n")
    assert (target.name, built(target)) == ("gradlint_model", "gradlint_model()")


# Named targets


@pytest.mark.parametrize("name", ["Net", "Block", "make", "model", "main.model"])
def test_a_target_can_be_named(name: str) -> None:
    block = NET.replace("Net", "Block")
    net = NET.replace("nn.Linear(width, depth)", "Block(1, 2)")
    script = """
    def make():
        return nn.Sequential(nn.Linear(1, 2))
    def main():
        model = Net(3)
    def gradlint_model():
        return Net()
    """
    (target,) = discover(source(block, net, script), (name,), "8x3")
    assert (target.name, target.named, target.input) == (name, True, "8x3")
    assert target.construct is not None


def test_an_unknown_name_is_answered_with_a_near_one() -> None:
    with pytest.raises(GradlintError) as caught:
        discover(source(NET), ("Nett",))
    assert caught.value.message == "no model 'Nett' in model.py"
    assert caught.value.hint == "did you mean 'Net'?"


# What happens between construction and training


INITIALISE = """
def init(m):
    if isinstance(m, nn.Linear):
        nn.init.normal_(m.weight, 0, 0.02)
def train(model):
    loss = model(1)
    loss.backward()
STD = 0.02
model = Net()
"""


@pytest.mark.parametrize(
    "statement",
    [
        "model.apply(init)",
        "model.apply(lambda m: init(m))",
        "init(model)",
        "nn.init.xavier_uniform_(model.fc.weight)",
        "for p in model.parameters():\n    p.requires_grad = False",
        "for m in model.modules():\n    if isinstance(m, nn.Linear):\n        m.bias.data.zero_()",
        "for n, p in model.named_parameters():\n    nn.init.normal_(p, 0, 0.02)",
        "for p in model.fc.parameters():\n    p.requires_grad_(False)",
        "model.fc.weight.data.normal_()",
        "model.fc.requires_grad_(False)",
        "with torch.no_grad():\n    model.fc.bias.fill_(0)",
        "model.fc = nn.Linear(3, 4)",
        "model.fc.weight.requires_grad = False",
    ],
)
def test_what_initialises_or_freezes_the_model_is_kept(statement: str) -> None:
    target = one(NET, INITIALISE, statement)
    assert (target.bound_as, after(target)) == ("model", [statement])


@pytest.mark.parametrize(
    "statement",
    [
        "print(model)",
        "train(model)",
        "model.train()",
        "model.apply(train)",
        "optimizer = torch.optim.SGD(model.parameters(), lr=0.1)",
        "other.apply(init)",
        "init(other)",
        "nn.init.normal_(other.weight)",
        "for p in other.parameters():\n    p.requires_grad = False",
        "for p in model.parameters():\n    print(p)",
        "model.fc.weight.data = torch.load('f')",
        "out = model(torch.randn(3, 8))",
        "model.load_state_dict(torch.load('f'))",
    ],
)
def test_everything_else_is_not(statement: str) -> None:
    assert after(one(NET, INITIALISE, statement)) == []


def test_what_the_initialisation_needs_comes_with_it() -> None:
    target = one(NET, INITIALISE, "nn.init.normal_(model.fc.weight, 0, STD)")
    assert after(target) == ["STD = 0.02", "nn.init.normal_(model.fc.weight, 0, STD)"]


def test_what_belongs_to_the_next_model_of_the_variable_is_not_kept() -> None:
    assert after(one(NET, INITIALISE, "model = other()\nmodel.apply(init)\n")) == []


def test_a_sequence_that_grows_after_construction_is_kept_whole() -> None:
    script = "model = nn.Sequential()\nmodel.add_module('a', nn.Linear(1, 2))\nprint(model)\n"
    assert after(one(script)) == ["model.add_module('a', nn.Linear(1, 2))"]


def test_a_target_network_that_copies_its_twin_loads_nothing() -> None:
    script = "a = Net()\nb = Net()\nb.load_state_dict(a.state_dict())\n"
    assert not one(NET, script).loads_weights


def test_what_comes_after_training_has_begun_is_not_kept() -> None:
    script = """
    for epoch in range(3):
        model(1).backward()
    model.apply(init)
    """
    assert after(one(NET, INITIALISE, script)) == []


def test_a_method_of_the_model_that_initialises_is_kept() -> None:
    method = "    def init_weights(self):\n        nn.init.zeros_(self.fc.weight)\n"
    assert after(one(NET.rstrip() + "\n\n" + method, "m = Net()\nm.init_weights()")) == [
        "m.init_weights()"
    ]


def test_a_function_inside_main_may_initialise() -> None:
    script = """
    def main():
        def init(m):
            nn.init.zeros_(m.weight)
        net = Net()
        net.apply(init)
    """
    target = one(NET, script)
    assert target.bound_as == "net"
    assert [type(s) for s in target.after] == [ast.FunctionDef, ast.Expr]


def test_a_chained_initialisation_stays_in_the_construction() -> None:
    script = INITIALISE.replace("Net()", "Net().apply(init).to(device)")
    assert built(one(NET, script)) == "Net().apply(init)"


@pytest.mark.parametrize(
    ("script", "loads"),
    [
        ("model.load_state_dict(torch.load('f'))", True),
        ("load_checkpoint(model, 'f')", True),
        ("if args.resume:\n    model.load_state_dict(torch.load('f'))", False),
        ("for e in range(3):\n    loss.backward()\nmodel.load_state_dict(best)", False),
        ("other.load_state_dict(torch.load('f'))", False),
        ("x = load_data('f')", False),
    ],
)
def test_loaded_weights_are_seen(script: str, loads: bool) -> None:
    assert one(NET, "model = Net()\n", script).loads_weights is loads


def test_a_pretrained_backbone_is_seen() -> None:
    net = NET.replace("nn.Linear(width, depth)", "models.resnet18(pretrained=True)")
    assert one("from torchvision import models\n", net).loads_weights
    assert not one("from torchvision import models\n", net.replace("True", "False")).loads_weights


# What it is fed


@pytest.mark.parametrize(
    ("script", "expected"),
    [
        ("m = Net()\nm(torch.randn(2, 8))", "torch.randn(2, 8)"),
        ("m = Net()\nx = torch.rand(2, 8)\ny = m(x)", "x = torch.rand(2, 8); x"),
        ("m = Net()\nB = 4\nx = torch.rand(B, 8)\ny = m(x)", "B = 4; x = torch.rand(B, 8); x"),
        ("def test():\n    m = Net()\n    m(torch.zeros(2, 8).cuda())", "torch.zeros(2, 8)"),
        ("m = Net()\nm(torch.zeros(2, 8, device=device))", "torch.zeros(2, 8)"),
        ("m = Net()\nm(torch.randn(x.size(0), 8))", "torch.randn(8, 8)"),
        ("Net()(torch.randn(2, 8))", "torch.randn(2, 8)"),
        ("m = Net()\ntorch.onnx.export(m, torch.randn(2, 8), 'f')", "torch.randn(2, 8)"),
        ("m = Net()\nm(torch.randn(2, 8), torch.ones(2))", "(torch.randn(2, 8), torch.ones(2))"),
        ("m = Net()\nm(x=torch.randn(2, 8))", "{'x': torch.randn(2, 8)}"),
        (
            "m = Net()\nx = torch.randint(0, 9, (4, 20))\nm(x)",
            "x = torch.randint(0, 9, (4, 20)); x",
        ),
        (
            "from torchsummary import summary\nm = Net()\nsummary(m, (3, 8))",
            "__import__('torch').rand(8, 3, 8)",
        ),
        ("dummy = torch.ones(1, 3, 32, 32)", "torch.ones(1, 3, 32, 32)"),
    ],
)
def test_inputs_that_the_file_shows_are_found(script: str, expected: str) -> None:
    assert fed(one(NET, script))[0] == expected


@pytest.mark.parametrize(
    "script",
    [
        "m = Net()\nfor x, y in loader:\n    m(x)",
        "m = Net()\nm(load('f'))",
        "x = torch.randn(3)",
        "x = torch.randn(n, 8)",
    ],
)
def test_what_shows_no_input_gives_no_example(script: str) -> None:
    assert fed(one(NET, script)) == []


def test_the_call_of_the_model_comes_first_and_says_where() -> None:
    target = one(NET, "a = torch.randn(9, 9)\nm = Net()\nm(torch.randn(2, 8))\n")
    assert [example.source for example in target.examples] == [
        "the call in line 16",
        "the tensor in line 14",
    ]


@pytest.mark.parametrize(
    ("script", "lengths"),
    [
        ("seq_len = 500", (500,)),
        ("SEQ_LEN = 5 * 100", (500,)),
        ("base = 10\nmax_length = base * 2", (20,)),
        ("T = 200\nt = 7", (200,)),
        ("config = {'block_size': 128}", (128,)),
        ("data(seq_length=64)", (64,)),
        ("def data(n_steps=30):\n    pass", (30,)),
        ("p = argparse.ArgumentParser()\np.add_argument('--seq-len', default=99)", (99,)),
        ("class Config:\n    block_size: int = 1024", (1024,)),
        ("seq_len = read()", ()),
        ("width = 12", ()),
    ],
)
def test_lengths_that_the_file_names_are_found(script: str, lengths: tuple[int, ...]) -> None:
    assert one(NET, script).lengths == lengths


def test_a_default_of_a_module_is_not_a_length() -> None:
    assert one(NET.replace("width=8", "max_len=5000")).lengths == ()


# The rest


def test_the_span_is_that_of_the_name() -> None:
    text = source(NET)
    span = discover(text)[0].span
    assert text.text_of(span) == "Net"


def test_targets_stand_in_the_order_of_the_file() -> None:
    script = "model = nn.Sequential(nn.Linear(1, 2))\n"
    assert names(NET, script, NET.replace("Net", "Last")) == ["Net", "model", "Last"]


def test_positions_survive_the_slicing() -> None:
    target = one(NET, "width = 3\nm = Net(width).cuda()\n")
    (assignment,) = target.setup
    assert isinstance(target.construct, ast.Call)
    places = [(n.lineno, n.col_offset) for n in (assignment, target.construct)]
    assert places == [(14, 0), (15, 4)]


def test_a_target_can_be_sent_to_a_child() -> None:
    target = one(NET, INITIALISE, "model.apply(init)\nmodel(torch.randn(2, 8))\n")
    assert built(pickle.loads(pickle.dumps(target))) == built(target)


@pytest.mark.parametrize(
    "text",
    [
        "def f(x):\n    return f(x)\nm = Net(f(1))",
        "x = x\nm = Net(x)",
        "def a(n):\n    b(n)\ndef b(n):\n    a(n)\n    m = Net(n)",
        "lambda: Net(q)",
        "m = [Net(i) for i in range(3)]",
        "async def main():\n    m = Net(await f())",
        "match 1:\n    case 1:\n        m = Net(2)",
        "class A:\n    net = Net(3)",
        "@Net\ndef f(): pass",
        "def f(*a, k, **kw):\n    return Net(*a, k=k, **kw)",
        "(m := Net(3))",
        "m = n = Net(3)",
        "m, n = Net(3), Net(4)",
        "def init(m):\n    init(m)\nm = Net()\nm.apply(init)",
    ],
)
def test_odd_code_is_survived(text: str) -> None:
    assert [target.name for target in targets(NET, text)] == ["Net"]
