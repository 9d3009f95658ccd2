"""Layers in plain containers: which count as unregistered, and how they are registered."""

from __future__ import annotations

import pytest
import torch
from workbench import bench

from gradlint.model import Model
from gradlint.rewrites.registration import register
from gradlint.tracing.containers import containers, parts, unregistered

NET = """
class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.inputs = nn.Linear(4, 4)
        {assigned}

    def forward(self, x):
        return self.inputs(x)
{after}
"""
OVERRIDDEN = """
    def parameters(self, recurse=True):
        yield from super().parameters()
        yield from self.more[0].parameters()
"""


def made(assigned: str, after: str = ""):
    code = NET.format(assigned=assigned.replace("\n", "\n        "), after=after)
    on_bench = bench(code)
    return on_bench, on_bench.build()


@pytest.mark.parametrize(
    ("assigned", "name"),
    [
        ("self.more = [nn.Linear(4, 4)]", "more.0.weight"),
        ("self.more = (nn.Linear(4, 4),)", "more.0.weight"),
        ("self.more = {'a': nn.Linear(4, 4)}", "more.a.weight"),
        ("self.more = [[nn.Linear(4, 4)], None]", "more.0.0.weight"),
        ("self.more = [nn.Parameter(torch.ones(4, 4))]", "more.0"),
        ("self.more = []\nself.more += [nn.Linear(4, 4)]", "more.0.weight"),
    ],
)
def test_layers_in_a_plain_container_are_unregistered(assigned, name):
    _, built = made(assigned)

    assert name in unregistered(built.module)
    (container,) = containers(built)
    assert container.attribute == "more"
    assert name in container.parameters


@pytest.mark.parametrize(
    ("assigned", "after"),
    [
        ("self.more = nn.ModuleList([nn.Linear(4, 4)])", ""),
        ("self.more = [self.inputs]", ""),
        ("self.more = [3, 'a', torch.ones(4)]", ""),
        ("teacher = nn.Linear(4, 4)\nself.more = [teacher]", ""),
        (
            "self.more = [nn.Linear(4, 4)]",
            "def optimizer(net):\n    return [p for m in net.more for p in m.parameters()]\n",
        ),
        (
            "self.more = [nn.Linear(4, 4)]",
            OVERRIDDEN,
        ),
    ],
    ids=["ModuleList", "registered beside", "no layers", "hidden", "handed over", "parameters"],
)
def test_what_is_registered_or_hidden_on_purpose_is_left_out(assigned, after):
    _, built = made(assigned, after)

    assert containers(built) == ()


def test_every_module_is_met_once_and_under_its_registered_name_first():
    _, built = made("self.more = [nn.Sequential(self.inputs, nn.Linear(4, 4))]")

    paths = [path for path, _ in parts(built.module)]
    assert paths == ["", "inputs", "more.0", "more.0.1"]


@pytest.mark.parametrize(
    ("assigned", "registered"),
    [
        ("self.more = [nn.Linear(4, 4)]", "self.more = nn.ModuleList([nn.Linear(4, 4)])"),
        ("self.more = nn.Linear(4, 4), nn.ReLU()", "nn.ModuleList((nn.Linear(4, 4), nn.ReLU()))"),
        ("self.more = {}\nself.more['a'] = nn.Linear(4, 4)", "self.more = nn.ModuleDict()"),
        ("self.more: list = [nn.Linear(4, 4)]", "self.more: nn.ModuleList = nn.ModuleList([nn"),
        (
            "made = [nn.Linear(4, 4) for _ in range(2)]\nself.more = made",
            "self.more = nn.ModuleList(made)",
        ),
        ("self.more = [nn.Parameter(torch.ones(4))]", "nn.ParameterList([nn.Parameter(torch"),
    ],
)
def test_a_plain_container_becomes_the_one_of_torch(assigned, registered):
    on_bench, built = made(assigned)

    rewrite = register(_model(on_bench, built), containers(built))

    assert rewrite is not None
    assert registered in built.sites.checked.edited(rewrite.edits).text


@pytest.mark.parametrize(
    "assigned", ["self.more = {1: nn.Linear(4, 4)}", "self.more = [[nn.Linear(4, 4)]]"]
)
def test_what_no_container_of_torch_takes_is_left_as_it_is(assigned):
    on_bench, built = made(assigned)

    assert register(_model(on_bench, built), containers(built)) is None


def _model(on_bench, built):
    graph = on_bench.record(torch.randn(2, 4))
    return Model(on_bench.builder.target, graph, built.sites.sources, True, containers(built))
