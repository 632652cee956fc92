"""Tables of pictures: what a spreadsheet, pandas or a hand may write, and what is refused."""

from __future__ import annotations

import csv
import tempfile
import unicodedata
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tellapart.errors import PicturesError
from tellapart.pictures.collection import Pictures
from tellapart.pictures.read import read_pictures
from tellapart.pictures.table import from_frame, inside, load_table, read_table


@pytest.fixture
def files(tmp_path, draw) -> Path:
    """A folder with 1.png to 4.png and sub/5.png, for tables to name."""
    for name in ("1.png", "2.png", "3.png", "4.png", "sub/5.png"):
        draw(tmp_path / name)
    return tmp_path


def write(root: Path, text: str, name: str = "table.csv") -> Path:
    (root / name).write_bytes(text.encode())
    return root / name


def labelled(pictures: Pictures) -> dict[str, str]:
    return {
        path: pictures.classes[label] for path, label in zip(pictures.paths, pictures.labels, strict=True)
    }


FOUR = "path,label\n1.png,a\n2.png,b\n3.png,a\n4.png,b\n"
LABELLED = {"1.png": "a", "2.png": "b", "3.png": "a", "4.png": "b"}


# -- ways to write a table ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "text",
    [
        FOUR,
        "\ufeff" + FOUR,
        FOUR.replace("\n", "\r\n"),
        FOUR.rstrip(),
        FOUR.replace("\n", "\n\n"),
        FOUR.replace("\n", ",,\n"),
        '"path","label"\n"1.png"," a "\n"2.png","b"\n"3.png","a"\n"4.png","b"\n',
        FOUR.replace("path,label", " path , label "),
        FOUR.replace("1.png", "./1.png").replace("2.png", "sub/../2.png"),
        FOUR + "1.png,a\n./1.png,a\n",  # the same picture listed again: once
    ],
)
def test_ways_to_write_a_csv(files, text):
    pictures = read_pictures(write(files, text))
    assert labelled(pictures) == LABELLED
    assert pictures.paths == tuple(sorted(LABELLED))
    assert pictures.warnings == ()
    assert not pictures.has_parts
    assert pictures.root == files


def test_absolute_paths_inside_the_folder(files):
    assert labelled(read_pictures(write(files, FOUR.replace("1.png", str(files / "1.png"))))) == LABELLED


def test_a_table_given_by_a_relative_path(files, monkeypatch):
    write(files, FOUR)
    monkeypatch.chdir(files)
    assert labelled(read_pictures("table.csv")) == LABELLED


def test_commas_quotes_and_newlines_in_names(files, draw):
    odd = 'a, "b"\nc.png'
    draw(files / odd)
    with (files / "table.csv").open("w", newline="", encoding="utf-8") as text:
        csv.writer(text).writerows(
            [["path", "label"], ["1.png", 'x, "y"'], ["2.png", "b"], [odd, "b"], ["3.png", 'x, "y"']]
        )
    pictures = read_pictures(files / "table.csv")
    assert labelled(pictures) == {"1.png": 'x, "y"', "2.png": "b", odd: "b", "3.png": 'x, "y"'}


@pytest.mark.parametrize("index", [None, "path"])
def test_parquet_also_with_numbers_gaps_and_an_index(files, index):
    frame = pd.DataFrame(
        {"path": list(LABELLED), "label": [0, 1, 0, 1], "group": pd.array([7, None, 7, 8], dtype="Int64")}
    )
    (frame.set_index(index) if index else frame).to_parquet(files / "table.parquet")
    pictures = read_pictures(files / "table.parquet")
    assert pictures.classes == ("0", "1")
    assert pictures.groups.tolist() == ["7", "", "7", "8"]


def test_parquet_with_categories_in_a_folder_that_looks_like_a_partition(files, draw):
    root = files / "label=x"
    for name in LABELLED:
        draw(root / name)
    table = pa.table({"path": list(LABELLED), "label": pa.array(LABELLED.values()).dictionary_encode()})
    pq.write_table(table, root / "t.parquet")
    assert labelled(read_pictures(root / "t.parquet")) == LABELLED


def test_a_frame(files):
    frame = pd.DataFrame(
        {
            "path": [Path(p) for p in LABELLED],
            "label": pd.Categorical(LABELLED.values()),
            "group": [1, 1, None, np.nan],
        }
    )
    pictures = from_frame(frame, root=files, where="the frame")
    assert labelled(pictures) == LABELLED
    assert pictures.groups.tolist() == ["1.0", "1.0", "", ""]


def test_splits_in_any_case_with_blanks_and_groups(files):
    text = (
        "path,label,split,group\n1.png,a,TRAIN,g1\n2.png,b,training ,g2\n3.png,a,train,\n4.png,b,Train,\n"
        "sub/5.png,a, Val, g1 \n"
    )
    pictures = read_pictures(write(files, text))
    assert pictures.parts.tolist() == ["train"] * 4 + ["validation"]
    assert pictures.groups.tolist() == ["g1", "g2", "", "", "g1"]
    assert pictures.group_numbers().tolist() == [0, 1, 2, 3, 0]


def test_unknown_columns_are_named(files):
    text = FOUR.replace("\n", ",1\n").replace("path,label,1", "path,label,Width")
    assert "'Width'" in read_pictures(write(files, text)).warnings[0]


cells = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), min_size=1, max_size=30)
file_names = cells.filter(lambda name: name.strip() and "/" not in name and name not in (".", "..", "sub"))
labels = cells.filter(lambda label: label.strip())


@settings(deadline=None, max_examples=60)
@given(st.dictionaries(file_names, labels, min_size=4, max_size=8), st.sampled_from([".csv", ".parquet"]))
def test_exactly_the_table_is_read(label_of, suffix):
    rows = {f"{folder}{file}": label for file, label in label_of.items() for folder in ("", "sub/")}
    expected = {path: unicodedata.normalize("NFC", label.strip()) for path, label in rows.items()}
    with tempfile.TemporaryDirectory() as folder:
        (Path(folder) / "sub").mkdir()
        for path in rows:
            (Path(folder) / path).write_bytes(b"")
        table = Path(folder) / f"table{suffix}"
        if suffix == ".csv":
            with table.open("w", newline="", encoding="utf-8") as text:
                csv.writer(text, quoting=csv.QUOTE_ALL).writerows([("path", "label"), *rows.items()])
        else:
            pd.DataFrame(rows.items(), columns=["path", "label"]).to_parquet(table)
        pictures = read_table(table)
    assert labelled(pictures) == expected
    assert list(pictures.paths) == sorted(expected)
    assert list(pictures.classes) == sorted(set(expected.values()))


# -- what is refused ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "found", "where"),
    [
        ("", "columns none", ""),
        ("path,label\n", "no rows", ""),
        ("file,label\n1.png,a\n", "columns 'file', 'label'", ""),
        ("path;label\n1.png;a\n", "'path;label'", ""),
        ("path,class\n1.png,a\n", "'class'", ""),
        ("path,label,label\n1.png,a,b\n", "'label', 'label'", ""),
        ("path,label,split,split\n1.png,a,,\n", "'split', 'split'", ""),
        (FOUR + "5.png,a\n\n6.png,a\n", "2 of 6 are not: '5.png' (line 6), '6.png' (line 8)", ""),
        (FOUR + "sub,a\n", "'sub' (line 6)", ""),
        (FOUR + "x" * 300 + ",a\n", "1 of 5", ""),
        (FOUR + "../1.png,a\n", "'../1.png'", ", line 6"),
        (FOUR + "/etc/hostname,a\n", "'/etc/hostname'", ", line 6"),
        (FOUR + "sub/../../x.png,a\n", "'sub/../../x.png'", ", line 6"),
        (FOUR + "a\0b.png,a\n", r"'a\x00b.png'", ", line 6"),
        (FOUR + " ,a\n", "an empty path", ", line 6"),
        (FOUR + "sub/5.png, \n", "an empty label", ", line 6"),
        (FOUR + "sub/5.png\n", "an empty label", ", line 6"),
        (FOUR + "./1.png,b\n", "'./1.png' with label 'a' and again with 'b'", ", line 6"),
        (FOUR + "1.png,a,b\n", "3 values", ", line 6"),
        (FOUR + '"1.png,a\n', "unexpected end of data", ""),
        ("path,label,split\n1.png,a,train\n2.png,b,holdout\n", "'holdout'", ", line 3"),
        ("path,label,split\n1.png,a,train\n2.png,b,\n", "1 of 2 without it, such as '2.png'", ""),
        (
            "path,label,split\n1.png,a,train\n1.png,a,test\n",
            "split 'train' and again with 'test'",
            ", line 3",
        ),
        ("path,label,group\n1.png,a,g\n1.png,a,h\n", "group 'g' and again with 'h'", ", line 3"),
        ("path,label\n1.png,a\n2.png,a\n", "one class, 'a'", ""),
        ("path,label\n1.png,a\n2.png,a\n3.png,b\n", "class 'b' has 1", ""),
        ("path,label,split\n1.png,a,test\n2.png,b,val\n", "only in test, validation", ""),
        ("path,label,split\n1.png,a,train\n2.png,a,train\n3.png,b,test\n", "'b' only in test", ""),
    ],
)
def test_tables_that_cannot_be_used(files, refused, text, found, where):
    table = write(files, text)
    error = refused(read_pictures, table)
    assert isinstance(error, PicturesError)
    assert found in error.found
    assert error.where == str(table) + where


def test_lines_are_counted_as_an_editor_does(files, draw, refused):
    draw(files / "a\nb.png")
    text = 'path,label\n"a\nb.png",a\n\n1.png,\n'
    assert refused(read_pictures, write(files, text)).where.endswith("line 5")


def test_backslashes_get_a_word(files, refused):
    assert "/ instead of \\" in refused(read_pictures, write(files, FOUR + "sub\\5.png,a\n")).advice


@pytest.mark.parametrize("content", [b"\xff\xfep\0a\0", b"path,label\ncaf\xe9.png,a\n"])
def test_text_that_is_not_utf8(tmp_path, refused, content):
    (tmp_path / "a.csv").write_bytes(content)
    assert "UTF-8" in refused(read_pictures, tmp_path / "a.csv").found


@settings(deadline=None, max_examples=60)
@given(st.binary(max_size=300), st.sampled_from([".csv", ".parquet"]))
def test_garbage_is_refused_with_a_message(content, suffix):
    with tempfile.TemporaryDirectory() as folder:
        (Path(folder) / f"a{suffix}").write_bytes(content)
        with pytest.raises(PicturesError):
            read_pictures(Path(folder) / f"a{suffix}")


@pytest.mark.parametrize("name", ["a.xlsx", "a.tsv", "a.png", "a"])
def test_other_files_are_refused(tmp_path, refused, name):
    write(tmp_path, FOUR, name)
    assert repr(name) in refused(read_pictures, tmp_path / name).found


def test_a_table_that_cannot_be_opened(tmp_path, refused):
    (tmp_path / "folder.csv").mkdir()
    assert refused(load_table, tmp_path / "absent.csv").found == "No such file or directory"
    assert refused(load_table, tmp_path / "folder.csv").found == "Is a directory"


def test_a_frame_with_no_label_somewhere(files, refused):
    frame = pd.DataFrame({"path": ["1.png", "2.png"], "label": ["a", np.nan]}, index=["first", "second"])
    assert refused(from_frame, frame, root=files, where="the frame").where == "the frame, row second"


def test_inside():
    root = Path("some/root")
    assert inside("a/./b.png", root, "") == "a/b.png"
    assert inside("..a.png", root, "") == "..a.png"
    assert inside(str(root.absolute() / "x.png"), root, "") == "x.png"
