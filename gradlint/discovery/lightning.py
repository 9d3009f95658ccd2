"""What stands in for base classes that add training, and no layers, to a model."""

from __future__ import annotations

import inspect
from types import FrameType
from typing import Any

from torch import nn


class Hyperparameters(dict[str, Any]):
    """A dictionary whose entries are attributes too."""

    def __getattr__(self, name: str) -> Any:
        try:
            return self[name]
        except KeyError:
            raise AttributeError(name) from None

    def __setattr__(self, name: str, value: Any) -> None:
        self[name] = value


class LightningModule(nn.Module):
    """A network without the trainer that Lightning would give it."""

    trainer = None
    logger = None
    current_epoch = global_step = 0
    automatic_optimization = True

    def __init__(self, *_: Any, **__: Any) -> None:
        super().__init__()
        self.hparams: Any = Hyperparameters()

    def save_hyperparameters(self, *given: Any, ignore: Any = (), **_: Any) -> None:
        """Keep the arguments of the constructor that calls this, or those that it names."""
        frame = inspect.currentframe()
        assert frame is not None and frame.f_back is not None
        arguments = _arguments(frame.f_back)
        ignored = {ignore} if isinstance(ignore, str) else set(ignore or ())
        for value in given:
            if not isinstance(value, str):
                arguments = dict(value if isinstance(value, dict) else vars(value))
        named = {value for value in given if isinstance(value, str)} or set(arguments)
        self.hparams.update({n: v for n, v in arguments.items() if n in named - ignored})

    def log(self, *_: Any, **__: Any) -> None:
        """Nobody reads it."""

    log_dict = log


def _arguments(constructor: FrameType) -> dict[str, Any]:
    """What the constructor that runs in a frame was called with."""
    names, _, more, values = inspect.getargvalues(constructor)
    return {name: values[name] for name in names[1:]} | (values[more] if more else {})


class ModelHubMixin:
    """What loads and stores models; without it they only cannot be stored."""

    def __init_subclass__(cls, **_: Any) -> None:
        super().__init_subclass__()


KNOWN: dict[str, dict[str, type]] = {
    "pytorch_lightning": {"LightningModule": LightningModule},
    "lightning": {"LightningModule": LightningModule},
    "huggingface_hub": {
        "PyTorchModelHubMixin": ModelHubMixin,
        "ModelHubMixin": ModelHubMixin,
    },
}
