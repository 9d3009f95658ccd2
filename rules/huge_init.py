"""GRD303: weights so large that the signal or the gradient explodes."""

from __future__ import annotations

from collections.abc import Iterator

from gradlint.model import Model
from gradlint.profile import Profile
from gradlint.rewrites.remedies import for_depth
from gradlint.rule import Bad, Cause, Good, Match, Rewrite, Rule, Severity, Verdict

_SICK = """\
import torch
from torch import nn


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.hidden = nn.ModuleList([nn.Linear(64, 64) for _ in range(12)])
        self.out = nn.Linear(64, 4)
        for layer in self.hidden:
            «layer.weight.data.normal_(0, 1)»

    def forward(self, x):
        for layer in self.hidden:
            x = torch.tanh(layer(x))
        return self.out(x)
"""
_HEALED = """\
import torch
from torch import nn


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.hidden = nn.ModuleList([nn.Linear(64, 64) for _ in range(12)])
        self.out = nn.Linear(64, 4)
        for layer in self.hidden:
            nn.init.xavier_uniform_(layer.weight)

    def forward(self, x):
        for layer in self.hidden:
            x = torch.tanh(layer(x))
        return self.out(x)
"""
_CLEARED = '''\
import torch
from torch import nn


class Normalised(nn.Module):
    """A normalisation takes the scale out again."""

    def __init__(self):
        super().__init__()
        self.hidden = nn.ModuleList([nn.Linear(64, 64) for _ in range(6)])
        self.norm = nn.ModuleList([nn.LayerNorm(64) for _ in range(6)])
        self.out = nn.Linear(64, 4)
        for layer in self.hidden:
            nn.init.normal_(layer.weight)

    def forward(self, x):
        for layer, norm in zip(self.hidden, self.norm):
            x = torch.relu(norm(layer(x)))
        return self.out(x)
'''


class HugeInit(Rule):
    """Weights that start far too large make signal and gradient explode.

    `normal_()` without a standard deviation has the gain sqrt(fan_in): eleven for a layer of
    128 inputs, and eight of them multiply to a hundred million. Saturating activations keep
    the signal bounded and let the gradient explode all the same.

    References:
        Glorot and Bengio (2010), Understanding the difficulty of training deep feedforward
        neural networks.
        Poole, Lahiri, Raghu, Sohl-Dickstein and Ganguli (2016), Exponential expressivity in
        deep neural networks through transient chaos.

    Fix safety:
        Another initialisation changes no function, and old checkpoints load. Where that does not
        heal, another activation, normalisation or skip connections are offered: retrain.

    Known limits:
        Large weights before a normalisation are harmless, and are cleared.
    """

    code = "GRD303"
    name = "huge-init"
    summary = "weights that start far too large make the gradient explode"
    severity = Severity.ERROR
    cause = Cause.GAIN

    min_gain = 2.0  # He's initialisation has 1.41
    max_growth = 1.0
    max_scale = 3.0

    examples = (
        Bad(code=_SICK, fixed=_HEALED),
        Good(code=_CLEARED, matches=True),
    )

    def match(self, model: Model) -> Iterator[Match]:
        """Hidden layers of the path whose weights the author initialised."""
        written = model.graph.written_by_author(gain_above=self.min_gain)
        span = model.graph.commonest_init(written)
        if span is not None:
            message = f"the weights of {len(written)} layers start far too large"
            yield Match(span, written, message, f"the start of {len(written)} layers")

    def cleared_at_rest(self, match: Match, profile: Profile) -> bool:
        """The layers' gain is ordinary."""
        return profile.gain_of(match.ops) < self.min_gain

    def confirm(self, match: Match, profile: Profile) -> Verdict:
        """The layers' gain is large, and the gradient or the output explodes."""
        return profile.oversized(match.ops, self.min_gain, self.max_growth, self.max_scale)

    def rewrites(self, match: Match, model: Model) -> Iterator[Rewrite]:
        """The remedies against lost depth."""
        return for_depth(model)
