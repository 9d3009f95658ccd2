"""Which loss a file applies to its model, and what it does to the output before."""

from __future__ import annotations

import pytest

from gradlint.connections import Squash
from gradlint.discovery.losses import Losses
from gradlint.discovery.outline import Outline
from gradlint.probing.floors import dimming, floor
from gradlint.source import Source
from gradlint.span import Span

FILE = """
import torch
import torch.nn as nn
import torch.nn.functional as F


class Net(nn.Module):
    def forward(self, x):
        return x

    def training_step(self, batch):
        x, y = batch
        {step}


class Other(nn.Module):
    pass


class Trainer:
    def __init__(self):
        self.model = Net()
        self.criterion = nn.CrossEntropyLoss()

    def run(self, x, y):
        {trainer}


def train(net, x, y):
    {passed}


def main(x, y):
    model = Net().to("cuda")
    criterion = nn.CrossEntropyLoss().cuda()
    {main}
    train(model, x, y)
"""


def losses(**parts):
    return [(loss.function, loss.squash) for loss in found_in(**parts)]


def found_in(**parts):
    text = FILE.format(**dict.fromkeys(("step", "trainer", "passed", "main"), "pass") | parts)
    return Losses(Outline(Source("net.py", text, filename="/nowhere/net.py"))).of("Net")


@pytest.mark.parametrize(
    ("parts", "squash"),
    [
        ({"main": "criterion(model(x), y)"}, ""),
        (
            {"main": "out = model(x)\n    out = out.squeeze(1)\n    criterion(out.view(-1, 3), y)"},
            "",
        ),
        ({"main": "out = model(x).logits\n    criterion(out, y)"}, ""),
        ({"main": "F.cross_entropy(model.forward(x), y)"}, ""),
        ({"main": "out = F.softmax(model(x), 1)\n    criterion(out, y)"}, "softmax"),
        ({"main": "out = model(x)\n    criterion(out.softmax(dim=1), y)"}, "softmax"),
        ({"main": "m = nn.Softmax(dim=1)\n    criterion(m(model(x)), y)"}, "softmax"),
        ({"main": "criterion(nn.LogSoftmax(1)(model(x)), y)"}, "log_softmax"),
        ({"step": "F.cross_entropy(self(x), y)"}, ""),
        ({"trainer": "self.criterion(self.model(x), y)"}, ""),
        ({"passed": "F.cross_entropy(torch.softmax(net(x), 1), y)"}, "softmax"),
    ],
)
def test_the_loss_of_a_model_is_found_with_what_squashes_it_before(parts, squash):
    assert losses(**parts) == [("cross_entropy", squash)]


@pytest.mark.parametrize(
    ("main", "position"),
    [
        ("criterion(model(x), y)", None),
        ("out, more = model(x)\n    criterion(more, y)", 1),
        ("criterion(model(x)[0], y)", 0),
        ("out = model(x)\n    criterion(out[1].view(-1), y)", 1),
    ],
)
def test_of_several_outputs_the_one_that_the_loss_takes_is_told(main, position):
    (loss,) = found_in(main=main)

    assert loss.position == position


@pytest.mark.parametrize(
    "parts",
    [
        {"main": "nn.NLLLoss()(model(x), y)"},
        {"main": "out = torch.log(model(x))\n    criterion(out, y)"},
        {"main": "criterion(Other()(x), y)"},
        {"main": "model = Other()\n    criterion(model(x), y)"},
        {"main": "criterion = nn.MSELoss()\n    criterion(model(x), y)"},
        {"passed": "loss(net(x), y)"},
    ],
)
def test_what_is_no_loss_of_logits_or_of_another_model_is_left_out(parts):
    assert losses(**parts) == []


@pytest.mark.parametrize(
    ("name", "function", "classes", "lowest"),
    [
        ("softmax", "cross_entropy", 10, 1.4612),
        ("sigmoid", "cross_entropy", 10, 1.4612),
        ("log_softmax", "cross_entropy", 10, 0.0),
        ("sigmoid", "binary_cross_entropy_with_logits", 1, 0.5032),
    ],
)
def test_the_floor_is_the_loss_of_a_perfect_answer(name, function, classes, lowest):
    squash = Squash(name, function, 0, Span("net.py", 1, 1, 1, 2), True, classes)

    assert floor([squash]) == pytest.approx(lowest, abs=1e-3)
    assert dimming([squash]) == pytest.approx(1.0) or lowest


def test_the_gradient_behind_a_softmax_is_smaller_by_the_number_of_classes():
    squash = Squash("softmax", "cross_entropy", 0, Span("net.py", 1, 1, 1, 2), True, 10)

    assert dimming([squash]) == pytest.approx(10, rel=0.1)
