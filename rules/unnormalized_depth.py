"""GRD201: many layers and no normalisation between them."""

from __future__ import annotations

from collections.abc import Iterator

from gradlint.kinds import Kind
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
        self.hidden = nn.ModuleList([«nn.Linear(32, 32)» for _ in range(48)])
        self.out = nn.Linear(32, 4)
        for layer in self.hidden:
            nn.init.xavier_normal_(layer.weight)

    def forward(self, x):
        for layer in self.hidden:
            x = torch.relu(layer(x))
        return self.out(x)
"""
_HEALED = """\
import torch
from torch import nn


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.hidden = nn.ModuleList([nn.Linear(32, 32) for _ in range(48)])
        self.out = nn.Linear(32, 4)
        for layer in self.hidden:
            nn.init.kaiming_normal_(layer.weight, nonlinearity="relu")

    def forward(self, x):
        for layer in self.hidden:
            x = torch.relu(layer(x))
        return self.out(x)
"""
_HEALTHY = """\
import torch
from torch import nn


class Normalised(nn.Module):
    def __init__(self):
        super().__init__()
        self.hidden = nn.Sequential(
            *[nn.Sequential(nn.Linear(32, 32), nn.BatchNorm1d(32), nn.ReLU()) for _ in range(12)]
        )
        self.out = nn.Linear(32, 4)

    def forward(self, x):
        return self.out(self.hidden(x))
"""
_CLEARED = '''\
import torch
from torch import nn


class Fitting(nn.Module):
    """He's initialisation fits ReLU: thirty layers keep the gradient."""

    def __init__(self):
        super().__init__()
        self.hidden = nn.ModuleList([nn.Linear(64, 64) for _ in range(30)])
        self.out = nn.Linear(64, 4)
        for layer in self.hidden:
            nn.init.kaiming_normal_(layer.weight, nonlinearity="relu")

    def forward(self, x):
        for layer in self.hidden:
            x = torch.relu(layer(x))
        return self.out(x)
'''


class UnnormalizedDepth(Rule):
    """Without normalisation every layer's gain multiplies the ones before it.

    A gain that is off by a third is invisible in one layer and a factor of ten thousand in
    thirty. Normalisation between the layers removes the gain from the product.

    References:
        Ioffe and Szegedy (2015), Batch normalization: accelerating deep network training by
        reducing internal covariate shift.
        Schoenholz, Gilmer, Ganguli and Sohl-Dickstein (2017), Deep information propagation.

    Fix safety:
        Normalisation adds parameters and makes the output depend on the batch (BatchNorm):
        retrain. An initialisation alone changes no function.

    Known limits:
        Depth is healthy without normalisation where the initialisation fits the activation;
        such networks are matched, measured and cleared.
    """

    code = "GRD201"
    name = "unnormalized-depth"
    summary = "many layers without normalisation multiply their gains"
    severity = Severity.ERROR
    cause = Cause.ABSENCE

    min_depth = 8
    max_decades = 5.0
    max_collapse = 5.0
    max_growth = 1.0
    max_scale = 3.0

    examples = (
        Bad(code=_SICK, fixed=_HEALED),
        Good(code=_HEALTHY),
        Good(code=_CLEARED, matches=True),
    )

    def match(self, model: Model) -> Iterator[Match]:
        """A plain path with at least `min_depth` layers and no normalisation on it."""
        graph = model.graph
        layers = graph.layers()
        if len(layers) < self.min_depth or graph.residual or graph.on_path(Kind.NORM):
            return
        site = graph.commonest_site(layers)
        if site is not None:
            message = f"{len(layers)} layers without normalisation multiply their gains"
            yield Match(site, layers, message, f"{len(layers)} layers, no normalisation")

    def confirm(self, match: Match, profile: Profile) -> Verdict:
        """The gradient is lost or grows, or the output is far out of scale."""
        lost = profile.lost(self.max_decades, self.max_collapse)
        return lost.or_else(profile.blown_up(self.max_growth, self.max_scale))

    def rewrites(self, match: Match, model: Model) -> Iterator[Rewrite]:
        """The remedies against lost depth."""
        return for_depth(model)
