"""The list of the answers: docs/questions/README.md, one line a page that is there."""

from __future__ import annotations

from pathlib import Path

PAGES = {
    "improving-validation-loss.md": "Why does the validation loss grow, and can it be improved? Training A.",
    "precision-decreases.md": "Why does precision fall with each epoch? Training B, on uneven classes.",
    "solar-cells.md": "Which solar cells are defective? A real set that one can fetch, from the command to the report.",
    "side-by-side.md": "As described, mended, and `tellapart train` on the same pictures.",
    "reproduction.md": "Every training of both questions: tables, curves, commands.",
}


def write(docs: Path) -> Path:
    """Write the list of the pages in `docs`; returns it."""
    lines = ["# Questions, answered by measurement\n"]
    for name, words in PAGES.items():
        if (docs / name).is_file():
            lines.append(f"- [{name.removesuffix('.md').replace('-', ' ')}]({name}): {words}")
    page = docs / "README.md"
    page.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return page
