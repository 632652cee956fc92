"""The page of an audit alone."""

from __future__ import annotations

import json

import made_runs
import pytest
from parsed_page import Page

from tellapart.report import render_audit


def finding(severity: str) -> dict:
    return {"code": f"files.{severity}", "severity": severity, "title": severity, "files": [["a.png"]]}


def test_audit_page_shows_findings_pairs_and_classes(many_run):
    audit = json.loads((many_run / "audit.json").read_text())
    pairs = json.loads((many_run / "gallery.json").read_text())["pairs"]
    page = Page(render_audit(audit, pairs, made_runs.HOSTILE[0]))
    assert len(page.all("article", "finding")) == 3
    assert len(page.all("img")) == 4
    assert "\u202e" not in page.source
    assert made_runs.HOSTILE[0] in page.all("header")[0].text
    policies = [m.attributes["content"] for m in page.all("meta") if "http-equiv" in m.attributes]
    assert [policy.startswith("default-src 'none'") for policy in policies] == [True]


@pytest.mark.parametrize(
    ("severities", "begins"),
    [
        (["note", "stop", "stop"], "Do not train on these 7 pictures yet: 2 things"),
        (["warn"], "Training on these 7 pictures can go wrong: one thing"),
        (["note"], "Nothing speaks against training"),
        ([], "Nothing was found in these 7 pictures"),
    ],
)
def test_the_answer_is_one_sentence(severities, begins):
    audit = {"schema": 1, "pictures": 7, "classes": {}, "findings": [finding(s) for s in severities]}
    assert Page(render_audit(audit, [], "set")).all("h1")[0].text.startswith(begins)


def test_silence_is_not_taken_for_an_answer():
    audit = {"schema": 1, "pictures": 7, "findings": [], "unchecked": ["copies", "<b>"]}
    page = Page(render_audit(audit, [], "set")).source
    assert "Not looked for:</strong> copies, &lt;b&gt;." in page
    assert "no copies" not in page


def test_thousands_of_files_are_cut_short_and_say_so():
    audit = {"pictures": 9, "findings": [finding("note") | {"files": [[f"{k}.png"] for k in range(500)]}]}
    page = Page(render_audit(audit, [], "set"))
    assert len(list(page.all("details", "files")[0].all("li"))) == 60
    assert "and 440 more in audit.json" in page.source


def test_an_audit_is_not_changed_by_rendering():
    audit = {"pictures": 1, "classes": {"a\u202e": 1}, "findings": [finding("stop")]}
    before = json.dumps(audit)
    render_audit(audit, [], "set")
    assert json.dumps(audit) == before
