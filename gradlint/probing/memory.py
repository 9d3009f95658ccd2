"""How far back in a sequence the gradient reaches, measured in float64.

In float32 the gradients of an RNN and of an LSTM over 500 steps both underflow to nothing.
"""

from __future__ import annotations

import copy
import math
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import torch
from torch import Tensor, nn

from gradlint.feeding.inputs import Inputs
from gradlint.outputs import mapped, tensors_of
from gradlint.quantities import Decay
from gradlint.tracing.build import Built
from gradlint.tracing.record import record

_LOST = 1e-3  # of the last step's gradient: the gradient has not survived
_WHOLE = frozenset({"rnn_tanh", "rnn_relu", "lstm", "gru"})
_CELLS = frozenset({"rnn_tanh_cell", "rnn_relu_cell", "lstm_cell", "gru_cell"})


def decays(built: Built, inputs: Inputs, backward: Callable[[Any], None]) -> dict[int, Decay]:
    """The decay along each recurrence, by the index of the operation that starts it.

    Nothing where the model cannot run in float64.
    """
    default = torch.get_default_dtype()
    overwrites = torch.__future__.get_overwrite_module_params_on_conversion()
    try:
        torch.set_default_dtype(torch.float64)
        # A parameter that is converted in place still expects gradients of its old type.
        torch.__future__.set_overwrite_module_params_on_conversion(True)
        double = replace(built, module=_copy(built.module).double())
        return _measured(double, _double(inputs), backward)
    except (RuntimeError, ValueError, TypeError):
        return {}
    finally:
        torch.set_default_dtype(default)
        torch.__future__.set_overwrite_module_params_on_conversion(overwrites)


def _copy(module: nn.Module) -> nn.Module:
    """A copy of the model; results that it keeps of its last run are shared, not copied."""
    kept = [t for part in module.modules() for t in tensors_of(vars(part)) if not t.is_leaf]
    return copy.deepcopy(module, {id(tensor): tensor.detach() for tensor in kept})


def _measured(built: Built, inputs: Inputs, backward: Callable[[Any], None]) -> dict[int, Decay]:
    series: dict[int, list[float]] = {}
    cells: dict[str, list[tuple[int, list[float]]]] = {}

    def watch(index: int, name: str, args: tuple[Any, ...], made: list[Tensor]) -> None:
        if name in _WHOLE:
            steps = args[0]
            dim = 1 if args[-1] is True else 0
            if isinstance(steps, Tensor) and steps.requires_grad and steps.dim() == 3:
                steps.register_hook(lambda grad: series.__setitem__(index, _rms(grad, dim)))
        elif name in _CELLS:
            state = made[0]
            found: list[float] = []
            cells.setdefault(_first_weight(args), []).append((index, found))
            if state.requires_grad:
                state.register_hook(lambda grad: found.extend(_rms(grad.unsqueeze(0), 0)))

    recording = record(built, inputs, watch)
    backward(recording.output)
    for calls in cells.values():
        series[calls[0][0]] = [value for _, found in calls for value in found]
    return {index: _decay(values) for index, values in series.items() if len(values) > 1}


def _first_weight(args: tuple[Any, ...]) -> str:
    """What tells the calls of one cell from those of another: its first weight."""
    weight = next((a for a in args[2:] if isinstance(a, nn.Parameter)), None)
    return str(id(weight))


def _decay(values: list[float]) -> Decay:
    tenth = max(1, len(values) // 10)
    first, last = sum(values[:tenth]) / tenth, sum(values[-tenth:]) / tenth
    decades = math.log10(max(first, 1e-300)) - math.log10(max(last, 1e-300))
    survives = 0
    for value in reversed(values):
        if value < _LOST * values[-1]:
            break
        survives += 1
    return Decay(len(values), decades, survives, tuple(values))


def _rms(gradient: Tensor, dim: int) -> list[float]:
    """The rms of each step, `dim` being the dimension of time."""
    others = [d for d in range(gradient.dim()) if d != dim]
    values: list[float] = gradient.detach().double().square().mean(others).sqrt().tolist()
    return values


def _double(inputs: Inputs) -> Inputs:
    """The inputs in float64, asking for gradients: that of the input is what is measured."""

    def convert(value: Tensor) -> Tensor:
        return value.detach().double().requires_grad_() if value.is_floating_point() else value

    args, kwargs = mapped((inputs.args, inputs.kwargs), convert)
    return replace(inputs, args=args, kwargs=kwargs)
