"""A cluster of two nodes with one core each, on loopback, in a process of its own; started once."""

from __future__ import annotations

import os
import subprocess
import sys
import textwrap
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from tellapart.scale.executor import Executor
from tellapart.scale.opening import TRAINING, Place, open_executor, parse_on
from tests.deploy.conftest import drawn, drawn_once, run, write_model  # noqa: F401

CLUSTER = """
    import socket, sys
    from ray.cluster_utils import Cluster

    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        port = one.getsockname()[1]
    node = {"num_cpus": 1, "node_ip_address": "127.0.0.1", "object_store_memory": 100 * 2**20}
    node |= {"include_dashboard": False, "include_log_monitor": False, "no_monitor": True}  # what nobody asks here
    for tries_left in (4, 3, 2, 1, 0):  # Ray gives up a node that takes more than 30 s, as on a busy machine
        cluster = Cluster()
        try:
            cluster.add_node(**node, ray_client_server_port=port)
            cluster.add_node(**node)
            break
        except Exception:
            cluster.shutdown()
            if not tries_left:
                raise
    print(port, flush=True)
    sys.stdin.read()
    cluster.shutdown()
"""
ALONE = {
    "RAY_USAGE_STATS_ENABLED": "0",
    "RAY_ENABLE_WINDOWS_OR_OSX_CLUSTER": "0",  # loopback stays loopback: else Ray asks at the machine's address
    "RAY_worker_niceness": "0",  # Ray would put workers behind all else on the machine
    "GRPC_ENABLE_FORK_SUPPORT": "0",  # its client server forks, and grpcio 1.85 was seen to crash in the child
}


@contextmanager
def a_cluster(told: Path) -> Iterator[tuple[str, subprocess.Popen[str]]]:
    """Start a cluster and yield its address, and the process that ends it when its input is closed."""
    pytest.importorskip("ray")
    with (
        told.open("w") as errors,
        subprocess.Popen(
            [sys.executable, "-c", textwrap.dedent(CLUSTER)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=errors,
            text=True,
            env=os.environ | ALONE,
        ) as started,
    ):
        assert started.stdout is not None
        port = started.stdout.readline().strip()
        assert port, told.read_text()
        yield f"ray://127.0.0.1:{port}", started
        if started.poll() is None:
            started.communicate("", timeout=60)


@pytest.fixture(scope="session")
def place(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Place]:
    """The cluster."""
    with a_cluster(tmp_path_factory.mktemp("cluster") / "stderr") as (address, _):
        yield parse_on(address)


@pytest.fixture(scope="session")
def on_ray(place: Place) -> Iterator[Executor]:
    """The executor of the cluster; a process has one connection, and it is dear to make."""
    said: list[str] = []
    with open_executor(place, TRAINING, said.append) as executor:
        assert said == [f"The work runs on Ray at {place.address}: 2 nodes, 2 cores."]
        yield executor


@pytest.fixture
def dying_once(tmp_path: Path) -> Callable[..., Any]:
    """Return the task as one that kills its process in the middle, the first time."""

    def dying_once(function: Callable[..., Any], steps: int) -> Callable[..., Any]:
        mark = str(tmp_path / "died")

        def task(*arguments: Any, advance: Callable[[int], None]) -> Any:
            import os
            import signal
            from pathlib import Path

            done = []

            def step(count: int) -> None:
                done.append(count)
                if len(done) == steps and not Path(mark).exists():
                    Path(mark).touch()
                    os.kill(os.getpid(), signal.SIGKILL)
                advance(count)

            return function(*arguments, advance=step)

        return task

    return dying_once
