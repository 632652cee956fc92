"""The founding questions, answered: ``python -m benchmarks.questions.answers``; trains nothing.

Reads committed rows alone and writes docs/questions: a page a question, with its drawings, and the list of all pages.
What is not measured yet is said to be so, with the command that measures it.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from benchmarks.questions import (
    figures_b,
    gallery_list,
    outcomes,
    precision,
    question_a,
    question_b,
    sides,
    ways_drawing,
)
from benchmarks.questions.drawings import drawing
from benchmarks.questions.judging import Bank
from benchmarks.rows import Rows

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent.parent


def main(arguments: list[str] | None = None) -> int:
    """Write the pages."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--results", type=Path, default=HERE / "results", help="rows and studies")
    parser.add_argument(
        "--diagnosed", type=Path, default=HERE.parent / "diagnosis" / "founding" / "rows.jsonl"
    )
    parser.add_argument("--docs", type=Path, default=ROOT / "docs" / "questions")
    options = parser.parse_args(arguments)
    for page in write(options.results, options.diagnosed, options.docs):
        print(page, file=sys.stderr)
    return 0


def write(results: Path, diagnosed: Path, docs: Path) -> list[Path]:
    """Write every page that rows decide, and their list; returns their paths.

    Parameters
    ----------
    results
        The folder of rows.jsonl, side_by_side.jsonl and study-*.json; none of them has to be there.
    diagnosed
        The rows of `benchmarks.diagnosis.founding`.
    docs
        Where to write.
    """
    found, rows = outcomes.read(results / "rows.jsonl"), Rows(results / "side_by_side.jsonl").done
    bank = Bank(found)
    three = {name: sides.together(found, rows.values(), name) for name in sides.SETS}
    docs.mkdir(parents=True, exist_ok=True)
    for file, variants in {**question_a.drawn(bank), **question_b.drawn(bank)}.items():
        (docs / file).write_text(drawing(variants), encoding="utf-8")
    of_ways = ways_drawing.drawing({name: three[name] for name in precision.SETS})
    if of_ways:
        (docs / figures_b.WAYS_DRAWING).write_text(of_ways, encoding="utf-8")
    pages = {
        question_a.NAME: question_a.write(bank, three["pellets"], results, diagnosed),
        question_b.NAME: question_b.write(bank, three, rows, results, diagnosed),
    }
    for name, page in pages.items():
        (docs / f"{name}.md").write_text(page.text(), encoding="utf-8")
    return [*(docs / f"{name}.md" for name in pages), gallery_list.write(docs)]


if __name__ == "__main__":
    sys.exit(main())
