"""Where a run cuts the way of the gradient, and what is left without one."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable, Iterator

import torch
from torch import nn

from gradlint.connections import Cut
from gradlint.discovery.outline import Outline
from gradlint.graph import Graph, Op
from gradlint.span import Span
from gradlint.tracing.build import Built
from gradlint.tracing.record import Recording, Stop

_STEPS = frozenset("round floor ceil trunc fix sign sgn heaviside".split())  # slope zero
_MEANT = re.compile(
    r"stop.?grad|frozen|freeze|pre.?train|fixed|teacher|target|momentum|\bema\b|_ema\b|prior|"
    r"reservoir|random|no.?grad(ient)? (is )?needed|don.?t (back)?prop|not (be )?(trained|updated)",
    re.IGNORECASE,
)


def cuts(built: Built, recording: Recording, lost: Iterable[str]) -> tuple[Cut, ...]:
    """The cuts after which everything before them has no gradient, that of the most first.

    `lost` are the parameters that the autograd graph of the run does not hold.
    """
    graph, without = recording.graph, frozenset(lost)
    found: dict[Span, Cut] = {}
    for stop in (*recording.stops, *_steps(graph)):
        before = _before(graph, stop.sources)
        names = frozenset(weight.name for op in before for weight in graph.weights_of(op))
        is_cut = names <= without if stop.name not in _STEPS else _only_through(graph, stop, before)
        if not names or not is_cut or not stop.called:
            continue
        parameters = tuple(sorted(_all_of(built.module, names)))
        doubt = _doubt(built, graph, stop, before)
        cut = Cut(stop.name, max(stop.sources), parameters, stop.called[0], doubt)
        found[cut.span] = cut
    return tuple(sorted(found.values(), key=lambda cut: (-len(cut.parameters), cut.span)))


def _steps(graph: Graph) -> Iterator[Stop]:
    """Operations whose slope is zero: the gradient passes, and is nothing."""
    for op in graph.ops:
        if op.name in _STEPS and op.inputs:
            yield Stop(op.name, frozenset({op.index}), op.called)


def _before(graph: Graph, sources: frozenset[int]) -> tuple[Op, ...]:
    """The operations that these come from, themselves included."""
    wanted = set(sources)
    for op in reversed(graph.ops):
        if op.index in wanted:
            wanted.update(op.inputs)
    return tuple(op for op in graph.ops if op.index in wanted)


def _only_through(graph: Graph, stop: Stop, before: tuple[Op, ...]) -> bool:
    """Whether every layer before an operation reaches the outputs through it alone."""
    wanted = set(graph.outputs) - stop.sources
    for op in reversed(graph.ops):
        if op.index in wanted:
            wanted.update(set(op.inputs) - stop.sources)
    reached = any(op.index in wanted for op in before if graph.weights_of(op))
    return not reached and bool(stop.sources & set(_leading(graph)))


def _leading(graph: Graph) -> Iterator[int]:
    """The operations that lead to an output."""
    return (op.index for op in _before(graph, frozenset(graph.outputs)))


def _all_of(module: nn.Module, names: frozenset[str]) -> Iterator[str]:
    """The weights, and the biases that stand beside them."""
    owners = {name.rpartition(".")[0] for name in names}
    for name, parameter in module.named_parameters():
        beside = name.rpartition(".")[0] in owners and parameter.dim() == 1
        if parameter.requires_grad and (name in names or beside):
            yield name


def _doubt(built: Built, graph: Graph, stop: Stop, before: tuple[Op, ...]) -> str:
    """Why a cut may be meant; "" where nothing speaks for that."""
    outline = Outline(built.sites.sources[stop.called[0].path])
    modules = dict(built.module.named_modules())
    parts = {name for op in before for name in (op.module, op.owner) if name}
    if not _is_whole(graph, stop, before):
        return "another route from the input goes around it"
    if _guarded(outline, stop.called[0]):
        return "a condition decides on it"
    if any(not modules[name].training for name in parts if name in modules):
        return "what is before it is in eval mode"
    if any(_trains_itself(part) for part in modules.values()):
        return "the model holds an optimizer of its own"
    lines = range(max(stop.called[0].line - 2, 1), stop.called[0].end_line + 1)
    texts = [outline.source.line(line) for line in lines]
    said = [text.partition("#")[2] for text in texts]
    if any(_MEANT.search(text) for text in (*said, *parts)):
        return "its names or comments say that it is meant"
    if any(op.built and not _built_inside(outline, stop, op) for op in before):
        return "what is before it is given to the model from outside"
    return ""


def _is_whole(graph: Graph, stop: Stop, before: tuple[Op, ...]) -> bool:
    """Whether everything that the outputs take from the input passes the cut."""
    inside = {op.index for op in before}
    leading = set(_leading(graph))
    return all(op.index in inside for op in graph.ops if op.reads_input and op.index in leading)


def _trains_itself(module: nn.Module) -> bool:
    return any(isinstance(value, torch.optim.Optimizer) for value in vars(module).values())


def _guarded(outline: Outline, span: Span) -> bool:
    """Whether a condition inside its function decides on the expression."""
    for node in ast.walk(outline.tree):
        if not isinstance(node, ast.If | ast.IfExp):
            continue
        inside = any(isinstance(each, ast.FunctionDef) for each in outline.enclosing(node))
        if inside and outline.source.span(node).contains(span):
            return True
    return False


def _built_inside(outline: Outline, stop: Stop, op: Op) -> bool:
    """Whether the layer is constructed by the class that the cut stands in."""
    classes = [node for node in ast.walk(outline.tree) if isinstance(node, ast.ClassDef)]
    spans = [outline.source.span(node) for node in classes]
    around = [span for span in spans if span.contains(stop.called[0])]
    return not around or any(span.contains(built) for span in around for built in op.built)
