"""Notes the operations that a reading comes across: the graph in the making."""

from __future__ import annotations

import ast
from collections.abc import Iterable

from gradlint.errors import NotRun
from gradlint.graph import Graph, Op, Weight
from gradlint.kinds import Kind
from gradlint.reading.values import INPUT, Object, Parameter, Tensor, tensors_of
from gradlint.source import Source
from gradlint.span import Span
from gradlint.tracing.roles import kind_in_use, with_roles

MOST_STEPS = 400_000  # of a reading
MOST_OPS = 4_000
_SCALINGS = frozenset({"mul", "div", "neg", "clone", "float", "to"})  # `torch.randn(4, 4) * 0.1`


class TooMuch(NotRun):
    """There is more to read than anybody would wait for."""


class Recorder:
    """Where the reading is, and what it has noted."""

    def __init__(self) -> None:
        self.steps = 0
        self.made = 0  # layers, first values and operations so far
        self.recording = False  # once the model is built
        self.places: list[tuple[Source, ast.expr | ast.stmt]] = []  # what runs now, outermost first
        self.modules: list[tuple[Object, bool]] = []  # whose forward runs; whether torch wrote it
        self.paths: dict[int, str] = {}
        self.parameters: dict[int, Parameter] = {}
        self._ops: list[Op] = []
        self._spans: dict[ast.AST, Span] = {}

    def step(self) -> None:
        """Count one piece of work. Raises TooMuch."""
        self.steps += 1
        if self.steps > MOST_STEPS:
            raise TooMuch("there is too much of it to read")

    def begin(self, module: Object) -> None:
        """From here on operations are noted; the model's modules and parameters have names."""
        self.recording = True
        self.steps = 0
        for path, child in module.named_modules():
            self.paths[id(child)] = path
        for name, parameter in module.named_parameters():
            parameter.name = name
            self.parameters[id(parameter)] = parameter

    def here(self) -> tuple[Span, ...]:
        """The user's expressions that run now, innermost first."""
        return tuple(
            self._span(source, node) for source, node in reversed(self.places) if source.path
        )

    def _span(self, source: Source, node: ast.expr | ast.stmt) -> Span:
        if node not in self._spans:
            self._spans[node] = source.span(node)
        return self._spans[node]

    def note(
        self, name: str, read: Iterable[Tensor], unknown: bool = False, weighted: bool = False
    ) -> Tensor:
        """An operation that reads these tensors, and its result.

        `weighted` where a layer runs it, whatever became of the layer's parameters.
        """
        read = list({id(tensor): tensor for tensor in read}.values())
        if any(tensor.sources and tensor.carries for tensor in read):
            read = [tensor for tensor in read if tensor.carries or not tensor.sources]
        sources = frozenset[int]().union(*(tensor.sources for tensor in read))
        weights = frozenset[Tensor]().union(*(_weights(tensor) for tensor in read))
        if not sources or not self.recording:
            scaled = next((t for t in read if t.init), None) if name in _SCALINGS else None
            init, shape = (scaled.init, scaled.shape) if scaled else (None, None)
            return Tensor(weights=weights, init=init, shape=shape)
        if len(self._ops) >= MOST_OPS:
            raise TooMuch("there is too much of it to read")
        self.made += 1
        branches = sum(bool(tensor.sources) for tensor in read)
        kind = Kind.UNKNOWN if unknown else kind_in_use(name, branches, weighted or bool(weights))
        self._ops.append(self._op(name, kind, sources, weights))
        return Tensor(frozenset({len(self._ops) - 1}))

    def _op(self, name: str, kind: Kind, sources: frozenset[int], weights: frozenset[Tensor]) -> Op:
        leaf, owner = self._stack()
        return Op(
            index=len(self._ops),
            name=name,
            kind=kind,
            inputs=tuple(sorted(sources - {INPUT})),
            reads_input=INPUT in sources,
            module=self.paths.get(id(leaf), "") if leaf else "",
            module_type=leaf.type if leaf else "",
            owner=self.paths.get(id(owner), "") if owner else "",
            built=leaf.built if leaf else (),
            called=self.here(),
            weights=tuple(sorted({w.name for w in weights if w.name and w.many_dimensions})),
            shape=(),
            input_shape=(),
        )

    def _stack(self) -> tuple[Object | None, Object | None]:
        """The layer that runs, and the innermost module of the user's own."""
        leaf: Object | None = None
        for module, is_layer in reversed(self.modules):
            if is_layer:
                leaf = leaf or module
            elif module.cls is not None and module.cls.scope.outline.source.path:
                return leaf, module
        return leaf, None

    def graph(self, output: object) -> Graph:
        """The graph of everything noted."""
        outputs = {index for tensor in tensors_of(output) for index in tensor.sources}
        ops = with_roles(tuple(self._ops))
        used = {name for op in ops for name in op.weights}
        weights = {
            p.name: Weight(p.name, numbers(p), p.trainable, p.init)
            for p in self.parameters.values()
            if p.name in used
        }
        return Graph(ops, tuple(sorted(outputs - {INPUT})), weights)


def _weights(tensor: Tensor) -> frozenset[Tensor]:
    return frozenset({tensor}) if isinstance(tensor, Parameter) else tensor.weights


def numbers(parameter: Parameter) -> tuple[int, ...]:
    """The shape of a parameter, () where not all of it is known."""
    shape = parameter.shape or ()
    return shape if all(isinstance(size, int) for size in shape) else ()
