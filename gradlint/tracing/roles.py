"""What an operation is in its place: a gate, a head, a weight's product, a residual sum."""

from __future__ import annotations

from dataclasses import replace

from gradlint.graph import Op
from gradlint.kinds import Kind, kind_of

_PRODUCTS = frozenset({"matmul", "mm", "bmm", "einsum", "mv", "tensordot", "addmm", "baddbmm"})
_PASSIVE = frozenset({Kind.RESHAPE, Kind.POOL, Kind.DROPOUT, Kind.OTHER})
_BOUNDED = frozenset({Kind.SATURATING, Kind.SOFTMAX})
_TRAINED = frozenset({Kind.LINEAR, Kind.CONV, Kind.RECURRENT, Kind.ATTENTION, Kind.EMBEDDING})


def kind_in_use(name: str, branches: int, weighted: bool) -> Kind:
    """The kind of an operation that joins so many branches of data, with or without a weight."""
    kind = kind_of(name)
    if name in _PRODUCTS:
        return Kind.LINEAR if weighted and branches == 1 else Kind.JOIN
    if kind in (Kind.LINEAR, Kind.CONV) and not weighted:
        return Kind.JOIN
    if kind in (Kind.ADD, Kind.JOIN) and branches < 2:
        return Kind.OTHER
    return kind


def with_roles(ops: tuple[Op, ...]) -> tuple[Op, ...]:
    """The operations with gates and heads told apart from saturating activations."""
    readers: dict[int, list[int]] = {}
    for op in ops:
        for source in op.inputs:
            readers.setdefault(source, []).append(op.index)
    trained_after = _trained_after(ops, readers)
    return tuple(_with_role(op, ops, readers, trained_after) for op in ops)


def _with_role(
    op: Op, ops: tuple[Op, ...], readers: dict[int, list[int]], trained_after: list[bool]
) -> Op:
    if op.kind not in _BOUNDED:
        return op
    if op.kind is Kind.SATURATING and _multiplies(op, ops, readers):
        return replace(op, kind=Kind.GATE)
    if not trained_after[op.index]:
        return replace(op, kind=Kind.HEAD)
    return op


def _trained_after(ops: tuple[Op, ...], readers: dict[int, list[int]]) -> list[bool]:
    """For each operation, whether any parameter acts on what comes of it."""
    after = [False] * len(ops)
    for op in reversed(ops):
        after[op.index] = any(
            after[reader] or ops[reader].kind in _TRAINED for reader in readers.get(op.index, ())
        )
    return after


def _multiplies(op: Op, ops: tuple[Op, ...], readers: dict[int, list[int]]) -> bool:
    """Whether the result is multiplied into another branch before any layer reads it."""
    queue, seen = [op.index], {op.index}
    while queue:
        for index in readers.get(queue.pop(), ()):
            reader = ops[index]
            if reader.kind is Kind.JOIN and reader.name in {*_PRODUCTS, "mul", "where", "lerp"}:
                return True
            if reader.kind in _PASSIVE and index not in seen:
                seen.add(index)
                queue.append(index)
    return False
