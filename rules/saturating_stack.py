"""GRD101: sigmoid-like activations in a row."""

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
        self.hidden = nn.ModuleList([nn.Linear(32, 32) for _ in range(12)])
        self.out = nn.Linear(32, 4)

    def forward(self, x):
        for layer in self.hidden:
            x = «torch.sigmoid(layer(x))»
        return self.out(x)
"""
_HEALED = """\
import torch
from torch import nn


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.hidden = nn.ModuleList([nn.Linear(32, 32) for _ in range(12)])
        self.out = nn.Linear(32, 4)
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
_HEALTHY = '''\
import torch
from torch import nn


class Net(nn.Module):
    """Three sigmoid layers keep enough of the gradient."""

    def __init__(self):
        super().__init__()
        self.hidden = nn.ModuleList([nn.Linear(32, 32) for _ in range(3)])
        self.out = nn.Linear(32, 4)

    def forward(self, x):
        for layer in self.hidden:
            x = torch.sigmoid(layer(x))
        return self.out(x)
'''
_HEALTHY_2 = '''\
import torch
from torch import nn


class Gated(nn.Module):
    """A sigmoid that gates another branch lets the gradient pass beside it."""

    def __init__(self):
        super().__init__()
        self.values = nn.ModuleList([nn.Linear(32, 32) for _ in range(6)])
        self.gates = nn.ModuleList([nn.Linear(32, 32) for _ in range(6)])

    def forward(self, x):
        for value, gate in zip(self.values, self.gates):
            x = x + value(x) * torch.sigmoid(gate(x))
        return x
'''
_CLEARED = '''\
import torch
from torch import nn


class Pinn(nn.Module):
    """Xavier's initialisation is the critical one for tanh."""

    def __init__(self):
        super().__init__()
        self.hidden = nn.ModuleList([nn.Linear(32, 32) for _ in range(8)])
        self.out = nn.Linear(32, 1)
        for layer in self.hidden:
            nn.init.xavier_normal_(layer.weight)

    def forward(self, x):
        for layer in self.hidden:
            x = torch.tanh(layer(x))
        return self.out(x)
'''


class SaturatingStack(Rule):
    """Saturating activations in a row multiply slopes below one.

    The gradient that reaches the first layer is a product with one slope an activation.
    The sigmoid's slope is 1/4 at most, and with PyTorch's default initialisation the
    gradient's rms shrinks by 0.14 a layer: twelve layers leave a part in ten billion.
    The last layers learn, the first ones never move.

    References:
        Bengio, Simard and Frasconi (1994), Learning long-term dependencies with gradient
        descent is difficult.
        Glorot and Bengio (2010), Understanding the difficulty of training deep feedforward
        neural networks.

    Fix safety:
        ReLU computes another function: retrain. Old checkpoints load, and mean something else.

    Known limits:
        A sigmoid that gates another branch, or that ends the model, is not part of a stack.
        A stack inside a residual branch is not reported.
    """

    code = "GRD101"
    name = "saturating-stack"
    summary = "saturating activations in a row shrink the gradient"
    severity = Severity.ERROR
    cause = Cause.SLOPE

    min_depth = 4  # shorter stacks lose less than five decades
    max_decades = 5.0
    max_collapse = 5.0

    examples = (
        Bad(code=_SICK, fixed=_HEALED),
        Good(code=_HEALTHY),
        Good(code=_HEALTHY_2),
        Good(code=_CLEARED, matches=True),
    )

    def match(self, model: Model) -> Iterator[Match]:
        """A path with at least `min_depth` saturating activations."""
        stack = [op for op in model.graph.activations() if op.kind is Kind.SATURATING]
        if len(stack) < self.min_depth or stack[0].site is None:
            return
        names = " and ".join(sorted({op.name for op in stack}))
        yield Match(
            stack[0].site,
            tuple(stack),
            f"the gradient vanishes across {len(stack)} {names} activations",
            f"first of {len(stack)}",
        )

    def confirm(self, match: Match, profile: Profile) -> Verdict:
        """The gradient is lost, or the output no longer depends on the input."""
        return profile.lost(self.max_decades, self.max_collapse)

    def rewrites(self, match: Match, model: Model) -> Iterator[Rewrite]:
        """The remedies against lost depth."""
        return for_depth(model)
