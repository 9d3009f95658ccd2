"""GRD501: a plain RNN over a long sequence."""

from __future__ import annotations

from collections.abc import Iterator

from gradlint.model import Model
from gradlint.profile import Profile
from gradlint.rewrites import recurrent
from gradlint.rule import Bad, Cause, Good, Match, Rewrite, Rule, Severity, Verdict

_PLAIN = frozenset({"rnn_tanh", "rnn_relu"})

_SICK = """\
import torch
from torch import nn


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.rnn = «nn.RNN(4, 32, batch_first=True)»
        self.out = nn.Linear(32, 3)

    def forward(self, x):
        states, _ = self.rnn(x)
        return self.out(states[:, -1])


if __name__ == "__main__":
    net = Net()
    net(torch.randn(8, 120, 4))
"""
_HEALED = """\
import torch
from torch import nn


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.rnn = nn.RNN(4, 32, batch_first=True, nonlinearity="relu")
        nn.init.eye_(self.rnn.weight_hh_l0)
        nn.init.zeros_(self.rnn.bias_ih_l0)
        nn.init.zeros_(self.rnn.bias_hh_l0)
        self.out = nn.Linear(32, 3)

    def forward(self, x):
        states, _ = self.rnn(x)
        return self.out(states[:, -1])


if __name__ == "__main__":
    net = Net()
    net(torch.randn(8, 120, 4))
"""
_HEALTHY = """\
import torch
from torch import nn


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.rnn = nn.LSTM(4, 32, batch_first=True)
        self.out = nn.Linear(32, 3)

    def forward(self, x):
        states, _ = self.rnn(x)
        return self.out(states[:, -1])
"""
_CLEARED = '''\
import torch
from torch import nn


class Pooled(nn.Module):
    """A mean over time gives every step a short way to the loss."""

    def __init__(self):
        super().__init__()
        self.rnn = nn.RNN(4, 32, batch_first=True)
        self.out = nn.Linear(32, 3)

    def forward(self, x):
        states, _ = self.rnn(x)
        return self.out(states.mean(1))


if __name__ == "__main__":
    net = Pooled()
    net(torch.randn(8, 120, 4))
'''


class PlainRnnLongSequence(Rule):
    """A plain RNN forgets: its gradient shrinks geometrically with every time step.

    PyTorch's default gives the recurrent matrix the spectral radius 0.58, so that after a
    dozen steps a part in a thousand of the gradient is left. What the sequence said earlier
    cannot be learnt, while the weights' own gradients look healthy, because the last steps
    feed them.

    References:
        Bengio, Simard and Frasconi (1994), Learning long-term dependencies with gradient
        descent is difficult.
        Le, Jaitly and Hinton (2015), A simple way to initialize recurrent networks of
        rectified linear units.
        Tallec and Ollivier (2018), Can recurrent neural networks warp time?

    Fix safety:
        An identity recurrence keeps the parameters. An LSTM or a GRU has others: old
        checkpoints do not load.

    Known limits:
        The verdict needs the sequence's length: from the file, a target or --input.
        A task whose answer lies in the last steps can be learnt all the same.
    """

    code = "GRD501"
    name = "plain-rnn-long-sequence"
    summary = "a plain RNN forgets the beginning of a long sequence"
    severity = Severity.ERROR
    cause = Cause.TIME

    max_decades = 4.0

    examples = (
        Bad(code=_SICK, fixed=_HEALED),
        Good(code=_HEALTHY),
        Good(code=_CLEARED, matches=True),
    )

    def match(self, model: Model) -> Iterator[Match]:
        """A plain recurrence."""
        for op in model.graph.ops:
            if op.name in _PLAIN and op.site is not None:
                yield Match(op.site, (op,), "a plain RNN forgets the beginning of its sequence", "")

    def confirm(self, match: Match, profile: Profile) -> Verdict:
        """The gradient of the first time steps is lost."""
        return profile.forgotten(match.ops[0].index, self.max_decades)

    def rewrites(self, match: Match, model: Model) -> Iterator[Rewrite]:
        """Another start for the recurrence, an identity, or gates with a long memory."""
        op = match.ops[0]
        proposals = [
            recurrent.orthogonal(model, op),
            recurrent.identity(model, op),
            recurrent.gated(model, op, to="lstm"),
            recurrent.gated(model, op, to="gru"),
        ]
        return (rewrite for rewrite in proposals if rewrite is not None)
