"""The pages of the causes: one for each, in step with what the program does, with code that is code."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from tellapart.diagnose.causes.catalogue import CAUSES
from tellapart.diagnose.edits.registry import EDITS
from tellapart.diagnose.proving.questions import UNTOUCHED, WRONG_FIGURES
from tellapart.diagnose.reading.suspicions import RULES as READ
from tellapart.diagnose.watching import RULES as WATCHED

DOCS = Path(__file__).parents[2] / "docs"
CODES = sorted(CAUSES)
SECTIONS = (
    "What it is",
    "How it shows",
    "How diagnose finds it",
    "The fix",
    "When it is no fault",
    "References",
)
LINK = re.compile(r"\]\(([^)#]+)(?:#[^)]*)?\)")


def page(code: str) -> str:
    return (DOCS / "causes" / f"{code}.md").read_text()


def blocks(text: str) -> list[str]:
    return re.findall(r"^```python\n(.*?)^```$", text, flags=re.MULTILINE | re.DOTALL)


def proofs(code: str) -> Iterator[str]:
    """Yield what a page has to say of the proof, by the question that the program asks of the cause."""
    if code not in EDITS:
        yield "**Proved:** never"
    elif code in UNTOUCHED:
        yield "*falls*"
    elif code.startswith(WRONG_FIGURES):
        yield "*becomes right*"
        if not code.startswith("metric."):
            yield "*rises*"
    else:
        yield "*rises*"


def broken_links(path: Path) -> list[str]:
    targets = [one for one in LINK.findall(path.read_text()) if "://" not in one]
    return [one for one in targets if not (path.parent / one).exists()]


def test_every_code_has_its_page_and_every_page_its_code():
    assert {one.stem for one in (DOCS / "causes").glob("*.md")} == {*CAUSES, "README"}


def test_the_index_has_every_cause_once_under_its_title():
    lines = (DOCS / "causes" / "README.md").read_text().splitlines()
    for code, cause in CAUSES.items():
        (line,) = [one for one in lines if f"]({code}.md)" in one]
        assert cause.title[1:] in line


@pytest.mark.parametrize("code", CODES)
def test_a_page_has_the_title_of_the_answer_and_all_sections_in_order(code):
    text = page(code)
    assert text.startswith(f"# {code}\n\n")
    assert f"**{CAUSES[code].title}.**" in " ".join(text.split())
    assert tuple(re.findall(r"^## (.*)$", text, flags=re.MULTILINE)) == SECTIONS


@pytest.mark.parametrize("code", CODES)
def test_a_page_shows_the_fix_for_both_libraries_in_code_that_parses(code):
    text = page(code)
    assert len(blocks(text)) >= 2
    for one in blocks(text):
        ast.parse(one)
        assert re.search(r"^# after\b", one, flags=re.MULTILINE), one
    starts = {one for one in ("In Keras", "In PyTorch") if re.search(rf"^{one}", text, flags=re.MULTILINE)}
    assert starts == {"In Keras", "In PyTorch"}


@pytest.mark.parametrize("code", CODES)
def test_a_page_says_by_what_the_program_suspects_and_proves(code):
    text = " ".join(page(code).split())
    assert ("**Read:** nothing" in text) == (code not in READ)
    assert ("no rule of its own" in text) == (code not in WATCHED)
    assert all(one in text for one in proofs(code))
    assert ("**Proved:** never" in text) == (code not in EDITS)


@pytest.mark.parametrize("path", sorted(DOCS.rglob("*.md")), ids=lambda one: str(one.relative_to(DOCS)))
def test_relative_links_lead_somewhere(path):
    assert broken_links(path) == []


def test_a_link_that_leads_nowhere_is_seen(tmp_path):
    (tmp_path / "there.md").write_text("")
    (tmp_path / "page.md").write_text("[a](there.md) [b](there.md#part) [c](gone.md) [d](https://keras.io)")
    assert broken_links(tmp_path / "page.md") == ["gone.md"]
