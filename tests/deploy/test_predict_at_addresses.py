"""`predict`, `serve` and `export` on pictures at an address: the same rows, no copy, and nobody asked on the quiet."""

from __future__ import annotations

import csv
import io
import json
import pickle
from uuid import uuid4

import fsspec
import pytest
from fsspec.implementations.memory import MemoryFileSystem

from tellapart.deploy.bulk.listing import open_listing
from tellapart.deploy.bulk.predicting import predict_to_stdout, predict_to_table
from tellapart.deploy.bulk.spread import answer_part
from tellapart.deploy.export.pictures import drawn_files
from tellapart.deploy.service.page.gallery import read_gallery
from tellapart.errors import AddressError, RunFolderError
from tellapart.pictures import remote
from tellapart.pictures.address import Address, location_of
from tellapart.progress import Quiet
from tellapart.run_folder import RunFolder


@pytest.fixture
def there(drawn):
    """The address of a copy of `drawn`, and of a table beside it."""
    memory, name = fsspec.filesystem("memory"), uuid4().hex
    for file in drawn.rglob("*.png"):
        memory.pipe_file(f"/{name}/set/{file.relative_to(drawn).as_posix()}", file.read_bytes())
    yield f"memory://{name}/set"
    memory.rm(f"/{name}", recursive=True)


@pytest.fixture
def read(monkeypatch):
    """The names of what is read of fsspec's memory, in order; `read.lost` makes these fail."""

    class Read(list):
        lost = frozenset()

    seen, cat_file = Read(), MemoryFileSystem.cat_file

    def noted(self, path, *given, **options):
        seen.append(path.rpartition("/")[2])
        if seen[-1] in seen.lost:
            raise ConnectionResetError("reset by peer")
        return cat_file(self, path, *given, **options)

    monkeypatch.setattr(MemoryFileSystem, "cat_file", noted)
    monkeypatch.setattr(remote, "WAITS_SECONDS", ())
    monkeypatch.setattr("tellapart.deploy.bulk.rows.CHUNK", 8)
    return seen


def write(address: str, content: str | bytes) -> str:
    raw = content if isinstance(content, bytes) else content.encode()
    fsspec.filesystem("memory").pipe_file(address.removeprefix("memory:/"), raw)
    return address


def test_the_rows_are_those_of_the_folder(run, drawn, there, tmp_path, capsys):
    (drawn / "a/misnamed").write_bytes((drawn / "a/000.png").read_bytes())
    (drawn / "a/broken.png").write_bytes(b"")
    for name in ("a/misnamed", "a/broken.png"):
        write(f"{there}/{name}", (drawn / name).read_bytes())
    for name, paths in (("here", [str(drawn)]), ("there", [there]), ("file", [f"file://{drawn}/"])):
        predict_to_table(run, paths, tmp_path / f"{name}.csv", Quiet())
    predict_to_stdout(run, [there])
    rows = (tmp_path / "here.csv").read_text()
    assert rows.count("\n") == 63
    assert (tmp_path / "there.csv").read_text() == (tmp_path / "file.csv").read_text() == rows
    assert capsys.readouterr().out == rows


def test_what_was_answered_before_a_connection_was_lost_is_kept(run, drawn, there, read, tmp_path, refused):
    out = tmp_path / "out.csv"
    predict_to_table(run, [str(drawn)], tmp_path / "here.csv", Quiet())
    read.lost = {"055.png"}
    error = refused(predict_to_table, run, [there], out, Quiet())
    assert isinstance(error, AddressError)
    assert not out.exists()
    kept = len((tmp_path / "out.csv.part").read_text().splitlines()) - 1
    assert kept >= 8
    write(f"{there}/a/002.png", b"")  # changed meanwhile: read again, with all after it
    (drawn / "a/002.png").write_bytes(b"")
    predict_to_table(run, [str(drawn)], tmp_path / "changed.csv", Quiet())
    read.lost = frozenset()
    read.clear()
    predict_to_table(run, [there], out, Quiet())
    assert len(read) == 59
    assert out.read_text() == (tmp_path / "changed.csv").read_text() != (tmp_path / "here.csv").read_text()


def test_nothing_done_is_read_again(run, there, read, tmp_path, refused):
    read.lost = {"055.png"}
    refused(predict_to_table, run, [there], tmp_path / "out.csv", Quiet())
    kept = len((tmp_path / "out.csv.part").read_text().splitlines()) - 1
    read.lost = frozenset()
    read.clear()
    predict_to_table(run, [there], tmp_path / "out.csv", Quiet())
    assert len(read) == 60 - kept


def test_little_is_read_ahead(run, there, read, monkeypatch):
    for _ in open_listing([there]):
        pass
    assert read == []  # a listing reads nothing
    monkeypatch.setattr("tellapart.pictures.stream.AHEAD", 4)
    ahead = []
    monkeypatch.setattr(
        "sys.stdout", type("Out", (io.StringIO,), {"flush": lambda _: ahead.append(len(read))})()
    )
    predict_to_stdout(run, [there])
    assert ahead[0] <= 8 + 4 + 1


def test_lists_and_tables_name_addresses(run, drawn, there, tmp_path, monkeypatch):
    home = there.removesuffix("/set")
    with_bom = "\ufeffpath,more\n"
    rows = f"set/a/000.png,1\n{there}/b/001.png,2\n"
    table = write(f"{home}/table.csv", with_bom + rows)
    local = tmp_path / "table.csv"
    local.write_text(f"path\n{there}/a/000.png\n{drawn}/b/001.png\n")
    stdin = io.BytesIO(f"{there}/a/000.png\n{drawn}/b/001.png\nzip://x::{there}\n".encode())
    expected = [f"{there}/a/000.png", f"{there}/b/001.png"]
    found = [*open_listing([table]), *open_listing([str(local)]), *open_listing(["-"], stdin)]
    assert [str(one.file) for one in found] == [
        *expected,
        expected[0],
        f"{drawn}/b/001.png",
        expected[0],
        f"{drawn}/b/001.png",
        "",
    ]
    assert [one.name for one in found[:3]] == ["set/a/000.png", expected[1], expected[0]]
    assert "one file system" in found[-1].error
    predict_to_table(run, [table, str(local)], tmp_path / "out.csv", Quiet())
    with (tmp_path / "out.csv").open() as text:
        answers = [row["probability_-1"] for row in csv.DictReader(text)]
    assert answers[:2] == answers[2:]
    assert "" not in answers


@pytest.mark.parametrize(
    "path",
    ["../up.png", "/etc/hosts", "file:///etc/hosts", "a/../../x.png", "zip://x::memory://y", "\0.png", " "],
)
def test_a_table_at_an_address_names_nothing_of_this_machine(path, there, run, tmp_path):
    table = write(f"{there}/table.csv", f'path\n"{path}"\na/000.png\n')
    first, second = open_listing([table])
    assert first.error
    assert first.file == ""
    assert isinstance(second.file, Address)


@pytest.mark.parametrize(
    "path", ["memory://nobody-made-this/x", "memory://nobody-made-this/*.png", "nosuch://x/y"]
)
def test_an_address_where_nothing_is(path, run, tmp_path, refused):
    error = refused(predict_to_table, run, [path], tmp_path / "out.csv", Quiet())
    assert error.where in path
    assert not list(tmp_path.glob("out*"))


def test_secrets_are_not_written(run, there, tmp_path, refused, monkeypatch, capsys):
    """An sftp of ours, whose password is right."""

    class Sftp(MemoryFileSystem):
        protocol = "tested"
        cachable = False

        @classmethod
        def _strip_protocol(cls, path):
            return MemoryFileSystem._strip_protocol(
                path.partition("@host/")[2] or path.removeprefix("tested://")
            )

    fsspec.register_implementation("tested", Sftp, clobber=True)
    secret = there.replace("memory://", "tested://me:swordfish@host/")
    monkeypatch.setattr(MemoryFileSystem, "_strip_protocol", MemoryFileSystem._strip_protocol)
    remote.opened.cache_clear()
    one = f"{secret}/a/000.png"
    predict_to_table(run, [one], tmp_path / "out.csv", Quiet())
    text = (tmp_path / "out.csv").read_text()
    assert "tested://me:***@host/" in text
    assert "swordfish" not in text
    assert not [file for file in tmp_path.rglob("*") if b"swordfish" in str(file).encode()]
    assert not [file for file in tmp_path.rglob("*") if file.is_file() and b"swordfish" in file.read_bytes()]
    monkeypatch.setattr(
        Sftp, "cat_file", lambda self, path: exec("raise ConnectionError('swordfish at ' + path)")
    )
    monkeypatch.setattr(remote, "WAITS_SECONDS", ())
    error = refused(predict_to_table, run, [one], tmp_path / "lost.csv", Quiet())
    assert "swordfish" not in str(error)


def test_a_task_elsewhere_reads_the_address_itself(run, there):
    part = tuple(pickle.loads(pickle.dumps(list(open_listing([there])))))
    rows, absent, _ = answer_part((run / "model.onnx").read_bytes(), part, advance=lambda _: None)
    assert [row.error for row in rows] == [""] * 60
    gone = tuple(type(one)(one.name, one.file.parent / "gone.png") for one in part[:2])
    rows, absent, _ = answer_part((run / "model.onnx").read_bytes(), gone, advance=lambda _: None)
    assert [row.error for row in rows] == ["nothing there"] * 2
    assert absent == []


def test_an_address_that_only_the_run_names_is_not_asked(run, there, read, refused, monkeypatch):
    command = {"command": "train", "pictures": there}
    (run / "run.json").write_text(json.dumps({"schema": 1, "state": "finished", "command": command}))
    (run / "audit.json").write_text(json.dumps({"schema": 1, "findings": []}))
    rows = "path,label,split,predicted,sure,probability_-1,probability_=red()\na/000.png,-1,test,-1,yes,1,0\n"
    (run / "predictions.csv").write_text(rows)
    asked, info = [], MemoryFileSystem.info

    def noted(self, path, **options):
        asked.append(path)
        return info(self, path, **options)

    monkeypatch.setattr(MemoryFileSystem, "info", noted)
    error = refused(drawn_files, run)
    assert isinstance(error, RunFolderError)
    assert "--pictures" in error.advice
    classes = ("-1", "=red()")
    assert not read_gallery(RunFolder(run), classes, None).pictures_are_there()
    assert (asked, read) == ([], [])
    named = read_gallery(RunFolder(run), classes, location_of(there))
    assert named.pictures_are_there()
    assert str(named.file(0)) == f"{there}/a/000.png"
    assert len(drawn_files(run, there)) == 60
