"""`predict --explain DIR`: a heatmap of every picture, inside DIR whatever the pictures are called."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest
from PIL import Image

from tellapart.deploy.bulk.predicting import predict_to_stdout, predict_to_table
from tellapart.progress import Quiet


def maps(folder: Path) -> list[str]:
    return sorted(file.relative_to(folder).as_posix() for file in folder.rglob("*") if file.is_file())


def test_the_command_writes_maps_beside_the_table_and_keeps_those_it_has(run, drawn, here, tmp_path):
    (drawn / "a" / "002.png").write_bytes(b"no picture")
    few, out, folder = f"{drawn}/a/00*.png", tmp_path / "t.csv", tmp_path / "maps"
    first = here("predict", run, few, "--out", out, "--explain", folder)
    assert first.returncode == 0, first.stderr
    assert f"{folder}: 4 heatmaps, 1 picture could not be read" in first.stderr
    assert len(out.read_text().splitlines()) == 6
    written = list(folder.rglob("*.png"))
    assert len(written) == 4
    for file in written:
        with (
            Image.open(file) as png,
            Image.open(drawn / "a" / file.name.split("-")[0]) as picture,
        ):
            assert png.size == (picture.size if max(picture.size) <= 512 else (512, 364))
    before = {file: file.stat().st_mtime_ns for file in written}
    again = here("predict", run, few, "--explain", folder)
    assert again.returncode == 0, again.stderr
    assert again.stdout == out.read_text()
    assert f"{folder}: 0 heatmaps, 4 were there already" in again.stderr
    assert {file: file.stat().st_mtime_ns for file in folder.rglob("*.png")} == before


def test_names_mirror_the_folder_and_a_changed_picture_is_explained_anew(run, drawn, tmp_path, capsys):
    folder = tmp_path / "maps"
    for file in [*drawn.glob("*/0[1-5]*.png"), drawn / "a" / "000.png"]:
        file.unlink()
    (drawn / "a" / "002.jpg").write_bytes((drawn / "b" / "001.png").read_bytes())
    predict_to_table(run, [str(drawn)], tmp_path / "t.csv", Quiet(), folder)
    names = sorted(file.relative_to(drawn).as_posix() for file in drawn.rglob("*.*"))
    assert maps(folder) == sorted(f"{name}.png" for name in names)
    (drawn / "a" / "004.png").write_bytes((drawn / "b" / "003.png").read_bytes())
    predict_to_table(run, [str(drawn)], tmp_path / "t.csv", Quiet(), folder)
    assert f"1 heatmap, {len(names) - 1} were there already" in capsys.readouterr().err


@pytest.mark.skipif(sys.platform != "linux", reason="other systems refuse names that are not UTF-8")
def test_maps_stay_inside_the_folder_whatever_pictures_are_called(run, drawn, tmp_path, monkeypatch):
    home, other, folder = tmp_path / "odd", tmp_path / "other", tmp_path / "maps"
    pixels = (drawn / "a" / "002.png").read_bytes()
    names = [
        b"new\nline.png",
        b"\xff\xfe.png",
        b"=cmd().png",
        b"n" * 240 + b".png",
        b"p.png/q.png",
        b"p",
        b"p.png.png/r.png",
    ]
    for name in names:
        file = Path(os.fsdecode(os.fsencode(home) + b"/" + name))
        file = file if file.suffix else file.with_name("p.png.jpg")
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(pixels)
    other.mkdir()
    (other / "=cmd().png").write_bytes(pixels)  # of the same name in another folder
    outside = tmp_path / "outside"
    outside.mkdir()
    folder.mkdir()
    (folder / "p.png").symlink_to(outside)
    monkeypatch.chdir(other)
    given = [str(home), str(other), "../other/=cmd().png", str(other / "=cmd().png")]
    before = {file for file in tmp_path.rglob("*") if not file.is_relative_to(folder)}
    predict_to_stdout(run, given, folder)
    after = {file for file in tmp_path.rglob("*") if not file.is_relative_to(folder)}
    assert after == before
    # One of each, and one of the second folder's picture, which the last two arguments name again.
    assert len(maps(folder)) == len(names) + 1
    assert all(name.endswith(".png") for name in maps(folder))


def test_a_folder_that_would_be_predicted_itself_is_refused(run, drawn, tmp_path, refused):
    refused(predict_to_stdout, run, [str(drawn)], drawn / "maps")
    (tmp_path / "file").write_text("")
    refused(predict_to_stdout, run, [str(drawn)], tmp_path / "file")
    assert not (drawn / "maps").exists()
