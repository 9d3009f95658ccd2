"""Which module of a model is running, and where it was built."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import torch
from torch import nn

from gradlint.span import Span
from gradlint.tracing.build import BUILT
from gradlint.tracing.containers import parts


@dataclass
class Place:
    """Where on the module stack an operation ran."""

    leaf: str = ""
    leaf_type: str = ""
    owner: str = ""
    built: tuple[Span, ...] = ()


class Running:
    """The stack of the modules whose forward is running."""

    def __init__(self, module: nn.Module) -> None:
        self._paths = {id(child): name for name, child in parts(module)}
        self._stack: list[nn.Module] = []

    def hooks(self, module: nn.Module) -> Iterator[Any]:
        """Hooks that keep the stack of running modules."""
        for _, child in parts(module):
            if isinstance(child, torch.jit.ScriptModule):
                continue  # it takes none: it is one opaque operation
            yield child.register_forward_pre_hook(lambda module, _: self._stack.append(module))
            yield child.register_forward_hook(self._leave, always_call=True)

    def _leave(self, *_: Any) -> None:
        self._stack.pop()

    def place(self) -> Place:
        """The torch.nn leaf that is running, and the user's module around it."""
        place = Place()
        for module in reversed(self._stack):
            path = self._paths.get(id(module), "")
            if not place.leaf_type and _is_layer(module):
                place.leaf, place.leaf_type = path, type(module).__name__
                place.built = module.__dict__.get(BUILT, ())
            elif not type(module).__module__.startswith("torch.nn"):
                place.owner = path
                break
        return place


def _is_layer(module: nn.Module) -> bool:
    """Whether torch itself says what the module computes: also for a subclass of a layer."""
    if isinstance(module, nn.Sequential | nn.ModuleList):
        return False
    return type(module).forward.__module__.startswith("torch.nn")
