"""Long trainings are examined on fewer epochs; what is short is left as it is."""

from __future__ import annotations

import re
import time
from concurrent.futures import Future
from fractions import Fraction
from pathlib import Path
from types import SimpleNamespace

import pytest

from tellapart.diagnose import pacing
from tellapart.diagnose.edits.reducing import Reduction
from tellapart.diagnose.pacing import set_pace
from tellapart.diagnose.reading import read_program
from tellapart.diagnose.recording import Outcome
from tellapart.diagnose.speed import Speed, share_for
from tellapart.diagnose.trials.runs import Pace, Runs, Setting

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
CONVOLUTIONS = """
from torch import nn, optim
from torchvision import datasets, transforms
shape = transforms.Compose([transforms.Resize((256, 256)), transforms.ToTensor()])
loader = DataLoader(datasets.ImageFolder("pictures", shape), batch_size=8)
net = nn.Sequential(nn.Conv2d(3, 64, 3), nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(64, 2))
optimizer, criterion = optim.Adam(net.parameters()), nn.CrossEntropyLoss()
for epoch in range(100):
    for pictures, labels in loader:
        optimizer.zero_grad()
        criterion(net(pictures), labels).backward()
        optimizer.step()
"""
MIRRORED = CONVOLUTIONS.replace(
    "transforms.ToTensor()", "transforms.RandomHorizontalFlip(), transforms.ToTensor()"
)
SECONDS = 36.0  # a sixth of it is what the program may take at full length, importing included
LOOK_SECONDS = 4.0


@pytest.fixture
def runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(pacing, "LOOK_SECONDS", LOOK_SECONDS)
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


def speed(step_seconds, *, side=128, epoch_steps=50, setup_seconds=5.0):
    return Speed(setup_seconds, step_seconds, epoch_steps, (side, side))


@pytest.mark.parametrize(
    ("step_seconds", "side", "share"),
    [
        (0.1, 128, 1),  # 800 steps fit as they are
        (0.15, 256, Fraction(3, 4)),
        (0.4, 256, Fraction(1, 2)),
        (9.0, 256, Fraction(1, 2)),  # the least size there is, even so
        (9.0, 128, 1),
    ],
)
def test_pictures_are_as_small_as_the_steps_need(step_seconds, side, share):
    assert share_for(speed(step_seconds, side=side), seconds=90.0, total_steps=5000) == share


def test_a_program_of_few_steps_needs_no_smaller_pictures():
    assert share_for(speed(1.0), seconds=90.0, total_steps=80) == 1


class MadeUp:
    """Runs that are made up: a step costs what its pixels cost, and ends well or not by the size of the pictures."""

    def __init__(self, left: float, works: dict[int, bool]) -> None:
        self.seconds, self.works = left, works
        self.at_once = 2
        self.reserved, self.pace = 0.0, Pace()
        self.plan: list[str] = []
        self.texts: list[str] = []

    def left(self) -> float:
        return self.seconds - self.reserved

    def at(self, pace: Pace) -> None:
        self.pace = pace

    def run(self, text: str, seed: int) -> SimpleNamespace:
        text = self.pace.change(text)
        self.texts.append(text)
        side = int(re.search(r"Resize\(\((\d+)", text)[1])
        epochs = int(re.search(r"range\((\d+)\)", text)[1])
        step = 1.5 * (side / 256) ** 2
        seconds = min(5 + epochs * 50 * step, self.pace.most_seconds)
        self.seconds -= seconds
        late = seconds >= self.pace.most_seconds
        outcome = Outcome.time_up if late else Outcome.finished
        measured = Speed(5.0, step, 50.0, (side, side))
        return SimpleNamespace(speed=measured, works=self.works.get(side), outcome=outcome, side=side)

    def begin(self, text: str, seeds: tuple[int, ...]) -> list[Future[SimpleNamespace]]:
        found: list[Future[SimpleNamespace]] = [Future() for _ in seeds]
        for one, seed in zip(found, seeds, strict=True):
            one.set_result(self.run(text, seed))
        return found


@pytest.fixture
def made_up(monkeypatch):
    monkeypatch.setattr(pacing, "speed_of", lambda run, _: run.speed)
    monkeypatch.setattr(pacing, "better_than_chance", lambda run: run.works)

    def pace(works, text=CONVOLUTIONS):
        runs = MadeUp(900.0, works)
        return set_pace(read_program(text, "a.py"), runs), runs

    return pace


@pytest.mark.parametrize("first", [False, None])
def test_smaller_pictures_where_the_program_behaves_alike(made_up, first):
    short, runs = made_up({256: first, 128: False})
    alike = "where it behaves alike"
    if first is None:
        alike = "there was no time to see whether it behaves alike there"
    assert str(short) == (
        f"the training is long: in the experiments it had {short.epochs} of its 100 epochs and saw its pictures at "
        f"128 x 128 px instead of 256 x 256, {alike}"
    )
    assert "Resize((128, 128))" in runs.texts[-1]
    assert f"range({short.epochs})" in runs.texts[-1]
    assert runs.left() > 0
    assert any("pictures of a trial: 128 x 128 px instead of 256 x 256" in one for one in runs.plan)


def test_random_changes_are_left_out_where_smaller_pictures_alone_leave_too_few_steps(made_up):
    short, runs = made_up({256: False, 64: False}, MIRRORED)
    assert "at 64 x 64 px instead of 256 x 256 and without random changes, where it behaves alike" in str(
        short
    )
    tried = runs.pace.change(MIRRORED)
    assert "Resize((64, 64))" in tried
    assert "RandomHorizontalFlip" not in tried
    assert "without random changes" in " ".join(runs.plan)


def test_random_changes_stay_where_the_program_behaves_otherwise_without_them(made_up):
    short, runs = made_up({256: False, 128: False, 64: True}, MIRRORED)
    assert (short.share, short.plain) == (Fraction(1, 2), False)
    assert "RandomHorizontalFlip" in runs.pace.change(MIRRORED)


def test_what_a_change_mends_may_be_left_out_of_the_runs(runs):
    plain = MIRRORED.replace("transforms.RandomHorizontalFlip(), ", "")
    assert runs.differ(plain, MIRRORED)
    runs.at(Pace(Reduction("a.py", 100, plain=True)))
    assert not runs.differ(plain, MIRRORED)
    assert runs.differ(plain.replace("Adam", "SGD"), MIRRORED)


@pytest.mark.parametrize(
    ("full", "reduced", "why"),
    [
        (True, False, "it behaves otherwise there"),
        (False, True, "it behaves otherwise there"),
        (False, None, "it could not be judged there"),
    ],
)
def test_no_smaller_pictures_where_it_behaves_otherwise_or_nothing_tells(made_up, full, reduced, why):
    short, runs = made_up({256: full, 128: reduced})
    assert short.share == 1
    assert short.epochs == 1
    assert f"not at 128 x 128 px: {why}" in str(short)
    assert "Resize((256, 256))" in runs.pace.change(CONVOLUTIONS)
