"""Reads expressions: what they stand for, as far as the source says it."""

from __future__ import annotations

import ast
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager

from gradlint.discovery.arguments import PARSES
from gradlint.reading.python import (
    BINARY,
    UNARY,
    binary,
    compare,
    folded,
    items_of,
    representative,
    truth,
)
from gradlint.reading.recorder import Recorder
from gradlint.reading.values import (
    UNKNOWN,
    Function,
    Many,
    Method,
    Object,
    Scope,
    Super,
    Tensor,
    Value,
    tensors_of,
)

LONG = 64  # rounds of a loop that makes nothing


class Expressions(Recorder, ABC):
    """Evaluates syntax trees over values that are partly unknown."""

    @abstractmethod
    def call(self, function: Value, args: list[Value], kwargs: dict[str, Value]) -> Value:
        """What a call gives."""

    @abstractmethod
    def attribute(self, value: Value, name: str, called: bool = False) -> Value:
        """What an attribute of a value is; `called` where it is called at once."""

    @abstractmethod
    def name(self, name: str, scope: Scope) -> Value:
        """What a name stands for."""

    @abstractmethod
    def namespace(self, scope: Scope) -> Value:
        """Parsed arguments of the command line: their defaults."""

    def evaluate(self, node: ast.expr | None, scope: Scope, called: bool = False) -> Value:
        """What an expression stands for."""
        self.step()
        match node:
            case None:
                return None
            case ast.Constant(value=value):
                return value
            case ast.Name(id=name):
                return self.name(name, scope)
            case ast.Attribute(value=owner, attr=name):
                with self.at(scope, node):
                    return self.attribute(self.evaluate(owner, scope), name, called)
            case ast.Call():
                return self._call(node, scope)
        read = _READ.get(type(node))
        return read(self, node, scope) if read is not None else UNKNOWN

    @contextmanager
    def at(self, scope: Scope, node: ast.expr | ast.stmt) -> Iterator[None]:
        """While this holds, `node` is what runs in the innermost frame."""
        self.places.append((scope.outline.source, node))
        try:
            yield
        finally:
            self.places.pop()

    def _call(self, node: ast.Call, scope: Scope) -> Value:
        if isinstance(node.func, ast.Attribute) and node.func.attr in PARSES:
            parsed = self.namespace(scope)
            return (parsed, []) if node.func.attr == "parse_known_args" else parsed
        function = self.evaluate(node.func, scope, called=True)
        if isinstance(node.func, ast.Name) and node.func.id == "super" and not node.args:
            return Super(scope.this, scope.owner) if scope.owner else UNKNOWN
        args = list(self.unpacked(node.args, scope))
        kwargs: dict[str, Value] = {}
        for keyword in node.keywords:
            value = self.evaluate(keyword.value, scope)
            if keyword.arg:
                kwargs[keyword.arg] = value
            elif isinstance(value, dict):
                kwargs |= {key: each for key, each in value.items() if isinstance(key, str)}
        with self.at(scope, node):
            return self.call(function, args, kwargs)

    def unpacked(self, nodes: Sequence[ast.expr], scope: Scope) -> Iterator[Value]:
        """The values of several expressions; of a starred one, its elements."""
        for node in nodes:
            if isinstance(node, ast.Starred):
                value = self.evaluate(node.value, scope)
                items = items_of(value)
                yield from [representative(value)] if items is None else items
            else:
                yield self.evaluate(node, scope)

    def repetitions(self, value: Value) -> list[Value]:
        """The elements to loop over. Of an unknown number one is read.

        On data two are read in forward, so that layers used again and again look it.
        """
        items = items_of(value)
        if items is not None:
            return items
        return [representative(value)] * (2 if self.recording else 1)

    def worthwhile(self, items: list[Value]) -> Iterator[Value]:
        """The items of a loop; of a long loop that makes no layers (a table) the first ones."""
        made = self.made
        for number, item in enumerate(items):
            if (
                number >= LONG
                and self.made == made
                and not isinstance(item, (Object, Tensor, tuple))
            ):
                return
            yield item

    def _list(self, node: ast.List | ast.Set, scope: Scope) -> Value:
        return list(self.unpacked(node.elts, scope))

    def _tuple(self, node: ast.Tuple, scope: Scope) -> Value:
        return tuple(self.unpacked(node.elts, scope))

    def _dict(self, node: ast.Dict, scope: Scope) -> Value:
        found: dict[Value, Value] = {}
        for key, value in zip(node.keys, node.values, strict=True):
            item = self.evaluate(value, scope)
            if key is None:
                found |= item if isinstance(item, dict) else {}
                continue
            name = self.evaluate(key, scope)
            try:
                found[name] = item
            except TypeError:
                return UNKNOWN
        return found

    def _binary(self, node: ast.BinOp, scope: Scope) -> Value:
        left, right = self.evaluate(node.left, scope), self.evaluate(node.right, scope)
        with self.at(scope, node):
            return self.operate(node.op, left, right)

    def operate(self, op: ast.operator, left: Value, right: Value) -> Value:
        """An operator between any two values."""
        if isinstance(left, Tensor) or isinstance(right, Tensor):
            return self.note(BINARY[type(op)][0], tensors_of([left, right]))
        return binary(op, left, right)

    def _unary(self, node: ast.UnaryOp, scope: Scope) -> Value:
        value = self.evaluate(node.operand, scope)
        if isinstance(node.op, ast.Not):
            known = truth(value)
            return UNKNOWN if known is None else not known
        if isinstance(value, Tensor):
            with self.at(scope, node):
                return self.note("neg", [value]) if isinstance(node.op, ast.USub) else value
        return folded(UNARY[type(node.op)], value)

    def _compare(self, node: ast.Compare, scope: Scope) -> Value:
        left = self.evaluate(node.left, scope)
        result: Value = True
        for op, comparator in zip(node.ops, node.comparators, strict=True):
            right = self.evaluate(comparator, scope)
            held = compare(op, left, right)
            if held is False:
                return False
            result = held if held is UNKNOWN else result
            left = right
        return result

    def _boolean(self, node: ast.BoolOp, scope: Scope) -> Value:
        stops = isinstance(node.op, ast.Or)
        result: Value = not stops
        unknown = False
        for each in node.values:
            result = self.evaluate(each, scope)
            known = truth(result)
            if known is stops:
                return UNKNOWN if unknown and stops and not known else result
            unknown = unknown or known is None
        return UNKNOWN if unknown else result

    def _choice(self, node: ast.IfExp, scope: Scope) -> Value:
        chosen = truth(self.evaluate(node.test, scope))
        return self.evaluate(node.orelse if chosen is False else node.body, scope)

    def _text(self, node: ast.JoinedStr, scope: Scope) -> Value:
        parts = []
        for part in node.values:
            if isinstance(part, ast.FormattedValue):
                value = self.evaluate(part.value, scope)
                if not isinstance(value, (str, int)) or part.format_spec is not None:
                    return UNKNOWN
                parts.append(str(value))
            else:
                parts.append(str(getattr(part, "value", "")))
        return "".join(parts)

    def _comprehension(
        self, node: ast.ListComp | ast.SetComp | ast.GeneratorExp | ast.DictComp, scope: Scope
    ) -> Value:
        found: list[Value] = []
        inner = Scope(scope.outline, {}, scope, scope.owner, scope.this)
        many = self._generate(node, node.generators, inner, found)
        if isinstance(node, ast.DictComp):
            return dict(pair for pair in found if isinstance(pair[0], (str, int)))
        return Many(found[0]) if many and len(found) == 1 and self.recording else found

    def _generate(
        self,
        node: ast.ListComp | ast.SetComp | ast.GeneratorExp | ast.DictComp,
        generators: list[ast.comprehension],
        scope: Scope,
        found: list[Value],
    ) -> bool:
        """Collect the elements; whether their number is unknown."""
        if not generators:
            if isinstance(node, ast.DictComp):
                found.append((self.evaluate(node.key, scope), self.evaluate(node.value, scope)))
            else:
                found.append(self.evaluate(node.elt, scope))
            return False
        first, *rest = generators
        value = self.evaluate(first.iter, scope)
        items = items_of(value)
        for item in self.worthwhile([representative(value)] if items is None else items):
            self.assign(first.target, item, scope)
            if all(truth(self.evaluate(test, scope)) is not False for test in first.ifs):
                self._generate(node, rest, scope, found)
        return items is None

    @abstractmethod
    def assign(self, target: ast.expr, value: Value, scope: Scope) -> None:
        """Bind a target to a value."""

    def _subscript(self, node: ast.Subscript, scope: Scope) -> Value:
        value, key = self.evaluate(node.value, scope), self.evaluate(node.slice, scope)
        with self.at(scope, node):
            return self.item(value, key)

    def item(self, value: Value, key: Value) -> Value:
        """An element or a slice of a value."""
        if isinstance(value, Tensor):
            return self.note("getitem", tensors_of([value, key]))
        if isinstance(value, Object):
            return self.call(Method(value, "__getitem__"), [key], {})
        if isinstance(value, Many):
            return value if isinstance(key, slice) else value.item
        if isinstance(value, (list, tuple)) and key is UNKNOWN and value:
            return value[0]
        if isinstance(value, dict) and key is UNKNOWN and value:
            return next(iter(value.values()))
        try:
            return value[key]
        except (TypeError, KeyError, IndexError, ValueError):
            return UNKNOWN

    def _slice(self, node: ast.Slice, scope: Scope) -> Value:
        parts = [self.evaluate(part, scope) for part in (node.lower, node.upper, node.step)]
        return slice(*(part if isinstance(part, int) else None for part in parts))

    def _lambda(self, node: ast.Lambda, scope: Scope) -> Value:
        return Function(node, scope)

    def _named(self, node: ast.NamedExpr, scope: Scope) -> Value:
        value = self.evaluate(node.value, scope)
        self.assign(node.target, value, scope)
        return value

    def _starred(self, node: ast.Starred, scope: Scope) -> Value:
        return self.evaluate(node.value, scope)


_READ: dict[type[ast.expr], Callable[..., Value]] = {
    ast.List: Expressions._list,
    ast.Set: Expressions._list,
    ast.Tuple: Expressions._tuple,
    ast.Dict: Expressions._dict,
    ast.BinOp: Expressions._binary,
    ast.UnaryOp: Expressions._unary,
    ast.Compare: Expressions._compare,
    ast.BoolOp: Expressions._boolean,
    ast.IfExp: Expressions._choice,
    ast.JoinedStr: Expressions._text,
    ast.ListComp: Expressions._comprehension,
    ast.SetComp: Expressions._comprehension,
    ast.GeneratorExp: Expressions._comprehension,
    ast.DictComp: Expressions._comprehension,
    ast.Subscript: Expressions._subscript,
    ast.Slice: Expressions._slice,
    ast.Lambda: Expressions._lambda,
    ast.NamedExpr: Expressions._named,
    ast.Starred: Expressions._starred,
}
