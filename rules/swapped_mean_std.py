"""GRD305: a mean where a standard deviation is meant."""

from __future__ import annotations

from collections.abc import Iterator

from gradlint.graph import Op
from gradlint.model import Model
from gradlint.profile import Profile
from gradlint.rewrites.remedies import for_depth
from gradlint.rewrites.swapped import mean_only, swap
from gradlint.rule import Bad, Cause, Good, Match, Rewrite, Rule, Severity, Verdict
from gradlint.span import Span

_SICK = """\
import torch
from torch import nn


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.hidden = nn.ModuleList([nn.Linear(64, 64) for _ in range(6)])
        self.out = nn.Linear(64, 4)
        for layer in self.hidden:
            «nn.init.normal_(layer.weight, 0.1)»

    def forward(self, x):
        for layer in self.hidden:
            x = torch.relu(layer(x))
        return self.out(x)
"""
_HEALED = _SICK.replace(
    "«nn.init.normal_(layer.weight, 0.1)»", "nn.init.normal_(layer.weight, 0.0, 0.1)"
)
_HEALTHY = """\
import torch
from torch import nn


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.hidden = nn.ModuleList([nn.Linear(64, 64) for _ in range(6)])
        self.out = nn.Linear(64, 4)
        for layer in self.hidden:
            nn.init.normal_(layer.weight, std=0.1)

    def forward(self, x):
        for layer in self.hidden:
            x = torch.relu(layer(x))
        return self.out(x)
"""
_CLEARED = '''\
import torch
from torch import nn


class Normalised(nn.Module):
    """A normalisation takes the scale out again: the slip does no harm."""

    def __init__(self):
        super().__init__()
        self.hidden = nn.ModuleList([nn.Linear(64, 64) for _ in range(6)])
        self.norms = nn.ModuleList([nn.LayerNorm(64) for _ in range(6)])
        self.out = nn.Linear(64, 4)
        for layer in self.hidden:
            layer.weight.data.normal_(0.02)

    def forward(self, x):
        for layer, norm in zip(self.hidden, self.norms):
            x = torch.relu(norm(layer(x)))
        return self.out(x)
'''


class SwappedMeanStd(Rule):
    """`normal_(w, 0.01)` sets the mean to 0.01, and leaves the standard deviation at 1.

    The first number that `nn.init.normal_`, `trunc_normal_` and `Tensor.normal_` take is the
    mean. Given alone, a small number leaves weights with the gain sqrt(fan_in): twenty-eight
    for an image of MNIST, where 0.28 was meant.

    References:
        Glorot and Bengio (2010), Understanding the difficulty of training deep feedforward
        neural networks.

    Fix safety:
        Another initialisation changes no function, and old checkpoints load. Where the number
        is too small as a standard deviation, a fitting initialisation is offered.

    Known limits:
        Only a number below one that stands alone, without its name, is taken for a slip. Before
        a normalisation it does no harm, and is cleared.
    """

    code = "GRD305"
    name = "swapped-mean-std"
    summary = "a mean where a deviation is meant leaves the weights with a deviation of 1"
    severity = Severity.ERROR
    cause = Cause.BROKEN

    min_gain = 2.0  # He's initialisation has 1.41
    max_growth = 1.0
    max_scale = 3.0

    examples = (
        Bad(code=_SICK, fixed=_HEALED),
        Good(code=_HEALTHY),
        Good(code=_CLEARED, matches=True),
    )

    def match(self, model: Model) -> Iterator[Match]:
        """Layers of the path whose initialisation is given a small mean alone."""
        found = _found(model)
        if found:
            span = found[0][1]
            number = mean_only(model, span)
            message = f"{number} is the mean here, and the standard deviation stays 1"
            ops = tuple(op for op, _ in found)
            yield Match(span, ops, message, f"mean {number}, standard deviation 1")

    def confirm(self, match: Match, profile: Profile) -> Verdict:
        """The layers' gain is large, and the gradient or the output explodes."""
        return profile.oversized(match.ops, self.min_gain, self.max_growth, self.max_scale)

    def rewrites(self, match: Match, model: Model) -> Iterator[Rewrite]:
        """The number as the standard deviation, or else the remedies against lost depth."""
        swapped = swap(model, dict.fromkeys(span for _, span in _found(model)))
        if swapped is not None:
            yield swapped
        yield from for_depth(model)


def _found(model: Model) -> list[tuple[Op, Span]]:
    return [
        (op, weight.init.span)
        for op in model.graph.layers()
        for weight in model.graph.weights_of(op)
        if weight.init and weight.init.span and not weight.init.default
        if mean_only(model, weight.init.span)
    ]
