"""Which fixes are written: chosen one by one, without a proof, and several in one file."""

from __future__ import annotations

import io
from dataclasses import replace

import pytest

from gradlint.finding import Status
from gradlint.rule import State
from gradlint.source import Source
from gradlint.span import Edit

TEXT = "a = nn.Sigmoid()\nb = nn.Tanh()\n"


def answer(monkeypatch, text):
    monkeypatch.setattr("sys.stdin", io.StringIO(text))


@pytest.fixture
def two(project, report, model, sick, span):
    """Two sick models in one file, each with a fix of its own."""
    (project / "model.py").write_text(TEXT)
    models = []
    for name, old in (("A", "nn.Sigmoid()"), ("B", "nn.Tanh()")):
        place = span(TEXT, old)
        fix = replace(sick.fix, title=f"Heal {name}", edits=(Edit(place, "nn.ReLU()"),))
        finding = replace(sick, target=name, span=place, fixes=(fix,), signature=name)
        models.append(replace(model, target=name, findings=(finding,)))
    return replace(report, models=tuple(models), sources={"model.py": Source.read("model.py")})


def healed(report):
    models = tuple(replace(model, findings=()) for model in report.models)
    return lambda sources: replace(report, models=models) if sources else report


@pytest.mark.parametrize(
    ("answers", "written", "status"),
    [
        ("y\nn\n", "a = nn.ReLU()\nb = nn.Tanh()\n", 1),
        ("n\ny\n", "a = nn.Sigmoid()\nb = nn.ReLU()\n", 1),
        ("?\nx\na\n", "a = nn.ReLU()\nb = nn.ReLU()\n", 0),
        ("n\na\n", "a = nn.Sigmoid()\nb = nn.ReLU()\n", 1),
        ("q\n", TEXT, 1),
    ],
)
def test_only_what_is_agreed_to_is_written(
    project, gradlint, two, monkeypatch, answers, written, status
):
    answer(monkeypatch, answers)
    found, out, err = gradlint(".", "--fix", "--interactive", finds=healed(two))
    assert (project / "model.py").read_text() == written
    assert found == status
    assert "Write fix 1 of 2?" in err and "9.1 -> 0.4 decades" in err
    assert "Write fix" not in out
    assert ("q: leave it and all others" in err) == ("?" in answers)


def test_nobody_who_answers_is_2_and_nothing_is_written(project, gradlint, two, monkeypatch):
    answer(monkeypatch, "y\n")
    status, _, err = gradlint(".", "--fix", "--interactive", finds=healed(two))
    assert status == 2
    assert err.endswith("interrupted\n")
    assert (project / "model.py").read_text() == TEXT


def test_interactive_without_fix_is_a_mistake(gradlint):
    status, _, err = gradlint(".", "--interactive")
    assert status == 2
    assert "give both" in err


def _sick_again(report):
    return lambda sources: report


def _one_not_probed(report):
    one, other = (replace(model, findings=()) for model in report.models)
    models = (one, replace(other, status=Status.NOT_PROBED))
    return lambda sources: replace(report, models=models) if sources else report


@pytest.mark.parametrize("finds", [_sick_again, _one_not_probed])
@pytest.mark.parametrize("how", ["--fix", "--diff"])
def test_fixes_that_do_not_heal_together_are_not_made_together(project, gradlint, two, finds, how):
    status, out, err = gradlint(".", how, finds=finds(two))
    assert status == 2
    assert "'Heal B' heals its model, but not together with 'Heal A'" in err
    if how == "--fix":
        assert (project / "model.py").read_text() == "a = nn.ReLU()\nb = nn.Tanh()\n"
    else:
        assert "+a = nn.ReLU()" in out and "+b" not in out


def test_fixes_are_checked_together_as_they_would_be_written(gradlint, two):
    asked = []

    def finds(sources):
        asked.extend(source.text for source in sources.values())
        return healed(two)(sources)

    assert gradlint(".", "--fix", finds=finds)[0] == 0
    assert asked == ["a = nn.ReLU()\nb = nn.ReLU()\n"]


def test_a_single_fix_is_not_checked_twice(gradlint, report):
    asked = []

    def finds(sources):
        asked.append(sources)
        return report

    gradlint(".", "--fix", finds=finds)
    assert asked == [{}]


@pytest.fixture
def unproven(report, changed, sick):
    """A model whose only fix helps, and could not be verified."""
    fix = replace(sick.fix, verified=False, why_not="it does not learn", after=2.0)
    worse, better = (replace(fix, title=f"to {n}", after=n) for n in (12.0, 4.0))
    return changed(report, findings=(replace(sick, fixes=(worse, fix, better)),))


@pytest.mark.parametrize("how", ["--fix", "--diff"])
def test_what_is_not_verified_is_left_alone_unless_it_is_wanted(project, gradlint, unproven, how):
    before = (project / "model.py").read_text()
    status, out, _ = gradlint(".", how, finds=unproven)
    assert status == 1
    assert (project / "model.py").read_text() == before
    assert "nn.ReLU()" not in out


def test_an_unsafe_fix_is_written_where_it_is_wanted_and_heals_nothing(project, gradlint, unproven):
    status, out, _ = gradlint(".", "--fix", "--unsafe-fixes", finds=unproven)
    assert status == 1
    assert "nn.ReLU()" in (project / "model.py").read_text()
    assert "fix [applied]: Replace the sigmoids with ReLU" in out
    assert "not verified: it does not learn" in out
    assert "tried: to 4.0" in out


def test_an_unsafe_fix_is_called_so(gradlint, unproven):
    out = gradlint(".", "--unsafe-fixes", finds=unproven)[1]
    assert "fix [unsafe]: Replace the sigmoids with ReLU" in out
    concise = gradlint(".", "--unsafe-fixes", "--format", "concise", finds=unproven)[1]
    assert "[unsafe fix]" in concise
    markdown = gradlint(".", "--unsafe-fixes", "--format", "markdown", finds=unproven)[1]
    assert "Unverified fix: Replace the sigmoids" in markdown


def test_what_made_it_worse_or_failed_is_never_offered(gradlint, report, changed, sick):
    fix = replace(sick.fix, verified=False, why_not="no")
    nothing = (replace(fix, after=10.0), replace(fix, after=float("nan")))
    found = changed(report, findings=(replace(sick, fixes=nothing),))
    assert "[unsafe]" not in gradlint(".", "--unsafe-fixes", finds=found)[1]


def test_a_doubtful_finding_gets_no_unsafe_fix(gradlint, unproven, changed):
    (finding,) = unproven.models[0].findings
    found = changed(unproven, findings=(replace(finding, state=State.UNPROVEN),))
    assert "[unsafe]" not in gradlint(".", "--suspected", "--unsafe-fixes", finds=found)[1]
