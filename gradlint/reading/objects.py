"""Reads names, attributes and classes: what they lead to in the source."""

from __future__ import annotations

import ast
import builtins
from abc import abstractmethod

from gradlint.discovery.arguments import defaults
from gradlint.discovery.outline import LIGHTNING, Outline, flat, is_torch_layer
from gradlint.reading.imports import Files, Import, imports_of
from gradlint.reading.modules import METHODS
from gradlint.reading.statements import Statements
from gradlint.reading.tensors import attribute_of
from gradlint.reading.values import (
    UNKNOWN,
    Builtin,
    Class,
    External,
    Function,
    Method,
    Object,
    Scope,
    Super,
    Tensor,
    Value,
)

_CONSTANTS = {"math.pi": 3.141592653589793, "numpy.pi": 3.141592653589793, "torch.pi": 3.1415927}


def module_scope(outline: Outline) -> Scope:
    """The scope of a file; its assignments are read when they are asked for."""
    waiting: dict[str, ast.stmt] = {}
    for statement in flat(outline.tree.body):
        if isinstance(statement, (ast.Assign, ast.AnnAssign)) and statement.value is not None:
            targets = statement.targets if isinstance(statement, ast.Assign) else [statement.target]
            for target in targets:
                for node in ast.walk(target):
                    if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
                        waiting[node.id] = statement
    return Scope(outline, {}, waiting=waiting)


class Objects(Statements):
    """Looks up names and attributes, and makes instances."""

    def __init__(self) -> None:
        super().__init__()
        self._lineages: dict[ast.ClassDef, list[Class | External]] = {}
        self._files = Files()
        self._imported_by: dict[Outline, tuple[dict[str, Import], list[Import]]] = {}
        self.scopes: dict[Outline, Scope] = {}
        self._asked: list[Scope] = []

    def name(self, name: str, scope: Scope) -> Value:
        """What a name stands for, from the inside out."""
        current: Scope | None = scope
        while current is not None:
            if name in current.names:
                return current.names[name]
            if name in current.waiting:
                statement = current.waiting.pop(name)
                self.execute([statement], current)
                return current.names.get(name, UNKNOWN)
            if current.outer is None:
                return self._global(name, current)
            current = current.outer
        return UNKNOWN

    def _global(self, name: str, scope: Scope) -> Value:
        outline = scope.outline
        if name in outline.definitions:
            node = outline.definitions[name]
            found = Class(node, scope) if isinstance(node, ast.ClassDef) else Function(node, scope)
            scope.names[name] = found
            return found
        if name in outline.aliases:
            found = self._imported(name, outline)
            scope.names[name] = External(outline.aliases[name]) if found is UNKNOWN else found
            return scope.names[name]
        if outline.stars and (found := self._starred_name(name, outline)) is not UNKNOWN:
            return found
        if outline.stars and not hasattr(builtins, name):
            return External(outline.qualified(ast.Name(name, ast.Load())))
        return Builtin(name) if hasattr(builtins, name) else UNKNOWN

    def _imported(self, name: str, outline: Outline) -> Value:
        """What an imported name is in another file of the repository."""
        wanted = self._imports(outline)[0].get(name)
        top = outline.aliases[name].split(".")[0]
        if wanted is None or top in _INSTALLED:
            return UNKNOWN
        found = self._files.find(outline, wanted)
        if found is None:
            return UNKNOWN
        scope = self._scope(found)
        return self.of_module(scope, wanted.name) if wanted.name else scope

    def _starred_name(self, name: str, outline: Outline) -> Value:
        """What a name is in the files of which everything is imported."""
        for wanted in self._imports(outline)[1]:
            top = wanted.module.split(".")[0]
            module = None if top in _INSTALLED else self._files.find(outline, wanted)
            if module is not None:
                found = self.of_module(self._scope(module), name)
                if found is not UNKNOWN:
                    return found
        return UNKNOWN

    def of_module(self, scope: Scope, name: str) -> Value:
        """What a module of the repository holds under a name."""
        outline = scope.outline
        found: Value = UNKNOWN
        if scope not in self._asked:  # else it is a circle of imports
            self._asked.append(scope)
            known = name in scope.names or name in scope.waiting or name in outline.definitions
            if known or name in outline.aliases:
                found = self.name(name, scope)
            elif self._files.inside(outline, name) is None:
                found = self._starred_name(name, outline)
            self._asked.pop()
        if found is UNKNOWN or isinstance(found, External):
            inside = self._files.inside(outline, name)
            return found if inside is None else self._scope(inside)
        return found

    def _imports(self, outline: Outline) -> tuple[dict[str, Import], list[Import]]:
        if outline not in self._imported_by:
            self._imported_by[outline] = imports_of(outline)
        return self._imported_by[outline]

    def _scope(self, outline: Outline) -> Scope:
        if outline not in self.scopes:
            self.scopes[outline] = module_scope(outline)
        return self.scopes[outline]

    def attribute(self, value: Value, name: str, called: bool = False) -> Value:
        """What an attribute of a value is; `called` where it is called at once."""
        match value:
            case External():
                dotted = f"{value.name}.{name}"
                return (
                    value.last if name == "__name__" else _CONSTANTS.get(dotted, External(dotted))
                )
            case Tensor():
                return Method(value, name) if called else attribute_of(self, value, name)
            case Object():
                return self._of_object(value, name, called)
            case Scope():
                return self.of_module(value, name)
            case Class():
                return value.node.name if name == "__name__" else self._of_class(value, name, None)
            case Super():
                return self._of_super(value, name)
            case Function() if name == "__name__":
                return getattr(value.node, "name", "")
        if value is UNKNOWN or not isinstance(value, (list, tuple, dict, str, set)):
            return UNKNOWN
        return Method(value, name)

    def _of_object(self, value: Object, name: str, called: bool) -> Value:
        if name in value.attributes:
            return value.attributes[name]
        if name == "__class__":
            return value.cls or External(f"torch.nn.{value.type}")
        if value.cls is not None:
            found = self._of_class(value.cls, name, value)
            if found is not UNKNOWN:
                return found
        if value.torch and (name in METHODS or called):
            return Method(value, name)
        if name == "training":
            return True
        if name in ("_parameters", "_modules") and value.torch:
            return value.parameters() if name == "_parameters" else value.children()
        return UNKNOWN

    def _of_class(self, cls: Class, name: str, this: Object | None) -> Value:
        for member in self.lineage(cls):
            if isinstance(member, Class):
                found = self._member(member, name, this, cls)
                if found is not None:
                    return found
        autograd = any(isinstance(m, External) and m.last == "Function" for m in self.lineage(cls))
        return Method(cls, name) if name == "apply" and autograd else UNKNOWN

    def _member(self, cls: Class, name: str, this: Object | None, asked: Class) -> Value:
        """What one class itself holds under a name; None where nothing."""
        if name in cls.names:
            return cls.names[name]
        for statement in flat(cls.node.body):
            match statement:
                case ast.FunctionDef(name=known) if known == name:
                    return self._method(cls, statement, this, asked)
                case ast.Assign(targets=[ast.Name(id=known)], value=value) if known == name:
                    return self._class_attribute(cls, name, value)
                case ast.AnnAssign(target=ast.Name(id=known), value=ast.expr() as value):
                    if known == name:
                        return self._class_attribute(cls, name, value)
                case ast.ClassDef(name=known) if known == name:
                    return Class(statement, cls.scope)
        return None

    def _class_attribute(self, cls: Class, name: str, value: ast.expr) -> Value:
        cls.names[name] = UNKNOWN  # while it is read
        cls.names[name] = self.evaluate(value, Scope(cls.scope.outline, cls.names, cls.scope))
        return cls.names[name]

    def _method(
        self, cls: Class, node: ast.FunctionDef, this: Object | None, asked: Class
    ) -> Value:
        marks = {ast.unparse(mark).rpartition(".")[2] for mark in node.decorator_list}
        if "staticmethod" in marks:
            return Function(node, cls.scope, cls)
        if "classmethod" in marks:
            return Function(node, cls.scope, cls, asked, bound=True)
        function = Function(node, cls.scope, cls, this, bound=this is not None)
        if this is not None and marks & {"property", "cached_property"}:
            return self.call(function, [], {})
        return function

    def _of_super(self, value: Super, name: str) -> Value:
        this = value.this
        members = self.lineage(this.cls if isinstance(this, Object) and this.cls else value.owner)
        after = members[members.index(value.owner) + 1 :] if value.owner in members else []
        for member in after:
            if isinstance(member, Class):
                found = self._member(member, name, this, member)
                if found is not None:
                    return found
        return Method(this, name) if isinstance(this, Object) else UNKNOWN

    def lineage(self, cls: Class) -> list[Class | External]:
        """The class and its bases, nearest first; what is elsewhere by name."""
        if cls.node not in self._lineages:
            self._lineages[cls.node] = [cls]  # against circles
            found: list[Class | External] = [cls]
            for base in cls.node.bases:
                value = self.evaluate(base, cls.scope)
                if isinstance(value, Class):
                    found += self.lineage(value)
                elif isinstance(value, External):
                    found.append(value)
            last = {_key(member): index for index, member in enumerate(found)}
            kept = [m for index, m in enumerate(found) if last[_key(m)] == index]
            self._lineages[cls.node] = kept
        return self._lineages[cls.node]

    def torch_base(self, cls: Class) -> tuple[str, bool]:
        """The class of torch.nn that a class is derived from, and whether another is unknown."""
        names = [m.name for m in self.lineage(cls) if isinstance(m, External)]
        torch = [name for name in names if is_torch_layer(name)]
        foreign = [n for n in names if n not in torch and n.split(".")[0] not in _PLAIN]
        if torch:
            return torch[0].rpartition(".")[2], bool(foreign)
        if any(name.rpartition(".")[2] in LIGHTNING for name in names):
            return "Module", False
        module = bool(foreign) and self.defines(cls, "forward")
        return "Module" if module else "", bool(foreign)

    def defines(self, cls: Class, name: str) -> bool:
        """Whether the source has a method of that name for a class."""
        return any(
            isinstance(statement, ast.FunctionDef) and statement.name == name
            for member in self.lineage(cls)
            if isinstance(member, Class)
            for statement in flat(member.node.body)
        )

    def instance(self, cls: Class, args: list[Value], kwargs: dict[str, Value]) -> Value:
        """An instance of a class of the source."""
        torch, foreign = self.torch_base(cls)
        self.made += bool(torch)
        made = Object(cls.node.name, cls, torch, foreign, built=self.here())
        if self.defines(cls, "__init__"):
            self.call(self._of_class(cls, "__init__", made), args, kwargs)
        elif torch:
            self.build(made, torch, args, kwargs)
        else:
            self._fill(made, args, kwargs)
        return made

    def _fill(self, made: Object, args: list[Value], kwargs: dict[str, Value]) -> None:
        """The fields of a dataclass or named tuple."""
        assert made.cls is not None
        names = [
            statement.target.id
            for member in reversed(self.lineage(made.cls))
            if isinstance(member, Class)
            for statement in member.node.body
            if isinstance(statement, ast.AnnAssign) and isinstance(statement.target, ast.Name)
        ]
        made.attributes |= dict(zip(names, args, strict=False)) | kwargs
        if self.defines(made.cls, "__post_init__"):
            self.call(self._of_class(made.cls, "__post_init__", made), [], {})

    @abstractmethod
    def build(self, made: Object, torch: str, args: list[Value], kwargs: dict[str, Value]) -> None:
        """What the constructor of a layer of torch does."""

    def namespace(self, scope: Scope) -> Object:
        """Parsed arguments: the defaults of the file's options."""
        while scope.outer is not None:
            scope = scope.outer
        values = {name: self.evaluate(v, scope) for name, v in defaults(scope.outline).items()}
        return Object("Namespace", None, "", attributes=values)


_INSTALLED = frozenset(
    {"torch", "numpy", "math", "os", "sys", "typing", "functools", "collections"}
)
_PLAIN = frozenset({"object", "abc", "ABC", "typing", "Generic", "enum", "torch", "collections"})


def _key(member: Class | External) -> object:
    return member.node if isinstance(member, Class) else member.name
