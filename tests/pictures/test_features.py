"""Features on disk: the rows an array would give, and never all of them in memory."""

from __future__ import annotations

import tracemalloc
from pathlib import Path

import numpy as np
import pytest

from tellapart.members.head import fit_axes
from tellapart.pictures.features import ROWS_AT_ONCE, StoredFeatures


@pytest.fixture
def saved(tmp_path):
    features = np.random.default_rng(0).normal(3, 2, (3 * ROWS_AT_ONCE + 5, 40)).astype(np.float32)
    np.save(tmp_path / "features.npy", features)
    return features, StoredFeatures(tmp_path / "features.npy")


def test_rows_are_those_of_the_array(saved):
    features, stored = saved
    at = np.random.default_rng(1).permutation(len(features))
    assert len(stored) == len(features)
    assert stored.shape == features.shape
    np.testing.assert_array_equal(stored[at], features[at])
    np.testing.assert_array_equal(stored[at[:0]], features[at[:0]])


def test_the_last_columns_are_those_of_the_array(saved):
    features, stored = saved
    at = np.arange(len(features))
    assert stored.last(7).shape == (len(features), 7)
    np.testing.assert_array_equal(stored.last(7)[at], features[:, -7:])


def test_axes_are_the_same_to_the_last_digit(saved):
    features, stored = saved
    in_memory, on_disk = fit_axes(features), fit_axes(stored)
    np.testing.assert_array_equal(in_memory.axes_DR, on_disk.axes_DR)
    np.testing.assert_array_equal(in_memory.apply(features), on_disk.apply(stored))


def mapped_mib() -> float:
    status = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) / 1024 for line in status if line.startswith("RssFile:"))


@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="tells mapped pages on Linux alone")
def test_rotating_features_keeps_neither_pages_nor_copies_of_them(tmp_path):
    features = np.random.default_rng(2).normal(0, 1, (16_000, 1_000)).astype(np.float32)  # 61 MiB
    np.save(tmp_path / "features.npy", features)
    axes = fit_axes(features[:20])
    del features
    stored, before = StoredFeatures(tmp_path / "features.npy"), mapped_mib()
    tracemalloc.start()
    rows = axes.apply(stored)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert mapped_mib() - before < 10
    assert (peak - rows.nbytes) / 2**20 < 25
