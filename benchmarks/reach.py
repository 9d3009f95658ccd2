"""How far gradlint comes with repositories that nobody prepared for it.

    python benchmarks/reach.py reference/ beginner/ --save reports/

Each folder given holds repositories, one a subfolder, and makes a column of the table. Every
repository is checked by the command itself; its JSON is kept in the folder of `--save`, and
what is there already is not measured again. With `--files 12`, at most so many files with models
of each repository are checked, chosen at random but always the same.
"""

from __future__ import annotations

import argparse
import json
import re
import subprocess
import sys
import tempfile
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path

from sample import chosen, repositories

CRASHES = ("made gradlint fail", "crashed the process")
UNREAD = "syntax error"  # of another version of Python: it cannot be told what is in it
UNTRAINED = "it has no parameters to train"  # not a model that gradlint is for
REASONS = 10


class Reach:
    """What became of the models of some repositories."""

    def __init__(self, reports: Iterable[dict]) -> None:
        self.reports = list(reports)
        self.models = [
            model | {"file": f"{number}/{model['path']}"}
            for number, report in enumerate(self.reports)
            for model in report["models"]
            if model["reason"] != UNTRAINED
        ]
        seen = {model["file"] for model in self.models}
        self.errors = [error for report in self.reports for error in report["errors"]]
        # a file whose definitions fail says so once, and nothing of its models
        self.lost = [
            error
            for number, report in enumerate(self.reports)
            for error in report["errors"]
            if f"{number}/{error['path']}" not in seen and UNREAD not in error["message"]
        ]
        self.seconds = sorted(model["seconds"] for model in self.models if model["seconds"])

    def share(self, holds: Callable[[dict], bool]) -> str:
        """The share of the models for which something holds."""
        return _percent(sum(map(holds, self.models)), len(self.models) + len(self.lost))

    def files(self) -> dict[str, list[dict]]:
        """The models of each file; none for one whose definitions failed."""
        found: dict[str, list[dict]] = {error["path"]: [] for error in self.lost}
        for model in self.models:
            found.setdefault(model["file"], []).append(model)
        return found

    def files_share(self, *statuses: str) -> str:
        """The share of the files all of whose models reached one of these statuses."""
        files = self.files().values()
        reached = [models and all(m["status"] in statuses for m in models) for models in files]
        return _percent(sum(map(bool, reached)), len(reached))

    def quantile(self, share: float) -> str:
        """So many seconds or less for this share of the models."""
        if not self.seconds:
            return "-"
        return f"{self.seconds[min(int(share * len(self.seconds)), len(self.seconds) - 1)]:.2f} s"

    def reasons(self) -> Counter[str]:
        """Why models were not probed, most frequent first; numbers and names left out."""
        told = [model["reason"] for model in self.models if model["status"] != "probed"]
        return Counter(map(_kind, [*told, *(error["message"] for error in self.lost)]))


def _percent(part: int, whole: int) -> str:
    return f"{100 * part / whole:.1f} %" if whole else "-"


def _kind(reason: str) -> str:
    """A reason without what differs from file to file."""
    reason = re.sub(r"^line \d+: | in line \d+(?= |$)| in cell \d+(?= |$)", "", reason)
    reason = re.sub(r"'[^']*'|\"[^\"]*\"", "'...'", reason)
    reason = re.sub(r"\[[^\]]*\]|\d+(\.\d+)?", "N", reason)
    reason = re.sub(r"^.* (have|has) no known value", "arguments have no known value", reason)
    return re.sub(r"^forward needs .*", "forward needs several inputs", reason)[:110]


ROWS: tuple[tuple[str, Callable[[Reach], str]], ...] = (
    ("repositories", lambda reach: str(len(reach.reports))),
    ("files with models", lambda reach: str(len(reach.files()))),
    ("models", lambda reach: str(len(reach.models) + len(reach.lost))),
    ("built", lambda reach: reach.share(_built)),
    ("fed, of those built", lambda reach: _fed(reach)),
    ("probed", lambda reach: reach.share(lambda model: model["status"] == "probed")),
    ("files, every model probed", lambda reach: reach.files_share("probed")),
    ("files, every model read", lambda reach: reach.files_share("probed", "traced")),
    ("crashes", lambda reach: str(sum(_crash(error) for error in reach.errors))),
    ("seconds a model, median", lambda reach: reach.quantile(0.5)),
    ("seconds a model, p95", lambda reach: reach.quantile(0.95)),
)


def _built(model: dict) -> bool:
    return bool(model.get("built", model["status"] != "not-built"))


def _fed(reach: Reach) -> str:
    built = [model for model in reach.models if _built(model)]
    return _percent(sum(model["status"] == "probed" for model in built), len(built))


def _crash(error: dict) -> bool:
    return any(crash in error["message"] for crash in CRASHES)


def measure(repository: Path, saved: Path, most: int | None) -> dict:
    """The command's report of a repository, from the saved file where there is one."""
    if not saved.is_file():
        files = ["."] if most is None else chosen(repository, most)
        if not files:
            return {"models": [], "errors": []}
        command = [sys.executable, "-P", "-m", "gradlint", *files, "--format", "json"]
        command += ["--isolated", "--no-cache", "--timeout", "60", "--jobs", "1"]
        done = subprocess.run(command, cwd=repository, capture_output=True, check=False)
        if not done.stdout:
            sys.exit(f"{repository}: {done.stderr.decode(errors='replace')}")
        saved.write_bytes(done.stdout)
    return json.loads(saved.read_bytes())


def print_table(columns: dict[str, Reach]) -> None:
    """One row a measure, one column a folder."""
    print("| | " + " | ".join(columns) + " |")
    print("| --- |" + " --- |" * len(columns))
    for name, value in ROWS:
        print(f"| {name} | " + " | ".join(value(reach) for reach in columns.values()) + " |")


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folders", nargs="+", type=Path, metavar="DIR")
    parser.add_argument("--save", type=Path, help="folder for the reports")
    parser.add_argument("--files", type=int, help="at most so many files of a repository")
    options = parser.parse_args(arguments)
    saved = options.save or Path(tempfile.mkdtemp(prefix="reach-"))
    saved.mkdir(parents=True, exist_ok=True)
    reports: dict[str, list[dict]] = {}
    for folder in options.folders:
        for repository in repositories(folder):
            file = saved / f"{folder.name}__{repository.name}.json"
            print(f"{folder.name}/{repository.name}", file=sys.stderr)
            reports.setdefault(folder.name, []).append(measure(repository, file, options.files))
    columns = {name: Reach(found) for name, found in reports.items()}
    everything = Reach(report for found in reports.values() for report in found)
    print_table({**columns, "all": everything} if len(columns) > 1 else columns)
    print(f"\nWhy a model was not probed, the {REASONS} most frequent:\n")
    for reason, count in everything.reasons().most_common(REASONS):
        print(f"- {count}: {reason}")


if __name__ == "__main__":
    main()
