"""What stands in for a package that is not installed, as long as nobody uses it."""

from __future__ import annotations

import ast
from typing import Any, NoReturn


class Missing:
    """A module, or something in it, that could not be imported. Naming it is harmless."""

    def __init__(self, package: str) -> None:
        self._package = package

    def __getattr__(self, name: str) -> Missing:
        if name.startswith("__"):
            raise AttributeError(name)
        return Missing(self._package)

    def __call__(self, *args: Any, **kwargs: Any) -> NoReturn:
        """Using it is an error, which names the package."""
        raise ModuleNotFoundError(f"No module named '{self._package}'", name=self._package)

    def __mro_entries__(self, bases: tuple[type, ...]) -> NoReturn:
        self()


def bind_missing(statement: ast.Import | ast.ImportFrom, namespace: dict[str, object]) -> None:
    """Bind every name that a failed import was to bind."""
    for alias in statement.names:
        package = getattr(statement, "module", None) or alias.name
        name = alias.asname or alias.name.partition(".")[0]
        namespace.setdefault(name, Missing(package))
