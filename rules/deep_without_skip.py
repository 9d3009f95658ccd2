"""GRD401: a deep path that nothing by-passes."""

from __future__ import annotations

from collections.abc import Iterator

from gradlint.model import Model
from gradlint.profile import Profile
from gradlint.rewrites.remedies import for_depth
from gradlint.rule import Bad, Cause, Good, Match, Rewrite, Rule, Severity, Verdict

_SICK = """\
import torch
from torch import nn


class Block(nn.Module):
    def __init__(self, width):
        super().__init__()
        self.fc = «nn.Linear(width, width)»
        self.norm = nn.BatchNorm1d(width)

    def forward(self, x):
        return torch.relu(self.norm(self.fc(x)))


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.body = nn.Sequential(*[Block(32) for _ in range(60)])
        self.out = nn.Linear(32, 4)

    def forward(self, x):
        return self.out(self.body(x))
"""
_HEALED = """\
import torch
from torch import nn


class Block(nn.Module):
    def __init__(self, width):
        super().__init__()
        self.fc = nn.Linear(width, width)
        self.norm = nn.BatchNorm1d(width)

    def forward(self, x):
        return x + torch.relu(self.norm(self.fc(x)))


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.body = nn.Sequential(*[Block(32) for _ in range(60)])
        self.out = nn.Linear(32, 4)

    def forward(self, x):
        return self.out(self.body(x))
"""
_HEALTHY = """\
import torch
from torch import nn


class Block(nn.Module):
    def __init__(self, width):
        super().__init__()
        self.fc = nn.Linear(width, width)
        self.norm = nn.BatchNorm1d(width)

    def forward(self, x):
        return x + torch.relu(self.norm(self.fc(x)))


class Residual(nn.Module):
    def __init__(self):
        super().__init__()
        self.body = nn.Sequential(*[Block(32) for _ in range(60)])
        self.out = nn.Linear(32, 4)

    def forward(self, x):
        return self.out(self.body(x))
"""
_CLEARED = '''\
import torch
from torch import nn


class Block(nn.Module):
    """Through twenty normalised layers the gradient keeps its size within a decade or two."""

    def __init__(self, width):
        super().__init__()
        self.fc = nn.Linear(width, width)
        self.norm = nn.BatchNorm1d(width)

    def forward(self, x):
        return torch.relu(self.norm(self.fc(x)))


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.body = nn.Sequential(*[Block(32) for _ in range(20)])
        self.out = nn.Linear(32, 4)

    def forward(self, x):
        return self.out(self.body(x))
'''


class DeepWithoutSkip(Rule):
    """In a deep network without skip connections every layer is a bottleneck for the gradient.

    Normalisation fixes the size of the signal, not that of the gradient: through BatchNorm
    and ReLU its rms grows by sqrt(pi / (pi - 1)) = 1.21 a layer, a factor of ten thousand in
    fifty. A residual connection gives the gradient a way around each layer.

    References:
        He, Zhang, Ren and Sun (2016), Deep residual learning for image recognition.
        Yang, Pennington, Rao, Sohl-Dickstein and Schoenholz (2019), A mean field theory of
        batch normalization.

    Fix safety:
        A residual connection computes another function: retrain. Without a projection it adds
        no parameters.

    Known limits:
        Skips are added only where a layer keeps its shape.
    """

    code = "GRD401"
    name = "deep-without-skip"
    summary = "a deep path without skip connections loses or blows up the gradient"
    severity = Severity.ERROR
    cause = Cause.ABSENCE

    min_depth = 16
    max_decades = 5.0
    max_collapse = 5.0
    max_growth = 3.5  # decades, however gently they are gained
    max_scale = 3.0

    examples = (
        Bad(code=_SICK, fixed=_HEALED),
        Good(code=_HEALTHY),
        Good(code=_CLEARED, matches=True),
    )

    def match(self, model: Model) -> Iterator[Match]:
        """A path with at least `min_depth` layers and no residual connection."""
        graph = model.graph
        layers = graph.layers()
        if len(layers) < self.min_depth or graph.residual:
            return
        site = graph.commonest_site(layers)
        if site is not None:
            message = f"{len(layers)} layers in a row have no skip connection"
            yield Match(site, layers, message, f"{len(layers)} layers, no way around them")

    def confirm(self, match: Match, profile: Profile) -> Verdict:
        """The gradient is lost, or grows by far, or the output is far out of scale."""
        lost = profile.lost(self.max_decades, self.max_collapse)
        sentence = "the gradient's rms grows by {measured} decades towards the first layer"
        grown = profile.above("growth", self.max_growth, sentence)
        return lost.or_else(grown).or_else(profile.blown_up(self.max_growth, self.max_scale))

    def rewrites(self, match: Match, model: Model) -> Iterator[Rewrite]:
        """The remedies against lost depth."""
        return for_depth(model)
