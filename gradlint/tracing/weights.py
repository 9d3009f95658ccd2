"""Trained weights are not downloaded: who asks for them is given none, and that is noted."""

from __future__ import annotations

import inspect
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import torch
from torch import nn

from gradlint.tracing import pretrained

LOADERS = (
    ("torch.hub", "load_state_dict_from_url"),
    ("torch.utils.model_zoo", "load_url"),
    ("torchvision._internally_replaced_utils", "load_state_dict_from_url"),
    ("torchvision.models._api", "load_state_dict_from_url"),
    ("timm.models._builder", "load_pretrained"),
)


class Nothing(dict[str, Any]):
    """The weights that were not downloaded, whatever part of them is asked for."""

    def __missing__(self, key: str) -> Nothing:
        return self

    def pop(self, *key: Any) -> Nothing:
        """No part of them is there to be taken out."""
        return self


_sought: list[str] = []  # those who have imported `given` by name keep it


def given(url: object = "", *args: Any, **kwargs: Any) -> Nothing:
    """In place of what downloads weights."""
    _sought.append(str(url))
    return Nothing()


@contextmanager
def without_weights() -> Iterator[list[str]]:
    """While this holds, models keep their first weights; what was asked for is noted."""
    _sought.clear()
    load = nn.Module.load_state_dict

    def loaded(self: nn.Module, state_dict: Any, *args: Any, **kwargs: Any) -> Any:
        return load(self, state_dict, *args, **kwargs) if state_dict else None

    read = torch.load

    def present(file: Any, *args: Any, **kwargs: Any) -> Any:
        try:
            return read(file, *args, **kwargs)
        except (OSError, AttributeError):
            return given(file)

    places: list[tuple[Any, str, Any]] = [
        (nn.Module, "load_state_dict", loaded),
        (torch, "load", present),
    ]
    places += [(sys.modules[m], name, given) for m, name in LOADERS if m in sys.modules]
    places += pretrained.places(_sought)
    before = [(owner, name, inspect.getattr_static(owner, name)) for owner, name, _ in places]
    _set(places)
    try:
        yield _sought
    finally:
        _set(before)


def _set(places: list[tuple[Any, str, Any]]) -> None:
    for owner, name, value in places:
        setattr(owner, name, value)
