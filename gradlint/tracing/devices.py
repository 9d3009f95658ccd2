"""What asks for an accelerator stays where it is, on a machine that has none."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn

from gradlint.discovery.devices import stay_on_processor

_TYPES = "Float Double Half Long Int Short Byte Char Bool".split()


def without_accelerator() -> None:
    """Let `.cuda()` and `torch.cuda.FloatTensor` of other people's code mean the processor."""
    if torch.cuda.is_available():
        return
    stay_on_processor()
    Tensor.cuda = _same  # type: ignore[method-assign]
    nn.Module.cuda = _same  # type: ignore[method-assign]
    for name in _TYPES:
        setattr(torch.cuda, f"{name}Tensor", getattr(torch, f"{name}Tensor"))
    torch.cuda.current_device = lambda: "cpu"  # type: ignore[assignment, return-value]
    torch.cuda.synchronize = lambda device=None: None  # type: ignore[assignment]


def _same(value: Any, *args: Any, **kwargs: Any) -> Any:
    return value
