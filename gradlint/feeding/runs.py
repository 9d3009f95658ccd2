"""Running a model with a candidate input, leaving no trace in it."""

from __future__ import annotations

import copy
import random
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn.parameter import is_lazy
from torch.overrides import TorchFunctionMode

from gradlint.feeding.values import copied
from gradlint.outputs import mapped, tensors_of

_BROKEN = (TypeError, AttributeError, NameError, KeyError, ImportError, NotImplementedError)
_LAYERS = frozenset("linear conv1d conv2d conv3d".split())
FEW, SOME = 3, 5  # the batch sizes whose outputs are compared
MANY = 8  # the batch size that a model is given in the end


@dataclass(frozen=True)
class Outcome:
    """What came of one run."""

    error: str  # "" where it ran
    shapes: tuple[tuple[int, ...], ...] = ()  # of the floating tensors returned
    trains: bool = False  # a gradient can flow through one of them
    broken: bool = False  # it failed in a way that no other size would mend
    undefined: bool = False  # a result is not a number
    progress: int = 0  # operations that ran
    work: int = 0  # multiplications in its layers


class _Counter(TorchFunctionMode):
    """Counts the operations that ran, and the multiplications in layers."""

    count = 0
    work = 0

    def __torch_function__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        result = func(*args, **(kwargs or {}))
        self.count += 1
        if getattr(func, "__name__", "") in _LAYERS and isinstance(args[1], Tensor):
            self.work += result.numel() * args[1][0].numel()
        return result


@contextmanager
def untouched(module: nn.Module) -> Iterator[None]:
    """Give a module its attributes, buffers and the random states back afterwards."""
    parts = [(part, _attributes(part)) for part in module.modules()]
    buffers = [(buffer, buffer.clone()) for buffer in module.buffers()]
    state = random.getstate()
    try:
        with torch.random.fork_rng(devices=[]), warnings.catch_warnings():
            warnings.simplefilter("ignore")
            torch.manual_seed(0)
            yield
    finally:
        random.setstate(state)
        for part, attributes in parts:
            vars(part).clear()
            vars(part).update(attributes)
        with torch.no_grad():
            for buffer, value in buffers:
                buffer.copy_(value)


def _attributes(part: nn.Module) -> dict[str, object]:
    tables = ("_parameters", "_buffers", "_modules")
    return {k: copy.copy(v) if k in tables else v for k, v in vars(part).items()}


def run(
    module: nn.Module,
    args: tuple[object, ...],
    kwargs: dict[str, object],
    grad: bool,
    fake: bool = False,
) -> Outcome:
    """Run a module once in train mode; a `fake` run computes shapes and no values."""
    if any(is_lazy(parameter) for parameter in module.parameters()):
        module = copy.deepcopy(module)
    counter = _Counter()
    with untouched(module), torch.set_grad_enabled(grad):
        module.train()
        try:
            args, kwargs = mapped((args, kwargs), copied)
            with counter, _fakes(fake) as mode:
                args, kwargs = mapped((args, kwargs), mode)
                output = module(*args, **kwargs)
        except (Exception, SystemExit) as error:
            broken = isinstance(error, _BROKEN)
            return Outcome(_told(error), broken=broken, progress=counter.count, work=counter.work)
        tensors = [tensor for tensor in tensors_of(output) if tensor.is_floating_point()]
        shapes = tuple(tuple(tensor.shape) for tensor in tensors)
        trains = any(tensor.requires_grad for tensor in tensors)
        undefined = not fake and any(bool(tensor.isnan().any()) for tensor in tensors)
    lacking = "" if shapes else "it returns no floating tensor"
    return Outcome(
        lacking, shapes, trains, undefined=undefined, progress=counter.count, work=counter.work
    )


@contextmanager
def _fakes(wanted: bool) -> Iterator[Callable[[Tensor], Tensor]]:
    """What makes tensors that have a shape and no values, and runs on them."""
    if not wanted:
        yield lambda tensor: tensor
        return
    from torch._subclasses.fake_tensor import FakeTensorMode  # it takes long to import

    with FakeTensorMode(allow_non_fake_inputs=True) as mode:
        yield mode.from_tensor


def _told(error: BaseException) -> str:
    """An error on one line."""
    first = " ".join(str(error).split())
    return first or type(error).__name__


def batch_survives(few: Outcome, many: Outcome, folded: bool) -> bool:
    """Whether an output counts the samples, `folded` where samples times steps will do."""
    for before, after in zip(few.shapes, many.shapes, strict=False):
        if before == after and sum(before) == len(before):
            return True  # a loss
        for small, large in zip(before, after, strict=False):
            if (small, large) == (FEW, SOME) or (folded and small and small * SOME == large * FEW):
                return True
    return False


def needs_grad(error: str) -> bool:
    """Whether the forward itself differentiates."""
    return "does not require grad" in error or "not have been used in the graph" in error
