"""GRD103: an activation squashes the logits before a loss that takes logits."""

from __future__ import annotations

from collections.abc import Iterator

from gradlint.model import Model
from gradlint.profile import Profile
from gradlint.rewrites.logits import unsquash
from gradlint.rule import Bad, Cause, Good, Match, Rewrite, Rule, Severity, Verdict

_SICK = """\
import torch
import torch.nn.functional as F
from torch import nn


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.fc1 = nn.Linear(16, 32)
        self.fc2 = nn.Linear(32, 10)

    def forward(self, x):
        x = torch.relu(self.fc1(x))
        return «F.softmax(self.fc2(x), dim=1)»


def train(loader):
    model = Net()
    criterion = nn.CrossEntropyLoss()
    optimizer = torch.optim.Adam(model.parameters())
    for x, y in loader:
        output = model(x)
        loss = criterion(output, y)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
"""
_HEALED = _SICK.replace("«F.softmax(self.fc2(x), dim=1)»", "self.fc2(x)")
_STACK = """\
import torch
from torch import nn

model = nn.Sequential(
    nn.Linear(16, 32),
    nn.ReLU(),
    nn.Linear(32, 1),
    «nn.Sigmoid()»,
)


def train(loader):
    loss = nn.BCEWithLogitsLoss()
    for x, y in loader:
        loss(model(x), y).backward()
"""
_STACK_HEALED = _STACK.replace("\n    «nn.Sigmoid()»,", "")
_AT_CALL = """\
import torch
import torch.nn.functional as F
from torch import nn


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.fc1 = nn.Linear(16, 32)
        self.fc2 = nn.Linear(32, 10)

    def forward(self, x):
        return self.fc2(torch.relu(self.fc1(x)))


def train(loader):
    model = Net()
    for x, y in loader:
        probabilities = «torch.softmax(model(x), dim=1)»
        F.cross_entropy(probabilities, y).backward()
"""
_AT_CALL_HEALED = _AT_CALL.replace("«torch.softmax(model(x), dim=1)»", "model(x)")
_HEALTHY = """\
import torch
from torch import nn


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.fc1 = nn.Linear(16, 32)
        self.fc2 = nn.Linear(32, 10)

    def forward(self, x):
        return torch.log_softmax(self.fc2(torch.relu(self.fc1(x))), dim=1)


def train(loader):
    model = Net()
    criterion = nn.NLLLoss()
    for x, y in loader:
        criterion(model(x), y).backward()
"""
_CLEARED = _HEALTHY.replace("nn.NLLLoss()", "nn.CrossEntropyLoss()")


class SquashedLoss(Rule):
    """A loss that takes logits squashes them itself: an activation before it does so twice.

    `nn.CrossEntropyLoss` and `nn.BCEWithLogitsLoss` begin with a (log-)softmax and a sigmoid.
    Behind another softmax the logits lie between 0 and 1, so that a perfect answer still has
    the loss log(1 + (classes - 1) / e): 1.46 of 2.30 for ten classes. The gradient at the
    logits is smaller by about the number of classes, and vanishes where the first softmax is
    sure, also where it is wrong. Such a model often trains, slowly and worse.

    References:
        Bridle (1990), Probabilistic interpretation of feedforward classification network outputs,
        with relationships to statistical pattern recognition.
        Goodfellow, Bengio and Courville (2016), Deep learning, section 6.2.2 (why output units
        that saturate need the logarithm of the loss).

    Fix safety:
        The model then returns logits. Where probabilities are needed (a threshold of 0.5, a
        confidence), apply the activation there; the largest class stays the largest. Weights
        that were trained behind the activation load, and should be trained on.

    Known limits:
        The loss is looked for in the model, in its file, and in files that import it; where those
        apply different losses, nothing is matched.
        A log-softmax before the cross entropy changes nothing, and is cleared.
    """

    code = "GRD103"
    name = "squashed-loss"
    summary = "softmax or sigmoid before a loss that applies it itself flattens the gradient"
    severity = Severity.WARNING
    cause = Cause.APART
    structural = True

    max_floor = 0.1  # nats

    examples = (
        Bad(code=_SICK, fixed=_HEALED),
        Bad(code=_STACK, fixed=_STACK_HEALED),
        Bad(code=_AT_CALL, fixed=_AT_CALL_HEALED),
        Good(code=_HEALTHY),
        Good(code=_CLEARED, matches=True),
    )

    def match(self, model: Model) -> Iterator[Match]:
        """An activation between the logits and a loss that takes logits."""
        for squash in model.squashes[:1]:
            op = model.graph.ops[squash.index]
            message = f"the {squash.name} squashes what {squash.function} takes as logits"
            yield Match(squash.span, (op,), message, f"{squash.function} does this itself")

    def confirm(self, match: Match, profile: Profile) -> Verdict:
        """A perfect answer still has a loss."""
        floor = f"a perfect answer still has the loss {profile.floor:.2f}"
        sentence = f"{floor}, and the gradient at the logits is {profile.dimming:.1f} times smaller"
        return profile.above("floor", self.max_floor, sentence)

    def rewrites(self, match: Match, model: Model) -> Iterator[Rewrite]:
        """The loss of the logits themselves."""
        unsquashed = unsquash(model, model.squashes)
        if unsquashed is not None:
            yield unsquashed
