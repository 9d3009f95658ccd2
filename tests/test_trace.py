from __future__ import annotations

import pytest
import torch
from test_graph import RESNET
from test_record import IMAGE, X, net
from workbench import bench, tokens

from gradlint.errors import NotRun
from gradlint.kinds import ACTIVATIONS, LAYERS, Kind

SHOWN = LAYERS | ACTIVATIONS | {Kind.NORM, Kind.GATE, Kind.HEAD, Kind.RECURRENT, Kind.ATTENTION}
SEQUENCE = torch.randn(2, 5, 8)

LAYER_ZOO = """nn.Conv2d(3, 4, 3), nn.BatchNorm2d(4), nn.PReLU(), nn.MaxPool2d(2),
    nn.ConvTranspose2d(4, 4, 2), nn.InstanceNorm2d(4), nn.SiLU(), nn.GroupNorm(2, 4), nn.ReLU6(),
    nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(4, 4), nn.LayerNorm(4), nn.Hardtanh(),
    nn.Dropout(), nn.Linear(4, 4), nn.Softsign(), nn.Linear(4, 2), nn.LogSoftmax(1)"""

STYLES = {
    "a Sequential of many layers": (
        net(f"self.body = nn.Sequential({LAYER_ZOO})", "return self.body(x)"),
        IMAGE,
    ),
    "attributes and functions": (
        net(
            "self.a, self.n, self.b = nn.Linear(4, 8), nn.LayerNorm(8), nn.Linear(8, 2)",
            "return torch.sigmoid(self.b(F.gelu(self.n(self.a(x)))))",
        ),
        X,
    ),
    "methods": (
        net(
            "self.a, self.b = nn.Linear(4, 4), nn.Linear(4, 4)",
            "return self.b(self.a(x).tanh().view(-1, 4)).relu_()",
        ),
        X,
    ),
    "a ModuleList in a loop": (
        net(
            "self.layers = nn.ModuleList(nn.Linear(4, 4) for _ in range(3))",
            "for layer in self.layers:\n    x = torch.tanh(layer(x))\nreturn x",
        ),
        X,
    ),
    "a residual net": (RESNET, IMAGE),
    "a gate": (
        net(
            "self.a, self.b, self.c = nn.Linear(4, 4), nn.Linear(4, 4), nn.Linear(4, 2)",
            "return self.c(self.a(x) * torch.sigmoid(self.b(x)))",
        ),
        X,
    ),
    "parameters in products": (
        net(
            "self.w, self.b = nn.Parameter(torch.randn(4, 4)), nn.Parameter(torch.zeros(4))\n"
            "self.v = nn.Parameter(torch.randn(4, 2))",
            "return torch.tanh(x @ self.w.t() + self.b) @ self.v",
        ),
        X,
    ),
    "an argument with a default": (
        net("self.a, self.b = nn.Linear(4, 4), nn.Linear(4, 4)", "return self.b(x)").replace(
            "forward(self, x):",
            "forward(self, x, mask=None, deep=True):\n"
            "        x = torch.tanh(self.a(x)) if deep else x\n"
            "        x = x if mask is None else x * mask",
        ),
        X,
    ),
    "shared layers": (
        net(
            "self.a, self.b = nn.Linear(4, 4), nn.Linear(4, 4, bias=False)\n"
            "self.c = nn.Linear(4, 4, bias=False)\nself.c.weight = self.b.weight\n"
            "self.body = nn.Sequential(self.a, nn.ReLU(), self.a)",
            "return self.c(F.leaky_relu(self.b(self.body(x)), 0.1))",
        ),
        X,
    ),
    "embedding, LSTM and attention": (
        net(
            "self.e, self.l = nn.Embedding(9, 8), nn.LSTM(8, 8, batch_first=True)\n"
            "self.a, self.o = nn.MultiheadAttention(8, 2, batch_first=True), nn.Linear(8, 2)",
            "h, _ = self.l(self.e(x))\nreturn self.o(self.a(h, h, h)[0][:, -1])",
        ),
        tokens(2, 5, 9),
    ),
    "shapes of the input": (
        net(
            "self.a, self.b, self.c = nn.Linear(4, 4), nn.Linear(4, 4), nn.Linear(4, 2)",
            "n, d = x.shape\nh = torch.tanh(self.a(x)).view(x.size(0), -1).type_as(x)\n"
            "h = h + torch.zeros_like(x) + x.new_zeros(n, d)\n"
            "return self.c(self.b(h).reshape(n, 4).to(x))",
        ),
        X,
    ),
    "a relu RNN": (
        net("self.r = nn.RNN(8, 8, nonlinearity='relu', batch_first=True)", "return self.r(x)[0]"),
        SEQUENCE,
    ),
}


def shown(graph):
    return [(op.kind, op.module, op.owner, op.site) for op in graph.ops if op.kind in SHOWN]


@pytest.mark.parametrize(("code", "x"), STYLES.values(), ids=STYLES.keys())
def test_the_trace_shows_the_layers_that_a_run_shows(code, x):
    made = bench(code)
    traced, recorded = made.trace(), made.record(x)
    assert shown(traced) == shown(recorded)
    assert traced.weights == recorded.weights


@pytest.mark.parametrize(("code", "x"), STYLES.values(), ids=STYLES.keys())
def test_the_trace_has_the_stations_that_a_run_has(code, x):
    made = bench(code)
    traced, recorded = made.trace(), made.record(x)
    assert [op.name for op in traced.stations] == [op.name for op in recorded.stations]
    assert traced.residual == recorded.residual


@pytest.mark.parametrize(
    "forward",
    ["if x.sum() > 0:\n    x = -x\nreturn self.a(x)", "raise KeyError('missing\\nkey')"],
    ids=["control flow on data", "an error"],
)
def test_what_cannot_be_traced_is_said_in_one_line(forward):
    made = bench(net("self.a = nn.Linear(4, 4)", forward))
    with pytest.raises(NotRun, match=r"^torch\.fx cannot trace it: .* in line \d+$") as raised:
        made.trace()
    assert "\n" not in raised.value.message and raised.value.hint
