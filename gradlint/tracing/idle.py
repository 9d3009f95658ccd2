"""Parts of a model that can be trained, and that no output of its run depends on."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Mapping
from typing import Any

from torch import Tensor, nn

from gradlint.connections import Idle
from gradlint.tracing.build import Built
from gradlint.tracing.record import Recording
from gradlint.tracing.written import assigned, is_used

_OWN = frozenset(vars(nn.Module()))
_DEPTH = 5  # of what a model returns or keeps


def idle(built: Built, recording: Recording, lost: dict[str, nn.Parameter]) -> tuple[Idle, ...]:
    """The largest parts of what is lost, where the source bears it out.

    Either nothing but the constructor mentions the part, or it ran and its result was dropped.
    """
    sources = list(built.sites.sources.values())
    modules = dict(built.module.named_modules())
    ran = {name for op in recording.graph.ops for name in (op.module, *op.weights) if name}
    found = []
    for owner, attribute, names in _parts(built.module, lost):
        cls = type(modules[owner])
        written = assigned(cls, attribute, sources)
        if written is None or _reached_in_others(modules, owner, attribute, lost):
            continue
        source, value = written
        did = any(name in ran or name.rpartition(".")[0] in ran for name in names)
        if did or not is_used(cls, attribute, sources):
            found.append(Idle(owner, attribute, names, did, source.span(value)))
    return tuple(found)


def unreached(module: nn.Module, output: Any) -> dict[str, nn.Parameter]:
    """The parameters that can be trained and that the autograd graph of a run does not hold.

    What modules keep of a run, as an auxiliary loss, counts as output. Nothing where the run
    reaches no parameter at all.
    """
    kept = [value for part in module.modules() for value in _kept(part)]
    made = [t for t in _tensors(kept, _DEPTH) if not isinstance(t, nn.Parameter)]
    reached = {id(p) for p in _leaves([*_tensors(output, _DEPTH), *made])}
    trained = {name: p for name, p in module.named_parameters() if p.requires_grad}
    if not any(id(parameter) in reached for parameter in trained.values()):
        return {}
    return {name: p for name, p in trained.items() if id(p) not in reached}


def _kept(module: nn.Module) -> list[Any]:
    return [value for name, value in vars(module).items() if name not in _OWN]


def _tensors(value: Any, depth: int) -> Iterator[Tensor]:
    """The tensors in a value, also in objects that are nothing that torch knows."""
    if isinstance(value, Tensor):
        yield value
        return
    if isinstance(value, nn.Module) or depth == 0:
        return
    if isinstance(value, Mapping):
        inner = list(value.values())
    elif isinstance(value, list | tuple | set | frozenset):
        inner = list(value)[:1000]
    elif dataclasses.is_dataclass(value) or hasattr(value, "__dict__"):
        inner = list(vars(value).values()) if not isinstance(value, type) else []
    else:
        inner = []
    for each in inner:
        yield from _tensors(each, depth - 1)


def _leaves(tensors: list[Tensor]) -> Iterator[Tensor]:
    """The tensors without a history that others were computed from."""
    yield from (tensor for tensor in tensors if tensor.grad_fn is None)
    waiting = [tensor.grad_fn for tensor in tensors if tensor.grad_fn is not None]
    seen = set(waiting)
    while waiting:
        node = waiting.pop()
        variable = getattr(node, "variable", None)
        if variable is not None:
            yield variable
        for parent, _ in node.next_functions:
            if parent is not None and parent not in seen:
                seen.add(parent)
                waiting.append(parent)


def _parts(
    root: nn.Module, lost: dict[str, nn.Parameter]
) -> Iterator[tuple[str, str, tuple[str, ...]]]:
    """The largest modules, and the single parameters, that are lost whole."""

    def walk(path: str, module: nn.Module) -> Iterator[tuple[str, str, tuple[str, ...]]]:
        for name, parameter in module.named_parameters(prefix=path, recurse=False):
            if name in lost:
                yield path, name.rpartition(".")[2], (name,)
            del parameter
        for attribute, child in module.named_children():
            prefix = f"{path}.{attribute}" if path else attribute
            every = [n for n, p in child.named_parameters(prefix=prefix) if p.requires_grad]
            if every and all(name in lost for name in every):
                yield path, attribute, tuple(every)
            else:
                yield from walk(prefix, child)

    yield from walk("", root)


def _reached_in_others(
    modules: dict[str, nn.Module], owner: str, attribute: str, lost: dict[str, nn.Parameter]
) -> bool:
    """Whether another module of the same class does use it: in a last block it may be left over."""
    for path, module in modules.items():
        if path != owner and type(module) is type(modules[owner]):
            prefix = f"{path}.{attribute}" if path else attribute
            part = getattr(module, attribute, None)
            if isinstance(part, nn.Module):
                if any(n not in lost for n, _ in part.named_parameters(prefix=prefix)):
                    return True
            elif part is not None and prefix not in lost:
                return True
    return False
