"""What stands in for what could not be imported or defined, as long as nobody uses it."""

from __future__ import annotations

import ast
import importlib
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, NoReturn

from gradlint.errors import DefinitionsError

# Packages that watch a model and change nothing about it.
OBSERVERS = {"wandb", "tensorboard", "tensorboardX", "torchmetrics", "mlflow", "loguru", "visdom"}


class Absent(ModuleNotFoundError):
    """Raised where something is used that is not there."""

    def __init__(self, failure: DefinitionsError, package: str) -> None:
        super().__init__(failure.message, name=package or None)
        self.failure = failure
        self.package = package


class _Record:
    """What this process knows of things that are not there."""

    def __init__(self) -> None:
        self.defining = 0  # how many files are being defined, one importing the other
        self.needed: DefinitionsError | None = None


_record = _Record()


@contextmanager
def defining() -> Iterator[None]:
    """While this holds, calls of what is not there are put off: nobody needs them yet."""
    _record.defining += 1
    try:
        yield
    finally:
        _record.defining -= 1


def needed() -> DefinitionsError | None:
    """The first failure of a definition that a model ran into."""
    return _record.needed


def forget() -> None:
    """Nothing was needed so far."""
    _record.needed = None


class StandIn:
    """Something that could not be imported or defined. Naming it is harmless.

    `package` is what the import asked for: "torch_geometric.nn"; "" for a definition.
    """

    def __init__(self, failure: DefinitionsError, package: str = "") -> None:
        self._failure = failure
        self._package = package

    def __getattr__(self, name: str) -> object:
        if name.startswith("__"):
            raise AttributeError(name)
        return stand_in(self._failure, self._package, name)

    def __getitem__(self, key: object) -> StandIn:
        return self

    def __or__(self, other: object) -> StandIn:
        return self

    __ror__ = __or__

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """A decorator gives what it decorates; anything else is an error once a model needs it."""
        if not _record.defining and _top(self._package) not in OBSERVERS:
            self._use()
        decorates = len(args) == 1 and not kwargs and hasattr(args[0], "__qualname__")
        return args[0] if decorates else self

    def __instancecheck__(self, instance: object) -> bool:
        """Nothing is made by a package that is not there; parts of packages may have moved."""
        return self._use() if not self._package or _top(self._package) in sys.modules else False

    __subclasscheck__ = __instancecheck__

    def __mro_entries__(self, bases: tuple[type, ...]) -> NoReturn:
        self._use()

    def _error(self) -> Exception:
        if not _record.defining:
            _record.needed = _record.needed or self._failure
        return Absent(self._failure, self._package)

    def _use(self, *_: object) -> NoReturn:
        raise self._error()

    __iter__ = __len__ = __index__ = __int__ = __float__ = _use
    __add__ = __radd__ = __sub__ = __rsub__ = __mul__ = __rmul__ = __neg__ = _use
    __truediv__ = __rtruediv__ = __floordiv__ = __rfloordiv__ = __mod__ = __pow__ = _use
    __lt__ = __gt__ = __le__ = __ge__ = __enter__ = __matmul__ = _use


class Unknown(StandIn):
    """Stands in for a name that only the script binds, where a definition reads it."""

    def __init__(self, name: str) -> None:
        hint = "bind it where a definition may stand"
        super().__init__(DefinitionsError(f"name '{name}' is not defined", hint))
        self._name = name

    def _error(self) -> Exception:
        return NameError(self._failure.message, name=self._name)


def _top(package: str) -> str:
    return package.partition(".")[0]


def stand_in(failure: DefinitionsError, package: str, name: str) -> object:
    """What stands in for a name of a package: a plain class where it is a known base."""
    top = _top(package)
    if top in ("pytorch_lightning", "lightning", "huggingface_hub"):
        from gradlint.discovery.lightning import KNOWN

        if name in KNOWN[top]:
            return KNOWN[top][name]
    return StandIn(failure, package)


def bind_missing(
    statement: ast.Import | ast.ImportFrom, failure: DefinitionsError
) -> dict[str, object]:
    """What an import that failed was to bind, as far as it is there."""
    if isinstance(statement, ast.Import):
        return dict(_bound_by(alias, failure) for alias in statement.names)
    package = "" if statement.level else statement.module or ""
    return {
        alias.asname or alias.name: stand_in(failure, package, alias.name)
        for alias in statement.names
        if alias.name != "*"
    }


def _bound_by(alias: ast.alias, failure: DefinitionsError) -> tuple[str, object]:
    """The name that `import a.b` binds, and the part of it that can be imported."""
    name = alias.asname or alias.name.partition(".")[0]
    try:
        return name, importlib.import_module(alias.name if alias.asname else name)
    except (Exception, SystemExit):
        return name, StandIn(failure, alias.name)
