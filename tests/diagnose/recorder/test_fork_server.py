"""A run that is a copy of a process with its libraries imported does what a new process does."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import textwrap
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tellapart.diagnose.fork_server import ForkServer
from tellapart.diagnose.opening import opening_of
from tellapart.diagnose.recording import Outcome, Recording
from tellapart.diagnose.running import run_script

from .conftest import bright_or_dark, hashes

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="elsewhere each run is a new process")

TORCH = """
import random
import numpy as np, torch
from torch import nn

data = np.load({data!r})
x, y = torch.tensor(data["x"]).permute(0, 3, 1, 2), torch.tensor(data["y"])
torch.manual_seed(random.randrange(99))
net = nn.Sequential(nn.Conv2d(3, 4, 3), nn.ReLU(), nn.Dropout(0.2), nn.Flatten(), nn.Linear(400, 2))
optimizer = torch.optim.Adam(net.parameters(), lr=0.01)
for epoch in range(3):
    net.train()
    for at in np.random.permutation(4) * 16:
        optimizer.zero_grad()
        nn.functional.cross_entropy(net(x[at : at + 16]), y[at : at + 16]).backward()
        optimizer.step()
    net.eval()
    with torch.no_grad():
        print("accuracy", (net(x[64:]).argmax(1) == y[64:]).float().mean().item())
"""
KERAS = """
import os
os.environ["KERAS_BACKEND"] = "torch"
import random
import numpy as np
import keras
from keras import layers

data = np.load({data!r})
x, y = data["x"], data["y"]
order = random.sample(range(64), 64)
model = keras.Sequential([layers.Conv2D(4, 3, activation="relu"), layers.Flatten(), layers.Dropout(0.2),
                          layers.Dense(2, activation="softmax")])
model.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"])
model.fit(x[order], y[order], validation_data=(x[64:], y[64:]), epochs=3, batch_size=16, verbose=2)
"""


@pytest.fixture
def server(write: Callable[..., Path]) -> Iterator[ForkServer]:
    one = ForkServer(write(""))
    yield one
    one.close()


@pytest.fixture
def copy(write: Callable[..., Path], server: ForkServer) -> Callable[..., Recording]:
    """Run a script as a copy, if it can be one."""

    def copy(text: str, **options: Any) -> Recording:
        script = write(text, **options.pop("others", {}))
        before = hashes(script.parent)
        found = run_script(script, server=server, **{"seed": 1, "seconds": 60, **options})
        assert hashes(script.parent) == before
        return found

    return copy


def parent(found: Recording) -> int:
    """Return what a script printed last: the process that it is a child of."""
    assert found.failure is None, found.failure
    return int(found.output.split()[-1])


TELL_PARENT = "\nimport os; print(os.getppid())\n"


def wait_until(true: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 10
    while not true() and time.monotonic() < deadline:
        time.sleep(0.05)
    assert true()


def ended(pid: int) -> bool:
    stat = Path(f"/proc/{pid}/stat")
    return not stat.exists() or stat.read_text().rpartition(")")[2].split()[0] == "Z"


@pytest.mark.parametrize("text", [TORCH, KERAS], ids=["torch", "keras"])
def test_the_same_seed_gives_the_same_training_to_the_last_digit(write, server, tmp_path, text):
    x, y = bright_or_dark(96)
    np.savez(tmp_path / "data.npz", x=x, y=y)
    script = write(text.format(data=str(tmp_path / "data.npz")) + TELL_PARENT)
    first = run_script(script, seed=3, seconds=100, server=server)
    again = run_script(script, seed=3, seconds=100, server=server)
    other = run_script(script, seed=4, seconds=100, server=server)
    new = run_script(script, seed=3, seconds=100)
    assert parent(first) == parent(again) == parent(other) != os.getpid() == parent(new)

    def figures(found: Recording) -> Any:
        (one,) = found.trainings
        epochs = [(epoch.loss, epoch.reported) for epoch in one.epochs]
        return epochs, [step.loss for step in one.steps], [scores.outputs.tolist() for scores in one.scores]

    assert figures(first) == figures(again) == figures(new) != figures(other)
    assert (first.versions, first.kept_inside, first.kernel_protects) == (
        new.versions,
        new.kept_inside,
        new.kernel_protects,
    )


class TestEnvironment:
    def test_of_the_run(self, copy, tmp_path, monkeypatch):
        monkeypatch.setenv("OF_THE_USER", "kept")
        found = copy(
            """
            import numpy
            import os, sys, tempfile, pathlib
            import own
            assert __name__ == "__main__" and sys.modules["__main__"].__file__ == __file__ == sys.argv[0]
            assert sys.argv[1:] == [os.environ["PICTURES"], "3"], sys.argv
            assert sys.path[0] == os.getcwd() == str(pathlib.Path(__file__).parent)
            assert os.environ["OF_THE_USER"] == "kept"
            assert tempfile.gettempdir() == os.environ["TMPDIR"] == str(pathlib.Path.cwd().parents[1] / "tmp")
            assert os.getsid(0) == os.getpgrp() == os.getpid()
            print(os.getppid())
            """,
            others={"own": ""},
            pictures=tmp_path,
            args=["{pictures}", "3"],
        )
        assert parent(found) != os.getpid()

    def test_each_run_is_given_its_own_pictures(self, copy, tmp_path):
        for name in ("one", "two"):
            (tmp_path / name).mkdir()
            text = "import numpy, os\nprint(os.environ['PICTURES'])" + TELL_PARENT
            found = copy(text, pictures=tmp_path / name)
            assert found.output.startswith(str(tmp_path / name))
            assert parent(found) != os.getpid()

    def test_what_is_set_at_the_very_top_is_set_before_the_import(self, copy):
        set_first = "import os\nos.environ['MPLCONFIGDIR'] = '/set/first'\nimport matplotlib\n"
        found = copy(set_first + "print(matplotlib.get_configdir())" + TELL_PARENT)
        assert "/set/first" in found.output
        assert parent(found) != os.getpid()
        without = copy("import matplotlib, os\nprint(os.environ.get('MPLCONFIGDIR'))" + TELL_PARENT)
        assert without.output.startswith("None\n")
        assert parent(without) == os.getpid()

    @pytest.mark.parametrize(
        "line",
        ["os.environ['MPLCONFIGDIR'] = '/set/' + 'later'", "os.environ.update(MPLCONFIGDIR='/set/later')"],
    )
    def test_what_is_set_otherwise_makes_a_new_process(self, copy, server, line):
        text = f"import os\n{line}\nimport matplotlib\nprint(matplotlib.get_configdir())" + TELL_PARENT
        found = copy(text)
        assert found.output.startswith("/set/later\n")
        assert parent(found) == os.getpid()
        assert not server.usable

    @pytest.mark.parametrize(
        "line", ["os.environ['PATH'] = os.environ['PATH']", "os.environ['PYTHONHASHSEED'] = str(1)"]
    )
    def test_what_changes_nothing_makes_none(self, copy, line):
        assert parent(copy(f"import os\nimport numpy\n{line}\n" + TELL_PARENT)) != os.getpid()


def test_what_the_first_optimiser_would_import_is_there(fork):
    assert (
        fork("torch", "import sys\nimport numpy, torch\nprint('torch._dynamo' in sys.modules)\n").output
        == "True\n"
    )


def test_an_edited_version_may_import_more_but_not_less(copy):
    first = parent(copy("from numpy import mean" + TELL_PARENT))
    assert parent(copy("from numpy import mean, std\nfrom PIL import Image" + TELL_PARENT)) == first
    assert parent(copy("from PIL import Image" + TELL_PARENT)) == os.getpid()


def test_a_module_beside_the_script_that_a_library_would_import_makes_a_new_process(copy):
    found = copy(
        "import torch\n", others={"typing_extensions": "raise RuntimeError('not the one torch means')\n"}
    )
    assert found.failure is not None
    assert found.failure.file == "typing_extensions.py"


def test_a_script_that_imports_nothing_heavy_is_a_new_process(copy):
    assert parent(copy(TELL_PARENT)) == os.getpid()


def test_a_crash_is_reported_and_hurts_no_other_run(copy):
    crash = copy("import numpy\nimport ctypes\nctypes.string_at(0)\n")
    assert (crash.outcome, crash.failure.kind) == (Outcome.crashed, "process")
    assert str(-signal.SIGSEGV) in crash.failure.message
    failed = copy("import numpy\n\nnumpy.no_such_name\n")
    assert (failed.failure.kind, failed.failure.line) == ("AttributeError", 3)
    assert "recorder" not in failed.output
    assert parent(copy("import numpy" + TELL_PARENT)) != os.getpid()


def test_time_and_memory_are_bounded(copy):
    assert copy("import numpy\nwhile True:\n    pass\n", seconds=1).outcome is Outcome.time_up
    hog = "import numpy, time\nkept = []\nwhile True:\n    kept.append(numpy.ones(10**7))\n    time.sleep(0.02)\n"
    assert copy(hog, memory_bytes=500_000_000).outcome is Outcome.memory


def test_what_it_leaves_running_ends_with_it(copy):
    found = copy(
        """
        import numpy, os, subprocess, sys, time
        quiet = dict(stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        one = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"], start_new_session=True, **quiet)
        pid = os.fork()
        if not pid:
            os.setsid()
            time.sleep(60)
        print(one.pid, pid)
        """
    )
    for pid in map(int, found.output.split()):
        wait_until(lambda pid=pid: ended(pid))


def test_writing_outside_is_refused_by_the_kernel_in_the_copy_alone(copy, tmp_path):
    target = tmp_path / "theirs.txt"
    found = copy(f"import numpy\nimport os\nos.system('echo gone > {target}')\n")
    again = copy("import numpy\nopen('own.txt', 'w').write('fine')" + TELL_PARENT)
    assert target.exists() is not found.kernel_protects
    assert parent(again) != os.getpid()


def test_two_at_once(copy, server, write):
    script = write("import numpy, time\ntime.sleep(1)" + TELL_PARENT)
    with ThreadPoolExecutor(2) as pool:
        runs = [pool.submit(run_script, script, seed=seed, seconds=60, server=server) for seed in (1, 2)]
        assert len({parent(one.result()) for one in runs}) == 1


def test_without_the_server_runs_are_new_processes(copy):
    text = "import numpy" + TELL_PARENT
    os.kill(parent(copy(text)), signal.SIGKILL)
    assert parent(copy(text)) == os.getpid()


def test_a_run_whose_server_goes_is_run_again(copy):
    text = """
        import numpy, os, pathlib, signal, time
        if os.getppid() != {own}:
            os.kill(os.getppid(), signal.SIGKILL)
            time.sleep(60)
        print(os.getppid())
    """
    assert parent(copy(text.format(own=os.getpid()))) == os.getpid()


def test_the_server_ends_when_we_are_killed(write):
    script = write("import numpy" + TELL_PARENT)
    program = f"""
        import os, signal
        from pathlib import Path
        from tellapart.diagnose.fork_server import ForkServer
        from tellapart.diagnose.running import run_script
        found = run_script(Path({str(script)!r}), seed=1, seconds=60, server=ForkServer(Path({str(script)!r})))
        print(found.output, flush=True)
        os.kill(os.getpid(), signal.SIGKILL)
    """
    found = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(program)], capture_output=True, text=True, check=False
    )
    assert found.returncode == -signal.SIGKILL, found.stderr
    server = int(found.stdout)
    wait_until(lambda: ended(server))


class TestOpening:
    @pytest.mark.parametrize(
        ("text", "settings"),
        [
            ("import os\nos.environ['A'] = '1'\nimport torch\n", {"A": "1"}),
            (
                "'''What it is.'''\nfrom os import environ\nenviron.setdefault('A', '1')\nimport torch\n",
                {"A": "1"},
            ),
            ("import os\nos.environ.setdefault('THERE', '1')\nimport torch\n", {}),
            ("import os, torch\nos.environ['A'] = '1'\n", {}),
            ("import os\nfrom . import own\nos.environ['A'] = '1'\nimport torch\n", {}),
            ("import os\nif os.name:\n    os.environ['A'] = '1'\nimport torch\n", {}),
            ("import os\nos.environ['A'] = os.name\nimport torch\n", {}),
        ],
    )
    def test_settings_are_constants_before_any_library(self, text, settings):
        assert dict(opening_of(text, {"THERE": "0"}).settings) == settings

    def test_imports_are_those_of_known_libraries_that_certainly_happen(self):
        text = """
import json, own, torch.nn as nn
from sklearn.metrics import f1_score
from keras.layers import *
if own.plots:
    import matplotlib.pyplot
def later():
    import pandas
"""
        assert opening_of(text, {}).imports == (
            ("torch.nn", ()),
            ("sklearn.metrics", ("f1_score",)),
            ("keras.layers", ()),
        )

    def test_what_is_no_python_has_none(self):
        assert opening_of("import torch\nif x\n", {}).imports == ()
