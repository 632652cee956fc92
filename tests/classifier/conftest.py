"""Small drawn pictures, one classifier trained on their folder, one on the same pictures as an array."""

from __future__ import annotations

import contextlib
import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import scipy.linalg  # noqa: F401 - the limit below holds for libraries that are loaded
import sklearn.linear_model  # noqa: F401
from PIL import Image
from threadpoolctl import threadpool_limits

import tellapart.pipeline
from tellapart import ImageClassifier
from tellapart.pictures.collection import Pictures

COUNTS = {"10": 10, "2": 12}  # numbers whose order as text is another one


@dataclass(frozen=True)
class Drawn:
    """N = 22 pictures: files in class folders, sorted by path, and what is in them."""

    folder: Path
    files: list[Path]
    X: np.ndarray
    y: np.ndarray


@pytest.fixture(scope="session", autouse=True)
def one_thread() -> Iterator[None]:
    """Fit tiny heads on one thread: more of them mostly wait for each other."""
    with threadpool_limits(1):
        yield


@pytest.fixture(scope="session")
def drawn(tmp_path_factory: pytest.TempPathFactory) -> Drawn:
    """Bright spots (2) and dark ones (10) on noise."""
    root, rng = tmp_path_factory.mktemp("drawn") / "pictures", np.random.default_rng(0)
    files, labels = [], []
    for name, count in COUNTS.items():
        (root / name).mkdir(parents=True)
        for number in range(count):
            y, x = np.mgrid[:32, :32] - rng.uniform(10, 22, 2)[:, None, None]
            spot = (np.hypot(x, y) < 7) * (90 if name == "2" else -90)
            grey = rng.normal(120, 12, (32, 32)) + spot
            files.append(root / name / f"{number:02d}.png")
            Image.fromarray(np.clip(grey, 0, 255).astype(np.uint8)).convert("RGB").save(files[-1])
            labels.append(int(name))
    return Drawn(root, files, np.stack([np.asarray(Image.open(file)) for file in files]), np.array(labels))


@pytest.fixture(scope="session")
def few(drawn: Drawn, tmp_path_factory: pytest.TempPathFactory) -> Drawn:
    """Four of them, in a folder of their own."""
    root, at = tmp_path_factory.mktemp("few"), [0, 1, 20, 21]
    files = [root / f"{n}.png" for n in at]
    for n, file in zip(at, sorted(files), strict=True):
        shutil.copy(drawn.files[n], file)
    return Drawn(root, sorted(files), drawn.X[at], drawn.y[at])


@pytest.fixture(scope="session")
def from_folder(drawn: Drawn, tmp_path_factory: pytest.TempPathFactory) -> ImageClassifier:
    run = tmp_path_factory.mktemp("kept") / "run"
    return ImageClassifier(members="probe", run=run).fit(drawn.folder)


@pytest.fixture(scope="session")
def from_array(drawn: Drawn) -> ImageClassifier:
    return ImageClassifier(members="probe").fit(drawn.X, drawn.y)


@pytest.fixture(scope="session")
def answered(from_folder: ImageClassifier, few: Drawn) -> np.ndarray:
    """(4, 2) probabilities of the few, by the classifier of the folder, from the array."""
    return from_folder.predict_proba(few.X)


@pytest.fixture
def untrained(
    monkeypatch: pytest.MonkeyPatch, from_folder: ImageClassifier
) -> Callable[[], contextlib.AbstractContextManager[list[tuple[Pictures, list[np.ndarray]]]]]:
    """Let `fit` take the model that is there; yields for each fit the pictures the main job gets, and their pixels."""

    @contextlib.contextmanager
    def untrained() -> Iterator[list[tuple[Pictures, list[np.ndarray]]]]:
        seen: list[tuple[Pictures, list[np.ndarray]]] = []

        def train(source: Any, run: Path, _options: Any, _progress: Any) -> None:
            from tellapart.pictures.store import decode_all

            run.mkdir(parents=True)
            store, pictures = decode_all(source, run / "store")
            seen.append((pictures, [store[i] for i in range(len(store))]))
            for name in ("metrics.json", "model.onnx"):
                shutil.copy(from_folder.run_ / name, run / name)

        with monkeypatch.context() as patched:
            patched.setattr(tellapart.pipeline, "train", train)
            yield seen

    return untrained


@pytest.fixture
def read_only(untrained: Callable[[], Any]) -> Callable[..., Any]:
    """Fit without training: (pictures as the main job gets them, their pixels in order, the classifier)."""

    def read_only(*arguments: Any, **options: Any) -> tuple[Pictures, list[np.ndarray], ImageClassifier]:
        with untrained() as seen:
            classifier = ImageClassifier(members="probe").fit(*arguments, **options)
        return *seen[0], classifier

    return read_only
