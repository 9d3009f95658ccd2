"""Suppression comments: what they suppress, and what is wrong with them."""

from __future__ import annotations

import json
from dataclasses import replace
from textwrap import dedent

import pytest

from gradlint import registry
from gradlint.adoption.comments import Comments
from gradlint.adoption.rules import COMMENT_RULES
from gradlint.finding import Related, Report, Status
from gradlint.rule import Bad, Good, State
from gradlint.source import Source


@pytest.fixture
def of(project, report, sick, span):
    """The report of a file with a finding at some of its texts."""

    def of(text, *parts, names=("saturating-stack",), **model):
        (project / "model.py").write_text(text, encoding="utf-8")
        findings = tuple(
            replace(
                sick,
                code=registry.find_rule(name).code,
                name=name,
                span=span(text, part),
                fixes=(),
                related=(),
            )
            for part in parts
            for name in names
        )
        probed = replace(report.models[0], findings=findings, **model)
        return replace(report, models=(probed,), sources={"model.py": Source.read("model.py")})

    return of


def shown(out):
    return [finding["rule"]["name"] for finding in findings(out) if not finding["suppressed"]]


def findings(out):
    return json.loads(out)["findings"]


SUPPRESSED = {
    "behind": "x = nn.Sigmoid()  # gradlint: ignore[saturating-stack] it trains",
    "by code": "x = nn.Sigmoid()  # gradlint: ignore[GRD101] it trains",
    "by code in small letters": "x = nn.Sigmoid()  # gradlint: ignore[grd101] it trains",
    "one of several": "x = nn.Sigmoid()  # gradlint: ignore[tiny-init, GRD101] it trains",
    "narrow": "x = nn.Sigmoid()  #gradlint:ignore[saturating-stack]it trains",
    "above": "# gradlint: ignore[saturating-stack] it trains\nx = nn.Sigmoid()",
    "further above": "# gradlint: ignore[GRD101] it trains\n\n# so\nx = nn.Sigmoid()",
    "behind another": "x = nn.Sigmoid()  # noqa  # gradlint: ignore[GRD101] it trains",
    "before another": "x = nn.Sigmoid()  # gradlint: ignore[GRD101] it trains # noqa",
    "in the first line": "x = f(  # gradlint: ignore[GRD101] it trains\n    nn.Sigmoid(),\n)",
    "in the last line": "x = f(\n    nn.Sigmoid(),\n)  # gradlint: ignore[GRD101] it trains",
    "in between": "x = f(\n    # gradlint: ignore[GRD101] it trains\n    nn.Sigmoid(),\n)",
    "above the first line": "# gradlint: ignore[GRD101] it trains\nx = f(\n    nn.Sigmoid(),\n)",
    "of the file": "# gradlint: ignore-file[GRD101] it trains\nimport a\nx = nn.Sigmoid()",
    "of the file at its end": "x = nn.Sigmoid()\n# gradlint: ignore-file[GRD101] it trains",
    "in a header": "for a in nn.Sigmoid():  # gradlint: ignore[GRD101] it trains\n    pass",
    "above a decorator": "# gradlint: ignore[GRD101] it trains\n@f(nn.Sigmoid())\ndef g(): pass",
}
NOT = {
    "another rule": "x = nn.Sigmoid()  # gradlint: ignore[tiny-init]",
    "the line before": "y = 1  # gradlint: ignore[GRD101]\nx = nn.Sigmoid()",
    "the line after": "x = nn.Sigmoid()\n# gradlint: ignore[GRD101]\ny = 1",
    "in a text": "x = '# gradlint: ignore[GRD101]', nn.Sigmoid()",
    "bare": "x = nn.Sigmoid()  # gradlint: ignore",
    "empty": "x = nn.Sigmoid()  # gradlint: ignore[ ]",
    "a beginning of a code": "x = nn.Sigmoid()  # gradlint: ignore[GRD1]",
    "in the body": "for a in nn.Sigmoid():\n    pass  # gradlint: ignore[GRD101]",
    "above the class": "# gradlint: ignore[GRD101]\nclass A:\n    x = nn.Sigmoid()",
}


@pytest.mark.parametrize("case", SUPPRESSED)
def test_a_comment_suppresses(gradlint, of, case):
    status, out, _ = gradlint("model.py", "--format", "json", finds=of(SUPPRESSED[case], "nn.Sig"))
    assert status == 0
    assert [
        finding["suppressed"] for finding in findings(out) if finding["signature"] == "5f2c"
    ] == [{"kind": "in-source", "reason": "it trains"}]


@pytest.mark.parametrize("case", NOT)
def test_a_comment_elsewhere_does_not(gradlint, of, case):
    status, out, _ = gradlint("model.py", "--format", "json", finds=of(NOT[case], "nn.Sig"))
    assert status == 1
    assert "saturating-stack" in shown(out)


def test_what_is_suppressed_is_counted_and_not_shown(gradlint, of):
    status, out, _ = gradlint("model.py", finds=of(SUPPRESSED["behind"], "nn.Sig"))
    assert (status, out) == (0, "1 model, no findings, 1 suppressed.\n")


def test_what_is_suppressed_is_not_fixed(project, gradlint, of, sick, span):
    report = of(SUPPRESSED["behind"], "nn.Sig")
    (finding,) = report.models[0].findings
    report = replace(
        report, models=(replace(report.models[0], findings=(replace(finding, fixes=sick.fixes),)),)
    )
    gradlint("model.py", "--fix", finds=report)
    assert (project / "model.py").read_text() == SUPPRESSED["behind"]


def test_a_suspicion_is_suppressed_too(gradlint, of, changed):
    report = of(SUPPRESSED["behind"], "nn.Sig")
    (finding,) = report.models[0].findings
    report = changed(report, findings=(replace(finding, state=State.SUSPECTED),))
    status, out, _ = gradlint("model.py", "--fail-on", "suspected", finds=report)
    assert (status, out) == (0, "1 model, no findings, 1 suppressed.\n")


def test_a_finding_in_an_imported_file_is_suppressed_there(
    project, gradlint, of, changed, sick, span
):
    text = "x = nn.Sigmoid()  # gradlint: ignore[GRD101]\n"
    (project / "blocks.py").write_text(text)
    report = of("import blocks\n")
    finding = replace(sick, span=span(text, "nn.Sigmoid()", "blocks.py"))
    assert gradlint("model.py", finds=changed(report, findings=(finding,)))[0] == 0


UNUSED = "x = nn.ReLU()  # gradlint: ignore[GRD101] it trains\n"


def test_an_unused_suppression_is_a_warning_with_a_safe_fix(gradlint, of, snapshot):
    status, out, _ = gradlint("model.py", finds=of(UNUSED))
    assert status == 0
    snapshot("unused-suppression.txt", out)
    assert (
        "[warning] [safe fix]" in gradlint("model.py", "--format", "concise", finds=of(UNUSED))[1]
    )


def test_the_level_of_a_rule_about_comments_can_be_raised(project, gradlint, of):
    (project / "gradlint.toml").write_text('[rules.unused-suppression]\nseverity = "error"\n')
    assert gradlint("model.py", finds=of(UNUSED))[0] == 1


@pytest.mark.parametrize("status", [Status.TRACED, Status.NOT_BUILT, Status.NOT_PROBED])
def test_nothing_is_unused_in_a_file_with_a_model_that_was_not_probed(gradlint, of, model, status):
    report = of(UNUSED)
    other = replace(model, target="Other", status=status, reason="no", findings=())
    report = replace(report, models=(*report.models, other))
    assert shown(gradlint("model.py", "--format", "json", finds=report)[1]) == []


def test_nothing_is_unused_where_only_one_model_was_asked_for(gradlint, of):
    assert shown(gradlint("model.py:Net", "--format", "json", finds=of(UNUSED))[1]) == []


@pytest.mark.parametrize("option", [("--select", "GRD3,GRD9"), ("--ignore", "saturating-stack")])
def test_nothing_is_unused_of_a_rule_that_was_not_in_force(gradlint, of, option):
    assert shown(gradlint("model.py", *option, "--format", "json", finds=of(UNUSED))[1]) == []


@pytest.mark.parametrize(("importer", "whole", "told"), [(1, 0, 0), (1, 1, 1), (0, 0, 1)])
def test_nothing_is_unused_where_a_model_that_imports_the_file_was_not_checked(
    project, gradlint, of, importer, whole, told
):
    text = "import torch\nfrom model import x\nclass A(torch.nn.Module):\n    pass\n"
    (project / "other.py").write_text(text if importer else "import torch\n")
    paths = ["model.py", "other.py"] if whole else ["model.py"]
    assert len(shown(gradlint(*paths, "--format", "json", finds=of(UNUSED))[1])) == told


def test_a_cleared_finding_leaves_its_suppression_unused(gradlint, of, changed):
    report = of(SUPPRESSED["behind"], "nn.Sig")
    (finding,) = report.models[0].findings
    report = changed(report, findings=(replace(finding, state=State.CLEARED),))
    assert shown(gradlint("model.py", "--format", "json", finds=report)[1]) == [
        "unused-suppression"
    ]


def test_a_suppression_of_what_another_rule_leads_is_of_use(gradlint, of, changed):
    report = of("x = nn.ReLU()  # gradlint: ignore[unnormalized-depth] as published\n", "nn.ReLU")
    (finding,) = report.models[0].findings
    related = Related(finding.span, "GRD201 unnormalized-depth", "GRD201")
    led = changed(report, findings=(replace(finding, related=(related,)),))
    assert shown(gradlint("model.py", "--format", "json", finds=led)[1]) == ["saturating-stack"]
    assert "unused-suppression" in shown(gradlint("model.py", "--format", "json", finds=report)[1])


def test_an_unknown_rule_is_told_with_what_may_be_meant(gradlint, of):
    text = "x = nn.ReLU()  # gradlint: ignore[saturated-stack]\n"
    _, out, _ = gradlint("model.py", "--format", "concise", finds=of(text, status=Status.NOT_BUILT))
    assert out.splitlines()[0] == (
        "model.py:1:16: GRD902 unknown-suppression: no rule is called 'saturated-stack': "
        "did you mean 'saturating-stack'? [warning] [safe fix]"
    )


MENDED = {
    "one of two": ("x = 1  # gradlint: ignore[nope, GRD101] so\nnn.Sigmoid()", None),
    "unused": ("x = 1  # gradlint: ignore[tiny-init]\n", "x = 1\n"),
    "alone": ("if a:\n    # gradlint: ignore[tiny-init] so\n    x = 1\n", "if a:\n    x = 1\n"),
    "alone at the end": ("x = 1\n# gradlint: ignore-file[tiny-init]", "x = 1\n"),
    "behind another": ("x = 1  # noqa # gradlint: ignore[tiny-init] so\n", "x = 1  # noqa\n"),
    "before another": ("x = 1  # gradlint: ignore[tiny-init] so  # noqa\n", "x = 1  # noqa\n"),
    "space at the end": ("x = 1  # gradlint: ignore[tiny-init]  \ny = 2\n", "x = 1\ny = 2\n"),
    "windows": ("x = 1  # gradlint: ignore[nope]\r\ny = 2\r\n", "x = 1\r\ny = 2\r\n"),
    "both wrong": ("x = 1  # gradlint: ignore[nope, tiny-init]\n", "x = 1\n"),
    "wide": ("x = '层'  # gradlint: ignore[nope]\n", "x = '层'\n"),
    "misspelt, needed": (
        "nn.Sigmoid()  # gradlint: ignore[saturated-stack] so\n",
        "nn.Sigmoid()  # gradlint: ignore[saturating-stack] so\n",
    ),
    "bare": ("x = 1  # gradlint: ignore\n", "x = 1\n"),
    "bare, needed": (
        "nn.Sigmoid()  # gradlint: ignore so\n",
        "nn.Sigmoid()  # gradlint: ignore[saturating-stack] so\n",
    ),
    "one of two used": (
        "nn.Sigmoid()  # gradlint: ignore[tiny-init, GRD101, nope] so\n",
        "nn.Sigmoid()  # gradlint: ignore[GRD101] so\n",
    ),
}
MENDED["one of two"] = (MENDED["one of two"][0], "x = 1\nnn.Sigmoid()")


@pytest.mark.parametrize("case", MENDED)
def test_fix_mends_the_comment_and_nothing_else(project, gradlint, of, case):
    before, after = MENDED[case]
    parts = ["nn.Sigmoid()"] if "nn.Sigmoid()" in before else []
    (project / "model.py").write_bytes(before.encode())
    report = of(before, *parts)
    (project / "model.py").write_bytes(before.encode())
    report = replace(report, sources={"model.py": Source.read("model.py")})
    _, out, err = gradlint("model.py", "--fix", finds=report)
    assert (project / "model.py").read_bytes() == after.encode()
    assert err == ""
    assert "fixed" in out


def test_a_rule_about_comments_that_is_not_in_force_drops_nothing(project, gradlint, of):
    text = "x = 1  # gradlint: ignore[nope, tiny-init]\n"
    gradlint("model.py", "--fix", "--ignore", "GRD901", finds=of(text))
    assert (project / "model.py").read_text() == "x = 1  # gradlint: ignore[tiny-init]\n"


EXAMPLES = [
    pytest.param(rule, example, id=f"{rule.name}-{number}")
    for rule in COMMENT_RULES
    for number, example in enumerate(rule.examples)
]


@pytest.mark.parametrize(("rule", "example"), EXAMPLES)
def test_the_examples_of_the_rules_about_comments_hold(project, gradlint, of, rule, example, span):
    code = example.code.replace("«", "").replace("»", "")
    _, out, _ = gradlint("model.py", "--fix", "--format", "json", finds=of(code))
    expected = [rule.name] if isinstance(example, Bad) else []
    assert shown(out) == expected
    if isinstance(example, Good):
        return
    (found,) = findings(out)
    marked = span(code, example.code.partition("«")[2].partition("»")[0])
    assert (found["line"], found["column"], found["end_column"]) == (
        marked.line,
        marked.column,
        marked.end_column,
    )
    assert (project / "model.py").read_text() == example.fixed


@pytest.mark.parametrize("rule", COMMENT_RULES, ids=lambda rule: rule.name)
def test_the_rules_about_comments_are_explained(gradlint, rule):
    assert rule.summary in gradlint("rule")[1]
    page = gradlint("rule", rule.name)[1]
    assert page.startswith(f"{rule.code} {rule.name} (warning)\n\n")
    for section in ("References:", "Fix safety:", "Known limits:"):
        assert section in page


@pytest.mark.parametrize(
    ("text", "lines"),
    [
        ("a = f(\n    1,\n)\n", (1, 3)),
        ("@f\n@g(\n    2)\ndef h(\n    b=2,\n):\n    pass\n", (1, 6)),
        ("def h(b=2):\n    '''d'''\n    pass\n", (1, 1)),
        ("if a: b = 2\n", (1, 1)),
    ],
)
def test_a_statement_that_holds_others_is_its_header(text, lines, span):
    comments = Comments(Source("model.py", text))
    assert comments.statement(span(text, "2" if "2" in text else "1")) == lines


def test_a_file_that_no_longer_parses_has_no_comments(project, gradlint, of, changed, sick, span):
    text = "x = (nn.Sigmoid()  # gradlint: ignore[GRD101]\n"
    (project / "blocks.py").write_text(text)
    finding = replace(sick, span=span(text, "nn.Sigmoid()", "blocks.py"), fixes=())
    assert gradlint("model.py", finds=changed(of("import blocks\n"), findings=(finding,)))[0] == 1


def test_a_report_without_models_needs_no_rules(project, gradlint, monkeypatch):
    monkeypatch.setattr(registry, "rules", lambda: 1 / 0)
    assert gradlint("model.py", finds=Report((), (), "", 1))[0] == 0


def test_comments_are_read_behind_code_and_continued_lines():
    text = dedent('''
        a = """
        # gradlint: ignore[one]
        """  # gradlint: ignore[two] because
        b = 1 + \\
            2  # gradlint: ignore[three]
        # gradlint: ignore[four]
    ''')
    found = Comments(Source("a.py", text)).directives
    assert [(each.words, each.line, each.reason) for each in found] == [
        (("two",), 4, "because"),
        (("three",), 6, ""),
        (("four",), 0, ""),
    ]
