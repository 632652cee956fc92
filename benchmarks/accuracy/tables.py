"""README.md of the accuracy benchmark, from its rows and the peers' figures."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from statistics import mean
from typing import Any

from scipy.stats import rankdata

from benchmarks.accuracy.sets import PELLETS, SETS, PictureSet
from benchmarks.rows import Rows
from tellapart.evaluate.intervals import proportion

SEEDS, SHUFFLES = range(3), range(5)
FRESH = "pellets, 400 fresh"
HEAD = """# Accuracy

`python -m benchmarks.accuracy.run --data DIR --peers DIR` (`--peers`: results.json and splits/ of the peers; without
it their splits are left out). Default options but `--time`, seeds 0, 1, 2, on the test part (hymenoptera: `val`; sets
without one: a fifth, held back by group). Mean of the seeds, then each with its 95 % interval. The seeds share the
given test parts, so their mean is no independent average. *Leaking*: training copies of test pictures were left out.
What the product does was chosen on out-of-fold scores; the test parts were opened for these tables, on the dates
given. *The last mean*: frozen features of the same network, its last map averaged, `StandardScaler` and
`LogisticRegressionCV`, fitted on the pictures of the run; differences are paired.
"""


def page(rows: Rows, peers: Path | None) -> str:
    """Return the page."""
    found = _peers(peers)
    parts = (
        _sets(rows),
        _against(rows, found),
        _members(rows),
        _budgets(rows),
        _per_class(rows),
        _shuffled(rows),
    )
    return "\n".join(
        [HEAD, f"Measured {rows.made()}.", "", *("\n".join([*part, ""]) for part in parts if part)]
    )


def _sets(rows: Rows) -> list[str]:
    lines = ["## Sets", ""]
    lines += _header(
        "set",
        "measure",
        "goal",
        "mean",
        "seed by seed",
        "n",
        "members used",
        "s (of one processor)",
        "peak MiB",
        "more than the last mean, same pictures",
        "known elsewhere",
    )
    for one in SETS:
        if found := _of(rows, one.name):
            lines.append(_set_line(one, found, one.name, "figure"))
        if one.name == PELLETS and found:
            lines.append(_set_line(one, found, FRESH, "fresh"))
    return lines


def _set_line(one: PictureSet, found: Sequence[dict[str, Any]], name: str, field: str) -> str:
    figures = [row[field] for row in found]
    average = mean(figure["value"] for figure in figures)
    met = " **missed**" if one.goal is not None and average < one.goal else ""
    if any(row["decision"] == "leaking" for row in found):
        copied = [row["with_copies"]["value"] for row in found if row.get("with_copies")]
        met += " (leaking" + (f"; with the copies {mean(copied):.3f})" if copied else ")")
    used = sorted({"+".join(m for m, v in row["members"].items() if v["weight"] > 0) for row in found})
    seconds = [(row["seconds"]["process"], row["seconds"]["processor"]) for row in found]
    return _row(
        name,
        one.measure,
        "" if one.goal is None else f"{one.goal:g}",
        f"{average:.3f}{met}",
        "; ".join(map(_said, figures)),
        figures[0]["n"],
        ", ".join(used),
        "; ".join(f"{clock:.0f} ({processor:.0f})" for clock, processor in seconds),
        max(row["peak_MiB"] for row in found),
        "; ".join(_more(row["last_mean"]) for row in found) if field == "figure" else "",
        one.known,
    )


def _more(kept: dict[str, Any]) -> str:
    d = kept["difference"]
    return f"{d['value']:+.3f} ({d['low']:+.3f} to {d['high']:+.3f})"


def _against(rows: Rows, peers: dict[str, dict[str, dict[str, Any]]]) -> list[str]:
    """Product and peers on the same test pictures; pellets: on as many fresh ones."""
    compared = [one for one in SETS if one.peers or one.name == PELLETS]
    names = sorted({name for one in compared for name in peers.get(one.peers or one.name, {})})
    if not names:
        return []
    lines = [
        "## Beside the peers",
        "",
        "The peers ran on one core of such a machine, one seed each, up to 365 processor seconds of training.",
        "Intervals where the measure is accuracy. Where training pictures have copies in the test part the peers kept",
        "them, so the product's figure with the copies stands here.",
        "",
    ]
    lines += _header("set", "measure", "tellapart", *names)
    ranks: dict[str, list[float]] = {}
    sets = 0
    for one in compared:
        found, others = _of(rows, one.name), peers.get(one.peers or one.name, {})
        if not found or not others:
            continue
        ours = mean(_with_copies(row, one)["value"] for row in found)
        cells = [_peer(others.get(name), one.measure) for name in names]
        lines.append(_row(one.name, one.measure, f"{ours:.3f}", *cells))
        scores = {"tellapart": ours, **{name: row[one.measure] for name, row in others.items()}}
        for name, place in zip(
            scores, rankdata([-round(score, 3) for score in scores.values()]), strict=True
        ):
            ranks.setdefault(name, []).append(float(place))
        sets += 1
    places = "; ".join(
        f"{name} {mean(own):.1f}" + (f" (of {len(own)})" if len(own) < sets else "")
        for name, own in sorted(ranks.items(), key=lambda item: mean(item[1]))
    )
    return [*lines, "", f"Mean rank over {sets} sets, among those that were run on a set: {places}."]


def _with_copies(row: dict[str, Any], one: PictureSet) -> dict[str, Any]:
    return row["fresh"] if one.name == PELLETS else (row.get("with_copies") or row["figure"])


def _peer(row: dict[str, Any] | None, measure: str) -> str:
    if row is None:
        return ""
    if measure != "accuracy":
        return f"{row[measure]:.3f}"
    return _said(proportion(round(row["accuracy"] * row["n"]), row["n"]).to_dict())


def _members(rows: Rows) -> list[str]:
    lines = [
        "## Members",
        "",
        "Out of fold, seed 0: what the choice was made on. *Given up*: the first fold showed that it would not help.",
        "",
    ]
    lines += _header("set", "measure", "probe", "detail", "finetune")
    for one in SETS:
        if found := _of(rows, one.name)[:1]:
            members = found[0]["members"]
            cells = [_member(members.get(name)) for name in ("probe", "detail", "finetune")]
            lines.append(_row(one.name, one.measure, *cells))
    return lines


def _member(kept: dict[str, Any] | None) -> str:
    if kept is None:
        return ""
    if not kept["complete"]:
        return "given up"
    used = f", share {kept['weight']:.2f}" if kept["weight"] else ""
    return f"{kept['out_of_fold']['value']:.3f}{used}"


def _budgets(rows: Rows) -> list[str]:
    keys = [key.split("/") for key in rows.done if key.endswith(("s", "m")) and key.count("/") == 2]
    budgets = sorted({key[2] for key in keys}, key=_seconds)
    if not budgets:
        return []
    lines = [
        "## Accuracy against the budget",
        "",
        *_header("set", "measure", *budgets, "as in the first table"),
    ]
    for one in SETS:
        if any(key[0] == one.name for key in keys):
            cells = [_short(_of(rows, one.name, budget)) for budget in budgets]
            lines.append(_row(one.name, one.measure, *cells, _short(_of(rows, one.name))))
    return lines


def _seconds(budget: str) -> float:
    return float(budget[:-1]) * {"s": 1, "m": 60}[budget[-1]]


def _per_class(rows: Rows) -> list[str]:
    keys = [key.split("/") for key in rows.done if key.endswith(" a class")]
    counts = sorted({key[2] for key in keys}, key=lambda words: int(words.split()[0]))
    if not counts:
        return []
    lines = ["## Accuracy against the pictures of each class", "", *_header("set", "measure", *counts)]
    lines += [
        _row(one.name, one.measure, *(_short(_of(rows, one.name, count)) for count in counts))
        for one in SETS
        if any(key[0] == one.name for key in keys)
    ]
    return lines


def _short(found: Sequence[dict[str, Any]]) -> str:
    figures = [row.get("fresh", row["figure"]) for row in found]
    each = ", ".join(f"{figure['value']:.3f}" for figure in figures)
    return f"{mean(figure['value'] for figure in figures):.3f} ({each})" if figures else ""


def _shuffled(rows: Rows) -> list[str]:
    verdicts = [rows.done[key]["decision"] for seed in SHUFFLES if (key := f"shuffled/{seed}") in rows.done]
    chance = sum(verdict == "no better than chance" for verdict in verdicts)
    words = f"called *no better than chance* in {chance} of {len(verdicts)} (goal: 5 of 5)."
    return [f"Pellets with labels shuffled: {words}"] if verdicts else []


def _of(rows: Rows, name: str, more: str = "") -> list[dict[str, Any]]:
    keys = ["/".join(filter(None, (name, str(seed), more))) for seed in SEEDS]
    return [rows.done[key] for key in keys if key in rows.done]


def _peers(folder: Path | None) -> dict[str, dict[str, dict[str, Any]]]:
    """Return set -> peer -> figures."""
    found: dict[str, dict[str, dict[str, Any]]] = {}
    if folder is not None:
        for row in json.loads((folder / "results.json").read_text()):
            found.setdefault(row["set"], {})[row["peer"]] = row
    return found


def _said(figure: dict[str, Any]) -> str:
    return f"{figure['value']:.3f} ({figure['low']:.3f} to {figure['high']:.3f})"


def _header(*names: str) -> list[str]:
    return [_row(*names), "|" + "---|" * len(names)]


def _row(*cells: object) -> str:
    return f"| {' | '.join(map(str, cells))} |"
