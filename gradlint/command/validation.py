"""What is wrong with a word or a value that the user wrote, and what may be meant."""

from __future__ import annotations

from collections.abc import Iterable

from gradlint.errors import GradlintError, did_you_mean

_WORDS: dict[type, str] = {
    bool: "true or false",
    int: "a whole number",
    float: "a number",
    str: "a text",
    list: "a list",
    dict: "a table",
}


def check_keys(table: Iterable[str], known: Iterable[str], where: str) -> None:
    """Raise GradlintError for a key that is not known, with the nearest one that is."""
    known = sorted(known)
    for key in table:
        if key not in known:
            raise GradlintError(f"{where} has an unknown key '{key}'", did_you_mean(key, known))


def check_type(value: object, types: tuple[type, ...], where: str) -> None:
    """Raise GradlintError for a value of another type; true is not a number."""
    if not isinstance(value, types) or (isinstance(value, bool) and bool not in types):
        raise GradlintError(f"{where} must be {_WORDS[types[-1]]}", f"it is {value!r}")
