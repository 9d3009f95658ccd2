"""GRD404: parameters that no output depends on."""

from __future__ import annotations

from collections.abc import Iterator

from gradlint.model import Model
from gradlint.profile import Profile
from gradlint.rewrites.removal import remove
from gradlint.rule import Bad, Cause, Good, Match, Rewrite, Rule, Severity, Verdict

_SICK = """\
import torch
from torch import nn


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.fc1 = nn.Linear(16, 32)
        self.fc2 = «nn.Linear(32, 32)»
        self.out = nn.Linear(32, 4)

    def forward(self, x):
        x = torch.relu(self.fc1(x))
        return self.out(x)
"""
_HEALED = """\
import torch
from torch import nn


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.fc1 = nn.Linear(16, 32)
        self.out = nn.Linear(32, 4)

    def forward(self, x):
        x = torch.relu(self.fc1(x))
        return self.out(x)
"""
_TEMPLATE = """\
import torch
from torch import nn


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.layer = «nn.TransformerEncoderLayer(16, 2, 32, batch_first=True)»
        self.encoder = nn.TransformerEncoder(self.layer, 2)
        self.out = nn.Linear(16, 4)

    def forward(self, x):
        return self.out(self.encoder(x).mean(1))


print(Net()(torch.randn(8, 10, 16)).shape)
"""
_TEMPLATE_HEALED = """\
import torch
from torch import nn


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        layer = nn.TransformerEncoderLayer(16, 2, 32, batch_first=True)
        self.encoder = nn.TransformerEncoder(layer, 2)
        self.out = nn.Linear(16, 4)

    def forward(self, x):
        return self.out(self.encoder(x).mean(1))


print(Net()(torch.randn(8, 10, 16)).shape)
"""
_HEALTHY = '''\
import torch
from torch import nn


class Net(nn.Module):
    """What another method needs is used, though `forward` leaves it out."""

    def __init__(self):
        super().__init__()
        self.body = nn.Linear(16, 32)
        self.out = nn.Linear(32, 4)
        self.projector = nn.Linear(32, 8)

    def forward(self, x):
        return self.out(torch.relu(self.body(x)))

    def project(self, x):
        return self.projector(torch.relu(self.body(x)))
'''
_CLEARED = '''\
import torch
from torch import nn
from torch.utils.checkpoint import checkpoint


class Net(nn.Module):
    """A checkpointed part is not in the graph of the output, and is trained all the same."""

    def __init__(self):
        super().__init__()
        self.body = nn.Linear(16, 32)
        self.middle = nn.Linear(32, 32)
        self.out = nn.Linear(32, 4)

    def forward(self, x):
        x = torch.relu(self.body(x))
        return self.out(checkpoint(self.middle, x, use_reentrant=True))
'''


class UnusedParameters(Rule):
    """Parameters that no output depends on are never trained.

    A layer that was left over, or whose result is dropped by mistake (`y = self.fc(x)`, and
    then `return x`), has no gradient. It costs memory, weight decay shrinks it,
    `DistributedDataParallel` refuses it, and where its result was meant to be used, the model
    is not the one that was meant.

    References:
        Li, Zhao, Varma, Salpekar et al. (2020), PyTorch Distributed: experiences on
        accelerating data parallel training (section 3.2, parameters that take no part).

    Fix safety:
        What is left over is removed; what only the constructor needs becomes a variable. The
        outputs do not change, but for the random numbers drawn. Checkpoints hold more than the
        model then has: load them with `strict=False`. What ran and was dropped is not edited.

    Known limits:
        A part that another method, class or file of the repository mentions is not matched, nor
        one that `forward` mentions in a branch that did not run, nor the leftover of a last block
        whose earlier blocks use it.
    """

    code = "GRD404"
    name = "unused-parameters"
    summary = "parameters that no output depends on are never trained"
    severity = Severity.WARNING
    cause = Cause.APART
    structural = True

    examples = (
        Bad(code=_SICK, fixed=_HEALED),
        Bad(code=_TEMPLATE, fixed=_TEMPLATE_HEALED),
        Good(code=_HEALTHY),
        Good(code=_CLEARED, matches=True),
    )

    def match(self, model: Model) -> Iterator[Match]:
        """Parts without a way to an output that nothing mentions, or whose result is dropped."""
        if not model.idle:
            return
        names = ", ".join(f"self.{part.attribute}" for part in model.idle)
        dropped = all(part.ran for part in model.idle)
        why = "what comes of it is dropped" if dropped else "no output depends on it"
        parameters = tuple(name for part in model.idle for name in part.parameters)
        label = "it runs for nothing" if dropped else "nothing uses it"
        yield Match(model.idle[0].span, (), f"{names}: {why}", label, parameters)

    def confirm(self, match: Match, profile: Profile) -> Verdict:
        """No gradient reaches them, and no output changes with them."""
        return profile.unused(match.parameters)

    def rewrites(self, match: Match, model: Model) -> Iterator[Rewrite]:
        """The model without them."""
        removed = remove(model, model.idle)
        if removed is not None:
            yield removed
