"""`predict` on any number of files: what PATH may be, tables that are safe, and killed commands that go on."""

from __future__ import annotations

import csv
import io
import os
import signal
import subprocess
import sys
import textwrap
from pathlib import Path

import pandas as pd
import pytest

from tellapart.deploy.bulk import spread
from tellapart.deploy.bulk.journal import Journal
from tellapart.deploy.bulk.listing import open_listing
from tellapart.deploy.bulk.predicting import predict_to_stdout, predict_to_table
from tellapart.deploy.bulk.rows import answer
from tellapart.deploy.predictor import Predictor
from tellapart.progress import Quiet
from tellapart.scale.executor import Here

SAFE = {
    b"=cmd().png": "./=cmd().png",
    b"-1.png": "./-1.png",
    b"@a.png": "./@a.png",
    b"\t=1.png": "./\t=1.png",
}
ODD = {
    b"new\nline.png": "new\nline.png",
    b"return\r.png": "return\r.png",
    b"semi;=1.png": "semi;=1.png",
    b"\xff\xfe.png": "\\xff\\xfe.png",
    b"<b>&.png": "<b>&.png",
    b'"quoted".png': '"quoted".png',
}


def table(file: Path) -> list[dict[str, str]]:
    with file.open(encoding="utf-8", newline="") as text:
        return list(csv.DictReader(text))


@pytest.fixture
def listed(drawn):
    """The names of six pictures, not sorted."""
    return [f"{'ab'[number % 2]}/{number:03d}.png" for number in range(6)]


@pytest.mark.parametrize("kind", ["folder", "pattern", "csv", "parquet", "lines", "zeros"])
def test_every_kind_of_path_names_the_same_files(kind, drawn, listed, monkeypatch):
    monkeypatch.chdir(drawn)
    frame, stdin = pd.DataFrame({"label": 0, "path": listed}), None
    if kind == "csv":
        frame.to_csv("t.csv", index=False, encoding="utf-8-sig")
    elif kind == "parquet":
        frame.to_parquet("t.parquet", index=False)
    elif kind in ("lines", "zeros"):
        stdin = io.BytesIO(("\r\n" if kind == "lines" else "\0").join(listed).encode())
    paths = {"folder": ".", "pattern": "[ab]/00[0-5].png", "csv": "t.csv", "parquet": "t.parquet"}
    found = list(open_listing([paths.get(kind, "-")], stdin))
    names = [one.name for one in found]
    if kind == "folder":
        assert names == sorted(file.relative_to(drawn).as_posix() for file in drawn.rglob("*.png"))
        assert len(names) == 60
    else:
        assert names == (sorted(listed) if kind == "pattern" else listed)
    assert all(Path(one.file).is_file() and not one.error for one in found)


@pytest.mark.parametrize(
    ("path", "content"),
    [
        ("nothing.png", None),
        ("no*.png", None),
        ("t.csv", b"file\na.png\n"),
        ("t.csv", b""),
        ("t.parquet", b"PAR1"),
    ],
)
def test_a_path_that_stands_for_nothing_is_refused_before_anything_is_written(
    path, content, run, tmp_path, refused
):
    if content is not None:
        (tmp_path / path).write_bytes(content)
    before = set(tmp_path.iterdir())
    refused(predict_to_table, run, [str(tmp_path / path)], tmp_path / "out.csv", Quiet())
    assert set(tmp_path.iterdir()) == before


def test_what_cannot_be_read_is_a_row_and_no_stop(run, drawn, tmp_path):
    (drawn / "a" / "000.png").write_bytes(b"")
    rows = ["a/000.png", "", "nothing.png", "b/001.png"]
    (drawn / "t.csv").write_text("path,n\n" + "".join(f"{row},1\n" for row in rows))
    predict_to_table(run, [str(drawn / "t.csv")], tmp_path / "out.csv", Quiet())
    found = table(tmp_path / "out.csv")
    assert [row["path"] for row in found] == rows
    errors = ["an empty file (0 bytes)", "no path in this row", "nothing there", ""]
    assert [row["error"] for row in found] == errors
    assert [bool(row["predicted"]) for row in found] == [False, False, False, True]


@pytest.mark.skipif(sys.platform != "linux", reason="other systems refuse names that are not UTF-8")
def test_names_of_strangers_are_safe_in_the_table(run, drawn, tmp_path):
    home = tmp_path / "odd"
    home.mkdir()
    pixels = (drawn / "a" / "002.png").read_bytes()
    for name in (*SAFE, *ODD):
        Path(os.fsdecode(os.fsencode(home) + b"/" + name)).write_bytes(pixels)
    for ending in ("csv", "parquet"):
        predict_to_table(run, [str(home)], tmp_path / f"out.{ending}", Quiet())
    rows = table(tmp_path / "out.csv")
    assert {row["path"] for row in rows} == {*SAFE.values(), *ODD.values()}
    assert {row["predicted"] for row in rows} < {"-1", "'=red()"}
    assert all(row["error"] == "" for row in rows)
    raw = (tmp_path / "out.csv").read_bytes()
    raw.decode()
    assert b'"semi;=1.png"' in raw
    assert b'"return\r.png"' in raw
    frame = pd.read_parquet(tmp_path / "out.parquet")
    assert set(frame["path"]) == {*(name.decode() for name in SAFE), *ODD.values()}
    assert list(frame.columns) == list(rows[0])
    shares = [float(row["probability_-1"]) for row in rows]
    assert frame["probability_-1"].tolist() == pytest.approx(shares, abs=1e-6)


def test_standard_output_has_the_rows_of_the_table(run, drawn, tmp_path, capsys):
    predict_to_stdout(run, [str(drawn)])
    predict_to_table(run, [str(drawn)], tmp_path / "out.csv", Quiet())
    assert capsys.readouterr().out == (tmp_path / "out.csv").read_text()


def test_tasks_of_a_long_list_grow_and_answer_alike(run, drawn, monkeypatch):
    monkeypatch.setattr("tellapart.deploy.bulk.rows.CHUNK", 2)
    asked = []

    def noted(model, part, *, advance):
        asked.append(len(part))
        return answered(model, part, advance=advance)

    answered = spread.answer_part
    monkeypatch.setattr(spread, "answer_part", noted)
    model, files = run / "model.onnx", [*open_listing([str(drawn)])] * 4
    found = [row for rows in spread.answer_on(Here(), model, files) for row in rows]
    assert found == [row for rows in answer(Predictor(model), files) for row in rows]
    assert asked[0] == 2
    assert max(asked) == 2 * spread.MOST_CHUNKS
    assert sorted(asked[:-1]) == asked[:-1]  # the last part is what is left
    assert sum(asked) == len(files)


@pytest.mark.parametrize("ending", ["csv", "parquet"])
def test_a_command_killed_at_any_moment_goes_on_and_loses_nothing(ending, run, drawn, tmp_path, monkeypatch):
    monkeypatch.setattr("tellapart.deploy.bulk.rows.CHUNK", 8)
    predict_to_table(run, [str(drawn)], tmp_path / f"whole.{ending}", Quiet())
    out = tmp_path / f"out.{ending}"
    program = """
        import os, signal, sys
        from pathlib import Path
        from tellapart.deploy.bulk import journal, predicting, rows, tables
        from tellapart.progress import Quiet

        rows.CHUNK = 8
        moment, blocks = sys.argv[4], [0]
        die = lambda *_, **__: os.kill(os.getpid(), signal.SIGKILL)
        append = journal.Journal.append

        def counted(self, block, stamps):
            append(self, block, stamps)
            blocks[0] += 1
            if moment == "third block" and blocks[0] == 3:
                die()
            if moment == "half a line" and blocks[0] == 2:
                os.truncate(self.file, self.file.stat().st_size - 9)
                die()

        journal.Journal.append = counted
        if moment == "writing the table":
            os.fsync = die
        if moment == "taking away the rows":
            Path.unlink = die
        predicting.predict_to_table(Path(sys.argv[1]), [sys.argv[2]], Path(sys.argv[3]), Quiet())
    """
    for moment in ("half a line", "third block", "writing the table", "taking away the rows"):
        command = [sys.executable, "-c", textwrap.dedent(program), str(run), str(drawn), str(out), moment]
        assert subprocess.run(command, check=False, capture_output=True).returncode == -signal.SIGKILL
        assert out.exists() == (moment == "taking away the rows")
    done: list[int] = []
    append = Journal.append
    monkeypatch.setattr(Journal, "append", lambda *given: (done.append(len(given[1])), append(*given)))
    predict_to_table(run, [str(drawn)], out, Quiet())
    assert sum(done) == 0  # all rows were there
    assert out.read_bytes() == (tmp_path / f"whole.{ending}").read_bytes()
    assert not list(tmp_path.glob("out.*.*"))


@pytest.fixture
def interrupted(run, drawn, tmp_path, monkeypatch):
    """OUT of a command that was stopped after 24 of 60 rows."""
    monkeypatch.setattr("tellapart.deploy.bulk.rows.CHUNK", 8)
    append, blocks = Journal.append, []

    def stopping(self, *given):
        append(self, *given)
        blocks.append(1)
        if len(blocks) == 3:
            raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(Journal, "append", stopping)
        with pytest.raises(KeyboardInterrupt):
            predict_to_table(run, [str(drawn)], tmp_path / "out.csv", Quiet())
    assert not (tmp_path / "out.csv").exists()
    return tmp_path / "out.csv"


@pytest.mark.parametrize(
    ("change", "kept"),
    [
        ("nothing", 24),
        ("a file is other", 10),
        ("a file is gone", 10),
        ("a file is new", 10),
        ("all are gone", 0),
    ],
)
def test_rows_are_used_again_as_long_as_the_files_are_the_same(
    change, kept, interrupted, run, drawn, tmp_path, capsys
):
    tenth = drawn / "a" / "020.png"
    if change == "a file is other":
        tenth.write_bytes((drawn / "a" / "002.png").read_bytes())
    elif change == "a file is gone":
        tenth.unlink()
    elif change == "a file is new":
        (drawn / "a" / "019.png").write_bytes(tenth.read_bytes())
    elif change == "all are gone":
        for file in drawn.rglob("0*.png"):
            file.rename(file.with_name("x" + file.name))
    predict_to_table(run, [str(drawn)], interrupted, Quiet())
    said = capsys.readouterr().err
    assert f"{kept} pictures were done already" in said if kept else "already" not in said
    predict_to_table(run, [str(drawn)], tmp_path / "fresh.csv", Quiet())
    assert interrupted.read_bytes() == (tmp_path / "fresh.csv").read_bytes()


def test_rows_of_another_command_are_not_taken(interrupted, run, drawn, write_model, refused):
    rows = interrupted.with_name("out.csv.part").read_bytes()
    refused(predict_to_table, run, [str(drawn / "a")], interrupted, Quiet())
    write_model(run / "model.onnx", slope=0.2)
    error = refused(predict_to_table, run, [str(drawn)], interrupted, Quiet())
    assert "out.csv.part" in error.where
    assert interrupted.with_name("out.csv.part").read_bytes() == rows


@pytest.mark.parametrize("out", ["out.txt", "no folder/out.csv", "pictures/a/000.png"])
def test_impossible_tables(out, run, drawn, tmp_path, refused):
    error = refused(predict_to_table, run, [str(drawn)], tmp_path / out, Quiet())
    assert "--out" in error.expected


def test_a_path_is_never_overwritten(run, drawn, tmp_path, refused):
    given = tmp_path / "t.csv"
    given.write_text(f"path\n{drawn / 'a' / '000.png'}\n")
    refused(predict_to_table, run, [str(given)], given, Quiet())
    assert given.read_text().startswith("path\n")


def test_what_reads_standard_output_may_stop(run, drawn):
    command = f"{sys.executable} -W error -m tellapart predict {run} {drawn} {drawn} {drawn} | head -1"
    done = subprocess.run(command, shell=True, capture_output=True, text=True, check=True)
    assert done.stdout.startswith("path,predicted")
    assert done.stderr == ""
