"""One task by several workers that compute together: Ray Train sets up `torch.distributed` for them."""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from typing import Any

from tellapart.scale.on_node import run

TALK = "gloo"  # the members' nets are trained on processors


def run_jointly(
    function: Callable[..., Any], workers: int, threads: int, tries: int, *arguments: Any
) -> tuple[Any, int]:
    """Return what the function returns in the first of the workers, and how many steps that did.

    Runs on a node, which waits for the others; a lost worker makes all of them begin anew, so many times.

    Parameters
    ----------
    function
        Called in each worker with the arguments and `advance`.
    workers, threads
        How many, and the cores that each takes of its node.
    tries
        After which the loss is raised.
    """
    from ray.train import FailureConfig, RunConfig, ScalingConfig
    from ray.train.torch import TorchConfig, TorchTrainer

    with tempfile.TemporaryDirectory(prefix="tellapart-") as nothing_is_kept:
        worker: Any = _worker  # Ray's types know no return value, its documentation does
        trainer = TorchTrainer(
            worker,
            train_loop_config={"function": function, "arguments": arguments},
            torch_config=TorchConfig(backend=TALK),
            scaling_config=ScalingConfig(num_workers=workers, resources_per_worker={"CPU": threads}),
            run_config=RunConfig(
                storage_path=nothing_is_kept, failure_config=FailureConfig(max_failures=tries - 1)
            ),
        )
        result: Any = trainer.fit()
        found: tuple[Any, int] = result.return_value
        return found


def _worker(config: dict[str, Any]) -> tuple[Any, int]:
    return run(config["function"], *config["arguments"])
