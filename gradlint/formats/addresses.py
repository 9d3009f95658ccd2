"""Places as code hosts and other programs address them."""

from __future__ import annotations

from pathlib import Path
from urllib.parse import quote

from gradlint.checkout import in_checkout


def uri(path: str) -> str:
    """The path as a URI: relative, or with its scheme where it leads out of the root."""
    named = in_checkout(path)
    if Path(named).is_absolute():
        return Path(named).as_uri()
    return quote(named, errors="surrogateescape")
