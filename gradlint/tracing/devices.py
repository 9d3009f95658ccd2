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
    places: list[tuple[Any, str, Any]] = [(Tensor, "cuda", _same), (nn.Module, "cuda", _same)]
    places += [(torch.cuda, f"{kind}Tensor", getattr(torch, f"{kind}Tensor")) for kind in _TYPES]
    places += [(torch.cuda, "current_device", lambda: "cpu"), (torch.cuda, "synchronize", _same)]
    for owner, name, value in places:
        setattr(owner, name, value)


def _same(value: Any = None, *args: Any, **kwargs: Any) -> Any:
    return value
