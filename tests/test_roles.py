from __future__ import annotations

import pytest
import torch
from test_record import IMAGE, X, net
from workbench import bench

from gradlint.kinds import Kind
from gradlint.tracing.roles import kind_in_use

SQUEEZE = """
class Squeeze(nn.Module):
    def __init__(self, c):
        super().__init__()
        self.pool = nn.AdaptiveAvgPool2d(1)
        self.fc = nn.Sequential(nn.Linear(c, c), nn.ReLU(), nn.Linear(c, c), nn.Sigmoid())
    def forward(self, x):
        b, c = x.shape[:2]
        return x * self.fc(self.pool(x).view(b, c)).view(b, c, 1, 1)
"""
CELL = """
h = c = x[:, 0] * 0
for t in range(x.size(1)):
    i, f, g, o = (self.i(x[:, t]) + self.h(h)).chunk(4, 1)
    c = torch.sigmoid(f) * c + torch.sigmoid(i) * torch.tanh(g)
    h = torch.sigmoid(o) * torch.tanh(c)
return self.out(h)
"""
GRU = """
h = x[:, 0] * 0
for t in range(x.size(1)):
    z = torch.sigmoid(self.i(x[:, t]) + self.h(h))
    h = (1 - z) * h + z * torch.tanh(self.i(x[:, t]))
return self.out(h)
"""
SEQUENCE = torch.randn(2, 4, 4)
TWO = "self.a, self.b = nn.Linear(4, 4), nn.Linear(4, 4)"

ROLES = {
    "a hidden activation": (net(TWO, "return self.b(torch.sigmoid(self.a(x)))"), X, "saturating"),
    "an output": (net(TWO, "return torch.sigmoid(self.b(self.a(x)))"), X, "head"),
    "an output, reshaped": (net(TWO, "return torch.tanh(self.b(x)).view(-1, 2, 2) * 2"), X, "head"),
    "squeeze and excitation": (
        net("self.c, self.s = nn.Conv2d(3, 4, 3), Squeeze(4)", "return self.s(self.c(x))", SQUEEZE),
        IMAGE,
        "gate",
    ),
    "a gated linear unit": (net(TWO, "return self.b(self.a(x) * self.b(x).sigmoid())"), X, "gate"),
    "a highway": (
        net(TWO, "t = torch.sigmoid(self.a(x))\nreturn self.b(t * self.b(x) + (1 - t) * x)"),
        X,
        "gate",
    ),
    "an LSTM cell by hand": (
        net("self.i, self.h, self.out = nn.Linear(4, 16), nn.Linear(4, 16), nn.Linear(4, 2)", CELL),
        SEQUENCE,
        "gate",
    ),
    "a GRU cell by hand": (
        net("self.i, self.h, self.out = nn.Linear(4, 4), nn.Linear(4, 4), nn.Linear(4, 2)", GRU),
        SEQUENCE,
        "gate",
    ),
    "with a mask of dropout": (
        net(TWO, "return self.b(torch.tanh(self.a(x)) * (torch.rand(4) > 0.5))"),
        X,
        "saturating",
    ),
    "in a residual branch": (net(TWO, "return self.b(x + torch.tanh(self.a(x)))"), X, "saturating"),
}


@pytest.mark.parametrize(("code", "x", "role"), ROLES.values(), ids=ROLES.keys())
def test_a_saturating_operation_is_named_for_its_place(code, x, role):
    ops = bench(code).record(x).ops
    kinds = {op.kind for op in ops if op.name in ("sigmoid", "tanh")}
    assert kinds == {Kind(role)}


@pytest.mark.parametrize(
    ("name", "branches", "weighted", "kind"),
    [
        ("matmul", 1, True, Kind.LINEAR),
        ("matmul", 2, False, Kind.JOIN),
        ("einsum", 1, True, Kind.LINEAR),
        ("linear", 2, False, Kind.JOIN),  # the weight is made from the data
        ("conv2d", 1, True, Kind.CONV),
        ("add", 2, False, Kind.ADD),
        ("add", 1, True, Kind.OTHER),  # a bias
        ("mul", 1, False, Kind.OTHER),
        ("cat", 2, False, Kind.JOIN),
        ("relu", 1, False, Kind.RECTIFIER),
    ],
)
def test_the_kind_depends_on_what_is_joined(name, branches, weighted, kind):
    assert kind_in_use(name, branches, weighted) is kind


def test_a_softmax_over_scores_is_no_head_and_one_at_the_end_is():
    code = net(
        TWO,
        "w = torch.softmax(self.a(x), -1)\nreturn torch.softmax(self.b(w * x), -1)",
    )
    kinds = [op.kind for op in bench(code).record(X).ops if op.name == "softmax"]
    assert kinds == [Kind.SOFTMAX, Kind.HEAD]
