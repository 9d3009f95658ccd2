"""GRD402: layers in a plain list, tuple or dict, which no optimizer ever sees."""

from __future__ import annotations

from collections.abc import Iterator

from gradlint.model import Model
from gradlint.profile import Profile
from gradlint.rewrites.registration import register
from gradlint.rule import Bad, Cause, Good, Match, Rewrite, Rule, Severity, Verdict

_SICK = """\
import torch
from torch import nn


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.inputs = nn.Linear(16, 32)
        self.hidden = «[nn.Linear(32, 32) for _ in range(3)]»
        self.out = nn.Linear(32, 4)

    def forward(self, x):
        x = torch.relu(self.inputs(x))
        for layer in self.hidden:
            x = torch.relu(layer(x))
        return self.out(x)
"""
_HEALED = _SICK.replace("«", "nn.ModuleList(").replace("»", ")")
_HEADS = """\
import torch
import torch.nn as nn


class Heads(nn.Module):
    def __init__(self, classes={"colour": 5, "shape": 3}):
        super().__init__()
        self.body = nn.Linear(16, 32)
        self.heads = «{}»
        for name, count in classes.items():
            self.heads[name] = nn.Linear(32, count)

    def forward(self, x):
        x = torch.relu(self.body(x))
        return {name: head(x) for name, head in self.heads.items()}
"""
_HEADS_HEALED = """\
import torch
import torch.nn as nn


class Heads(nn.Module):
    def __init__(self, classes={"colour": 5, "shape": 3}):
        super().__init__()
        self.body = nn.Linear(16, 32)
        self.heads = nn.ModuleDict()
        for name, count in classes.items():
            self.heads[name] = nn.Linear(32, count)

    def forward(self, x):
        x = torch.relu(self.body(x))
        return {name: head(x) for name, head in self.heads.items()}
"""
_HEALTHY = '''\
import torch
from torch import nn


class Net(nn.Module):
    """The list only names, in their order, layers that are registered beside it."""

    def __init__(self):
        super().__init__()
        self.hidden = []
        for number in range(3):
            layer = nn.Linear(16, 16)
            self.add_module(f"hidden{number}", layer)
            self.hidden.append(layer)
        self.out = nn.Linear(16, 4)

    def forward(self, x):
        for layer in self.hidden:
            x = torch.relu(layer(x))
        return self.out(x)
'''
_CLEARED = '''\
import torch
from torch import nn


class Projected(nn.Module):
    """Random projections that are never meant to be trained need not be registered."""

    def __init__(self):
        super().__init__()
        self.projections = [nn.Linear(16, 16).requires_grad_(False) for _ in range(2)]
        self.out = nn.Linear(32, 4)

    def forward(self, x):
        return self.out(torch.cat([torch.tanh(each(x)) for each in self.projections], 1))
'''


class UnregisteredLayers(Rule):
    """Layers in a plain list, tuple or dict are not part of the model.

    `nn.Module` registers what is assigned to an attribute, and does not look into plain
    containers. Such layers run, and receive gradients, but `model.parameters()` lacks them:
    no optimizer updates them, `model.to(device)` leaves them behind, and no checkpoint holds
    them. The model trains on top of random layers, which often looks as if it only learnt badly.

    References:
        Paszke, Gross, Massa, Lerer et al. (2019), PyTorch: an imperative style, high-performance
        deep learning library.
        Rahimi and Recht (2007), Random features for large-scale kernel machines (why it often
        learns something all the same).

    Fix safety:
        `nn.ModuleList` and `nn.ModuleDict` keep the order and what is computed. Checkpoints saved
        before lack these layers: load them with `strict=False`, and train.

    Known limits:
        Frozen layers are cleared. `[module]`, which hides a module on purpose, and containers
        whose `parameters()` the file asks for itself, are not matched. What is no attribute of a
        module (a closure, an object of a plain class) is not seen. Nested lists are found, and
        have no fix.
    """

    code = "GRD402"
    name = "unregistered-layers"
    summary = "layers in a plain list or dict are never registered, so nothing trains them"
    severity = Severity.ERROR
    cause = Cause.BROKEN
    structural = True

    examples = (
        Bad(code=_SICK, fixed=_HEALED),
        Bad(code=_HEADS, fixed=_HEADS_HEALED),
        Good(code=_HEALTHY),
        Good(code=_CLEARED, matches=True),
    )

    def match(self, model: Model) -> Iterator[Match]:
        """Plain containers whose layers run."""
        graph = model.graph
        held = {name for container in model.containers for name in container.parameters}
        ops = tuple(op for op in graph.ops if held.intersection(op.weights))
        spans = [container.span for container in model.containers if container.span]
        span = spans[0] if spans else graph.commonest_site(ops)
        if ops and span is not None:
            kept = [f"the {each.kind} '{each.attribute}'" for each in model.containers]
            named = " and ".join(dict.fromkeys(kept))
            message = f"the layers in {named} are not registered: no optimizer sees them"
            yield Match(span, ops, message, f"{len(held)} parameters out of sight")

    def confirm(self, match: Match, profile: Profile) -> Verdict:
        """They receive a gradient, and `parameters()` does not have them."""
        sentence = "{measured} values receive a gradient that model.parameters() does not have"
        return profile.counted("unregistered", sentence)

    def rewrites(self, match: Match, model: Model) -> Iterator[Rewrite]:
        """The container of torch.nn that registers them."""
        registered = register(model, model.containers)
        if registered is not None:
            yield registered
