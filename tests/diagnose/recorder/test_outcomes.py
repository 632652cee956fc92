"""Whatever a script does, it ends within its bounds, its ending has a name, and the user's files stay as they are."""

from __future__ import annotations

import os
import sys
import time
from pathlib import Path

import pytest

from tellapart.diagnose.recording import Outcome, Recording
from tellapart.diagnose.running import run_script

linux_only = pytest.mark.skipif(not sys.platform.startswith("linux"), reason="found by /proc")


def test_missing_import_is_named(run):
    found = run("import json\nimport no_such_package.deep\n")
    assert found.outcome is Outcome.import_missing
    assert (found.failure.missing, found.failure.line) == ("no_such_package", 2)


def test_syntax_error_has_its_line(run):
    found = run("x = 1\nif x\n  pass\n")
    assert found.outcome is Outcome.crashed
    assert (found.failure.kind, found.failure.file, found.failure.line) == ("SyntaxError", "train.py", 2)


def test_crash_has_the_innermost_line_of_the_scripts_own_files(run):
    found = run(
        "import own\n\nown.act([])\n",
        others={"own": "import json\ndef act(x):\n    return json.loads('{')\n"},
    )
    assert found.outcome is Outcome.crashed
    assert (found.failure.kind, found.failure.file, found.failure.line) == ("JSONDecodeError", "own.py", 3)
    assert 'File "own.py", line 3' in found.output
    assert "recorder" not in found.output


def test_question_to_a_person(run):
    found = run(
        "for _ in range(9):\n    try:\n        a = input('Which class? ')\n    except Exception:\n        pass\n"
    )
    assert found.outcome is Outcome.asked_for_input
    assert (found.failure.message, found.failure.line) == ("Which class? ", 3)


def test_reading_standard_input(run):
    assert run("import sys\nprint(sys.stdin.read())\n").outcome is Outcome.asked_for_input


def test_endless_loop(run):
    begun = time.monotonic()
    found = run("n = 0\nwhile True:\n    n += 1\n", seconds=2)
    assert found.outcome is Outcome.time_up
    assert found.failure.line in (2, 3)
    assert time.monotonic() - begun < 15


def test_endless_loop_that_cannot_be_interrupted_is_killed(run, monkeypatch):
    monkeypatch.setattr("tellapart.diagnose.running.START_SECONDS", 0.5)
    monkeypatch.setattr("tellapart.diagnose.running.CLOSING_LEAST", 0.5)
    found = run(
        "import signal\nsignal.signal(signal.SIGALRM, signal.SIG_IGN)\nwhile True:\n    pass\n", seconds=1
    )
    assert found.outcome is Outcome.time_up


@linux_only
def test_memory_hog(run):
    found = run(
        "import time\nkept = []\nwhile True:\n    kept.append(bytearray(20_000_000))\n    time.sleep(.01)\n",
        memory_bytes=300_000_000,
    )
    assert found.outcome is Outcome.memory
    assert found.peak_bytes > 300_000_000


def test_memory_error(run):
    assert run("x = bytearray(10**18)\n").outcome is Outcome.memory


def test_no_training(run):
    found = run("print('hello')\n")
    assert found.outcome is Outcome.no_training_seen
    assert found.failure is None
    assert found.output == "hello\n"


def test_exit_status_is_a_crash_unless_it_is_zero(run):
    assert run("raise SystemExit(0)\n").outcome is Outcome.no_training_seen
    found = run("raise SystemExit('no pictures')\n")
    assert (found.outcome, found.failure.message) == (Outcome.crashed, "no pictures")


def test_megabytes_of_output_are_cut_to_their_end(run):
    found = run("for i in range(60_000):\n    print('x' * 99)\nprint('the end')\n")
    assert found.output_bytes == 60_000 * 100 + 8
    assert len(found.output.encode()) == 64 * 1024
    assert found.output.endswith("the end\n")


def test_file_argv_and_folder_are_the_scripts_own(run):
    found = run(
        """
        import os, sys, pathlib
        assert __name__ == "__main__"
        assert pathlib.Path(__file__).name == "train.py" == os.path.basename(sys.argv[0])
        assert pathlib.Path.cwd() == pathlib.Path(__file__).parent
        assert sys.argv[1:] == ["--epochs", "3"], sys.argv
        import own
        open("left.txt", "w").write(own.word)
        os.chdir("/")
        print(os.getcwd())
        """,
        args=["--epochs", "3"],
        others={"own": "word = 'beside'\n"},
    )
    assert found.outcome is Outcome.no_training_seen, found.failure
    assert found.output == "/\n"
    assert found.kept_inside == ()


@linux_only
def test_processes_it_starts_are_named_and_end_with_it(run):
    found = run(
        """
        import subprocess, sys
        quiet = dict(stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        one = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"], start_new_session=True, **quiet)
        print(one.pid)
        """
    )
    assert "time.sleep(60)" in found.processes[0]
    time.sleep(0.1)
    state = Path(f"/proc/{int(found.output)}/stat")
    assert not state.exists() or state.read_text().split()[2] == "Z"


def test_windows_do_not_open(run):
    found = run(
        """
        import matplotlib
        matplotlib.use("TkAgg")
        import matplotlib.pyplot as plt
        plt.switch_backend("QtAgg")
        plt.plot([1, 2])
        plt.show()
        plt.show()
        """
    )
    assert found.outcome is Outcome.no_training_seen, found.failure
    assert found.windows == 2


class TestWritingOutside:
    def test_is_kept_inside_and_read_back(self, run, tmp_path):
        there = tmp_path / "results"
        there.mkdir()
        found = run(
            f"""
            import os, pathlib, shutil
            there = pathlib.Path({str(there)!r})
            (there / "new").mkdir()
            os.makedirs(there / "deep" / "er", exist_ok=True)
            (there / "new" / "a.txt").write_text("1")
            with open(there / "b.txt", "w") as file:
                file.write("2")
            shutil.copy2(there / "b.txt", there / "c.txt")
            assert (there / "new" / "a.txt").read_text() + open(there / "c.txt").read() == "12"
            assert sorted(os.listdir(there / "new")) == ["a.txt"]
            os.remove(there / "b.txt")
            assert not (there / "b.txt").exists()
            """
        )
        assert found.outcome is Outcome.no_training_seen, found.failure
        assert str(there / "b.txt") in found.kept_inside
        assert not any(there.iterdir())

    @pytest.mark.parametrize(
        "act",
        [
            "os.remove(target)",
            "os.rename(target, 'mine')",
            "import posix; posix.open(target, os.O_WRONLY)",
            "import shutil; shutil.rmtree(os.path.dirname(target))",
            "os.chmod(target, 0)",
        ],
    )
    def test_changing_what_is_there_is_refused(self, run, tmp_path, act):
        target = tmp_path / "theirs" / "precious.txt"
        target.parent.mkdir()
        target.write_text("kept")
        found = run(f"import os\ntarget = {str(target)!r}\n{act}\n")
        assert (found.outcome, found.failure.kind, found.failure.line) == (
            Outcome.crashed,
            "PermissionError",
            3,
        )
        assert found.refused
        assert target.read_text() == "kept"

    def test_removing_what_is_not_there_fails_as_ever(self, run, tmp_path):
        found = run(f"import os\nos.remove({str(tmp_path / 'none.txt')!r})\n")
        assert (found.failure.kind, found.refused) == ("FileNotFoundError", ())

    @linux_only
    def test_by_another_program_is_refused_by_the_kernel(self, run, tmp_path):
        from tellapart.diagnose.sandbox import landlock

        pid = os.fork()
        if pid == 0:  # once restricted, always restricted: asked of a process of its own
            os._exit(0 if landlock.write_only_below(["/"]) else 1)
        if os.waitpid(pid, 0)[1]:
            pytest.skip("this kernel has no Landlock")
        target = tmp_path / "theirs.txt"
        run(f"import os\nos.system('echo gone > {target}')\n")
        assert not target.exists()

    def test_through_a_link_to_a_large_file_is_kept_inside(self, run, write, tmp_path):
        script = write("with open('large.bin', 'r+b') as file:\n    file.write(b'gone')\n")
        (script.parent / "large.bin").write_bytes(bytes(6 * 2**20))
        found = run(script.read_text())  # compares hashes
        assert found.outcome in (Outcome.crashed, Outcome.no_training_seen)


def test_refusals_say_all_four_things(refused, tmp_path, write):
    refused(run_script, tmp_path / "nothing.py")
    refused(run_script, write("1\n"), pictures=tmp_path / "nothing")
    refused(run_script, write("1\n"), seconds=0)


def test_survives_json(run):
    import json

    found = run("print(1)\nraise ValueError('x')\n")
    assert Recording.from_dict(json.loads(json.dumps(found.to_dict(), allow_nan=False))) == found


def test_other_seeds_give_other_runs_and_the_same_ones_the_same(run):
    text = """
        import random
        import numpy as np
        random.seed(7)
        np.random.seed(7)
        from numpy.random import RandomState
        print(random.random(), np.random.rand(), np.random.default_rng(7).random(), RandomState(7).rand())
        assert isinstance(np.random.mtrand._rand, RandomState)
    """
    none, one, two, again = (run(text, seed=seed).output.split() for seed in (None, 1, 2, 1))
    assert one == again
    assert not set(one) & set(two)
    assert not set(one) & set(none)
    assert float(none[1]) == pytest.approx(0.07630829)
