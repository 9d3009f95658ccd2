"""Models of the package transformers without their weights: of the same class, but small."""

from __future__ import annotations

import ast
import inspect
import re
import sys
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from gradlint.discovery import fields
from gradlint.errors import NotBuilt

MODELS = ("transformers.modeling_utils", "PreTrainedModel")
AUTO_MODELS = ("transformers.models.auto.auto_factory", "_BaseAutoModelClass")
CONFIGURATIONS = ("transformers.configuration_utils", "PretrainedConfig")
AUTO_CONFIGURATIONS = ("transformers.models.auto.configuration_auto", "AutoConfig")
MAPPING = "CONFIG_MAPPING"  # in the module of the last: the class of each kind of model
_TELLING = 4  # letters of a kind's name that a longer word may hold: "scibert", but no "sam"

Place = tuple[Any, str, Any]


def places(sought: list[str]) -> Iterable[Place]:
    """What downloads models and their configurations, and what it is replaced by."""

    def model(cls: Any, name: object = None, *args: Any, config: Any = None, **more: Any) -> Any:
        """A class of models, as `from_pretrained` of it is called."""
        sought.append(str(name))
        config = config or named(cls.config_class, name)
        return cls(config, *args, **_taken(cls, _configured(config, more)))

    def chosen(cls: Any, name: object = None, *_: Any, config: Any = None, **more: Any) -> Any:
        """A class that chooses the class of the model."""
        sought.append(str(name))
        config = config or named(None, name)
        _configured(config, more)
        return cls.from_config(config)

    def configuration(cls: Any, name: object = None, **more: Any) -> Any:
        config = named(cls if hasattr(cls, "to_dict") else None, name)
        _configured(config, more)
        return config

    replaced: dict[tuple[str, str], Any] = {MODELS: model, AUTO_MODELS: chosen}
    replaced |= dict.fromkeys((CONFIGURATIONS, AUTO_CONFIGURATIONS), configuration)
    for place, function in replaced.items():
        for owner in _overriding(_owner(*place)):
            yield owner, "from_pretrained", classmethod(function)


def _overriding(owner: Any) -> Iterator[Any]:
    """The classes of the package that have a `from_pretrained` of their own."""
    if owner is not None and owner.__module__.startswith("transformers."):
        if "from_pretrained" in vars(owner):
            yield owner
        for inner in owner.__subclasses__():
            yield from _overriding(inner)


def _owner(module: str, name: str) -> Any:
    return getattr(sys.modules.get(module), name, None)


def named(kind: Any, name: object) -> Any:
    """A small configuration of a model with this name."""
    kind = kind or _kind(str(name))
    return kind(**_small(kind))


def _kind(name: str) -> Any:
    """The configuration class that a name speaks of: "bert-base-uncased"."""
    known: Mapping[str, Any] = _owner(AUTO_CONFIGURATIONS[0], MAPPING)
    word = name.lower().rpartition("/")[2]
    parts = re.split(r"[^a-z0-9]+", word)
    for kind in sorted(known, key=len, reverse=True):
        if kind in (word if len(kind) >= _TELLING else parts):
            return known[kind]
    message = f"the kind of model that '{name}' stands for is not known without a download"
    raise NotBuilt(message, "name the class of the model: BertModel.from_pretrained")


def completed(construct: str, namespace: Mapping[str, Any]) -> str:
    """The construction of a configuration, `BertConfig()`, with small sizes in it."""
    base = _owner(*CONFIGURATIONS)
    call = ast.parse(construct, mode="eval").body
    if base is None or not isinstance(call, ast.Call) or call.args or call.keywords:
        return construct
    try:
        kind = eval(ast.unparse(call.func), dict(namespace))
    except (Exception, SystemExit):
        return construct
    if not isinstance(kind, type) or not issubclass(kind, base):
        return construct
    given = ", ".join(f"{name}={size}" for name, size in _small(kind).items())
    return f"{ast.unparse(call.func)}({given})"


def _small(kind: Any) -> dict[str, int]:
    """The depths and vocabularies of a configuration class that a small model has less of.

    Widths stay: code counts on them, and so do the deviations of the first weights.
    """
    found = {}
    for name, parameter in inspect.signature(kind.__init__).parameters.items():
        text, size = fields.value(name), parameter.default
        shrinks = fields.staged(name) or name == "vocab_size"
        if text is not None and shrinks and type(size) is int and int(text) < size:
            found[name] = int(text)
    return found


def _configured(config: Any, more: Mapping[str, Any]) -> dict[str, Any]:
    """Set those that are fields of the configuration; the others are left."""
    held = {name for name in more if hasattr(config, name)}
    for name in held:
        setattr(config, name, more[name])
    return {name: value for name, value in more.items() if name not in held}


def _taken(cls: Any, given: Mapping[str, Any]) -> dict[str, Any]:
    """Those that the constructor takes; others say how to download."""
    names = inspect.signature(cls.__init__).parameters
    return {name: value for name, value in given.items() if name in names}
