"""The page of the solar cells, from the figures of one finished run."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from benchmarks.questions.page import bullets, markdown
from tellapart.evaluate.intervals import proportion

DEFECTIVE, FUNCTIONAL = "defective", "functional"
COMMAND = "python -m benchmarks.questions.gallery"


def page(kept: Mapping[str, Any]) -> str:
    """Return the Markdown.

    Parameters
    ----------
    kept
        results/solar-cells.json.
    """
    classes, test = kept["classes"], kept["test"]
    defective = test["per_class"][DEFECTIVE]
    members = [f"{one['name']} ({one['weight']:.2f})" for one in kept["members"] if one["weight"] > 0]
    lines = [
        "# Which solar cells are defective?\n",
        f"Written by `{COMMAND}` from a committed run; do not edit. [All answers](README.md)\n",
        "**The question.** Photographs of solar cells under current (electroluminescence), 300 x 300 px, "
        "grey: cracks and "
        f"dead areas are dark. {classes[DEFECTIVE]:,} are defective and {classes[FUNCTIONAL]:,} are not. "
        "Can a classifier sort them?\n",
        f"**The answer.** {_answer(kept)}\n",
        "## Figures\n",
        f"On {test['n']} cells that were sealed until the end, with 95 % intervals:\n",
        *markdown(
            ("measure", "value"),
            [
                *((name.replace("_", " "), _said(test[name])) for name in test if name not in ("n", "per_class")),
                ("of those called defective, so many are (precision)", _said(defective["precision"])),
                ("of the defective, so many are found (recall)", _said(defective["recall"])),
            ],
        ),
        f"Used: {', '.join(members)}. {kept['seconds'] / 60:.1f} minutes, {kept['peak_MiB']:,} MiB at most, with "
        f"--time {kept['time']}, on {kept['machine']}, {kept['date']}.\n",
        "## Where it errs\n",
        "Those who labelled gave each cell a probability of a defect: 0, 1/3, 2/3 or 1. Above .5 counts "
        "as defective here, so "
        "that cells at 1/3 and 2/3 are labels that people themselves were not sure of.\n",
        *_errors(kept["by_probability"]),
        "## What the audit says\n",
        *_findings(kept["findings"]),
        "## What these figures do not say\n",
        "The cells come from 44 modules, and the package does not tell which cell is of which: cells of "
        "one module stand on "
        "both sides of the split. On modules that were never seen expect less.\n",
        "## Do it yourself\n",
        "```",
        f"{COMMAND} --pictures-only --work solar",
        f"tellapart train solar/solar-cells --positive {DEFECTIVE} --time {kept['time']} --out run",
        "```\n",
        f"The first command fetches [{kept['package'].partition('==')[0]}](https://pypi.org/project/elpv-dataset/) "
        f"({kept['package'].partition('==')[2]}) from PyPI and lays it out as class folders. The pictures "
        "are CC BY-NC-SA 4.0, not for "
        "commercial use; none of them is in this repository. Who uses them is asked to cite Buerhop-Lutz et al. 2018 "
        "(10.4229/35thEUPVSEC20182018-5CV.3.15), Deitsch et al. 2019 (10.1016/j.solener.2019.02.067) and "
        "Deitsch et al. 2021 "
        "(10.1007/s00138-021-01191-9).",
    ]  # fmt: skip
    return "\n".join(lines) + "\n"


ANSWERS = {
    "trustworthy": "Yes, {found}, and the figure may be believed.",
    "no better than chance": "No: the test does not tell it from chance ({found}).",
    "too few to tell": "There are too few test pictures to tell ({found}).",
    "leaking": "The figure is inflated, since copies of test pictures were trained on; without them: {found}.",
    "shortcut": "{found}, but the label can be told nearly as well without looking at the cell.",
}


def _answer(kept: Mapping[str, Any]) -> str:
    test = kept["test"]
    found = f"balanced accuracy {_said(test['balanced_accuracy'])}"
    words = ANSWERS[kept["decision"]].format(found=found)
    recall, precision = (test["per_class"][DEFECTIVE][name] for name in ("recall", "precision"))
    rest = f"It finds {_said(recall)} of the defective cells, and {_said(precision)} of those it calls defective are."
    return f"{words[0].upper()}{words[1:]} {rest}"


def _said(kept: Mapping[str, Any]) -> str:
    if kept["value"] is None:
        return "–"
    return f"{kept['value']:.3f} ({kept['low']:.3f} to {kept['high']:.3f})"


def _errors(counts: Mapping[str, Mapping[str, int]]) -> list[str]:
    rows = []
    for probability, one in counts.items():
        share = proportion(one["errors"], one["pictures"])
        rows.append((probability, str(one["pictures"]), str(one["errors"]), _said(share.to_dict())))
    sure, unsure = (
        [one for name, one in counts.items() if (name in ("0.00", "1.00")) is wanted]
        for wanted in (True, False)
    )
    lines = markdown(("probability of a defect", "test pictures", "errors", "share"), rows)
    if sure and unsure:
        first, second = (
            proportion(sum(one["errors"] for one in part), sum(one["pictures"] for one in part))
            for part in (sure, unsure)
        )
        if second.low > first.high:
            words = "It errs more where people were not sure"
        elif first.low > second.high:
            words = "It errs less where people were not sure"
        else:
            words = "Whether it errs more where people were not sure cannot be told"
        lines.append(
            f"{words}: {_said(second.to_dict())} of those cells, {_said(first.to_dict())} of the others.\n"
        )
    return lines


def _findings(found: list[Mapping[str, str]]) -> list[str]:
    if not found:
        return ["Nothing.\n"]
    return bullets(
        [
            f"[{one['code']}](../reference/findings/{one['code']}.md) ({one['severity']}): {one['title']}"
            for one in found
        ]
    )
