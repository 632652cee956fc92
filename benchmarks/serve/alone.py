"""What the model does without a service: `python -m benchmarks.serve.alone RUN SECONDS PICTURE…` writes JSON."""

from __future__ import annotations

import json
import os
import sys
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import onnxruntime

from tellapart.deploy.predictor import BATCH, Predictor
from tellapart.pictures.decode import decode
from tellapart.pictures.store import decode_stream


def main() -> None:
    """Measure pictures a second, the three ways."""
    run, seconds, pictures = Path(sys.argv[1]), float(sys.argv[2]), sys.argv[3:]
    predictor = Predictor(run / "model.onnx")
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = os.cpu_count() or 1  # as the service has it
    options.log_severity_level = 4
    session = onnxruntime.InferenceSession(
        str(run / "model.onnx"), options, providers=["CPUExecutionProvider"]
    )
    prepared = [predictor.prepare(decode(one)[0]) for one in pictures]
    same = [one for one in prepared if shapes(one) == shapes(prepared[0])]
    single = {name: value[None] for name, value in prepared[0].items()}
    batch = {name: np.stack([same[k % len(same)][name] for k in range(BATCH)]) for name in single}

    def whole() -> None:
        images = (one[0] for one in decode_stream(pictures) if not isinstance(one, Exception))
        list(predictor.stream(images))

    found = {
        "one": rate(lambda: session.run(["probabilities"], single), 1, seconds),
        "batch": rate(lambda: session.run(["probabilities"], batch), BATCH, seconds),
        "files": rate(whole, len(pictures), seconds),
    }
    print(json.dumps(found))


def shapes(prepared: dict[str, np.ndarray]) -> list[tuple[int, ...]]:
    """Return what has to be equal for pictures to be one batch."""
    return [value.shape for value in prepared.values()]


def rate(work: Callable[[], object], pictures: int, seconds: float) -> float:
    """Return pictures a second of a call that answers for so many."""
    work()
    began, calls = time.perf_counter(), 0
    while time.perf_counter() - began < seconds:
        work()
        calls += 1
    return calls * pictures / (time.perf_counter() - began)


if __name__ == "__main__":
    main()
