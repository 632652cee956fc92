"""A folder that the script names and that is not here is the pictures that were given, and it is said."""

from __future__ import annotations

from pathlib import Path

import pytest

from tellapart.diagnose.recording import Outcome
from tellapart.diagnose.sandbox.paths import Paths


@pytest.fixture
def pictures(tmp_path, draw_folders):
    return draw_folders(
        tmp_path / "pictures", {"train/cat": 2, "train/dog": 1, "validation/cat": 1, "validation/dog": 1}
    )


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        ([], ["P"]),
        (["-n", "3"], ["P", "-n", "3"]),
        (["--data", "{pictures}", "x"], ["--data", "P", "x"]),
        (["--data={pictures}/train"], ["--data=P/train"]),
    ],
)
def test_pictures_are_given_as_argument_and_in_the_environment(run, pictures, arguments, expected):
    found = run(
        "import os, sys\nprint(sys.argv[1:])\nprint(os.environ['PICTURES'])\n",
        pictures=pictures,
        args=arguments,
    )
    words = [
        word.replace("P", str(pictures)) if word.startswith(("P", "--data=")) else word for word in expected
    ]
    assert found.output.splitlines() == [str(words), str(pictures)]


@pytest.mark.parametrize(
    "list_them",
    [
        "sorted(os.listdir(HERE + '/train'))",
        "sorted(p.name for p in pathlib.Path(HERE, 'train').iterdir())",
        "sorted(os.path.basename(p) for p in glob.glob(HERE + '/train/*'))",
        "sorted(os.walk(os.path.join(HERE, 'train')).__next__()[1])",
    ],
)
@pytest.mark.parametrize("folder", ["/content/drive/My Drive/animals", "animals/all", "../animals"])
def test_missing_folder_is_replaced_and_named(run, pictures, folder, list_them):
    found = run(
        f"""
        import glob, os, pathlib
        from PIL import Image
        HERE = {folder!r}
        print({list_them})
        print(Image.open(HERE + "/val/cat/0.png").size)
        assert not os.path.exists("model.keras")
        """,
        pictures=pictures,
    )
    assert found.outcome is Outcome.no_training_seen, found.failure
    assert found.output.splitlines() == ["['cat', 'dog']", "(8, 6)"]
    assert {one.given for one in found.replaced} == {str(pictures), str(pictures / "validation")}
    assert found.files_read == 1


def test_folder_beside_the_script_is_found(run, pictures):
    found = run("import os\nprint(len(os.listdir('../pictures/train/cat')))\n", pictures=None)
    assert (found.output, found.replaced) == ("2\n", ())


def test_what_is_not_there_stays_so(run, pictures):
    found = run("open('weights.h5')\n", pictures=pictures)
    assert (found.outcome, found.failure.kind) == (Outcome.crashed, "FileNotFoundError")
    assert found.replaced == ()


def test_libraries_that_look_for_their_own_are_left_alone(tmp_path, pictures):
    paths = Paths(str(tmp_path), str(tmp_path), str(tmp_path), str(pictures), words="DATA = 'animals'")
    assert paths.to_read("/usr/share/nothing/at/all", listed=True) == "/usr/share/nothing/at/all"
    assert paths.to_read("/usr/share/animals", listed=True) == str(pictures)
    assert Path(paths.to_read("/usr/share/animals/train/cat")).is_dir()


@pytest.mark.parametrize(
    ("asked", "part"),
    [
        ("dataset/training_set", "train"),
        ("dataset/test_set", "validation"),
        ("/data/TrainImages", "train"),
        ("train_data", "train"),
        ("val_images", "validation"),
        ("dev", "validation"),
        ("train", "train"),
    ],
)
def test_a_part_is_found_by_the_words_of_its_name(tmp_path, pictures, asked, part):
    folder = tmp_path / "copy"
    folder.mkdir()
    paths = Paths(str(folder), str(folder), str(tmp_path), str(pictures), words=f"HERE = {asked!r}")
    full = str(folder / asked)
    assert paths.to_read(full, listed=True) == str(pictures / part)
    assert paths.to_read(f"{full}/cat") == str(pictures / part / "cat")
    assert paths.replaced == {full: str(pictures / part)}


def test_a_list_of_a_part_is_no_folder(tmp_path, pictures):
    paths = Paths(
        str(tmp_path), str(tmp_path), str(tmp_path), str(pictures), words="'train.csv', 'data/test.txt'"
    )
    for asked in ("train.csv", "data/test.txt"):
        assert paths.to_read(str(tmp_path / asked)) == str(tmp_path / asked)
    assert paths.replaced == {}
