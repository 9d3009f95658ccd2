"""GRD304: PyTorch's default initialisation in a deep plain stack."""

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
        self.hidden = nn.ModuleList([«nn.Linear(64, 64)» for _ in range(30)])
        self.out = nn.Linear(64, 4)

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
        self.hidden = nn.ModuleList([nn.Linear(64, 64) for _ in range(30)])
        self.out = nn.Linear(64, 4)
        self.apply(self._init_weights)

    @staticmethod
    def _init_weights(module):
        if isinstance(module, nn.Linear):
            nn.init.kaiming_normal_(module.weight, nonlinearity="relu")
            if module.bias is not None:
                nn.init.zeros_(module.bias)

    def forward(self, x):
        for layer in self.hidden:
            x = torch.relu(layer(x))
        return self.out(x)
"""
_CLEARED = '''\
import torch
from torch import nn


class Shallow(nn.Module):
    """Eight layers at the default train."""

    def __init__(self):
        super().__init__()
        self.hidden = nn.ModuleList([nn.Linear(64, 64) for _ in range(8)])
        self.out = nn.Linear(64, 4)

    def forward(self, x):
        for layer in self.hidden:
            x = torch.relu(layer(x))
        return self.out(x)
'''


class DefaultInitInDepth(Rule):
    """PyTorch's default initialisation is made for shallow networks.

    `nn.Linear` and `nn.Conv2d` start with the gain 0.58, for every activation. With ReLU
    the gradient's rms shrinks by 0.41 a layer: thirty layers leave a part in ten to the
    eleven. The biases meanwhile take over, so that the output stops depending on the input
    while its size looks constant.

    References:
        He, Zhang, Ren and Sun (2015), Delving deep into rectifiers.
        Hanin and Rolnick (2018), How to start training: the effect of initialization and
        architecture.

    Fix safety:
        Another initialisation changes no function, and old checkpoints load. Where that does not
        heal, another activation, normalisation or skip connections are offered: retrain.

    Known limits:
        Networks with normalisation or residual connections on the path are not matched.
    """

    code = "GRD304"
    name = "default-init-in-depth"
    summary = "PyTorch's default initialisation shrinks the gradient in a deep plain stack"
    severity = Severity.ERROR
    cause = Cause.GAIN

    min_depth = 8
    max_decades = 5.0
    max_collapse = 5.0

    examples = (
        Bad(code=_SICK, fixed=_HEALED),
        Good(code=_CLEARED, matches=True),
    )

    def match(self, model: Model) -> Iterator[Match]:
        """A plain path with at least `min_depth` layers that nobody initialised."""
        graph = model.graph
        layers = tuple(
            op
            for op in graph.layers()
            if any(weight.init and weight.init.default for weight in graph.weights_of(op))
        )
        if len(layers) < self.min_depth or graph.residual or graph.on_path(Kind.NORM):
            return
        site = graph.commonest_site(layers)
        if site is not None:
            message = f"the gradient vanishes across {len(layers)} layers at PyTorch's default"
            label = f"{len(layers)} layers at the default initialisation"
            yield Match(site, layers, f"{message} initialisation", label)

    def confirm(self, match: Match, profile: Profile) -> Verdict:
        """The gradient is lost, or the output no longer depends on the input."""
        return profile.lost(self.max_decades, self.max_collapse)

    def rewrites(self, match: Match, model: Model) -> Iterator[Rewrite]:
        """The remedies against lost depth."""
        return for_depth(model)
