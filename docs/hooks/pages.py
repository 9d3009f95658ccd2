"""The pages of the site that nobody writes. MkDocs calls the functions on_*."""

from __future__ import annotations

import re
import subprocess
import sys
import tempfile
from pathlib import Path

import yaml
from measured import measured
from mkdocs.config.defaults import MkDocsConfig
from mkdocs.structure.files import File, Files
from picture import said, svg

from gradlint.command.explanation import listed, markdown
from gradlint.registry import documented
from gradlint.rule import Documented, Rule

ROOT = Path(__file__).parents[2]
EXAMPLE = "examples/sigmoid_mlp.py"
REPORTS = ("github", "gitlab", "junit", "markdown", "json")
SECTION = re.compile(r"^## (.+)\n((?:.*\n(?!## ))*.*)", re.MULTILINE)
PAGES = [
    "index.md",
    "getting-started.md",
    "configuration.md",
    "suppressions.md",
    "ci.md",
    "formats.md",
    "json.md",
    "adoption.md",
    "reach.md",
    "stability.md",
    "design.md",
    "changelog.md",
]

_parts = tempfile.TemporaryDirectory()  # it goes when the build ends


def on_config(config: MkDocsConfig) -> MkDocsConfig:
    """The navigation, and the texts that pages include: of the README, and what commands print."""
    folder = Path(_parts.name)
    _readme(folder / "readme")
    _printed(folder / "printed")
    config.mdx_configs["pymdownx.snippets"]["base_path"] = [str(ROOT), str(folder)]
    rules = ["rules/index.md", *(f"rules/{rule.name}.md" for rule in documented())]
    config.nav = [*PAGES[:2], {"Rules": rules}, *PAGES[2:]]
    return config


def on_files(files: Files, config: MkDocsConfig) -> Files:
    """The pages of the rules."""
    table = re.sub(r"`([\w-]+)`", r"[\1](\1.md)", listed(documented(), "markdown"))
    pages = {"rules/index.md": f"# The rules\n\n{table}\n"}
    pages |= {f"rules/{rule.name}.md": _page(rule) for rule in documented()}
    for path, text in pages.items():
        files.append(File.generated(config, path, content=text))
    return files


def _page(rule: Documented) -> str:
    """What `gradlint rule` says, with a picture behind the reason."""
    text = markdown(rule)
    if not isinstance(rule, Rule):
        return text
    series = measured(rule)
    caption = f"The example below, measured when this page was built; {said(series)}."
    picture = f"<figure markdown>\n{svg(series)}\n<figcaption>{caption}</figcaption>\n</figure>"
    return text.replace("\n\n## ", f"\n\n{picture}\n\n## ", 1)


def _readme(folder: Path) -> None:
    """Each section of the README as a file, and what stands before the first."""
    folder.mkdir()
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    (folder / "start.md").write_text(text.partition("\n## ")[0], encoding="utf-8")
    for title, section in SECTION.findall(text):
        name = re.sub(r"\W+", "-", title.lower())
        (folder / f"{name}.md").write_text(section.strip(), encoding="utf-8")


def _printed(folder: Path) -> None:
    """What commands print, each as a file."""
    folder.mkdir()
    reports = [word for name in REPORTS for word in ("-o", f"{name}={folder / name}")]
    _run("--quiet", EXAMPLE, *reports)
    (folder / "settings").write_text(_run("config", "--isolated"), encoding="utf-8")
    (folder / "help").write_text(_run("--help"), encoding="utf-8")
    (folder / "inputs").write_text(_inputs(), encoding="utf-8")


def _inputs() -> str:
    """The inputs of the action, as rows of a table."""
    action = yaml.safe_load((ROOT / "action.yml").read_text(encoding="utf-8"))
    return "\n".join(
        f"| `{name}` | {each['description']} | `{each['default'] or ' '}` |"
        for name, each in action["inputs"].items()
    )


def _run(*args: str) -> str:
    command = [sys.executable, "-m", "gradlint", *args]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    if done.returncode > 1:
        raise RuntimeError(done.stderr)
    return done.stdout
