"""Which calls give a mean where a standard deviation is meant."""

from __future__ import annotations

import pytest
import torch
from workbench import bench

from gradlint.registry import rules

(RULE,) = [rule for rule in rules() if rule.name == "swapped-mean-std"]
NET = """
from torch.nn.init import normal_


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.fc = nn.Linear(4, 4)
        self.out = nn.Linear(4, 4)
        {init}

    def forward(self, x):
        return self.out(torch.relu(self.fc(x)))
"""


def matches(init):
    model = bench(NET.format(init=init)).model(torch.randn(8, 4))
    return model, list(RULE.match(model))


@pytest.mark.parametrize(
    ("init", "swapped"),
    [
        ("nn.init.normal_(self.fc.weight, 0.01)", "nn.init.normal_(self.fc.weight, 0.0, 0.01)"),
        ("normal_(self.fc.weight, 1e-3)", "normal_(self.fc.weight, 0.0, 1e-3)"),
        ("nn.init.trunc_normal_(self.fc.weight, .02)", "trunc_normal_(self.fc.weight, 0.0, .02)"),
        ("self.fc.weight.data.normal_(0.02)", "self.fc.weight.data.normal_(0.0, 0.02)"),
    ],
)
def test_a_small_number_alone_is_a_mean_and_becomes_the_deviation(init, swapped):
    model, found = matches(init)

    (match,) = found
    rewrite = next(iter(RULE.rewrites(match, model)))
    source = model.source(match.span)
    assert swapped in source.edited(rewrite.edits).text


@pytest.mark.parametrize(
    "init",
    [
        "nn.init.normal_(self.fc.weight)",
        "nn.init.normal_(self.fc.weight, 0.0)",
        "nn.init.normal_(self.fc.weight, 0, 0.01)",
        "nn.init.normal_(self.fc.weight, 0.01, 0.02)",
        "nn.init.normal_(self.fc.weight, mean=0.01)",
        "nn.init.normal_(self.fc.weight, std=0.01)",
        "nn.init.normal_(self.fc.weight, 1.0)",
        "nn.init.normal_(self.fc.bias, 0.01)",
        "nn.init.uniform_(self.fc.weight, 0.01)",
        "self.fc.weight.data.normal_(0.0, 0.02)",
        "self.fc.weight.data.fill_(0.02)",
    ],
)
def test_what_names_its_numbers_or_gives_both_is_left_alone(init):
    assert matches(init)[1] == []
