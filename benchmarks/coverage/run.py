"""How often the 95 % intervals cover, how often noise is believed, and what threshold and calibration do.

`python -m benchmarks.coverage.run [--quick]` writes results.md beside this file (long: --quick is a
fiftieth of it, and prints only).
"""

from __future__ import annotations

import argparse
import sys
import time
from collections import defaultdict
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np
from scipy import special, stats

from benchmarks.coverage.simulate import Design, estimates
from benchmarks.rows import machine, today
from tellapart.evaluate import chance
from tellapart.evaluate.aim import Aim
from tellapart.evaluate.calibration import fit_calibrator
from tellapart.evaluate.decision import decide
from tellapart.evaluate.likelihood import calibration_error
from tellapart.evaluate.measures import measure
from tellapart.evaluate.not_sure import apply_not_sure, choose_not_sure
from tellapart.evaluate.paired import paired_difference
from tellapart.evaluate.part import check_part
from tellapart.evaluate.threshold import choose_threshold
from tellapart.evaluate.trade_off import trade_off

SIZES = [60, 200, 600]
SKILLS = {2: [1.0, 2.0, 3.0, 4.0], 3: [1.0, 2.5]}  # areas .76, .92, .98, .998; with three classes .81, .99
DESIGNS = [
    Design("half and half"),
    Design("10 % positive", share=0.1),
    Design("half and half, overconfident", overconfidence=2.0),
    Design("10 % positive, overconfident", share=0.1, overconfidence=2.0),
    Design("half and half, clusters of 4", cluster=4),
    Design("10 % positive, clusters of 4", share=0.1, cluster=4),
    Design("three classes", classes=3),
    Design("three classes, clusters of 4", classes=3, cluster=4),
]
EXACT = ["accuracy", "recall", "precision"]


def at_skill(design: Design, skill: float) -> Design:
    return Design(design.name, design.share, skill, design.classes, design.cluster, design.overconfidence)


def coverage(runs: int, rng: np.random.Generator) -> list[str]:
    """Coverage in per cent, one row a design and size; 'lowest to highest' over the skills."""
    rows, names = [], []
    for design in DESIGNS:
        cells: dict[int, dict[str, list[float]]] = {n: defaultdict(list) for n in SIZES}
        for skill in SKILLS[design.classes]:
            own = at_skill(design, skill)
            truths = own.truth(SIZES, rng)
            for n in SIZES:
                if own.cluster > 1 and n * own.share < 4 * own.cluster:
                    continue  # two clusters of positives say nothing, and the intervals say so
                hits: dict[str, list[bool]] = defaultdict(list)
                for _ in range(runs):
                    for name, e in estimates(own.draw(n, rng)).items():
                        if e.is_defined:
                            hits[name].append(e.low - 1e-9 <= truths[n][name] <= e.high + 1e-9)
                for name, inside in hits.items():
                    if len(inside) >= runs / 2:
                        cells[n][name].append(100 * float(np.mean(inside)))
        for n in SIZES:
            names = names or list(cells[n])
            if cells[n]:
                rows.append([design.name, str(n)] + [_range(cells[n][name]) for name in names])
    return _table(["design", "n", *names], rows)


def _range(values: list[float]) -> str:
    return f"{min(values):.0f}–{max(values):.0f}" if values else "–"


def paired(runs: int, rng: np.random.Generator) -> list[str]:
    """Coverage of the difference between two classifiers that share half of their noise."""
    rows = []
    for n in SIZES:
        truth_labels, *truth = _two_classifiers(400_000, rng)
        for name in ("balanced_accuracy", "roc_auc", "log_loss"):
            true = _difference(name, truth_labels, *truth)
            inside = []
            for _ in range(runs):
                labels, first, second = _two_classifiers(n, rng)
                e = paired_difference(labels, first, second, measure=name)
                inside.append(e.low <= true <= e.high)
            rows.append([name, str(n), f"{100 * np.mean(inside):.1f}"])
    return _table(["difference of", "n", "coverage, %"], rows)


def _two_classifiers(n: int, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    labels = np.arange(n) % 2
    noise = rng.normal(size=(3, n))
    scores = [
        skill * (labels - 0.5) + np.sqrt(0.5) * (noise[0] + noise[i]) for i, skill in ((1, 2.5), (2, 2.0))
    ]
    first, second = (special.expit(np.c_[-2 * s, 2 * s]) for s in scores)
    return labels, first, second


def _difference(name: str, labels: np.ndarray, first: np.ndarray, second: np.ndarray) -> float:
    values = []
    for p in (first, second):
        e = estimates(check_part(labels, p))
        values.append(e[name].value)
    return values[0] - values[1]


def noise_believed(runs: int, rng: np.random.Generator) -> list[str]:
    """Logistic regression on features that say nothing, threshold chosen out of fold, sealed test part."""
    rows = []
    cases = [("half and half", 0.5, 1, 60), ("10 % positive", 0.1, 1, 200), ("clusters of 4", 0.5, 4, 120)]
    for name, share, size, n_test in cases:
        verdicts = [_verdict(rng, share, size, n_test, 0.0, i) for i in range(runs)]
        believed = verdicts.count("trustworthy")
        high = stats.binomtest(believed, runs).proportion_ci().high
        rows.append([name, str(n_test), str(runs), f"{100 * believed / runs:.2f} (to {100 * high:.2f})"])
    return _table(["labels shuffled", "test pictures", "runs", "called trustworthy, %"], rows)


def skill_recognised(runs: int, rng: np.random.Generator) -> list[str]:
    rows = []
    for n_test in (20, 30, 60, 120):
        verdicts = [_verdict(rng, 0.5, 1, n_test, 0.57, i) for i in range(runs)]
        computed = chance.power([n_test // 2] * 2)
        rows.append(
            [str(n_test), f"{100 * computed:.0f}"]
            + [
                f"{100 * verdicts.count(v) / runs:.0f}"
                for v in ("trustworthy", "no better than chance", "too few to tell")
            ]
        )
    return _table(
        [
            "test pictures",
            "`power` says, %",
            "trustworthy, %",
            "no better than chance, %",
            "too few to tell, %",
        ],
        rows,
    )


def _verdict(rng: np.random.Generator, share: float, size: int, n_test: int, skill: float, seed: int) -> str:
    """Train on 200 pictures of 10 features; skill is half the distance of the classes in each of them."""
    from sklearn.linear_model import LogisticRegression
    from sklearn.model_selection import StratifiedKFold, cross_val_predict

    def part(n: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        groups = np.arange(n) // size
        labels = (rng.permutation(groups.max() + 1) < share * (groups.max() + 1))[groups].astype(int)
        common = rng.normal(size=(groups.max() + 1, 10))[groups]
        own = rng.normal(size=(n, 10))
        features = own if size == 1 else np.sqrt(0.8) * common + np.sqrt(0.2) * own
        features[:, 0] += 3 * skill * (labels - 0.5)
        return features, labels, groups

    x, y, _ = part(200)
    model = LogisticRegression()
    folds = StratifiedKFold(5, shuffle=True, random_state=seed)
    out_of_fold = cross_val_predict(model, x, y, cv=folds, method="predict_proba")
    choice = choose_threshold(y == 1, out_of_fold[:, 1], seed=seed)
    x_test, y_test, groups = part(n_test)
    p = model.fit(x, y).predict_proba(x_test)
    test = measure(
        y_test, p, classes=["a", "b"], positive=1, threshold=choice.threshold.value,
        groups=groups if size > 1 else None, seed=seed,
    )  # fmt: skip
    return decide(test).verdict


def thresholds(runs: int, rng: np.random.Generator) -> list[str]:
    """Balanced accuracy lost to the best possible threshold, on an endless part."""
    rows = []
    for name, n, share, skill in (("half and half", 500, 0.5, 2.0), ("half and half", 60, 0.5, 2.0),
                                  ("25 % positive", 240, 0.25, 1.5), ("10 % positive", 200, 0.1, 2.0)):  # fmt: skip
        design = Design(name, share=share, skill=skill)
        lost, lost_best = [], []
        for i in range(runs):
            part = design.draw(n, rng)
            positive, scores = part.labels == 1, part.probabilities[:, 1]
            curve = trade_off(positive, scores)
            best = curve.thresholds[np.argmax(curve.recall - curve.false_alarm_rate)]
            chosen = choose_threshold(positive, scores, seed=i).threshold.value
            for at, into in ((chosen, lost), (best, lost_best)):
                into.append(_true_balanced(design, design.share) - _true_balanced(design, at))
        rows.append([name, str(n), f"{100 * np.mean(lost):.2f}", f"{100 * np.mean(lost_best):.2f}"])
    return _table(
        ["design", "n", "chosen: lost, points", "best on the pictures themselves: lost, points"], rows
    )


def _true_balanced(design: Design, threshold: float) -> float:
    """Balanced accuracy at a threshold on the probability; best where it equals the share."""
    cut = (special.logit(np.clip(threshold, 1e-12, 1 - 1e-12)) - special.logit(design.share)) / design.skill
    return float(stats.norm.sf(cut - design.skill / 2) + stats.norm.cdf(cut + design.skill / 2)) / 2


def bars(runs: int, rng: np.random.Generator) -> list[str]:
    """How often a bar that was asked for holds on an endless part."""
    rows = []
    for words, aim in (
        ("recall >= .9", Aim("min recall", 0.9)),
        ("precision >= .9", Aim("min precision", 0.9)),
    ):
        for n in (60, 200, 600):
            design = Design("", skill=2.5)
            kept = []
            for i in range(runs):
                part = design.draw(n, rng)
                at = choose_threshold(part.labels == 1, part.probabilities[:, 1], aim, seed=i).threshold.value
                cut = special.logit(np.clip(at, 1e-12, 1 - 1e-12)) / design.skill
                recall = stats.norm.sf(cut - design.skill / 2)
                alarms = stats.norm.sf(cut + design.skill / 2)
                kept.append((recall if aim.kind == "min recall" else recall / (recall + alarms)) >= 0.9)
            rows.append([words, str(n), f"{100 * np.mean(kept):.0f}"])
    return _table(["asked", "n", "holds on new pictures, % of runs"], rows)


def calibration(runs: int, rng: np.random.Generator) -> list[str]:
    rows = []
    for design in (Design("half and half", overconfidence=3.0), Design("10 % positive", share=0.1, overconfidence=3.0),
                   Design("three classes", classes=3, skill=1.5, overconfidence=3.0)):  # fmt: skip
        new = design.draw(100_000, rng)
        before = calibration_error(new, 0).value
        for n in (60, 300):
            after, sure, right = [], [], []
            for _ in range(runs):
                part = design.draw(n, rng)
                calibrator = fit_calibrator(np.log(part.probabilities), part.labels)
                p = calibrator.apply(np.log(new.probabilities))
                after.append(calibration_error(check_part(new.labels, p), 0).value)
                rule = choose_not_sure(part.labels, calibrator.apply(np.log(part.probabilities)))
                on_new = apply_not_sure(rule, new.labels, p)
                sure.append(on_new.sure.value)
                right.append(on_new.right_when_sure.value)
            rows.append([design.name, str(n), f"{before:.3f}", f"{np.mean(after):.3f}",
                         f"{100 * np.mean(sure):.0f}", f"{100 * np.nanmean(right):.1f}"])  # fmt: skip
    return _table(
        ["design", "fitted on", "calibration error before", "after", "sure, %", "right when sure, %"], rows
    )


def _table(head: list[str], rows: list[list[str]]) -> list[str]:
    lines = [head, ["---"] * len(head), *rows]
    return ["| " + " | ".join(line) + " |" for line in lines]


def main() -> None:
    """Simulate every section, as many beside each other as there are cores."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true")
    quick = parser.parse_args().quick
    sections = [
        Section("Coverage of the 95 % intervals, %", COVERAGE_WORDS, coverage, 1000),
        Section("Differences of two classifiers on the same pictures", PAIRED_WORDS, paired, 1000),
        Section("Noise believed", NOISE_WORDS, noise_believed, 600),
        Section("Skill recognised", SKILL_WORDS, skill_recognised, 300),
        Section("What the threshold loses", THRESHOLD_WORDS, thresholds, 400),
        Section("Bars", BAR_WORDS, bars, 100),
        Section('Calibration and "not sure"', CALIBRATION_WORDS, calibration, 100),
    ]
    lines = ["# Coverage", "", f"{today()}; {machine()}.", "", "`python -m benchmarks.coverage.run`"]
    with ProcessPoolExecutor() as pool:
        for section in pool.map(partial(simulated, scale=50 if quick else 1), sections, range(len(sections))):
            lines += section
            print("\n".join(section), file=sys.stderr, flush=True)
            if not quick:  # after every section, so that a run cut short leaves what it found
                Path(__file__).with_name("results.md").write_text("\n".join(lines) + "\n", encoding="utf-8")


@dataclass(frozen=True)
class Section:
    """A table, what it says, what makes it, and of how many runs a row or skill."""

    title: str
    words: str
    table: Callable[[int, np.random.Generator], list[str]]
    runs: int


def simulated(section: Section, number: int, *, scale: int) -> list[str]:
    """Return the lines of a section; `number` is its place, and its seed."""
    begun, runs = time.perf_counter(), max(4, section.runs // scale)
    rows = section.table(runs, np.random.default_rng([2024, number]))
    said = f"{runs} runs a row or skill, {time.perf_counter() - begun:.0f} s."
    return ["", f"## {section.title}", "", section.words, "", *rows, "", said]


COVERAGE_WORDS = """\
Lowest to highest over the skills (areas under the curve of .76, .92, .98 and .998; .81 and .99 with three
classes). The goal is 93 to 97. Above it lie, by construction: *accuracy, recall, precision* (exact limits
never cover less than 95 % of what chance draws; they are whole counts, and the class counts are fixed,
which the exact limits do not know); everything on a *flawless part* (area .998 at n = 60: most parts have
no error, and the interval is then the one that the counts alone allow); *calibration error* (a limit:
where the truth is near 0, the interval begins at 0 and can only be missed from above); *log loss* of
honest probabilities (the larger of the seen and the admitted variance)."""
PAIRED_WORDS = """\
Balanced design; classifiers with areas of .96 and .92 that share half of their noise; Student's interval
from the paired influences (a paired bootstrap covered 92 to 93 % at n = 60)."""
NOISE_WORDS = """\
Logistic regression on 200 pictures of ten features that say nothing, threshold chosen out of fold, one
sealed part. Goal: below 1 %. In clusters, the pictures of one object share 80 % of every feature."""
SKILL_WORDS = """\
The same with one feature that tells the classes apart with a balanced accuracy of .8. `power` is what
"too few to tell" is decided by: the chance that Fisher's test alone tells, at half the level."""
THRESHOLD_WORDS = """\
Balanced accuracy lost on new pictures against the best possible threshold, in points, by the middle of
all thresholds within one standard error of the best (ours) and by the best one."""
BAR_WORDS = """\
A bar is first asked to hold with 80 % confidence."""
CALIBRATION_WORDS = """\
Log-odds three times too large. Temperature and shift are fitted on the few, everything is measured on
100,000 new pictures; "sure" ought to be right in 95 %."""

if __name__ == "__main__":
    main()
