"""What first reads an input of a model, and what happens to the input on the way there."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

from torch import Tensor, fx, nn

from gradlint.feeding.needs import STOPS, Need, Step, need_of
from gradlint.feeding.symbols import scout
from gradlint.kinds import Kind, kind_of

_SIZES = frozenset({"size", "shape", "dim", "ndim", "device", "dtype", "numel", "len", "is_cuda"})
_ALONG = frozenset({"transpose", "permute", "swapaxes", "einsum", "rearrange"})
_LAYERS_BETWEEN = 4
_TUPLES = frozenset({"chunk", "split", "unbind", "tensor_split"})
_PRODUCTS = frozenset({"matmul", "mm", "bmm"})


@dataclass(frozen=True)
class Clues:
    """What a forward tells about one of its inputs."""

    needs: tuple[Need, ...] = ()  # of the layers that read it, in order
    dims: int | None = None  # it is unpacked into this many dimensions
    sequential: bool = False  # later operations work along a sequence


def clues_of(
    module: nn.Module, argument: str, defaults: dict[str, object], answer: bool = False
) -> Clues:
    """Follow an input through the forward; conditions on data are all answered alike."""
    graph = scout(module, defaults, answer)
    source = next((n for n in graph.nodes if n.op == "placeholder" and n.target == argument), None)
    if source is None:
        return Clues()
    first = dict(_reached(graph, module, [source]))
    needs = []
    for node, need in first.items():
        if need.kind in {Kind.EMBEDDING, Kind.LINEAR}:
            need = replace(need, then=_sequence_layer(graph, module, node))
        needs.append(need)
    return Clues(tuple(needs), _dims(source), _sequential(graph, module))


def _reached(
    graph: fx.Graph, module: nn.Module, sources: list[fx.Node]
) -> Iterator[tuple[fx.Node, Need]]:
    """The layers that read what comes from the sources, with the steps on the way."""
    routes: dict[fx.Node, tuple[Step, ...]] = dict.fromkeys(sources, ())
    for node in graph.nodes:
        reached = [routes[n] for n in node.all_input_nodes if n in routes]
        if node in routes or not reached or _name(node, module) in _SIZES:
            continue
        need = _need(node, module, reached[0])
        if need is not None:
            yield node, need
        if need is None or need.kind not in STOPS:
            routes[node] = (*reached[0], _step(node, module))
            if _in_place(node):
                routes[node.all_input_nodes[0]] = routes[node]


def _in_place(node: fx.Node) -> bool:
    """Whether an operation changes what it is called on: `x.unsqueeze_(1)`."""
    name = str(node.target)
    return node.op == "call_method" and name.endswith("_") and not name.endswith("__")


def _sequence_layer(graph: fx.Graph, module: nn.Module, node: fx.Node) -> Need | None:
    """The next layer after `node` that reads sequences, linear layers between them passed."""
    for _ in range(_LAYERS_BETWEEN):
        found = next(_reached(graph, module, [node]), None)
        if found is None:
            return None
        node, need = found
        if need.kind in {Kind.RECURRENT, Kind.ATTENTION}:
            return None if need.cell else need
        if need.kind is Kind.CONV:
            return None
    return None


def _need(node: fx.Node, module: nn.Module, steps: tuple[Step, ...]) -> Need | None:
    if node.op == "call_module":
        return need_of(module.get_submodule(str(node.target)), steps)
    name = _name(node, module)
    weight = next((w for w in (_weight(n, module) for n in node.args) if w is not None), None)
    if weight is None or weight.dim() < 2:
        return None
    if name == "linear":
        return Need(Kind.LINEAR, weight.shape[1], steps=steps)
    if name in _PRODUCTS and node.args[0] in node.all_input_nodes:
        return Need(Kind.LINEAR, weight.shape[-2], steps=steps)
    if name == "embedding" or (name == "getitem" and _weight(node.args[0], module) is not None):
        return Need(Kind.EMBEDDING, weight.shape[0], steps=steps)
    if kind_of(name) is Kind.CONV:
        back = "transpose" in name
        size = weight.shape[0] if back else weight.shape[1] * int(_argument(node, 6, "groups", 1))
        return Need(Kind.CONV, size, weight.dim() - 2, transposed=back, steps=steps)
    return None


def _weight(node: object, module: nn.Module) -> Tensor | None:
    """The parameter that a node reads, if it reads one."""
    if not isinstance(node, fx.Node) or node.op != "get_attr":
        return None
    value: object = module
    for part in str(node.target).split("."):
        value = getattr(value, part, None)
    return value if isinstance(value, nn.Parameter) else None


def _argument(node: fx.Node, place: int, name: str, default: int) -> int:
    value = node.args[place] if len(node.args) > place else node.kwargs.get(name, default)
    return value if isinstance(value, int) else default


def _name(node: fx.Node, module: nn.Module | None) -> str:
    """How an operation is called: "flatten", "getitem", "matmul"."""
    if node.op == "call_module" and module is not None:
        return type(module.get_submodule(str(node.target))).__name__.lower()
    if node.op == "call_function" and node.target is getattr:
        return str(node.args[1])
    if node.op == "call_function":
        return str(getattr(node.target, "__name__", node.target))
    return str(node.target)


def _step(node: fx.Node, module: nn.Module) -> Step:
    if node.op == "call_module":
        layer = module.get_submodule(str(node.target))
        numbers = (vars(layer).get("start_dim"), vars(layer).get("end_dim"))
        return Step(_name(node, module), numbers, {})
    if _name(node, module) == "getitem" and _name(node.all_input_nodes[0], module) in _TUPLES:
        return Step("part", (), {})
    known = fx.node.map_arg((node.args[1:], node.kwargs), lambda _: None)
    return Step(_name(node, module).rstrip("_"), tuple(known[0]), dict(known[1]))


def _dims(source: fx.Node) -> int | None:
    """How many dimensions the forward names when it unpacks the input's shape."""
    for node in source.users:
        if node.target == "size" or (node.target is getattr and node.args[1] == "shape"):
            places = [user.args[1] for user in node.users if _name(user, None) == "getitem"]
            if len(places) > 1 and places == list(range(len(places))):
                return len(places)
    return None


def _sequential(graph: fx.Graph, module: nn.Module) -> bool:
    layers = (nn.RNNBase, nn.RNNCellBase, nn.MultiheadAttention, nn.TransformerEncoderLayer)
    if any(isinstance(layer, layers) for layer in module.modules()):
        return True
    names = {_name(node, module) for node in graph.nodes if node.op.startswith("call")}
    return bool(names & (_ALONG | {"scaled_dot_product_attention"}))
