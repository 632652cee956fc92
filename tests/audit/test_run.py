from __future__ import annotations

import json
from pathlib import Path

import jsonschema
import numpy as np
import pytest

from tellapart.audit import Audit, audit_pictures, find_kinship
from tellapart.audit.finding import CODES
from tellapart.pictures.collection import LeftOut

from .drawn import brightened, collection, jpeg, scene, sure
from .test_copies import seen
from .test_groups import series

ROOT = Path(__file__).parents[2]
TWINS = [1, 2, 3, 4, 6]  # all of the training part
SCHEMA = json.loads((ROOT / "docs" / "reference" / "audit.schema.json").read_text())


def checked(audit: Audit) -> dict:
    """The document, as text and back, after the schema has seen it."""
    document = json.loads(json.dumps(audit.to_dict(), allow_nan=False))
    jsonschema.validate(document, SCHEMA)
    return document


def audited(pictures, store, *, looks=None, features=None, out_of_fold=None, probe=None, **options) -> Audit:
    kinship = find_kinship(pictures, store, looks=looks, features=features, probe=probe, **options)
    return audit_pictures(
        pictures, store, kinship, features=features, out_of_fold=out_of_fold, probe=probe, **options
    )


def thing(rng: np.random.Generator, label: int) -> np.ndarray:
    image = scene(rng, 48, 48)
    image[16:32, 16:32] = image[16:32, 16:32] // 2 + (120 if label else 0)
    return image


@pytest.fixture(scope="module")
def clean(tmp_path_factory: pytest.TempPathFactory):
    rng = np.random.default_rng(0)
    labels = [i % 2 for i in range(120)]
    names = [f"{rng.integers(10**8)}.png" for _ in labels]
    parts = ["train" if i % 5 else "test" for i in range(120)]
    return collection(
        tmp_path_factory.mktemp("clean"), [thing(rng, x) for x in labels], labels, names=names, parts=parts
    )


def test_a_clean_set_has_no_stop_and_fits_the_schema(clean) -> None:
    pictures, store, _ = clean
    features = np.random.default_rng(1).normal(0, 1, (120, 16)).astype(np.float32)
    audit = audited(pictures, store, features=features, out_of_fold=sure(pictures.labels))
    document = checked(audit)
    assert audit.stops == ()
    assert [one["code"] for one in document["findings"]] == ["classes.too_few"]
    assert document["pictures"] == 120
    assert document["classes"] == {"cup": 60, "mug": 60}
    assert audit.leak_share == 0
    assert audit.shortcuts == ()
    assert audit.pairs(pictures) == []


def test_a_bad_set_is_called_bad_before_any_score(tmp_path: Path, clean) -> None:
    pictures, store, _ = clean
    images = [store[i] for i in range(120)]
    twins = [jpeg(brightened(seen(images[i], 5))) for i in TWINS]
    flat = np.full((48, 48, 3), 9, dtype=np.uint8)
    bad, store, _ = collection(
        tmp_path,
        [*images, *twins, flat],
        [*pictures.labels, *(1 - pictures.labels[TWINS]), 0],
        parts=[*pictures.parts, *["test"] * 6],
    )
    object.__setattr__(bad, "left_out", (LeftOut("x.png", "an empty file (0 bytes)"),))
    audit = audited(bad, store, out_of_fold=sure(bad.labels))
    document = checked(audit)
    codes = {one["code"]: one["severity"] for one in document["findings"]}
    assert codes["copies.across_splits"] == "stop"
    assert {"copies.conflicting_labels", "copies.near", "files.constant", "files.unreadable"} <= set(codes)
    assert document["findings"][0]["severity"] == "stop"
    assert audit.leak_share == pytest.approx(5 / 30)
    shown = audit.pairs(bad)
    assert [one["code"] for one in shown][:5] == ["copies.conflicting_labels"] * 5
    assert shown[0]["labels"][0] != shown[0]["labels"][1]
    assert set(shown[0]) == {"code", "indices", "paths", "labels", "words"}


@pytest.fixture(scope="module")
def plain(clean) -> tuple[Audit, list[str]]:
    """An audit without features and scores, and the stages it told of."""
    pictures, store, looks = clean
    stages: list[str] = []
    return audited(pictures, store, looks=looks, advance=lambda words, done, of: stages.append(words)), stages


def test_without_features_and_scores_the_checks_that_need_none_run(plain) -> None:
    audit, seen_stages = plain
    checked(audit)
    assert audit.labels.ranked == ()
    assert "audit: shortcuts and labels" in seen_stages


def memory(features: np.ndarray, things: np.ndarray, labels: np.ndarray):
    """A classifier that has only learnt the things by heart: right on a thing it has seen, else a guess."""
    guess = np.random.default_rng(9).permutation(labels)

    def probe(groups: np.ndarray) -> np.ndarray:
        known = len(np.unique(groups)) > len(np.unique(things)) * 2
        return sure(labels if known else guess)

    return probe


def test_suspected_series_show_the_score_both_ways(tmp_path: Path) -> None:
    pictures, _, features, things = series(tmp_path, np.random.default_rng(0))
    images = [
        np.random.default_rng(i).integers(0, 256, (8, 8, 3), dtype=np.uint8) for i in range(len(pictures))
    ]
    pictures, store, looks = collection(
        tmp_path, images, pictures.labels.tolist(), names=list(pictures.paths)
    )
    audit = audited(
        pictures, store, looks=looks, features=features, probe=memory(features, things, pictures.labels)
    )
    document = checked(audit)
    one = next(one for one in document["findings"] if one["code"] == "groups.suspected")
    assert one["severity"] == "stop"
    assert one["evidence"]["score_by_picture"]["value"] == 1
    assert one["evidence"]["score_gap"]["low"] > 0.2
    assert audit.suspected is not None
    assert audit.suspected.to_csv(pictures).startswith("path,group\n")
    assert "groups.suspected" in {pair["code"] for pair in audit.pairs(pictures)}


def test_the_schema_refuses_a_bare_interval_and_an_unknown_code(plain) -> None:
    document = plain[0].to_dict()
    one = document["findings"][0]
    for change in (
        {"code": "files.odd"},
        {"evidence": {"share": {"value": 1, "low": 0}}},
        {"severity": "bad"},
    ):
        with pytest.raises(jsonschema.ValidationError):
            jsonschema.validate({**document, "findings": [{**one, **change}]}, SCHEMA)


def test_every_code_has_its_page_and_its_place_in_the_schema() -> None:
    pages = {page.stem for page in (ROOT / "docs" / "reference" / "findings").glob("*.*.md")}
    assert pages == set(CODES)
    assert set(SCHEMA["$defs"]["finding"]["properties"]["code"]["enum"]) == set(CODES)
    index = (ROOT / "docs" / "reference" / "findings" / "README.md").read_text()
    headings = ("## Why it matters", "## How it is found", "## Example", "## What to do")
    for code in CODES:
        text = (ROOT / "docs" / "reference" / "findings" / f"{code}.md").read_text()
        assert text.startswith(f"# {code}\n")
        assert all(heading in text for heading in headings), code
        assert f"]({code}.md)" in index
