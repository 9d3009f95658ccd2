"""Where the way of the gradient is cut: confirmed, possibly meant, and not cut at all."""

from __future__ import annotations

import pytest

from gradlint.discovery.targets import discover
from gradlint.job import Job
from gradlint.registry import rules
from gradlint.rule import State
from gradlint.source import Source
from gradlint.worker import reports

NET = """
import numpy as np
import torch
import torch.nn.functional as F
from torch import nn


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.fc1 = nn.Linear(16, 32)
        self.fc2 = nn.Linear(32, 32)
        self.out = nn.Linear(32, 4)
        {init}

    def forward(self, x):
        h = torch.relu(self.fc2(torch.relu(self.fc1(x))))
        {cut}
        return self.out(h)
"""


def states(tmp_path, code):
    path = tmp_path / "net.py"
    path.write_text(code)
    source = Source.read(str(path))
    (target,) = discover(source)
    ours = tuple(rule for rule in rules() if rule.name == "cut-path")
    *_, report = reports(Job(source, target, ours, 0, "cpu", False, 60, 8))
    return [(finding.state, source.text_of(finding.span)) for finding in report.findings]


def net(cut, init="pass"):
    return NET.format(cut=cut.replace("\n", "\n        "), init=init.replace("\n", "\n        "))


@pytest.mark.parametrize(
    ("cut", "where"),
    [
        ("h = h.detach()", "h.detach()"),
        ("h = h.data", "h.data"),
        ("h = h.clone().detach().requires_grad_()", "h.clone().detach()"),
        ("h = torch.from_numpy(h.detach().numpy() * 2)", "h.detach()"),
        ("h = torch.tensor([[v.item() for v in row] for row in h])", "v.item()"),
        ("h = torch.tensor(h.tolist())", "h.tolist()"),
        ("h = torch.round(h)", "torch.round(h)"),
        ("h = h.sign()", "h.sign()"),
        ("h = h.long().float()", "h.long()"),
        ("h = F.one_hot(h.argmax(1), 32).float()", "h.argmax(1)"),
        ("h = (h > 0.1).float()", "h > 0.1"),
        ("with torch.no_grad():\n    h = torch.relu(h)", "torch.relu(h)"),
    ],
)
def test_a_cut_across_the_whole_path_is_confirmed_where_it_is_made(tmp_path, cut, where):
    assert states(tmp_path, net(cut)) == [(State.CONFIRMED, where)]


@pytest.mark.parametrize(
    ("cut", "init"),
    [
        ("if self.frozen:\n    h = h.detach()", "self.frozen = True"),
        ("h = h.detach()  # the backbone is frozen", "pass"),
        ("h = h.detach() + self.skip(x)", "self.skip = nn.Linear(16, 32)"),
        ("h = h.detach()", "self.optimizer = torch.optim.Adam(self.fc1.parameters())"),
    ],
    ids=["condition", "comment", "another route", "trains itself"],
)
def test_a_cut_that_may_be_meant_is_unproven(tmp_path, cut, init):
    assert [state for state, _ in states(tmp_path, net(cut, init))] == [State.UNPROVEN]


@pytest.mark.parametrize(
    ("cut", "init"),
    [
        ("self.seen = h.detach()", "pass"),
        ("h = h + (torch.sign(h) - h).detach()", "pass"),
        ("h = h / h.detach().std()", "pass"),
        ("h = h * (h > 0)", "pass"),
        ("h = h[torch.randperm(len(h))]", "pass"),
        ("h = h.detach()", "self.fc1.requires_grad_(False)\nself.fc2.requires_grad_(False)"),
        ("if h.mean().item() > 9: h = -h", "pass"),
        ("return self.out(h).detach()", "pass"),
        ("return self.out(h).argmax(1)", "pass"),
    ],
)
def test_what_lets_the_gradient_through_or_only_predicts_is_no_cut(tmp_path, cut, init):
    assert State.CONFIRMED not in [state for state, _ in states(tmp_path, net(cut, init))]


def test_a_target_network_beside_its_copy_is_not_confirmed(tmp_path):
    code = """
import copy
import torch
from torch import nn


class Bootstrap(nn.Module):
    def __init__(self):
        super().__init__()
        self.online = nn.Sequential(nn.Linear(16, 32), nn.ReLU(), nn.Linear(32, 8))
        self.slow = copy.deepcopy(self.online)
        self.predictor = nn.Linear(8, 8)

    def forward(self, x):
        with torch.no_grad():
            wanted = self.slow(x)
        return ((self.predictor(self.online(x)) - wanted) ** 2).mean()
"""
    assert State.CONFIRMED not in [state for state, _ in states(tmp_path, code)]


def test_a_backbone_that_is_given_may_be_trained_elsewhere(tmp_path):
    code = """
import torch
from torch import nn


class Probe(nn.Module):
    def __init__(self, body):
        super().__init__()
        self.body = body
        self.out = nn.Linear(32, 4)

    def forward(self, x):
        return self.out(self.body(x).detach())


model = Probe(nn.Sequential(nn.Linear(16, 32), nn.ReLU()))
"""
    assert [state for state, _ in states(tmp_path, code)] == [State.UNPROVEN]
