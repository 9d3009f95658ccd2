from __future__ import annotations

import pytest
from test_record import IMAGE, X, net
from workbench import bench

from gradlint.graph import Graph, Op
from gradlint.kinds import Kind, kind_of
from gradlint.span import Span

TWO = "self.a, self.b, self.c = nn.Linear(4, 4), nn.Linear(4, 4), nn.Linear(4, 4)"


def op(index, name, *inputs, weights=(), kind=None, reads_input=False, line=1):
    return Op(
        index=index,
        name=name,
        kind=kind or kind_of(name),
        inputs=inputs,
        reads_input=reads_input or not inputs,
        module="",
        module_type="",
        owner="",
        built=(),
        called=(Span("model.py", line, 1, line, 9),),
        weights=weights,
        shape=(),
        input_shape=(),
    )


def graph(*ops, outputs=None):
    return Graph(ops, outputs or (len(ops) - 1,), {})


def linear(index, *inputs, **more):
    return op(index, "linear", *inputs, weights=(f"w{index}",), **more)


def names(ops):
    return [op.index for op in ops]


def test_a_chain_is_all_path():
    chain = graph(linear(0), op(1, "relu", 0), linear(2, 1))
    assert names(chain.path) == [0, 1, 2]
    assert names(chain.stations) == names(chain.layers()) == [0, 2]
    assert not chain.residual


def test_a_residual_branch_counts_as_the_sum_that_closes_it():
    block = graph(
        linear(0), linear(1, 0), op(2, "relu", 1), linear(3, 2), op(4, "add", 0, 3), linear(5, 4)
    )
    assert names(block.path) == [0, 4, 5]
    assert names(block.stations) == [0, 4, 5]
    assert names(block.layers()) == [0, 5]
    assert block.residual
    assert names(block.activations()) == []


def test_a_branch_without_weights_is_no_station():
    pooled = graph(linear(0), op(1, "max_pool2d", 0), op(2, "relu", 0), op(3, "cat", 1, 2))
    assert names(pooled.path) == [0, 3]
    assert names(pooled.stations) == [0]
    assert not pooled.residual


def test_layers_that_share_a_weight_are_no_stations():
    shared = graph(
        op(0, "linear", weights=("w",)), op(1, "linear", 0, weights=("w",)), linear(2, 1)
    )
    assert names(shared.path) == [0, 1, 2]
    assert names(shared.stations) == [2]


def test_what_leads_to_no_output_is_not_on_the_path():
    beside = graph(linear(0), linear(1, 0), linear(2, 0), outputs=(2,))
    assert names(beside.path) == [0, 2]
    assert names(beside.hidden()) == [0]


def test_the_input_read_again_takes_what_is_before_it_off_the_path():
    skip = graph(linear(0), op(1, "cat", 0, reads_input=True), linear(2, 1))
    assert names(skip.path) == [1, 2]
    assert names(skip.stations) == [1, 2]


def test_the_path_goes_on_past_an_output_beside_it():
    autoencoder = graph(linear(0), linear(1, 0), linear(2, 1), outputs=(1, 2))
    assert names(autoencoder.path) == [0, 1, 2]
    two_heads = graph(linear(0), linear(1, 0), op(2, "relu", 0), linear(3, 2), outputs=(1, 3))
    assert names(two_heads.path) == [0, 2, 3]
    assert names(two_heads.stations) == [0, 3]


def test_the_commonest_site_is_the_one_that_makes_most():
    ops = (linear(0, line=7), linear(1, 0, line=9), linear(2, 1, line=9))
    assert graph(*ops).commonest_site(ops).line == 9
    assert graph(*ops).commonest_site(()) is None


RESNET = net(
    "self.stem = nn.Conv2d(3, 4, 3, padding=1)\n"
    "self.blocks = nn.Sequential(*[Block() for _ in range(3)])\nself.fc = nn.Linear(4, 2)",
    "h = self.blocks(F.relu(self.stem(x)))\nreturn self.fc(h.mean((2, 3)))",
    """
class Block(nn.Module):
    def __init__(self):
        super().__init__()
        self.one, self.two = nn.Conv2d(4, 4, 3, padding=1), nn.Conv2d(4, 4, 3, padding=1)
        self.norm = nn.BatchNorm2d(4)
    def forward(self, x):
        out = self.two(F.relu(self.norm(self.one(x))))
        out += x
        return F.relu(out)
""",
)


def test_the_stations_of_a_residual_net_are_its_stem_its_sums_and_its_head():
    resnet = bench(RESNET).record(IMAGE)
    assert [op.name for op in resnet.stations] == ["conv2d", "add", "add", "add", "linear"]
    assert [op.kind for op in resnet.on_path(Kind.ADD)] == [Kind.ADD] * 3
    assert len(resnet.activations()) == 4
    assert len(resnet.hidden()) == 7
    assert resnet.residual


STYLES = {
    "a sum": ("return self.c(x + self.b(self.a(x)))", ["add", "linear"]),
    "torch.add": ("h = self.a(x)\nreturn torch.add(h, self.b(h))", ["linear", "add"]),
    "concatenation": ("h = self.a(x)\nreturn torch.cat([h, self.b(h)], 1)", ["linear", "cat"]),
    "a chain": ("return self.c(self.b(self.a(x)))", ["linear"] * 3),
    "a gate": ("h = self.a(x)\nreturn h * torch.sigmoid(self.b(h))", ["linear", "mul"]),
}


@pytest.mark.parametrize(("forward", "stations"), STYLES.values(), ids=STYLES.keys())
def test_the_stations_of_a_recorded_model(forward, stations):
    recorded = bench(net(TWO, forward)).record(X)
    assert [op.name for op in recorded.stations] == stations


def test_a_variational_autoencoder_is_followed_to_its_reconstruction():
    code = net(
        TWO + "\nself.d = nn.Linear(4, 4)",
        "h = torch.tanh(self.a(x))\nmean, log = self.b(h), self.c(h)\n"
        "z = mean + torch.randn_like(mean) * torch.exp(log / 2)\nreturn self.d(z), mean, log",
    )
    recorded = bench(code).record(X)
    assert [op.name for op in recorded.stations] == ["linear", "add", "linear"]


def test_authors_initialisations_are_told_from_the_defaults():
    code = net(
        TWO + "\nfor m in (self.a, self.c):\n    «site:nn.init.normal_(m.weight, 0, 0.01)»",
        "return self.c(self.b(self.a(x)))",
    )
    made = bench(code)
    recorded = made.record(X)
    assert [op.module for op in recorded.written_by_author()] == ["a"]  # the last is the head
    assert recorded.commonest_init(recorded.layers()) == made.spans["site"]


def test_frozen_weights_are_not_read_as_trained():
    code = net(TWO + "\nself.b.requires_grad_(False)", "return self.b(self.a(x))")
    recorded = bench(code).record(X)
    first, second = recorded.layers()
    assert [weight.name for weight in recorded.weights_of(first)] == ["a.weight"]
    assert recorded.weights_of(second) == ()


def test_the_path_begins_with_the_first_layer_that_is_trained():
    code = net(TWO + "\nself.a.requires_grad_(False)", "return self.b(torch.tanh(self.a(x)))")
    recorded = bench(code).record(X)
    assert [op.module for op in recorded.path] == ["b"]


def test_a_long_unrolled_graph_is_read_fast():
    steps = [op(index, "tanh", index - 1) if index else linear(0) for index in range(20_000)]
    long = graph(*steps, linear(20_000, 19_999))
    assert names(long.stations) == [0, 20_000]
