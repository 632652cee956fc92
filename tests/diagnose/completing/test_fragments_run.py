"""Pasted fragments, completed, really train on the pictures that were given."""

from __future__ import annotations

import io
import subprocess

import pytest

from tellapart.diagnose.answer import Verdict
from tellapart.diagnose.completing import complete
from tellapart.diagnose.diagnosing import diagnose_script
from tellapart.diagnose.recording import Outcome
from tellapart.diagnose.running import run_script

from .fragments import KERAS, TORCH


@pytest.mark.parametrize("fragments", [KERAS, TORCH], ids=["keras", "torch"])
def test_fragments_train_when_completed(fragments, pictures, tmp_path):
    """All of one framework in one process: importing it takes longer than the trainings."""
    for number, fragment in enumerate(fragments.values()):
        (tmp_path / f"part_{number}.txt").write_text(complete(fragment, pictures).text)
    script = tmp_path / "all.py"
    script.write_text(
        f"for number in range({len(fragments)}):\n"
        "    exec(compile(open(f'part_{number}.txt').read(), 'part', 'exec'), {'__name__': '__main__'})\n"
    )
    found = run_script(script, pictures=pictures, seconds=200, seed=0)
    assert found.failure is None
    assert found.outcome is Outcome.finished
    assert len(found.trainings) == len(fragments)
    assert all(one.epochs for one in found.trainings)


def test_a_fragment_is_diagnosed_and_the_patch_applies_to_what_was_pasted(pictures, tmp_path, monkeypatch):
    pasted = TORCH["two loaders"].replace("        loss.backward()\n", "        loss.backward\n")
    pasted = pasted.replace("loss.backward\n", "loss.backward()\n").replace("        optimizer.step()\n", "")
    monkeypatch.setattr("sys.stdin", io.StringIO(pasted))
    found = diagnose_script("-", pictures=pictures, seconds=240, out=tmp_path / "out")
    assert found.verdict is Verdict.fails
    assert found.causes[0].code == "loop.missing_step"
    assert found.causes[0].proved
    assert (
        pasted.split("\n")[found.causes[0].line - 1].strip() == found.causes[0].source.split("\n")[0].strip()
    )
    assert any("first is not defined" in one for one in found.assumptions)
    (tmp_path / "standard input").write_text(pasted)
    applied = subprocess.run(
        ["git", "apply", "-p0", str(tmp_path / "out" / "fix.patch")],
        cwd=tmp_path,
        capture_output=True,
        check=False,
    )
    assert applied.returncode == 0, applied.stderr
    assert (tmp_path / "standard input").read_text() == found.fixed
