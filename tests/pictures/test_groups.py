"""groups.csv: where it is found, what it names, and what is refused."""

from __future__ import annotations

import pandas as pd
import pytest

from tellapart.errors import PicturesError
from tellapart.pictures.read import read_pictures

ALL = {"a/0.png": "g1", "a/1.png": "g2", "b/0.png": "g1", "b/1.png": ""}


@pytest.fixture
def root(tmp_path, draw_folders):
    return draw_folders(tmp_path / "set" / "all", {"a": 2, "b": 2})


def rows(groups: dict[str, str], before: str = "", header: str = "file,group") -> str:
    return "\n".join([header, *(f"{before}{path},{group}" for path, group in groups.items())])


@pytest.mark.parametrize("column", ["file", "path", " file "])
@pytest.mark.parametrize(("where", "before"), [("set/all", ""), ("set/all", "./"), ("set", "all/")])
def test_found_in_the_root_or_beside_it(tmp_path, root, column, where, before):
    (tmp_path / where / "groups.csv").write_text(rows(ALL, before, f"{column},group"))
    pictures = read_pictures(root)
    assert pictures.groups.tolist() == ["g1", "g2", "g1", ""]
    assert pictures.group_numbers().tolist() == [0, 1, 0, 2]
    assert pictures.warnings == ()


def test_the_root_goes_before_its_parent_and_an_option_before_both(tmp_path, root):
    (tmp_path / "set/groups.csv").write_text(rows(dict.fromkeys(ALL, "parent"), "all/"))
    assert set(read_pictures(root).groups) == {"parent"}
    (root / "groups.csv").write_text(rows(dict.fromkeys(ALL, "root")))
    assert set(read_pictures(root).groups) == {"root"}
    (tmp_path / "mine.csv").write_text(rows(dict.fromkeys(ALL, "asked"), "set/all/"))
    assert set(read_pictures(root, groups_file=tmp_path / "mine.csv").groups) == {"asked"}


def test_a_parquet_of_groups(tmp_path, root):
    pd.DataFrame({"path": [f"set/all/{p}" for p in ALL], "group": [3, 3, 4, 4]}).to_parquet(
        tmp_path / "g.parquet"
    )
    assert read_pictures(root, groups_file=tmp_path / "g.parquet").groups.tolist() == ["3", "3", "4", "4"]


def test_paths_relative_to_where_one_stands(root, monkeypatch):
    (root / "groups.csv").write_text(rows(ALL))
    monkeypatch.chdir(root)
    assert read_pictures(".").groups.tolist() == ["g1", "g2", "g1", ""]
    monkeypatch.chdir(root.parent.parent)
    assert read_pictures("set/all", groups_file="set/../set/all/groups.csv").groups.tolist() == [
        "g1",
        "g2",
        "g1",
        "",
    ]


def test_reached_through_a_link(tmp_path, root):
    (tmp_path / "set/groups.csv").write_text(rows(ALL, "all/"))
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "elsewhere/link").symlink_to(root)
    assert read_pictures(tmp_path / "elsewhere/link").groups.tolist() == ["g1", "g2", "g1", ""]


def test_names_some_of_the_pictures(root):
    (root / "groups.csv").write_text(rows({"a/0.png": "g", "b/0.png": "g", "not/there.png": "h", "": "x"}))
    pictures = read_pictures(root)
    assert pictures.groups.tolist() == ["g", "", "g", ""]
    assert "names 2 of 4 pictures" in pictures.warnings[0]


def test_goes_before_the_column_of_a_table(root):
    table = root / "table.csv"
    table.write_text("path,label,group\n" + "".join(f"{path},{path[0]},t{n}\n" for n, path in enumerate(ALL)))
    assert read_pictures(table).groups.tolist() == ["t0", "t1", "t2", "t3"]
    (root / "groups.csv").write_text(rows({"a/0.png": "g", "b/1.png": ""}))
    assert read_pictures(table).groups.tolist() == ["g", "t1", "t2", "t3"]


@pytest.mark.parametrize(
    ("text", "found"),
    [
        (rows(ALL, "images/"), "none of its 4 rows names one of the 4 pictures"),
        ("file,group\n", "none of its 0 rows"),
        (rows(ALL, header="file,panel"), "columns 'file', 'panel'"),
        (rows(ALL, header="name,group"), "columns 'name', 'group'"),
        (rows(ALL, header="file,group,group"), "'group', 'group'"),
        ("", "columns none"),
        (rows(ALL) + "\n./a/0.png,g9\n", "'./a/0.png' in 'g1' and in 'g9'"),
    ],
)
def test_what_cannot_be_used(tmp_path, root, refused, text, found):
    ours = root / "groups.csv"
    ours.write_text(text)
    error = refused(read_pictures, root)
    assert isinstance(error, PicturesError)
    assert found in error.found
    assert error.where.startswith(str(ours))
    assert refused(read_pictures, root, groups_file=ours).found == error.found
    # In the parent folder it may be another set's: it stops nothing, but that is said.
    ours.rename(tmp_path / "set/groups.csv")
    pictures = read_pictures(root)
    assert set(pictures.groups) == {""}
    assert "was not used" in pictures.warnings[0]


def test_the_first_picture_shows_how_a_path_is_written(tmp_path, root, refused):
    (tmp_path / "mine.csv").write_text(rows(ALL))
    assert "'set/all/a/0.png'" in refused(read_pictures, root, groups_file=tmp_path / "mine.csv").advice


def test_an_absent_file_that_was_asked_for(tmp_path, root, refused):
    assert "No such file" in refused(read_pictures, root, groups_file=tmp_path / "absent.csv").found
