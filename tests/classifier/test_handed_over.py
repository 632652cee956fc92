"""What `fit` and `predict` take, and what they refuse."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
import torch
from PIL import Image, ImageOps
from torch.utils.data import Dataset

from tellapart.classifier.gather import gather
from tellapart.classifier.images import Whiteness
from tellapart.errors import TellapartError


class TorchPictures(Dataset):
    """A map-style dataset that counts how often each picture is fetched."""

    def __init__(self, pictures, labels):
        self.pictures, self.labels, self.fetched = pictures, labels, 0

    def __len__(self):
        return len(self.pictures)

    def __getitem__(self, index):
        self.fetched += 1
        return self.pictures[index], self.labels[index]


class HuggingFacePictures:
    """What is used of a Hugging Face dataset."""

    column_names = ("image", "label")

    def __init__(self, pictures, labels):
        self.features = {"label": SimpleNamespace(names=["dark", "bright"]), "image": None}
        self.rows = [{"image": one, "label": label} for one, label in zip(pictures, labels, strict=True)]

    def __len__(self):
        return len(self.rows)

    def __getitem__(self, index):
        return self.rows[index]


def pil(X):
    return [Image.fromarray(one) for one in X]


def chw(X):
    return [torch.from_numpy(np.moveaxis(one, -1, 0).copy()) for one in X]


KINDS = {
    "uint8": lambda d: d.X,
    "int64": lambda d: d.X.astype(np.int64),
    "float in 0..1": lambda d: d.X / 255,
    "float in 0..255": lambda d: d.X.astype(np.float32),
    "list of arrays": lambda d: list(d.X),
    "object array": lambda d: np.array([*pil(d.X), None], dtype=object)[:-1],
    "Pillow": lambda d: pil(d.X),
    "tensor": lambda d: torch.stack(chw(d.X)),
    "torch dataset of tensors": lambda d: TorchPictures([one / 255 for one in chw(d.X)], d.y),
    "torch dataset of Pillow": lambda d: TorchPictures(pil(d.X), d.y),
    "Hugging Face": lambda d: HuggingFacePictures(pil(d.X), d.y),
    "paths": lambda d: d.files,
    "array of paths": lambda d: np.array([str(file) for file in d.files]),
    "series of paths": lambda d: pd.Series([str(file) for file in d.files]),
    "DataFrame": lambda d: pd.DataFrame({"path": d.files}),
    "folder": lambda d: d.folder,
}


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_of_the_same_pictures_is_answered_alike(kind, from_folder, answered, few):
    np.testing.assert_array_equal(from_folder.predict_proba(KINDS[kind](few)), answered)


@pytest.mark.parametrize("kind", [kind for kind in KINDS if kind != "folder"])
def test_every_kind_reaches_training_with_the_same_pixels(kind, read_only, drawn):
    X = KINDS[kind](drawn)
    pictures, pixels, classifier = read_only(X, drawn.y)
    assert [int(pictures.classes[label]) for label in pictures.labels] == drawn.y.tolist()
    np.testing.assert_array_equal(pixels, drawn.X)
    assert classifier.classes_.tolist() == [2, 10]


def test_a_dataset_brings_its_labels_and_is_fetched_once(read_only, drawn):
    labels = (drawn.y == 2).tolist()
    dataset = TorchPictures(pil(drawn.X), labels)
    pictures, _, classifier = read_only(dataset)
    assert dataset.fetched == len(drawn.X)
    assert classifier.classes_.dtype == bool
    assert [pictures.classes[label] == "True" for label in pictures.labels] == labels


def test_names_of_a_hugging_face_dataset_are_used_in_words_alone(read_only, drawn):
    numbers = (drawn.y == 2).astype(int)
    pictures, _, classifier = read_only(HuggingFacePictures(pil(drawn.X), numbers))
    assert pictures.classes == ("bright", "dark")
    assert classifier.classes_.tolist() == [0, 1]


def test_a_data_frame_brings_labels_parts_and_groups(read_only, drawn):
    frame = pd.DataFrame({"path": drawn.files, "label": drawn.y, "split": "train", "group": drawn.y // 2})
    frame.loc[::4, "split"] = "test"
    pictures, _, classifier = read_only(frame.sample(frac=1, random_state=0))
    assert classifier.classes_.dtype.kind == "i"
    assert sorted(pictures.parts.tolist()) == sorted(frame["split"])
    assert set(pictures.groups) == {"1", "5"}


def test_paths_seen_from_here_or_from_the_root_are_the_same(read_only, drawn, monkeypatch):
    monkeypatch.chdir(drawn.folder)
    near = [file.relative_to(drawn.folder) for file in drawn.files]
    assert read_only(near, drawn.y)[0].paths == read_only(drawn.files, drawn.y)[0].paths


def test_groups_reach_training_and_none_stands_alone(read_only, drawn):
    groups = [None, float("nan"), *(["panel 7"] * 20)]
    for X in (drawn.X, drawn.files):
        assert read_only(X, drawn.y, groups=groups)[0].groups.tolist() == ["", "", *["panel 7"] * 20]


def test_a_groups_file_beside_the_paths_holds(read_only, drawn):
    file = drawn.folder / "groups.csv"
    file.write_text("file,group\n" + "".join(f"2/{n:02d}.png,one\n" for n in range(12)))
    try:
        assert read_only(drawn.files, drawn.y)[0].groups.tolist().count("one") == 12
        assert set(read_only(drawn.files, drawn.y, groups=range(22))[0].groups) == set(map(str, range(22)))
    finally:
        file.unlink()


def test_pictures_in_memory_are_turned_laid_on_white_and_reduced_as_files_are(read_only, tmp_path):
    rng = np.random.default_rng(0)
    pictures = [Image.fromarray(rng.integers(0, 256, (700, 90, 4), dtype=np.uint8)) for _ in range(4)]
    files = [tmp_path / f"{n}.png" for n in range(4)]
    for file, picture in zip(files, pictures, strict=True):
        exif = picture.getexif()
        exif[0x0112] = 6
        picture.save(file, exif=exif)
        picture.info["exif"] = exif.tobytes()
    _, kept, _ = read_only(pictures, list("aabb"))
    _, read, _ = read_only(files, list("aabb"))
    assert kept[0].shape[1] == 512
    np.testing.assert_array_equal(kept, read)
    assert pictures[0].size == (90, 700)  # left as it was


def test_sizes_may_differ(read_only, drawn):
    pictures = [ImageOps.expand(one, border=n) for n, one in enumerate(pil(drawn.X))]
    _, pixels, _ = read_only([np.asarray(one.convert("L")) for one in pictures], drawn.y)
    assert [one.shape for one in pixels] == [(32 + 2 * n, 32 + 2 * n, 3) for n in range(22)]


def test_a_dark_picture_is_judged_by_the_white_of_training(read_only, drawn):
    _, _, classifier = read_only(drawn.X.astype(float), drawn.y)
    dark = np.ones((1, 32, 32, 3))  # nearly black of 255, or all white of 1
    np.testing.assert_array_equal(
        classifier.predict_proba(dark), classifier.predict_proba(dark.astype(np.uint8))
    )


def with_value(X, value):
    spoilt = X / 255
    spoilt[3, 5, 5, 0] = value
    return spoilt


REFUSED = {
    "nan": (lambda d: with_value(d.X, np.nan), "not-a-number"),
    "infinity": (lambda d: with_value(d.X, np.inf), "infinity"),
    "negative": (lambda d: with_value(d.X, -0.1), "-0.1"),
    "above 255": (lambda d: with_value(d.X, 300), "300"),
    "16 bit": (lambda d: d.X.astype(np.uint16) * 257, "0 and 255"),
    "rows": (lambda d: d.X.reshape(22, -1), "shape"),
    "one row": (lambda d: np.arange(22.0), "shape"),
    "five dimensions": (lambda d: d.X[:, None], "shape"),
    "channels first": (lambda d: np.moveaxis(d.X, -1, 1), "moveaxis"),
    "one picture": (lambda d: d.X[0], "[picture]"),
    "complex": (lambda d: d.X.astype(complex), "Complex"),
    "objects": (lambda d: d.X.astype(object), "object"),
    "text": (lambda d: d.X.astype(str), "<U"),
    "nothing": (lambda d: d.X[:0], "0 sample"),
    "no pixels": (lambda d: d.X[:, :0], "shape"),
    "an empty list": (lambda d: [], "0 sample"),
    "a missing file": (lambda d: [*d.files[:-1], "gone.png"], "gone.png"),
    "an empty path": (lambda d: [*d.files[:-1], ""], "empty path"),
    "no column path": (lambda d: pd.DataFrame({"file": d.files}), "'file'"),
    "a Hugging Face dataset without pictures": (
        lambda d: SimpleNamespace(features={}, column_names=["text"]),
        "'text'",
    ),
}


@pytest.mark.parametrize("case", REFUSED)
def test_what_is_no_picture_is_refused_in_one_clear_message(case, read_only, drawn, refused):
    make, word = REFUSED[case]
    error = refused(read_only, make(drawn), drawn.y)
    assert isinstance(error, ValueError)
    assert word in str(error)


def test_a_scale_that_changes_on_the_way_is_refused(read_only, drawn, refused):
    first, *others = chw(drawn.X.astype(np.float32))
    dataset = TorchPictures([first / 255, *others], drawn.y)
    assert "white" in refused(read_only, dataset).found


def test_one_prediction_does_not_settle_the_white_of_the_next(from_folder, answered, few):
    for X in (few.X / 255, few.X.astype(float), few.X / 255):
        np.testing.assert_array_equal(from_folder.predict_proba(X), answered)


KINDS_REFUSED = {
    "None": lambda d: None,
    "one Pillow picture": lambda d: Image.fromarray(d.X[0]),
    "a number": lambda d: 7,
    "a dictionary of parts": lambda d: {"train": d.X},
    "numbers in a list": lambda d: [[1, 2], [3, 4]],
    "an iterator": lambda d: iter(d.X),
    "bytes": lambda d: b"PNG",
}


@pytest.mark.parametrize("case", KINDS_REFUSED)
def test_what_is_of_another_kind_is_a_type_error_too(case, read_only, drawn, refused):
    X = KINDS_REFUSED[case](drawn)
    error = refused(read_only, X, drawn.y[: len(X)] if isinstance(X, list) else drawn.y)
    assert isinstance(error, TypeError)


def test_sparse_matrices_are_named(read_only, drawn, refused):
    import scipy.sparse

    assert "sparse" in str(refused(read_only, scipy.sparse.csr_array(drawn.X[:, 0, :, 0]), drawn.y))


LABELS_REFUSED = {
    "too few": (lambda y: y[:-1], "21 labels"),
    "mixed": (lambda y: ["2", *y[1:].tolist()], "mixed"),
    "numbers and booleans": (lambda y: [True, *y[1:].tolist()], "mixed"),
    "missing": (lambda y: [None, *y[1:].tolist()], "nothing"),
    "not-a-number": (lambda y: np.where(y == 2, np.nan, y), "nothing"),
    "blank": (lambda y: [" ", *map(str, y[1:])], "nothing"),
    "continuous": (lambda y: y + 0.5, "continuous"),
    "two columns": (lambda y: np.stack([y, y], 1), "shape"),
    "lists": (lambda y: [[1]] * len(y), "other"),
    "spaces apart": (lambda y: np.where(y == 2, "a", "a "), "'a'"),
    "not to be written": (lambda y: np.where(y == 2, "a", "\ud800"), "ud800"),
    "none at all": (lambda y: None, "y"),
}


@pytest.mark.parametrize("case", LABELS_REFUSED)
def test_impossible_labels_are_refused(case, read_only, drawn, refused):
    make, word = LABELS_REFUSED[case]
    error = refused(read_only, drawn.X, make(drawn.y))
    assert isinstance(error, ValueError)
    assert word in str(error)


@pytest.mark.parametrize(
    "labels",
    [
        lambda y: list(map(str, y)),
        lambda y: np.array(list(map(str, y)), dtype=object),
        lambda y: pd.Series(list(map(str, y)), dtype="category"),
        lambda y: (y == 2).tolist(),
        lambda y: y.astype(float),
        torch.tensor,
        lambda y: [torch.tensor(one) for one in y],
    ],
)
def test_labels_of_one_type_are_taken(labels, read_only, drawn):
    y = labels(drawn.y)
    _, _, classifier = read_only(drawn.X, y)
    assert set(classifier.classes_.tolist()) == {one.item() if hasattr(one, "item") else one for one in y}


def test_one_class_is_refused_by_the_main_job(drawn):
    from tellapart import ImageClassifier

    with pytest.raises(TellapartError, match="two classes"):
        ImageClassifier(members="probe").fit(drawn.X, np.ones(22, dtype=int))


def test_a_path_says_its_labels_itself(read_only, drawn, refused):
    assert isinstance(refused(read_only, drawn.folder, drawn.y), TypeError)
    assert isinstance(refused(read_only, drawn.folder, groups=drawn.y), TypeError)
    assert isinstance(refused(read_only, drawn.X, drawn.y, groups="groups.csv"), TypeError)
    assert isinstance(refused(read_only, drawn.X, drawn.y, groups=[1]), ValueError)


def test_a_broken_picture_is_named_in_prediction(from_folder, drawn, tmp_path, refused):
    broken = tmp_path / "broken.png"
    broken.write_bytes(b"no picture")
    assert refused(from_folder.predict, [*drawn.files, broken]).where == str(broken)
    cut = tmp_path / "cut.png"
    cut.write_bytes(Path(drawn.files[0]).read_bytes()[:200])
    with Image.open(cut) as opened:
        assert refused(from_folder.predict, [opened]).where == "X[0]"


def test_a_run_is_resumed_by_the_same_pictures_alone(few, tmp_path):
    changed = few.X.copy()
    changed[3, 0, 0, 0] ^= 1
    given = [
        (few.X, few.y),
        (few.X.copy(), few.y),
        (few.X / 255, few.y),
        (changed, few.y),
        (few.X, few.y[::-1]),
    ]
    identities = []
    for n, (X, y) in enumerate(given):
        (tmp_path / str(n)).mkdir()
        identities.append(gather(X, y, None, Whiteness(), tmp_path / str(n)).source.identity())
    assert len(set(identities[:3])) == 1
    assert len(set(identities)) == 3


def test_pictures_in_memory_are_not_held_a_second_time(memory_growth_mb):
    before = """
        import tempfile, numpy as np
        from pathlib import Path
        from tellapart.classifier.gather import gather
        from tellapart.classifier.images import Whiteness
        X = np.zeros((150, 500, 500, 3), dtype=np.uint8)
        X[:] = 7
        y = np.arange(150) % 2
        gather(X[:4], y[:4], None, Whiteness(), Path(tempfile.mkdtemp()))
    """
    code = """
        with tempfile.TemporaryDirectory() as scratch:
            gather(X, y, None, Whiteness(), Path(scratch))
    """
    assert memory_growth_mb(before, code) < 40  # of 112
