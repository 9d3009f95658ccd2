"""Record one eager run of a model: its graph, and a hold on every result's gradient.

Nothing is replayed: the model runs as it always does, and a mode notes each torch
function that touches data which comes from the input.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field, replace
from typing import Any

import torch
from torch import Tensor
from torch.overrides import TorchFunctionMode

from gradlint.feeding.inputs import Inputs
from gradlint.graph import Graph, Op, Weight
from gradlint.outputs import tensors_of
from gradlint.span import Span
from gradlint.tracing.build import Built, address
from gradlint.tracing.containers import named_parameters
from gradlint.tracing.naming import ATTRIBUTES, canonical, values_read
from gradlint.tracing.roles import kind_in_use, with_roles
from gradlint.tracing.running import Running
from gradlint.tracing.sites import Sites

_TO_PYTHON = frozenset({"item", "tolist"})
_INPUT = -1  # in place of an operation's index: the tensor is an input of the model

# What to do with the results of an operation: (op index, name, arguments, results)
Watch = Callable[[int, str, tuple[Any, ...], list[Tensor]], None]


@dataclass(frozen=True)
class Stop:
    """An operation that took what requires a gradient, and made what requires none."""

    name: str  # "no_grad" for any operation in such a block
    sources: frozenset[int]  # the operations whose results it took
    called: tuple[Span, ...]


@dataclass
class Recording:
    """What ran: the graph, the model's output, and where the gradient stops."""

    graph: Graph
    output: Any
    stops: tuple[Stop, ...] = ()
    ends: tuple[int, ...] = ()  # of each tensor that is returned, the operation it comes from


def record(built: Built, inputs: Inputs, watch: Watch | None = None) -> Recording:
    """Run the model once and note what ran. `watch` sees each operation's result."""
    recorder = _Recorder(built, watch)
    inputs = inputs.copied()
    recorder.feed(tensors_of((inputs.args, inputs.kwargs)))
    with ExitStack() as stack:
        for hook in recorder.running.hooks(built.module):
            stack.callback(hook.remove)
        with recorder:
            output = built.module(*inputs.args, **inputs.kwargs)
    graph = recorder.graph(output)
    return Recording(graph, output, tuple(recorder.stops), recorder.ends(output))


@dataclass
class _Data:
    """What is known of a tensor: the operations it comes from, the weights it is made of."""

    sources: frozenset[int] = frozenset()
    weights: frozenset[str] = frozenset()


@dataclass
class _Recorder(TorchFunctionMode):
    """The mode that notes every operation on data which comes from the input."""

    built: Built
    watch: Watch | None
    ops: list[Op] = field(default_factory=list)
    stops: list[Stop] = field(default_factory=list)

    def __post_init__(self) -> None:
        super().__init__()
        module = self.built.module
        self._sites: Sites = self.built.sites
        self.running = Running(module)
        self._data: dict[int, _Data] = {}
        self._alive: list[Any] = []  # an address names a tensor only while that tensor lives
        self._by_grad_fn: dict[Any, int] = {}
        self._parameters = {
            id(parameter): _Data(weights=frozenset({name} if parameter.dim() > 1 else {""}))
            for name, parameter in named_parameters(module).items()
        }

    def feed(self, tensors: list[Tensor]) -> None:
        """Mark the model's inputs."""
        for tensor in tensors:
            self._know(tensor, _Data(frozenset({_INPUT})))

    def __torch_function__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        kwargs = kwargs or {}
        name = canonical(func)
        if name in ATTRIBUTES:
            if name in _TO_PYTHON:
                self._stop(name, [tensor for tensor in args[:1] if tensor.requires_grad])
            return func(*args, **kwargs)
        tensors = tensors_of(values_read(name, (*args, kwargs)))
        live = [tensor for tensor in tensors if tensor.requires_grad]
        read = self._read(tensors)
        shape = _shape(args)
        result = func(*args, **kwargs)
        made = _made(name, args, result)
        sources = frozenset[int]().union(*(data.sources for data in read))
        weights = frozenset[str]().union(*(data.weights for data in read))
        if not sources:
            if weights:
                for tensor in made:
                    self._know(tensor, _Data(weights=weights))
        elif made:
            index = self._note(name, sources, weights, read, shape, made)
            if self.watch is not None:
                self.watch(index, name, args, made)
            if live and not torch.is_grad_enabled():
                self.stops.append(Stop("no_grad", frozenset({index}), self.ops[index].called))
        if live and torch.is_grad_enabled() and not any(tensor.requires_grad for tensor in made):
            self._stop(name, live)
        return result

    def _stop(self, name: str, live: list[Tensor]) -> None:
        """Note that no gradient passes an operation that read these."""
        sources = frozenset[int]().union(*(self._look_up(tensor).sources for tensor in live))
        if sources - {_INPUT}:
            self.stops.append(Stop(name, sources - {_INPUT}, self._sites.here()))

    def _read(self, tensors: list[Tensor]) -> list[_Data]:
        """What is known of the tensors read. Indices beside data carry no gradient: left out."""
        known = [(tensor, self._look_up(tensor)) for tensor in tensors]
        if any(data.sources and _carries(tensor) for tensor, data in known):
            return [data for tensor, data in known if _carries(tensor) or not data.sources]
        return [data for _, data in known]

    def graph(self, output: Any) -> Graph:
        """The graph of everything noted, with the roles that only the whole shows."""
        outputs: set[int] = set()
        for tensor in tensors_of(output):
            outputs.update(self._look_up(tensor).sources - {_INPUT})
        ops = with_roles(tuple(self.ops))
        return Graph(ops, tuple(sorted(outputs)), weights_read(self.built, ops))

    def ends(self, output: Any) -> tuple[int, ...]:
        """The operation that each returned tensor comes from; -1 for one that none made."""
        found = (self._look_up(tensor).sources for tensor in tensors_of(output))
        return tuple(max(sources, default=_INPUT) for sources in found)

    def _note(
        self,
        name: str,
        sources: frozenset[int],
        weights: frozenset[str],
        read: list[_Data],
        shape: tuple[int, ...],
        made: list[Tensor],
    ) -> int:
        index = len(self.ops)
        place = self.running.place()
        if place.leaf_type == "ReLU6":  # it runs as a hardtanh
            name = "relu6"
        branches = sum(bool(data.sources) for data in read)
        self.ops.append(
            Op(
                index=index,
                name=name,
                kind=kind_in_use(name, branches, bool(weights)),
                inputs=tuple(sorted(sources - {_INPUT})),
                reads_input=_INPUT in sources,
                module=place.leaf,
                module_type=place.leaf_type,
                owner=place.owner,
                built=place.built,
                called=self._sites.here(),
                weights=tuple(sorted(weights - {""})),
                shape=tuple(made[0].shape),
                input_shape=shape,
            )
        )
        for tensor in made:
            self._know(tensor, _Data(frozenset({index})))
        return index

    def _know(self, tensor: Tensor, data: _Data) -> None:
        self._data[id(tensor)] = data
        self._alive.append(tensor)
        if tensor.grad_fn is not None and data.sources:
            self._by_grad_fn[tensor.grad_fn] = max(data.sources)

    def _look_up(self, tensor: Tensor) -> _Data:
        if id(tensor) in self._data:
            return self._data[id(tensor)]
        if id(tensor) in self._parameters:
            return self._parameters[id(tensor)]
        return self._adopt(tensor)

    def _adopt(self, tensor: Tensor) -> _Data:
        """A tensor that no torch function made (a custom autograd function): ask autograd."""
        data = _Data()
        if tensor.grad_fn is not None and tensor.grad_fn not in self._by_grad_fn:
            found = {self._by_grad_fn[node] for node in self._ancestors(tensor.grad_fn)}
            if found:
                read = [_Data(frozenset({index})) for index in found]
                name = type(tensor.grad_fn).__name__
                index = self._note(name, frozenset(found), frozenset(), read, (), [tensor])
                # It is met where it is read: where it ran is not known.
                self.ops[index] = replace(
                    self.ops[index], module="", module_type="", built=(), called=()
                )
                data = _Data(frozenset({index}))
        elif tensor.grad_fn is not None:
            data = _Data(frozenset({self._by_grad_fn[tensor.grad_fn]}))
        self._know(tensor, data)
        return data

    def _ancestors(self, node: Any) -> Iterator[Any]:
        """The nearest known nodes behind a node of the autograd graph."""
        queue, seen = [node], {node}
        while queue and len(seen) < 1000:
            for parent, _ in queue.pop().next_functions:
                if parent is None or parent in seen:
                    continue
                seen.add(parent)
                if parent in self._by_grad_fn:
                    yield parent
                else:
                    queue.append(parent)


def weights_read(built: Built, ops: tuple[Op, ...]) -> dict[str, Weight]:
    """The weights that operations read, with who initialised them."""
    used = {name for op in ops for name in op.weights}
    return {
        name: Weight(
            name,
            tuple(parameter.shape),
            parameter.requires_grad,
            built.inits.get(address(parameter)),
        )
        for name, parameter in named_parameters(built.module).items()
        if name in used
    }


def _shape(args: tuple[Any, ...]) -> tuple[int, ...]:
    for arg in args:
        if isinstance(arg, Tensor):
            return tuple(arg.shape)
    return ()


def _made(name: str, args: tuple[Any, ...], result: Any) -> list[Tensor]:
    """The tensors that an operation made or changed; masks are no data."""
    written = args[:1] if name == "setitem" else result
    return [tensor for tensor in tensors_of(written) if tensor.dtype is not torch.bool]


def _carries(tensor: Tensor) -> bool:
    """Whether a gradient can pass through the tensor."""
    return tensor.is_floating_point() or tensor.is_complex()


def same_shape(first: Any, second: Any) -> bool:
    """Whether two outputs have the same tensors by shape and dtype."""
    ours, theirs = tensors_of(first), tensors_of(second)
    return [(t.shape, t.dtype) for t in ours] == [(t.shape, t.dtype) for t in theirs]
