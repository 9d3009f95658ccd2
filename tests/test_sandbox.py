"""Children have limits, end with the run, and are the same whichever way they start."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from children import crash, fail, hang, orphan, talk, where

from gradlint.sandbox import Sandbox

MODEL = """
import os, time
import torch
from torch import nn

class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.a = nn.Linear(4, 4)
        {}

    def forward(self, x):
        return self.a(x)
"""
HANG = "open({marker!r}, 'a').write('x')\n        while True: pass"


@pytest.fixture(scope="module")
def sandbox():
    sandbox = Sandbox(preload=())
    yield sandbox
    sandbox.close()


def test_what_a_child_sends_comes_back(sandbox):
    outcome = sandbox.run(talk, ["a", "b"], 20)
    assert (outcome.sent, outcome.died) == (("a", "b"), "")


@pytest.mark.parametrize(
    ("child", "job", "died"),
    [
        (crash, 3, "ended the process (exit status 3)"),
        (crash, 77, "needs more memory than it may have"),
        (hang, "sent before", "took longer than 0.5 s"),
        (fail, "word", "made gradlint fail: KeyError: 'word' (children.py:"),
        (orphan, None, "ended the process (exit status 1)"),
    ],
)
def test_a_child_that_dies_says_why(sandbox, child, job, died):
    sandbox.run(talk, (), 20)  # so that what is timed does not start the first process
    started = time.perf_counter()
    outcome = sandbox.run(child, job, 0.5 if child is hang else 20)
    assert outcome.died.startswith(died)
    assert outcome.hint
    assert outcome.sent == (("sent before",) if child is hang else ())
    assert time.perf_counter() - started < 10


def test_a_child_works_in_a_folder_of_its_own_that_is_removed(sandbox):
    ((folder, temporary, typed),) = sandbox.run(where, None, 20).sent
    assert folder == temporary
    assert folder != os.getcwd()
    assert typed == ""
    assert not Path(folder).exists()


def test_nothing_starts_after_the_end():
    sandbox = Sandbox(preload=())
    sandbox.close()
    assert sandbox.run(talk, ["a"], 5).died == "could not be started"


def environment(tmp_path):
    (tmp_path / "scratch").mkdir()
    return {**os.environ, "TMPDIR": str(tmp_path / "scratch")}


def running(tmp_path):
    """The processes that use the scratch folder."""
    found = []
    for process in Path("/proc").glob("[0-9]*"):
        try:
            if str(tmp_path / "scratch").encode() in (process / "environ").read_bytes():
                found.append((process / "cmdline").read_bytes())
        except OSError:
            continue
    return found


@pytest.mark.skipif(not Path("/proc/self/environ").exists(), reason="needs /proc")
@pytest.mark.parametrize("sign", [signal.SIGINT, signal.SIGTERM])
@pytest.mark.parametrize("when", ["importing", "building"])
def test_an_interruption_ends_every_child_and_leaves_nothing(tmp_path, sign, when):
    marker = tmp_path / "marker"
    (tmp_path / "net.py").write_text(MODEL.format(HANG.format(marker=str(marker))))
    process = subprocess.Popen(
        [sys.executable, "-m", "gradlint", "net.py"],
        cwd=tmp_path,
        env=environment(tmp_path),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    wait_for(marker.exists if when == "building" else lambda: len(running(tmp_path)) > 2)
    os.killpg(process.pid, sign)
    out, err = process.communicate(timeout=60)
    assert (process.returncode, out, err) == (2, "", "interrupted\n")
    wait_for(lambda: not running(tmp_path))
    assert list((tmp_path / "scratch").iterdir()) == []


def wait_for(condition):
    for _ in range(600):
        if condition():
            return
        time.sleep(0.05)
    raise AssertionError("waited for too long")


@pytest.mark.slow
def test_the_same_report_where_nothing_can_fork(tmp_path):
    (tmp_path / "fine.py").write_text(MODEL.format(""))
    (tmp_path / "raises.py").write_text(MODEL.format("raise ValueError"))
    (tmp_path / "aborts.py").write_text(MODEL.format("os.abort()"))
    (tmp_path / "cuda.py").write_text(MODEL.format("raise ValueError"))  # a name torch imports
    (tmp_path / "main.py").write_text(
        "import multiprocessing\n"
        "if __name__ == '__main__':\n"
        "    multiprocessing.get_all_start_methods = lambda: ['spawn']\n"
        "    from gradlint.cli import main\n"
        "    main()\n"
    )
    files = ["fine.py", "raises.py", "aborts.py", "cuda.py"]
    commands = ["-P", "main.py"], ["-m", "gradlint"]
    spawned, forked = (
        subprocess.run(
            [sys.executable, *command, *files, "-v", "--no-cache"],
            cwd=tmp_path,
            capture_output=True,
            text=True,
        )
        for command in commands
    )
    said = [re.sub(r"[\d.]+ s\)", "s)", done.stdout) for done in (spawned, forked)]
    assert (spawned.returncode, said[0]) == (forked.returncode, said[1])
    assert spawned.stderr == forked.stderr
    assert "4 models, no findings, 3 not measured, 1 problem." in spawned.stdout


def closed(*descriptors):
    def close():
        for descriptor in descriptors:
            os.close(descriptor)

    return close


@pytest.mark.parametrize("descriptors", [(1,), (2,), (1, 2), (0, 1, 2)])
def test_closed_streams_change_no_status(tmp_path, descriptors):
    (tmp_path / "net.py").write_text("import torch\ndef f(:\n")
    process = subprocess.run(
        [sys.executable, "-m", "gradlint", "net.py"],
        cwd=tmp_path,
        preexec_fn=closed(*descriptors),
        timeout=60,
    )
    assert process.returncode == 2
