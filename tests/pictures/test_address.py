"""Pictures at an address: the same as from a folder, whatever strangers named them and however the connection fares."""

from __future__ import annotations

import errno
import os
import pickle
from collections import Counter
from pathlib import Path
from uuid import uuid4

import fsspec
import numpy as np
import pytest
from fsspec.implementations.memory import MemoryFileSystem

from tellapart.errors import (
    AddressError,
    BrokenPictureError,
    MissingExtraError,
    PicturesError,
    RunFolderError,
)
from tellapart.pictures import remote
from tellapart.pictures.address import Address, is_address, location_of, shown
from tellapart.pictures.decode import decode
from tellapart.pictures.read import read_pictures
from tellapart.pictures.store import INDEX, PIXELS, STORE_FILES, decode_all
from tellapart.pictures.stream import decode_stream

PASSWORD = "x7!swordfish"
SIGNATURE = "dGhpcyBpcyBhIHNpZ25hdHVyZQ"


@pytest.fixture
def bucket():
    """A folder of fsspec's memory, of this test alone."""
    memory, name = fsspec.filesystem("memory"), uuid4().hex
    memory.makedirs(f"/{name}")
    yield name
    memory.rm(f"/{name}", recursive=True)


@pytest.fixture
def upload(bucket):
    """Copy a folder of this machine to an address."""

    def upload(folder: Path, name: str = "set") -> str:
        for file in sorted(folder.rglob("*")):
            if file.is_file():
                put(f"{bucket}/{name}/{file.relative_to(folder).as_posix()}", file.read_bytes())
        return f"memory://{bucket}/{name}"

    return upload


def put(path: str, content: bytes) -> None:
    fsspec.filesystem("memory").pipe_file(f"/{path}", content)


@pytest.fixture
def wire(monkeypatch):
    """What is read of fsspec's memory, by name; `wire.faults` raise in place of an answer."""

    class Wire(Counter):
        faults = staticmethod(lambda path: None)

    seen, read = Wire(), MemoryFileSystem.cat_file

    def cat_file(self, path, *given, **options):
        seen[path.rpartition("/")[2]] += 1
        if (error := seen.faults(path)) is not None:
            raise error
        return read(self, path, *given, **options)

    monkeypatch.setattr(MemoryFileSystem, "cat_file", cat_file)
    monkeypatch.setattr(remote, "WAITS_SECONDS", (0.0, 0.0))
    return seen


def said(pictures) -> dict[str, object]:
    names = [pictures.classes[label] for label in pictures.labels]
    return {
        "rows": list(
            zip(pictures.paths, names, pictures.parts.tolist(), pictures.groups.tolist(), strict=True)
        ),
        "left out": pictures.left_out,
        "warnings": [text.replace(str(pictures.root), "ROOT") for text in pictures.warnings],
        "name": pictures.root.name,
    }


# -- the same pictures --------------------------------------------------------------------------------------


@pytest.fixture
def odd(tmp_path, draw_folders, draw):
    """Class folders with what is found in such folders."""
    root = draw_folders(tmp_path / "set", {"cats": 3, "dogs <b>&é": 3, "cats/deeper": 1})
    draw(root / "cats/named.jpg.bak", format="PNG")
    draw(root / "cats/small.dat", format="WEBP")
    draw(root / "cats/.hidden.png")
    draw(root / "loose.png")
    (root / "cats/notes.txt").write_text("none")
    (root / "cats/film.mov").write_bytes(b"film" * 10)
    (root / "cats/empty.png").write_bytes(b"")
    (root / "dogs <b>&é/broken.png").write_bytes(b"<html>")
    return root


@pytest.mark.parametrize("kind", ["memory", "file", "archive"])
def test_class_folders_are_read_as_from_this_machine(kind, odd, upload, tmp_path):
    if kind == "archive":
        import shutil

        shutil.make_archive(str(tmp_path / "all"), "zip", tmp_path, "set")
        address = f"zip://set::file://{tmp_path}/all.zip"
    else:
        address = upload(odd) if kind == "memory" else f"file://{odd}"
    there, here = read_pictures(address), read_pictures(odd)
    assert said(there) == said(here)
    stores = {}
    for name, pictures in (("there", there), ("here", here)):
        store, used = decode_all(pictures, tmp_path / name)
        stores[name] = (tmp_path / name / PIXELS).read_bytes(), store.facts, said(used)
    assert stores["there"] == stores["here"]
    assert [item.path for item in used.left_out] == ["loose.png", "cats/empty.png", "dogs <b>&é/broken.png"]


def test_parts_and_groups(tmp_path, draw_folders, upload, bucket):
    counts = {f"{part}/{name}": 2 for part in ("train", "Valid", "test") for name in "ab"}
    root = draw_folders(tmp_path / "set", counts)
    (root / "groups.csv").write_text("file,group\ntrain/a/0.png,one\ntest/a/0.png,one\n")
    address = upload(root)
    assert said(read_pictures(address))["rows"] == said(read_pictures(root))["rows"]
    (root / "groups.csv").rename(tmp_path / "groups.csv")
    for text, where in (("set/", f"memory://{bucket}/groups.csv"), ("", tmp_path / "groups.csv")):
        # Beside PICTURES at the address; a file of this machine names them as seen from PICTURES.
        fsspec.filesystem("memory").rm(f"/{bucket}/set/groups.csv") if text else None
        content = f"file,group\n{text}train/b/1.png,two\n"
        put(f"{bucket}/groups.csv", content.encode()) if text else where.write_text(content)
        pictures = read_pictures(address, groups_file=None if text else where)
        assert dict(zip(pictures.paths, pictures.groups, strict=True))["train/b/1.png"] == "two"
        assert sum(pictures.groups != "") == 1


@pytest.mark.parametrize("ending", ["csv", "parquet"])
def test_tables(ending, tmp_path, draw_folders, upload, wire, bucket):
    import pandas as pd

    root = draw_folders(tmp_path / "set", {"x": 3, "y/z": 3})
    paths = [f"x/{n}.png" for n in range(3)] + [f"./y/z/{n}.png" for n in range(3)]
    frame = pd.DataFrame({"path": paths, "label": list("aabbab"), "group": 1, "more": 0})
    getattr(frame, f"to_{ending}")(root / f"table.{ending}", index=False)
    address = upload(root)
    there, here = (read_pictures(f"{home}/table.{ending}") for home in (address, root))
    assert [said(one)["rows"] for one in (there, here)] == [said(here)["rows"]] * 2
    assert [said(one)["name"] for one in (there, here)] == ["set", "set"]
    assert there.file(0).stamp[0] == (root / "x/0.png").stat().st_size
    assert not wire["0.png"]  # listed, not read


@pytest.mark.parametrize(
    "path",
    [
        "../other/0.png",
        "/etc/hosts",
        "x/../../0.png",
        "file:///etc/hosts",
        "memory://other/x/0.png",
        "x\0.png",
    ],
)
def test_a_table_does_not_lead_out_of_its_folder(path, bucket, refused):
    put(f"{bucket}/set/table.csv", f"path,label\n{path},a\n".encode())
    error = refused(read_pictures, f"memory://{bucket}/set/table.csv")
    assert "in the table's folder or below" in error.expected


# -- names of strangers -------------------------------------------------------------------------------------

HOSTILE = ["..", ".", "", "../../up.png", "/etc/passwd", "a/b.png", "zero\0.png", "../set-of-others/x.png"]


def test_no_name_leads_out_of_the_folder_that_is_listed(tmp_path, draw_folders, upload, monkeypatch):
    address = upload(draw_folders(tmp_path / "set", {"a": 2, "b": 2}))
    plain, listed = read_pictures(address), MemoryFileSystem.ls

    def ls(self, path, *given, **options):
        more = [
            {"name": f"{path}/{name}", "size": 1, "type": kind}
            for name in HOSTILE
            for kind in ("file", "directory")
        ]
        more += [{"name": name, "size": 1, "type": "file"} for name in HOSTILE]
        return listed(self, path, *given, **options) + more

    monkeypatch.setattr(MemoryFileSystem, "ls", ls)
    assert said(read_pictures(address)) == said(plain)


def test_a_name_is_never_read_as_an_address(bucket, draw, tmp_path):
    """Names that fsspec, which joins file systems with ``::``, would take for a file of this machine."""
    picture = draw(tmp_path / "0.png")
    names = [f"x::file:{picture.as_posix().replace('/', ':')}.png", "simplecache::0.png", "?a=b#c%20d.png"]
    for number, name in enumerate(names):
        put(f"{bucket}/set/{'ab'[number % 2]}/{name}", picture.read_bytes())
    put(f"{bucket}/set/b/plain.png", picture.read_bytes())
    pictures = read_pictures(f"memory://{bucket}/set", for_training=False)
    assert sorted(Path(path).name for path in pictures.paths) == sorted([*names, "plain.png"])
    for index in range(len(pictures)):
        np.testing.assert_array_equal(decode(pictures.file(index))[0], decode(picture)[0])
    listed = Address.in_list(f"memory://{bucket}/set/a/{names[0]}")
    assert listed == Address(f"memory://{bucket}", f"set/a/{names[0]}")
    for chained in (
        f"simplecache::memory://{bucket}/x.png",
        f"zip://x::memory://{bucket}/x.zip",
        "s3://x::zip",
    ):
        with pytest.raises(ValueError, match="one file system"):
            Address.in_list(chained)


def test_nothing_is_written_but_the_store(tmp_path, bucket, draw, monkeypatch):
    for name in ("a/../../../0.png", "a/1.png", "a/2.png", "b//etc/1.png", "b/2.png", "b/1.png"):
        MemoryFileSystem.store[f"/{bucket}/set/{name}"] = fsspec.implementations.memory.MemoryFile(
            None, f"/{bucket}/set/{name}", draw(tmp_path / "0.png").read_bytes()
        )
    before = {*tmp_path.rglob("*")}
    monkeypatch.chdir(tmp_path)
    _, used = decode_all(read_pictures(f"memory://{bucket}/set"), tmp_path / "run")
    assert used.paths == ("a/1.png", "a/2.png", "b/1.png", "b/2.png")
    made = {file.relative_to(tmp_path / "run").as_posix() for file in {*tmp_path.rglob("*")} - before}
    assert made == {".", *STORE_FILES}


def test_links_at_an_address(tmp_path, draw_folders):
    root = draw_folders(tmp_path / "set", {"a": 2, "b": 2})
    (root / "a/link.png").symlink_to(root / "b/0.png")
    (root / "a/nowhere.png").symlink_to(root / "gone.png")
    (root / "a/up").symlink_to(tmp_path)
    pictures = read_pictures(f"file://{root}")
    assert "a/link.png" in pictures.paths
    assert {item.path: item.reason for item in pictures.left_out} == {
        "a/nowhere.png": "not a file that can be read, or a link to nothing",
        "a/up": "a link to a folder; not followed at an address",
    }


# -- what addresses are, and what is shown of them ------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "name", "parent"),
    [
        ("s3://bucket/a/b.csv", "b.csv", "s3://bucket/a"),
        ("s3://bucket", "bucket", "s3://bucket"),
        ("gs://bucket/a/", "a", "gs://bucket"),
        ("file:///a/b", "b", "file:///a"),
        ("simplecache::s3://bucket/a/b", "b", "simplecache::s3://bucket/a"),
        ("zip://a/b::s3://bucket/c.zip", "b", "zip://a::s3://bucket/c.zip"),
    ],
)
def test_addresses_are_taken_apart(text, name, parent):
    address = location_of(text)
    assert isinstance(address, Address)
    assert str(address) == text.rstrip("/")
    assert (address.name, str(address.parent)) == (name, parent)
    assert address.absolute() == Address.of(str(address)) == pickle.loads(pickle.dumps(address))
    assert (address.parent / address.name) == address or not address.inner


@pytest.mark.parametrize("text", ["a/b", "/a", "C://x", "s3:/x", "a b://c", "", "-", "://x", "a:b//c"])
def test_paths_are_no_addresses(text):
    assert not is_address(text)
    assert location_of(text) == Path(text)
    assert shown(text) == text


@pytest.mark.parametrize(
    ("text", "seen"),
    [
        (f"sftp://me:{PASSWORD}@host/a/b.png", "sftp://me:***@host/a/b.png"),
        (f"sftp://me:{PASSWORD}@host", "sftp://me:***@host"),
        (f"https://{PASSWORD}@host/b.png", "https://***@host/b.png"),
        (
            f"https://host/b.png?id=12&X-Amz-Signature={SIGNATURE}",
            "https://host/b.png?id=12&X-Amz-Signature=***",
        ),
        (f"https://host/b.png?v={SIGNATURE}", "https://host/b.png?v=***"),
        (f"https://host/b.png?pwd={PASSWORD}", "https://host/b.png?pwd=***"),
        (f"zip://a::ftp://me:{PASSWORD}@host/b.zip", "zip://a::ftp://me:***@host/b.zip"),
    ],
)
def test_what_opens_an_address_is_never_shown(text, seen, refused, monkeypatch):
    assert shown(text) == seen
    address = Address.of(text)

    def unable(url):
        alone = " and ".join(secret for secret in (PASSWORD, SIGNATURE) if secret in text)
        raise OSError(f"{text}: {url} refused: {alone}, ?sig={SIGNATURE}")

    monkeypatch.setattr(remote, "WAITS_SECONDS", ())
    monkeypatch.setattr("fsspec.core.url_to_fs", unable)
    remote.opened.cache_clear()
    error = refused(read_pictures, text)
    for shown_text in (str(error), repr(address), str(address), address.name, str(address.parent)):
        assert PASSWORD not in shown_text
        assert SIGNATURE not in shown_text
    assert error.__suppress_context__


def test_what_an_address_needs(refused):
    fsspec.register_implementation("lacking", "no_such_package.System", clobber=True, errtxt="Install it")
    error = refused(read_pictures, "lacking://bucket/set")
    assert isinstance(error, MissingExtraError)
    assert error.advice == "pip install no_such_package"
    error = refused(read_pictures, "nosuch://bucket/set")
    assert isinstance(error, AddressError)
    assert "nosuch" in error.found
    error = refused(read_pictures, f"memory://{uuid4().hex}/set")
    assert isinstance(error, PicturesError)
    assert error.found == "nothing there"


def test_without_fsspec(monkeypatch, refused):
    monkeypatch.setitem(__import__("sys").modules, "fsspec.core", None)
    remote.opened.cache_clear()
    error = refused(read_pictures, "memory://x/y")
    assert isinstance(error, MissingExtraError)
    assert "tellapart[remote]" in error.advice


# -- connections ----------------------------------------------------------------------------------------------


@pytest.fixture
def ten(tmp_path, draw_folders, upload):
    return upload(draw_folders(tmp_path / "set", {"a": 5, "b": 5}))


def test_a_connection_that_comes_back_is_not_noticed(ten, wire, tmp_path):
    wire.faults = lambda path: ConnectionResetError("reset") if wire[path.rpartition("/")[2]] < 3 else None
    store, used = decode_all(read_pictures(ten), tmp_path / "store")
    assert (len(store), used.left_out) == (10, ())
    wire.faults = lambda path: TimeoutError("slow")
    with pytest.raises(AddressError, match="TimeoutError: slow"):
        decode(read_pictures(ten).file(0))


def test_what_was_read_before_a_connection_was_lost_is_not_read_again(ten, wire, tmp_path, refused):
    pictures, folder = read_pictures(ten), tmp_path / "store"
    whole, _ = decode_all(pictures, tmp_path / "whole")
    done: list[int] = []
    wire.clear()
    wire.faults = lambda path: ConnectionResetError("reset") if path.endswith("b/2.png") else None
    error = refused(decode_all, pictures, folder, workers=1, advance=done.append)
    assert isinstance(error, AddressError)
    assert "repeat the command" in error.advice
    assert sum(done) == 7
    assert not (folder / INDEX).exists()
    # As if the process had been killed while it wrote: half a line, and half a picture.
    with (folder / "pictures.begun").open("ab") as begun:
        begun.write(b"[[6, 8], [")
    os.truncate(folder / PIXELS, (folder / PIXELS).stat().st_size - 5)
    wire.clear()
    wire.faults = lambda path: None
    done.clear()
    store, used = decode_all(pictures, folder, advance=done.append)
    assert done[0] == 6
    assert sum(wire.values()) == 4
    assert used.paths == pictures.paths
    assert (folder / PIXELS).read_bytes() == (tmp_path / "whole" / PIXELS).read_bytes()
    assert store.facts == whole.facts
    assert sorted(file.name for file in folder.iterdir()) == sorted(STORE_FILES)


def test_what_was_begun_of_other_pictures_is_not_used(ten, wire, tmp_path, draw, refused):
    folder = tmp_path / "store"
    wire.faults = lambda path: ConnectionResetError("reset") if path.endswith("b/4.png") else None
    refused(decode_all, read_pictures(ten), folder)
    put(f"{ten.removeprefix('memory://')}/a/0.png", draw(tmp_path / "other.png", 30, 30).read_bytes())
    wire.clear()
    wire.faults = lambda path: None
    store, _ = decode_all(read_pictures(ten), folder)
    assert sum(wire.values()) == 10
    assert store[0].shape == (30, 30, 3)


def test_a_store_is_used_again_until_something_changes(ten, wire, tmp_path, draw):
    for reads in (10, 0):
        wire.clear()
        decode_all(read_pictures(ten), tmp_path / "store")
        assert sum(wire.values()) == reads
    put(f"{ten.removeprefix('memory://')}/a/0.png", draw(tmp_path / "0.png").read_bytes())
    decode_all(read_pictures(ten), tmp_path / "store")
    assert sum(wire.values()) == 10


def test_a_picture_that_may_not_be_read_is_left_out_but_a_lost_permission_is_said(
    ten, wire, tmp_path, refused, monkeypatch
):
    wire.faults = lambda path: PermissionError("Access Denied") if path.endswith("a/1.png") else None
    _, used = decode_all(read_pictures(ten), tmp_path / "store")
    assert [(item.path, item.reason) for item in used.left_out] == [
        ("a/1.png", "no permission (PermissionError: Access Denied)")
    ]
    pictures = read_pictures(ten)
    wire.faults = lambda path: PermissionError("Token expired")

    def info(self, path, **options):
        raise PermissionError(errno.EACCES, "Token expired")

    monkeypatch.setattr(MemoryFileSystem, "info", info)
    error = refused(decode_all, pictures, tmp_path / "other")
    assert isinstance(error, AddressError)
    assert "Token expired" in error.found
    assert isinstance(refused(read_pictures, ten), PicturesError)


def test_one_answer_of_http_is_of_one_file_another_of_all(ten, wire):
    class StatusError(Exception):
        status = 0

    picture = read_pictures(ten).file(0)
    for status, kind in (
        (403, BrokenPictureError),
        (410, BrokenPictureError),
        (503, AddressError),
        (401, AddressError),
    ):
        error = StatusError("said")
        error.status = status
        wire.faults = lambda path, error=error: error
        with pytest.raises(kind):
            decode(picture)


def test_large_files_and_gone_ones(ten, wire):
    picture = read_pictures(ten).file(0)
    large = Address(picture.base, picture.inner, stamp=(2**31, ""))
    results = list(decode_stream([picture, large, picture.parent / "gone.png", picture.parent]))
    assert [getattr(result, "found", "") for result in results] == [
        "",
        "a file of 2,147,483,648 bytes",
        "nothing there",
        "nothing there",
    ]
    assert wire["0.png"] == 1


def test_a_full_disk(ten, tmp_path, refused):
    if not Path("/dev/full").exists():
        pytest.skip("a disk that is always full is a thing of Linux")
    (tmp_path / "store").mkdir()
    (tmp_path / "store" / "pictures.begun").symlink_to("/dev/full")
    error = refused(decode_all, read_pictures(ten), tmp_path / "store")
    assert isinstance(error, RunFolderError)
    assert list((tmp_path / "store").iterdir()) == []
