"""Layers that a model keeps in plain lists, tuples and dicts: its `parameters()` lack them."""

from __future__ import annotations

import ast
import itertools
from collections import deque
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from torch import nn

from gradlint.connections import Container
from gradlint.source import Source
from gradlint.tracing.written import assigned

if TYPE_CHECKING:
    from gradlint.tracing.build import Built

_OWN = frozenset(vars(nn.Module()))  # what torch itself keeps of a module
_PLAIN = (list, tuple, dict, deque)
_DEPTH, _MOST = 3, 1000  # of what is in them: a list may hold a whole data set


def parts(root: nn.Module) -> Iterator[tuple[str, nn.Module]]:
    """All modules with their paths, each once, those in plain containers included."""
    seen: set[nn.Module] = set()
    yield from root.named_modules(seen)
    for _, found in _held(root):
        for path, part in found:
            if isinstance(part, nn.Module):
                yield from part.named_modules(seen, path)


def named_parameters(root: nn.Module) -> dict[str, nn.Parameter]:
    """All parameters by name, those in plain containers included."""
    return {**dict(root.named_parameters()), **unregistered(root)}


def unregistered(root: nn.Module) -> dict[str, nn.Parameter]:
    """The parameters in plain containers, by the names that they would have."""
    return {name: p for _, found in _held(root) for name, p in _parameters(found)}


def containers(built: Built) -> tuple[Container, ...]:
    """The plain containers that hold parameters, those that are hidden on purpose left out."""
    modules = dict(built.module.named_modules())
    sources = list(built.sites.sources.values())
    found = []
    for (owner, attribute), held in _held(built.module):
        written = assigned(type(modules[owner]), attribute, sources)
        if written and _hides(written[1]):
            continue
        if any(_hands_over(each, attribute) for each in sources):
            continue
        kept = vars(modules[owner])[attribute]
        names = tuple(name for name, _ in _parameters(held))
        span = written[0].span(written[1]) if written else None
        container = Container(
            owner, attribute, type(kept).__name__, names, _registering(kept), span
        )
        found.append(container)
    return tuple(found)


def _hides(value: ast.expr) -> bool:
    """Whether it is `[teacher]`: the idiom that keeps a module out of `parameters()`."""
    if not isinstance(value, ast.List | ast.Tuple):
        return False
    return len(value.elts) == 1 and isinstance(value.elts[0], ast.Name)


def _hands_over(source: Source, attribute: str) -> bool:
    """Whether a statement asks for the `parameters()` of what the attribute holds."""
    kinds = (ast.Assign, ast.AugAssign, ast.Expr, ast.Return, ast.For)
    for statement in ast.walk(source.tree):
        if isinstance(statement, kinds):
            named = {n.attr for n in ast.walk(statement) if isinstance(n, ast.Attribute)}
            if attribute in named and named & {"parameters", "named_parameters"}:
                return True
    return False


def _held(root: nn.Module) -> Iterator[tuple[tuple[str, str], list[tuple[str, Any]]]]:
    """Each container by owner and attribute, with what it holds of what nobody registers."""
    known = {id(p) for p in root.parameters()}
    for module in root.modules():
        known.update(id(p) for p in module.parameters())  # a class may have its own `parameters`
    for path, module in root.named_modules():
        for attribute, value in vars(module).items():
            if attribute in _OWN or not isinstance(value, _PLAIN):
                continue
            prefix = f"{path}.{attribute}" if path else attribute
            held = list(_leaves(value, prefix, _DEPTH))
            found = [(n, part) for n, part in held if any(id(p) not in known for p in _of(part))]
            if found:
                known.update(id(p) for _, part in found for p in _of(part))
                yield (path, attribute), found


def _leaves(value: Any, path: str, depth: int) -> Iterator[tuple[str, Any]]:
    if isinstance(value, nn.Module | nn.Parameter):
        yield path, value
    elif isinstance(value, _PLAIN) and depth:
        items = value.items() if isinstance(value, dict) else enumerate(value)
        for key, item in itertools.islice(items, _MOST):
            yield from _leaves(item, f"{path}.{key}", depth - 1)


def _of(part: nn.Module | nn.Parameter) -> list[nn.Parameter]:
    return [part] if isinstance(part, nn.Parameter) else list(part.parameters())


def _parameters(found: list[tuple[str, Any]]) -> Iterator[tuple[str, nn.Parameter]]:
    for path, part in found:
        if isinstance(part, nn.Parameter):
            yield path, part
        else:
            yield from part.named_parameters(prefix=path)


def _registering(value: Any) -> str:
    """The container of torch that takes all that is in a plain one."""
    mapping = isinstance(value, dict)
    if mapping and not all(isinstance(key, str) and "." not in key for key in value):
        return ""
    items = list(value.values() if mapping else value)
    suffix = "Dict" if mapping else "List"
    for kind, name in ((nn.Module, "Module"), (nn.Parameter, "Parameter")):
        if all(isinstance(item, kind) for item in items):
            return f"torch.nn.{name}{suffix}"
    return ""
