"""GRD403: the way of the gradient to the layers before a place is cut."""

from __future__ import annotations

from collections.abc import Iterator

from gradlint.model import Model
from gradlint.profile import Profile
from gradlint.rewrites.joining import join
from gradlint.rule import Bad, Cause, Good, Match, Rewrite, Rule, Severity, Verdict

_SICK = """\
import torch
from torch import nn


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.fc1 = nn.Linear(16, 32)
        self.fc2 = nn.Linear(32, 32)
        self.out = nn.Linear(32, 4)

    def forward(self, x):
        x = torch.relu(self.fc1(x))
        x = torch.relu(self.fc2(x))
        return self.out(«x.detach()»)
"""
_HEALED = _SICK.replace("«x.detach()»", "x")
_HEALTHY = '''\
import torch
from torch import nn


class Quantised(nn.Module):
    """A straight-through estimator rounds forward and passes the gradient on."""

    def __init__(self):
        super().__init__()
        self.encoder = nn.Linear(16, 32)
        self.decoder = nn.Linear(32, 4)

    def forward(self, x):
        code = 4 * torch.tanh(self.encoder(x))
        code = code + (torch.round(code) - code).detach()
        return self.decoder(code)
'''
_CLEARED = '''\
import torch
from torch import nn


class Round(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x):
        return torch.round(x)

    @staticmethod
    def backward(ctx, gradient):
        return gradient


class Net(nn.Module):
    """The step has a gradient of its own, which passes."""

    def __init__(self):
        super().__init__()
        self.encoder = nn.Linear(16, 32)
        self.decoder = nn.Linear(32, 4)

    def forward(self, x):
        return self.decoder(Round.apply(4 * torch.tanh(self.encoder(x))))
'''


class CutPath(Rule):
    """What comes before a cut is never trained.

    `detach()`, `.data`, `no_grad()`, a way through numpy or `item()`, an integer cast and
    `argmax` end the graph; `round`, `floor` and `sign` pass a gradient of zero. If everything
    that comes from the input passes such a place, only the layers behind it learn.

    References:
        Bengio, Leonard and Courville (2013), Estimating or propagating gradients through
        stochastic neurons for conditional computation (the straight-through estimator).
        Jang, Gu and Poole (2017), Categorical reparameterization with Gumbel-softmax.

    Fix safety:
        Without `detach()` and `.data` the same is computed, and more is trained. What cannot be
        differentiated (a step, `argmax`) needs another function: there is no edit for it.

    Known limits:
        Only what cuts off everything before it is confirmed. A cut beside another route (target
        networks, codebooks), under a condition, of a part in eval mode, or one whose names or
        comments say that it is meant, is unproven. A model whose outputs have no gradient at
        all is taken for one that only predicts.
    """

    code = "GRD403"
    name = "cut-path"
    summary = "detach, numpy, argmax or rounding cut the gradient off in forward"
    severity = Severity.WARNING
    cause = Cause.BROKEN

    examples = (
        Bad(code=_SICK, fixed=_HEALED),
        Good(code=_HEALTHY),
        Good(code=_CLEARED, matches=True),
    )

    def match(self, model: Model) -> Iterator[Match]:
        """The cut that leaves most parameters without a way to the outputs."""
        for cut in model.cuts[:1]:
            message = f"{_NAMES.get(cut.name, cut.name)} cuts the gradient off from what is before"
            op = model.graph.ops[cut.index]
            label = f"nothing before it is trained: {len(cut.parameters)} parameters"
            yield Match(cut.span, (op,), message, label, cut.parameters, cut.doubt)

    def confirm(self, match: Match, profile: Profile) -> Verdict:
        """No gradient reaches them, and an output changes with them all the same."""
        return profile.cut_off(match.parameters)

    def rewrites(self, match: Match, model: Model) -> Iterator[Rewrite]:
        """The same without the cuts."""
        joined = join(model, model.cuts)
        if joined is not None:
            yield joined


_NAMES = {"data": ".data", "detach": "detach()", "item": "item()", "no_grad": "no_grad()"}
