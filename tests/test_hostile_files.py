"""Files that cannot be done, or that fight back: one line each, and all the rest is checked."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import textwrap
from types import SimpleNamespace

import pytest

HEAD = "import ctypes, os, subprocess, sys, time\nimport torch\nfrom torch import nn\n"
MODEL = """
class {name}(nn.Module):
    def __init__(self):
        super().__init__()
        self.a = nn.Linear(4, 4)
{constructor}
    def forward(self, x):
{forward}
        return self.a(x)
"""
FINE = MODEL.format(name="Fine", constructor="", forward="")


def indented(code, spaces=8):
    return textwrap.indent(code, " " * spaces)


def building(code):
    """A file with a model whose constructor runs `code`, and a healthy one."""
    return HEAD + MODEL.format(name="Bad", constructor=indented(code), forward="") + FINE


def running(code):
    """The same for the forward."""
    return HEAD + MODEL.format(name="Bad", constructor="", forward=indented(code)) + FINE


def defining(code):
    """A file of which a definition runs `code` before the healthy model is defined."""
    return f"{HEAD}def boom():\n{indented(code, 4)}\n\nclass Bad:\n    x = boom()\n{FINE}"


def needing(code, name="Bad"):
    """A file with a model that needs what `code` defines, and a healthy one."""
    needy = MODEL.format(name="Needy", constructor=indented(f"{name}()"), forward="")
    return f"{HEAD}{code}\n{needy}{FINE}"


TOO_LONG = "Bad took longer than 4 s"
RAISES = "class Bad:\n    raise ValueError(%s)"
NO_MEMORY = "Bad needs more memory than it may have"
FAILS = {  # name: the file, and the message of the problem that it is
    "syntax": (HEAD + "def f(:\n", "syntax error in line 4: invalid syntax"),
    "indent": (HEAD + FINE + "   x = 1\n", "syntax error in line 13: unindent"),
    "undecodable": (b"# \xff\xfe\nimport torch\n", "cannot decode the file"),
    "cookie": (b"# coding: klingon\nimport torch\n", "cannot decode the file"),
    "zero": (b"import torch\n\0\n", "syntax error: source code .* null bytes"),
    "brackets": (HEAD + "x = " + "(" * 300 + ")" * 300, "syntax error in line 4: too many nested"),
    "sum": (HEAD + "x = " + "+".join("1" * 20000), "cannot parse: maximum recursion depth"),
    "build_abort": (building("os.abort()"), r"Bad crashed the process \(SIGABRT\)"),
    "build_segfault": (building("ctypes.string_at(0)"), r"Bad crashed the process \(SIGSEGV\)"),
    "build_exit": (building("os._exit(0)"), r"Bad ended the process \(exit status 0\)"),
    "build_hang": (building("while True: pass"), TOO_LONG),
    "build_bytes": (building("x = bytearray(50 * 2**30)"), NO_MEMORY),
    "build_tensor": (building("torch.zeros(2**34)"), NO_MEMORY),
    "build_orphan": (
        building("if os.fork() == 0:\n    time.sleep(99)\nos._exit(1)"),
        r"Bad ended the process \(exit status 1\)",
    ),
    "build_closes": (building("os.closerange(0, 21)"), "Bad ended the process"),
    "build_interrupt": (building("raise KeyboardInterrupt"), "Bad made .* KeyboardInterrupt"),
    "run_abort": (running("os.abort()"), r"Bad crashed the process \(SIGABRT\)"),
    "run_sleep": (running("time.sleep(99)"), TOO_LONG),
    "run_tensor": (running("torch.zeros(2**34)"), NO_MEMORY),
    "define_raise": (needing(RAISES % "'no\\nluck'"), "line 5: ValueError: no luck"),
    "define_long": (needing(RAISES % "'a' * 10**6"), r"line 5: ValueError: a{157}\.\.\."),
    "define_exit": (needing("class Bad:\n    sys.exit(3)"), "line 5: SystemExit: 3"),
    "define_hang": (defining("while True: pass"), TOO_LONG.replace("Bad", "Fine")),
    "define_abort": (defining("os.abort()"), r"Fine crashed the process \(SIGABRT\)"),
    "define_tensor": (defining("torch.zeros(2**34)"), NO_MEMORY.replace("Bad", "Fine")),
    "package": (needing("import no_such_package", "no_such_package.Net"), "line 4: the package"),
    "relative": (needing("from .......far import away", "away"), "ImportError: attempted relative"),
}
NOTES = {  # name: the file, and why its first model was not measured
    "build_raise": (building("raise ValueError('no\\nluck')"), "ValueError: no luck in line 9"),
    "build_sysexit": (building("sys.exit(3)"), "its constructor raised SystemExit: 3 in line 9"),
    "build_input": (building("input()"), "its constructor raised EOFError"),
    "build_recursion": (building("def f(): f()\nf()"), "its constructor raised RecursionError"),
    "build_once": (
        f"{HEAD}SEEN = []\n"
        + MODEL.format(
            name="Bad",
            constructor=indented(
                "assert not SEEN\nSEEN.append(1)\n"
                "self.b = nn.Sequential(*[nn.Linear(4, 4) for _ in range(30)])"
            ),
            forward=indented("x = self.b(x)"),
        )
        + FINE,
        "when it was built a second time, its constructor raised AssertionError",
    ),
    "run_raise": (running("raise ValueError('no\\x1b[1m luck')"), "no input was found .* luck$"),
    "run_sysexit": (running("sys.exit(3)"), ""),
    "run_none": (running("return None"), "it returns no floating tensor"),
    "run_integers": (running("return self.a(x).argmax(-1)"), "it returns no floating tensor"),
    "object": (
        HEAD
        + MODEL.replace("(self)", "(self, config)", 1).format(
            name="Bad", constructor=indented("self.b = config.make()"), forward=""
        )
        + FINE,
        "config.make has no known value",
    ),
    "explicit": (HEAD + FINE + "def gradlint_model():\n    return 5\n", "it is of type int"),
    "needs": (HEAD + FINE + "def gradlint_model(a):\n    return Fine()\n", "a has no known value"),
}
TOUCH = "open('{marker}', 'a')"
SCRIPT = """
T
model = Fine()
for i in range(10**9):
    T
while True:
    T
x = T
y: int = T
z = [T for _ in range(9)]
assert T
if T:
    pass
with T as file:
    file.write("x")
if __name__ == "__main__":
    T
"""
SCRIPT = re.sub(r"\bT\b", TOUCH, SCRIPT)
QUIET = {  # files in which nothing is wrong, whatever they do
    "empty": "",
    "no_model": "# torch\n",
    "build_prints": building("for _ in range(100): print('x' * 2**20)"),
    "build_noise": building("os.write(1, b'NOISE'); os.write(2, b'NOISE')"),
    "build_writes": building("open('junk.txt', 'w').write('x')"),
    "build_moves": building("os.chdir('/')"),
    "build_forks": building("if os.fork() == 0:\n    time.sleep(99)"),
    "build_returns_twice": building("os.fork()"),
    "build_starts": building("subprocess.Popen(['sleep', '99'])"),
    "run_closes": running("sys.stdout.close(); sys.stderr.close()"),
    "run_nan": running("return self.a(x) * float('nan')"),
    "loop": HEAD + FINE + SCRIPT,
    "cuda": HEAD + FINE + "device = torch.device('cuda')\nmodel = Fine().cuda().to(device)\n",
    "package_unused": HEAD + "import no_such_package\n" + FINE,
    "define_unused": HEAD + RAISES % "1" + FINE,
    "random": TOUCH + "\n" + HEAD + FINE,
    "types": TOUCH + "\n" + HEAD + FINE,
    "logging": TOUCH + "\n" + HEAD + FINE,
    "copy": TOUCH + "\n" + HEAD + FINE,
}


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """A folder with all these files, and others with files of the same names."""
    folder = tmp_path_factory.mktemp("hostile")
    files = {**{name: text for name, (text, _) in (FAILS | NOTES).items()}, **QUIET}
    for name, text in files.items():
        if isinstance(text, str):
            text = text.replace("{marker}", str(folder / "marker")).encode()
        (folder / f"{name}.py").write_bytes(text)
    (folder / "sub").mkdir()
    (folder / "sub" / "random.py").write_text(HEAD + FINE)
    (folder / "link.py").symlink_to("cuda.py")
    (folder / "nowhere.py").symlink_to("missing.py")
    (folder / "no_python").mkdir()
    return folder


@pytest.fixture(scope="module")
def checked(folder, tmp_path_factory):
    """All of them checked by one command."""
    scratch = tmp_path_factory.mktemp("scratch")
    before = contents(folder)
    command = [sys.executable, "-m", "gradlint", ".", "gone.py", "no_python", "gone.py:Net"]
    done = subprocess.run(
        [*command, "--format", "json", "--timeout", "4", "--jobs", "4"],
        cwd=folder,
        env={**os.environ, "TMPDIR": str(scratch)},
        capture_output=True,
        text=True,
        timeout=240,
    )
    return SimpleNamespace(
        status=done.returncode,
        report=json.loads(done.stdout),
        err=done.stderr,
        before=before,
        after=contents(folder),
        left=list(scratch.iterdir()),
    )


def contents(folder):
    return {
        path: path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file() and "__pycache__" not in path.parts
    }


def errors(checked, name):
    return [error for error in checked.report["errors"] if error["path"] == f"{name}.py"]


def models(checked, name):
    return [model for model in checked.report["models"] if model["path"] == f"{name}.py"]


@pytest.mark.parametrize("name", FAILS)
def test_what_cannot_be_done_is_one_problem_with_a_hint(checked, name):
    (error,) = errors(checked, name)
    assert re.search(FAILS[name][1], error["message"])
    assert error["hint"]
    assert f"{name}.py: error: {error['message']}\n  hint: {error['hint']}\n" in checked.err


@pytest.mark.parametrize("name", NOTES)
def test_a_model_that_cannot_be_measured_is_one_note_with_a_hint(checked, name):
    assert errors(checked, name) == []
    model = models(checked, name)[0]
    assert model["status"] in ("not-built", "not-probed", "traced")
    assert re.search(NOTES[name][1], model["reason"])
    assert model["hint"]


@pytest.mark.parametrize("name", QUIET)
def test_what_a_file_does_beside_its_model_harms_nobody(checked, name):
    assert errors(checked, name) == []
    if name not in ("empty", "no_model"):
        assert [model["target"] for model in models(checked, name)][-1:] == ["Fine"]
        assert all(model["status"] == "probed" for model in models(checked, name))


def test_the_other_models_of_a_file_are_measured(checked):
    whole = ["explicit", "needs"]  # they say what is to be checked
    for name in [*FAILS, *NOTES]:
        if name.startswith(("build", "run", "object", "package", "relative", "define_r")):
            fine = [model for model in models(checked, name) if model["target"] == "Fine"]
            assert [model["status"] for model in fine] == ["probed"], name
    assert all(len(models(checked, name)) == 1 for name in whole)


def test_the_status_is_2_and_nothing_is_internal(checked):
    assert checked.status == 2
    assert "Traceback" not in checked.err
    assert "internal" not in checked.err
    assert "NOISE" not in checked.err


def test_no_file_is_touched_and_nothing_is_left(checked, folder):
    assert checked.after == checked.before
    assert not (folder / "marker").exists()
    assert checked.left == []


def test_paths_that_do_not_exist_are_named(checked):
    assert {error["message"] for error in errors(checked, "gone")} == {"no such file or directory"}
    assert errors(checked, "nowhere")[0]["message"].startswith("cannot read")


def test_files_of_the_same_name_are_told_apart(checked):
    assert [m["status"] for m in models(checked, "sub/random")] == ["probed"]


def test_a_link_to_a_file_that_is_checked_is_not_checked_again(checked):
    assert models(checked, "link") == []


@pytest.mark.parametrize(
    ("args", "said"),
    [
        (["random.py", "--input", "nonsense"], "cannot read the input 'nonsense'"),
        (["random.py", "--input", "0x4"], "has a dimension of 0"),
        (["random.py", "--input", "8x99999999999"], "Fine needs more memory than it may have"),
        (["random.py:Fein"], "no model 'Fein' in random.py\n  hint: did you mean 'Fine'?"),
        (["random.py:Fine", "--input", "8x5"], "Fine was not probed: the model does not run with"),
        (["build_raise.py:Bad"], "Bad was not built: its constructor raised ValueError"),
    ],
)
def test_what_was_asked_for_by_name_is_a_problem_in_one_line(folder, args, said):
    done = subprocess.run(
        [sys.executable, "-m", "gradlint", *args], cwd=folder, capture_output=True, text=True
    )
    assert done.returncode == 2
    assert said in done.stderr
    assert "gradlint fail" not in done.stderr


@pytest.mark.parametrize("device", ["cuda:99", "no-such-device"])
def test_a_device_that_is_not_there_is_one_line_and_2(device, tmp_path):
    path = tmp_path / "net.py"
    path.write_text("from torch import nn\n\nmodel = nn.Sequential(nn.Linear(4, 2))\n")
    command = [sys.executable, "-m", "gradlint", str(path), "--device", device]

    done = subprocess.run(command, capture_output=True, text=True, check=False)

    assert done.returncode == 2
    assert f"the device '{device}' cannot be used" in done.stderr
    assert "hint: leave --device out" in done.stderr
    assert "Traceback" not in done.stderr
