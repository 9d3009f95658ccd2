"""GRD301: every unit of a layer starts with the same weights."""

from __future__ import annotations

from collections.abc import Iterator

from gradlint.model import Model
from gradlint.profile import Profile
from gradlint.rewrites.remedies import for_depth
from gradlint.rule import Bad, Cause, Good, Match, Rewrite, Rule, Rung, Severity, Verdict

_CONSTANT = frozenset(
    {"constant_", "zeros_", "ones_", "fill_", "zero_", "zeros", "ones", "full", "__set__", "copy_"}
)

_SICK = """\
import torch
from torch import nn


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.fc1 = nn.Linear(16, 32)
        self.fc2 = nn.Linear(32, 32)
        self.fc3 = nn.Linear(32, 4)
        for layer in (self.fc1, self.fc2, self.fc3):
            «nn.init.constant_(layer.weight, 0.1)»
            nn.init.zeros_(layer.bias)

    def forward(self, x):
        x = torch.relu(self.fc1(x))
        x = torch.relu(self.fc2(x))
        return self.fc3(x)
"""
_HEALED = """\
import torch
from torch import nn


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.fc1 = nn.Linear(16, 32)
        self.fc2 = nn.Linear(32, 32)
        self.fc3 = nn.Linear(32, 4)
        for layer in (self.fc1, self.fc2, self.fc3):
            nn.init.kaiming_normal_(layer.weight, nonlinearity="relu")
            nn.init.zeros_(layer.bias)

    def forward(self, x):
        x = torch.relu(self.fc1(x))
        x = torch.relu(self.fc2(x))
        return self.fc3(x)
"""
_HEALTHY = '''\
import torch
from torch import nn


class Policy(nn.Module):
    """The last layer may start at zero: its units receive different gradients."""

    def __init__(self):
        super().__init__()
        self.fc1 = nn.Linear(16, 32)
        self.fc2 = nn.Linear(32, 4)
        nn.init.zeros_(self.fc2.weight)

    def forward(self, x):
        return self.fc2(torch.relu(self.fc1(x)))
'''
_CLEARED = '''\
import torch
from torch import nn


class ZeroInit(nn.Module):
    """Residual branches that start at zero come alive with the first update."""

    def __init__(self):
        super().__init__()
        self.inner = nn.ModuleList([nn.Linear(32, 32) for _ in range(4)])
        self.outer = nn.ModuleList([nn.Linear(32, 32) for _ in range(4)])
        self.out = nn.Linear(32, 4)
        for layer in self.outer:
            nn.init.zeros_(layer.weight)

    def forward(self, x):
        for inner, outer in zip(self.inner, self.outer):
            x = x + outer(torch.relu(inner(x)))
        return self.out(x)
'''


class SymmetricInit(Rule):
    """Units that start equal stay equal.

    If all units of a layer have the same weights they compute the same value, receive the
    same gradient and take the same steps for ever: the layer has one unit, however wide it is.

    References:
        Rumelhart, Hinton and Williams (1986), Learning representations by back-propagating
        errors.

    Fix safety:
        Another initialisation changes no function, and old checkpoints load. Where that does not
        heal, another activation, normalisation or skip connections are offered: retrain.

    Known limits:
        The last layer may start at zero, and so may the last layer of a residual branch:
        their gradients differ from unit to unit, and they are cleared.
    """

    code = "GRD301"
    name = "symmetric-init"
    summary = "a constant initialisation makes all units of a layer equal"
    severity = Severity.ERROR
    cause = Cause.BROKEN

    max_evenness = 4.0  # digits

    examples = (
        Bad(code=_SICK, fixed=_HEALED),
        Good(code=_HEALTHY),
        Good(code=_CLEARED, matches=True),
    )

    def match(self, model: Model) -> Iterator[Match]:
        """A hidden layer whose weight the author set to a constant."""
        path = {op.index for op in model.graph.path}
        found = [
            (op, weight.init.span)
            for op in model.graph.hidden()
            for weight in model.graph.weights_of(op)
            if weight.init and weight.init.span and weight.init.function in _CONSTANT
            # a branch that starts at zero is a good habit: by the source alone none is suspected
            if weight.init.gain is None or (weight.init.gain == 0 and op.index in path)
        ]
        if found:
            ops = tuple(op for op, _ in found)
            span = found[0][1]
            count = f"{len(ops)} layer{'s' if len(ops) > 1 else ''}"
            message = f"a constant initialisation makes all units equal in {count}"
            yield Match(span, ops, message, "the same value for every unit")

    def confirm(self, match: Match, profile: Profile) -> Verdict:
        """The rows of a hidden weight are equal, and so are the rows of its gradient."""
        return profile.above(
            "evenness",
            self.max_evenness,
            "the units of a hidden layer, and their gradients, agree to {measured} digits",
        )

    def rewrites(self, match: Match, model: Model) -> Iterator[Rewrite]:
        """A random initialisation; nothing else breaks the symmetry, but it may need more."""
        return (r for r in for_depth(model) if r.rung <= Rung.NORMALISATION)
