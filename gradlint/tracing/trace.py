"""The symbolic trace: a model's graph from torch.fx, without running it.

For models that cannot be fed. It makes the same graph as the recorded run, but for shapes.
"""

from __future__ import annotations

import inspect
from typing import Any

import torch.fx
from torch import nn

from gradlint.errors import NotRun
from gradlint.graph import Graph, Op
from gradlint.kinds import layer_name
from gradlint.tracing.build import BUILT, Built, reason
from gradlint.tracing.naming import canonical, values_read
from gradlint.tracing.record import weights_read
from gradlint.tracing.roles import kind_in_use, with_roles
from gradlint.tracing.sites import Sites

_NO_DATA = frozenset(  # masks, and what torch.fx asserts of defaults
    "eq ne lt le gt ge isnan isinf isfinite logical_not logical_and assert assert_is_none".split()
)


def trace(built: Built) -> Graph:
    """The graph of a model's forward. Raises NotRun where torch.fx cannot follow it."""
    try:
        fx_graph = _Tracer(built.sites).trace(built.module, _defaults(built.module))
    except Exception as error:  # user code runs on proxies here, and anything may come of it
        why = reason(error, built.sites.checked)
        raise NotRun(f"torch.fx cannot trace it: {why}", "give its inputs with --input") from error
    return _Reader(built).read(fx_graph)


def _defaults(module: nn.Module) -> dict[str, Any]:
    """The arguments of forward that have a default keep it: `mask=None`."""
    parameters = inspect.signature(module.forward).parameters.values()
    return {p.name: p.default for p in parameters if p.default is not inspect.Parameter.empty}


class _Tracer(torch.fx.Tracer):
    """Notes for every node which expression of the user's source made it."""

    def __init__(self, sites: Sites) -> None:
        super().__init__()
        self._sites = sites

    def create_node(self, *args: Any, **kwargs: Any) -> torch.fx.Node:
        """A node that knows where it was called."""
        node = super().create_node(*args, **kwargs)
        node.meta["called"] = self._sites.here()
        return node

    def is_leaf_module(self, m: nn.Module, module_qualified_name: str) -> bool:
        """Layers are leaves; torch's own blocks of layers are opened."""
        ours = type(m).__module__.startswith("torch.nn")
        return ours and not any(child for child in m.children() if not _is_plain(child))


def _is_plain(module: nn.Module) -> bool:
    """The output projection of attention is part of it."""
    return type(module).__name__ == "NonDynamicallyQuantizableLinear"


class _Reader:
    """Turns fx nodes into operations."""

    def __init__(self, built: Built) -> None:
        self._built = built
        self._modules = dict(built.module.named_modules())
        # A shared parameter has several paths and one name.
        names = {id(parameter): name for name, parameter in built.module.named_parameters()}
        self._parameters = {
            path: (names[id(parameter)], parameter)
            for path, parameter in built.module.named_parameters(remove_duplicate=False)
        }
        self._ops: list[Op] = []
        self._data: dict[torch.fx.Node, frozenset[int]] = {}  # -1 is the model's input
        self._weights: dict[torch.fx.Node, frozenset[str]] = {}

    def read(self, graph: torch.fx.Graph) -> Graph:
        """The graph that rules see."""
        outputs: frozenset[int] = frozenset()
        for node in graph.nodes:
            if node.op == "placeholder":
                self._data[node] = frozenset({-1})
            elif node.op == "get_attr":
                self._weights[node] = frozenset({str(node.target)} & self._parameters.keys())
            elif node.op == "output":
                outputs = self._sources(node.all_input_nodes)
            else:
                self._call(node)
        ops = with_roles(tuple(self._ops))
        return Graph(ops, tuple(sorted(outputs - {-1})), weights_read(self._built, ops))

    def _sources(self, nodes: list[torch.fx.Node]) -> frozenset[int]:
        return frozenset[int]().union(*(self._data.get(node, frozenset()) for node in nodes))

    def _call(self, node: torch.fx.Node) -> None:
        read = _nodes_read(node)
        sources = self._sources(read)
        weights = frozenset[str]().union(*(self._weights.get(n, frozenset()) for n in read))
        if not sources or _function_name(node) in _NO_DATA:
            self._weights[node] = weights
            return
        module = self._modules.get(str(node.target)) if node.op == "call_module" else None
        if module is not None:
            prefix = f"{node.target}."
            weights |= {name for name in self._parameters if name.startswith(prefix)}
        branches = sum(bool(self._data.get(source)) for source in read)
        self._ops.append(self._op(node, module, sources, weights, branches))
        self._data[node] = frozenset({len(self._ops) - 1})

    def _op(
        self,
        node: torch.fx.Node,
        module: nn.Module | None,
        sources: frozenset[int],
        weights: frozenset[str],
        branches: int,
    ) -> Op:
        name = class_name(module) if module else _function_name(node)
        read = [self._parameters[path] for path in weights]
        return Op(
            index=len(self._ops),
            name=name,
            kind=kind_in_use(name, branches, bool(weights)),
            inputs=tuple(sorted(sources - {-1})),
            reads_input=-1 in sources,
            module=str(node.target) if module else "",
            module_type=type(module).__name__ if module else "",
            owner=self._owner(node),
            built=module.__dict__.get(BUILT, ()) if module else (),
            called=node.meta.get("called", ()),
            weights=tuple(sorted({name for name, p in read if p.dim() > 1})),
            shape=(),
            input_shape=(),
        )

    def _owner(self, node: torch.fx.Node) -> str:
        """The innermost module of the user's own on the stack of modules."""
        owner = ""
        for path, _ in (node.meta.get("nn_module_stack") or {}).values():
            module = self._modules.get(path)
            if module is not None and not type(module).__module__.startswith("torch.nn"):
                owner = path
        return owner


def class_name(module: nn.Module) -> str:
    """The canonical name of what a layer class does: BatchNorm2d gives "batch_norm"."""
    if isinstance(module, nn.RNN):
        return f"rnn_{module.nonlinearity}"
    if isinstance(module, nn.RNNCell):
        return f"rnn_{module.nonlinearity}_cell"
    return layer_name(type(module).__name__)


def _nodes_read(node: torch.fx.Node) -> list[torch.fx.Node]:
    """The nodes whose values the result depends on, each once."""
    found: dict[torch.fx.Node, None] = {}
    args = values_read(_function_name(node), (*node.args, node.kwargs))
    torch.fx.map_arg(tuple(args), lambda source: found.setdefault(source))
    return list(found)


def _function_name(node: torch.fx.Node) -> str:
    if node.target is getattr:
        return str(node.args[1])
    return str(node.target).strip("_") if node.op == "call_method" else canonical(node.target)
