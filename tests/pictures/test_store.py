"""The store: the same pixels as decode, once, whatever happens to the files, the process or the disk."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from tellapart.errors import BrokenPictureError, RunFolderError
from tellapart.pictures.decode import STORE_SIDE, decode
from tellapart.pictures.read import read_pictures
from tellapart.pictures.store import INDEX, PIXELS, decode_all
from tellapart.pictures.stream import AHEAD, decode_stream


class Counter(list):
    """What `advance` was called with: all at once when a store is used again, one by one when it is built."""

    def __call__(self, done: int) -> None:
        self.append(done)

    @property
    def built(self) -> bool:
        return len(self) > 1


@pytest.fixture
def pictures(tmp_path, draw_folders, draw):
    root = draw_folders(tmp_path / "set", {"a": 3, "b": 3})
    draw(root / "a/large.jpg", 900, 700)
    draw(root / "a/mode.png", mode="LA")
    return read_pictures(root)


@pytest.fixture
def folder(tmp_path):
    return tmp_path / "run" / "store"


def same_as_decode(store, pictures) -> bool:
    assert len(store) == len(pictures)
    for i in range(len(store)):
        image, facts = decode(pictures.file(i))
        np.testing.assert_array_equal(store[i], image)
        assert store.facts[i] == facts
    return True


def test_the_same_pixels_as_decode_also_when_opened_again(pictures, folder):
    first, again = Counter(), Counter()
    store, used = decode_all(pictures, folder, advance=first)
    assert used.paths == pictures.paths
    assert same_as_decode(store, pictures)
    assert max(store.shapes.max(axis=1)) == STORE_SIDE
    store, used = decode_all(pictures, folder, advance=again)
    assert same_as_decode(store, used)
    assert (sum(first), sum(again)) == (len(pictures), len(pictures))
    assert first.built
    assert not again.built
    assert sorted(file.name for file in folder.iterdir()) == sorted([PIXELS, INDEX])


def test_workers_change_nothing(pictures, tmp_path):
    for workers in (1, 5):
        decode_all(pictures, tmp_path / str(workers), workers=workers)
    assert (tmp_path / "1" / PIXELS).read_bytes() == (tmp_path / "5" / PIXELS).read_bytes()


def test_select(pictures, folder):
    store, _ = decode_all(pictures, folder)
    for keep in (np.array([5, 0]), np.arange(len(store)) % 2 == 1):
        assert same_as_decode(store.select(keep), pictures.select(keep))


def test_broken_files_are_left_out_by_name_and_stop_nothing(pictures, folder):
    root = pictures.root
    (root / "a/0.png").write_bytes(b"")
    (root / "b/1.png").write_bytes(b"hello")
    (root / "b/2.png").write_bytes((root / "b/2.png").read_bytes()[:-40])
    (root / "a/1.png").unlink()
    for _ in range(2):  # built, then used again
        store, used = decode_all(pictures, folder)
        assert same_as_decode(store, used)
        assert used.paths == ("a/2.png", "a/large.jpg", "a/mode.png", "b/0.png")
        assert {item.path: item.reason[:12] for item in used.left_out} == {
            "a/0.png": "an empty fil",
            "a/1.png": "nothing ther",
            "b/1.png": "no picture f",
            "b/2.png": "damaged, cut",
        }


def test_only_broken_files(pictures, folder):
    for i in range(len(pictures)):
        pictures.file(i).write_bytes(b"")
    store, used = decode_all(pictures, folder)
    assert len(store) == len(used) == 0
    assert len(used.left_out) == len(pictures)


def test_built_anew_when_a_file_changes_comes_or_goes(pictures, folder, draw):
    decode_all(pictures, folder)
    stat = pictures.file(2).stat()
    shutil.copy(pictures.file(3), pictures.file(2))
    os.utime(pictures.file(2), ns=(stat.st_atime_ns, stat.st_mtime_ns + 1))
    for now in (pictures, pictures.select(np.arange(3)), pictures):
        counter = Counter()
        store, used = decode_all(now, folder, advance=counter)
        assert counter.built
        assert same_as_decode(store, used)


@pytest.mark.parametrize("content", ["", "{}", "[]", "null", "not json", '{"stamp": 1}', '{"schema": 99}'])
def test_a_damaged_index_is_not_believed(pictures, folder, content):
    decode_all(pictures, folder)
    (folder / INDEX).write_text(content)
    assert same_as_decode(*decode_all(pictures, folder))


def test_pixels_cut_short_are_not_believed(pictures, folder):
    decode_all(pictures, folder)
    os.truncate(folder / PIXELS, 100)
    assert same_as_decode(*decode_all(pictures, folder))
    (folder / PIXELS).unlink()
    assert same_as_decode(*decode_all(pictures, folder))


def test_an_interrupted_build_is_begun_anew(pictures, folder):
    def stop(done):
        nonlocal left
        left -= done
        if not left:
            raise KeyboardInterrupt

    for left in (1, 4, len(pictures)):  # noqa: B007 - counted down by stop()
        with pytest.raises(KeyboardInterrupt):
            decode_all(pictures, folder, advance=stop)
        assert not (folder / INDEX).exists()
    counter = Counter()
    assert same_as_decode(*decode_all(pictures, folder, advance=counter))
    assert counter.built


def test_a_killed_rebuild_leaves_nothing_that_is_read(pictures, folder, draw):
    decode_all(pictures, folder)
    draw(pictures.root / "a/0.png", 30, 30)
    program = (
        "import os, signal, sys\n"
        "from pathlib import Path\n"
        "from tellapart.pictures.read import read_pictures\n"
        "from tellapart.pictures.store import decode_all\n"
        "kill = lambda _: os.kill(os.getpid(), signal.SIGKILL)\n"
        "decode_all(read_pictures(sys.argv[1]), Path(sys.argv[2]), advance=kill)\n"
    )
    done = subprocess.run([sys.executable, "-c", program, pictures.root, folder], check=False, timeout=60)
    assert done.returncode == -9
    assert (folder / PIXELS).exists()
    counter = Counter()
    assert same_as_decode(*decode_all(pictures, folder, advance=counter))
    assert counter.built


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="a disk that is always full is a thing of Linux")
@pytest.mark.parametrize("full", [PIXELS, INDEX + ".part"])
def test_a_full_disk(pictures, folder, refused, full):
    folder.mkdir(parents=True)
    (folder / full).symlink_to("/dev/full")
    error = refused(decode_all, pictures, folder)
    assert isinstance(error, RunFolderError)
    assert "should fit on the disk" in error.expected
    assert "make room" in error.advice
    assert list(folder.iterdir()) == []
    assert same_as_decode(*decode_all(pictures, folder))


def test_a_folder_that_cannot_be_written(pictures, tmp_path, refused):
    (tmp_path / "file").write_text("")
    error = refused(decode_all, pictures, tmp_path / "file" / "store")
    assert isinstance(error, RunFolderError)
    assert error.found == "Not a directory"


def test_a_stream_is_in_order_yields_errors_and_reads_only_a_little_ahead(tmp_path, draw):
    names = [f"{i}.png" for i in range(3 * AHEAD)]
    for name in names:
        draw(tmp_path / name)
    (tmp_path / "1.png").write_bytes(b"")
    asked = []
    stream = decode_stream(tmp_path / name for name in names if not asked.append(name))
    np.testing.assert_array_equal(next(stream)[0], decode(tmp_path / "0.png")[0])
    assert isinstance(next(stream), BrokenPictureError)
    assert len(asked) <= AHEAD + 2
    for name, (image, _) in zip(names[2:], stream, strict=True):
        np.testing.assert_array_equal(image, decode(tmp_path / name)[0])


def test_many_pictures_need_little_memory(tmp_path, draw, memory_growth_mb):
    one = draw(tmp_path / "set/a/0.png", 64, 64)
    (tmp_path / "set/b").mkdir()
    for i in range(2000):
        (tmp_path / "set" / "ab"[i % 2] / f"{i}.png").write_bytes(one.read_bytes())
    grown = memory_growth_mb(
        """
        from pathlib import Path
        from tellapart.pictures.read import read_pictures
        from tellapart.pictures.decode import decode
        from tellapart.pictures.store import decode_all
        decode(sys.argv[1] + "/a/0.png")
        """,
        """
        store, pictures = decode_all(read_pictures(sys.argv[1]), Path(sys.argv[2]), workers=2)
        assert len(store) == len(pictures) == 2000
        assert sum(int(store[i].sum()) for i in range(2000)) > 0
        """,
        str(tmp_path / "set"),
        str(tmp_path / "store"),
    )
    assert grown < 30  # the pixels alone are 25 MB, the 2,000 lines about them a few
