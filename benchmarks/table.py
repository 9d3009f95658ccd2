"""The confirmed findings of a folder as a Markdown table, from gradlint's own JSON.

python benchmarks/table.py examples/
"""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator

HEAD = ("file", "rule", "quantity", "measured", "limit", "fix", "after", "trial")


def rows(report: dict) -> Iterator[tuple[str, ...]]:
    for finding in report["findings"]:
        if finding["state"] != "confirmed":
            continue
        evidence = finding["evidence"]
        cell = f"cell {finding['cell']}:" if finding["cell"] else ""
        fix = next((fix for fix in finding["fixes"] if fix["verified"]), None)
        yield (
            f"{finding['path']}:{cell}{finding['line']}",
            f"{finding['rule']['code']} {finding['rule']['name']}",
            evidence["quantity"],
            f"{evidence['measured']:.1f}",
            f"{evidence['limit']:g}",
            fix["title"] if fix else "none was proven",
            f"{fix['after']:.1f}" if fix else "",
            f"{fix['trial_before']:.2g} -> {fix['trial_after']:.2g}" if fix else "",
        )


def main() -> None:
    command = [
        sys.executable,
        "-P",
        "-m",
        "gradlint",
        *sys.argv[1:],
        "--no-cache",
        "--format",
        "json",
    ]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    report = json.loads(done.stdout)
    for row in (HEAD, ("---",) * len(HEAD), *rows(report)):
        print("| " + " | ".join(row) + " |")
    statuses = [model["status"] for model in report["models"]]
    healthy = len({model["path"] for model in report["models"]}) - len(
        {finding["path"] for finding in report["findings"] if finding["state"] == "confirmed"}
    )
    print(f"\n{len(statuses)} models, {statuses.count('probed')} probed,", end=" ")
    print(f"{healthy} files without a confirmed finding")


if __name__ == "__main__":
    main()
