from __future__ import annotations

import pytest
import torch
from torch import nn
from workbench import bench, fed, one, tokens

from gradlint.kinds import Kind
from gradlint.probing.probe import projection
from gradlint.tracing.record import record


def net(init: str, forward: str, more: str = "") -> str:
    """A class Net of these statements of its constructor and its forward."""
    lines = ["class Net(nn.Module):", "    def __init__(self):", "        super().__init__()"]
    lines += ["        " + line for line in init.splitlines()]
    lines += ["    def forward(self, x):"]
    lines += ["        " + line for line in forward.splitlines()]
    return "\n".join([more, *lines, ""])


X = torch.randn(3, 4, generator=torch.Generator().manual_seed(0))
IMAGE = torch.randn(2, 3, 8, 8, generator=torch.Generator().manual_seed(0))

BUILT = {
    "a literal in a Sequential": net(
        "self.body = nn.Sequential(nn.Linear(4, 4), «site:nn.Sigmoid()», nn.Linear(4, 2))",
        "return self.body(x)",
    ),
    "an attribute": net(
        "self.fc, self.out = nn.Linear(4, 4), nn.Linear(4, 2)\nself.act = «site:nn.Sigmoid()»",
        "return self.out(self.act(self.fc(x)))",
    ),
    "a ModuleList": net(
        "self.layers = nn.ModuleList([nn.Linear(4, 4), «site:nn.Sigmoid()», nn.Linear(4, 2)])",
        "for layer in self.layers:\n    x = layer(x)\nreturn x",
    ),
    "a block in a comprehension": net(
        "self.body = nn.Sequential(*[Block(4) for _ in range(1)], nn.Linear(4, 2))",
        "return self.body(x)",
        """
class Block(nn.Module):
    def __init__(self, d):
        super().__init__()
        self.fc = nn.Linear(d, d)
        self.act = «site:nn.Sigmoid()»
    def forward(self, x):
        return self.act(self.fc(x))
""",
    ),
    "a function": net(
        "self.body = layer(4)\nself.out = nn.Linear(4, 2)",
        "return self.out(self.body(x))",
        "def layer(d, act=nn.Sigmoid):\n    return nn.Sequential(nn.Linear(d, d), «site:act()»)\n",
    ),
    "add_module": net(
        "self.body = nn.Sequential(nn.Linear(4, 4))\n"
        "self.body.add_module('é', «site:nn.Sigmoid()»); self.out = nn.Linear(4, 2)",
        "return self.out(self.body(x))",
    ),
    "a subclass of torch's": net(
        "self.fc, self.act, self.out = nn.Linear(4, 4), «site:Quiet()», nn.Linear(4, 2)",
        "return self.out(self.act(self.fc(x)))",
        "class Quiet(nn.Sigmoid):\n    def __init__(self):\n        super().__init__()\n",
    ),
    "several lines": net(
        "self.body = nn.Sequential(\n    nn.Linear(4, 4),\n    «site:nn.Sigmoid(\n    )»,\n"
        "    nn.Linear(4, 2),\n)",
        "return self.body(x)",
    ),
}

CALLED = {
    "a function of torch": "return self.out(«site:torch.sigmoid(self.fc(x))»)",
    "a function of nn.functional": "return self.out(«site:F.sigmoid(self.fc(x))»)",
    "a method": "return self.out(«site:self.fc(x).sigmoid()»)",
    "a method in place": "h = self.fc(x)\n«site:h.sigmoid_()»\nreturn self.out(h)",
    "an alias": "return self.out(«site:torch.special.expit(self.fc(x))»)",
}


@pytest.mark.parametrize("code", BUILT.values(), ids=BUILT.keys())
def test_a_layer_is_pointed_at_where_it_is_built(code):
    made = bench(code)
    op = one(made.record(X), "sigmoid")
    assert op.site == op.built[0] == made.spans["site"]
    assert op.kind is Kind.SATURATING


@pytest.mark.parametrize("forward", CALLED.values(), ids=CALLED.keys())
def test_a_function_is_pointed_at_where_it_is_called(forward):
    made = bench(net("self.fc, self.out = nn.Linear(4, 4), nn.Linear(4, 2)", forward))
    op = one(made.record(X), lambda op: op.kind is Kind.SATURATING)
    assert op.built == () and op.module == ""
    assert op.site == op.called[0] == made.spans["site"]


def test_a_layer_knows_every_expression_that_led_to_it_innermost_first():
    code = net(
        "self.body = nn.Sequential(*«list:[«block:Block()» for _ in range(2)]»)",
        "return «call:self.body(x)»",
        """
class Block(nn.Module):
    def __init__(self):
        super().__init__()
        self.fc = «fc:nn.Linear(4, 4)»
    def forward(self, x):
        return «inner:self.fc(x)»
""",
    )
    made = bench(code)
    first, second = made.record(X).ops
    for op in (first, second):
        assert op.built[:3] == tuple(made.spans[name] for name in ("fc", "block", "list"))
        assert op.called == (made.spans["inner"], made.spans["call"])
    assert (first.module, first.owner) == ("body.0.fc", "body.0")
    assert (second.module, second.owner) == ("body.1.fc", "body.1")


def test_deep_copies_lead_to_the_expression_of_the_original():
    code = net(
        "layer = «site:nn.TransformerEncoderLayer(8, 2, 16, batch_first=True)»\n"
        "self.encoder = nn.TransformerEncoder(layer, 3)",
        "return self.encoder(x)",
    )
    made = bench(code)
    graph = made.record(torch.randn(2, 5, 8))
    linears = [op for op in graph.ops if op.name == "linear"]
    assert len(linears) == 6
    assert {op.site for op in linears} == {made.spans["site"]}
    assert len([op for op in graph.ops if op.kind is Kind.ATTENTION]) == 3


ATTENTION = "self.a = nn.MultiheadAttention(8, 2, batch_first=True)"
RECURRENT = {"nn.RNN": "rnn_tanh", "nn.GRU": "gru", "nn.LSTM": "lstm"}


def test_attention_is_one_operation_with_its_weights():
    code = net(ATTENTION, "return self.a(x, x, x)[0]")
    op = one(bench(code).record(torch.randn(2, 5, 8)), lambda op: op.kind is Kind.ATTENTION)
    assert op.weights == ("a.in_proj_weight", "a.out_proj.weight")
    assert op.module == "a" and op.module_type == "MultiheadAttention"


@pytest.mark.parametrize(("layer", "name"), RECURRENT.items())
def test_a_recurrence_is_one_operation_with_its_weights(layer, name):
    code = net(f"self.r = «site:{layer}(4, 6, 2, batch_first=True)»", "return self.r(x)[0][:, -1]")
    made = bench(code)
    op = one(made.record(torch.randn(2, 5, 4)), name)
    assert op.kind is Kind.RECURRENT and op.site == made.spans["site"]
    assert op.input_shape == (2, 5, 4) and op.shape == (2, 5, 6)
    assert len(op.weights) == 4


def test_cells_in_a_loop_run_once_a_step():
    code = net(
        "self.cell = nn.LSTMCell(4, 6)",
        "h = c = torch.zeros(len(x), 6)\n"
        "for step in x.unbind(1):\n    h, c = self.cell(step, (h, c))\nreturn h",
    )
    cells = [op for op in bench(code).record(torch.randn(2, 5, 4)).ops if op.name == "lstm_cell"]
    assert len(cells) == 5
    assert [op.inputs for op in cells[1:]] == [(0, op.index) for op in cells[:-1]]


def test_a_relu_in_place_is_an_operation_of_its_own():
    code = net(
        "self.a, self.act, self.b = nn.Linear(4, 4), nn.ReLU(inplace=True), nn.Linear(4, 2)",
        "return self.b(self.act(self.a(x)))",
    )
    graph = bench(code).record(X)
    assert [(op.name, op.inputs) for op in graph.ops] == [
        ("linear", ()),
        ("relu", (0,)),
        ("linear", (1,)),
    ]


def test_a_relu6_is_no_saturating_activation():
    graph = bench(net("self.a, self.b = nn.Linear(4, 4), nn.ReLU6()", "return self.b(self.a(x))"))
    assert [op.kind for op in graph.record(X).ops] == [Kind.LINEAR, Kind.RECTIFIER]


def test_writing_into_a_tensor_keeps_what_was_written():
    code = net(
        "self.a, self.b = nn.Linear(4, 4), nn.Linear(4, 2)",
        "out = x.clone()\nout[:, 0] = torch.tanh(self.a(x[:, 1]))\nreturn self.b(out)",
    )
    graph = bench(code).record(torch.randn(2, 5, 4))
    written, last = one(graph, "setitem"), graph.ops[-1]
    assert {graph.ops[i].name for i in written.inputs} == {"clone", "tanh"}
    assert last.inputs == (written.index,)


def test_masks_of_the_input_do_not_take_the_layers_off_the_path():
    code = net(
        "self.e = nn.Embedding(10, 8)\nself.layers = nn.ModuleList(nn.Linear(8, 8) for _ in 'abc')",
        "mask = (x != 0)\nh = self.e(x)\nfor layer in self.layers:\n"
        "    h = layer(h).masked_fill(~mask.unsqueeze(-1), 0.0) * mask.float().unsqueeze(-1)\n"
        "return h[torch.arange(len(x)), x.argmax(-1)]",
    )
    graph = bench(code).record(tokens(3, 5, 10))
    assert len(graph.layers()) == 3
    assert not graph.residual


def test_what_has_only_the_shape_of_the_input_is_no_data():
    code = net(
        "self.a, self.b = nn.Linear(4, 4), nn.Linear(4, 4)",
        "h = self.a(x).view(x.size(0), -1).to(x)\nh = h + torch.zeros_like(x) + x.new_zeros(4)\n"
        "return self.b(h.view_as(x))",
    )
    graph = bench(code).record(X)
    assert len(graph.layers()) == 2 and not graph.residual
    assert not any(op.kind is Kind.ADD for op in graph.ops)


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_a_scripted_module_is_one_opaque_operation():
    code = net(
        "self.a, self.b = nn.Linear(4, 4), nn.Linear(4, 4)\n"
        "self.s = torch.jit.script(nn.Sequential(nn.Linear(4, 4), nn.Tanh()))",
        "return self.b(self.s(self.a(x)))",
    )
    graph = bench(code).record(X)
    assert [op.module for op in graph.path if op.kind is Kind.LINEAR] == ["a", "b"]
    assert len(graph.path) == 3


FUNCTION = """
class Own(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x):
        return {forward}
    @staticmethod
    def backward(ctx, gradient):
        return gradient
"""


@pytest.mark.parametrize("forward", ["x.sign()", "torch.from_numpy(x.detach().numpy() ** 2)"])
def test_a_custom_autograd_function_does_not_cut_the_graph(forward):
    code = net(
        "self.a, self.b = nn.Linear(4, 4), nn.Linear(4, 2)",
        "return self.b(Own.apply(self.a(x)))",
        FUNCTION.format(forward=forward),
    )
    graph = bench(code).record(X)
    assert [op.module for op in graph.path] == ["a", "", "b"]
    assert len(graph.stations) == 2


def test_a_shared_layer_runs_twice_and_is_no_station():
    code = net(
        "self.a, self.b = nn.Linear(4, 4), nn.Linear(4, 2)", "return self.b(self.a(self.a(x)))"
    )
    graph = bench(code).record(X)
    assert [op.module for op in graph.ops] == ["a", "a", "b"]
    assert [op.module for op in graph.stations] == ["b"]


def test_products_with_parameters_are_layers():
    code = net(
        "self.w = nn.Parameter(torch.eye(4))\nself.v = nn.Parameter(torch.eye(4))",
        "return torch.einsum('bi,io->bo', F.linear(x @ self.w, self.v * 2), self.w.t())",
    )
    graph = bench(code).record(X)
    assert [(op.kind, op.weights) for op in graph.ops] == [
        (Kind.LINEAR, ("w",)),
        (Kind.LINEAR, ("v",)),
        (Kind.LINEAR, ("w",)),
    ]


def test_every_output_in_a_nested_result_is_an_output_of_the_graph():
    code = net(
        "self.a, self.b = nn.Linear(4, 4), nn.Linear(4, 2)",
        "h = self.a(x)\nreturn {'hidden': [h], 'logits': self.b(h)}",
    )
    assert bench(code).record(X).outputs == (0, 1)


INITS = {
    "nn.init in a loop": (
        "for m in [self.fc]:\n    «site:nn.init.kaiming_normal_(m.weight)»",
        "",
        "kaiming_normal_",
    ),
    "a method of data": ("«site:self.fc.weight.data.normal_(0, 0.02)»", "", "normal_"),
    "assigned data": ("«site:self.fc.weight.data» = torch.ones(4, 4)", "", None),
    "constants": ("«site:nn.init.constant_(self.fc.weight, 0.1)»", "", "constant_"),
    "apply": (
        "self.apply(initialise)",
        """
def initialise(m):
    if isinstance(m, (nn.Conv2d, nn.Linear)):
        «site:torch.nn.init.xavier_uniform_(m.weight, gain=1.0)»
        m.bias.data.fill_(0.01)
""",
        "xavier_uniform_",
    ),
    "no_grad and copy": (
        "with torch.no_grad():\n    «site:self.fc.weight.copy_(torch.eye(4))»",
        "",
        "copy_",
    ),
}


@pytest.mark.parametrize(("init", "more", "function"), INITS.values(), ids=INITS.keys())
def test_the_last_writer_of_a_weight_is_known(init, more, function):
    made = bench(net(f"self.fc = nn.Linear(4, 4)\n{init}", "return self.fc(x)", more))
    written = made.record(X).weights["fc.weight"].init
    assert written.span == made.spans["site"]
    assert not written.default
    assert function is None or written.function == function


def test_a_layers_own_initialisation_is_the_default():
    made = bench(net("self.fc = «site:nn.Linear(4, 4)»", "return self.fc(x)"))
    written = made.record(X).weights["fc.weight"].init
    assert written.default and written.function == "kaiming_uniform_"
    assert written.span == made.spans["site"]


def test_what_the_script_does_to_the_model_is_a_writer_too():
    code = net("self.fc = nn.Linear(4, 4)", "return self.fc(x)")
    after = "model.fc.weight.data.fill_(0.5); model.fc.weight.requires_grad_(False)"
    weight = bench(code, after=after).record(X).weights["fc.weight"]
    assert weight.init.function == "fill_" and not weight.init.default
    assert not weight.trainable


GRADIENTS = {
    "plain": net(
        "self.body = nn.Sequential(nn.Linear(4, 4), nn.ReLU(inplace=True), nn.Linear(4, 2))",
        "return self.body(x)",
    ),
    "straight through": net(
        "self.a, self.b = nn.Linear(4, 4), nn.Linear(4, 2)",
        "return self.b(Own.apply(self.a(x)))",
        FUNCTION.format(forward="x.sign()"),
    ),
    "a block without gradients": net(
        "self.a, self.b = nn.Linear(4, 4), nn.Linear(4, 2)",
        "h = self.a(x)\nwith torch.no_grad():\n    scale = h.abs().mean()\n"
        "return self.b(h * scale)",
    ),
    "detached": net(
        "self.a, self.b = nn.Linear(4, 4), nn.Linear(4, 2)",
        "h = self.a(x)\nreturn self.b(h + (h.round() - h).detach())",
    ),
}


@pytest.mark.parametrize("code", GRADIENTS.values(), ids=GRADIENTS.keys())
def test_the_gradients_seen_are_those_of_the_eager_run(code):
    made = bench(code)
    built, plain = made.build(), made.build()
    seen: dict[int, torch.Tensor] = {}

    def watch(index, name, args, tensors):
        if tensors[0].requires_grad:
            tensors[0].register_hook(lambda gradient: seen.__setitem__(index, gradient.clone()))

    recording = record(built, fed(X), watch)
    projection(recording.output, 0).backward()
    projection(plain.module(X), 0).backward()
    for ours, theirs in zip(built.module.parameters(), plain.module.parameters(), strict=True):
        assert torch.equal(ours.grad, theirs.grad)
    first, *_, last = recording.graph.stations
    layers = [m for m in built.module.modules() if isinstance(m, nn.Linear)]
    for op, layer in ((first, layers[0]), (last, layers[-1])):
        assert torch.allclose(seen[op.index].sum(0), layer.bias.grad)


def test_recording_leaves_no_hooks_behind():
    built = bench(net("self.fc = nn.Linear(4, 4)", "return self.fc(x)")).build()
    record(built, fed(X))
    assert not any(m._forward_hooks or m._forward_pre_hooks for m in built.module.modules())
