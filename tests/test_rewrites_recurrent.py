"""Plain recurrences are given a memory."""

from __future__ import annotations

import pytest
from rewrite_marks import Marked, marked, model, op, written

from gradlint.graph import Init, Op
from gradlint.model import Model
from gradlint.rewrites import recurrent

CODE = """import torch
from torch import nn

class Net(nn.Module):
    def __init__(self):
        super().__init__()
        {built}  # memory
        self.head = nn.Linear(16, 1)

    def forward(self, x):
{called}
        return self.head(out[:, -1])
"""
CALLED = "        out, _ = «c:self.rnn(x)»"
SINGLE = "self.rnn = «r:nn.RNN(8, 16, batch_first=True)»"
SEVERAL = "self.rnn = «r:nn.RNN(8, 16, 2, 'tanh', batch_first=True)»"


def recurrence(built: str, called: str = CALLED) -> tuple[Marked, Model, Op]:
    marks = marked(CODE.format(built=built, called=called))
    layer = op(0, "rnn_tanh", "r", "c", marks=marks, module="rnn", module_type="RNN")
    return marks, model(marks, layer), layer


def text(built: str, called: str = CALLED, lines: str = "") -> str:
    code = CODE.format(built=built, called=called)
    return marked(code.replace("# memory", "# memory" + lines)).source.text


def test_the_identity_is_written_behind_the_layer() -> None:
    marks, whole, layer = recurrence(SINGLE)
    lines = """
        nn.init.eye_(self.rnn.weight_hh_l0)
        nn.init.zeros_(self.rnn.bias_ih_l0)
        nn.init.zeros_(self.rnn.bias_hh_l0)"""
    expected = text('self.rnn = nn.RNN(8, 16, batch_first=True, nonlinearity="relu")', lines=lines)
    assert written(marks, recurrent.identity(whole, layer)) == expected


def test_the_identity_of_several_layers_is_a_loop() -> None:
    marks, whole, layer = recurrence(SEVERAL)
    lines = """
        for name, parameter in self.rnn.named_parameters():
            if 'weight_hh' in name:
                nn.init.eye_(parameter)
            elif 'bias' in name:
                nn.init.zeros_(parameter)"""
    expected = text("self.rnn = nn.RNN(8, 16, 2, 'relu', batch_first=True)", lines=lines)
    assert written(marks, recurrent.identity(whole, layer)) == expected


def test_orthogonal_weights_keep_the_layer() -> None:
    marks, whole, layer = recurrence("self.rnn = «r:nn.RNN(8, 16, bias=False)»")
    lines = "\n        nn.init.orthogonal_(self.rnn.weight_hh_l0)"
    expected = text("self.rnn = nn.RNN(8, 16, bias=False)", lines=lines)
    assert written(marks, recurrent.orthogonal(whole, layer)) == expected


def test_weights_that_somebody_initialises_are_left_alone() -> None:
    marks = marked(CODE.format(built=SINGLE, called=CALLED))
    layer = op(0, "rnn_tanh", "r", "c", marks=marks, weights=("rnn.weight_hh_l0",))
    init = Init("orthogonal_", None, default=False)
    assert (
        recurrent.orthogonal(model(marks, layer, inits={"rnn.weight_hh_l0": init}), layer) is None
    )


GATES = """
        keep = torch.empty(self.rnn.hidden_size).uniform_(1, 499).log_()
        zero = torch.zeros_like(keep)
        with torch.no_grad():
            self.rnn.bias_ih_l0.copy_(torch.cat([{parts}]))
            self.rnn.bias_hh_l0.zero_()"""
STATES = {
    "unused": ("        out, _ = {rnn}", "        out, _ = self.rnn(x)"),
    "named but unused": ("        out, hn = {rnn}", "        out, hn = self.rnn(x)"),
    "used": (
        "        out, h = {rnn}\n        out = h[-1]",
        "        out, (h, _) = self.rnn(x)\n        out = h[-1]",
    ),
    "only the state": (
        "        _, h = {rnn}\n        out = h[-1]",
        "        _, (h, _) = self.rnn(x)\n        out = h[-1]",
    ),
    "first": ("        out = {rnn}[0]", "        out = self.rnn(x)[0]"),
    "second": ("        out = {rnn}[1]", "        out = self.rnn(x)[1][0]"),
    "given": (
        "        h0 = torch.zeros(1, 4, 16)\n        out, _ = {given}",
        (
            "        h0 = torch.zeros(1, 4, 16)\n"
            "        out, _ = self.rnn(x, (h0, torch.zeros_like(h0)))"
        ),
    ),
}


@pytest.mark.parametrize("name", STATES)
def test_the_state_of_an_lstm_is_a_pair(name: str) -> None:
    marks_of = {"{rnn}": "«c:self.rnn(x)»", "{given}": "«c:self.rnn(x, h0)»"}
    before, after = STATES[name]
    for mark, call in marks_of.items():
        before = before.replace(mark, call)
    marks, whole, layer = recurrence(SINGLE, before)
    lines = GATES.format(parts="-keep, keep, zero, zero")
    expected = text("self.rnn = nn.LSTM(8, 16, batch_first=True)", after, lines)
    assert written(marks, recurrent.gated(whole, layer, 500)) == expected


def test_a_gru_keeps_its_state() -> None:
    called = "        out, self.h = «c:self.rnn(x, self.h)»"
    marks, whole, layer = recurrence("self.rnn = «r:nn.RNN(8, 16, 1, 'tanh', True)»", called)
    expected = text(
        "self.rnn = nn.GRU(8, 16, 1, True)", called, GATES.format(parts="zero, keep, zero")
    )
    assert written(marks, recurrent.gated(whole, layer, 500, "gru")) == expected


def test_the_gates_of_several_layers_are_set_in_a_loop() -> None:
    marks, whole, layer = recurrence("self.rnn = «r:nn.RNN(8, 16, num_layers=n)»")
    fixed = written(marks, recurrent.gated(whole, layer, 100)) or ""
    assert "nn.LSTM(8, 16, num_layers=n)" in fixed
    assert '                if "bias_ih" in name:\n                    parameter.copy_(' in fixed


@pytest.mark.parametrize(
    "called",
    [
        "        out, self.h = «c:self.rnn(x, self.h)»",
        "        out, h = «c:self.rnn(x, h)»",
        "        out = «c:self.rnn(x)»\n        out = out[0]",
        "        (out, h), more = «c:self.rnn(x)», 1",
    ],
)
def test_a_state_that_is_not_understood_is_not_touched(called: str) -> None:
    _, whole, layer = recurrence(SINGLE, called)
    assert recurrent.gated(whole, layer, 500) is None


@pytest.mark.parametrize(
    "built", ["rnns.append(«r:nn.RNN(8, 16)»)", "self.rnn = «r:nn.RNN(*sizes)»"]
)
def test_a_layer_without_a_name_is_not_touched(built: str) -> None:
    _, whole, layer = recurrence(built)
    rewrites = [recurrent.identity(whole, layer), recurrent.gated(whole, layer, 9, "gru")]
    assert rewrites == [None, None]
