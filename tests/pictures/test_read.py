"""read_pictures on folders: layouts, names of any script, links, oddities; and what is refused."""

from __future__ import annotations

import os
import tempfile
import unicodedata
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tellapart.errors import PicturesError
from tellapart.pictures.collection import PART_NAMES, Pictures, Row
from tellapart.pictures.folder import NO_CLASSES
from tellapart.pictures.read import check_enough, looks_like_picture, read_pictures

TINY_PNG = bytes.fromhex(
    "89504e470d0a1a0a0000000d49484452000000010000000108000000003a7e9b55"
    "0000000a49444154789c6360000000020001487faf0d0000000049454e44ae426082"
)


def labelled(pictures: Pictures) -> dict[str, str]:
    return {
        path: pictures.classes[label] for path, label in zip(pictures.paths, pictures.labels, strict=True)
    }


def reasons(pictures: Pictures) -> dict[str, str]:
    return {item.path: item.reason for item in pictures.left_out}


# -- layouts --------------------------------------------------------------------------------------------------


def test_class_folders(tmp_path, draw_folders):
    pictures = read_pictures(draw_folders(tmp_path, {"dogs": 3, "cats": 2}))
    assert pictures.classes == ("cats", "dogs")
    assert pictures.paths == ("cats/0.png", "cats/1.png", "dogs/0.png", "dogs/1.png", "dogs/2.png")
    assert pictures.labels.tolist() == [0, 0, 1, 1, 1]
    assert pictures.counts() == {"cats": 2, "dogs": 3}
    assert not pictures.has_parts
    assert pictures.file(4) == tmp_path / "dogs/2.png"
    assert pictures.left_out == pictures.warnings == ()


@pytest.mark.parametrize("validation", ["validation", "valid", "val", "VAL", "Validation"])
@pytest.mark.parametrize("train", ["train", "Train", "TRAINING"])
def test_parts_under_any_of_their_names(tmp_path, draw_folders, train, validation):
    counts = {f"{part}/{name}": 2 for part in (train, validation, "Test") for name in "ab"}
    pictures = read_pictures(str(draw_folders(tmp_path, counts)))
    assert pictures.classes == ("a", "b")
    part_of = {train: "train", validation: "validation", "Test": "test"}
    assert pictures.parts.tolist() == [part_of[path.split("/")[0]] for path in pictures.paths]
    assert pictures.has_parts


def test_classes_may_be_called_like_parts_beside_others(tmp_path, draw_folders):
    assert read_pictures(draw_folders(tmp_path, {"train": 2, "bus": 2, "test": 2})).classes == (
        "bus",
        "test",
        "train",
    )


def test_folders_that_are_no_parts_are_named(tmp_path, draw_folders):
    pictures = read_pictures(draw_folders(tmp_path, {"train/a": 2, "train/b": 2, "old ones": 2}))
    assert pictures.classes == ("a", "b")
    assert any("'old ones'" in warning for warning in pictures.warnings)


def test_folders_in_a_class_folder_belong_to_the_class(tmp_path, draw_folders):
    pictures = read_pictures(draw_folders(tmp_path, {"a/2020/may": 2, "a/2021": 1, "b": 2}))
    assert pictures.counts() == {"a": 3, "b": 2}


def test_order_does_not_depend_on_the_file_system(tmp_path, draw_folders, monkeypatch):
    root = draw_folders(tmp_path, {"b/x": 2, "a": 2, "b": 3, "a/z": 1})
    (tmp_path / "b/link").symlink_to("x")
    first = read_pictures(root)
    real = os.scandir

    class Backwards:
        def __init__(self, folder):
            with real(folder) as listed:
                self.entries = list(listed)[::-1]

        def __enter__(self):
            return iter(self.entries)

        def __exit__(self, *_):
            return None

    monkeypatch.setattr("os.scandir", Backwards)
    second = read_pictures(root)
    assert first.paths == second.paths == tuple(sorted(first.paths))
    assert first.labels.tolist() == second.labels.tolist()


# -- names ----------------------------------------------------------------------------------------------------

NASTY = [
    "with space ",
    "'quotes\"",
    "comma, semicolon;",
    "new\nline",
    "<b onclick='x'>&amp;",
    "--leading-dash",
    "حروف",
    "日本語",
    "🐝",
    "back\\slash",
    "%s{0}$HOME",
    "x" * 200,
    "__background__",
]


def test_names_in_any_script_with_anything_in_them(tmp_path, draw_folders, draw):
    draw_folders(tmp_path, dict.fromkeys(NASTY, 1))
    for name in NASTY:
        draw(tmp_path / name / f"{name}.png")
    pictures = read_pictures(tmp_path)
    assert pictures.classes == tuple(sorted(NASTY))
    assert labelled(pictures) == {f"{n}/{file}.png": n for n in NASTY for file in ("0", n)}


def test_two_ways_to_write_an_accent_are_one_class(tmp_path, draw_folders):
    made_on_a_mac, elsewhere = (unicodedata.normalize(form, "gelé") for form in ("NFD", "NFC"))
    pictures = read_pictures(
        draw_folders(
            tmp_path, {f"train/{made_on_a_mac}": 2, f"test/{elsewhere}": 1, "train/b": 2, "test/b": 1}
        )
    )
    assert pictures.classes == ("b", elsewhere)


def test_a_name_that_is_no_text_is_left_out_and_said(tmp_path, draw_folders):
    draw_folders(tmp_path, {"a": 2, "b": 2})
    Path(os.fsdecode(os.fsencode(tmp_path / "a") + b"/caf\xe9.png")).write_bytes(TINY_PNG)
    pictures = read_pictures(tmp_path)
    assert len(pictures) == 4
    assert "UTF-8" in reasons(pictures)["a/caf\\xe9.png"]


names = st.text(
    st.characters(exclude_categories=["Cs"], exclude_characters="/\0"), min_size=1, max_size=40
).filter(lambda name: not name.startswith(".") and name.lower() not in PART_NAMES and name not in NO_CLASSES)
trees = st.dictionaries(names, st.sets(names, min_size=2, max_size=4), min_size=2, max_size=4).filter(
    lambda tree: len({unicodedata.normalize("NFC", name) for name in tree}) == len(tree)
)


@settings(deadline=None, max_examples=60)
@given(trees, st.sampled_from([".png", ".PNG", "", ".jpg", ".txt"]), st.sampled_from(["", "train/"]))
def test_exactly_the_tree_is_read(tree, suffix, part):
    with tempfile.TemporaryDirectory() as folder:
        expected = {}
        for label, files in tree.items():
            (Path(folder) / part / label).mkdir(parents=True)
            for file in files:
                path = f"{part}{label}/{file}{suffix}"
                (Path(folder) / path).write_bytes(TINY_PNG)
                expected[path] = unicodedata.normalize("NFC", label)
        pictures = read_pictures(folder)
    assert labelled(pictures) == expected
    assert list(pictures.paths) == sorted(expected)
    assert list(pictures.classes) == sorted(set(expected.values()))
    assert set(pictures.parts.tolist()) == {part.rstrip("/")}
    assert pictures.left_out == ()


# -- what lies beside pictures -----------------------------------------------------------------------------------


def test_hidden_and_side_files_are_passed_over(tmp_path, draw_folders, draw):
    draw_folders(tmp_path, {"a": 2, "b": 2, ".hidden": 2, "__MACOSX": 2, "a/__MACOSX": 2, "a/.thumbnails": 2})
    draw(tmp_path / "a/._0.png")
    for name in ("Thumbs.db", "SOURCE.md", "notes.txt", "labels.csv", ".DS_Store", "desktop.ini"):
        (tmp_path / "a" / name).write_bytes(b"whatever")
        (tmp_path / name).write_bytes(b"whatever")
    pictures = read_pictures(tmp_path)
    assert len(pictures) == 4
    assert pictures.left_out == pictures.warnings == ()


def test_other_files_and_empty_folders_are_counted_in_a_warning(tmp_path, draw_folders):
    draw_folders(tmp_path, {"a": 2, "b": 2})
    (tmp_path / "run").mkdir()
    for name in ("film.mp4", "film2.mp4", "README"):
        (tmp_path / "a" / name).write_bytes(b"whatever")
    assert read_pictures(tmp_path).warnings == (
        "No pictures in the folders 'run': they are no classes.",
        "3 files are no pictures and were passed over (.mp4: 2, no suffix: 1).",
    )


def test_a_misnamed_picture_is_a_picture_and_a_broken_one_is_left_to_decoding(tmp_path, draw_folders):
    draw_folders(tmp_path, {"a": 2, "b": 2})
    (tmp_path / "a/no suffix").write_bytes(TINY_PNG)
    (tmp_path / "a/scan.dat").write_bytes(TINY_PNG)
    for name in ("empty.png", "text.JPG", "phone.HEIC"):
        (tmp_path / "a" / name).write_bytes(b"text" if "text" in name else b"")
    assert read_pictures(tmp_path).counts() == {"a": 7, "b": 2}
    assert looks_like_picture(tmp_path / "a/no suffix")
    assert not looks_like_picture(tmp_path / "a")
    assert not looks_like_picture(tmp_path / "a/absent.png")


def test_pictures_outside_of_class_folders_are_left_out_by_name(tmp_path, draw_folders, draw):
    draw_folders(tmp_path, {"train/a": 2, "train/b": 2})
    draw(tmp_path / "overview.png")
    draw(tmp_path / "test/unlabelled.png")
    assert set(reasons(read_pictures(tmp_path))) == {"overview.png", "test/unlabelled.png"}


# -- links and permissions ----------------------------------------------------------------------------------------


def test_links_are_followed_but_never_in_a_circle(tmp_path, draw_folders, draw):
    root = draw_folders(tmp_path / "root", {"a/inner": 2, "b": 2})
    elsewhere = draw(tmp_path / "elsewhere/far.png").parent
    (root / "a/0 far away").symlink_to(elsewhere)
    (root / "a/0 inner again").symlink_to("inner")
    (root / "a/up").symlink_to("../..")
    (root / "a/inner/here").symlink_to(".")
    (elsewhere / "back").symlink_to(root / "a/inner")
    (root / "b/2.png").symlink_to(elsewhere / "far.png")
    (root / "b/gone.png").symlink_to("nowhere.png")
    (root / "b/self.png").symlink_to("self.png")
    (root / "c").symlink_to(elsewhere)
    draw(elsewhere / "second.png")
    pictures = read_pictures(root)
    assert labelled(pictures) == {
        "a/0 far away/far.png": "a",
        "a/0 far away/second.png": "a",
        "a/inner/0.png": "a",
        "a/inner/1.png": "a",
        "b/0.png": "b",
        "b/1.png": "b",
        "b/2.png": "b",
        "c/far.png": "c",
        "c/second.png": "c",
        "c/back/0.png": "c",
        "c/back/1.png": "c",
    }
    assert set(reasons(pictures)) == {"a/up", "b/gone.png", "b/self.png"}


def test_a_pipe_called_like_a_picture_does_not_hang(tmp_path, draw_folders):
    draw_folders(tmp_path, {"a": 2, "b": 2})
    os.mkfifo(tmp_path / "a/pipe.png")
    os.mkfifo(tmp_path / "a/pipe")
    assert set(reasons(read_pictures(tmp_path))) == {"a/pipe.png"}


@pytest.fixture
def locked(monkeypatch):
    """Make a folder impossible to list; done by hand, because permissions mean nothing to root."""
    real = os.scandir

    def lock(folder: Path) -> None:
        def scandir(path):
            if Path(path) == folder:
                raise PermissionError(13, "Permission denied", str(path))
            return real(path)

        monkeypatch.setattr("os.scandir", scandir)

    return lock


def test_a_folder_that_cannot_be_listed_is_left_out_by_name(tmp_path, draw_folders, locked):
    draw_folders(tmp_path, {"a": 2, "b": 2, "a/secret": 2})
    locked(tmp_path / "a/secret")
    pictures = read_pictures(tmp_path)
    assert len(pictures) == 4
    assert reasons(pictures) == {"a/secret": "the folder cannot be listed: Permission denied"}


def test_a_locked_root_is_refused(tmp_path, draw_folders, locked, refused):
    draw_folders(tmp_path, {"a": 2, "b": 2})
    locked(tmp_path)
    assert refused(read_pictures, tmp_path).found == "Permission denied"


def test_a_path_that_may_not_be_looked_at_is_refused(tmp_path, refused, monkeypatch):
    def deny(*_, **__):
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr("pathlib.Path.stat", deny)
    assert refused(read_pictures, tmp_path).found == "Permission denied"


# -- what is refused ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("counts", "found", "advice"),
    [
        ({}, "no folders at all", "one folder per class"),
        ({"": 3}, "3 lie loose", "one folder per class"),
        ({"a": 3}, "one folder with pictures, 'a'", "one folder per class"),
        ({"a": 3, "b": 1}, "class 'b' has 1", "add pictures"),
        ({"data/a": 2, "data/b": 2}, "with folders in it", "did you mean"),
        ({"data/train/a": 2, "data/test/a": 2}, "with folders in it", "did you mean"),
        ({"train/a": 2, "train/b": 2, "test/c": 2}, "class 'c' only in test", "'a', 'b'"),
        (
            {"train/a": 2, "train/b": 2, "val/c": 1, "test/c": 1},
            "class 'c' only in test and validation",
            "add",
        ),
        ({"train/a": 2, "train/b": 1, "test/b": 2}, "class 'b' has 1", "add pictures"),
        ({"train/a": 2}, "one class, 'a'", "each class"),
        ({"val/a": 2, "test/a": 2, "val/b": 2}, "no train/ with class folders", "into train/"),
        ({"train": 3, "test": 3}, "no train/ with class folders", "rename"),
        ({"a": 2, "b": 2, "test/a": 2}, "test/ beside class folders", "into train/"),
    ],
)
def test_folders_that_cannot_be_used(tmp_path, draw_folders, refused, counts, found, advice):
    error = refused(read_pictures, draw_folders(tmp_path, counts))
    assert isinstance(error, PicturesError)
    assert found in error.found
    assert advice in error.advice
    assert error.where == str(tmp_path)


def test_no_pictures_in_the_class_folders(tmp_path, refused):
    (tmp_path / "a").mkdir()
    assert "empty folders: 'a'" in refused(read_pictures, tmp_path).found
    (tmp_path / "a/film.mp4").write_bytes(b"film")
    assert ".mp4: 1" in refused(read_pictures, tmp_path).found


def test_a_file_where_a_class_folder_should_be(tmp_path, draw_folders, refused):
    draw_folders(tmp_path, {"a": 2})
    (tmp_path / "b").write_bytes(b"")
    assert "beside it without: 'b'" in refused(read_pictures, tmp_path).found


@pytest.mark.parametrize(
    ("given_path", "advice"),
    [("pelets", "did you mean"), ("other", "has 'pellets'"), ("other/inside", "has 'pellets'")],
)
def test_nothing_there(tmp_path, refused, given_path, advice):
    (tmp_path / "pellets").mkdir()
    error = refused(read_pictures, tmp_path / given_path)
    assert error.found == "nothing there"
    assert advice in error.advice


def test_no_path_at_all(tmp_path, refused):
    (tmp_path / "loop").symlink_to("loop")
    (tmp_path / "file.csv").write_text("")
    os.mkfifo(tmp_path / "pipe")
    for path in ("a\0b", "x" * 5000, "loop", "file.csv/inside", "pipe"):
        refused(read_pictures, tmp_path / path)


def test_enough_is_asked_again_when_broken_pictures_are_left_out(tmp_path, draw_folders, refused):
    pictures = read_pictures(draw_folders(tmp_path, {"a": 2, "b": 2}))
    check_enough(pictures, "here")
    assert "class 'b' has 0" in refused(check_enough, pictures.select(np.arange(2)), "here").found
    assert "no picture" in refused(check_enough, Pictures.from_rows(tmp_path, {}), "here").found
    only_test = Pictures.from_rows(tmp_path, {"1": Row("a", "test"), "2": Row("b", "test")})
    assert "only in test" in refused(check_enough, only_test, "here").found


# -- the collection -----------------------------------------------------------------------------------------------


def test_select_and_group_numbers(tmp_path):
    rows = {"c": Row("x", "", "one"), "a": Row("y"), "b": Row("x", "", "one"), "d": Row("y")}
    pictures = Pictures.from_rows(tmp_path, rows)
    assert pictures.group_numbers().tolist() == [0, 1, 1, 2]
    assert Pictures.from_rows(tmp_path, {}).group_numbers().tolist() == []
    some = pictures.select(np.array([True, False, True, True]))
    assert some.paths == ("a", "c", "d")
    assert labelled(some) == {"a": "y", "c": "x", "d": "y"}
    assert some.groups.tolist() == ["", "one", ""]
    # A group may be called like a path: it is another group all the same.
    assert (
        len(set(Pictures.from_rows(tmp_path, {"a": Row("x"), "b": Row("x", "", "a")}).group_numbers())) == 2
    )
