"""What the service answers, asked as a program asks it."""

from __future__ import annotations

import asyncio
import csv
import hashlib
import io
import re
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx2
import numpy as np
import pytest
from PIL import Image

from tellapart.deploy.bulk.predicting import predict_to_table
from tellapart.deploy.predictor import Predictor
from tellapart.deploy.service.batching import Batcher
from tellapart.deploy.service.counting import Counts
from tellapart.deploy.service.limits import Limits
from tellapart.progress import Quiet
from tests.deploy.service import in_thread


@pytest.fixture(scope="module")
def client(served_run: Path) -> Iterator[httpx2.Client]:
    with in_thread(served_run, Limits()) as client:
        yield client


@pytest.fixture(scope="module")
def odd(drawn_once: Path, tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    """Pictures of many kinds, some larger than what the model is shown."""
    home = tmp_path_factory.mktemp("odd")
    large = Image.open(drawn_once / "a" / "000.png")
    exif = Image.Exif()
    exif[0x0112] = 6
    large.save(home / "turned.jpg", exif=exif)
    large.convert("CMYK").save(home / "cmyk.tiff")
    large.convert("P").save(home / "palette.gif")
    Image.fromarray(np.arange(60 * 80, dtype=np.uint16).reshape(60, 80) * 13).save(home / "sixteen.png")
    return sorted(home.iterdir()) + sorted(drawn_once.rglob("*.png"))[:20]


def form(files: list[Path]) -> list[tuple[str, tuple[str, bytes]]]:
    return [("files", (file.name, file.read_bytes())) for file in files]


def test_answers_are_those_of_predict(
    client: httpx2.Client, served_run: Path, odd: list[Path], tmp_path: Path
) -> None:
    predict_to_table(served_run, [str(file) for file in odd], tmp_path / "out.csv", Quiet())
    with (tmp_path / "out.csv").open() as table:
        rows = list(csv.DictReader(table))
    together = client.post("/v1/predict", files=form(odd)).json()["predictions"]
    for row, one, file in zip(rows, together, odd, strict=True):
        alone = client.post("/v1/predict", params={"name": file.name}, content=file.read_bytes()).json()
        for said in (one, alone["predictions"][0]):
            assert said["name"] == file.name
            # CSV has an apostrophe before what a spreadsheet would take for a formula.
            assert said["label"] == row["predicted"].removeprefix("'")
            assert said["sure"] == (row["sure"] == "yes")
            columns = [float(v) for k, v in row.items() if k.startswith("probability_")]
            assert list(said["probability"].values()) == pytest.approx(columns, abs=1e-5)
            assert list(said["probability"]) == ["-1", "=red()"]


def test_a_broken_picture_among_good_ones_has_its_error_in_its_place(
    client: httpx2.Client, odd: list[Path]
) -> None:
    good, name = odd[-1].read_bytes(), "<script>\u202e'\".png"
    files = [("x", ("a", good)), ("y", (name, good[:-40])), ("x", ("c", b"")), ("z", ("d", good))]
    response = client.post("/v1/predict", files=files)
    first, broken, empty, last = response.json()["predictions"]
    assert response.status_code == 200
    assert first["probability"] == last["probability"]
    assert broken["name"] == name.replace('"', "%22")  # as browsers write it
    assert broken["error"]["code"] == empty["error"]["code"] == "unreadable_picture"
    assert empty["error"]["found"] == "an empty file (0 bytes)"
    assert all(broken["error"].values())


def test_the_model_is_described(client: httpx2.Client, served_run: Path) -> None:
    said = client.get("/v1/model").json()
    assert said["schema"] == 1
    assert said["classes"] == ["-1", "=red()"]
    assert (said["positive"], said["threshold"], said["not_sure_below"]) == ("=red()", 0.4, 0.6)
    assert said["decision"] == "trustworthy"
    assert said["fit_for_use"]["words"] == "no aim was named"
    assert said["sha256"] == hashlib.sha256((served_run / "model.onnx").read_bytes()).hexdigest()
    assert said["trained_with"] == {"tellapart": "0.0"}
    assert said["versions"]["onnxruntime"]
    assert said["limits"]["files"] == 64


def test_a_model_alone_is_served(tmp_path: Path, write_model: Callable[..., Path]) -> None:
    write_model(tmp_path / "model.onnx")
    with in_thread(tmp_path, Limits()) as client:
        assert client.get("/v1/health").json() == {"status": "ok"}
        assert client.get("/v1/model").json()["decision"] is None


def test_a_heatmap_is_a_png_that_depends_on_the_class(client: httpx2.Client, tmp_path: Path) -> None:
    pixels = np.zeros((40, 40, 3), np.uint8)
    pixels[:, :20, 0] = 255
    Image.fromarray(pixels).save(tmp_path / "half.png")
    content = (tmp_path / "half.png").read_bytes()
    maps = []
    for name in ("-1", "=red()"):
        response = client.post("/v1/explain", params={"class": name}, content=content)
        assert response.headers["content-type"] == "image/png"
        maps.append(np.asarray(Image.open(io.BytesIO(response.content)).convert("RGB"), dtype=int))
    assert maps[0].shape == (40, 40, 3)
    # What speaks for one of two classes speaks against the other: orange where the other is blue.
    warm = [one[..., 0] - one[..., 2] for one in maps]
    assert warm[0][:, :20].mean() > 2 > -2 > warm[1][:, :20].mean()
    label = client.post("/v1/predict", content=content).json()["predictions"][0]["label"]
    predicted = client.post("/v1/explain", files=form([tmp_path / "half.png"]))
    assert predicted.content == client.post("/v1/explain", params={"class": label}, content=content).content


@pytest.mark.parametrize(
    ("query", "files", "code"),
    [
        ({"class": "<b>"}, 1, "unknown_class"),
        ({}, 2, "several_pictures"),
    ],
)
def test_a_heatmap_is_of_one_picture_and_a_known_class(
    client: httpx2.Client, odd: list[Path], query: dict[str, str], files: int, code: str
) -> None:
    response = client.post("/v1/explain", params=query, files=form(odd[:files]))
    assert (response.status_code, response.json()["error"]["code"]) == (422, code)


def test_prometheus_can_read_the_counters(client: httpx2.Client, odd: list[Path]) -> None:
    parser = pytest.importorskip("prometheus_client.parser")

    def counters() -> dict[str, float]:
        response = client.get("/metrics")
        assert response.headers["content-type"].startswith("text/plain; version=")
        return {
            sample.name + str(sorted(sample.labels.items())): sample.value
            for family in parser.text_string_to_metric_families(response.text)
            for sample in family.samples
        }

    before = counters()
    client.post("/v1/predict", files=form(odd[:3]))
    client.post("/v1/predict", content=b"no picture")
    client.get("/a/path/nobody/declared")
    after = counters()
    grown = {name: value - before.get(name, 0) for name, value in after.items()}
    predict = "('route', '/v1/predict'), ('status', "
    assert grown[f"tellapart_requests_total[{predict}'200')]"] == 1
    assert grown[f"tellapart_requests_total[{predict}'422')]"] == 1
    assert grown["tellapart_requests_total[('route', 'other'), ('status', '404')]"] == 1
    assert grown["tellapart_refused_total[('code', 'unreadable_picture')]"] == 1
    assert grown["tellapart_unreadable_pictures_total[]"] == 1
    assert sum(value for name, value in grown.items() if name.startswith("tellapart_pictures_total")) == 3
    assert grown["tellapart_batch_pictures_sum[]"] == 3
    assert after["tellapart_requests_now[]"] == 0
    assert not any("nobody" in name for name in after)


def test_the_api_describes_itself_and_fetches_nothing_from_elsewhere(client: httpx2.Client) -> None:
    paths = client.get("/openapi.json").json()["paths"]
    assert {"/v1/predict", "/v1/explain", "/v1/model", "/v1/health", "/metrics"} <= set(paths)
    assert set(paths["/v1/predict"]["post"]["requestBody"]["content"]) == {"multipart/form-data", "image/*"}
    page = client.get("/docs")
    fetched = re.findall(r'(?:src|href)="([^"]+)"', page.text)
    assert len(fetched) == 3
    for address in fetched:
        assert address.startswith("/")
        assert len(client.get(address).content) > 1000
    assert "http" not in re.sub(r"https?://127\.0\.0\.1\S*", "", page.headers["content-security-policy"])
    assert page.headers["x-content-type-options"] == "nosniff"


def test_requests_of_one_moment_are_one_batch(served_run: Path) -> None:
    class Slow(Predictor):
        """Its first batch waits until the others have come."""

        def __init__(self) -> None:
            super().__init__(served_run / "model.onnx")
            self.sizes: list[int] = []
            self.go_on = threading.Event()

        def probabilities(self, images: Any) -> np.ndarray:
            self.sizes.append(len(images))
            assert self.go_on.wait(20)
            return super().probabilities(images)

    rng = np.random.default_rng(0)
    pictures = [rng.integers(0, 256, (9, 9 + k % 2, 3), dtype=np.uint8) for k in range(13)]
    predictor = Slow()
    batcher = Batcher(predictor, Counts(predictor.classes), largest=8)

    async def ask() -> list[Any]:
        asked = [asyncio.create_task(batcher.answers([one])) for one in pictures]
        while not predictor.sizes:
            await asyncio.sleep(0.001)
        asked += [asyncio.create_task(batcher.answers(pictures[:2]))]
        await asyncio.sleep(0.01)
        predictor.go_on.set()
        return await asyncio.gather(*asked)

    answers = asyncio.run(ask())
    batcher.close()
    assert predictor.sizes == [8, 7]
    expected = Predictor(served_run / "model.onnx").probabilities(pictures)
    found = np.array([one[0].probabilities for one in answers[:-1]])
    np.testing.assert_allclose(found, expected, atol=1e-6)
    np.testing.assert_allclose([one.probabilities for one in answers[-1]], expected[:2], atol=1e-6)


def test_a_batch_waits_for_pictures_that_are_being_decoded_but_not_for_ever(served_run: Path) -> None:
    predictor = Predictor(served_run / "model.onnx")
    counts = Counts(predictor.classes)
    batcher = Batcher(predictor, counts, gather_seconds=5.0)
    picture = [np.zeros((9, 9, 3), np.uint8)]

    async def late() -> None:
        with batcher.coming():
            await asyncio.sleep(0.05)
        await batcher.answers(picture)

    async def both() -> None:
        await asyncio.gather(batcher.answers(picture), late())

    asyncio.run(asyncio.wait_for(both(), 3))
    assert counts.registry.get_sample_value("tellapart_batch_pictures_count") == 1
    assert counts.registry.get_sample_value("tellapart_batch_pictures_sum") == 2
    patient = Batcher(predictor, counts, gather_seconds=0.01)

    async def never_comes() -> None:
        with patient.coming():
            await patient.answers(picture)

    asyncio.run(asyncio.wait_for(never_comes(), 3))
    batcher.close()
    patient.close()


def test_a_failing_batch_is_the_failure_of_its_own_requests_only(served_run: Path) -> None:
    predictor = Predictor(served_run / "model.onnx")
    batcher = Batcher(predictor, Counts(predictor.classes))

    async def ask() -> None:
        with pytest.raises(TypeError):
            await batcher.answers([np.zeros(3, np.uint8)])
        assert len(await batcher.answers([np.zeros((9, 9, 3), np.uint8)])) == 1

    asyncio.run(ask())
    batcher.close()
