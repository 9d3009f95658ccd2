"""Run the commands of docs/adoption.md in the repository that it names, and write what they say.

git clone https://github.com/zhangxiann/PyTorch_Practice clone
pip install tensorboardX torchvision    # what that repository imports
python benchmarks/adoption.py clone
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

PAGE = Path(__file__).parents[1] / "docs" / "adoption.md"
BLOCK = re.compile(r'^```(?:console|\w+ title="(?P<file>.+)")\n(?P<text>(?:.*\n)*?)```$', re.M)


def main(clone: str) -> None:
    with tempfile.TemporaryDirectory() as folder:
        copy = shutil.copytree(clone, Path(folder) / "clone")
        page = PAGE.read_text(encoding="utf-8")
        PAGE.write_text(BLOCK.sub(lambda found: _done(copy, found), page), encoding="utf-8")


def _done(folder: Path, block: re.Match[str]) -> str:
    """A block after it was done: a file is written, commands are run."""
    if block["file"]:
        file = folder / block["file"]
        file.parent.mkdir(exist_ok=True)
        file.write_text(block["text"], encoding="utf-8")
        return block[0]
    commands = re.findall(r"^\$ (?!echo)(.*)", block["text"], re.M)
    return "```console\n" + "".join(_said(folder, command) for command in commands) + "```"


def _said(folder: Path, command: str) -> str:
    """What a terminal shows of a command; of gradlint its exit status, too."""
    scripts = str(Path(sys.executable).parent)
    path = os.pathsep.join([scripts, os.environ["PATH"]])
    done = subprocess.run(
        ["bash", "-c", command],
        cwd=folder,
        env=os.environ | {"PATH": path, "PYTHONPATH": str(folder), "NO_COLOR": "1"},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    status = f"$ echo $?\n{done.returncode}\n" if command.startswith("gradlint") else ""
    return f"$ {command}\n{done.stdout}{status}"


if __name__ == "__main__":
    main(*sys.argv[1:])
