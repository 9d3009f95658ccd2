"""GRD302: weights so small that the signal dies."""

from __future__ import annotations

from collections.abc import Iterator

from gradlint.model import Model
from gradlint.profile import Profile
from gradlint.rewrites.remedies import for_depth
from gradlint.rule import Bad, Cause, Good, Match, Rewrite, Rule, Severity, Verdict

_SICK = """\
import torch
from torch import nn


def init_weights(module):
    if isinstance(module, nn.Linear):
        «nn.init.normal_(module.weight, std=0.01)»


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.hidden = nn.ModuleList([nn.Linear(64, 64) for _ in range(10)])
        self.out = nn.Linear(64, 4)
        self.apply(init_weights)

    def forward(self, x):
        for layer in self.hidden:
            x = torch.relu(layer(x))
        return self.out(x)
"""
_HEALED = """\
import torch
from torch import nn


def init_weights(module):
    if isinstance(module, nn.Linear):
        nn.init.kaiming_normal_(module.weight, nonlinearity="relu")


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.hidden = nn.ModuleList([nn.Linear(64, 64) for _ in range(10)])
        self.out = nn.Linear(64, 4)
        self.apply(init_weights)

    def forward(self, x):
        for layer in self.hidden:
            x = torch.relu(layer(x))
        return self.out(x)
"""
_CLEARED = '''\
import torch
from torch import nn


class Normalised(nn.Module):
    """After a normalisation the size of the weights before it does not matter."""

    def __init__(self):
        super().__init__()
        self.hidden = nn.ModuleList([nn.Linear(64, 64) for _ in range(6)])
        self.norms = nn.ModuleList([nn.BatchNorm1d(64) for _ in range(6)])
        self.out = nn.Linear(64, 4)
        for layer in self.hidden:
            nn.init.normal_(layer.weight, std=0.02)

    def forward(self, x):
        for layer, norm in zip(self.hidden, self.norms):
            x = torch.relu(norm(layer(x)))
        return self.out(x)
'''


class TinyInit(Rule):
    """Weights that start far too small shrink signal and gradient in every layer.

    A linear layer multiplies the size of its signal by its gain, std(W) * sqrt(fan_in).
    `normal_(std=0.01)` on a layer of 128 inputs has the gain 0.11: ten such layers leave
    a few parts in ten billion of the input, and of the gradient.

    References:
        Glorot and Bengio (2010), Understanding the difficulty of training deep feedforward
        neural networks.
        He, Zhang, Ren and Sun (2015), Delving deep into rectifiers.

    Fix safety:
        Another initialisation changes no function, and old checkpoints load. Where that does not
        heal, another activation, normalisation or skip connections are offered: retrain.

    Known limits:
        Small weights before a normalisation, or at the end of a residual branch, are harmless,
        and are cleared.
    """

    code = "GRD302"
    name = "tiny-init"
    summary = "weights that start far too small make the signal die"
    severity = Severity.ERROR
    cause = Cause.GAIN

    max_gain = 0.5  # PyTorch's own default is 0.58
    max_decades = 5.0
    max_collapse = 5.0

    examples = (
        Bad(code=_SICK, fixed=_HEALED),
        Good(code=_CLEARED, matches=True),
    )

    def match(self, model: Model) -> Iterator[Match]:
        """Hidden layers of the path whose weights the author initialised."""
        written = model.graph.written_by_author(gain_below=self.max_gain)
        span = model.graph.commonest_init(written)
        if span is not None:
            message = f"the weights of {len(written)} layers start far too small"
            yield Match(span, written, message, f"the start of {len(written)} layers")

    def cleared_at_rest(self, match: Match, profile: Profile) -> bool:
        """The layers' gain is ordinary."""
        return profile.gain_of(match.ops) > self.max_gain

    def confirm(self, match: Match, profile: Profile) -> Verdict:
        """The layers' gain is small, and the gradient is lost."""
        if self.cleared_at_rest(match, profile):
            return profile.cleared("gain", profile.gain_of(match.ops), self.max_gain)
        return profile.lost(self.max_decades, self.max_collapse)

    def rewrites(self, match: Match, model: Model) -> Iterator[Rewrite]:
        """The remedies against lost depth."""
        return for_depth(model)
