"""The audit on real picture sets and planted faults: `python -m benchmarks.audit.run --data DIR`.

Finished rows are kept in rows.jsonl and not run again; README.md is written anew from them. Pictures, decoded stores
and features stay in --work, outside the repository.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable
from pathlib import Path
from typing import Any

from benchmarks.audit import cases
from benchmarks.rows import Rows, machine, today

HERE = Path(__file__).parent

# key -> what makes the row, what the issue asks for, whether the row reaches it
Row = dict[str, Any]
TABLE: dict[str, tuple[Callable[[Path, Path], Row], str, Callable[[Row], bool]]] = {
    "casting": (
        cases.given("casting"),
        "19 exact copies; turned and mirrored twins; more than 1 % of the test known: `leaking`",
        lambda r: r["exact"] == 19 and r["turned_or_mirrored"] > 0 and r["leak_share"] > 0.01,
    ),
    "magnetic_tile, groups hidden": (
        cases.hidden_groups("magnetic_tile/all"),
        "`groups.suspected`; pairwise F1 at least .85; the score gap",
        lambda r: "groups.suspected" in r["codes"] and r["pairwise_f1"] >= 0.85 and "score_gap" in r,
    ),
    "breastmnist": (
        cases.given("breastmnist"),
        "the pair train_0115 / test_0076: same pixels, other label",
        lambda r: any("train_0115" in pair and "test_0076" in pair for pair in r["exact_conflicts"]),
    ),
    "pneumoniamnist": (
        cases.given("pneumoniamnist"),
        "27 exact sets, 8 across parts; `split.shift` of class shares",
        lambda r: r["exact_sets"] == 27 and r["exact_sets_across"] == 8 and "class shares" in r["shift"],
    ),
    "covid_xray": (
        cases.given("covid_xray/all"),
        "`shortcut.size`",
        lambda r: "shortcut.size" in r["codes"],
    ),
    "xsdd": (cases.given("xsdd/all"), "9 exact pairs", lambda r: r["exact_sets"] == 9),
    "nuclei_touching": (
        cases.given("nuclei_touching"),
        "`classes.imbalance`; no shortcut beyond what size alone tells",
        lambda r: "classes.imbalance" in r["codes"] and set(r["shortcuts"]) <= {"size"},
    ),
    "cats_dogs": (cases.given("cats_dogs"), "no `stop`", lambda r: not r["stops"]),
    "hymenoptera": (cases.given("hymenoptera"), "no `stop`", lambda r: not r["stops"]),
    "pollen_bees": (cases.given("pollen_bees/all"), "(not asked)", lambda r: not r["stops"]),
    "pellets": (cases.demo("pellets"), "no `stop`", lambda r: not r["stops"]),
    "quarter": (cases.demo("quarter"), "no `stop`", lambda r: not r["stops"]),
    "cats_dogs, 5 % labels flipped": (
        cases.flipped("cats_dogs"),
        "at least 80 % of the flips within the first 8 % of the ranking",
        lambda r: r["found_in_first_8_percent"] >= 0.8,
    ),
    "hymenoptera, 40 copies planted": (
        cases.planted("hymenoptera"),
        "at least 95 % found, at most 1 % of unrelated pairs",
        lambda r: r["found"] >= 0.95 and r["false_share"] <= 0.01,
    ),
    "100,000 signatures": (
        cases.many_signatures(100_000),
        "at most 60 s and 2 GB",
        lambda r: r["seconds"] <= 60 and r["peak_mib"] <= 2048 and r["found"] >= 0.99,
    ),
    "1,000 pictures of 256 px": (
        cases.speed(1_000, 256),
        "at most 25 s with reading and features",
        lambda r: r["seconds"] <= 25,
    ),
}


def main() -> None:
    """Run what is missing and write the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, required=True, help="the folder of the picture sets")
    parser.add_argument(
        "--work", type=Path, default=Path.home() / ".cache" / "tellapart-benchmarks" / "audit"
    )
    parser.add_argument("--only", nargs="*", help="keys of rows")
    options = parser.parse_args()
    rows = Rows(HERE / "rows.jsonl")
    options.work.mkdir(parents=True, exist_ok=True)
    for key, (make, _, _) in TABLE.items():
        if not options.only or key in options.only:
            rows.get(key, lambda make=make: make(options.data, options.work))
    (HERE / "README.md").write_text(table(rows))


def table(rows: Rows) -> str:
    """Return README.md."""
    lines = [
        "# The audit on real picture sets and planted faults",
        "",
        f"`python -m benchmarks.audit.run --data DIR`, {today()}, {machine()}. Classifier: the product's features "
        "and probe, 5 folds, copies and groups whole. Intervals 95 %.",
        "",
        "| set | asked | found | reached |",
        "|---|---|---|---|",
    ]
    for key, (_, asked, reached) in TABLE.items():
        row = rows.done.get(key)
        if row is not None:
            lines.append(f"| {key} | {asked} | {row['words']} | {'yes' if reached(row) else '**no**'} |")
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    main()
