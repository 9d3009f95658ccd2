"""JUnit XML: a suite a file, a test case a model, which a finding fails."""

from __future__ import annotations

import re
from xml.etree import ElementTree
from xml.etree.ElementTree import Element, SubElement

import click

from gradlint import __version__
from gradlint.finding import Finding, ModelReport, Problem, Status
from gradlint.formats import full
from gradlint.formats.view import View, decimal, one_line, split_place

_OUTCOMES = {"failures": "failure", "errors": "error", "skipped": "skipped"}
_UNWRITABLE = re.compile("[^\t\n\r -\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")  # in XML 1.0


def render(view: View) -> str:
    """The report as XML, in ASCII."""
    root = Element("testsuites", name="gradlint")
    for path, cases in _by_file(view).items():
        suite = SubElement(root, "testsuite", name=_text(path))
        properties = {"gradlint": __version__, "torch": view.report.torch}
        _properties(suite, properties)
        suite.extend(cases)
        _count(suite)
    _count(root)
    ElementTree.indent(root)
    data: bytes = ElementTree.tostring(root, "us-ascii", xml_declaration=True)
    return data.decode()


def _by_file(view: View) -> dict[str, list[Element]]:
    suites: dict[str, list[Element]] = {}
    for model in view.report.models:
        is_problem = model.named and model.reason and model.status is not Status.PROBED
        if not is_problem:  # else it is told with the problems
            suites.setdefault(model.path, []).append(_model(view, model))
    for problem in view.report.problems:
        suites.setdefault(split_place(problem.path)[0], []).append(_problem(problem))
    return suites


def _model(view: View, model: ModelReport) -> Element:
    case = _case(*split_place(view.report.of_model(model)), model.target)
    case.set("time", f"{model.seconds:.3f}")
    found = [finding for of, finding in view.remaining if of is model]
    _properties(case, {"inputs": model.inputs, **_numbers(found)})
    failing = [finding for finding in found if view.fails(finding)]
    if failing:
        message = "; ".join(one_line(finding.message) for finding in failing)
        kind = " ".join(finding.code for finding in failing)
        failure = SubElement(case, "failure", type=_text(kind), message=_text(message))
        failure.text = _blocks(view, model, failing)
    elif model.reason and model.status is not Status.PROBED:
        SubElement(case, "skipped", message=_text(one_line(model.reason)))
    others = [finding for finding in found if finding not in failing]
    if others:
        SubElement(case, "system-out").text = _blocks(view, model, others)
    return case


def _numbers(findings: list[Finding]) -> dict[str, str]:
    return {
        f"{finding.code}.{finding.evidence.quantity}": decimal(finding.evidence.measured)
        for finding in findings
        if finding.evidence is not None
    }


def _blocks(view: View, model: ModelReport, findings: list[Finding]) -> str:
    return _text("\n\n".join(click.unstyle(full.block(view, model, each)) for each in findings))


def _problem(problem: Problem) -> Element:
    case = _case(*split_place(problem.path), "gradlint")
    SubElement(case, "error", message=_text(one_line(problem.message))).text = _text(problem.hint)
    return case


def _case(path: str, line: int | None, name: str) -> Element:
    case = Element("testcase", name=_text(name), classname=_text(path), file=_text(path))
    if line is not None:
        case.set("line", str(line))
    return case


def _properties(element: Element, values: dict[str, str]) -> None:
    properties = SubElement(element, "properties")
    for name, value in values.items():
        SubElement(properties, "property", name=_text(name), value=_text(value))


def _count(element: Element) -> None:
    cases = list(element.iter("testcase"))
    element.set("tests", str(len(cases)))
    for attribute, tag in _OUTCOMES.items():
        element.set(attribute, str(sum(case.find(tag) is not None for case in cases)))
    element.set("time", f"{sum(float(case.get('time', 0)) for case in cases):.3f}")


def _text(text: str) -> str:
    return _UNWRITABLE.sub("\ufffd", text)
