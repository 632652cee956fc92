"""A run folder -> its `Summary`."""

from __future__ import annotations

import shlex
from collections import Counter
from pathlib import Path
from typing import Any

from tellapart.report.numbers import plain
from tellapart.report.reading.explanations import read_explanations
from tellapart.report.reading.files import RunFiles, read_files
from tellapart.report.reading.findings import read_audit, read_gallery
from tellapart.report.reading.history import read_curves
from tellapart.report.reading.measures import (
    read_measures,
    read_member,
    read_not_sure,
    read_per_thousand,
    read_threshold,
)
from tellapart.report.reading.plan import read_left_out, read_plan, read_stages
from tellapart.report.reading.reliability import read_groups, read_reliability
from tellapart.report.reading.trade_off import read_trade_off
from tellapart.report.reading.values import boolean, mapping, sequence, text, texts, whole
from tellapart.report.summary import FitForUse, Measures, Summary, Weights


def read_summary(folder: Path) -> Summary:
    """Read everything that is said about a run.

    Parameters
    ----------
    folder
        A finished run folder. Only ``metrics.json`` must be there.

    Raises
    ------
    RunFolderError
        When it is missing or of another schema, or a file in the folder is damaged.
    """
    files = read_files(folder)
    metrics = files.metrics
    words, pictures = mapping(metrics.get("words")), mapping(metrics.get("pictures"))
    classes = texts(metrics.get("classes"))
    positive = text(metrics.get("positive")) or None
    test = read_measures(metrics.get("test"), classes) or Measures(0, {})
    decision = text(metrics.get("decision"), "not decided")
    out_of_fold = read_measures(metrics.get("out_of_fold"), classes)
    return Summary(
        name=text(metrics.get("name"), folder.resolve().name),
        sentence=text(words.get("sentence")) or _sentence(decision, test),
        reasons=texts(words.get("reasons")),
        decision=decision,
        fit_for_use=_fit(metrics.get("fit_for_use")),
        classes=classes,
        positive=positive,
        positive_chosen_by=text(metrics.get("positive_chosen_by")) or None,
        test_part=text(metrics.get("test_part")),
        test=test,
        test_with_copies=read_measures(metrics.get("test_with_copies"), classes),
        out_of_fold=out_of_fold,
        threshold=read_threshold(metrics.get("threshold")),
        trade_off=read_trade_off(
            metrics.get("trade_off"), classes, positive, {"out of fold": out_of_fold, "test": test}
        ),
        not_sure=read_not_sure(metrics.get("not_sure")),
        per_thousand=read_per_thousand(metrics.get("per_thousand")),
        reliability=read_reliability(files.predictions, classes, positive, read_groups(files.split)),
        audit=read_audit(files.audit, sequence(files.gallery.get("pairs"))),
        members=tuple(map(read_member, sequence(metrics.get("members")))),
        curves=read_curves(files.history),
        gallery=read_gallery(files.gallery.get("pictures")),
        explanations=read_explanations(files.explanations),
        plan=read_plan(files.plan),
        stages=read_stages(metrics.get("seconds"), files.plan.get("quoted_seconds")),
        parts=_parts(files),
        pictures_used=whole(pictures.get("used")),
        pictures_left_out=whole(pictures.get("left_out")),
        labels_corrected=whole(pictures.get("labels_corrected")) or 0,
        test_labels_corrected=whole(pictures.get("test_labels_corrected")) or 0,
        left_out_files=read_left_out(pictures.get("left_out_files"), "path"),
        weights=tuple(map(_weights, sequence(metrics.get("weights")))),
        versions=tuple((text(name), plain(version)) for name, version in files.versions.items()),
        command=_command(metrics.get("command")),
    )


def _sentence(decision: str, test: Measures) -> str:
    """Word the answer for a run that did not write one."""
    figure = test.figures.get("balanced_accuracy")
    measured = f"; balanced accuracy on the test part: {figure}" if figure else ""
    return f"Decision: {decision}{measured}."


def _fit(block: Any) -> FitForUse:
    found = mapping(block)
    return FitForUse(text(found.get("aim")), boolean(found.get("met")), text(found.get("words")))


def _parts(files: RunFiles) -> tuple[tuple[str, int], ...]:
    order = {"train": 0, "validation": 1, "test": 2}
    counts = Counter(row["split"] for row in files.split if row.get("split"))
    return tuple(sorted(counts.items(), key=lambda item: (order.get(item[0], 3), item[0])))


def _weights(block: Any) -> Weights:
    found = mapping(block)
    return Weights(text(found.get("name")), text(found.get("source")), text(found.get("licence")))


def _command(value: Any) -> str | None:
    if isinstance(value, list):
        return shlex.join(texts(value)) or None
    return text(value) or None
