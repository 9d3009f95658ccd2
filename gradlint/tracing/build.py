"""Build a target's model, and remember where each of its layers and first values come from."""

from __future__ import annotations

import ast
import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from types import ModuleType
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn.parameter import is_lazy
from torch.overrides import TorchFunctionMode

from gradlint.discovery.definitions import execute, is_exhaustion, told
from gradlint.discovery.devices import on_processor
from gradlint.errors import NotBuilt
from gradlint.graph import Init
from gradlint.job import remedy
from gradlint.source import Source
from gradlint.span import Span
from gradlint.target import Argument, Target
from gradlint.tracing.devices import without_accelerator
from gradlint.tracing.emptied import is_emptied, refilled
from gradlint.tracing.guessed import Guessed
from gradlint.tracing.home import namespace_of
from gradlint.tracing.learning import TRIES
from gradlint.tracing.sites import Sites, in_torch, ours
from gradlint.tracing.weights import without_weights

BUILT = "_gradlint_built"  # the attribute of a module that holds its spans; survives deepcopy

_SCALINGS = frozenset({"mul", "__mul__", "__rmul__", "div", "__truediv__"})
_FACTORIES = frozenset({"zeros", "ones", "full", "empty", "randn", "rand", "eye", "arange"})


@dataclass(frozen=True)
class Built:
    """A model as the file builds it."""

    module: nn.Module
    example: object  # the inputs that `gradlint_model()` returned, or None
    namespace: dict[str, object]
    sites: Sites
    inits: dict[int, Init]  # by address of the parameter's storage


class Builder:
    """Runs a file's definitions once, then builds its target as often as asked."""

    def __init__(
        self, source: Source, target: Target, learnt: Iterable[Argument] | None = None
    ) -> None:
        self._given = target
        self._source = target.home or source
        self._file = self._source.filename
        self.sites = Sites(source)
        self._own: dict[str, object] = {}  # the globals of the model's own file
        self.namespace = self._own
        without_accelerator()
        with without_weights(), _uncompiled():
            execute(source, self._own)
            if target.home is not None:  # what is guessed names the model's own file
                module = ModuleType(Path(source.filename).stem)
                module.__dict__.update(self._own)
                self.namespace = namespace_of(target.home, target, module)
        self.guesses = Guessed(source, target.arguments if learnt is None else learnt)
        self.guesses.complete(self.namespace)

    @property
    def target(self) -> Target:
        """The target, with the arguments that it was built with."""
        return replace(self._given, arguments=self.guesses.arguments)

    def build(self, seed: int) -> Built:
        """The model, built with this seed. Raises NotBuilt where its code raises."""
        target = self._given
        if target.construct is None:
            raise NotBuilt(target.missing, remedy(target))
        writes = _Writes(self.sites)
        with _sites_recorded(self.sites), _uncompiled(), writes, without_weights() as sought:
            model = self._construct(target.construct, seed)
            if is_emptied(model) and self._refilled(target.construct):
                return self.build(seed)
            model, example = model if _is_pair(model) else (model, None)
            namespace = {**self.namespace, target.bound_as: model}  # an import may have that name
            model = self._finish(model, namespace)
        if sought:
            self._given = replace(target, loads_weights=True)
        return Built(unwrapped(model), example, namespace, self.sites, writes.inits)

    def _construct(self, construct: ast.expr, seed: int) -> Any:
        """The model; guessed arguments change until its constructor takes them."""
        first: BaseException | None = None
        for _ in range(TRIES):
            torch.manual_seed(seed)
            self.guesses.bind(self._own)
            self.guesses.bind(self.namespace)
            try:
                self._run(self._given.setup, self.namespace)
                given = on_processor(self.guesses.into(construct))
                code = compile(ast.Expression(given), self._file, "eval")
                return eval(code, self.namespace, self.guesses.names)
            except (Exception, SystemExit) as error:
                first = first or error
                if is_exhaustion(error) or not self.guesses.learn(error):
                    break
        assert first is not None
        why = f"its constructor raised {reason(first, self._source)}"
        why = first.message if isinstance(first, NotBuilt) else why
        raise NotBuilt(why, remedy(self.target)) from first

    def _refilled(self, construct: ast.expr) -> bool:
        """Whether sizes that are zero without their data could be guessed; they are taken."""
        found = refilled(construct, self.namespace)
        if found is None:
            return False
        self._given = replace(self._given, construct=found[0])
        self.guesses.correct(found[1])
        return True

    def _finish(self, model: Any, namespace: dict[str, object]) -> nn.Module:
        """What the file does to the model between construction and training."""
        if not isinstance(unwrapped(model), nn.Module):
            raise NotBuilt(
                f"it is of type {type(model).__name__}, not a model",
                "name a class or a function that gives a torch.nn.Module",
            )
        try:
            self._run(self._given.after, namespace)
        except (Exception, SystemExit) as error:
            raise NotBuilt(
                f"its initialisation raised {reason(error, self._source)}", remedy(self.target)
            ) from error
        finished = namespace[self._given.bound_as]
        return finished if isinstance(finished, nn.Module) else model

    def _run(self, statements: tuple[ast.stmt, ...], namespace: dict[str, object]) -> None:
        module = ast.Module([on_processor(self.guesses.with_options(s)) for s in statements], [])
        exec(compile(module, self._file, "exec"), namespace)


def initialise(built: Built, args: tuple[Any, ...], kwargs: dict[str, Any] | None = None) -> None:
    """Give lazy layers the sizes that they have after a first run, and their values."""
    if not any(is_lazy(parameter) for parameter in built.module.parameters()):
        return
    writes = _Writes(built.sites)
    training = [(part, part.training) for part in built.module.modules()]
    with torch.no_grad(), writes:
        built.module.eval()(*args, **(kwargs or {}))
    for part, mode in training:
        part.training = mode
    built.inits.update(writes.inits)


def unwrapped(model: Any) -> Any:
    """The network inside torch.compile, DataParallel and DistributedDataParallel."""
    while True:
        if isinstance(model, nn.DataParallel | nn.parallel.DistributedDataParallel):
            model = model.module
        elif isinstance(model, nn.Module) and "_orig_mod" in model._modules:
            model = model._orig_mod
        else:
            return model


def reason(error: BaseException, source: Source) -> str:
    """An exception in one line: type, text, and the line of the user's file that it came from."""
    line = None
    trace = error.__traceback__
    while trace is not None:
        if trace.tb_frame.f_code.co_filename == source.filename:
            line = trace.tb_lineno
        trace = trace.tb_next
    return told(error) + (f" in {source.where(line)}" if line else "")


def _is_pair(value: object) -> bool:
    return isinstance(value, tuple) and len(value) == 2 and isinstance(value[0], nn.Module)


@contextmanager
def _sites_recorded(sites: Sites) -> Iterator[None]:
    """While this holds, every module that is constructed remembers who constructed it."""
    original = nn.Module.__init__

    def remembering(self: nn.Module, *args: Any, **kwargs: Any) -> None:
        original(self, *args, **kwargs)
        self.__dict__[BUILT] = sites.here(self)

    nn.Module.__init__ = remembering  # type: ignore[method-assign]
    try:
        yield
    finally:
        nn.Module.__init__ = original  # type: ignore[method-assign]


@contextmanager
def _uncompiled() -> Iterator[None]:
    """While this holds, torch.compile leaves everything as it is written."""
    compiler, method = torch.compile, nn.Module.compile

    def plain(model: Any = None, **_: Any) -> Any:
        return model if model is not None else lambda function: function

    torch.compile = plain
    nn.Module.compile = lambda *_, **__: None  # type: ignore[method-assign]
    try:
        yield
    finally:
        torch.compile = compiler
        nn.Module.compile = method  # type: ignore[method-assign]


class _Writes(TorchFunctionMode):
    """Remembers who wrote the values of each tensor last: in-place calls and factories."""

    def __init__(self, sites: Sites) -> None:
        super().__init__()
        self.inits: dict[int, Init] = {}
        self._sites = sites

    def __torch_function__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        kwargs = kwargs or {}
        result = func(*args, **kwargs)
        name = getattr(func, "__name__", "")
        if name in _FACTORIES:
            self._write(kwargs.get("out", result), name)
        elif _writes_in_place(func, name):
            self._write(args[0] if args else kwargs.get("tensor"), name)
        elif name in _SCALINGS and isinstance(result, Tensor):
            self._inherit(args[0], result)
        return result

    def _inherit(self, source: object, result: Tensor) -> None:
        """`torch.randn(64, 64) * 0.01` is written by the call of `randn`."""
        if isinstance(source, Tensor) and (init := self.inits.get(address(source))):
            self.inits[address(result)] = init

    def _write(self, tensor: object, name: str) -> None:
        if not isinstance(tensor, Tensor):
            return
        function, default = _writer(name)
        spans: tuple[Span, ...] = self._sites.here()
        self.inits[address(tensor)] = Init(function, spans[0] if spans else None, default)


def address(tensor: Tensor) -> int:
    """What names a tensor's storage while it lives; 0 where it has none."""
    try:
        return tensor.untyped_storage().data_ptr()
    except (NotImplementedError, RuntimeError, ValueError):  # meta, sparse and lazy tensors
        return 0


def _writes_in_place(func: Any, name: str) -> bool:
    if name == "__set__":
        return getattr(getattr(func, "__self__", None), "__name__", "") == "data"
    return name.endswith("_") and not name.endswith("__") and name != "requires_grad_"


def _writer(name: str) -> tuple[str, bool]:
    """The outermost function of torch that is writing, and whether a layer's own constructor is."""
    frame = sys._getframe(3)
    default = False
    while frame is not None:
        code = frame.f_code
        if in_torch(frame):
            if code.co_filename.endswith("init.py") and code.co_name.endswith("_"):
                name = code.co_name.removeprefix("_no_grad_")
            elif "reset_parameters" in code.co_name or code.co_name == "__init__":
                default = True
        elif not ours(frame):
            break
        if frame.f_back is None:
            break
        frame = frame.f_back
    return name, default
