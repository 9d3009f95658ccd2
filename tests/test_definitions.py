"""What of a file runs, and what happens when it does not."""

from __future__ import annotations

import ast
from pathlib import Path
from textwrap import dedent

import pytest

from gradlint.discovery.definitions import execute
from gradlint.discovery.missing import StandIn, needed
from gradlint.discovery.reduction import definitions
from gradlint.source import Source


def source(text: str, path: str = "model.py") -> Source:
    return Source(path, dedent(text))


def kept(text: str) -> str:
    return "\n".join(map(ast.unparse, definitions(source(text)))).strip()


def executed(text: str, path: str = "model.py") -> dict[str, object]:
    namespace: dict[str, object] = {}
    execute(source(text, path), namespace)
    return namespace


@pytest.mark.parametrize(
    "statement",
    [
        "import torch",
        "from torch import nn",
        "width = 64",
        "width: int = 64",
        "width = 2 * 32",
        "sizes = [2 ** i for i in range(5)]",
        "a, b = (1, 2)",
        "Pair = namedtuple('Pair', 'a b')",
        "norm = functools.partial(nn.BatchNorm2d, eps=0.001)",
        "layer = nn.Linear(3, 4)",
        "log = logging.getLogger(__name__)",
        "device = torch.device('cuda' if torch.cuda.is_available() else 'cpu')",
        "path = os.path.join('a', 'b')",
        "scale = math.sqrt(2)",
        "T = TypeVar('T')",
        "Shape = tuple[int, int]",
        "acts = {'relu': nn.ReLU, 'tanh': nn.Tanh}",
        "sys.path.append('..')",
        "torch.set_default_dtype(torch.float64)",
        "def train():\n    loss.backward()",
        "class Net(nn.Module):\n    pass",
    ],
)
def test_a_definition_is_kept(statement: str) -> None:
    header = "import collections, functools, logging, math, os, sys, torch\n"
    header += (
        "from collections import namedtuple\nfrom typing import TypeVar\nfrom torch import nn\n"
    )
    assert kept(header + statement).endswith(statement)


@pytest.mark.parametrize(
    "statement",
    [
        "print('hello')",
        "data = open('x.txt').read()",
        "frame = pd.read_csv('x.csv')",
        "weights = torch.load('x.pt')",
        "train_set = torchvision.datasets.MNIST('data', download=True)",
        "net = Net()",
        "net = nn.Sequential(Net(), nn.ReLU())",
        "net = build()",
        "result = fit(3)",
        "for epoch in range(3):\n    step()",
        "while True:\n    pass",
        "torch.manual_seed(0)",
        "optimizer = torch.optim.SGD([], lr=0.1)",
        "assert torch.cuda.is_available()",
        "if __name__ == '__main__':\n    width = 3",
        "os.environ['A'] = 'b'",
        "pretrained = torch.hub.load('a', 'b')",
        "x = np.load('a.npy')",
        "exit()",
    ],
)
def test_what_is_no_definition_is_dropped(statement: str) -> None:
    header = dedent(
        """
        import torch, os
        import numpy as np
        import pandas as pd
        import torchvision
        from torch import nn
        class Net(nn.Module):
            pass
        def build():
            return Net()
        def fit(n):
            return open(n)
        """
    )
    assert kept(header + statement) == kept(header)


def test_a_function_that_only_computes_may_be_called() -> None:
    text = "def double(n):\n    return [2 * i for i in range(n)]\nsizes = double(3)"
    assert executed(text)["sizes"] == [0, 2, 4]


def test_a_configuration_object_is_built() -> None:
    text = """
    from dataclasses import dataclass

    @dataclass
    class Config:
        width: int = 3

    config = Config()
    config.width = 5
    """
    assert executed(text)["config"].width == 5  # type: ignore[attr-defined]


def test_a_class_whose_constructor_does_more_is_not_built() -> None:
    text = "class Data:\n    def __init__(self):\n        self.x = open('f')\ndata = Data()"
    assert "data" not in executed(text)


def test_command_line_options_take_their_defaults() -> None:
    text = """
    import argparse
    parser = argparse.ArgumentParser()
    parser.add_argument("data")
    parser.add_argument("-w", "--hidden-width", type=int, default=64)
    parser.add_argument("--rate", type=float, default="0.5")
    parser.add_argument("--fast", action="store_true")
    parser.add_argument("--name")
    args = parser.parse_args()
    width = args.hidden_width * 2
    """
    namespace = executed(text)
    assert vars(namespace["args"]) == {"hidden_width": 64, "rate": 0.5, "fast": False, "name": None}
    assert namespace["width"] == 128


def test_an_optional_import_keeps_its_fallback() -> None:
    text = """
    try:
        import a_package_that_is_not_there as fast
    except ImportError:
        print("falling back")
        fast = None
    """
    namespace = executed(text)
    assert namespace["fast"] is None


def test_both_branches_of_a_version_check_are_kept() -> None:
    text = """
    import sys
    if sys.version_info >= (3, 0):
        def f():
            return 1
    else:
        def f():
            return 2
        print("old")
    """
    namespace = executed(text)
    assert namespace["f"]() == 1  # type: ignore[operator]
    assert "print" not in kept(text)


def test_positions_are_those_of_the_file() -> None:
    (block,) = definitions(source("print(1)\n\nif True:\n    x = 1\n    print(2)\n    y = 2\n"))
    assert isinstance(block, ast.If)
    assert [(s.lineno, s.col_offset) for s in block.body] == [(4, 4), (6, 4)]


def test_the_file_is_never_main(tmp_path: Path) -> None:
    namespace = executed("name = __name__\nfile = __file__", str(tmp_path / "net.py"))
    assert namespace["name"] == "net"
    assert namespace["file"] == str(tmp_path / "net.py")


def test_future_imports_hold_for_every_statement() -> None:
    text = "from __future__ import annotations\ndef f(x: Unknown) -> Unknown:\n    return x\n"
    assert executed(text)["f"].__annotations__["x"] == "Unknown"  # type: ignore[attr-defined]


def test_dataclasses_with_text_annotations_work() -> None:
    text = """
    from __future__ import annotations
    from dataclasses import dataclass
    from typing import ClassVar

    @dataclass
    class Config:
        kind: ClassVar[int] = 1
        width: int = 3
    """
    config = executed(text, "a_model_with_dataclasses.py")["Config"]
    assert list(config.__dataclass_fields__) == ["kind", "width"]  # type: ignore[attr-defined]
    assert config(5).width == 5  # type: ignore[operator]


def test_a_failing_assignment_is_passed_over() -> None:
    assert executed("a = 1 / 0\nb = 2")["b"] == 2


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (
            "import no_such_package.part\nA = no_such_package",
            "line 1: the package 'no_such_package'",
        ),
        ("from no_such_package.part import A", "line 1: the package 'no_such_package' is not"),
        ("from math import A", "line 1: ImportError: cannot import name 'A' from 'math'"),
        ("class A(missing):\n    pass", "line 1: NameError: name 'missing' is not defined"),
        ("class A:\n    import sys\n    sys.exit(3)", "line 3: SystemExit: 3"),
        ("class A:\n    x = 1\n    y = x / 0", "line 3: ZeroDivisionError"),
        ("if True:\n    class A(1 / 0):\n        pass", "line 2: ZeroDivisionError"),
        ("try:\n    def A(x=1 / 0): pass\nexcept OSError:\n    pass", "line 2: ZeroDivisionError"),
        ("class B(missing):\n    pass\nclass A(B):\n    pass", "line 1: NameError: name 'missing'"),
        (
            "import no_such_package as p\nwidth = p.size * 2\nclass A(width): pass",
            "line 1: the pack",
        ),
        (
            "from no_such_package import *\n@wrapped\nclass A(Base):\n    pass",
            "line 1: the package",
        ),
    ],
)
def test_a_failing_definition_is_one_line_once_it_is_needed(text: str, message: str) -> None:
    stand_in = executed(text)["A"]
    assert needed() is None

    with pytest.raises(ImportError):
        stand_in()  # type: ignore[operator]

    failure = needed()
    assert failure is not None
    assert message in failure.message
    assert "\n" not in failure.message
    assert failure.hint


@pytest.mark.parametrize(
    "definition",
    [
        "def f(x: p.Tensor = None, y: p.Dict[str, int] | None = None) -> p.Out:\n    return 1",
        "def f(x=p.SIZE, y=p.make(3)):\n    return 1",
        "@p.main\ndef f():\n    return 1",
        "@p.main(config_path='conf')\ndef f():\n    return 1",
        "@p.registry.register()\nclass f(int):\n    x: p.Tensor\n    y = p.Compose([p.Resize()])\n",
        "@lost\ndef f(x=lost, y=len):\n    return 1",
        "class f(int):\n    size = lost",
    ],
)
def test_a_definition_may_name_what_is_missing(definition: str) -> None:
    function = executed(f"import no_such_package as p\n{definition}\n")["f"]
    assert not isinstance(function, StandIn)
    assert function() in (0, 1)  # type: ignore[operator]
    assert needed() is None


def test_a_name_that_only_the_script_binds_is_missed_by_name_and_only_where_it_is_used() -> None:
    text = "size = len(open('data').read())\ndef f(x=size):\n    return x + 1\n"
    namespace = executed(text)

    assert namespace["f"](2) == 3  # type: ignore[operator]
    with pytest.raises(NameError, match="name 'size' is not defined"):
        namespace["f"]()  # type: ignore[operator]
    assert "size" not in namespace
    assert needed() is None


def test_nothing_is_an_instance_of_what_is_missing() -> None:
    namespace = executed("import torch, no_such_package as p\nfrom torch._x import moved")
    assert not isinstance(3, namespace["p"].Graph)  # type: ignore[attr-defined]
    with pytest.raises(ImportError):
        isinstance(3, namespace["moved"])  # type: ignore[arg-type]


def test_what_watches_a_model_may_be_missing() -> None:
    made = executed("from wandb_is_not_here import x\nfrom torchmetrics import Accuracy")[
        "Accuracy"
    ]
    if isinstance(made, StandIn):
        assert made(task="binary") is made
        assert needed() is None


def test_both_sides_of_a_broken_import_in_a_branch_are_defined() -> None:
    text = "if 1 < 2:\n    import no_such_package\n    def f():\n        return 1\n    width = 3"
    namespace = executed(text)
    assert namespace["f"]() == 1  # type: ignore[operator]
    assert namespace["width"] == 3


def test_a_global_that_a_function_sets_is_a_constant_too() -> None:
    text = """
    import argparse
    args = None
    def main():
        global args, device
        parser = argparse.ArgumentParser()
        parser.add_argument("--width", type=int, default=8)
        args = parser.parse_args()
        device = "cpu" if args.width else "cuda"
        args.width = 99
        local = 1
    """
    namespace = executed(text)
    assert namespace["args"].width == 8  # type: ignore[attr-defined]
    assert namespace["device"] == "cpu"
    assert "local" not in namespace


def test_relative_imports_find_the_package(tmp_path: Path) -> None:
    package = tmp_path / "some_nets" / "inner"
    package.mkdir(parents=True)
    (package / "parts.py").write_text("WIDTH = 7\n")
    (package / "net.py").write_text("from .parts import WIDTH\n")
    assert executed("from .parts import WIDTH", str(package / "net.py"))["WIDTH"] == 7


def test_a_path_that_the_file_adds_is_relative_to_the_file(tmp_path: Path) -> None:
    (tmp_path / "neighbour_of_the_models.py").write_text("WIDTH = 9\n")
    (tmp_path / "models").mkdir()
    text = "import sys\nsys.path.append('..')\nfrom neighbour_of_the_models import WIDTH\n"
    assert executed(text, str(tmp_path / "models" / "net.py"))["WIDTH"] == 9


def test_a_missing_package_costs_only_what_needs_it() -> None:
    text = """
    import no_such_package.parts as parts
    from no_such_package import transforms
    import math

    class Broken(parts.Base):
        pass

    class Whole:
        size = math.pi
    """
    namespace = executed(text)

    assert isinstance(namespace["Whole"], type)
    assert isinstance(namespace["Broken"], StandIn)
    with pytest.raises(ModuleNotFoundError, match="no_such_package"):
        namespace["transforms"].Compose([])  # type: ignore[attr-defined]
