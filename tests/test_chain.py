"""From a file to a verdict: what the file does to its model belongs to the model."""

from __future__ import annotations

import pytest
import torch

from gradlint.discovery.targets import discover
from gradlint.finding import Status
from gradlint.job import Job
from gradlint.registry import rules
from gradlint.rule import State
from gradlint.source import Source
from gradlint.tracing.build import BUILT, Builder
from gradlint.worker import reports

SICK = """\
import torch
from torch import nn


class Net(nn.Module):
    def __init__(self, width):
        super().__init__()
        self.body = nn.ModuleList([nn.Linear(width, width) for _ in range(12)])
        self.head = nn.Linear(width, 3)

    def forward(self, x):
        for layer in self.body:
            x = torch.sigmoid(layer(x))
        return self.head(x)


"""


CONSTANT = """\
def init(module):
    if isinstance(module, nn.Linear):
        nn.init.constant_(module.weight, 0.1)
        nn.init.zeros_(module.bias)


"""


@pytest.fixture
def confirmed(tmp_path):
    """The codes that are confirmed in the one model of a file."""
    torch.set_num_threads(1)

    def check(code: str, seed: int = 0) -> list[str]:
        path = tmp_path / "net.py"
        path.write_text(code, encoding="utf-8")
        source = Source.read(str(path))
        (target,) = discover(source)
        *_, report = reports(Job(source, target, rules(), seed, "cpu", False, 60, 8))
        assert report.status is Status.PROBED, report.reason
        return [f.code for f in report.findings if f.state is State.CONFIRMED]

    return check


@pytest.mark.parametrize("seed", range(5))
def test_the_verdict_does_not_depend_on_the_seed(confirmed, seed):
    assert confirmed(f"{SICK}model = Net(16)\n", seed) == ["GRD101"]


@pytest.mark.parametrize(
    "wrapped", ["nn.DataParallel(Net(16))", "torch.compile(Net(16))", "Net(16)"]
)
def test_what_gradlint_model_returns_is_probed_without_its_wrapper(confirmed, wrapped):
    explicit = f"def gradlint_model():\n    return {wrapped}, torch.randn(8, 16)\n"

    assert confirmed(SICK + explicit) == ["GRD101"]


@pytest.mark.parametrize(
    ("script", "codes"),
    [
        ("model = Net(16)", ["GRD101"]),
        (
            "model = Net(16)\nfor p in model.body.parameters():\n    p.requires_grad = False",
            [],
        ),
        ("model = Net(16)\nmodel.load_state_dict(torch.load('net.pt'))", []),
        (f"{CONSTANT}model = Net(16)\nmodel.apply(init)", ["GRD301"]),
    ],
    ids=["as it is", "frozen", "loaded", "initialised"],
)
def test_what_the_script_does_to_the_model_counts(confirmed, script, codes):
    assert confirmed(f"{SICK}{script}\n") == codes


def test_every_layer_knows_the_expression_that_built_it(tmp_path):
    path = tmp_path / "net.py"
    path.write_text(f"{SICK}model = Net(16)\n", encoding="utf-8")
    source = Source.read(str(path))

    built = Builder(source, discover(source)[0]).build(0)

    sites = [layer.__dict__[BUILT][0] for layer in built.module.body]
    assert {source.text_of(site) for site in sites} == {"nn.Linear(width, width)"}


def test_an_output_in_physical_units_is_no_explosion(confirmed):
    code = SICK.replace("torch.sigmoid(layer(x))", "x + torch.relu(layer(x))")
    assert confirmed(f"{code.replace('self.head(x)', 'self.head(x) * 1e4 + 1e6')}Net(16)\n") == []


def test_where_no_trial_is_defined_nothing_in_doubt_is_confirmed(confirmed):
    deep = SICK.replace("torch.sigmoid", "torch.relu").replace("range(12)", "range(16)")
    code = deep.replace("self.head(x)", "self.head(x).transpose(0, 1)")

    assert confirmed(f"{code}model = Net(16)\nmodel(torch.randn(8, 16))\n") == []


def test_named_inputs_are_tried_like_others(tmp_path):
    path = tmp_path / "net.py"
    path.write_text(
        "from torch import nn\n\n\nclass Net(nn.Module):\n"
        "    def __init__(self):\n        super().__init__()\n"
        "        self.rnn = nn.RNN(4, 16, batch_first=True)\n"
        "        self.out = nn.Linear(16, 2)\n\n"
        "    def forward(self, x):\n        return self.out(self.rnn(x)[0][:, -1])\n"
    )
    source = Source.read(str(path))
    (target,) = discover(source, ("Net",), "x=8x60x4")

    *_, report = reports(Job(source, target, rules(), 0, "cpu", True, 60, 8))

    assert [f.code for f in report.findings if f.fix] == ["GRD501"]
