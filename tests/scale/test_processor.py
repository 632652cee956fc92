"""Memory that is kept: no page is fetched twice, and all is given back at the end."""

import platform
import resource

import numpy as np
import pytest

from tellapart.scale.processor import keeping_freed_memory

LARGE = 40 * 2**20  # bytes; above what glibc keeps by itself


def faults() -> int:
    """Return the pages fetched by writing one large array after the other."""
    before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
    for _ in range(5):
        np.ones(LARGE, dtype=np.uint8)
    return resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="nothing is done without glibc")
def test_large_arrays_reuse_what_was_freed() -> None:
    with keeping_freed_memory():
        faults()
        kept = faults()
    assert kept < faults() / 10
