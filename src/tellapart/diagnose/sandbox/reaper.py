"""``python -m tellapart.diagnose.sandbox.reaper MARK FOLDER``: outlives a process, and clears away what it leaves.

Where a run belongs to a process that may be killed at any moment, as a worker of a cluster is, nobody would end the run
with it. This process waits until the other side of its standard input is gone, whatever the reason; then it kills
whoever carries the mark and removes the folder.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import IO

from .process import end_marked


def start_reaper(mark: str, folder: Path) -> IO[bytes]:
    """Start one; what is returned is to be kept open by this process as long as it lives.

    Parameters
    ----------
    mark
        What `tellapart.diagnose.sandbox.process.MARK` is in the environment of the runs.
    folder
        Where they write.
    """
    source = str(Path(__file__).resolve().parents[3])
    started = subprocess.Popen(  # noqa: S603 - ourselves
        [sys.executable, "-m", __name__, mark, str(folder)],
        env={
            **os.environ,
            "PYTHONPATH": os.pathsep.join(filter(None, [os.environ.get("PYTHONPATH"), source])),
        },
        stdin=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    started.wait()  # what stays is its child: a cluster kills the children of the workers that it ends
    assert started.stdin is not None  # noqa: S101 - opened above
    return started.stdin


def main(mark: str, folder: str) -> None:
    """Leave the family, wait, clear away."""
    if os.fork():
        os._exit(0)
    os.setsid()
    while os.read(0, 1024):
        pass
    end_marked(mark)
    shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    main(*sys.argv[1:])
