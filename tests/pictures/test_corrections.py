"""Corrections: labels are replaced before anything else looks at them, and whatever is unclear is refused."""

from __future__ import annotations

import csv

import pytest

from tellapart.cells import plain_label, plain_path, safe_label, safe_path
from tellapart.pictures.corrections import Correction, corrections_text, read_corrections
from tellapart.pictures.read import read_pictures


@pytest.fixture
def corrected(tmp_path, draw_folders):
    """Read three pictures of each class with a corrections file of these lines."""
    draw_folders(tmp_path / "p", {"=cmd()": 3, "b": 3})

    def corrected(*lines: str, header: str = "path,label,decision"):
        file = tmp_path / "corrections.csv"
        file.write_text("\n".join((header, *lines)) + "\n", encoding="utf-8")
        return read_pictures(tmp_path / "p", corrections_file=file)

    return corrected


def labels(pictures):
    return {path: pictures.classes[n] for path, n in zip(pictures.paths, pictures.labels, strict=True)}


def test_a_change_replaces_the_label_and_the_last_row_of_a_path_holds(corrected):
    pictures = corrected("b/0.png,'=cmd(),change", "b/1.png,'=cmd(),change", "b/1.png,b,keep")
    assert labels(pictures)["b/0.png"] == "=cmd()"
    assert labels(pictures)["b/1.png"] == "b"
    assert pictures.corrected == {"b/0.png"}
    assert pictures.was_corrected.sum() == 1


def test_skipped_pictures_keep_their_label(corrected):
    pictures = corrected("b/0.png,,skip", "b/1.png,'=cmd(),skip")
    assert not pictures.corrected


def test_a_table_by_hand_needs_no_decision(corrected):
    assert corrected("./=cmd()/2.png, b ", header="path,label").corrected == {"=cmd()/2.png"}


def test_rows_of_pictures_that_are_gone_are_counted(corrected):
    pictures = corrected("b/0.png,'=cmd(),change", "b/gone.png,b,keep", "../b/0.png,b,keep")
    assert any("2 of 3 rows" in warning for warning in pictures.warnings)


@pytest.mark.parametrize(
    ("line", "found"),
    [
        ("b/0.png,unknown,change", "'unknown'"),
        ("b/0.png,,change", "an empty label"),
        ("b/0.png,b,maybe", "'maybe'"),
        ("elsewhere.png,b,keep", "none of its 1 rows"),
    ],
)
def test_what_cannot_be_meant_is_refused(corrected, refused, line, found):
    assert found in refused(corrected, line).found


def test_a_file_without_its_columns_is_refused(corrected, refused):
    assert "'class'" in refused(corrected, "b/0.png,b", header="path,class").found


HOSTILE = [
    "=cmd()",
    "'=cmd()",
    "+1+1",
    "-1",
    "@x",
    "\t=x",
    " =x",
    "\uff1dx",
    'a"b',
    "a\nb",
    "a\rb",
    "a;b",
    "\u202egpj",
    "x" * 250,
]


def test_hostile_names_come_back_as_they_were_and_no_cell_is_a_formula(tmp_path):
    file = tmp_path / "corrections.csv"
    decided = {f"{name}/{n}.png": Correction("change", name) for n, name in enumerate(HOSTILE)}
    file.write_text(corrections_text(decided), encoding="utf-8")
    assert read_corrections(file) == decided
    with file.open(newline="", encoding="utf-8") as text:
        cells = [cell for row in csv.reader(text) for cell in row]
    assert not [
        cell for cell in cells if cell.lstrip()[:1] in ("=", "+", "@", "\uff1d") or cell[:1] in "\t\r\n"
    ]
    for name in HOSTILE:
        assert plain_label(safe_label(name)) == name
        assert plain_path(safe_path(name)) == name
    assert len(set(map(safe_label, HOSTILE))) == len(HOSTILE)
