"""Where reports go: the standard output or a file, and others beside it in their own formats."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass

from gradlint.errors import GradlintError, did_you_mean

_NAMED = re.compile(r"(?P<format>[a-z][a-z-]*)=(?P<file>.+)", re.DOTALL)


@dataclass(frozen=True)
class Destination:
    """One report. The main one is what is printed where no file is named."""

    format: str
    file: str | None = None
    main: bool = True


def destinations(
    format: str, outputs: Sequence[str], known: Collection[str]
) -> tuple[Destination, ...]:
    """The reports to make: `FILE` is the main one, `FORMAT=FILE` is one beside it.

    The main report comes last, so that nothing is printed where another cannot be written.
    """
    made = list(_parsed(format, outputs, known))
    main = [each for each in made if each.main] or [Destination(format)]
    return (*(each for each in made if not each.main), *main)


def _parsed(format: str, outputs: Sequence[str], known: Collection[str]) -> Iterator[Destination]:
    for output in outputs:
        found = _NAMED.fullmatch(output)
        if output.rpartition("=")[2] == "-":
            raise GradlintError("-o names a file", "--format is for the standard output")
        if found is None:
            yield Destination(format, output)
        elif found["format"] in known:
            yield Destination(found["format"], found["file"], main=False)
        else:
            hint = did_you_mean(found["format"], known)
            raise GradlintError(f"-o {output}: no format is called '{found['format']}'", hint)
