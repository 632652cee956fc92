"""Long trainings are examined on fewer epochs; what is short is left as it is."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from tellapart.diagnose.pacing import set_pace
from tellapart.diagnose.reading import read_program
from tellapart.diagnose.recording import Outcome
from tellapart.diagnose.trials.runs import Runs, Setting

LOOP = """
import time, torch
from torch import nn
torch.manual_seed(0)
x, y = torch.rand(16, 3, 8, 8), torch.arange(16) % 2
net = nn.Sequential(nn.Flatten(), nn.Linear(192, 2))
optimizer = torch.optim.SGD(net.parameters(), lr=.1)
criterion = nn.CrossEntropyLoss()
{head}
    for at in (slice(0, 8), slice(8, 16)):
        time.sleep(.02)
        optimizer.zero_grad()
        loss = criterion(net(x[at]), y[at])
        loss.backward()
        optimizer.step()
"""
SECONDS = 90.0  # a sixth of it is what the program may take at full length, importing included


@pytest.fixture
def runs(tmp_path: Path):
    file = tmp_path / "train.py"
    file.write_text("")
    with Runs(Setting(file, None, (), 2**32), deadline=time.monotonic() + SECONDS) as made:
        yield made


def paced(runs, head):
    program = read_program(LOOP.format(head=head), "train.py")
    return program, set_pace(program, runs)


def test_short_training_is_left_as_it_is(runs):
    program, short = paced(runs, "for epoch in range(5):")
    assert short is None
    assert runs.run(program.text, 0).trainings[0].n_steps == 10


def test_long_training_is_cut_and_its_versions_too(runs):
    program, short = paced(runs, "for epoch in range(100000):")
    assert short is not None
    assert 1 <= short.epochs < short.of == 100000
    assert "of its 100000 epochs" in str(short)
    found = runs.run(program.text.replace("lr=.1", "lr=.2"), 0)
    assert found.outcome is Outcome.finished
    assert found.trainings[0].n_steps == 2 * short.epochs
