"""A model as rules see it: operations in the order in which they ran, and how data flows.

The symbolic trace and the recorded run both make this one type. It imports no torch.
"""

from __future__ import annotations

import math
from bisect import bisect_left, bisect_right
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from statistics import median

from gradlint.kinds import ACTIVATIONS, LAYERS, Kind
from gradlint.span import Span


@dataclass(frozen=True)
class Init:
    """Who wrote a parameter's first values: the call, and where it stands."""

    function: str  # "normal_", "constant_", "kaiming_uniform_"
    span: Span | None  # None where the writer is not in the user's source
    default: bool  # written by the layer's own constructor
    gain: float | None = None  # std * sqrt(fan_in) as read in the source; nan: it does not tell


@dataclass(frozen=True)
class Weight:
    """One parameter with two or more dimensions that an operation of the graph reads."""

    name: str  # as in `named_parameters`, "body.3.weight"
    shape: tuple[int, ...]
    trainable: bool
    init: Init | None


@dataclass(frozen=True)
class Op:
    """One operation of the forward pass on data that comes from the input."""

    index: int
    name: str  # canonical: "sigmoid", "conv2d", "lstm"
    kind: Kind
    inputs: tuple[int, ...]  # the operations whose results it reads
    reads_input: bool  # it reads an input of the model itself
    module: str  # path of the torch.nn leaf module that ran it, "body.3"; "" for a function call
    module_type: str  # class name of that module, "Sigmoid"; "" for a function call
    owner: str  # path of the innermost module of the user's own that ran it; "" for the model
    built: tuple[Span, ...]  # where the layer is constructed, then its callers, innermost first
    called: tuple[Span, ...]  # where it is called, then its callers, innermost first
    weights: tuple[str, ...]  # names of the weights that it reads
    shape: tuple[int, ...]  # of the result; () where it is not known
    input_shape: tuple[int, ...]

    @property
    def site(self) -> Span | None:
        """The one expression to point at: where it is built, or else called."""
        for span in (*self.built, *self.called):
            return span
        return None


@dataclass(frozen=True)
class Graph:
    """Operations in execution order; `outputs` are those whose results the model returns."""

    ops: tuple[Op, ...]
    outputs: tuple[int, ...]
    weights: dict[str, Weight]

    @cached_property
    def path(self) -> tuple[Op, ...]:
        """The operations that every route from the inputs to the outputs passes, in order.

        It begins with the first operation that has something to train: what is frozen before
        it needs no gradient. An operation inside a residual branch is not on the path; the
        sum that closes it is.
        Of several outputs the one that is made last counts: the code of an autoencoder and
        the states of a recurrence are returned beside it.
        """
        main = self._main
        readers: dict[int, int] = {}
        for op in main:
            for source in op.inputs:
                readers[source] = max(readers.get(source, -1), op.index)
        # the furthest reader of anything seen so far
        reach = max((op.index for op in main if op.reads_input), default=-1)
        found = []
        for op in main:
            if reach <= op.index:
                found.append(op)
            reach = max(reach, readers.get(op.index, -1))
        begin = min((op.index for op in self.ops if self.weights_of(op)), default=0)
        return tuple(op for op in found if op.index >= begin)

    @cached_property
    def stations(self) -> tuple[Op, ...]:
        """The layers of the path, a branching region with layers counting as the op that joins it.

        Gradients are compared from station to station. A layer whose weight is used
        more than once (a recurrence, shared blocks) is no station.
        """
        uses = Counter(name for op in self.ops for name in op.weights)
        weighted = [
            op.index for op in self._main if op.weights and op.kind in LAYERS | {Kind.ATTENTION}
        ]
        found = []
        previous = -1
        for op in self.path:
            if op.kind in LAYERS:
                if all(uses[name] == 1 for name in op.weights):
                    found.append(op)
            elif op.kind is Kind.ATTENTION or (
                bisect_right(weighted, previous) < bisect_left(weighted, op.index)
            ):
                found.append(op)
            previous = op.index
        return tuple(found)

    @cached_property
    def _useful(self) -> tuple[Op, ...]:
        """Operations that lie between an input and an output."""
        return self._before(self.outputs)

    @cached_property
    def _main(self) -> tuple[Op, ...]:
        """Operations that lie between an input and the output that is made last."""
        return self._before(self.outputs[-1:])

    def _before(self, outputs: tuple[int, ...]) -> tuple[Op, ...]:
        forward = set()
        for op in self.ops:
            if op.reads_input or any(source in forward for source in op.inputs):
                forward.add(op.index)
        backward = set(outputs)
        for op in reversed(self.ops):
            if op.index in backward:
                backward.update(op.inputs)
        return tuple(op for op in self.ops if op.index in forward and op.index in backward)

    def layers(self) -> tuple[Op, ...]:
        """The linear and convolution layers of the path."""
        return tuple(op for op in self.stations if op.kind in LAYERS)

    def activations(self) -> tuple[Op, ...]:
        """The activations between the layers of the path, heads and gates left out."""
        return tuple(op for op in self.path if op.kind in ACTIVATIONS)

    def on_path(self, kind: Kind) -> tuple[Op, ...]:
        """The operations of one kind on the path."""
        return tuple(op for op in self.path if op.kind is kind)

    def hidden(self) -> tuple[Op, ...]:
        """All layers, on the path or not, that another layer comes after."""
        layers = [op for op in self._useful if op.kind in LAYERS]
        return tuple(op for op in layers[:-1] if op.index not in self.outputs)

    def weights_of(self, op: Op) -> tuple[Weight, ...]:
        """The trainable weights that an operation reads."""
        found = (self.weights.get(name) for name in op.weights)
        return tuple(weight for weight in found if weight and weight.trainable)

    def written_by_author(
        self, gain_above: float = -math.inf, gain_below: float = math.inf
    ) -> tuple[Op, ...]:
        """Layers of the path, the last left out, whose weights the user's own code initialised.

        Where the source is all there is, none unless it tells a median gain between the two.
        """
        found = [
            (op, weight.init.gain)
            for op in self.layers()[:-1]
            for weight in self.weights_of(op)
            if weight.init and weight.init.span and not weight.init.default
        ]
        gains = [gain for _, gain in found if gain is not None]
        told = [gain for gain in gains if not math.isnan(gain)]
        if gains and not (told and gain_above < median(told) < gain_below):
            return ()
        return tuple(dict.fromkeys(op for op, _ in found))

    def commonest_init(self, ops: Sequence[Op]) -> Span | None:
        """The initialising call that serves most of these operations."""
        spans = [
            weight.init.span
            for op in ops
            for weight in self.weights_of(op)
            if weight.init and weight.init.span and not weight.init.default
        ]
        return max(spans, key=spans.count) if spans else None

    def commonest_site(self, ops: Sequence[Op]) -> Span | None:
        """The expression that makes most of these operations."""
        spans = [op.site for op in ops if op.site]
        return max(spans, key=spans.count) if spans else None

    @property
    def residual(self) -> bool:
        """Whether an operation on the path joins a branch with layers to another branch.

        Code on the path that could not be read may do so, too.
        """
        joined = any(op.kind not in LAYERS | {Kind.ATTENTION} for op in self.stations)
        return joined or bool(self.on_path(Kind.UNKNOWN))
