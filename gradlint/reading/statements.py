"""Reads statements: assignments, branches, loops."""

from __future__ import annotations

import ast
import contextlib
from collections.abc import Sequence
from enum import Enum

from gradlint.discovery.outline import blocks
from gradlint.reading.expressions import Expressions
from gradlint.reading.python import items_of, representative, truth
from gradlint.reading.tensors import write
from gradlint.reading.values import (
    UNKNOWN,
    Class,
    Function,
    Object,
    Scope,
    Tensor,
    Value,
    tensors_of,
)

MOST_ROUNDS = 2_000  # of one `while`
RETURNED = "return"  # the name that holds a function's result: no name of Python
YIELDED = "yield"
SKIPPED = "if"  # the exits that were not taken


class Flow(Enum):
    """How a block of statements ends."""

    ON = 0
    NEXT = 1  # continue
    BREAK = 2
    RETURN = 3


_LEAVES = (ast.Return, ast.Raise, ast.Continue, ast.Break)


class Statements(Expressions):
    """Executes blocks, choosing one branch where a test is not known.

    That is the first, unless it only leaves (returns, raises, continues) and nothing stands
    against it: an early exit is the exception, and what follows is the rule.
    """

    def execute(self, body: Sequence[ast.stmt], scope: Scope) -> Flow:
        """Read statements in order."""
        for statement in body:
            self.step()
            flow = self._statement(statement, scope)
            if flow is not Flow.ON:
                return flow
        return Flow.ON

    def _statement(self, node: ast.stmt, scope: Scope) -> Flow:
        match node:
            case ast.Return(value=value):
                scope.names[RETURNED] = self.evaluate(value, scope)
                return Flow.RETURN
            case ast.Raise():
                return Flow.RETURN
            case ast.Continue():
                return Flow.NEXT
            case ast.Break():
                return Flow.BREAK
            case ast.If():
                return self.execute(self._branch(node, scope), scope)
            case ast.For() | ast.AsyncFor():
                return self._for(node, scope)
            case ast.While():
                return self._while(node, scope)
        if any(blocks(node)):
            return self._compound(node, scope)
        self._simple(node, scope)
        return Flow.ON

    def _simple(self, node: ast.stmt, scope: Scope) -> None:
        """A statement that goes on to the next. Imports are known to the outline."""
        match node:
            case ast.Expr(value=ast.Yield(value=value)):
                scope.names.setdefault(YIELDED, []).append(self.evaluate(value, scope))
            case ast.Expr(value=value):
                self.evaluate(value, scope)
            case ast.Assign(targets=targets, value=value):
                result = self.evaluate(value, scope)
                for target in targets:
                    self.assign(target, result, scope)
            case ast.AnnAssign(target=target, value=ast.expr() as value):
                self.assign(target, self.evaluate(value, scope), scope)
            case ast.AugAssign():
                self._augment(node, scope)
            case ast.FunctionDef() | ast.AsyncFunctionDef():
                scope.names[node.name] = Function(node, scope, scope.owner)
            case ast.ClassDef():
                scope.names[node.name] = Class(node, scope)

    def _compound(self, node: ast.stmt, scope: Scope) -> Flow:
        match node:
            case ast.With() | ast.AsyncWith():
                for item in node.items:
                    value = self.evaluate(item.context_expr, scope)
                    if item.optional_vars is not None:
                        self.assign(item.optional_vars, value, scope)
                return self.execute(node.body, scope)
            case ast.Try():
                flow = self.execute([*node.body, *node.orelse], scope)
                ended = self.execute(node.finalbody, scope)
                return ended if ended is not Flow.ON else flow
            case ast.Match(cases=[first, *_]):
                return self.execute(first.body, scope)
        return Flow.ON

    def run(self, body: Sequence[ast.stmt], scope: Scope) -> Value:
        """What a function's body returns; where all returns were early exits, the first of them."""
        self.execute(body, scope)
        if scope.names.get(RETURNED) is None:
            for skipped in scope.names.get(SKIPPED, ()):
                self.execute(skipped, scope)
                if scope.names.get(RETURNED) is not None:
                    break
        return scope.names.get(YIELDED, scope.names.get(RETURNED))

    def _branch(self, node: ast.If, scope: Scope) -> list[ast.stmt]:
        test = truth(self.evaluate(node.test, scope))
        if test is None:
            leaves = isinstance(node.body[-1], _LEAVES) and not node.orelse
            raises = isinstance(node.body[-1], ast.Raise)
            if leaves and not raises:
                scope.names.setdefault(SKIPPED, []).append(node.body)
            return node.orelse if leaves or raises else node.body
        return node.body if test else node.orelse

    def _for(self, node: ast.For | ast.AsyncFor, scope: Scope) -> Flow:
        for item in self.worthwhile(self.repetitions(self.evaluate(node.iter, scope))):
            self.assign(node.target, item, scope)
            flow = self.execute(node.body, scope)
            if flow is Flow.BREAK:
                return Flow.ON
            if flow is Flow.RETURN:
                return flow
        return self.execute(node.orelse, scope)

    def _while(self, node: ast.While, scope: Scope) -> Flow:
        for number in range(MOST_ROUNDS):
            test = truth(self.evaluate(node.test, scope))
            if test is False or (test is None and number >= (2 if self.recording else 1)):
                break
            flow = self.execute(node.body, scope)
            if flow is Flow.BREAK:
                break
            if flow is Flow.RETURN:
                return flow
        return Flow.ON

    def _augment(self, node: ast.AugAssign, scope: Scope) -> None:
        held = self.evaluate(_loaded(node.target), scope)
        value = self.evaluate(node.value, scope)
        if isinstance(held, list) and isinstance(node.op, ast.Add):
            items = items_of(value)
            held.extend([representative(value)] if items is None else items)
            return
        if isinstance(held, Object) and held.torch in ("ModuleList", "Sequential"):
            self.call(self.attribute(held, "extend", True), [value], {})
            return
        with self.at(scope, node):
            self.assign(node.target, self.operate(node.op, held, value), scope)

    def assign(self, target: ast.expr, value: Value, scope: Scope) -> None:
        """Bind a target to a value."""
        match target:
            case ast.Name(id=name):
                scope.names[name] = value
            case ast.Attribute(value=owner, attr=name):
                with self.at(scope, target):
                    self.set_attribute(self.evaluate(owner, scope), name, value)
            case ast.Tuple(elts=parts) | ast.List(elts=parts):
                self._spread(parts, value, scope)
            case ast.Starred(value=inner):
                self.assign(inner, value, scope)
            case ast.Subscript():
                self._set_item(target, value, scope)

    def _spread(self, parts: list[ast.expr], value: Value, scope: Scope) -> None:
        items = items_of(value)
        if items is None:
            for part in parts:
                self.assign(part, representative(value), scope)
            return
        star = next((n for n, p in enumerate(parts) if isinstance(p, ast.Starred)), None)
        if star is not None:
            last = len(items) - (len(parts) - star - 1)
            items = [*items[:star], items[star:last], *items[last:]]
        for index, part in enumerate(parts):
            self.assign(part, items[index] if index < len(items) else UNKNOWN, scope)

    def set_attribute(self, owner: Value, name: str, value: Value) -> None:
        """`owner.name = value`."""
        if isinstance(owner, Object):
            owner.attributes[name] = value
        elif isinstance(owner, Class):
            owner.names[name] = value
        elif isinstance(owner, Tensor) and name == "data":
            write(self, owner, "__set__", [], {})
        elif isinstance(owner, Tensor) and name == "requires_grad" and value is False:
            owner.trainable = False

    def _set_item(self, target: ast.Subscript, value: Value, scope: Scope) -> None:
        owner, key = self.evaluate(target.value, scope), self.evaluate(target.slice, scope)
        if isinstance(owner, Tensor):
            with self.at(scope, target):
                made = self.note("setitem", tensors_of([owner, key, value]))
                owner.sources = made.sources or owner.sources
        elif isinstance(owner, Object) and owner.torch:
            name = str(key) if isinstance(key, (int, str)) else ""
            owner.attributes[name] = value
        elif isinstance(owner, (dict, list)):
            with contextlib.suppress(TypeError, IndexError):
                owner[key] = value


def _loaded(target: ast.Name | ast.Attribute | ast.Subscript) -> ast.expr:
    """An assignment's target, read instead of written. The nodes inside are the same."""
    match target:
        case ast.Name(id=name):
            return ast.copy_location(ast.Name(name, ast.Load()), target)
        case ast.Attribute(value=value, attr=name):
            return ast.copy_location(ast.Attribute(value, name, ast.Load()), target)
    return ast.copy_location(ast.Subscript(target.value, target.slice, ast.Load()), target)
