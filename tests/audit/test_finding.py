from __future__ import annotations

import numpy as np
import pytest

from tellapart.audit.finding import MOST_FILES, by_gravity, finding
from tellapart.evaluate.estimate import Estimate


def test_estimates_and_numpy_become_plain_values() -> None:
    one = finding(
        "copies.near",
        "note",
        "t",
        advice="a",
        evidence={
            "share": Estimate(0.5, 0.4, 0.6, 10),
            "no share": Estimate.undefined(),
            "count": np.int64(3),
            "ratio": float("nan"),
            "nested": {"list": [np.float64(1.5), "x"]},
        },
    )
    assert one.to_dict()["evidence"] == {
        "share": {"value": 0.5, "low": 0.4, "high": 0.6, "n": 10},
        "no share": {"value": None, "low": None, "high": None, "n": 0},
        "count": 3,
        "ratio": None,
        "nested": {"list": [1.5, "x"]},
    }


def test_files_beyond_the_most_are_counted() -> None:
    one = finding(
        "files.constant", "warn", "t", advice="a", files=[(f"{i}.png",) for i in range(MOST_FILES + 7)]
    )
    assert len(one.files) == MOST_FILES
    assert one.evidence["more_files"] == 7


def test_the_gravest_come_first() -> None:
    sorted_ = by_gravity(
        [
            finding("files.constant", "note", "t", advice="a"),
            finding("split.shift", "stop", "t", advice="a"),
            finding("copies.near", "warn", "t", advice="a"),
            finding("copies.exact", "warn", "t", advice="a"),
        ]
    )
    assert [one.code for one in sorted_] == ["split.shift", "copies.exact", "copies.near", "files.constant"]


def test_a_code_without_a_page_is_refused() -> None:
    with pytest.raises(ValueError, match=r"copies\.perhaps"):
        finding("copies.perhaps", "note", "t", advice="a")
