"""A finding as SARIF has it: its place, the other layers, its number, and the verified fix."""

from __future__ import annotations

from typing import Any

from gradlint.finding import Finding, Fix, Suppression
from gradlint.formats.addresses import uri
from gradlint.formats.difference import difference, offer
from gradlint.formats.json import evidence, number
from gradlint.formats.markup import fenced, plain
from gradlint.formats.view import View, decimal, one_line, pointed, sentence
from gradlint.rule import State
from gradlint.span import Span

ROOT = "%SRCROOT%"
_KINDS = {State.SUSPECTED: "review", State.UNPROVEN: "open", State.CLEARED: "pass"}
_SUPPRESSED = {"in-source": "inSource", "baseline": "external"}


def result(view: View, finding: Finding, rule: int, fingerprint: str) -> dict[str, Any]:
    """One result."""
    described: dict[str, Any] = {
        "ruleId": finding.code,
        "ruleIndex": rule,
        **_weight(view, finding),
        "message": _message(view, finding),
        "locations": [_location(view, finding.span)],
        "partialFingerprints": {
            "primaryLocationLineHash": fingerprint,
            "gradlint/v1": finding.signature,
        },
        "properties": _properties(finding),
    }
    if finding.suppressed is not None:
        described["suppressions"] = [_suppression(finding.suppressed)]
    if finding.related:
        described["relatedLocations"] = [
            {"id": n, **_location(view, each.span), "message": {"text": one_line(each.message)}}
            for n, each in enumerate(finding.related, 1)
        ]
    if finding.fix is not None and not _in_notebook(view, finding.fix):
        described["fixes"] = [_fix(finding.fix)]
    return described


def _in_notebook(view: View, fix: Fix) -> bool:
    """Whether it edits cells: regions of the file would be of its JSON."""
    return any(view.report.shown_edit(edit)[0] is not None for edit in fix.edits)


def _suppression(suppressed: Suppression) -> dict[str, str]:
    described = {"kind": _SUPPRESSED[suppressed.kind], "status": "accepted"}
    if suppressed.reason:
        described["justification"] = suppressed.reason
    return described


def _weight(view: View, finding: Finding) -> dict[str, str]:
    """Only what fails has a level; what was not confirmed is for somebody to look at."""
    if view.fails(finding) or finding.state is State.CONFIRMED:
        return {"kind": "fail", "level": str(finding.severity)}
    return {"kind": _KINDS[finding.state], "level": "none"}


def _message(view: View, finding: Finding) -> dict[str, str]:
    said = one_line(pointed(view, finding.span)[0] + sentence(finding))
    if finding.evidence is not None:
        said += f" (limit {decimal(finding.evidence.limit)})"
    text, markdown = f"{said}.", f"{plain(said)}."
    if finding.fix is not None:
        offered = f"{offer(finding, finding.fix)}."
        change = fenced(difference(view, finding.fix), "diff")
        text, markdown = f"{text} {offered}", f"{markdown}\n\n{plain(offered)}\n\n{change}"
    return {"text": text, "markdown": markdown}


def _location(view: View, span: Span) -> dict[str, Any]:
    cell, place = pointed(view, span)
    region: dict[str, Any] = _region(place)
    source = view.source(span.path)
    if source is not None and not cell:
        region["snippet"] = {"text": source.text_of(span)}
    return {"physicalLocation": {"artifactLocation": artifact(span.path), "region": region}}


def artifact(path: str) -> dict[str, str]:
    """A file, from the root of the repository where it lies in it."""
    address = uri(path)
    return {"uri": address} if ":" in address else {"uri": address, "uriBaseId": ROOT}


def _region(span: Span) -> dict[str, int]:
    return {
        "startLine": span.line,
        "startColumn": span.column,
        "endLine": span.end_line,
        "endColumn": span.end_column,
    }


def _properties(finding: Finding) -> dict[str, Any]:
    return {
        "name": finding.name,
        "state": str(finding.state),
        "target": finding.target,
        "evidence": evidence(finding.evidence) if finding.evidence else None,
    }


def _fix(fix: Fix) -> dict[str, Any]:
    paths = dict.fromkeys(edit.span.path for edit in fix.edits)
    return {
        "description": {"text": f"{fix.title}."},
        "artifactChanges": [
            {
                "artifactLocation": artifact(path),
                "replacements": [
                    {
                        "deletedRegion": _region(edit.span),
                        "insertedContent": {"text": edit.text},
                    }
                    for edit in fix.edits
                    if edit.span.path == path
                ],
            }
            for path in paths
        ],
        "properties": {
            "checkpoint": str(fix.checkpoint),
            "before": number(fix.before),
            "after": number(fix.after),
            "trial_before": number(fix.trial_before),
            "trial_after": number(fix.trial_after),
        },
    }
