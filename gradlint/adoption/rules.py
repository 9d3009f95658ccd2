"""The rules about suppression comments. They need no probe: what they say can be read."""

from __future__ import annotations

from gradlint.rule import Bad, Documented, Good, Severity


class UnusedSuppression(Documented):
    """A suppression that suppresses nothing hides the finding that comes back tomorrow.

    It is reported only where gradlint knows: the rule is in force, every model of the file
    was probed, and so was every model of the files that import it.

    References:
        `gradlint rule` lists what can be suppressed.

    Fix safety:
        Only the comment changes: the name goes, or the whole comment if none is left.

    Known limits:
        A finding stands under its headline. A comment that names another rule of the same
        disease suppresses nothing.
    """

    code = "GRD901"
    name = "unused-suppression"
    summary = "a suppression comment suppresses nothing"
    severity = Severity.WARNING
    examples = (
        Bad(
            "layer = nn.ReLU()  «# gradlint: ignore[saturating-stack] it trains»\n",
            "layer = nn.ReLU()\n",
        ),
        Good("layer = nn.ReLU()  # it trains\n"),
    )


class UnknownSuppression(Documented):
    """A suppression of a rule that does not exist suppresses nothing.

    References:
        `gradlint rule` lists what can be suppressed.

    Fix safety:
        Only the comment changes: the name is put right where the finding that it means is
        there; else it goes, or the whole comment if none is left.

    Known limits:
        Beginnings of codes (GRD1) select rules, and are not read in comments.
    """

    code = "GRD902"
    name = "unknown-suppression"
    summary = "a suppression comment names a rule that does not exist"
    severity = Severity.WARNING
    examples = (
        Bad(
            "layer = nn.ReLU()  # noqa «# gradlint: ignore[saturated-stack]»\n",
            "layer = nn.ReLU()  # noqa\n",
        ),
        Good("layer = nn.ReLU()  # noqa\n"),
    )


class BareSuppression(Documented):
    """A suppression that names no rule would hide whatever comes, and suppresses nothing.

    References:
        `gradlint --add-ignores` writes the names.

    Fix safety:
        Only the comment changes. It gets the names of what was confirmed at its place, or
        goes where nothing was.

    Known limits:
        None.
    """

    code = "GRD903"
    name = "bare-suppression"
    summary = "a suppression comment names no rule"
    severity = Severity.WARNING
    examples = (
        Bad("layer = nn.ReLU()  «# gradlint: ignore»\n", "layer = nn.ReLU()\n"),
        Good("layer = nn.ReLU()  # gradlint ignores what is healthy\n"),
    )


UNUSED, UNKNOWN, BARE = UnusedSuppression(), UnknownSuppression(), BareSuppression()
COMMENT_RULES: tuple[Documented, ...] = (UNUSED, UNKNOWN, BARE)
