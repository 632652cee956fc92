"""A net trained by one process and by two, each pinned to a core, without Ray: `python -m benchmarks.scale.together`.

Prints milliseconds a step; what Ray's own processes cost on the same cores is the difference to workers.md.
"""

from __future__ import annotations

import multiprocessing
import os
import tempfile
import time
from pathlib import Path

import numpy as np

SIDES_AND_STEPS = ((96, 40), (224, 10))
PICTURES, WARM_UP = 64, 3


def main() -> None:
    """Train with one and with two processes."""
    context = multiprocessing.get_context("spawn")
    for side, steps in SIDES_AND_STEPS:
        for size in (1, 2):
            with tempfile.TemporaryDirectory() as folder:
                processes = [
                    context.Process(target=trained, args=(rank, size, Path(folder), side, steps))
                    for rank in range(size)
                ]
                for one in processes:
                    one.start()
                for one in processes:
                    one.join()


def trained(rank: int, size: int, folder: Path, side: int, steps: int) -> None:
    """Train as one of `size`; the first prints."""
    os.sched_setaffinity(0, {rank})
    import torch
    from torch import distributed

    from tellapart.members.canvases import Canvases
    from tellapart.members.detail_net import Schedule, train
    from tellapart.members.policy import POLICIES

    torch.set_num_threads(1)
    if size > 1:
        distributed.init_process_group("gloo", f"file://{folder}/meet", rank=rank, world_size=size)
    file = folder / f"canvases-{rank}"
    drawn = np.random.default_rng(0).integers(0, 256, (PICTURES, side, side, 3), dtype=np.uint8)
    file.write_bytes(drawn.tobytes())
    chosen, labels = np.arange(PICTURES), np.arange(PICTURES) % 2
    for count in (WARM_UP, steps):
        began = time.perf_counter()
        train(Canvases(file, side, side), chosen, labels, Schedule(count, POLICIES["none"], (1.0, 1.0)), 0)
    if rank == 0:
        each = 1000 * (time.perf_counter() - began) / steps
        print(f"{side} px, {size} process{'es' * (size > 1)}: {each:.0f} ms a step")


if __name__ == "__main__":
    main()
