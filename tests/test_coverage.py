"""Every way that a forward is written yields a graph in which each weighted layer has a place."""

from __future__ import annotations

import pytest
import torch
from test_record import net
from torch import nn
from workbench import bench, fed

from gradlint.feeding.inputs import find_inputs
from gradlint.graph import Graph
from gradlint.outputs import tensors_of
from gradlint.tracing.build import initialise
from gradlint.tracing.record import record

TWO = "self.a = nn.Linear(4, 4)\nself.b = nn.Linear(4, 4)"

FORWARDS = {
    "a loop that runs until the data say stop": net(
        TWO,
        "x, steps = self.b(self.a(x)), 0\nwhile x.norm() > 1e-3 and steps < 3:\n"
        "    x, steps = self.b(x).tanh(), steps + 1\nreturn x",
    ),
    "a branch on the data": net(
        TWO, "x = self.a(x)\nif x.sum() > 0:\n    x = -x\nreturn self.b(x)"
    ),
    "a loop over the samples": net(
        TWO, "return torch.stack([self.b(self.a(one).relu()) for one in x])"
    ),
    "einops": net(
        TWO,
        "from einops import rearrange, repeat, einsum\n"
        "x = rearrange(self.a(x), 'b (h d) -> b h d', h=2)\n"
        "x = einsum(x, x, 'b h d, b g d -> b h g')\n"
        "return self.b(rearrange(x, 'b h d -> b (h d)'))",
    ),
    "writing into a buffer": net(
        TWO,
        "y = torch.zeros(x.size(0), 4)\ny[:, :2] = self.a(x)[:, :2]\ny += 1\nreturn self.b(y)",
    ),
    "changing its input in place": net(
        TWO, "x.unsqueeze_(1)\nx.mul_(2)\nreturn self.b(self.a(x).relu_()).squeeze(1)"
    ),
    "checkpointing": net(
        TWO,
        "from torch.utils.checkpoint import checkpoint\n"
        "x = checkpoint(self.a, x, use_reentrant=False)\n"
        "return checkpoint(lambda y: self.b(y.relu()), x, use_reentrant=False)",
    ),
    "reentrant checkpointing": net(
        "self.first = nn.Linear(4, 4)\n" + TWO,
        "from torch.utils.checkpoint import checkpoint, checkpoint_sequential\n"
        "x = checkpoint(self.a, self.first(x), use_reentrant=True)\n"
        "return self.b(x)",
    ),
    "tied weights": net(
        "self.a = nn.Linear(4, 4)\nself.b = nn.Linear(4, 4)\nself.b.weight = self.a.weight",
        "return self.b(self.a(x).relu())",
    ),
    "a lazy layer": net(
        "self.a = nn.LazyLinear(4)\nself.b = nn.LazyLinear(2)", "return self.b(self.a(x).relu())"
    ),
    "complex numbers": net(
        TWO, "x = torch.fft.fft(self.a(x))\nx = x * torch.polar(x.abs(), x.angle())\n"
        "return self.b(torch.view_as_real(torch.fft.ifft(x))[..., 0])",
    ),
    "complex weights": net(
        "self.a = nn.Linear(4, 4)\nself.w = nn.Parameter(torch.randn(4, 4, dtype=torch.cfloat))",
        "return (torch.fft.fft(self.a(x)) @ self.w).abs()",
    ),
    "a functional call": net(
        TWO,
        "from torch.func import functional_call\n"
        "x = functional_call(self.a, dict(self.a.named_parameters()), (x,))\n"
        "return self.b(x)",
    ),
    "weight normalisation": net(
        "from torch.nn.utils.parametrizations import weight_norm, spectral_norm\n"
        "self.a = weight_norm(nn.Linear(4, 4))\nself.b = spectral_norm(nn.Linear(4, 4))",
        "return self.b(self.a(x).relu())",
    ),
    "old weight normalisation": net(
        "self.a = nn.utils.weight_norm(nn.Linear(4, 4))\n"
        "self.b = nn.utils.spectral_norm(nn.Linear(4, 4))",
        "return self.b(self.a(x).relu())",
    ),
    "a layer in a plain list": net(
        "self.a = nn.Linear(4, 4)\nself.more = nn.ModuleDict({'b': nn.Linear(4, 4)})",
        "for layer in [self.a, *self.more.values()]:\n    x = layer.forward(x)\nreturn x",
    ),
    "a gradient taken in the forward": net(
        TWO,
        "x = x.detach().requires_grad_()\n"
        "y = self.b(self.a(x).tanh())\n"
        "return torch.autograd.grad(y.sum(), x, create_graph=True)[0]",
    ),
    "mixed precision": net(
        TWO,
        "with torch.autocast('cpu', dtype=torch.bfloat16):\n"
        "    x = self.b(self.a(x).relu())\nreturn x.float()",
    ),
    "a distribution": net(
        TWO, "return torch.distributions.Normal(self.a(x), self.b(x).exp())"
    ),
    "a compiled part": net(
        TWO, "return self.b(self.compiled(x).relu())",
    ).replace("    def forward", "        self.compiled = torch.compile(self.a)\n    def forward"),
}  # fmt: skip

SEQUENCES = {
    "packed sequences": net(
        "self.a = nn.Linear(4, 4)\nself.b = nn.LSTM(4, 4, batch_first=True)",
        "from torch.nn.utils.rnn import pack_padded_sequence, pad_packed_sequence\n"
        "packed = pack_padded_sequence(self.a(x), torch.full((x.size(0),), 6), batch_first=True)\n"
        "return pad_packed_sequence(self.b(packed)[0], batch_first=True)[0]",
    ),
    "attention": net(
        "self.a = nn.Linear(4, 4)\nself.b = nn.MultiheadAttention(4, 2, batch_first=True)",
        "x = self.a(x)\nreturn self.b(x, x, x, need_weights=False)[0]",
    ),
    "an encoder of torch.nn": net(
        "self.a = nn.Linear(4, 4)\n"
        "self.b = nn.TransformerEncoder(\n"
        "    nn.TransformerEncoderLayer(4, 2, 8, batch_first=True), 2)",
        "return self.b(self.a(x), mask=torch.zeros(6, 6).bool())",
    ),
    "a transformer of torch.nn": net(
        "self.a = nn.Linear(4, 4)\n"
        "self.b = nn.Transformer(4, 2, 1, 1, 8, batch_first=True)",
        "return self.b(self.a(x), x)",
    ),
    "cells in a loop": net(
        "self.a = nn.Linear(4, 4)\nself.b = nn.LSTMCell(4, 4)",
        "h = c = torch.zeros(x.size(0), 4)\nfor step in self.a(x).unbind(1):\n"
        "    h, c = self.b(step, (h, c))\nreturn h",
    ),
}  # fmt: skip


def unplaced(graph: Graph, module: nn.Module) -> list[str]:
    """The weighted layers that no operation of the graph reads, or only ones without a place."""
    placed = {name for op in graph.ops if op.called or op.built for name in op.weights}
    weights = [name for name, weight in module.named_parameters() if weight.dim() > 1]
    return [name for name in weights if name not in placed]


@pytest.mark.parametrize("code", FORWARDS.values(), ids=FORWARDS)
def test_each_weight_has_a_place_in_the_graph(code):
    made = bench(code)
    x = torch.randn(3, 4, generator=torch.Generator().manual_seed(0))
    built = made.build()
    initialise(built, (x,))
    assert unplaced(record(built, fed(x)).graph, built.module) == []


@pytest.mark.parametrize("code", SEQUENCES.values(), ids=SEQUENCES)
def test_each_weight_that_reads_a_sequence_has_a_place_in_the_graph(code):
    made = bench(code)
    x = torch.randn(3, 6, 4, generator=torch.Generator().manual_seed(0))
    built = made.build()
    assert unplaced(record(built, fed(x)).graph, built.module) == []


@pytest.mark.parametrize("code", [*FORWARDS.values()], ids=FORWARDS)
def test_such_a_forward_is_fed_and_differentiated(code):
    made = bench(code)
    built = made.build()
    inputs = find_inputs(built.module, made.builder.target, built.namespace)
    initialise(built, inputs.copied().args)
    recording = record(built, inputs)
    total = sum(t.float().sum() for t in tensors_of(recording.output) if t.requires_grad)
    total.backward()
    assert recording.graph.ops
