"""Parts that no output depends on: what counts, and what only looks like it."""

from __future__ import annotations

import pytest
import torch
from workbench import bench, fed

from gradlint.probing.connected import effects, without_gradient
from gradlint.tracing.idle import idle, unreached
from gradlint.tracing.record import record

NET = """
class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.body = nn.Linear(4, 4)
        self.more = nn.Linear(4, 4)
        {init}

    def forward(self, x, flag=False):
        {forward}
        return self.body(x)
{after}
"""


def found(init="pass", forward="pass", after=""):
    code = NET.format(init=init, forward=forward.replace("\n", "\n        "), after=after)
    on_bench = bench(code)
    built = on_bench.build()
    built.module.train()
    return idle_of(built)


def idle_of(built):
    recording = record(built, fed(torch.randn(8, 4)))
    return idle(built, recording, unreached(built.module, recording.output))


@pytest.mark.parametrize(
    ("parts", "ran"),
    [
        ({}, False),
        ({"init": "nn.init.zeros_(self.more.bias)"}, False),
        ({"forward": "y = self.more(x)"}, True),
        ({"forward": "y = torch.relu(self.more(x)).sum()"}, True),
        ({"after": "    def init_weights(self):\n        self.more.reset_parameters()"}, False),
        ({"after": "class Other(nn.Module):\n    def f(self):\n        self.more()"}, False),
    ],
)
def test_a_part_that_nothing_uses_or_whose_result_is_dropped_is_idle(parts, ran):
    (part,) = found(**parts)

    assert part.attribute == "more"
    assert set(part.parameters) == {"more.weight", "more.bias"}
    assert part.ran is ran


@pytest.mark.parametrize(
    "parts",
    [
        {"forward": "x = x + self.more(x)"},
        {"forward": "self.auxiliary = self.more(x)"},
        {"forward": "self.losses = {'a': [self.more(x).mean()]}"},
        {"forward": "if flag:\n    x = self.more(x)"},
        {"forward": "x = getattr(self, 'mo' + 're')(x) if flag else x"},
        {"init": "self.more.requires_grad_(False)"},
        {"after": "    def embed(self, x):\n        return self.more(x)"},
        {"after": "def project(net, x):\n    return net.more(x)"},
        {"after": "class Child(Net):\n    def embed(self, x):\n        return self.more(x)"},
        {"after": "LAYERS = ['more']"},
        {"forward": "return self.body(x).detach()"},
    ],
    ids=lambda parts: next(iter(parts.values())),
)
def test_what_is_used_kept_or_frozen_is_not_idle(parts):
    assert found(**parts) == ()


def test_what_the_last_block_leaves_over_is_not_idle():
    on_bench = bench(
        """
class Block(nn.Module):
    def __init__(self):
        super().__init__()
        self.node = nn.Linear(4, 4)
        self.edge = nn.Linear(4, 4)

    def forward(self, x, e):
        return self.node(x) + e, self.edge(e)


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.first = Block()
        self.last = Block()

    def forward(self, x):
        x, e = self.first(x, x)
        x, e = self.last(x, e)
        return x
"""
    )
    built = on_bench.build()

    assert idle_of(built) == ()


@pytest.mark.parametrize(
    ("forward", "expected"),
    [
        ("pass", {False}),
        ("x = x + self.more(x).detach()", {True}),
        ("x = x if self.training else x + self.more(x)", {True}),
        ("x = x + self.more(x) if torch.rand(()) < 0.6 else x", {True}),
        ("self.count = getattr(self, 'count', 0) + 1; x = x + self.count", set()),
    ],
    ids=["unused", "cut", "in eval only", "at random", "never the same twice"],
)
def test_an_effect_is_what_changes_an_output_in_any_mode(forward, expected):
    on_bench = bench(NET.format(init="pass", forward=forward, after=""))

    part = ("more.weight", "more.bias")
    found = effects(on_bench.build, fed(torch.randn(8, 4)), [part], 0)
    assert set(found.values()) == expected


def test_parameters_are_without_gradient_where_none_arrives():
    net = bench(NET.format(init="pass", forward="pass", after="")).build().module
    net(torch.randn(8, 4)).sum().backward()

    assert without_gradient(net) == {"more.weight", "more.bias"}
