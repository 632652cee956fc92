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

from .conftest import draw
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


WITHOUT_STEP = """\
    net = nn.Sequential(nn.Flatten(), nn.Linear(300, 2))
    optimizer = optim.Adam(net.parameters(), lr=.01)
    for epoch in range(rounds):
        for x, y in some:
            loss = F.cross_entropy(net(x), y)
            optimizer.zero_grad()
            loss.backward()

    with torch.no_grad():
        print(sum((net(x).argmax(1) == y).sum().item() for x, y in others))
"""


def test_a_fragment_is_diagnosed_and_the_patch_applies_to_what_was_pasted(tmp_path, monkeypatch):
    draw(tmp_path / "cells", 150, 0)
    monkeypatch.setattr("sys.stdin", io.StringIO(WITHOUT_STEP))
    found = diagnose_script("-", pictures=tmp_path / "cells", seconds=240, out=tmp_path / "out")
    assert found.verdict is Verdict.fails
    first = found.causes[0]
    assert first.code == "loop.missing_step"
    assert first.proved
    assert WITHOUT_STEP.splitlines()[first.line - 1].strip() == first.source.splitlines()[0].strip()
    assert any("some is not defined" in one for one in found.assumptions)
    (tmp_path / "standard input").write_text(WITHOUT_STEP)
    patch = str(tmp_path / "out" / "fix.patch")
    applied = subprocess.run(["git", "apply", patch], cwd=tmp_path, capture_output=True, check=False)
    assert applied.returncode == 0, applied.stderr
    assert (tmp_path / "standard input").read_text() == found.fixed
