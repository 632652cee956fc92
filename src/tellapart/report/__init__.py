"""A run folder's files -> report.html and MODEL_CARD.md; a pure renderer.

`reading` turns the files into one frozen `Summary`; the page and the card are renderings of it, and add
nothing. Everything that comes from strangers (names of classes, paths) is made visible when it is read
(`text`) and escaped when it is written; an estimate is printed through `numbers.Figure` alone, which
cannot leave out its interval and its n.
"""

from tellapart.report.audit_page import audit_in_words, render_audit
from tellapart.report.card import render_model_card
from tellapart.report.reading.run import read_summary
from tellapart.report.report_page import render_report
from tellapart.report.spoken import figures_in_words
from tellapart.report.study_page import render_study, study_in_words
from tellapart.report.summary import Summary

__all__ = [
    "Summary",
    "audit_in_words",
    "figures_in_words",
    "read_summary",
    "render_audit",
    "render_model_card",
    "render_report",
    "render_study",
    "study_in_words",
]
