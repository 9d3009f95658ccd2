"""Files that import others of their repository: found as the author had them, and only defined."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from textwrap import dedent, indent

import pytest

from gradlint.discovery.definitions import execute
from gradlint.discovery.missing import StandIn, needed
from gradlint.source import Source

Write = Callable[[dict[str, str]], Path]
ADDED = """
import os, sys
here = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(here, "..", "gl_lib"))
from gl_parts import W
"""
LOUD = """
open({marker!r}, "a").write("ran")
print("loud")
while True:
    pass
raise SystemExit(3)
"""


@pytest.fixture
def write(tmp_path: Path) -> Write:
    """Write files into a repository."""

    def write(files: dict[str, str]) -> Path:
        for name, text in files.items():
            path = tmp_path / "repository" / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(dedent(text))
        return tmp_path / "repository"

    return write


def executed(path: Path) -> dict[str, object]:
    namespace: dict[str, object] = {}
    execute(Source.read(str(path)), namespace)
    return namespace


@pytest.mark.parametrize(
    ("file", "files", "statement"),
    [
        ("net.py", {"gl_parts.py": "W = 7"}, "from gl_parts import W"),
        ("net.py", {"gl_parts/sizes.py": "W = 7"}, "from gl_parts.sizes import W"),
        ("net.py", {"gl_parts/__init__.py": "W = 7"}, "from gl_parts import W"),
        ("net.py", {"gl_parts/__init__.py": "from .a import *", "gl_parts/a.py": "W = 7"},
         "from gl_parts import W"),
        ("net.py", {"gl_parts/__init__.py": "", "gl_parts/a.py": "W = 7"},
         "from gl_parts import a\nW = a.W"),
        ("net.py", {"gl_parts/__init__.py": "from . import a", "gl_parts/a.py": "W = 7"},
         "import gl_parts\nW = gl_parts.a.W"),
        ("net.py", {"gl_parts/__init__.py": "from .a import *", "gl_parts/a.py": "W = 7"},
         "from gl_parts import *"),
        ("models/net.py", {"gl_parts.py": "W = 7", "setup.py": ""}, "from gl_parts import W"),
        ("a/b/net.py", {"gl_parts.py": "W = 7"}, "from gl_parts import W"),
        ("a/b/net.py", {"gl_parts/x/y.py": "W = 7", "a/requirements.txt": "", ".git/HEAD": ""},
         "from gl_parts.x.y import W"),
        ("tests/net.py", {"src/gl_parts/a.py": "W = 7", "pyproject.toml": ""},
         "from gl_parts.a import W"),
        ("pkg/net.py", {"pkg/gl_parts.py": "W = 7"}, "from .gl_parts import W"),
        ("pkg/net.py", {"pkg/__init__.py": "W = 7"}, "from . import W"),
        ("pkg/sub/net.py", {"pkg/gl_parts.py": "W = 7"}, "from ..gl_parts import W"),
        ("1-2.x/net.py", {"1-2.x/gl_parts.py": "W = 7"}, "from .gl_parts import W"),
        ("pkg/net.py", {"pkg/__init__.py": "", "pkg/gl_parts.py": "W = 7"},
         "from pkg.gl_parts import W"),
        ("pkg/net.py", {"pkg/__init__.py": "", "pkg/gl_parts.py": "W = 7"},
         "from gl_parts import W"),
        ("pkg/__init__.py", {"pkg/gl_parts.py": "W = 7"}, "from .gl_parts import W"),
        ("models/net.py", {"gl_lib/gl_parts.py": "W = 7"}, ADDED),
        ("net.py", {"gl_path.py": "import sys\nsys.path.append('x')", "x/gl_parts.py": "W = 7"},
         "import gl_path\nfrom gl_parts import W"),
    ],
)  # fmt: skip
def test_an_import_finds_what_the_author_meant(
    write: Write, file: str, files: dict[str, str], statement: str
) -> None:
    folder = write({**files, file: statement})
    assert executed(folder / file)["W"] == 7


@pytest.mark.parametrize("file", ["gl_loud.py", "gl_loud/__init__.py", "gl_loud/part.py"])
def test_of_a_sibling_only_the_definitions_run(write: Write, tmp_path: Path, file: str) -> None:
    marker = tmp_path / "marker"
    loud = LOUD.format(marker=str(marker))
    module = file.removesuffix(".py").removesuffix("/__init__").replace("/", ".")
    guarded = f"if __name__ == '__main__':\n{indent(loud, '    ')}\n"
    folder = write(
        {
            file: f"W = 7\n{loud}\n{guarded}\ndef double(n):\n    return 2 * n\nV = double(W)\n",
            "net.py": f"from {module} import *\nX = W\n",
        }
    )
    namespace = executed(folder / "net.py")

    assert (namespace["X"], namespace["V"]) == (7, 14)
    assert namespace["double"](2) == 4  # type: ignore[operator]
    assert not marker.exists()


def test_a_sibling_that_parses_arguments_has_their_defaults(write: Write) -> None:
    options = """
    import argparse
    parser = argparse.ArgumentParser()
    parser.add_argument("data")
    parser.add_argument("--width", type=int, default=8)
    args = parser.parse_args()
    """
    folder = write({"gl_options.py": options, "net.py": "from gl_options import args\n"})
    assert executed(folder / "net.py")["args"].width == 8  # type: ignore[attr-defined]


def test_a_model_is_checked_and_nothing_of_its_siblings_runs(write: Write, tmp_path: Path) -> None:
    marker = tmp_path / "marker"
    block = """
    import torch
    from torch import nn
    class Block(nn.Module):
        def __init__(self, width):
            super().__init__()
            self.layer = nn.Linear(width, width)
        def forward(self, x):
            return torch.relu(self.layer(x))
    """
    net = """
    from torch import nn
    from gl_loud import Block
    class Net(nn.Module):
        def __init__(self):
            super().__init__()
            self.a, self.b = Block(8), Block(8)
        def forward(self, x):
            return self.b(self.a(x))
    """
    folder = write({"gl_loud.py": dedent(block) + LOUD.format(marker=str(marker)), "net.py": net})
    command = [sys.executable, "-m", "gradlint", "net.py", "-v", "--timeout", "30"]

    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)

    assert done.returncode == 0, done.stdout + done.stderr
    assert "1 model" in done.stdout + done.stderr
    assert "loud" not in done.stdout
    assert not marker.exists()


def test_frames_lead_to_the_lines_of_the_sibling(write: Write) -> None:
    part = "print(1)\n\n\ndef fail():\n    raise ValueError\n"
    folder = write({"gl_part.py": part, "net.py": "from gl_part import fail\n"})
    code = executed(folder / "net.py")["fail"].__code__  # type: ignore[attr-defined]

    assert code.co_filename == str(folder / "gl_part.py")
    assert code.co_firstlineno == 4
    assert [line for *_, line in code.co_lines()][-1] == 5


def test_files_that_import_each_other_are_one_module_each(write: Write) -> None:
    folder = write(
        {
            "gl_net.py": "class Base: pass\nimport gl_other\nclass Net(gl_other.Middle): pass",
            "gl_other.py": "import gl_net\nclass Middle(gl_net.Base):\n    pass\n",
        }
    )
    namespace = executed(folder / "gl_net.py")

    assert issubclass(namespace["Net"], namespace["Base"])  # type: ignore[arg-type]


def test_the_init_of_a_package_runs_only_when_it_is_asked(write: Write) -> None:
    folder = write(
        {
            "gl_pkg/__init__.py": "from .heavy import W",
            "gl_pkg/heavy.py": "W = 7",
            "gl_pkg/light.py": "V = 3",
            "net.py": "from gl_pkg.light import V\n",
        }
    )
    executed(folder / "net.py")

    assert "gl_pkg.heavy" not in sys.modules
    assert sys.modules["gl_pkg"].W == 7


def test_a_package_of_the_standard_library_is_not_shadowed(write: Write) -> None:
    folder = write({"statistics.py": "mean = 3", "net.py": "from statistics import mean"})
    sys.modules.pop("statistics", None)
    assert callable(executed(folder / "net.py")["mean"])


def test_a_file_may_be_called_like_a_package_that_it_imports(
    write: Write, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = write({"libcst.py": "open('/')\nimport libcst\n"})
    for name in [name for name in sys.modules if name.partition(".")[0] == "libcst"]:
        monkeypatch.delitem(sys.modules, name)
    assert hasattr(executed(folder / "libcst.py")["libcst"], "parse_module")


def test_installed_packages_run_as_they_are(write: Write) -> None:
    package = "venv/lib/site-packages/gl_installed.py"
    path = "import sys\nsys.path.append('venv/lib/site-packages')\nfrom gl_installed import W"
    folder = write({package: "W = []\nfor _ in range(3):\n    W.append(1)", "net.py": path})
    assert executed(folder / "net.py")["W"] == [1, 1, 1]


@pytest.mark.parametrize(
    ("part", "message"),
    [
        ("import no_such_package\nclass Base(no_such_package.Base): pass",
         "gl_part.py, line 1: the package 'no_such_package' is not installed"),
        ("x = 1\nclass Base(1 / 0): pass", "gl_part.py, line 2: ZeroDivisionError"),
        ("print 'old'", "line 1: ImportError: gl_part.py: syntax error in line 1"),
        ("x = 1", "line 1: ImportError: cannot import name 'Base' from 'gl_part'"),
    ],
)  # fmt: skip
def test_what_a_sibling_fails_to_define_is_named_where_it_is_needed(
    write: Write, part: str, message: str
) -> None:
    net = "from gl_part import Base\nclass Net(Base): pass\nclass Other: pass\n"
    folder = write({"gl_part.py": part, "net.py": net})
    namespace = executed(folder / "net.py")

    assert isinstance(namespace["Other"], type)
    assert isinstance(namespace["Net"], StandIn)
    assert needed() is None
    with pytest.raises(ImportError):
        namespace["Net"]()
    failure = needed()
    assert failure is not None
    assert message in failure.message
