"""Reads calls: of functions, classes, modules, and of what Python and torch define."""

from __future__ import annotations

import ast

from gradlint.discovery.outline import Outline
from gradlint.kinds import Kind, kind_of, layer_name
from gradlint.reading import externals, layers, tensors
from gradlint.reading.functions import builtin, plain_method
from gradlint.reading.modules import CONTAINERS, METHODS, contain
from gradlint.reading.objects import Objects, module_scope
from gradlint.reading.values import (
    UNKNOWN,
    Builtin,
    Class,
    External,
    Function,
    Many,
    Method,
    Object,
    Partial,
    Scope,
    Tensor,
    Value,
    tensors_of,
)

DEEPEST = 60  # calls inside calls: what goes on longer goes round in circles


class Reader(Objects):
    """Reads one model."""

    def __init__(self) -> None:
        super().__init__()
        self._depth = 0
        self._blocks: Scope | None = None

    def call(self, function: Value, args: list[Value], kwargs: dict[str, Value]) -> Value:
        """What a call gives; of unknown code an operation that could be anything."""
        self.step()
        if self._depth > DEEPEST:
            return UNKNOWN
        self._depth += 1
        try:
            return self._dispatched(function, args, kwargs)
        finally:
            self._depth -= 1

    def _dispatched(self, function: Value, args: list[Value], kwargs: dict[str, Value]) -> Value:
        match function:
            case Function():
                return self._function(function, args, kwargs)
            case Class():
                return self.instance(function, args, kwargs)
            case Object():
                return self._object(function, args, kwargs)
            case Method():
                return self._method_of(function, args, kwargs)
            case Partial(inner, given, named):
                return self.call(inner, [*given, *args], {**named, **kwargs})
            case External():
                return externals.external(self, function, args, kwargs)
            case Builtin(name):
                return builtin(self, name, args, kwargs)
            case Many(item):
                return self.call(item, args, kwargs)
        return self.unknown("unknown", args, kwargs)

    def unknown(self, name: str, args: list[Value], kwargs: dict[str, Value]) -> Value:
        """What code gives that nobody sees: data, where it is given data."""
        read = list(tensors_of([*args, kwargs]))
        return self.note(name, read, unknown=True) if any(t.sources for t in read) else UNKNOWN

    def _function(self, function: Function, args: list[Value], kwargs: dict[str, Value]) -> Value:
        if function.bound:
            args = [function.this, *args]
        outer = function.scope
        this = args[0] if args else None
        scope = Scope(outer.outline, {}, outer, function.owner or outer.owner, this)
        self._bind(function, args, dict(kwargs), scope)
        if isinstance(function.node, ast.Lambda):
            return self.evaluate(function.node.body, scope)
        return self.run(function.node.body, scope)

    def _bind(
        self, function: Function, args: list[Value], kwargs: dict[str, Value], scope: Scope
    ) -> None:
        given = function.node.args
        positional = [*given.posonlyargs, *given.args]
        defaults = dict(zip(reversed(positional), reversed(given.defaults), strict=False))
        defaults |= {p: d for p, d in zip(given.kwonlyargs, given.kw_defaults, strict=True) if d}
        for index, parameter in enumerate([*positional, *given.kwonlyargs]):
            if index < len(args) and index < len(positional):
                value = args[index]
            elif parameter.arg in kwargs:
                value = kwargs.pop(parameter.arg)
            elif parameter in defaults:
                value = self.evaluate(defaults[parameter], function.scope)
            else:
                value = self.missing(parameter, function.scope)
            scope.names[parameter.arg] = value
        if given.vararg is not None:
            scope.names[given.vararg.arg] = tuple(args[len(positional) :])
        if given.kwarg is not None:
            scope.names[given.kwarg.arg] = kwargs

    def missing(self, parameter: ast.arg, scope: Scope) -> Value:
        """An argument that nobody gives: a configuration of the file, where it asks for one."""
        if isinstance(parameter.annotation, ast.Name):
            cls = self.evaluate(parameter.annotation, scope)
            if isinstance(cls, Class) and not self.torch_base(cls)[0]:
                return self.instance(cls, [], {})
        return UNKNOWN

    def _object(self, this: Object, args: list[Value], kwargs: dict[str, Value]) -> Value:
        names = ("forward", "__call__") if this.torch else ("__call__",)
        own = [n for n in names if this.cls is not None and self.defines(this.cls, n)]
        if not own:
            return self.run_layer(this, args, kwargs)
        self.modules.append((this, False))
        try:
            return self.call(self.attribute(this, own[0]), args, kwargs)
        finally:
            self.modules.pop()

    def run_layer(self, this: Object, args: list[Value], kwargs: dict[str, Value]) -> Value:
        """What a module gives whose forward the source does not define."""
        whole = this.torch in CONTAINERS or this.torch in ("", "Module")
        self.modules.append((this, not whole))
        try:
            if this.torch == "Sequential":
                return self._chain(this, args)
            if this.torch == "Identity":
                return args[0] if args else UNKNOWN
            if whole:
                return self.unknown(this.type, args, kwargs)
            return self._layer(this, args, kwargs)
        finally:
            self.modules.pop()

    def _chain(self, this: Object, args: list[Value]) -> Value:
        result: Value = args[0] if args else UNKNOWN
        for child in this.attributes.values():
            if isinstance(child, Object) or child is UNKNOWN:
                result = self.call(child, [result], {})
        return result

    def _layer(self, this: Object, args: list[Value], kwargs: dict[str, Value]) -> Value:
        name = layer_name(this.torch)
        if this.torch in ("RNN", "RNNCell"):
            chosen = this.attributes.get("nonlinearity")
            name = f"rnn_{chosen if chosen in ('tanh', 'relu') else 'tanh'}"
            name += "_cell" if this.torch == "RNNCell" else ""
        parameters = [parameter for _, parameter in this.named_parameters()]
        result = self.note(name, [*tensors_of([*args, kwargs]), *parameters], weighted=True)
        kind = kind_of(name)
        if name == "lstm":
            return result, (result, result)
        if name == "lstm_cell" or kind is Kind.ATTENTION or name in ("gru", "rnn_tanh", "rnn_relu"):
            return result, result
        return result

    def _method_of(self, method: Method, args: list[Value], kwargs: dict[str, Value]) -> Value:
        this, name = method.this, method.name
        if isinstance(this, Tensor):
            return tensors.method_of(self, this, name, args, kwargs)
        if not isinstance(this, Object):
            return plain_method(self, this, name, args, kwargs)
        if name == "__init__":
            return self.build(this, this.torch, args, kwargs)
        if name in ("forward", "__call__"):
            return self.run_layer(this, args, kwargs)
        if this.torch and name in METHODS:
            return METHODS[name](self, this, args, kwargs)
        return self.unknown(name, args, kwargs)

    def build(self, made: Object, torch: str, args: list[Value], kwargs: dict[str, Value]) -> None:
        """What the constructor of a layer or container of torch does."""
        if torch in CONTAINERS:
            contain(made, args, kwargs)
        elif torch and torch != "Module":
            layers.construct(self, made, torch, args, kwargs)

    def layer(self, torch: str, args: list[Value], kwargs: dict[str, Value]) -> Value:
        """An instance of a class of torch.nn."""
        block = self._block(torch)
        if block is not None:
            return self.instance(block, args, kwargs)
        self.made += 1
        made = Object(torch, None, torch, built=self.here())
        self.build(made, torch, args, kwargs)
        return made

    def _block(self, torch: str) -> Class | None:
        """Torch's own blocks of layers, as they are told in torch_blocks.py."""
        if not torch.startswith("Transformer"):
            return None
        if self._blocks is None:
            self._blocks = module_scope(Outline(externals.blocks()))
        found = self.name(torch, self._blocks)
        return found if isinstance(found, Class) else None
