"""Modules of the file's own repository: found as the author had them, and only defined.

An `import` of one runs its definitions alone, never its training loop. A package's `__init__`
runs once something is asked of the package that is none of its files.
"""

from __future__ import annotations

import sys
import sysconfig
from collections.abc import Callable, Sequence
from importlib.abc import Loader, MetaPathFinder
from importlib.machinery import BuiltinImporter, ModuleSpec, PathFinder
from pathlib import Path
from types import ModuleType

from gradlint.discovery.expressions import stored_names
from gradlint.discovery.layout import Layout
from gradlint.errors import GradlintError
from gradlint.source import Source

Run = Callable[[Source, dict[str, object]], None]
_INSTALLED = tuple(sysconfig.get_path(name) for name in ("stdlib", "purelib", "platlib"))
_PENDING = "_gradlint_pending"  # in a package: what would run its `__init__`


class Siblings(MetaPathFinder):
    """Finds modules first, and has those of the repository defined rather than run."""

    def __init__(self, layout: Layout, file: str, run: Run) -> None:
        self._layout = layout
        self._file = file
        self._run = run
        self._before = list(sys.path)
        self._loaded = {name.partition(".")[0] for name in sys.modules}

    def install(self) -> None:
        """Be asked before anybody else, and look where the author's imports lead."""
        for finder in [f for f in sys.meta_path if isinstance(f, Siblings)]:
            sys.meta_path.remove(finder)
            self._before, self._loaded = finder._before, finder._loaded
        sys.meta_path.insert(0, self)
        folders = self._layout.folders
        sys.path[:] = [*folders, *(entry for entry in sys.path if entry not in folders)]
        folder = self._layout.above[0]
        for depth in range(len(self._layout.package), 0, -1):
            self._enclosing(".".join(self._layout.package[:depth]), folder)
            folder = folder.parent

    def _enclosing(self, name: str, folder: Path) -> None:
        """A package around the file; it need not be one that Python would find."""
        if name in sys.modules:
            return
        spec = ModuleSpec(name, _Defined(self._run), is_package=True)
        spec.submodule_search_locations = [str(folder)]
        module = Package(name)
        module.__spec__, module.__path__, module.__package__ = spec, [str(folder)], name
        sys.modules[name] = module
        if (folder / "__init__.py").exists():
            module.__file__ = str(folder / "__init__.py")
            _Defined(self._run).exec_module(module)

    def find_spec(
        self, name: str, path: Sequence[str] | None = None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        """The module that Python would find, or one further up in the repository."""
        if path is None and name in sys.stdlib_module_names and (found := self._standard(name)):
            return found
        if "." in name and name.partition(".")[0] in self._loaded:
            return None
        spec = self._elsewhere(name, path, target)
        if path is None and (spec is None or spec.loader is None):
            spec = self._upward(name) or spec
        if spec is not None and spec.origin == self._file and path is None:
            spec = self._not_itself(name)
        if spec is not None and self._is_ours(spec.origin):
            spec.loader = _Defined(self._run)
        return spec

    def _standard(self, name: str) -> ModuleSpec | None:
        return BuiltinImporter.find_spec(name) or PathFinder.find_spec(name, self._before)

    def _elsewhere(
        self, name: str, path: Sequence[str] | None, target: ModuleType | None
    ) -> ModuleSpec | None:
        for finder in sys.meta_path:
            if finder is not self and (spec := finder.find_spec(name, path, target)) is not None:
                return spec
        return None

    def _upward(self, name: str) -> ModuleSpec | None:
        """In the nearest folder around the file that has it."""
        for folder in self._layout.further:
            spec = PathFinder.find_spec(name, [str(folder)])
            if spec is not None and (spec.loader is not None or any((folder / name).glob("*.py"))):
                return spec
        return None

    def _not_itself(self, name: str) -> ModuleSpec:
        """The package that a file of the same name imports. Raises where there is none."""
        folder = str(self._layout.above[0])
        spec = PathFinder.find_spec(name, [entry for entry in sys.path if entry != folder])
        if spec is None:
            raise ModuleNotFoundError(f"No module named '{name}'", name=name)
        return spec

    def _is_ours(self, origin: str | None) -> bool:
        if origin is None or not origin.endswith(".py"):
            return False
        path = Path(origin)
        if origin.startswith(_INSTALLED) or {"site-packages", "dist-packages"} & set(path.parts):
            return False
        added = [Path(entry) for entry in sys.path if entry not in self._before]
        return any(folder in path.parents for folder in [self._layout.above[-1], *added])


class _Defined(Loader):
    """Fills a module with what its file defines."""

    def __init__(self, run: Run) -> None:
        self._run = run

    def exec_module(self, module: ModuleType) -> None:
        """Run the definitions of the file; those of a package's `__init__` only when asked for."""
        try:
            source = Source.read(str(module.__file__))
            bound = stored_names(source.tree)
        except GradlintError as error:
            raise ImportError(f"{Path(str(module.__file__)).name}: {error.message}") from error
        if hasattr(module, "__path__"):
            module.__class__ = Package
            module.__dict__[_PENDING] = (lambda: self._run(source, module.__dict__), bound)
        else:
            self._run(source, module.__dict__)


class Package(ModuleType):
    """A package of the repository, whose `__init__` has perhaps not run."""

    def __getattr__(self, name: str) -> object:
        run, bound = self.__dict__.get(_PENDING, (None, ()))
        hidden = name.startswith("__") and name != "__all__" and name not in bound
        if run is not None and not hidden and (not self._has(name) or {name, "*"} & set(bound)):
            del self.__dict__[_PENDING]
            run()
            if name in self.__dict__ or "__getattr__" in self.__dict__:
                return getattr(self, name)
        raise AttributeError(f"module '{self.__name__}' has no attribute '{name}'")

    def _has(self, name: str) -> bool:
        """Whether a file of the package has this name."""
        folders = [Path(folder) for folder in self.__path__]
        return any((f / f"{name}.py").exists() or (f / name).is_dir() for f in folders)
