"""The probe: run a model forward and backward, and measure. The one place that does.

Each seed builds its own copy. A copy is measured at initialisation and again after three
steps of Adam, because branches that start at zero look dead before the first update and
are not. Norms are reduced in float64: the square of a float32 gradient of 1e-23 is zero.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import replace
from typing import Any

import torch
from torch import Tensor

from gradlint.discovery.fields import decides
from gradlint.feeding.inputs import Inputs
from gradlint.graph import Graph, Op
from gradlint.kinds import LAYERS, Kind
from gradlint.model import Model
from gradlint.outputs import tensors_of
from gradlint.probing.connected import astray, effects, without_gradient
from gradlint.probing.floors import dimming, floor
from gradlint.probing.memory import decays
from gradlint.profile import Profile, near_sickness
from gradlint.quantities import Decay, Reading
from gradlint.target import Target
from gradlint.tracing.build import Built
from gradlint.tracing.containers import named_parameters
from gradlint.tracing.record import record

SEEDS = 3
UPDATES = 3
LEARNING_RATE = 1e-3
_COLUMNS = 128  # of a weight: enough to see whether its rows are the same


def measure(
    build: Callable[[int], Built],
    inputs: Inputs,
    model: Model,
    seed: int,
    thorough: bool = True,
) -> Profile:
    """Build, run and update copies of the model; the profile has its op indices.

    Three copies, but where the first is far from every limit it is the only one; and where
    its first reading is, it is not even updated, if the measurement need not be `thorough`.
    """
    parts = [part.parameters for part in model.idle] + [cut.parameters for cut in model.cuts]
    profile = replace(_unread(model), effects=effects(build, inputs, parts, seed))
    for offset in range(SEEDS):
        for reading in _read_copy(build, inputs, model.graph, seed + offset):
            profile = replace(profile, readings=(*profile.readings, reading))
            if not (thorough or near_sickness(profile)):
                return profile
        if not near_sickness(profile):
            break
    return profile


def at_rest(built: Built, model: Model, ops: Iterable[Op]) -> Profile:
    """What the weights of these operations tell before they run."""
    names = {name for op in ops for name in op.weights}
    return replace(_unread(model), at_rest=_gains(named_parameters(built.module), names))


def _unread(model: Model) -> Profile:
    """The profile of a model that nothing was measured of."""
    return Profile(
        stations=tuple(op.index for op in model.graph.stations),
        head=_head(model.graph),
        readings=(),
        trained=model.target.loads_weights,
        length_known=model.length_known,
        assumed=_assumed(model.target),
        floor=floor(model.squashes),
        dimming=dimming(model.squashes),
    )


def _assumed(target: Target) -> str:
    """The first guessed argument that decides on the depth, the scale or a length."""
    guesses = (a for a in target.arguments if a.guessed and decides(a.name, a.value))
    return next((f"{guess.name} = {guess.value}" for guess in guesses), "")


def _read_copy(
    build: Callable[[int], Built], inputs: Inputs, graph: Graph, seed: int
) -> Iterator[Reading]:
    """The readings of one copy, which is updated once another is asked for."""
    built = build(seed)
    built.module.train()
    fresh = inputs.fresh(seed)
    update = None  # large models have no room for one that is not needed
    for step in range(UPDATES + 1):
        torch.manual_seed(seed)
        if step in (0, UPDATES):
            reading = _read(built, fresh, graph, seed, step)
            yield reading
            if not reading.finite:
                return
        else:
            once = fresh.copied()
            _backward(projection(built.module(*once.args, **once.kwargs), seed))
        if step < UPDATES:
            update = update or Adam(built.module.parameters())
            update.step()


def _read(built: Built, inputs: Inputs, graph: Graph, seed: int, step: int) -> Reading:
    """One measured run; leaves the parameters' gradients for the update."""
    gradients: dict[int, float] = {}
    # Of the last layer, or else of the output: what follows a layer may only change its units.
    ends: list[tuple[float, float]] = []
    last = graph.stations[-1].index if graph.stations else None

    def watch(index: int, name: str, args: tuple[Any, ...], made: list[Tensor]) -> None:
        def keep(gradient: Tensor | None) -> None:
            if gradient is not None:  # one of several results may be left unused
                gradients[index] = log_rms(gradient)

        if made[0].requires_grad:
            made[0].register_hook(keep)
        if index == last:
            ends[:] = [(log_rms(made[0]), _sample_share(made[0], inputs.batch))]

    recording = record(built, inputs, watch)
    outputs = [tensor for tensor in tensors_of(recording.output) if tensor.is_floating_point()]
    _backward(projection(recording.output, seed))
    finite = all(bool(torch.isfinite(tensor).all()) for tensor in outputs)
    ends = ends or [(log_rms(tensor), _sample_share(tensor, inputs.batch)) for tensor in outputs]
    finite = finite and not any(math.isnan(v) or v == math.inf for v in gradients.values())
    same = _matching(recording.graph, graph)
    weights = named_parameters(built.module)
    lost = _decay(built, inputs, graph, seed)
    return Reading(
        seed=seed,
        step=step,
        finite=finite,
        scale=max((scale for scale, _ in ends), default=-math.inf),
        collapse=max((share for _, share in ends), default=0.0),
        gradient={same[index]: value for index, value in gradients.items() if index in same},
        symmetry={name: _unevenness(weights[name]) for name in hidden_weights(graph)},
        gain=_gains(weights, graph.weights),
        decay={same[index]: decay for index, decay in lost.items() if index in same},
        unregistered=astray(built.module),
        without_gradient=without_gradient(built.module),
    )


def _decay(built: Built, inputs: Inputs, graph: Graph, seed: int) -> dict[int, Decay]:
    if not any(op.kind is Kind.RECURRENT for op in graph.ops):
        return {}
    return decays(built, inputs, lambda output: _backward(projection(output, seed)))


def projection(output: Any, seed: int) -> Tensor:
    """A random projection of every floating output, each at unit rms, summed.

    A loss on one of two heads would make the other look dead.
    """
    generator = torch.Generator().manual_seed(seed)
    total = torch.zeros(())
    for tensor in tensors_of(output):
        if not tensor.is_floating_point() or not tensor.requires_grad:
            continue
        direction = torch.randn(tensor.shape, generator=generator).to(tensor)
        size = tensor.detach().double().square().mean().sqrt().to(tensor)
        unit = size if bool(torch.isfinite(size)) and size > 0 else torch.ones_like(size)
        total = total + (tensor * direction / unit).mean()
    return total


def _backward(loss: Tensor) -> None:
    if loss.requires_grad:
        loss.backward()


def log_rms(tensor: Tensor) -> float:
    """log10 of the root mean square; -inf for exact zeros and for no elements."""
    if tensor.numel() == 0:
        return -math.inf
    value = _rms(tensor)
    return math.log10(value) if value > 0 else (-math.inf if value == 0 else value)


def _rms(tensor: Tensor) -> float:
    """The root mean square in float64, without a copy in float64."""
    dtype = torch.complex128 if tensor.is_complex() else torch.float64
    norm = torch.linalg.vector_norm(tensor.detach(), dtype=dtype)
    return float(norm.real) / math.sqrt(tensor.numel())


def _sample_share(output: Tensor, batch: int) -> float:
    """log of the between-sample part of an output: 0 where samples share nothing."""
    values = output.detach().double()
    dim = next((d for d in range(values.dim()) if values.shape[d] == batch), None)
    size = values.square().mean().sqrt()
    if dim is None or batch < 2 or not bool(size > 0):
        return 0.0
    between = values.var(dim, correction=0).mean().sqrt()
    return math.log10(max(float(between / size), 1e-45))


def hidden_weights(graph: Graph) -> Iterable[str]:
    """Trainable weights of hidden layers with several units."""
    for op in graph.hidden():
        for weight in graph.weights_of(op):
            if weight.shape[0] > 1:
                yield weight.name


def _unevenness(weight: Tensor) -> float:
    """The larger spread between rows, of the weight or of its gradient."""
    gradient = weight.grad
    return max(_spread(weight), _spread(gradient) if gradient is not None else 0.0)


def _spread(matrix: Tensor) -> float:
    """rms(W - mean over rows) / rms(W), of some columns; 0 where W is zero."""
    values = matrix.detach().flatten(1)
    values = values[:, :: max(1, values.shape[1] // _COLUMNS)].double()
    size = float(values.square().mean().sqrt())
    return float(values.var(0, correction=0).mean().sqrt()) / size if size > 0 else 0.0


def _gains(weights: Mapping[str, Tensor], names: Iterable[str]) -> dict[str, float]:
    return {name: _gain(weights[name]) for name in names}


def _gain(weight: Tensor) -> float:
    """rms(W) * sqrt(fan_in): 1 keeps the size of a linear layer's signal."""
    return _rms(weight) * math.sqrt(weight[0].numel())


def _head(graph: Graph) -> int | None:
    last = graph.stations[-1:]
    return last[0].index if last and last[0].kind in LAYERS else None


def _matching(ours: Graph, reference: Graph) -> dict[int, int]:
    """Op indices of one run in terms of another: the runs of a model may differ in length."""
    if len(ours.ops) == len(reference.ops):
        return {index: index for index in range(len(ours.ops))}
    index_of = {key: index for index, key in enumerate(_keys(reference))}
    return {i: index_of[key] for i, key in enumerate(_keys(ours)) if key in index_of}


def _keys(graph: Graph) -> Iterable[tuple[object, ...]]:
    seen: dict[tuple[object, ...], int] = {}
    for op in graph.ops:
        key = (op.name, op.module, op.called[:1])
        seen[key] = seen.get(key, 0) + 1
        yield (*key, seen[key])


class Adam:
    """Adam (Kingma and Ba, 2015), by hand: a torch.optim object doubles the start-up time."""

    def __init__(self, parameters: Iterable[Tensor], rate: float = LEARNING_RATE) -> None:
        self._parameters = [p for p in parameters if p.requires_grad]
        self._first = [torch.zeros_like(p) for p in self._parameters]
        self._second = [torch.zeros_like(p) for p in self._parameters]
        self._rate = rate
        self._count = 0

    @torch.no_grad()
    def step(self) -> None:
        """One update from the gradients that are there, which it then clears."""
        self._count += 1
        for parameter, first, second in zip(
            self._parameters, self._first, self._second, strict=True
        ):
            gradient = parameter.grad
            if gradient is None:
                continue
            gradient = gradient.to_dense() if gradient.is_sparse else gradient
            first.mul_(0.9).add_(gradient, alpha=0.1)
            second.mul_(0.999).addcmul_(gradient, gradient, value=0.001)
            scale = (second / (1 - 0.999**self._count)).sqrt_().add_(1e-8)
            parameter.addcdiv_(first, scale, value=-self._rate / (1 - 0.9**self._count))
            parameter.grad = None
